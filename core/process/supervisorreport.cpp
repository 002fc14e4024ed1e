#include "process/supervisor.h"

#include <algorithm>

namespace Quern::process {

namespace {

ChildReport::State reportedState(ChildProcess::State state)
{
    switch (state) {
    case ChildProcess::State::Starting:
        return ChildReport::State::Starting;
    case ChildProcess::State::Ready:
        return ChildReport::State::Ready;
    case ChildProcess::State::Draining:
    case ChildProcess::State::Stopping:
    case ChildProcess::State::Gone:
        break;
    }
    return ChildReport::State::Draining;
}

ChildReport reportOn(const ChildProcess &child)
{
    ChildReport report;
    report.who = child.spec().who;
    report.generation = child.spec().generation;
    report.pid = child.pid();
    report.state = reportedState(child.state());
    report.inFlight = child.page()->masterCounters().inFlight + child.page()->counters().deferredRequests;
    report.requests = child.page()->counters().requests;
    report.work = child.work();
    report.isIdle = report.state == ChildReport::State::Ready && report.inFlight == 0 &&
                    child.page()->counters().currentSlot == ipc::NoSlot;
    return report;
}

} // namespace

bool Supervisor::isBreakerOpen() const
{
    return m_active && std::any_of(m_active->places.begin(), m_active->places.end(),
                                   [](const ChildPlace &place) { return place.restarts.isBreakerOpen(); });
}

const char *restartReasonName(RestartReason reason)
{
    switch (reason) {
    case RestartReason::Returned:
        return "returned";
    case RestartReason::Exited:
        return "exited";
    case RestartReason::Crashed:
        return "crashed";
    case RestartReason::Killed:
        return "killed";
    case RestartReason::Stuck:
        return "stuck";
    case RestartReason::Failed:
        return "failed";
    case RestartReason::UsedUp:
        return "used_up";
    case RestartReason::Memory:
        return "memory";
    case RestartReason::Replaced:
        break;
    }
    return "replaced";
}

const char *scaleReasonName(ScaleReason reason)
{
    switch (reason) {
    case ScaleReason::Command:
        return "command";
    case ScaleReason::Pressure:
        return "pressure";
    case ScaleReason::Idle:
        break;
    }
    return "idle";
}

bool Supervisor::isVacant(const Generation &generation, const ChildPlace &place) const
{
    if (&generation == m_active.get())
        return place.isHandedOver && (m_isRolling || isStoodInFor(place));
    const bool isToCome = &generation == m_next.get() && (place.restartDue || place.hasGivenUp());
    return !place.child && !isToCome;
}

bool Supervisor::hasTakenOver(const Generation &generation, const ChildPlace &place) const
{
    const bool isOfRolling = m_isRolling && &generation == m_next.get();
    const ChildPlace *old = isOfRolling ? m_active->placeFor(place.who) : nullptr;
    return place.isAnnounced || (old && old->isHandedOver);
}

bool Supervisor::isStoodInFor(const ChildPlace &place) const
{
    const ChildPlace *other = m_dismissed ? m_dismissed->placeFor(place.who) : nullptr;
    return other && other->child && other->isAnnounced;
}

QList<ChildReport> Supervisor::report() const
{
    QList<ChildReport> reports;
    const auto addAll = [this, &reports](const Generation *generation) {
        if (!generation)
            return;
        for (const ChildPlace &place : generation->places) {
            ChildReport report;
            if (isVacant(*generation, place))
                continue;
            if (place.child) {
                report = reportOn(*place.child);
            } else {
                report.who = place.who;
                report.generation = generation->number;
                report.state = place.hasGivenUp() ? ChildReport::State::Fatal : ChildReport::State::Waiting;
            }
            report.restarts = place.restarts.restarts();
            report.replacements = place.replacements;
            report.lastExit = place.lastExit;
            report.lastReason = place.lastReason;
            report.isBreakerOpen = place.restarts.isBreakerOpen();
            report.isTooLarge = isTooLarge(place);
            report.serves = generation == m_active.get() || hasTakenOver(*generation, place);
            // Nobody misses it yet.
            const bool isOfMore = place.isNew || (generation == m_active.get() && isStoodInFor(place));
            report.isSuccessor = isOfMore && report.state != ChildReport::State::Ready;
            reports.append(report);
            if (!place.successor)
                continue;
            reports.append(reportOn(*place.successor));
            reports.last().isSuccessor = true;
        }
    };
    addAll(m_active.get());
    addAll(m_next.get());
    addAll(m_dismissed.get());
    for (const Retiring &retiring : m_retiring)
        reports.append(reportOn(*retiring.child));
    return reports;
}

ipc::HelloMessage Supervisor::manifest() const
{
    if (!m_active)
        return {};
    const auto ready = std::find_if(m_active->places.begin(), m_active->places.end(),
                                    [](const ChildPlace &place) { return place.child && place.child->isReady(); });
    return ready == m_active->places.end() ? ipc::HelloMessage() : ready->child->manifest();
}

void Supervisor::forEachAtWork(const std::function<void(const ChildProcess &child)> &visit) const
{
    for (std::size_t i = 0; m_active && i < m_active->places.size(); ++i) {
        const ChildPlace &place = m_active->places[i];
        if (place.child && place.child->isReady() && (!isCompanion(place.who.role) || place.child->hasBegun()))
            visit(*place.child);
    }
}

void Supervisor::forEachLeaving(const std::function<void(const ChildProcess &child)> &visit) const
{
    for (const Retiring &retiring : m_retiring)
        visit(*retiring.child);
}

QStringList Supervisor::presentWork() const
{
    QStringList lines;
    const auto add = [&lines](const ChildProcess &child) {
        const QString handler = child.presentWork();
        if (!handler.isEmpty())
            lines.append(QStringLiteral("%1: %2").arg(child.spec().role(), handler));
    };
    if (m_active)
        m_active->forEachChild(add);
    for (const Retiring &retiring : m_retiring)
        add(*retiring.child);
    return lines;
}

} // namespace Quern::process
