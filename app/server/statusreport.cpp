#include "app/server/statusreport.h"

#include "app/server/reactorpool.h"
#include "dispatch/eventlanes.h"
#include "process/supervisor.h"
#include "tables/sharedtables.h"

#include <QFile>

#include <unistd.h>

namespace Quern::app {

namespace {

/// Resident memory of \a pid in bytes; 0 if it cannot be read.
qint64 residentBytes(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/statm").arg(pid));
    if (pid == 0 || !file.open(QIODevice::ReadOnly))
        return 0;
    const QList<QByteArray> pages = file.readAll().split(' ');
    return pages.size() > 1 ? pages.at(1).toLongLong() * ::sysconf(_SC_PAGESIZE) : 0;
}

admin::WorkerStatus::State stateOf(process::ChildReport::State state)
{
    using State = process::ChildReport::State;
    switch (state) {
    case State::Starting:
        return admin::WorkerStatus::State::Starting;
    case State::Ready:
        return admin::WorkerStatus::State::Ready;
    case State::Draining:
        return admin::WorkerStatus::State::Draining;
    case State::Waiting:
        return admin::WorkerStatus::State::Waiting;
    case State::Fatal:
        break;
    }
    return admin::WorkerStatus::State::Fatal;
}

admin::WorkerStatus workerStatus(const process::ChildReport &report)
{
    admin::WorkerStatus status;
    status.id = report.who.number;
    status.name = report.who.text();
    status.pid = report.pid;
    status.generation = report.generation;
    status.state = stateOf(report.state);
    status.inFlight = int(report.inFlight);
    status.requests = qint64(report.requests);
    status.restarts = report.restarts;
    status.rssBytes = residentBytes(report.pid);
    status.lastExit = report.lastExit;
    return status;
}

} // namespace

admin::Totals totalsOf(const ReactorPool &reactors)
{
    admin::Totals totals;
    for (int i = 0; i < reactors.size(); ++i) {
        const dispatch::Reactor &reactor = reactors.at(i);
        const dispatch::DispatchCounters &counters = reactor.counters();
        totals.connections += qint64(reactor.acceptedCount());
        totals.requests += qint64(counters.requests);
        totals.refused += qint64(counters.refused + reactor.refusedCount());
        totals.redispatched += qint64(counters.redispatched);
        totals.retried += qint64(counters.retried);
        totals.failed += qint64(counters.lost);
        totals.timedOut += qint64(counters.expired);
        const dispatch::EventCounters &events = reactor.eventCounters();
        totals.events += qint64(events.handled);
        totals.eventsMoved += qint64(events.redelivered);
        totals.eventsLost += qint64(events.dropped + events.lostPackets);
    }
    return totals;
}

QList<admin::CronJobStatus> cronStatus(const QList<ipc::CronJobState> &jobs)
{
    const auto dateOf = [](qint64 ms) -> std::optional<QDateTime> {
        if (ms == 0)
            return std::nullopt;
        return QDateTime::fromMSecsSinceEpoch(ms, Qt::UTC);
    };
    QList<admin::CronJobStatus> list;
    for (const ipc::CronJobState &job : jobs) {
        admin::CronJobStatus status;
        status.name = job.name;
        status.schedule = job.schedule;
        status.next = dateOf(job.next);
        status.last = dateOf(job.last);
        status.durationUs = job.duration;
        status.error = job.error;
        status.runs = qint64(job.runs);
        status.failures = qint64(job.failures);
        status.skipped = qint64(job.skipped);
        status.running = job.underWay;
        status.paused = job.isPaused;
        status.stopped = job.isStopped;
        list.append(status);
    }
    return list;
}

admin::Status statusReport(const process::Supervisor &supervisor, const ReactorPool &reactors,
                           const tables::SharedTables &tables)
{
    admin::Status status;
    status.generation = supervisor.generation();
    status.listeners = reactors.listeners();
    const QList<ipc::HelloMessage::Plugin> plugins = supervisor.manifest().plugins;
    for (const ipc::HelloMessage::Plugin &plugin : plugins)
        status.plugins.append({plugin.name, plugin.version});
    for (int i = 0; i < reactors.size(); ++i) {
        const dispatch::Reactor &reactor = reactors.at(i);
        const dispatch::DispatchCounters &counters = reactor.counters();
        status.reactors.append({i, reactor.connectionCount(), qint64(counters.queued), qint64(counters.requests)});
    }
    const QList<tables::TableFill> fills = tables.fill();
    for (const tables::TableFill &fill : fills)
        status.tables.append(
            {fill.name, qint64(fill.rows), qint64(fill.size), qint64(fill.memory), qint64(fill.memoryLimit)});
    status.totals = totalsOf(reactors);
    int ready = 0;
    int wanted = 0;
    const QList<process::ChildReport> children = supervisor.report();
    QStringList absent; // of those that are no workers
    for (const process::ChildReport &child : children) {
        const bool isWorker = child.who.role == ipc::ChildRole::Worker;
        (isWorker ? status.workers : status.processes).append(workerStatus(child));
        if (child.generation != status.generation)
            continue;
        const bool isReady = child.state == process::ChildReport::State::Ready;
        if (isWorker) {
            ++wanted;
            ready += isReady ? 1 : 0;
        } else if (!isReady) {
            absent.append(child.state == process::ChildReport::State::Fatal
                              ? QStringLiteral("%1 is FATAL (%2)").arg(child.who.text(), child.lastExit)
                              : QStringLiteral("%1 is not running").arg(child.who.text()));
        }
    }
    const auto count = [&] { return QStringLiteral("%1 of %2 workers are ready").arg(ready).arg(wanted); };
    if (supervisor.isBreakerOpen()) {
        status.state = admin::Status::State::Degraded;
        status.sentence = absent.isEmpty() ? QStringLiteral("%1: some crash as soon as they start.").arg(count())
                                           : QStringLiteral("%1; %2.").arg(count(), absent.join(u", "));
    } else if (ready < wanted || !absent.isEmpty()) {
        status.state = admin::Status::State::Degraded;
        status.sentence = QStringLiteral("%1.").arg((QStringList(count()) + absent).join(u"; "));
    } else if (supervisor.isReloading()) {
        status.state = admin::Status::State::Reloading;
        status.sentence = QStringLiteral("A reload is under way; %1.").arg(count());
    } else {
        status.state = admin::Status::State::Running;
        status.sentence = QStringLiteral("All is well: %1.").arg(count());
    }
    return status;
}

} // namespace Quern::app
