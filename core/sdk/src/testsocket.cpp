// Clients with connections: TestSocket, and what TestServer and TestHarness do for them.

#include "testharness_p.h"

#include "exceptiontext_p.h"

#include <Quern/handlerplugin.h>

#include <QtEndian>

#include <utility>

namespace Quern {

namespace {

/// Beyond what JavaScript counts exactly, as a server's ids are.
constexpr quint64 firstId = (quint64(1) << 53) + 1;
/// The first port that systems give out by themselves.
constexpr quint16 clientPort = 49152;

QString noHandler(const QByteArray &name)
{
    return QStringLiteral("there is no socket handler \"%1\": call app.socket(\"%1\") in install()")
        .arg(QString::fromUtf8(name));
}

} // namespace

const RouteSpec *TestServer::socketHandler(const QByteArray &name) const
{
    for (const RouteSpec &route : m_application.routes) {
        if (route.isSocket() && route.pattern == name)
            return &route;
    }
    return nullptr;
}

std::shared_ptr<TestSocketPrivate> TestServer::connect(const RouteSpec &route, int port,
                                                       const QByteArray &remoteAddress, quint16 remotePort)
{
    auto client = std::make_shared<TestSocketPrivate>();
    client->server = weak_from_this();
    client->isOpen = true;
    const std::lock_guard lock(m_mutex);
    client->id = ConnectionId(firstId + m_serial++);
    Connected connected{.client = client, .route = &route, .port = port, .info = {}, .rooms = {}};
    connected.info.id = client->id;
    connected.info.kind = route.isSocket() ? ConnectionInfo::Kind::Stream : ConnectionInfo::Kind::WebSocket;
    connected.info.port = m_ports[std::size_t(port)].name;
    connected.info.remoteAddress = QString::fromUtf8(remoteAddress);
    connected.info.remotePort = remotePort;
    connected.info.connectedAt = connected.info.lastReceivedAt = QDateTime::currentDateTimeUtc();
    m_connections.emplace(client->id.value(), std::move(connected));
    ++m_ports[std::size_t(port)].connections;
    ++m_ports[std::size_t(port)].accepted;
    return client;
}

std::shared_ptr<TestSocketPrivate>
TestServer::openWebSocket(const TestResponse &response, const QExplicitlySharedDataPointer<RequestPrivate> &request)
{
    auto client = connect(*request->route, request->port, request->remoteAddress.toByteArray(), request->remotePort);
    client->response = response;
    {
        const std::lock_guard lock(m_mutex);
        happen(
            m_connections.at(client->id.value()),
            [request](const LiveHandlers &handlers, const Connection &connection) {
                if (handlers.open)
                    handlers.open(connection, Request(request.data()));
            },
            true);
    }
    callHandlers();
    return client;
}

std::shared_ptr<TestSocketPrivate> TestServer::connectStream(const QByteArray &handler, const QByteArray &remoteAddress)
{
    const RouteSpec *route = socketHandler(handler);
    if (!route) {
        auto refused = std::make_shared<TestSocketPrivate>();
        refused->response.error = Error(Error::Invalid, noHandler(handler));
        return refused;
    }
    auto client = connect(*route, portOf(handler, PortInfo::Kind::Stream), remoteAddress,
                          remoteAddress.isEmpty() ? quint16(0) : clientPort);
    {
        const std::lock_guard lock(m_mutex);
        happen(
            m_connections.at(client->id.value()),
            [](const LiveHandlers &handlers, const Connection &connection) {
                if (handlers.connect)
                    handlers.connect(connection);
            },
            true);
    }
    callHandlers();
    return client;
}

Result<void> TestServer::sendFrom(const std::shared_ptr<TestSocketPrivate> &client, const QByteArray &message,
                                  MessageType type)
{
    {
        const std::lock_guard lock(m_mutex);
        const Result<Connected *> found = find(client->id);
        if (!found)
            return Error(Error::Unavailable, QStringLiteral("the connection is not open"));
        Connected &connected = **found;
        const bool isStream = connected.info.kind == ConnectionInfo::Kind::Stream;
        if (const Result<void> checked = checkMessage(message, isStream ? MessageType::Binary : type); !checked)
            return checked;
        if (!isStream && message.size() > MaxMessage)
            return Error(Error::TooLarge, QStringLiteral("%1 bytes are more than the %2 of package_max_length: the "
                                                         "server would close the connection with 1009")
                                              .arg(message.size())
                                              .arg(MaxMessage));
        connected.info.lastReceivedAt = QDateTime::currentDateTimeUtc();
        connected.info.bytesReceived += quint64(message.size());
        PortInfo &port = m_ports[std::size_t(connected.port)];
        ++port.received;
        port.bytesReceived += quint64(message.size());
        happen(connected, [message, type](const LiveHandlers &handlers, const Connection &connection) {
            if (handlers.message)
                handlers.message(connection, Message{type, message});
            else if (handlers.receive)
                handlers.receive(connection, message);
        });
    }
    callHandlers();
    return {};
}

void TestServer::setReading(const std::shared_ptr<TestSocketPrivate> &client, bool isReading)
{
    callHandlers(); // with what has waited until now
    {
        const std::lock_guard lock(m_mutex);
        const Result<Connected *> found = find(client->id);
        if (!found)
            return;
        Connected &connected = **found;
        connected.isReading = isReading;
        if (!isReading)
            return;
        {
            const std::lock_guard clientLock(client->mutex);
            client->received += std::exchange(connected.waiting, {});
        }
        connected.info.pendingBytes = 0;
        // Who was told Busy was told that it is full before: there is nothing else that makes it so.
        if (std::exchange(connected.isFull, false)) {
            happen(connected, [](const LiveHandlers &handlers, const Connection &connection) {
                if (handlers.bufferEmpty)
                    handlers.bufferEmpty(connection);
            });
        }
    }
    callHandlers();
}

void TestServer::closeFrom(const std::shared_ptr<TestSocketPrivate> &client, int code, const QString &reason)
{
    {
        const std::lock_guard lock(m_mutex);
        const Result<Connected *> found = find(client->id);
        if (!found)
            return;
        const bool isWebSocket = (*found)->info.kind == ConnectionInfo::Kind::WebSocket;
        end(client->id.value(), {isWebSocket ? code : 0, isWebSocket ? reason : QString(), ClosedBy::Peer});
    }
    callHandlers();
}

Result<QList<QByteArray>> TestServer::packet(const QByteArray &handler, const QByteArray &payload,
                                             const QByteArray &remoteAddress, quint16 remotePort)
{
    const RouteSpec *route = socketHandler(handler);
    if (!route || !route->live->packet)
        return Error(Error::NotFound,
                     route ? QStringLiteral("socket handler \"%1\" takes no datagrams: give it onPacket()")
                                 .arg(QString::fromUtf8(handler))
                           : noHandler(handler));
    const int port = portOf(handler, PortInfo::Kind::Datagram);
    QByteArray peer(2, Qt::Uninitialized);
    qToLittleEndian(remotePort, peer.data());
    peer += remoteAddress;
    QString problem;
    qsizetype before = 0;
    {
        const std::lock_guard lock(m_mutex);
        before = m_packets.size();
        ++m_ports[std::size_t(port)].received;
        m_ports[std::size_t(port)].bytesReceived += quint64(payload.size());
        m_events.push_back([&] {
            try {
                route->live->packet(Datagram(port, 0, peer, payload));
            } catch (...) {
                problem = textOfCurrentException();
            }
        });
    }
    callHandlers();
    if (!problem.isEmpty())
        return Error(Error::Internal, problem);
    QList<QByteArray> replies;
    const QList<TestPacket> sent = sentPackets().sliced(before);
    for (const TestPacket &each : sent) {
        if (each.remoteAddress.toUtf8() == remoteAddress && each.remotePort == remotePort)
            replies.append(each.payload);
    }
    return replies;
}

QList<TestPacket> TestServer::sentPackets() const
{
    const std::lock_guard lock(m_mutex);
    return m_packets;
}

TestSocket TestHarnessPrivate::openWebSocket(const TestRequest &request)
{
    TestRequest sent = request;
    sent.method = QByteArrayLiteral("GET");
    sent.body.clear();
    sent.parts.clear();
    sent.headers.append({{QByteArrayLiteral("Connection"), QByteArrayLiteral("Upgrade")},
                         {QByteArrayLiteral("Upgrade"), QByteArrayLiteral("websocket")},
                         {QByteArrayLiteral("Sec-WebSocket-Version"), QByteArrayLiteral("13")},
                         {QByteArrayLiteral("Sec-WebSocket-Key"), QByteArrayLiteral("dGhlIHNhbXBsZSBub25jZQ==")}});
    auto accepted = accept(sent);
    const auto *data = std::get_if<RequestData>(&accepted);
    if (data)
        (*data)->isWebSocket = true;
    const TestResponse response = data ? answer(sent, *data) : std::get<TestResponse>(accepted);
    if (response.status == 101)
        return TestSocket(m_server->openWebSocket(response, *data));
    auto refused = std::make_shared<TestSocketPrivate>();
    refused->response = response;
    return TestSocket(std::move(refused));
}

TestSocket::TestSocket(std::shared_ptr<TestSocketPrivate> data) : d(std::move(data)) {}

TestSocket::TestSocket(const TestSocket &other) = default;
TestSocket &TestSocket::operator=(const TestSocket &other) = default;
TestSocket::~TestSocket() = default;

ConnectionId TestSocket::id() const
{
    return d->id;
}

bool TestSocket::isOpen() const
{
    const std::lock_guard lock(d->mutex);
    return d->isOpen;
}

TestResponse TestSocket::response() const
{
    return d->response;
}

Outcome TestSocket::send(const QByteArray &message, MessageType type)
{
    if (const std::shared_ptr<TestServer> server = d->server.lock())
        return server->sendFrom(d, message, type);
    return Error(Error::Unavailable, QStringLiteral("the connection is not open"));
}

void TestSocket::setReading(bool isReading)
{
    if (const std::shared_ptr<TestServer> server = d->server.lock())
        server->setReading(d, isReading);
}

QList<TestMessage> TestSocket::received() const
{
    const std::lock_guard lock(d->mutex);
    return d->received;
}

QByteArray TestSocket::receivedBytes() const
{
    QByteArray bytes;
    const QList<TestMessage> messages = received();
    for (const TestMessage &message : messages)
        bytes += message.payload;
    return bytes;
}

bool TestSocket::waitForReceived(qsizetype count)
{
    const std::shared_ptr<TestServer> server = d->server.lock();
    if (server)
        server->waitUntil([&] { return received().size() >= count || !isOpen(); });
    return received().size() >= count;
}

void TestSocket::close(int code, const QString &reason)
{
    if (const std::shared_ptr<TestServer> server = d->server.lock())
        server->closeFrom(d, code, reason);
}

bool TestSocket::waitForClosed()
{
    const std::shared_ptr<TestServer> server = d->server.lock();
    if (server)
        server->waitUntil([this] { return !isOpen(); });
    return !isOpen();
}

CloseReason TestSocket::closeReason() const
{
    const std::lock_guard lock(d->mutex);
    return d->closeReason;
}

QString TestSocket::problem() const
{
    const std::lock_guard lock(d->mutex);
    return d->problem;
}

void TestHarness::usePort(const QByteArray &handler)
{
    d->usePort(handler);
}

TestSocket TestHarness::webSocket(const TestRequest &request)
{
    return d->openWebSocket(request);
}

TestSocket TestHarness::connectStream(const QByteArray &handler, const QByteArray &remoteAddress)
{
    return TestSocket(d->server().connectStream(handler, remoteAddress));
}

Result<QList<QByteArray>> TestHarness::packet(const QByteArray &handler, const QByteArray &payload,
                                              const QByteArray &remoteAddress, quint16 remotePort)
{
    return d->server().packet(handler, payload, remoteAddress, remotePort);
}

QList<TestPacket> TestHarness::sentPackets() const
{
    return d->server().sentPackets();
}

QList<TestTask> TestHarness::tasks() const
{
    return d->server().tasks().waiting();
}

int TestHarness::runTasks(std::chrono::milliseconds elapsed)
{
    return d->server().tasks().run(elapsed);
}

QList<TaskResult> TestHarness::endedTasks() const
{
    return d->server().tasks().ended();
}

} // namespace Quern
