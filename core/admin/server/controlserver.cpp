#include "admin/server/controlserver.h"

#include <QDeadlineTimer>
#include <QLocalSocket>
#include <QLoggingCategory>

#include <sys/socket.h>
#include <unistd.h>

namespace Quern::admin {

Q_LOGGING_CATEGORY(logAdmin, "quern.admin", QtInfoMsg)

namespace {

/// Who is at the other end; nobody if he may not come in.
std::optional<uid_t> permittedUser(const QLocalSocket &socket)
{
    ucred peer = {};
    socklen_t length = sizeof peer;
    if (::getsockopt(int(socket.socketDescriptor()), SOL_SOCKET, SO_PEERCRED, &peer, &length) != 0)
        return std::nullopt;
    return peer.uid == 0 || peer.uid == ::geteuid() ? std::optional(peer.uid) : std::nullopt;
}

} // namespace

ControlServer::ControlServer(QObject *parent) : Transport(parent), m_server(this)
{
    m_server.setMaxPendingConnections(MaxClients);
    connect(&m_server, &QLocalServer::newConnection, this, &ControlServer::acceptClients);
}

ControlServer::~ControlServer() = default;

Result<void> ControlServer::listen(const QString &path)
{
    QLocalServer::removeServer(path);
    if (!m_server.listen(path)) {
        return Error(Error::Io, QStringLiteral("cannot listen on the control socket %1: %2; choose a shorter or "
                                               "writable runtime_dir")
                                    .arg(path, m_server.errorString()));
    }
    return {};
}

void ControlServer::close(std::chrono::milliseconds patience)
{
    m_server.close();
    const QDeadlineTimer deadline(patience);
    for (auto &[id, client] : m_clients) {
        client.socket->disconnect(this);
        while (client.socket->bytesToWrite() > 0 && !deadline.hasExpired()) {
            if (!client.socket->waitForBytesWritten(int(deadline.remainingTime())))
                break;
        }
        client.socket->abort();
        client.socket->deleteLater();
    }
    m_clients.clear();
}

void ControlServer::acceptClients()
{
    while (QLocalSocket *socket = m_server.nextPendingConnection()) {
        const std::optional<uid_t> user = permittedUser(*socket);
        if (!user || m_clients.size() >= MaxClients) {
            qCWarning(logAdmin, "refused a client of the control socket");
            socket->abort();
            socket->deleteLater();
            continue;
        }
        const quint64 id = nextClient();
        socket->setReadBufferSize(longestMessage);
        m_clients[id].socket = socket;
        m_clients[id].name = QStringLiteral("uid %1").arg(*user);
        connect(socket, &QLocalSocket::readyRead, this, [this, id] { readFrom(id); });
        connect(socket, &QLocalSocket::bytesWritten, this, [this, id] { bytesWritten(id); });
        connect(socket, &QLocalSocket::disconnected, this, [this, id] { dismiss(id); });
    }
}

void ControlServer::readFrom(quint64 client)
{
    const auto found = m_clients.find(client);
    if (found == m_clients.end())
        return;
    found->second.decoder.append(found->second.socket->readAll());
    // A line may make this server dismiss the client: look it up each time.
    for (auto it = found; it != m_clients.end(); it = m_clients.find(client)) {
        const Result<std::optional<QByteArray>> line = it->second.decoder.next();
        if (!line) {
            qCWarning(logAdmin).noquote() << "closed a client of the control socket:" << line.error().message();
            dismiss(client);
            return;
        }
        if (!*line)
            return;
        handleLine(client, **line);
    }
}

void ControlServer::handleLine(quint64 client, const QByteArray &line)
{
    const Result<QJsonObject> json = decodeLine(line);
    const Result<Request> request = json ? Request::fromJson(*json) : Result<Request>(json.error());
    if (!request) {
        sendReply(client, Reply{0, request.error()});
        return;
    }
    Q_EMIT requestReceived({client, Role::Admin, m_clients.at(client).name}, *request);
}

void ControlServer::sendReply(quint64 client, const Reply &reply)
{
    send(client, reply.toJson());
}

void ControlServer::sendEvent(quint64 client, const Event &event)
{
    send(client, event.toJson());
}

void ControlServer::sendPaced(quint64 client, const Event &event)
{
    send(client, event.toJson());
    const auto found = m_clients.find(client);
    if (found == m_clients.end())
        return;
    found->second.isPaced = true;
    bytesWritten(client);
}

void ControlServer::bytesWritten(quint64 client)
{
    const auto found = m_clients.find(client);
    if (found == m_clients.end() || !found->second.isPaced || found->second.socket->bytesToWrite() > 0)
        return;
    found->second.isPaced = false;
    Q_EMIT outputTaken(client);
}

void ControlServer::send(quint64 client, const QJsonObject &message)
{
    const auto found = m_clients.find(client);
    if (found == m_clients.end())
        return;
    // What waits is looked at before: one message alone may be larger than the bound.
    if (found->second.socket->bytesToWrite() > MaxPendingOutput)
        dismiss(client);
    else
        found->second.socket->write(encodeLine(message));
}

void ControlServer::dismiss(quint64 client)
{
    const auto found = m_clients.find(client);
    if (found == m_clients.end())
        return;
    QLocalSocket *socket = found->second.socket;
    m_clients.erase(found);
    socket->disconnect(this);
    socket->abort();
    socket->deleteLater();
    Q_EMIT clientGone(client);
}

} // namespace Quern::admin
