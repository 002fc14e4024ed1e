// The part of Master that leads the running server from one state to another: reload, scale, drain.

#include "app/host/childidentity.h"
#include "app/server/addresscheck.h"
#include "app/server/controldesk.h"
#include "app/server/log.h"
#include "app/server/logtarget.h"
#include "app/server/master.h"
#include "app/server/pluginstate.h"
#include "app/server/portplan.h"
#include "app/server/processusage.h"
#include "app/server/reactorsettings.h"
#include "app/server/settingscheck.h"
#include "app/server/tablesettings.h"
#include "app/server/tasksettings.h"
#include "app/server/tlssettings.h"
#include "app/server/watchplan.h"
#include "app/server/workersettings.h"
#include "base/log.h"
#include "base/systemerror.h"
#include "config/difference.h"
#include "watch/log.h"

#include <QCoreApplication>
#include <QFile>

#include <tuple>
#include <unistd.h>
#include <utility>

namespace Quern::app {

namespace {

/// How often it is looked whether the clients have gone.
constexpr std::chrono::milliseconds leaveCheckInterval(200);
/// Of a name that somebody has sent, in characters.
constexpr int longestName = 250;
/// How many processes of a kind there may be.
constexpr int mostProcesses = 1024;

/// Of a number that somebody has set by command.
constexpr QLatin1StringView scaledOrigin("scaled at run time");

/// \a wanted takes the place of \a number, unless the file says something else than it did then.
void applyOne(std::optional<int> &wanted, int &fileNumber, int &number, QString &origin)
{
    if (wanted && number != fileNumber)
        wanted.reset();
    if (!wanted)
        return;
    number = *wanted;
    origin = scaledOrigin;
}

} // namespace

void Master::Scale::applyTo(config::Settings &settings)
{
    applyOne(workers, fileWorkers, settings.server.workerNum, settings.origins[QStringLiteral("server.worker_num")]);
    applyOne(taskWorkers, fileTaskWorkers, settings.server.taskWorkerNum,
             settings.origins[QStringLiteral("server.task_worker_num")]);
}

Result<admin::OperationReference> Master::reload()
{
    Result<admin::OperationReference> begun = beginReload(admin::Operation::Kind::Reload, m_scale);
    if (begun)
        return begun;
    // Whoever asked may be a script that nobody reads.
    qCWarning(logMaster).noquote() << "cannot reload:" << begun.error().message();
    if (begun.error().code() != Error::Busy)
        m_reloadFailure = begun.error().message();
    return begun;
}

Result<void> Master::checkNoRestart() const
{
    if (m_handover == Handover::None)
        return {};
    return Error(Error::Busy, QStringLiteral("a restart is under way"));
}

Result<admin::OperationReference> Master::reloadTaskWorkers()
{
    if (const Result<void> none = checkNoRestart(); !none)
        return none.error();
    const QString lack = m_settings.server.reloadStrategy == config::ReloadStrategy::All
                             ? QString()
                             : PoolKeeper::lackOfMemory(*m_supervisor, ipc::ChildRole::TaskWorker,
                                                        m_supervisor->poolSizes().taskWorkers);
    const Result<void> begun =
        lack.isEmpty() ? m_supervisor->reloadTaskWorkers()
                       : Error(Error::Busy, QStringLiteral("all of them at once %1; a reload replaces all workers one "
                                                           "after the other")
                                                .arg(lack));
    if (!begun) {
        qCWarning(logMaster).noquote() << "cannot reload the task workers:" << begun.error().message();
        return begun.error();
    }
    m_reloadOperation = m_operations.begin(admin::Operation::Kind::Reload);
    qCInfo(logMaster) << "reload of the task workers begins";
    const config::ServerSettings &server = m_settings.server;
    return admin::OperationReference{m_reloadOperation,
                                     server.workerStartTimeout + server.maxWaitTime + patienceMargin};
}

Result<admin::OperationReference> Master::beginReload(admin::Operation::Kind kind, const Scale &scale)
{
    if (m_state == State::Stopping)
        return Error(Error::Busy, QStringLiteral("the server is stopping"));
    if (const Result<void> none = checkNoRestart(); !none)
        return none.error();
    if (m_scaleOperation != 0)
        return Error(Error::Busy, QStringLiteral("the pools are being made larger or smaller; wait for it to finish"));
    Result<Next> next = loadNext(scale);
    if (!next)
        return next.error();
    if (const Result<void> prepared = m_broker->prepareForTasks(next->settings); !prepared)
        return prepared.error();
    if (const Result<void> begun = m_supervisor->reload(next->workers); !begun)
        return begun.error();
    m_next = std::make_unique<Next>(std::move(*next));
    m_reloadOperation = m_operations.begin(kind);
    qCInfo(logMaster) << "reload begins";
    Q_EMIT reloadBegun();
    if (!m_next->plan.why.isEmpty())
        reloadStep(m_next->plan.why);
    if (!m_next->needRestart.isEmpty())
        reloadStep(QStringLiteral("only a restart changes %1").arg(m_next->needRestart.join(QStringLiteral(", "))));
    // The old workers may drain for as long as the new settings say; the new ones load their plugins before.
    const process::SupervisorSettings &workers = m_next->workers;
    const auto steps = workers.isRolling ? std::max(1, workers.workerNum + workers.taskWorkerNum) : 1;
    return admin::OperationReference{m_reloadOperation,
                                     steps * (workers.startTimeout + workers.maxWaitTime) + patienceMargin};
}

Result<Master::Next> Master::loadNext(const Scale &scale)
{
    Result<config::Settings> loaded = m_options.settingsSource();
    if (!loaded)
        return loaded.error();
    // Before the plugins are read, and whatever becomes of it: a build that is wrong, or missing, is followed by
    // another.
    m_pluginPaths = pluginPaths(*loaded);
    followFiles();
    Next next;
    next.scale = scale;
    next.scale.applyTo(*loaded);
    next.needRestart = config::changedKeys(m_settings, *loaded, config::Change::Restart);
    next.settings = config::afterReload(m_settings, *loaded);
    const Result<QList<ipc::BootMessage::Plugin>> plugins = pluginFiles(next.settings);
    if (!plugins)
        return plugins.error();
    if (const Result<void> checked = checkChildren(next.settings); !checked)
        return checked.error();
    const Result<ipc::Confinement> confinement = confinementOf(next.settings.server);
    if (!confinement)
        return confinement.error();
    next.workers = workerSettings(next.settings, *plugins, m_reactors->connections().descriptor(),
                                  m_tables->descriptor(), *confinement);
    next.plan = reloadPlan(next.settings.server.reloadStrategy);
    next.workers.isRolling = next.plan.isRolling;
    Result<std::vector<dispatch::Port>> ports = dispatchPorts(next.settings);
    if (!ports)
        return ports.error();
    next.ports = std::move(*ports);
    if (m_settings.server.adminEnable) {
        const Result<ApiCredentials> credentials = apiCredentials(next.settings);
        if (!credentials)
            return credentials.error();
        next.credentials = *credentials;
    }
    return next;
}

ReloadPlan Master::reloadPlan(config::ReloadStrategy strategy) const
{
    qint64 ofChildren = 0;
    const QList<process::ChildReport> children = m_supervisor->report();
    for (const process::ChildReport &child : children)
        ofChildren += ownMemoryOf(child.pid);
    return planReload(strategy, Machine().memory(), ownMemoryOf(QCoreApplication::applicationPid()), ofChildren);
}

void Master::applyReload()
{
    if (!m_next)
        return;
    const base::LogLevels before = logLevelsOf(m_settings);
    m_settings = std::move(m_next->settings);
    m_scale = m_next->scale;
    m_runtimeFiles->writeSettings(m_settings);
    // What somebody has set at run time holds until the file says something new.
    if (const base::LogLevels levels = logLevelsOf(m_settings); levels != before) {
        base::setLogLevels(levels);
        logLevelsChanged();
    }
    m_broker->reconfigure(m_settings);
    m_reactors->reconfigure(m_next->ports, dispatchSettings(m_settings), connectionLimit(m_settings));
    if (m_settings.server.adminEnable)
        m_control->setCredentials(m_next->credentials);
    m_next.reset();
    if (m_keeper)
        m_keeper->configure(m_settings);
    followFiles();
}

void Master::followFiles()
{
    QStringList plugins = pluginPaths(m_settings) + m_pluginPaths;
    plugins.removeDuplicates();
    m_reloadOnChange.follow(m_settings.server.reloadWatch, watchPlan(m_settings, plugins), m_settings.directory);
}

Result<void> Master::reloadForChange(const QString &reason)
{
    if (m_state != State::Running || m_supervisor->isReloadOpen() || m_scaleOperation != 0)
        return Error(Error::Busy, QStringLiteral("the server starts, or is being changed"));
    if (const Result<void> none = checkNoRestart(); !none)
        return none;
    if (m_settings.server.reloadLog)
        qCInfo(watch::logWatch).noquote() << reason;
    const Result<admin::OperationReference> begun = reload();
    if (!begun)
        return begun.error();
    m_operations.addStep(m_reloadOperation, reason);
    return {};
}

void Master::reloadStep(const QString &text)
{
    qCInfo(logMaster).noquote() << "reload:" << text;
    m_operations.addStep(m_reloadOperation, text);
}

void Master::reloadEnded(const QString &error)
{
    m_next.reset();
    m_reloadFailure = error;
    if (error.isEmpty())
        qCInfo(logMaster) << "reloaded: generation" << m_supervisor->generation() << "serves";
    m_reloadOnChange.reloadEnded();
    if (m_state == State::Running)
        Q_EMIT reloadSettled();
    m_operations.finish(m_reloadOperation, error);
}

Result<admin::OperationReference> Master::scale(const admin::ScaleRequest &request)
{
    if (request.workers == 0 && request.taskWorkers == 0)
        return Error(Error::Invalid, QStringLiteral("say how many workers or taskWorkers there are to be"));
    if (request.workers > mostProcesses || request.taskWorkers > mostProcesses)
        return Error(Error::Invalid,
                     QStringLiteral("there can be %1 workers and as many task workers at most").arg(mostProcesses));
    if (const Result<void> none = checkNoRestart(); !none)
        return none.error();
    const Result<config::Settings> file = m_options.settingsSource();
    if (!file)
        return file.error();
    Scale scale = m_scale;
    if (request.workers > 0) {
        scale.workers = request.workers;
        scale.fileWorkers = file->server.workerNum;
    }
    if (request.taskWorkers > 0) {
        scale.taskWorkers = request.taskWorkers;
        scale.fileTaskWorkers = file->server.taskWorkerNum;
    }
    config::Settings wanted = m_settings;
    wanted.server.workerNum = file->server.workerNum;
    wanted.server.taskWorkerNum = file->server.taskWorkerNum;
    scale.applyTo(wanted);
    if (const Result<void> prepared = m_broker->prepareForTasks(wanted); !prepared)
        return prepared.error();
    ipc::PoolSizes sizes = m_supervisor->poolSizes();
    if (request.workers > 0)
        sizes.workers = request.workers;
    if (request.taskWorkers > 0)
        sizes.taskWorkers = request.taskWorkers;
    if (const Result<void> begun =
            m_supervisor->scale(sizes, process::ScaleReason::Command, QStringLiteral("by command"));
        !begun)
        return begun.error();
    m_scaleBefore = std::exchange(m_scale, scale);
    m_isScaled = {request.workers > 0, request.taskWorkers > 0};
    m_scaleOperation = m_operations.begin(admin::Operation::Kind::Scale);
    const QString step =
        QStringLiteral("scaling to %1 workers and %2 task workers").arg(sizes.workers).arg(sizes.taskWorkers);
    qCInfo(logMaster).noquote() << step;
    m_operations.addStep(m_scaleOperation, step);
    const config::ServerSettings &server = m_settings.server;
    return admin::OperationReference{m_scaleOperation, server.workerStartTimeout + server.maxWaitTime +
                                                           server.maxRequestExecutionTime + patienceMargin};
}

void Master::poolsResized(const ipc::PoolSizes &sizes)
{
    config::Settings present = m_settings;
    present.server.workerNum = sizes.workers;
    present.server.taskWorkerNum = sizes.taskWorkers;
    m_broker->reconfigure(present);
    if (m_scaleOperation == 0)
        return;
    // The other pool may have another size for the moment.
    if (m_isScaled.workers) {
        m_settings.server.workerNum = sizes.workers;
        m_settings.origins[QStringLiteral("server.worker_num")] = scaledOrigin;
    }
    if (m_isScaled.taskWorkers) {
        m_settings.server.taskWorkerNum = sizes.taskWorkers;
        m_settings.origins[QStringLiteral("server.task_worker_num")] = scaledOrigin;
    }
    m_keeper->configure(m_settings);
    m_runtimeFiles->writeSettings(m_settings);
}

void Master::scaleEnded(const QString &error)
{
    if (m_scaleOperation == 0)
        return;
    if (!error.isEmpty()) {
        qCWarning(logMaster).noquote() << "cannot scale:" << error;
        // One of the pools may have become smaller all the same.
        const ipc::PoolSizes sizes = m_supervisor->poolSizes();
        if (m_scale.workers != sizes.workers)
            std::tie(m_scale.workers, m_scale.fileWorkers) = std::tie(m_scaleBefore.workers, m_scaleBefore.fileWorkers);
        if (m_scale.taskWorkers != sizes.taskWorkers)
            std::tie(m_scale.taskWorkers, m_scale.fileTaskWorkers) =
                std::tie(m_scaleBefore.taskWorkers, m_scaleBefore.fileTaskWorkers);
    }
    m_reloadOnChange.reloadEnded();
    m_operations.finish(std::exchange(m_scaleOperation, 0), error);
}

Result<admin::OperationReference> Master::drain(bool on)
{
    if (m_state != State::Running)
        return Error(Error::Busy, QStringLiteral("the server is not running yet, or no more"));
    // It may take as long as the longest request.
    const std::chrono::milliseconds patience = m_settings.server.maxRequestExecutionTime + patienceMargin;
    if (on && m_leaving)
        return admin::OperationReference{m_leaveOperation, patience};
    if (!on && m_leaving)
        m_operations.finish(m_leaveOperation, QStringLiteral("taken back"));
    m_leaving = on;
    m_reactors->setLeaving(on);
    m_leaveOperation = m_operations.begin(admin::Operation::Kind::Drain);
    qCInfo(logMaster).noquote() << (on ? "clients are asked to go elsewhere" : "clients may stay again");
    if (on)
        m_leaveTimer.start(int(leaveCheckInterval.count()), this);
    else
        m_leaveTimer.stop();
    if (!on)
        m_operations.finish(m_leaveOperation, {});
    return admin::OperationReference{m_leaveOperation, patience};
}

void Master::lookForLeft()
{
    if (m_reactors->httpConnections() > 0)
        return;
    m_leaveTimer.stop();
    m_operations.addStep(m_leaveOperation, QStringLiteral("no HTTP connection is left"));
    m_operations.finish(m_leaveOperation, {});
}

Result<void> Master::endProcess(const admin::ProcessReference &process, bool kill)
{
    const QString &name = process.process;
    const quint64 childId = m_supervisor->childNamed(name);
    if (childId == 0) {
        return Error(Error::NotFound,
                     QStringLiteral("there is no process %1; `quern status` lists them").arg(name.left(longestName)));
    }
    // Whoever looks a moment later must not hit the next one of that name.
    const QList<process::ChildReport> children = m_supervisor->report();
    const bool isMeant = process.pid == 0 || std::any_of(children.begin(), children.end(), [&](const auto &child) {
                             return child.who.text() == name && child.generation == m_supervisor->generation() &&
                                    child.pid == process.pid;
                         });
    if (!isMeant)
        return Error(Error::NotFound, QStringLiteral("%1 is not process %2 any more").arg(name).arg(process.pid));
    if (kill)
        m_supervisor->kill(childId, QStringLiteral("killed by command"));
    else if (name.startsWith(u"worker ") || name.startsWith(u"task worker ")) {
        if (!m_supervisor->recycle(childId, process::RestartReason::Replaced, QStringLiteral("by command")))
            return Error(Error::Busy, QStringLiteral("%1 is not at work yet, or no more").arg(name));
    } else
        return Error(Error::Invalid, QStringLiteral("only workers and task workers are replaced by their next without "
                                                    "an end; reload, or kill %1")
                                         .arg(name));
    return {};
}

} // namespace Quern::app
