#include "app/worker/workerprocess.h"

#include <QCoreApplication>

namespace Quern::app {

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
        leaveSoon(worker::LeaveReason::Stop);
    } else if (frame.type == ipc::FrameType::Leaving) {
        const bool isReload = frame.payload.startsWith(char(worker::LeaveReason::Reload));
        leaveSoon(isReload ? worker::LeaveReason::Reload : worker::LeaveReason::Stop);
    } else if (frame.type == ipc::FrameType::Begin) {
        begin();
    } else if (frame.type == ipc::FrameType::LogLevels) {
        base::LogLevels levels;
        if (levels.change(QString::fromUtf8(frame.payload)))
            base::setLogLevels(levels);
    }
}

void WorkerProcess::begin()
{
    if (m_broker)
        m_broker->post().open();
    if (m_process)
        m_process->begin();
}

void WorkerProcess::leaveSoon(worker::LeaveReason reason)
{
    if (!m_process) {
        leave();
        return;
    }
    m_broker->post().close();
    m_process->leave(reason);
}

void WorkerProcess::leave()
{
    if (m_host)
        m_host->flush();
    QCoreApplication::exit(0);
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
    const auto tellMaster = [this](const QString &title) {
        m_channel.send(ipc::FrameType::BootStep, 0, title.toUtf8());
        m_channel.flush();
    };
    if (const Result<void> made = makeServer(boot); !made)
        return made.error();
    m_plugins = std::make_unique<worker::PluginLoader>(boot.who.number, tellMaster);
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

    Result<ipc::ChildPage> page = ipc::ChildPage::adopt(m_arguments.pageFd, int(m_arguments.reactorFds.size()));
    if (!page)
        return page.error();
    m_broker = std::make_unique<worker::BrokerHost>(m_arguments.brokerFd, m_plugins->application(), boot.who,
                                                    boot.tasks, boot.plan);
    m_host = std::make_unique<worker::HandlerHost>(m_plugins->application(), std::move(*page), m_arguments.reactorFds,
                                                   worker::HandlerHost::Identity{boot.who.number, boot.generation},
                                                   boot.answers, m_server.get(), &m_broker->channel());
    m_broker->attach(m_host.get(), m_host->page().taskProgress());
    if (m_server)
        m_server->attachTasks(&m_broker->tasks());
    makeProcess(boot);
    return manifest();
}

void WorkerProcess::makeProcess(const ipc::BootMessage &boot)
{
    if (m_server)
        m_server->attachPost(&m_broker->post());
    const ipc::ProcessEntry *entry = boot.who.role == ipc::ChildRole::Process ? boot.plan.find(boot.who.name) : nullptr;
    if (!entry) {
        // Timer and custom processes take messages when their predecessor has gone.
        if (boot.who.role == ipc::ChildRole::Worker || boot.who.role == ipc::ChildRole::TaskWorker)
            m_broker->post().open();
        return;
    }
    const ProcessSpec *spec = m_plugins->application().processNamed(entry->handler.toUtf8());
    m_process = std::make_unique<worker::ProcessHost>(*spec, *entry, boot.who.number, m_broker->post(), *m_host);
    connect(m_process.get(), &worker::ProcessHost::ended, this, [this](int exitCode) {
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
