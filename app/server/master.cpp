#include "app/server/master.h"

#include "app/host/childidentity.h"
#include "app/server/bootepoch.h"
#include "app/server/controldesk.h"
#include "app/server/installation.h"
#include "app/server/log.h"
#include "app/server/pluginstate.h"
#include "app/server/poolhealth.h"
#include "app/server/predecessor.h"
#include "app/server/processmetrics.h"
#include "app/server/reactorsettings.h"
#include "app/server/settingscheck.h"
#include "app/server/statusreport.h"
#include "app/server/successor.h"
#include "app/server/tablesettings.h"
#include "app/server/trafficmetrics.h"
#include "app/server/workersettings.h"
#include "app/server/workmetrics.h"
#include "base/log.h"
#include "dispatch/eventlanes.h"

#include <QCoreApplication>
#include <QTimerEvent>

#include <csignal>
#include <tuple>

namespace Quern::app {

Q_LOGGING_CATEGORY(logMaster, "quern.master", QtInfoMsg)

namespace {

/// Workers have this long to leave, even if max_wait_time is over.
constexpr std::chrono::milliseconds leaveTimeout = std::chrono::seconds(1);
/// After max_wait_time those that are still busy get no more than this.
constexpr std::chrono::milliseconds forcedLeaveTimeout = std::chrono::milliseconds(200);

/// A server whose place this one has taken is gone by then, after max_wait_time.
constexpr std::chrono::milliseconds longestWaitForPredecessor = std::chrono::seconds(3);
/// ServerStop hooks have this long at least.
constexpr std::chrono::milliseconds leastHooksGrace = std::chrono::milliseconds(500);

constexpr std::initializer_list<int> watchedSignals = {SIGTERM, SIGINT, SIGQUIT, SIGHUP, SIGUSR1, SIGUSR2};

} // namespace

Master::Master(const config::Settings &settings, const StartOptions &options, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_options(options)
    , m_pidFile(pidPath(settings))
    , m_reloadOnChange([this](const QString &reason) { return reloadForChange(reason); })
{
    m_uptime.start();
    if (const RestartHandover &handover = options.handover; handover.operation > 0)
        m_operations.resume(handover.operation, admin::Operation::Kind::Restart, handover.lastOperation);
    m_startedAt = QDateTime::currentDateTimeUtc();
    SignalWatcher::block(watchedSignals);
}

Master::~Master()
{
    // The control socket first: it asks the others. The lock goes last, when nothing of this server is left.
    m_control.reset();
    m_runtimeFiles.reset();
    m_metrics.reset();
    m_keeper.reset();
    m_cron.reset();
    m_broker.reset();
    m_reactors.reset();
    m_childMetrics.reset();
    m_supervisor.reset();
    m_sweeper.reset();
    m_tables.reset();
}

QString Master::pidPath(const config::Settings &settings)
{
    return settings.server.runtimeDir + QStringLiteral("/quern.pid");
}

QString Master::controlPath(const config::Settings &settings)
{
    return settings.server.runtimeDir + QStringLiteral("/control.sock");
}

Result<void> Master::start()
{
    const Result<QList<ipc::BootMessage::Plugin>> plugins = pluginFiles(m_settings);
    if (!plugins)
        return plugins.error();
    if (const Result<void> locked = lock(); !locked)
        return locked;
    if (const Result<void> prepared = prepare(*plugins); !prepared)
        return prepared;
    if (m_options.handover.isSuccessor()) {
        m_supervisor->hold();
        m_predecessor = std::make_unique<Predecessor>(m_options.handover);
        connect(m_supervisor.get(), &process::Supervisor::proven, m_predecessor.get(), &Predecessor::tellProven);
        connect(m_predecessor.get(), &Predecessor::takeOver, this, &Master::succeed);
        connect(m_predecessor.get(), &Predecessor::gone, this, &Master::predecessorGone, Qt::QueuedConnection);
    } else if (const Result<void> taken = takeUp(); !taken) {
        return taken;
    }
    if (m_settings.defaultPlugin)
        qCInfo(logMaster) << "no [[plugin]] is listed in the settings: the welcome plugin is loaded";
    // Before they are read: what changes from then on is a reload once the server is ready.
    if (!m_options.handover.isTrial)
        followFiles();
    m_supervisor->start();
    return {};
}

Result<void> Master::lock()
{
    const RestartHandover &handover = m_options.handover;
    if (handover.isSuccessor())
        return {};
    if (handover.lock >= 0)
        return m_pidFile.adopt(base::FileDescriptor(handover.lock));
    const Result<void> locked =
        m_pidFile.acquire(m_options.ignoreLock ? PidFile::WithoutLocks::GoOn : PidFile::WithoutLocks::Refuse);
    if (locked && m_pidFile.former() != 0) {
        qCWarning(logMaster,
                  "the server before this one (pid %lld) did not stop: it was killed or has crashed, or the "
                  "machine went down",
                  m_pidFile.former());
    }
    return locked;
}

Result<void> Master::prepare(const QList<ipc::BootMessage::Plugin> &plugins)
{
    const Result<ipc::Confinement> confinement = confinementOf(m_settings.server);
    if (!confinement)
        return confinement.error();
    Result<dispatch::ReactorSettings> common = reactorSettings(m_settings);
    if (!common)
        return common.error();
    if (!m_options.handover.isSuccessor())
        removeUploadsLeft(m_settings, *common);
    const Result<quint32> epoch = nextBootEpoch(m_settings.server.runtimeDir);
    if (!epoch)
        return epoch.error();
    Result<ipc::ConnectionTable> table = ipc::ConnectionTable::create(m_settings.server.reactorNum, *epoch);
    if (!table)
        return table.error();
    if (const Result<void> made = openTables(); !made)
        return made;
    common->connections = std::make_shared<ipc::ConnectionTable>(std::move(*table));
    m_reactors = std::make_unique<ReactorPool>(m_settings, *common);
    m_reactors->leaveSocketFiles(m_options.handover.isSuccessor());
    // In a trial the server before this may have a part of an address.
    const Result<void> bound =
        m_options.handover.isTrial ? Result<void>() : m_reactors->bind(m_settings, *m_options.sockets);
    if (!bound)
        return bound;
    if (const Result<void> opened = m_reactors->openAccessLogs(); !opened)
        return accessLogError(m_settings, opened.error());

    process::SupervisorSettings workers = workerSettings(m_settings, plugins, m_reactors->connections().descriptor(),
                                                         m_tables->descriptor(), *confinement);
    if (m_options.handover.isSuccessor())
        workers.firstGeneration = m_options.handover.generation + 1;
    m_supervisor = std::make_unique<process::Supervisor>(workers);
    m_supervisor->spare(
        [this](qint64 pid) { return m_successor && m_handover != Handover::Leaving && m_successor->pid() == pid; });
    connect(m_supervisor.get(), &process::Supervisor::started, this, &Master::becomeReady);
    connect(m_supervisor.get(), &process::Supervisor::startFailed, this, &Master::failed);
    // Before the reactors hear of its workers.
    connect(m_supervisor.get(), &process::Supervisor::generationArriving, this, &Master::applyReload);
    connect(m_supervisor.get(), &process::Supervisor::reloadFinished, this, &Master::reloadEnded);
    connect(m_supervisor.get(), &process::Supervisor::reloadProgressed, this, &Master::reloadStep);
    connect(m_supervisor.get(), &process::Supervisor::poolsResized, this, &Master::poolsResized);
    connect(m_supervisor.get(), &process::Supervisor::scaleFinished, this, &Master::scaleEnded);
    connect(m_supervisor.get(), &process::Supervisor::stopped, this, &Master::childrenStopped);
    m_childMetrics = std::make_unique<ChildMetrics>(m_supervisor.get());
    m_sweeper = std::make_unique<tables::TableSweeper>(*m_tables);
    connect(m_supervisor.get(), &process::Supervisor::processesChanged, m_sweeper.get(),
            &tables::TableSweeper::processesChanged);
    connect(m_supervisor.get(), &process::Supervisor::companionsLeft, this, [this] { stopPartDone(Companions); });
    connect(m_reactors.get(), &ReactorPool::drained, this, [this] { stopPartDone(Connections); });
    connect(this, &Master::failed, this, [this] { m_hasFailed = true; });
    return {};
}

Result<void> Master::openTables()
{
    const int inherited = m_options.handover.tables;
    Result<tables::SharedTables> tables =
        inherited >= 0 ? tables::SharedTables::inherit(inherited, tableSettings(m_settings)) : makeTables(m_settings);
    if (!tables && inherited >= 0) {
        qCWarning(logMaster).noquote() << "tables and atomics begin anew:" << tables.error().message();
        tables = makeTables(m_settings);
    }
    if (!tables)
        return tables.error();
    m_tables = std::make_unique<tables::SharedTables>(std::move(*tables));
    return {};
}

Result<void> Master::takeUp()
{
    const Passing passing = m_options.handover.isSuccessor() ? Passing::Everybody : Passing::Own;
    if (const Result<void> passable = letChildrenPass(m_settings.server, passing); !passable)
        return passable;
    m_broker = std::make_unique<BrokerThread>(m_settings);
    connect(m_broker.get(), &BrokerThread::stopped, this, [this] { stopPartDone(Tasks); });
    m_control = std::make_unique<ControlDesk>(this, m_broker.get(), auditLogFile(m_settings));
    m_control->resume(m_options.handover);
    // Of a server before this it takes the place at once: that is the last step then.
    const bool isSuccessor = m_options.handover.isSuccessor();
    if (const Result<void> listening = isSuccessor ? Result<void>() : m_control->listen(controlPath(m_settings));
        !listening)
        return listening;
    if (const Result<void> served = m_control->serveApi(m_settings, *m_options.sockets); !served)
        return served;
    m_signals = std::make_unique<SignalWatcher>(watchedSignals);
    connect(m_signals.get(), &SignalWatcher::caught, this, &Master::handleSignal);
    m_control->follow(m_supervisor.get());
    m_cron = std::make_unique<CronDesk>(m_settings.server.runtimeDir, m_supervisor.get());
    if (isSuccessor)
        m_broker->setShared();
    if (const Result<void> started = m_broker->start(m_settings, m_supervisor.get()); !started)
        return started;
    m_runtimeFiles = std::make_unique<RuntimeFiles>(m_settings.server.runtimeDir, m_supervisor.get());
    m_runtimeFiles->writeSettings(m_settings);
    openMetrics();
    m_reactors->start(m_supervisor.get());
    return {};
}

void Master::openMetrics()
{
    if (!m_settings.server.metricsEnabled)
        return;
    m_metrics = std::make_unique<MetricsDesk>(m_settings.server.metricsApplication.toStdString());
    m_metrics->add(std::make_unique<TrafficMetrics>(*m_reactors));
    m_metrics->add(std::make_unique<ProcessMetrics>(*m_supervisor, m_startedAt));
    m_metrics->add(std::make_unique<PluginCollector>(*m_childMetrics));
    m_metrics->add(std::make_unique<WorkMetrics>(m_broker->broker(), *m_cron, *m_tables));
    connect(m_reactors.get(), &ReactorPool::metricsRequested, this, [this](int reactor, quint64 request) {
        m_reactors->answerMetrics(reactor, request, m_metrics->recentText());
    });
}

PoolKeeper::Work Master::workToDo() const
{
    PoolKeeper::Work work;
    for (int i = 0; i < m_reactors->size(); ++i) {
        work.requestsWaiting += m_reactors->at(i).counters().queued.load(std::memory_order_relaxed);
        work.eventsUnderWay += m_reactors->at(i).eventCounters().underWay.load(std::memory_order_relaxed);
    }
    const tasks::BrokerCounters &counters = m_broker->broker().counters();
    for (const tasks::StoreGauges *store : {&counters.memory, &counters.database}) {
        work.tasksWaiting += quint64(store->queued);
        work.tasksRunning += quint64(store->running);
    }
    return work;
}

void Master::becomeReady()
{
    if (m_state != State::Starting)
        return;
    m_state = State::Running;
    m_operations.finish(m_options.handover.operation, {});
    m_reactors->leaveSocketFiles(false);
    m_options.sockets->removeLeftFiles();
    m_reactors->listen();
    if (m_predecessor)
        m_predecessor->tellTakenOver();
    if (m_options.handover.isDraining)
        std::ignore = drain(true);
    m_reloadOnChange.reloadEnded();
    m_keeper = std::make_unique<PoolKeeper>(m_supervisor.get(), [this] { return workToDo(); });
    m_keeper->configure(m_settings);
    recordRates();
    m_rateTimer.start(int(std::chrono::milliseconds(RateMeter::Interval).count()), Qt::VeryCoarseTimer, this);
    qCInfo(logMaster).noquote().nospace()
        << "ready after " << m_uptime.elapsed() << " ms: " << m_reactors->listeners().join(QStringLiteral(", "))
        << " with " << m_settings.server.workerNum << (m_settings.server.workerNum == 1 ? " worker" : " workers");
    if (const QStringList urls = apiUrls(m_settings); !urls.isEmpty())
        qCInfo(logMaster).noquote() << "the management API is at" << urls.join(QStringLiteral(", "));
    Q_EMIT ready();
}

admin::OperationReference Master::stop(const QString &reason)
{
    const std::chrono::milliseconds patience = m_settings.server.maxWaitTime + patienceMargin;
    if (m_state == State::Stopping) {
        giveUpRestart();
        return {m_stopOperation, patience};
    }
    if (m_handover != Handover::None)
        successorFailed(QStringLiteral("somebody wants the server to stop"));
    m_state = State::Stopping;
    m_reloadOnChange.end();
    if (m_keeper)
        m_keeper->end();
    m_stopOperation = m_operations.begin(admin::Operation::Kind::Stop);
    qCInfo(logMaster).noquote() << "stopping:" << reason;
    // Of a restart the service manager sees that it takes long to become ready again.
    if (!m_isToRestart)
        Q_EMIT stopBegun(patience + m_settings.server.hookTimeout);
    m_stopBy.setRemainingTime(m_settings.server.maxWaitTime);
    m_drainDeadline.start(int(m_settings.server.maxWaitTime.count()), this);
    m_stopParts = Connections | Tasks | Companions;
    m_reactors->drain();
    m_broker->stop();
    m_supervisor->leaveCompanions();
    if (m_predecessor)
        m_predecessor->tellToEnd();
    return {m_stopOperation, patience};
}

void Master::logLevelsChanged()
{
    qCInfo(logMaster).noquote() << "the log's levels are now" << base::logLevels().text();
    if (m_supervisor)
        m_supervisor->sendLogLevels();
}

void Master::stopStep(const QString &text)
{
    qCInfo(logMaster).noquote() << text;
    m_operations.addStep(m_stopOperation, text);
}

void Master::stopPartDone(StopPart part)
{
    if ((m_stopParts & part) == 0)
        return;
    m_stopParts = quint8(m_stopParts & ~part);
    if (m_stopParts != 0 || !m_drainDeadline.isActive())
        return;
    if (m_handover == Handover::Quieting) {
        giveWay();
        return;
    }
    m_drainDeadline.stop();
    // A handler may still work for a client that has gone, or after its answer: it has what is left of max_wait_time.
    const auto left = std::chrono::milliseconds(m_stopBy.remainingTime());
    m_supervisor->stop(std::max(left, leaveTimeout), hooksGrace());
}

std::chrono::milliseconds Master::hooksGrace() const
{
    return std::max(std::chrono::milliseconds(m_stopBy.remainingTime()), leastHooksGrace);
}

void Master::recordRates()
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    m_rateMeter.record(now, totalsOf(*m_reactors));
    QList<qint64> pids;
    const QList<process::ChildReport> children = m_supervisor->report();
    for (const process::ChildReport &child : children) {
        if (child.pid > 0)
            pids.append(child.pid);
    }
    m_usage.record(now, pids);
}

void Master::timerEvent(QTimerEvent *event)
{
    // One of them may start another, which may get its number.
    const int timer = event->timerId();
    if (timer == m_rateTimer.timerId())
        recordRates();
    else if (timer == m_leaveTimer.timerId())
        lookForLeft();
    else if (timer == m_lastTimer.timerId() && m_isStopped)
        predecessorGone();
    else if (timer == m_lastTimer.timerId())
        lookForLastConnection();
    else if (timer == m_drainDeadline.timerId() && m_handover == Handover::Quieting)
        quietOverdue();
    else if (timer == m_drainDeadline.timerId())
        drainOverdue();
}

void Master::drainOverdue()
{
    m_drainDeadline.stop();
    stopStep(QStringLiteral("not everything had finished after %1 s")
                 .arg(std::chrono::duration<double>(m_settings.server.maxWaitTime).count()));
    const QStringList work = m_supervisor->presentWork();
    for (const QString &each : work)
        stopStep(QStringLiteral("still busy: %1").arg(each));
    m_reactors->abortConnections();
    m_supervisor->stop(forcedLeaveTimeout, hooksGrace());
}

void Master::childrenStopped()
{
    qCInfo(logMaster) << "stopped";
    m_operations.finish(m_stopOperation, {});
    if (m_isToRestart)
        m_operations.addStep(m_reloadOperation, QStringLiteral("stopped; the program starts anew"));
    // Who waits for the end of the server waits for all of it.
    m_isStopped = true;
    if (m_predecessor)
        m_lastTimer.start(int((m_settings.server.maxWaitTime + longestWaitForPredecessor).count()), this);
    else
        Q_EMIT finished();
}

void Master::handleSignal(int number)
{
    if (number == SIGUSR1) {
        std::ignore = reload();
        return;
    }
    if (number == SIGUSR2) {
        std::ignore = reloadTaskWorkers();
        return;
    }
    if (number == SIGHUP && (base::logsToFile() || !m_settings.server.accessLog.isEmpty())) {
        m_reactors->reopenAccessLogs();
        if (const Result<void> opened = base::reopenLog(); !opened)
            qCWarning(logMaster).noquote() << opened.error().message();
        else
            qCInfo(logMaster) << "the log files have been opened anew";
        return;
    }
    if (m_state == State::Stopping) {
        if (m_isToRestart) {
            giveUpRestart();
            return;
        }
        // The second time somebody means it.
        qCWarning(logMaster) << "stopping at once";
        m_drainDeadline.stop();
        m_reactors->abortConnections();
        m_supervisor->stop(std::chrono::milliseconds(0), std::chrono::milliseconds(0));
        return;
    }
    stop(QStringLiteral("signal %1").arg(QString::fromLocal8Bit(::strsignal(number))));
}

admin::PluginList Master::plugins() const
{
    return pluginList(m_settings, m_supervisor->manifest(), admin::PluginInfo::State::Loaded);
}

admin::Status Master::status() const
{
    admin::Status status = statusReport(*m_supervisor, *m_reactors, m_broker->broker(), *m_tables, m_cron->jobs(),
                                        m_usage, m_rateMeter, m_reloadFailure);
    status.pools = poolHealth(m_supervisor->report(), m_settings.server);
    status.pid = QCoreApplication::applicationPid();
    status.version = QCoreApplication::applicationVersion();
    status.startedAt = m_startedAt;
    status.uptime = std::chrono::milliseconds(m_uptime.elapsed());
    status.configFile = m_settings.filePath;
    status.api = apiUrls(m_settings);
    status.draining = m_leaving;
    status.watching = m_reloadOnChange.isOn();
    status.polling = m_reloadOnChange.isPolling();
    if (m_leaving)
        status.sentence += QStringLiteral(" Clients are asked to go elsewhere.");
    if (m_state != State::Running) {
        status.state = m_state == State::Starting ? admin::Status::State::Starting : admin::Status::State::Stopping;
        status.sentence = m_state == State::Starting ? QStringLiteral("The first workers are starting.")
                                                     : QStringLiteral("The server is stopping.");
    }
    return status;
}

} // namespace Quern::app
