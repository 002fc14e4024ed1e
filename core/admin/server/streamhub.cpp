#include "admin/server/streamhub.h"

#include "admin/protocol/endpoints.h"
#include "admin/server/httpconnection.h"
#include "admin/server/httptls.h"

#include <QDeadlineTimer>
#include <QSslSocket>
#include <QTimerEvent>
#include <QWebSocketServer>

#include <algorithm>

namespace Quern::admin {

StreamHub::StreamHub(const StreamLimits &limits, QObject *parent) : QObject(parent), m_limits(limits) {}

StreamHub::~StreamHub()
{
    // Before their WebSockets, as in dismiss().
    for (auto &[client, stream] : m_streams) {
        if (stream.socket)
            stream.socket->disconnect(this);
        delete stream.socket;
    }
    for (const QPointer<QTcpSocket> &socket : m_leaving)
        delete socket;
}

void StreamHub::adopt(HttpConnection *connection, const TokenHolder &holder, const Caller &caller)
{
    QTcpSocket *socket = connection->release();
    Stream &stream = m_streams[caller.client];
    stream.caller = caller;
    stream.holder = holder;
    stream.socket = socket;
    stream.due.setRemainingTime(m_limits.handshakeTimeout);
    // A message that is not whole yet waits there.
    socket->setReadBufferSize(longestMessage + HeadReader::LongestHead);
    connect(socket, &QAbstractSocket::disconnected, this, [this, client = caller.client] { dismiss(client); });
    // One of its own, so that it is clear whose WebSocket comes out. Qt HTTP Server's own agrees to no subprotocol.
    auto *server = new QWebSocketServer(QStringLiteral("Quern"), QWebSocketServer::NonSecureMode, connection);
    server->setSupportedSubprotocols({QString(streamProtocol)});
    connect(server, &QWebSocketServer::newConnection, this,
            [this, server, client = caller.client] { upgraded(client, server->nextPendingConnection()); });
    server->handleConnection(socket);
    if (!m_timer.isActive())
        m_timer.start(
            int(std::min({m_limits.pingInterval, m_limits.pongTimeout, m_limits.handshakeTimeout}).count()) / 4 + 1,
            this);
}

void StreamHub::upgraded(quint64 client, QWebSocket *webSocket)
{
    const auto found = m_streams.find(client);
    webSocket->setParent(this);
    if (found == m_streams.end()) {
        webSocket->deleteLater();
        return;
    }
    Stream &stream = found->second;
    stream.webSocket = webSocket;
    webSocket->setMaxAllowedIncomingMessageSize(quint64(longestMessage));
    webSocket->setMaxAllowedIncomingFrameSize(quint64(longestMessage));
    connect(webSocket, &QWebSocket::textMessageReceived, this,
            [this, client](const QString &text) { textReceived(client, text); });
    connect(webSocket, &QWebSocket::binaryMessageReceived, this, [webSocket] {
        webSocket->close(QWebSocketProtocol::CloseCodeDatatypeNotSupported, QStringLiteral("messages are text"));
    });
    connect(webSocket, &QWebSocket::pong, this, [this, client] { heard(client); });
    connect(webSocket, &QWebSocket::bytesWritten, this, [this, client] { bytesWritten(client); });
    heard(client);
}

void StreamHub::heard(quint64 client)
{
    const auto found = m_streams.find(client);
    if (found == m_streams.end())
        return;
    found->second.isAsked = false;
    found->second.due.setRemainingTime(m_limits.pingInterval);
}

void StreamHub::textReceived(quint64 client, const QString &text)
{
    heard(client);
    const auto found = m_streams.find(client);
    if (found == m_streams.end())
        return;
    Stream &stream = found->second;
    ++stream.inFlight;
    const Result<QJsonObject> json = decodeLine(text.toUtf8());
    const Result<Request> request = json ? Request::fromJson(*json) : Result<Request>(json.error());
    if (!request) {
        sendReply(client, Reply{0, request.error()});
        return;
    }
    if (const Result<void> access = checkAccess(stream.caller.role, request->method); !access) {
        if (access.error().code() == Error::Permission)
            Q_EMIT requestRefused(stream.caller, *request);
        sendReply(client, Reply{request->id, access.error()});
        return;
    }
    if (stream.inFlight > m_limits.maxInFlight) {
        sendReply(client, Reply{request->id, Error(Error::Busy, QStringLiteral("too many requests of this stream wait "
                                                                               "for their replies"))});
        return;
    }
    Q_EMIT requestReceived(stream.caller, *request);
}

void StreamHub::sendReply(quint64 client, const Reply &reply)
{
    if (const auto found = m_streams.find(client); found != m_streams.end())
        --found->second.inFlight;
    send(client, reply.toJson());
}

void StreamHub::sendEvent(quint64 client, const Event &event)
{
    send(client, event.toJson());
}

void StreamHub::sendPaced(quint64 client, const Event &event)
{
    send(client, event.toJson());
    const auto found = m_streams.find(client);
    if (found == m_streams.end())
        return;
    found->second.isPaced = true;
    bytesWritten(client);
}

void StreamHub::send(quint64 client, const QJsonObject &message)
{
    const auto found = m_streams.find(client);
    if (found == m_streams.end() || !found->second.webSocket)
        return;
    // As in ControlServer: one message alone may be larger than the bound.
    if (pendingOutput(found->second.socket) > m_limits.maxOutput) {
        dismiss(client);
        return;
    }
    QByteArray text = encodeLine(message);
    text.chop(1);
    found->second.webSocket->sendTextMessage(QString::fromUtf8(text));
}

void StreamHub::bytesWritten(quint64 client)
{
    const auto found = m_streams.find(client);
    if (found == m_streams.end() || !found->second.isPaced || pendingOutput(found->second.socket) > 0)
        return;
    found->second.isPaced = false;
    Q_EMIT outputTaken(client);
}

void StreamHub::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    for (const quint64 client : clients()) {
        if (const auto found = m_streams.find(client); found != m_streams.end())
            look(client, found->second);
    }
    if (m_streams.empty())
        m_timer.stop();
}

/// A client is asked now and then; one that does not answer, or does not finish its handshake or its close, is cut off.
void StreamHub::look(quint64 client, Stream &stream)
{
    if (!stream.due.hasExpired())
        return;
    const bool isOpen = stream.webSocket && stream.webSocket->state() == QAbstractSocket::ConnectedState;
    if (stream.isAsked || !isOpen) {
        dismiss(client);
        return;
    }
    stream.isAsked = true;
    stream.due.setRemainingTime(m_limits.pongTimeout);
    stream.webSocket->ping();
}

std::vector<quint64> StreamHub::clients() const
{
    std::vector<quint64> list;
    for (const auto &[client, stream] : m_streams)
        list.push_back(client);
    return list;
}

void StreamHub::keep(const AccessTokens &tokens)
{
    for (const quint64 client : clients()) {
        const auto found = m_streams.find(client);
        if (found == m_streams.end() || tokens.holds(found->second.holder))
            continue;
        if (found->second.webSocket)
            found->second.webSocket->close(QWebSocketProtocol::CloseCodePolicyViolated,
                                           QStringLiteral("the token is not valid any more"));
        else
            dismiss(client);
    }
}

void StreamHub::close(std::chrono::milliseconds patience)
{
    const QDeadlineTimer deadline(patience);
    // Each step may end some of them.
    for (const quint64 client : clients()) {
        const auto found = m_streams.find(client);
        if (found != m_streams.end() && found->second.webSocket)
            found->second.webSocket->close(QWebSocketProtocol::CloseCodeGoingAway, QStringLiteral("the server stops"));
    }
    for (const quint64 client : clients()) {
        const auto found = m_streams.find(client);
        const QPointer<QTcpSocket> socket = found == m_streams.end() ? nullptr : found->second.socket;
        while (socket && pendingOutput(socket) > 0 && socket->waitForBytesWritten(int(deadline.remainingTime()))) {
        }
        dismiss(client);
    }
}

void StreamHub::dismiss(quint64 client)
{
    const auto found = m_streams.find(client);
    if (found == m_streams.end())
        return;
    const Stream stream = found->second;
    m_streams.erase(found);
    if (stream.socket) {
        stream.socket->disconnect(this);
        stream.socket->abort();
        stream.socket->deleteLater();
        std::erase_if(m_leaving, [](const QPointer<QTcpSocket> &socket) { return !socket; });
        m_leaving.push_back(stream.socket);
    }
    // After its socket: as long as that is there, a WebSocket that goes takes all connections from it.
    if (stream.webSocket) {
        stream.webSocket->disconnect(this);
        stream.webSocket->deleteLater();
    }
    Q_EMIT clientGone(client);
}

} // namespace Quern::admin
