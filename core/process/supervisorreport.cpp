#include "process/supervisor.h"

#include <algorithm>

namespace Quern::process {

namespace {

WorkerReport::State reportedState(ChildProcess::State state)
{
    switch (state) {
    case ChildProcess::State::Starting:
        return WorkerReport::State::Starting;
    case ChildProcess::State::Ready:
        return WorkerReport::State::Ready;
    case ChildProcess::State::Draining:
    case ChildProcess::State::Stopping:
    case ChildProcess::State::Gone:
        break;
    }
    return WorkerReport::State::Draining;
}

WorkerReport reportOn(const ChildProcess &child)
{
    WorkerReport report;
    report.workerId = child.spec().workerId;
    report.generation = child.spec().generation;
    report.pid = child.pid();
    report.state = reportedState(child.state());
    report.inFlight = child.page()->masterCounters().inFlight + child.page()->counters().deferredRequests;
    report.requests = child.page()->counters().requests;
    return report;
}

} // namespace

bool Supervisor::isBreakerOpen() const
{
    return m_active && std::any_of(m_active->places.begin(), m_active->places.end(),
                                   [](const WorkerPlace &place) { return place.restarts.isBreakerOpen(); });
}

QList<WorkerReport> Supervisor::report() const
{
    QList<WorkerReport> reports;
    const auto addAll = [&reports](const Generation *generation) {
        if (!generation)
            return;
        for (const WorkerPlace &place : generation->places) {
            WorkerReport report;
            if (place.child) {
                report = reportOn(*place.child);
            } else {
                report.workerId = place.workerId;
                report.generation = generation->number;
                report.state = WorkerReport::State::Waiting;
            }
            report.restarts = place.restarts.restarts();
            report.lastExit = place.lastExit;
            reports.append(report);
        }
    };
    addAll(m_active.get());
    addAll(m_next.get());
    for (const Retiring &retiring : m_retiring)
        reports.append(reportOn(*retiring.child));
    return reports;
}

ipc::HelloMessage Supervisor::manifest() const
{
    if (!m_active)
        return {};
    const auto ready = std::find_if(m_active->places.begin(), m_active->places.end(),
                                    [](const WorkerPlace &place) { return place.child && place.child->isReady(); });
    return ready == m_active->places.end() ? ipc::HelloMessage() : ready->child->manifest();
}

QStringList Supervisor::runningHandlers() const
{
    QStringList lines;
    const auto add = [&lines](const ChildProcess &child) {
        const QString handler = child.runningHandler();
        if (!handler.isEmpty())
            lines.append(QStringLiteral("%1: %2").arg(child.spec().role(), handler));
    };
    if (m_active) {
        for (const WorkerPlace &place : m_active->places) {
            if (place.child)
                add(*place.child);
        }
    }
    for (const Retiring &retiring : m_retiring)
        add(*retiring.child);
    return lines;
}

} // namespace Quern::process
