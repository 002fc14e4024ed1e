#include "admin-gui/store/statushistory.h"

#include <algorithm>
#include <numeric>

namespace Quern::console {

namespace {

template <typename List, typename Count>
qint64 sumOf(const List &list, Count count)
{
    return std::accumulate(list.begin(), list.end(), qint64(0),
                           [count](qint64 sum, const auto &each) { return sum + count(each); });
}

qint64 errorsIn(const admin::Totals &totals)
{
    return totals.refused + totals.failed + totals.timedOut;
}

} // namespace

qint64 StatusHistory::connectionsIn(const admin::Status &status)
{
    return sumOf(status.reactors, [](const admin::ReactorStatus &each) { return each.connections; });
}

qint64 StatusHistory::queuedIn(const admin::Status &status)
{
    return sumOf(status.reactors, [](const admin::ReactorStatus &each) { return each.queued; });
}

qint64 StatusHistory::inFlightIn(const admin::Status &status)
{
    return sumOf(status.workers, [](const admin::WorkerStatus &each) { return qint64(each.inFlight); });
}

qint64 StatusHistory::tasksQueuedIn(const admin::Status &status)
{
    return sumOf(status.tasks.stores, [](const admin::TaskStoreStatus &each) { return each.queued + each.delayed; });
}

void StatusHistory::add(const admin::Status &status, double time)
{
    if (m_before && (m_before->pid != status.pid || m_before->startedAt != status.startedAt))
        clear();
    if (m_before && time > m_before->time) {
        const double seconds = time - m_before->time;
        const auto rate = [seconds](qint64 now, qint64 before) {
            return double(std::max<qint64>(now - before, 0)) / seconds;
        };
        const admin::Totals &totals = status.totals;
        m_rates.requests = rate(totals.requests, m_before->totals.requests);
        m_rates.errors = rate(errorsIn(totals), errorsIn(m_before->totals));
        m_rates.events = rate(totals.events, m_before->totals.events);
        m_rates.tasksDone = rate(status.tasks.done, m_before->tasks.done);
        m_rates.tasksFailed = rate(status.tasks.failed, m_before->tasks.failed);
        m_rates.tasksDelivered = rate(status.tasks.delivered, m_before->tasks.delivered);
        m_requests.add(time, m_rates.requests);
        m_errors.add(time, m_rates.errors);
        m_tasksDone.add(time, m_rates.tasksDone);
        m_tasksFailed.add(time, m_rates.tasksFailed);
    }
    m_connections.add(time, double(connectionsIn(status)));
    m_queued.add(time, double(queuedIn(status)));
    m_inFlight.add(time, double(inFlightIn(status)));
    m_tasksQueued.add(time, double(tasksQueuedIn(status)));
    addMemory(status, time);
    m_before = Before{time, status.pid, status.startedAt, status.totals, status.tasks};
}

/// Another process of the same name begins anew.
QString StatusHistory::memoryKey(const admin::WorkerStatus &process)
{
    return process.name + u' ' + QString::number(process.pid);
}

void StatusHistory::addMemory(const admin::Status &status, double time)
{
    QHash<QString, Series> memory;
    for (const QList<admin::WorkerStatus> *list : {&status.workers, &status.processes}) {
        for (const admin::WorkerStatus &process : *list) {
            const QString key = memoryKey(process);
            auto it = memory.insert(key, m_memory.value(key, Series(memorySamples)));
            if (process.pid != 0)
                it->add(time, double(process.rssBytes));
        }
    }
    m_memory = std::move(memory);
}

QList<double> StatusHistory::memoryOf(const admin::WorkerStatus &process) const
{
    return m_memory.value(memoryKey(process)).values();
}

void StatusHistory::clear()
{
    *this = StatusHistory();
}

} // namespace Quern::console
