#include "app/server/processmetrics.h"

#include "app/server/familylist.h"
#include "app/server/processusage.h"
#include "process/supervisor.h"

#include <QCoreApplication>
#include <QThread>

#include <array>
#include <cstdlib>
#include <filesystem>
#include <map>

#include <sys/resource.h>

namespace Quern::app {

namespace {

using metrics::addValue;

struct Pool
{
    int ready = 0;
    int idle = 0;
};

Pool poolOf(const QList<process::ChildReport> &children, ipc::ChildRole role)
{
    Pool pool;
    for (const process::ChildReport &child : children) {
        // In a reload those of the next generation are ready before they are given anything.
        const bool serves = child.serves && child.state == process::ChildReport::State::Ready;
        if (child.who.role != role || !serves)
            continue;
        ++pool.ready;
        pool.idle += child.isIdle ? 1 : 0;
    }
    return pool;
}

void addPools(FamilyList &list, const QList<process::ChildReport> &children)
{
    const Pool workers = poolOf(children, ipc::ChildRole::Worker);
    list.gauge("quern_workers", "Workers that take requests.", workers.ready);
    list.gauge("quern_workers_idle", "Workers that have nothing to do.", workers.idle);
    const Pool taskWorkers = poolOf(children, ipc::ChildRole::TaskWorker);
    list.gauge("quern_task_workers", "Task workers that take tasks.", taskWorkers.ready);
    list.gauge("quern_task_workers_idle", "Task workers that have nothing to do.", taskWorkers.idle);
}

/// Where a process is to be, by what has become of it.
void addPlaces(FamilyList &list, const QList<process::ChildReport> &children)
{
    using State = process::ChildReport::State;
    constexpr std::array states = {std::pair(State::Starting, "starting"), std::pair(State::Ready, "ready"),
                                   std::pair(State::Draining, "draining"), std::pair(State::Waiting, "waiting"),
                                   std::pair(State::Fatal, "fatal")};
    std::map<std::string, std::map<State, int>> counts;
    for (const process::ChildReport &child : children)
        ++counts[ipc::roleArgument(child.who.role).toStdString()][child.state];
    prometheus::MetricFamily &places =
        list.gauge("quern_processes", "Children that there are or should be, by role and state.");
    for (auto &[role, byState] : counts) {
        for (const auto &[state, name] : states)
            addValue(places, {{"role", role}, {"state", name}}, byState[state]);
    }
}

void addChildren(FamilyList &list, const QList<process::ChildReport> &children)
{
    struct Place
    {
        std::string role;
        ProcessUsage usage;
        quint32 inFlight = 0;
    };
    std::map<std::string, Place> places = {{"master", {"master", usageOf(QCoreApplication::applicationPid())}}};
    for (const process::ChildReport &child : children) {
        if (child.pid <= 0)
            continue;
        const ProcessUsage usage = usageOf(child.pid);
        const auto [place, isFirst] = places.try_emplace(child.who.text().toStdString(),
                                                         Place{ipc::roleArgument(child.who.role).toStdString(), usage});
        place->second.inFlight += child.inFlight;
        // In a reload a place has two processes for a while; the one that serves comes first.
        if (!isFirst)
            place->second.usage.residentBytes += usage.residentBytes;
    }
    const auto each = [&places](prometheus::MetricFamily &family, auto value) {
        for (const auto &[name, place] : places)
            addValue(family, {{"process", name}, {"role", place.role}}, double(value(place)));
    };
    each(list.gauge("quern_process_resident_memory_bytes", "Resident memory of the master and each child."),
         [](const Place &place) { return place.usage.residentBytes; });
    each(list.counter("quern_process_cpu_seconds_total", "Processor time of the master and each child."),
         [](const Place &place) { return place.usage.cpuSeconds; });
    each(list.gauge("quern_process_requests_in_flight", "Requests sent to a child and not answered."),
         [](const Place &place) { return place.inFlight; });
}

/// Of roles that there are all reasons are told, so that the first is a rise.
void addRestarts(FamilyList &list, const process::Supervisor &supervisor, const QList<process::ChildReport> &children)
{
    using Reason = process::RestartReason;
    std::map<std::pair<ipc::ChildRole, Reason>, quint64> counts = supervisor.restartCounts();
    for (const process::ChildReport &child : children) {
        for (const Reason reason : {Reason::Exited, Reason::Crashed, Reason::Killed, Reason::Stuck, Reason::Failed,
                                    Reason::UsedUp, Reason::Memory, Reason::Replaced})
            counts.try_emplace({child.who.role, reason}, 0);
        if (child.who.role == ipc::ChildRole::Process)
            counts.try_emplace({child.who.role, Reason::Returned}, 0);
    }
    prometheus::MetricFamily &restarts =
        list.counter("quern_restarts_total", "Children that had to be replaced, by role and reason; reloads aside.");
    for (const auto &[key, count] : counts) {
        addValue(
            restarts,
            {{"role", ipc::roleArgument(key.first).toStdString()}, {"reason", process::restartReasonName(key.second)}},
            double(count));
    }
}

void addScalings(FamilyList &list, const process::Supervisor &supervisor)
{
    using Reason = process::ScaleReason;
    prometheus::MetricFamily &family =
        list.counter("quern_scalings_total",
                     "How often pools of workers became larger or smaller, by role and reason; reloads aside.");
    for (const ipc::ChildRole role : {ipc::ChildRole::Worker, ipc::ChildRole::TaskWorker}) {
        for (const Reason reason : {Reason::Command, Reason::Pressure, Reason::Idle}) {
            const auto count = supervisor.scaleCounts().find({role, reason});
            addValue(family,
                     {{"role", ipc::roleArgument(role).toStdString()}, {"reason", process::scaleReasonName(reason)}},
                     count == supervisor.scaleCounts().end() ? 0 : double(count->second));
        }
    }
}

/// What client libraries of Prometheus tell of their own process: here it is the master.
void addMaster(FamilyList &list, const QDateTime &startedAt)
{
    const ProcessUsage usage = usageOf(QCoreApplication::applicationPid());
    list.counter("process_cpu_seconds_total", "Processor time of the master.", usage.cpuSeconds);
    list.gauge("process_resident_memory_bytes", "Resident memory of the master.", double(usage.residentBytes));
    list.gauge("process_start_time_seconds", "When the server was started, since 1970.",
               double(startedAt.toMSecsSinceEpoch()) / 1000);
    std::error_code error;
    const auto files = std::filesystem::directory_iterator("/proc/self/fd", error);
    // One of them is the folder itself.
    list.gauge("process_open_fds", "Open files of the master.",
               error ? 0 : double(std::distance(begin(files), end(files)) - 1));
    rlimit limit = {};
    ::getrlimit(RLIMIT_NOFILE, &limit);
    list.gauge("process_max_fds", "Files that the master may open.", double(limit.rlim_cur));
}

void addMachine(FamilyList &list)
{
    list.gauge("quern_cpus", "Processors that the server may use.", QThread::idealThreadCount());
    std::array<double, 3> loads = {};
    if (::getloadavg(loads.data(), int(loads.size())) < 0)
        return;
    list.gauge("system_load1", "Load average of the machine over 1 minute.", loads[0]);
    list.gauge("system_load5", "Load average of the machine over 5 minutes.", loads[1]);
    list.gauge("system_load15", "Load average of the machine over 15 minutes.", loads[2]);
}

} // namespace

std::vector<prometheus::MetricFamily> ProcessMetrics::Collect() const
{
    FamilyList list;
    const QList<process::ChildReport> children = m_supervisor.report();
    addValue(list.gauge("quern_build_info", "Always 1; its labels tell what runs."),
             {{"version", QCoreApplication::applicationVersion().toStdString()}, {"qt", qVersion()}}, 1);
    list.gauge("quern_generation", "Generation of the workers: one more with each reload.", m_supervisor.generation());
    addPools(list, children);
    addChildren(list, children);
    addPlaces(list, children);
    addRestarts(list, m_supervisor, children);
    addScalings(list, m_supervisor);
    addMaster(list, m_startedAt);
    addMachine(list);
    return list.take();
}

} // namespace Quern::app
