#include "app/server/poolkeeper.h"

#include "app/server/log.h"
#include "app/server/processusage.h"
#include "app/server/reloadplan.h"
#include "process/supervisor.h"

#include <QCoreApplication>
#include <QRandomGenerator>
#include <QTimerEvent>

#include <algorithm>
#include <utility>
#include <vector>

namespace Quern::app {

namespace {

using ipc::ChildRole;
using process::ChildProcess;
using process::RestartReason;
using process::ScaleReason;

constexpr std::chrono::milliseconds lookInterval(100);
constexpr std::chrono::milliseconds memoryInterval(1000);

process::PoolBounds boundsOf(int least, int most, std::chrono::milliseconds idleTime)
{
    // Whoever scales by command may want more than that.
    return {least, most == 0 ? 0 : std::max(least, most), idleTime};
}

QString mebibytes(quint64 bytes)
{
    return QStringLiteral("%1 MiB").arg(double(bytes) / (1 << 20), 0, 'f', 0);
}

QLatin1StringView memoryKeyOf(ChildRole role)
{
    if (role == ChildRole::Worker)
        return QLatin1StringView("worker_memory_limit");
    if (role == ChildRole::TaskWorker)
        return QLatin1StringView("task_worker_memory_limit");
    return QLatin1StringView("memory_limit");
}

} // namespace

QString PoolKeeper::lackOfMemory(const process::Supervisor &supervisor, ChildRole role, int count)
{
    qint64 present = ownMemoryOf(QCoreApplication::applicationPid());
    qint64 ofRole = 0;
    int size = 0;
    const QList<process::ChildReport> children = supervisor.report();
    for (const process::ChildReport &child : children) {
        const qint64 bytes = ownMemoryOf(child.pid);
        present += bytes;
        if (child.who.role != role || bytes == 0)
            continue;
        ofRole += bytes;
        ++size;
    }
    return size == 0 ? QString() : app::lackOfMemory(Machine().memory(), present, ofRole / size * count);
}

PoolKeeper::PoolKeeper(process::Supervisor *supervisor, std::function<Work()> work, QObject *parent)
    : QObject(parent)
    , m_supervisor(supervisor)
    , m_work(std::move(work))
{
    connect(supervisor, &process::Supervisor::scaleFinished, this, &PoolKeeper::scaled);
}

void PoolKeeper::configure(const config::Settings &settings)
{
    m_settings = settings;
    m_requestLimits.clear(); // they are drawn anew
    const config::ServerSettings &server = m_settings.server;
    m_workers.bounds = boundsOf(server.workerNum, server.workerMaxNum, server.workerIdleTime);
    m_taskWorkers.bounds = boundsOf(server.taskWorkerNum, server.taskWorkerMaxNum, server.workerIdleTime);
    const bool hasLimit = server.workerMemoryLimit > 0 || server.taskWorkerMemoryLimit > 0 ||
                          std::any_of(m_settings.processes.begin(), m_settings.processes.end(),
                                      [](const auto &process) { return process.memoryLimit > 0; });
    if (server.maxRequest > 0 || server.workerMaxNum > 0 || server.taskWorkerMaxNum > 0)
        m_timer.start(int(lookInterval.count()), Qt::CoarseTimer, this);
    else if (hasLimit)
        m_timer.start(int(memoryInterval.count()), Qt::CoarseTimer, this);
    else
        m_timer.stop();
}

void PoolKeeper::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    replaceUsedUp();
    scale();
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    if (now - m_memoryLooked < memoryInterval - lookInterval)
        return;
    m_memoryLooked = now;
    checkMemory();
}

void PoolKeeper::replaceUsedUp()
{
    const auto least = quint64(m_settings.server.maxRequest);
    if (least == 0)
        return;
    struct UsedUp
    {
        quint64 child = 0;
        quint64 requests = 0;
    };
    std::vector<UsedUp> usedUp;
    QHash<quint64, quint64> limits;
    m_supervisor->forEachAtWork([&](const ChildProcess &child) {
        if (child.spec().who.role != ChildRole::Worker)
            return;
        const quint64 id = child.spec().childId;
        const auto known = m_requestLimits.constFind(id);
        const auto grace = quint32(m_settings.server.maxRequestGrace);
        const quint64 limit =
            known != m_requestLimits.cend() ? *known : least + QRandomGenerator::global()->bounded(grace + 1);
        limits.insert(id, limit);
        const ipc::ChildCounters &counters = child.page()->counters();
        const quint64 done =
            counters.requests.load(std::memory_order_relaxed) + counters.events.load(std::memory_order_relaxed);
        if (done >= limit)
            usedUp.push_back({id, done});
    });
    m_requestLimits.swap(limits);
    for (const UsedUp &each : usedUp) {
        m_supervisor->recycle(each.child, RestartReason::UsedUp,
                              QStringLiteral("it has served %1 requests (max_request is %2)")
                                  .arg(each.requests)
                                  .arg(m_settings.server.maxRequest));
    }
}

quint64 PoolKeeper::memoryLimitOf(const ChildProcess &child) const
{
    const ipc::ChildIdentity &who = child.spec().who;
    if (who.role == ChildRole::Worker)
        return m_settings.server.workerMemoryLimit;
    if (who.role == ChildRole::TaskWorker)
        return m_settings.server.taskWorkerMemoryLimit;
    const auto process = std::find_if(m_settings.processes.begin(), m_settings.processes.end(),
                                      [&who](const auto &each) { return each.name == who.name; });
    return who.role == ChildRole::Process && process != m_settings.processes.end() ? process->memoryLimit : 0;
}

void PoolKeeper::checkMemory()
{
    struct Fat
    {
        quint64 child = 0;
        ChildRole role = ChildRole::Worker;
        quint64 bytes = 0;
        quint64 limit = 0;
        bool isLeaving = false;
    };
    std::vector<Fat> fat;
    const auto look = [&](const ChildProcess &child, bool isLeaving) {
        const quint64 limit = memoryLimitOf(child);
        const quint64 bytes = limit > 0 ? quint64(ownMemoryOf(child.pid())) : 0;
        if (bytes > limit)
            fat.push_back({child.spec().childId, child.spec().who.role, bytes, limit, isLeaving});
    };
    m_supervisor->forEachAtWork([&](const ChildProcess &child) { look(child, false); });
    m_supervisor->forEachLeaving([&](const ChildProcess &child) { look(child, true); });
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    QHash<quint64, Excess> known;
    for (const Fat &each : fat) {
        const QString text = QStringLiteral("it uses %1, %2 is %3")
                                 .arg(mebibytes(each.bytes), memoryKeyOf(each.role), mebibytes(each.limit));
        Excess first = m_excess.value(each.child, {now, each.bytes});
        // Unless it grows the next one would do no better.
        if (const auto rest = m_supervisor->replacementRestsUntil(each.child);
            rest && each.bytes <= first.bytes + each.limit)
            first.since = std::max(first.since, *rest);
        known.insert(each.child, first);
        // It has had the time to go by itself, and takes what others need.
        const bool hadTime = now - first.since >= m_settings.server.maxWaitTime;
        if (hadTime && each.bytes > 2 * each.limit)
            m_supervisor->killFor(each.child, RestartReason::Memory, text);
        else if (!each.isLeaving)
            m_supervisor->recycle(each.child, RestartReason::Memory, text);
    }
    m_excess.swap(known);
}

void PoolKeeper::scale()
{
    const bool isFixed = m_workers.bounds.most == 0 && m_taskWorkers.bounds.most == 0;
    if (isFixed || m_supervisor->isScaling() || m_supervisor->isReloadOpen())
        return;
    const ipc::PoolSizes sizes = m_supervisor->poolSizes();
    process::PoolLook workers{.size = sizes.workers};
    process::PoolLook taskWorkers{.size = sizes.taskWorkers};
    m_supervisor->forEachAtWork([&](const ChildProcess &child) {
        const ipc::ChildPage &page = *child.page();
        const bool isIdle = page.counters().currentSlot.load(std::memory_order_relaxed) == ipc::NoSlot &&
                            page.masterCounters().inFlight.load(std::memory_order_relaxed) == 0 &&
                            page.counters().deferredRequests.load(std::memory_order_relaxed) == 0;
        if (child.spec().who.role == ChildRole::Worker)
            workers.idle += isIdle ? 1 : 0;
        else if (child.spec().who.role == ChildRole::TaskWorker)
            taskWorkers.idle += isIdle ? 1 : 0;
    });
    const Work work = m_work();
    // Each of them handles one at a time.
    const quint64 eventsWaiting = work.eventsUnderWay - std::min(work.eventsUnderWay, quint64(sizes.workers));
    workers.waiting = work.requestsWaiting + eventsWaiting;
    taskWorkers.waiting = work.tasksWaiting;
    // A task may go on after its handler has returned.
    const auto busy = int(std::min<quint64>(work.tasksRunning, quint64(sizes.taskWorkers)));
    taskWorkers.idle = std::min(taskWorkers.idle, sizes.taskWorkers - busy);

    // One at a time, so that what becomes of it is told of that one alone.
    const QString waiting =
        eventsWaiting == 0 ? QStringLiteral("%1 requests") : QStringLiteral("%1 requests and messages");
    if (!scale(m_workers, workers, waiting.arg(workers.waiting)))
        scale(m_taskWorkers, taskWorkers, QStringLiteral("%1 tasks").arg(taskWorkers.waiting));
}

bool PoolKeeper::scale(Pool &pool, const process::PoolLook &look, const QString &waiting)
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    const int wanted = pool.scaler.wanted(now, look, pool.bounds);
    if (wanted == look.size)
        return false;
    m_isGrowing = wanted > look.size;
    if (m_isGrowing) {
        if (const QString lack = lackOfMemory(*m_supervisor, pool.role, wanted - look.size); !lack.isEmpty()) {
            qCWarning(logMaster).noquote() << "there cannot be more workers for now: they" << lack;
            pool.scaler.failed(now);
            return false;
        }
    }
    ipc::PoolSizes sizes = m_supervisor->poolSizes();
    (pool.role == ChildRole::Worker ? sizes.workers : sizes.taskWorkers) = wanted;
    const QString text = m_isGrowing ? QStringLiteral("%1 wait, and none of them is idle").arg(waiting)
                                     : QStringLiteral("some have not been needed for worker_idle_time");
    if (m_supervisor->scale(sizes, m_isGrowing ? ScaleReason::Pressure : ScaleReason::Idle, text))
        m_scaling = &pool;
    return true;
}

void PoolKeeper::scaled(const QString &error)
{
    Pool *pool = std::exchange(m_scaling, nullptr);
    // Broken off by a stop or a restart it says nothing of whether there can be more.
    if (!pool || !m_isGrowing || m_supervisor->isLeaving())
        return;
    if (error.isEmpty()) {
        pool->scaler.changed();
        return;
    }
    qCWarning(logMaster).noquote() << "there cannot be more workers for now:" << error;
    pool->scaler.failed(std::chrono::steady_clock::now());
}

} // namespace Quern::app
