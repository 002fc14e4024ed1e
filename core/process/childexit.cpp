// The part of ChildProcess that tells what a child is at, and how it has ended.

#include "process/childprocess.h"

#include "ipc/claimring.h"

#include <algorithm>
#include <csignal>
#include <cstring>

namespace Quern::process {

namespace {

bool isFaultSignal(int number)
{
    switch (number) {
    case SIGSEGV:
    case SIGABRT:
    case SIGBUS:
    case SIGFPE:
    case SIGILL:
    case SIGSYS:
    case SIGTRAP:
    case SIGXCPU:
    case SIGXFSZ:
        return true;
    default:
        return false; // somebody else sent it
    }
}

} // namespace

QString ChildProcess::presentWork() const
{
    if (isAtStep())
        return m_step;
    const ipc::ChildCounters &counters = m_page->counters();
    if (counters.currentSlot.load(std::memory_order_acquire) == ipc::NoSlot)
        return {};
    const quint32 place = counters.currentRoute.load(std::memory_order_relaxed);
    const QByteArray name = workName(counters.currentSlot.load(std::memory_order_relaxed), place);
    if (name.isEmpty())
        return {};
    const quint64 since = counters.currentClaimedNs.load(std::memory_order_relaxed);
    return QStringLiteral("%1 for %2 ms").arg(QString::fromUtf8(name)).arg((base::nowNanoseconds() - since) / 1000000);
}

ChildProcess::Work ChildProcess::work() const
{
    const ipc::ChildCounters &counters = m_page->counters();
    const quint32 current = counters.currentSlot.load(std::memory_order_acquire);
    std::optional<quint64> since;
    QByteArray name;
    if (current != ipc::NoSlot) {
        name = workName(current, counters.currentRoute.load(std::memory_order_relaxed));
        since = counters.currentClaimedNs.load(std::memory_order_relaxed);
    }
    if (const std::optional<ipc::BegunClaim> claim = ipc::oldestBegun(*m_page)) {
        if (current == ipc::NoSlot)
            name = workName(ipc::NoSlot, claim->route);
        since = std::min(since.value_or(claim->claimedNs), claim->claimedNs);
    }
    Work work;
    work.name = isAtStep() ? m_step : QString::fromUtf8(name);
    if (const quint64 now = base::nowNanoseconds(); since && *since < now)
        work.oldest = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(now - *since));
    return work;
}

QByteArray ChildProcess::workName(quint32 slot, quint32 place) const
{
    if (slot == ipc::TaskSlot)
        return m_manifest.work.value(place);
    return place < quint32(m_manifest.routes.size()) ? m_manifest.routes.at(place).name() : QByteArray();
}

ChildExit ChildProcess::describeExit(int code, QProcess::ExitStatus status) const
{
    ChildExit exit;
    exit.step = m_step;
    // A child that had ended by itself when it was to be killed is told of as what it was.
    if (!m_killReason.isEmpty() && status == QProcess::CrashExit && code == SIGKILL) {
        exit.text = QStringLiteral("killed: %1").arg(m_killReason);
        exit.wasKilled = true;
        return exit;
    }
    exit.isCrash = status == QProcess::CrashExit;
    if (exit.isCrash) {
        // On Unix QProcess reports the signal's number as the exit code of a crash.
        exit.text = QStringLiteral("signal %1 (%2)").arg(code).arg(QString::fromLocal8Bit(::strsignal(code)));
        exit.isFault = isFaultSignal(code);
    } else {
        exit.text = QStringLiteral("exit code %1").arg(code);
        if (!m_problem.isEmpty())
            exit.text += QStringLiteral(": it threw: ") + m_problem;
        exit.isFault = m_state != State::Stopping;
        exit.isSuccess = code == 0;
    }
    if (exit.isFault)
        exit.blamedRoutes = routesAtWork();
    if (!exit.blamedRoutes.isEmpty())
        exit.text += QStringLiteral(" while it ran ") + QString::fromUtf8(exit.blamedRoutes.join(", "));
    return exit;
}

QString startFailure(const ChildProcess &child, const ChildExit &exit)
{
    if (exit.step.isEmpty()) {
        // One that is ready waits for the others of its generation.
        const bool wasReady = !child.manifest().plugins.isEmpty();
        return QStringLiteral("%1 (pid %2) ended before it %3: %4")
            .arg(child.spec().role())
            .arg(child.pid())
            .arg(wasReady ? u"took over" : u"was ready", exit.text);
    }
    if (exit.isStepHook())
        return QStringLiteral("%1: the process that called it ended with %2; mend the plugin")
            .arg(exit.step, exit.text);
    return QStringLiteral("%1: the worker that loaded it ended with %2; mend the plugin, or switch it off with "
                          "enabled = false")
        .arg(exit.step, exit.text);
}

QList<QByteArray> ChildProcess::routesAtWork() const
{
    const auto nameOf = [this](const ipc::ClaimSlot &slot) {
        const quint32 route = slot.route.load(std::memory_order_relaxed);
        return route < quint32(m_manifest.routes.size()) ? m_manifest.routes.at(route).name() : QByteArray();
    };
    const std::span<ipc::ClaimSlot> claims = m_page->claimSlots();
    const quint32 current = m_page->counters().currentSlot.load(std::memory_order_acquire);
    if (current < claims.size())
        return {nameOf(claims[current])};
    if (current == ipc::EventSlot || current == ipc::TaskSlot)
        return {workName(current, m_page->counters().currentRoute.load(std::memory_order_relaxed))};
    // No handler was on the stack: any of the requests that were to be answered later may have done it.
    QList<QByteArray> routes;
    for (const ipc::ClaimSlot &slot : claims) {
        if (ipc::stateOf(slot.word.load(std::memory_order_acquire)) != ipc::ClaimState::Deferred)
            continue;
        const QByteArray name = nameOf(slot);
        if (!routes.contains(name))
            routes.append(name);
    }
    return routes;
}

} // namespace Quern::process
