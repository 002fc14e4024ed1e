#include "app/server/statusreport.h"

#include "app/server/processusage.h"
#include "app/server/reactorpool.h"
#include "dispatch/eventlanes.h"
#include "process/supervisor.h"
#include "tables/sharedtables.h"
#include "tasks/broker.h"

#include <chrono>
#include <cmath>

namespace Quern::app {

namespace {

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

admin::WorkerStatus workerStatus(const process::ChildReport &report, const UsageMeter::Usage &usage)
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
    status.replacements = report.replacements;
    status.rssBytes = usageOf(report.pid).residentBytes;
    status.rssPerMinute = usage.memoryPerMinute;
    status.cpuPercent = usage.cpuPercent;
    status.lastExit = report.lastExit;
    status.oldest = report.work.oldest;
    status.work = report.work.name;
    if (report.lastReason)
        status.lastReason = QString::fromLatin1(process::restartReasonName(*report.lastReason));
    return status;
}

admin::TaskStoreStatus storeStatus(const QString &name, const tasks::StoreGauges &gauges)
{
    return {name, qint64(gauges.queued), qint64(gauges.delayed), qint64(gauges.running), qint64(gauges.dead)};
}

admin::TaskStatus taskStatus(const tasks::Broker &broker)
{
    const tasks::BrokerCounters &counters = broker.counters();
    admin::TaskStatus status;
    status.delivered = qint64(counters.delivered);
    status.refused = qint64(counters.refused);
    status.done = qint64(counters.done);
    status.failed = qint64(counters.failed);
    status.retried = qint64(counters.retried);
    status.buried = qint64(counters.buried);
    status.stores.append(storeStatus(QStringLiteral("memory"), counters.memory));
    if (counters.hasDatabase)
        status.stores.append(storeStatus(QStringLiteral("database"), counters.database));
    status.failure = broker.failure().value_or(QString());
    return status;
}

/// What is wrong with tasks, as a part of a sentence; empty if all is well.
QString taskTrouble(const admin::TaskStatus &tasks, bool hasTaskWorker)
{
    if (!tasks.failure.isEmpty())
        return QStringLiteral("durable tasks cannot be kept: %1").arg(tasks.failure);
    qint64 waiting = 0;
    for (const admin::TaskStoreStatus &store : tasks.stores)
        waiting += store.queued + store.delayed;
    if (waiting == 0 || hasTaskWorker)
        return {};
    return waiting == 1 ? QStringLiteral("1 task waits, and no task worker is there")
                        : QStringLiteral("%1 tasks wait, and no task worker is there").arg(waiting);
}

/// The jobs whose last run failed, as a part of a sentence; empty if there are none. The server is none the worse.
QString cronTrouble(const QList<admin::CronJobStatus> &jobs)
{
    constexpr qsizetype mostNames = 3;
    QStringList failing;
    for (const admin::CronJobStatus &job : jobs) {
        if (!job.error.isEmpty())
            failing.append(job.name);
    }
    const qsizetype count = failing.size();
    if (count == 0)
        return {};
    if (count == 1)
        return QStringLiteral("the last run of cron job %1 failed").arg(failing.constFirst());
    const QString more = count > mostNames ? QStringLiteral(" and %1 more").arg(count - mostNames) : QString();
    return QStringLiteral("the last runs of cron jobs %1%2 failed")
        .arg(failing.mid(0, mostNames).join(QStringLiteral(", ")), more);
}

/// The requests that have failed lately, as a part of a sentence; empty if there are none. The server serves the
/// others.
QString requestTrouble(const QList<admin::Rates> &rates)
{
    if (rates.isEmpty())
        return {};
    const double seconds = std::chrono::duration<double>(rates.constLast().window).count();
    const qint64 failed = std::llround(rates.constLast().errors * seconds);
    if (failed == 0)
        return {};
    const QString some = failed == 1 ? QStringLiteral("1 request has") : QStringLiteral("%1 requests have").arg(failed);
    return QStringLiteral("%1 failed in the last %2 s").arg(some).arg(std::llround(seconds));
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
                           const tasks::Broker &broker, const tables::SharedTables &tables,
                           const QList<ipc::CronJobState> &cron, const UsageMeter &usage, const RateMeter &meter,
                           const QString &reloadFailure)
{
    admin::Status status;
    status.cron = cronStatus(cron);
    status.tasks = taskStatus(broker);
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
    const QList<tasks::ChannelFill> channels = broker.channelFill();
    for (const tasks::ChannelFill &fill : channels)
        status.channels.append({fill.process, fill.queueItems, fill.queueCapacity, fill.inputBytes, fill.outputBytes,
                                fill.pipeCapacity, fill.printedLost});
    status.totals = totalsOf(reactors);
    status.rates = meter.rates(std::chrono::steady_clock::now(), status.totals);
    status.totals.messages = qint64(broker.postCounters().messages);
    status.totals.messagesRefused = qint64(broker.postCounters().messagesRefused);
    int ready = 0;
    int wanted = 0;
    const QList<process::ChildReport> children = supervisor.report();
    QStringList troubles; // of those that are no workers, and what else is wrong
    bool hasTaskWorker = false;
    bool someAreTooLarge = false;
    for (const process::ChildReport &child : children) {
        const bool isWorker = child.who.role == ipc::ChildRole::Worker;
        (isWorker ? status.workers : status.processes).append(workerStatus(child, usage.usage(child.pid)));
        if (!child.serves || child.isSuccessor)
            continue;
        const bool isReady = child.state == process::ChildReport::State::Ready;
        if (child.isTooLarge && !std::exchange(someAreTooLarge, true))
            troubles.append(QStringLiteral("%1 is beyond its memory limit as soon as it begins").arg(child.who.text()));
        hasTaskWorker = hasTaskWorker || (isReady && child.who.role == ipc::ChildRole::TaskWorker);
        if (isWorker) {
            ++wanted;
            ready += isReady ? 1 : 0;
        } else if (!isReady) {
            troubles.append(child.state == process::ChildReport::State::Fatal
                                ? QStringLiteral("%1 is FATAL (%2)").arg(child.who.text(), child.lastExit)
                                : QStringLiteral("%1 is not running").arg(child.who.text()));
        }
    }
    if (const QString trouble = taskTrouble(status.tasks, hasTaskWorker); !trouble.isEmpty())
        troubles.append(trouble);
    const auto count = [&] { return QStringLiteral("%1 of %2 workers are ready").arg(ready).arg(wanted); };
    status.reloadFailure = reloadFailure;
    if (supervisor.isBreakerOpen()) {
        status.state = admin::Status::State::Degraded;
        status.sentence = troubles.isEmpty() ? QStringLiteral("%1: some crash as soon as they start.").arg(count())
                                             : QStringLiteral("%1; %2.").arg(count(), troubles.join(u", "));
    } else if (ready < wanted || !troubles.isEmpty()) {
        status.state = admin::Status::State::Degraded;
        status.sentence = QStringLiteral("%1.").arg((QStringList(count()) + troubles).join(u"; "));
    } else if (supervisor.isReloadOpen()) {
        status.state = admin::Status::State::Reloading;
        status.sentence = QStringLiteral("A reload is under way; %1.").arg(count());
    } else {
        status.state = admin::Status::State::Running;
        QStringList failing = {cronTrouble(status.cron), requestTrouble(status.rates),
                               reloadFailure.isEmpty() ? QString() : QStringLiteral("the last reload failed")};
        failing.removeAll(QString());
        status.sentence = failing.isEmpty() ? QStringLiteral("All is well: %1.").arg(count())
                                            : QStringLiteral("%1.").arg((QStringList(count()) + failing).join(u"; "));
    }
    return status;
}

} // namespace Quern::app
