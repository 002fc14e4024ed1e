#include "app/worker/workerprocess.h"

#include "base/clock.h"
#include "tables/sharedtables.h"
#include "worker/confinement.h"
#include "worker/log.h"

#include <QCoreApplication>
#include <QFile>

#include <algorithm>

#include <dlfcn.h>
#include <unistd.h>

namespace Quern::app {

namespace {

/// If a plugin has brought Qt SQL along: its drivers are plugins that are looked for when they are used, and below
/// another root folder they are not found.
Result<void> loadSqlDrivers()
{
    void *library = ::dlopen("libQt6Sql.so.6", RTLD_LAZY | RTLD_NOLOAD);
    if (!library)
        return {};
    ::dlclose(library);
    const QString path = QCoreApplication::applicationDirPath() + QStringLiteral("/quern-sqldrivers.so");
    // It stays, as the drivers do.
    void *module = ::dlopen(QFile::encodeName(path).constData(), RTLD_NOW | RTLD_LOCAL);
    const auto load = module ? reinterpret_cast<void (*)()>(::dlsym(module, "quernLoadSqlDrivers")) : nullptr;
    if (!load)
        return Error(Error::Io,
                     QStringLiteral("chroot: the drivers of Qt SQL cannot be loaded before: %1; install quern "
                                    "whole")
                         .arg(QString::fromLocal8Bit(::dlerror())));
    load();
    return {};
}

} // namespace

std::optional<WorkerArguments> WorkerArguments::parse(const QStringList &arguments)
{
    const auto valueOf = [&arguments](QLatin1StringView name) {
        const QStringList found = arguments.filter(QString(name));
        return found.size() == 1 ? found.first().mid(name.size()) : QString();
    };
    WorkerArguments result;
    const std::optional<ipc::ChildRole> role = ipc::roleOfArgument(valueOf(QLatin1StringView("--role=")));
    bool complete = role.has_value();
    const auto number = [&complete](const QString &text) {
        bool ok = false;
        const int value = text.toInt(&ok);
        complete = complete && ok;
        return value;
    };
    result.who.role = role.value_or(ipc::ChildRole::Worker);
    result.who.number = number(valueOf(QLatin1StringView("--id=")));
    result.who.name = valueOf(QLatin1StringView("--name="));
    result.mainFd = number(valueOf(QLatin1StringView("--main-fd=")));
    result.brokerFd = number(valueOf(QLatin1StringView("--broker-fd=")));
    result.pageFd = number(valueOf(QLatin1StringView("--page-fd=")));
    if (const QString connections = valueOf(QLatin1StringView("--connections-fd=")); !connections.isEmpty())
        result.connectionsFd = number(connections);
    if (const QString tables = valueOf(QLatin1StringView("--tables-fd=")); !tables.isEmpty())
        result.tablesFd = number(tables);
    complete = complete && result.logLevels.change(valueOf(QLatin1StringView("--log-levels=")));
    const QStringList reactors = valueOf(QLatin1StringView("--reactor-fds=")).split(u',');
    for (const QString &reactor : reactors)
        result.reactorFds.push_back(number(reactor));
    if (!complete)
        return std::nullopt;
    return result;
}

WorkerProcess::WorkerProcess(const WorkerArguments &arguments)
    : m_arguments(arguments)
    , m_channel(arguments.mainFd, this)
{
}

WorkerProcess::~WorkerProcess()
{
    m_process.reset();
    // What threads of the author's still deliver goes nowhere from now on.
    if (m_broker)
        m_broker->detach();
    if (m_server)
        m_server->attachTasks(nullptr);
    if (m_server)
        m_server->attachPost(nullptr);
}

void WorkerProcess::frameReceived(const ipc::Frame &frame)
{
    if (frame.type == ipc::FrameType::Boot && !m_plugins) {
        boot(frame.payload);
    } else if (frame.type == ipc::FrameType::Stop) {
        if (m_process) {
            leaveSoon(worker::LeaveReason::Stop);
        } else {
            leaveBroker();
            leave();
        }
    } else if (frame.type == ipc::FrameType::Leaving) {
        const bool isReload = frame.payload.startsWith(char(worker::LeaveReason::Reload));
        leaveSoon(isReload ? worker::LeaveReason::Reload : worker::LeaveReason::Stop);
    } else if (frame.type == ipc::FrameType::Begin) {
        begin(frame.payload);
    } else if (frame.type == ipc::FrameType::RunHooks && m_host) {
        runHooks(frame.payload);
    } else if (frame.type == ipc::FrameType::CronCommand && m_timer) {
        cronCommand(frame.payload);
    } else if (frame.type == ipc::FrameType::PoolSizes && m_broker) {
        if (const Result<ipc::PoolSizes> sizes = ipc::PoolSizes::decode(frame.payload))
            m_broker->setPoolSizes(*sizes);
    } else if (frame.type == ipc::FrameType::LogLevels) {
        base::LogLevels levels;
        if (levels.change(QString::fromUtf8(frame.payload)))
            base::setLogLevels(levels);
    }
}

void WorkerProcess::begin(QByteArrayView memory)
{
    if (m_broker)
        m_broker->post().open();
    if (m_process)
        m_process->begin();
    else if (m_arguments.who.role == ipc::ChildRole::Timer && !m_timer)
        beginCron(memory);
}

void WorkerProcess::leaveSoon(worker::LeaveReason reason)
{
    leaveBroker();
    if (m_process)
        m_process->leave(reason);
    else if (m_timer)
        leaveCron(reason);
    else
        leave();
}

void WorkerProcess::leaveBroker()
{
    // Which knows nothing of one that is only inspected.
    if (m_broker && m_arguments.who.role != ipc::ChildRole::Boot)
        m_broker->leave();
}

void WorkerProcess::tellStep(const QString &title)
{
    m_channel.send(ipc::FrameType::BootStep, 0, title.toUtf8());
    m_channel.flush();
}

void WorkerProcess::runHooks(QByteArrayView payload)
{
    const Result<ipc::RunHooksMessage> hooks = ipc::RunHooksMessage::decode(payload);
    if (!hooks)
        return;
    const WorkerFailure failure = {hooks->process, qint64(hooks->pid), hooks->reason};
    const auto kind = HookKind(hooks->kind);
    // The master makes its channels known when it is ready.
    const bool isEarly =
        kind == HookKind::WorkerStart || kind == HookKind::HealthCheck || kind == HookKind::WorkerError;
    std::optional<QString> problem;
    if (m_server)
        m_server->setUnheard(isEarly);
    m_host->runCallback([&] {
        problem = worker::runHooks(m_plugins->application(), kind, failure,
                                   [this](const QString &title) { tellStep(title); });
    });
    if (m_server)
        m_server->setUnheard(false);
    m_channel.send(ipc::FrameType::HooksDone, 0,
                   ipc::HooksDoneMessage{hooks->kind, problem.value_or(QString())}.encode());
    m_channel.flush();
}

void WorkerProcess::leave(int exitCode)
{
    // One that is only inspected has not begun to work.
    if (m_plugins && m_server && m_arguments.who.role != ipc::ChildRole::Boot) {
        worker::runHooks(m_plugins->application(), HookKind::WorkerStop, {},
                         [this](const QString &title) { tellStep(title); });
    }
    if (m_host)
        m_host->flush();
    QCoreApplication::exit(exitCode);
}

void WorkerProcess::beginCron(QByteArrayView memory)
{
    const Result<ipc::CronStateMessage> remembered = ipc::CronStateMessage::decode(memory);
    m_timer = std::make_unique<cron::TimerHost>(std::move(m_cronPlan.jobs),
                                                remembered ? remembered->jobs : QList<ipc::CronJobState>());
    m_timer->setDisabled(m_cronPlan.disabled);
    m_timer->setLateness(m_cronLateness);
    connect(m_timer.get(), &cron::TimerHost::statesChanged, this, [this](const QList<ipc::CronJobState> &states) {
        m_channel.send(ipc::FrameType::CronState, 0, ipc::CronStateMessage{states, {}}.encode());
        m_channel.flush();
    });
    connect(m_timer.get(), &cron::TimerHost::programsChanged, this, [this](const QList<qint64> &groups) {
        m_channel.send(ipc::FrameType::CronPrograms, 0, ipc::CronProgramsMessage{groups}.encode());
        m_channel.flush();
    });
    m_timer->start();
}

void WorkerProcess::cronCommand(QByteArrayView payload)
{
    using Action = ipc::CronCommandMessage::Action;
    const Result<ipc::CronCommandMessage> command = ipc::CronCommandMessage::decode(payload);
    if (!command)
        return;
    // Whoever has sent it has been told that nothing was done.
    if (base::fromNanoseconds(quint64(command->deadline)) < std::chrono::steady_clock::now()) {
        qCWarning(worker::logWorker).noquote()
            << QStringLiteral("a command for cron job %1 came too late; nothing was done").arg(command->job);
        return;
    }
    const Result<void> done = command->action == Action::RunNow  ? m_timer->runNow(command->job)
                              : command->action == Action::Pause ? m_timer->pause(command->job)
                                                                 : m_timer->resume(command->job);
    const ipc::CronAnswer answer = {command->id, done ? std::nullopt : std::optional(done.error())};
    m_channel.send(ipc::FrameType::CronState, 0, ipc::CronStateMessage{m_timer->states(), {answer}}.encode());
}

void WorkerProcess::leaveCron(worker::LeaveReason reason)
{
    connect(m_timer.get(), &cron::TimerHost::drained, this, [this](const QStringList &busy) {
        m_channel.send(ipc::FrameType::CronState, 0, ipc::CronStateMessage{m_timer->states(), {}}.encode());
        m_channel.flush();
        for (const QString &line : busy)
            qCWarning(worker::logWorker).noquote() << line;
        // Threads that still run would be waited for.
        if (!busy.isEmpty())
            ::_exit(0);
        leave();
    });
    const QString cause =
        reason == worker::LeaveReason::Reload ? QStringLiteral("a reload") : QStringLiteral("the stop of the server");
    // A little before the master loses its patience.
    m_timer->drain(m_maxWaitTime - std::min(m_maxWaitTime / 10, std::chrono::milliseconds(100)),
                   QStringLiteral("it was ended by %1, after max_wait_time = %2 s; raise that if it needs longer")
                       .arg(cause)
                       .arg(std::chrono::duration<double>(m_maxWaitTime).count()));
}

void WorkerProcess::channelClosed(const QString &)
{
    // Without its master a worker serves nobody.
    QCoreApplication::exit(1);
}

void WorkerProcess::boot(QByteArrayView payload)
{
    const Result<ipc::BootMessage> message = ipc::BootMessage::decode(payload);
    const Result<QByteArray> manifest = message ? load(*message) : Result<QByteArray>(message.error());
    if (manifest)
        m_channel.send(ipc::FrameType::Hello, 0, *manifest);
    else
        m_channel.send(ipc::FrameType::BootFailed, 0, manifest.error().message().toUtf8());
    m_channel.flush();
    if (!manifest)
        QCoreApplication::exit(1);
}

Result<QByteArray> WorkerProcess::load(const ipc::BootMessage &boot)
{
    // Should it crash or hang, the master knows which plugin it was.
    const auto tellMaster = [this](const QString &title) { tellStep(title); };
    if (const Result<void> limited = worker::applyLimits(boot.confinement); !limited)
        return limited.error();
    if (m_arguments.tablesFd >= 0) {
        if (const Result<void> adopted = tables::SharedTables::adopt(m_arguments.tablesFd); !adopted)
            return adopted.error();
    }
    if (const Result<void> made = makeServer(boot); !made)
        return made.error();
    Result<ipc::ChildPage> page = ipc::ChildPage::adopt(m_arguments.pageFd, int(m_arguments.reactorFds.size()));
    if (!page)
        return page.error();
    m_plugins = std::make_unique<worker::PluginLoader>(boot.who.number, tellMaster);
    // Of one that ends at once nobody reads them.
    if (boot.who.role != ipc::ChildRole::Boot)
        m_plugins->setMetricArea(page->metricArea(), ipc::ChildPage::MetricBytes);
    QList<worker::PluginEntry> entries;
    for (const ipc::BootMessage::Plugin &plugin : boot.plugins)
        entries.append({plugin.file, plugin.settings, plugin.source, plugin.place});
    const Result<void> loaded = m_plugins->load(entries);
    tellMaster({});
    if (!loaded)
        return loaded.error();
    if (const Result<void> served = m_plugins->assignPorts(boot.ports); !served)
        return served.error();
    if (const Result<void> served = m_plugins->checkProcesses(boot.plan); !served)
        return served.error();

    Result<worker::CronPlan> cronPlan = worker::cronJobs(m_plugins->application(), boot.cron);
    if (!cronPlan)
        return cronPlan.error();
    m_cronPlan = std::move(*cronPlan);
    // Before it begins: the timer process before it has gone by then, and what it has counted is to stay known.
    if (boot.who.role == ipc::ChildRole::Timer) {
        m_cronLateness =
            m_plugins->ownHistogram(cronLatenessMetric, "How long after their time runs of cron jobs began.",
                                    {0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 5, 60}, "cron_job");
    }
    // Once: all have the same.
    if (boot.who == ipc::ChildIdentity{ipc::ChildRole::Worker, 0}) {
        for (const QString &warning : std::as_const(m_cronPlan.warnings))
            qCInfo(worker::logWorker).noquote() << warning;
    }
    m_maxWaitTime = boot.maxWaitTime;

    ipc::ProcessPlan plan = boot.plan;
    plan.hasTimer = !m_cronPlan.jobs.empty();
    m_broker = std::make_unique<worker::BrokerHost>(m_arguments.brokerFd, m_plugins->application(), boot.who,
                                                    boot.tasks, plan);
    m_host = std::make_unique<worker::HandlerHost>(m_plugins->application(), std::move(*page), m_arguments.reactorFds,
                                                   worker::HandlerHost::Identity{boot.who.number, boot.generation},
                                                   boot.answers, m_server.get(), &m_broker->channel());
    m_broker->attach(m_host.get(), m_host->page().taskProgress());
    const bool takesPart = m_server && boot.who.role != ipc::ChildRole::Boot;
    if (takesPart)
        m_server->attachTasks(&m_broker->tasks());
    if (takesPart)
        m_server->attachPost(&m_broker->post());
    makeProcess(boot);
    if (!boot.confinement.root.isEmpty()) {
        if (const Result<void> loadedDrivers = loadSqlDrivers(); !loadedDrivers)
            return loadedDrivers.error();
    }
    // All is loaded, and no handler has run.
    if (const Result<void> confined = worker::confine(boot.confinement, m_master); !confined)
        return confined.error();
    return manifest();
}

void WorkerProcess::makeProcess(const ipc::BootMessage &boot)
{
    const ipc::ProcessEntry *entry = boot.who.role == ipc::ChildRole::Process ? boot.plan.find(boot.who.name) : nullptr;
    if (!entry) {
        // Timer and custom processes take messages when their predecessor has gone.
        if (boot.who.role == ipc::ChildRole::Worker || boot.who.role == ipc::ChildRole::TaskWorker)
            m_broker->post().open();
        return;
    }
    const ProcessSpec *spec = m_plugins->application().processNamed(entry->handler.toUtf8());
    m_process = std::make_unique<worker::ProcessHost>(*spec, *entry, boot.who.number, m_broker->post(), *m_host);
    connect(m_process.get(), &worker::ProcessHost::ended, this, [this](int exitCode, const QString &problem) {
        if (!problem.isEmpty()) {
            m_channel.send(ipc::FrameType::Ending, 0, problem.toUtf8());
            m_channel.flush();
        }
        if (m_process->isStopRequested()) {
            leave(exitCode);
            return;
        }
        m_host->flush();
        QCoreApplication::exit(exitCode);
    });
}

Result<void> WorkerProcess::makeServer(const ipc::BootMessage &boot)
{
    if (m_arguments.connectionsFd < 0)
        return {};
    Result<ipc::ConnectionTable> table =
        ipc::ConnectionTable::adopt(m_arguments.connectionsFd, int(m_arguments.reactorFds.size()));
    if (!table)
        return table.error();
    m_server = std::make_unique<worker::LiveServer>(std::move(*table), boot.ports, boot.who.number);
    m_server->setSelf(worker::addressOf(boot.who));
    if (boot.who.role == ipc::ChildRole::Boot) {
        m_server->refuseAll(
            Error(Error::Unavailable,
                  QStringLiteral(
                      "onServerStart() and onServerStop() run while the server takes no tasks, messages or pushes: "
                      "deliver in onWorkerStart(), onReady() or onDrain()")));
    }
    return {};
}

Result<QByteArray> WorkerProcess::manifest() const
{
    ipc::HelloMessage hello;
    for (const RouteSpec &route : m_plugins->routes())
        hello.routes.append({route.method, route.pattern, route.retry, route.streamBody, route.plugin, route.service});
    for (const worker::PluginSpec &plugin : m_plugins->plugins())
        hello.plugins.append({plugin.name, plugin.version});
    for (const QByteArray &name : m_plugins->application().workNames())
        hello.work.append(name);
    hello.hasCron = !m_cronPlan.jobs.empty();
    hello.hooks = worker::hookKinds(m_plugins->application());
    const QByteArray encoded = hello.encode();
    if (encoded.size() > qsizetype(ipc::MaxFramePayload)) {
        return Error(Error::Invalid, QStringLiteral("the %1 routes of the plugins are too many: their list takes %2 "
                                                    "bytes, of %3 that are possible; use patterns with parameters")
                                         .arg(hello.routes.size())
                                         .arg(encoded.size())
                                         .arg(ipc::MaxFramePayload));
    }
    return encoded;
}

} // namespace Quern::app
