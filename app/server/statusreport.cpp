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

admin::WorkerStatus::State stateOf(process::WorkerReport::State state)
{
    using State = process::WorkerReport::State;
    switch (state) {
    case State::Starting:
        return admin::WorkerStatus::State::Starting;
    case State::Ready:
        return admin::WorkerStatus::State::Ready;
    case State::Draining:
        return admin::WorkerStatus::State::Draining;
    case State::Waiting:
        break;
    }
    return admin::WorkerStatus::State::Waiting;
}

admin::WorkerStatus workerStatus(const process::WorkerReport &report)
{
    admin::WorkerStatus status;
    status.id = report.workerId;
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
    const QList<process::WorkerReport> workers = supervisor.report();
    for (const process::WorkerReport &worker : workers) {
        status.workers.append(workerStatus(worker));
        if (worker.generation == status.generation) {
            ++wanted;
            ready += worker.state == process::WorkerReport::State::Ready ? 1 : 0;
        }
    }
    const auto count = [&] { return QStringLiteral("%1 of %2 workers are ready").arg(ready).arg(wanted); };
    if (supervisor.isBreakerOpen()) {
        status.state = admin::Status::State::Degraded;
        status.sentence = QStringLiteral("%1: some crash as soon as they start.").arg(count());
    } else if (ready < wanted) {
        status.state = admin::Status::State::Degraded;
        status.sentence = QStringLiteral("%1.").arg(count());
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
