#include "app/worker/workerprocess.h"

#include "tables/sharedtables.h"

#include <QCoreApplication>

namespace Quern::app {

std::optional<WorkerArguments> WorkerArguments::parse(const QStringList &arguments)
{
    const auto valueOf = [&arguments](QLatin1StringView name) {
        const QStringList found = arguments.filter(QString(name));
        return found.size() == 1 ? found.first().mid(name.size()) : QString();
    };
    WorkerArguments result;
    bool complete = valueOf(QLatin1StringView("--role=")) == QStringLiteral("worker");
    const auto number = [&complete](const QString &text) {
        bool ok = false;
        const int value = text.toInt(&ok);
        complete = complete && ok;
        return value;
    };
    result.id = number(valueOf(QLatin1StringView("--id=")));
    result.mainFd = number(valueOf(QLatin1StringView("--main-fd=")));
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

WorkerProcess::~WorkerProcess() = default;

void WorkerProcess::frameReceived(const ipc::Frame &frame)
{
    if (frame.type == ipc::FrameType::Boot && !m_plugins) {
        boot(frame.payload);
    } else if (frame.type == ipc::FrameType::Stop) {
        if (m_host)
            m_host->flush();
        QCoreApplication::exit(0);
    } else if (frame.type == ipc::FrameType::LogLevels) {
        base::LogLevels levels;
        if (levels.change(QString::fromUtf8(frame.payload)))
            base::setLogLevels(levels);
    }
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
    if (m_arguments.tablesFd >= 0) {
        if (const Result<void> adopted = tables::SharedTables::adopt(m_arguments.tablesFd); !adopted)
            return adopted.error();
    }
    if (const Result<void> made = makeServer(boot); !made)
        return made.error();
    m_plugins = std::make_unique<worker::PluginLoader>(boot.workerId, tellMaster);
    QList<worker::PluginEntry> entries;
    for (const ipc::BootMessage::Plugin &plugin : boot.plugins)
        entries.append({plugin.file, plugin.settings, plugin.source, plugin.place});
    const Result<void> loaded = m_plugins->load(entries);
    tellMaster({});
    if (!loaded)
        return loaded.error();
    if (const Result<void> served = m_plugins->assignPorts(boot.ports); !served)
        return served.error();

    Result<ipc::ChildPage> page = ipc::ChildPage::adopt(m_arguments.pageFd, int(m_arguments.reactorFds.size()));
    if (!page)
        return page.error();
    m_host = std::make_unique<worker::HandlerHost>(m_plugins->application(), std::move(*page), m_arguments.reactorFds,
                                                   worker::HandlerHost::Identity{boot.workerId, boot.generation},
                                                   boot.answers, m_server.get());
    return manifest();
}

Result<void> WorkerProcess::makeServer(const ipc::BootMessage &boot)
{
    if (m_arguments.connectionsFd < 0)
        return {};
    Result<ipc::ConnectionTable> table =
        ipc::ConnectionTable::adopt(m_arguments.connectionsFd, int(m_arguments.reactorFds.size()));
    if (!table)
        return table.error();
    m_server = std::make_unique<worker::LiveServer>(std::move(*table), boot.ports, boot.workerId);
    return {};
}

Result<QByteArray> WorkerProcess::manifest() const
{
    ipc::HelloMessage hello;
    for (const RouteSpec &route : m_plugins->routes())
        hello.routes.append({route.method, route.pattern, route.retry, route.streamBody, route.plugin, route.service});
    for (const worker::PluginSpec &plugin : m_plugins->plugins())
        hello.plugins.append({plugin.name, plugin.version});
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
