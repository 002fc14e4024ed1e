#include "worker/liveserver.h"

#include "sdk/src/lifecycle_p.h"

#include <QCoreApplication>

#include <mutex>

namespace Quern::worker {

namespace {

constexpr int maxPage = 10'000;

PortInfo::Kind kindOf(ipc::BootMessage::Port::Kind kind)
{
    switch (kind) {
    case ipc::BootMessage::Port::Kind::Http:
        return PortInfo::Kind::Http;
    case ipc::BootMessage::Port::Kind::Stream:
        return PortInfo::Kind::Stream;
    case ipc::BootMessage::Port::Kind::Datagram:
        break;
    }
    return PortInfo::Kind::Datagram;
}

QDateTime dateOf(quint64 milliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(qint64(milliseconds), Qt::UTC);
}

} // namespace

LiveServer::LiveServer(ipc::ConnectionTable table, const QList<Port> &ports, int workerId)
    : m_table(std::move(table))
    , m_ports(ports)
    , m_workerId(workerId)
    , m_backlogs(std::size_t(m_table.reactorCount()))
    , m_bound(std::size_t(m_table.reactorCount()))
{
    setServer(this);
}

LiveServer::~LiveServer()
{
    setServer(nullptr);
}

void LiveServer::attach(std::vector<ipc::Channel *> channels, const ipc::ChildCounters &counters,
                        std::function<void()> outputWaits)
{
    const std::unique_lock lock(m_mutex);
    m_channels = std::move(channels);
    m_counters = &counters;
    m_outputWaits = std::move(outputWaits);
    m_thread = QThread::currentThread();
}

void LiveServer::detach()
{
    const std::unique_lock lock(m_mutex);
    m_channels.clear();
    m_counters = nullptr;
    m_outputWaits = {};
}

void LiveServer::append(QByteArray &out, quint64 id, ipc::CommandMessage message, QByteArrayView body)
{
    message.bodyLength = quint32(body.size());
    message.bodyPart = body.first(qMin(body.size(), ipc::MaxBodyPart));
    ipc::appendCommand(out, id, message);
    for (qsizetype sent = message.bodyPart.size(); sent < body.size(); sent += ipc::MaxBodyPart)
        ipc::appendFrame(out, ipc::FrameType::CommandBody, 0, id,
                         body.sliced(sent, qMin(body.size() - sent, ipc::MaxBodyPart)));
}

void LiveServer::attachTasks(TaskClient *tasks)
{
    const std::unique_lock lock(m_tasksMutex);
    m_tasks = tasks;
}

Delivery LiveServer::deliver(QByteArrayView task, const Payload &payload, const TaskOptions &options)
{
    const std::shared_lock lock(m_tasksMutex);
    return m_tasks ? m_tasks->deliver(task, payload, options) : Delivery(m_notServing);
}

Result<TaskId> LiveServer::deliverAndWait(QByteArrayView task, const Payload &payload, const TaskOptions &options,
                                          std::chrono::milliseconds timeout)
{
    if (const Result<void> possible = checkWaiting(); !possible)
        return possible.error();
    const std::shared_lock lock(m_tasksMutex);
    return m_tasks ? m_tasks->deliverAndWait(task, payload, options, timeout) : Result<TaskId>(m_notServing);
}

Delivery LiveServer::fire(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    const std::shared_lock lock(m_tasksMutex);
    return m_tasks ? m_tasks->fire(name, payload, options) : Delivery(m_notServing);
}

Result<void> LiveServer::checkWaiting() const
{
    if (!m_isUnheard.load(std::memory_order_relaxed) ||
        QThread::currentThread() != QCoreApplication::instance()->thread())
        return {};
    return nobodyAnswersYet();
}

Result<void> LiveServer::dispatch(int reactor, quint64 id, const QList<ipc::CommandMessage> &messages,
                                  QByteArrayView body)
{
    const std::shared_lock lock(m_mutex);
    if (m_refusesAll || m_channels.empty())
        return m_notServing;
    const auto count = int(m_channels.size());
    if (reactor >= count)
        return Error(Error::NotFound, QStringLiteral("there is no such connection"));
    const int first = reactor == EveryReactor ? 0 : reactor;
    const int last = reactor == EveryReactor ? count - 1 : reactor;
    for (int i = first; i <= last; ++i) {
        if (m_channels[std::size_t(i)]->unsentBytes() > MaxUnsent &&
            messages.first().kind != ipc::CommandKind::AwaitDrain)
            return Error(Error::Busy, QStringLiteral("the server does not take what this process has sent before; send "
                                                     "less, or later"));
    }
    const bool isAtHome = QThread::currentThread() == m_thread;
    for (int i = first; i <= last; ++i) {
        ipc::Channel *channel = m_channels[std::size_t(i)];
        // At one go: no frame of another thread may come between a command and its body.
        channel->sendWith([&](QByteArray &out) {
            for (const ipc::CommandMessage &message : messages) {
                append(out, id, message, body);
                if (message.kind == ipc::CommandKind::Bind)
                    m_bound[std::size_t(i)].bound(id, message.name);
            }
        });
        if (id != 0)
            m_backlogs[std::size_t(i)].add(id, body.size(), channel->unsentBytes());
        if (isAtHome)
            continue;
        channel->flushFromElsewhere();
    }
    if (isAtHome)
        m_outputWaits();
    return {};
}

QByteArray LiveServer::userOf(int reactor, quint64 id, const ipc::EventMessage &event)
{
    return m_bound[std::size_t(reactor)].userOf(id, event.name, event.binds);
}

bool LiveServer::isEstablished(ConnectionId id) const
{
    return m_table.contains(id.value());
}

ConnectionInfo LiveServer::infoOf(const ipc::ConnectionRecord &record) const
{
    ConnectionInfo info;
    info.id = ConnectionId(record.id);
    info.kind =
        record.kind == ipc::ConnectionKind::WebSocket ? ConnectionInfo::Kind::WebSocket : ConnectionInfo::Kind::Stream;
    if (record.port < m_ports.size())
        info.port = m_ports.at(record.port).name;
    info.remoteAddress = QString::fromUtf8(record.remoteAddress);
    info.remotePort = record.remotePort;
    info.user = record.user;
    info.connectedAt = dateOf(record.openedMs);
    info.lastReceivedAt = dateOf(record.lastReceivedMs);
    info.bytesReceived = record.bytesReceived;
    info.bytesSent = record.bytesSent;
    info.pendingBytes = record.pendingBytes;
    return info;
}

Result<ConnectionInfo> LiveServer::info(ConnectionId id) const
{
    const std::optional<ipc::ConnectionRecord> record = m_table.find(id.value());
    if (!record)
        return Error(Error::NotFound, QStringLiteral("connection %1 is not there any more").arg(id.value()));
    return infoOf(*record);
}

ConnectionPage LiveServer::connections(ConnectionId after, int limit) const
{
    const int wanted = qBound(1, limit, maxPage);
    const QList<ipc::ConnectionRecord> found = m_table.list(after.value(), wanted + 1);
    ConnectionPage page;
    for (const ipc::ConnectionRecord &record : found.first(qMin<qsizetype>(found.size(), wanted)))
        page.connections.append(infoOf(record));
    if (found.size() > wanted)
        page.next = page.connections.last().id;
    return page;
}

PortInfo LiveServer::portInfo(int number) const
{
    const Port &port = m_ports.at(number);
    PortInfo info;
    info.name = port.name;
    info.address = port.address;
    info.kind = kindOf(port.kind);
    info.handler = port.handler;
    quint64 closed = 0;
    for (int reactor = 0; reactor < m_table.reactorCount(); ++reactor) {
        const ipc::PortCounters &counters = m_table.portCounters(reactor, number);
        // In this order: what is closed has been opened before.
        closed += counters.closed.load(std::memory_order_acquire);
        info.accepted += counters.opened.load(std::memory_order_relaxed);
        info.received += counters.received.load(std::memory_order_relaxed);
        info.sent += counters.sent.load(std::memory_order_relaxed);
        info.bytesReceived += counters.bytesReceived.load(std::memory_order_relaxed);
        info.bytesSent += counters.bytesSent.load(std::memory_order_relaxed);
    }
    info.connections = info.accepted - qMin(closed, info.accepted);
    return info;
}

QList<PortInfo> LiveServer::ports() const
{
    QList<PortInfo> all;
    for (int number = 0; number < int(m_ports.size()); ++number)
        all.append(portInfo(number));
    return all;
}

ServerStats LiveServer::stats() const
{
    ServerStats sums;
    for (int number = 0; number < int(m_ports.size()); ++number) {
        const PortInfo port = portInfo(number);
        sums.connections += port.connections;
        sums.accepted += port.accepted;
        sums.received += port.received;
        sums.sent += port.sent;
        sums.bytesReceived += port.bytesReceived;
        sums.bytesSent += port.bytesSent;
    }
    sums.liveConnections = m_table.count();
    sums.workerId = m_workerId;
    const std::shared_lock lock(m_mutex);
    if (m_counters) {
        sums.workerRequests = m_counters->requests.load(std::memory_order_relaxed);
        sums.workerEvents = m_counters->events.load(std::memory_order_relaxed);
    }
    return sums;
}

} // namespace Quern::worker
