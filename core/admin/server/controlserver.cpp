#include "admin/server/controlserver.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QDeadlineTimer>
#include <QFile>
#include <QLocalSocket>
#include <QLoggingCategory>
#include <QTimerEvent>

#include <algorithm>
#include <cstdio>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <utility>

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

/// How soon it is noticed that nobody is accepted any more.
constexpr std::chrono::milliseconds lookInterval(500);

Result<base::FileDescriptor> listenAt(const QString &path)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    const QByteArray name = QFile::encodeName(path);
    if (name.size() >= qsizetype(sizeof address.sun_path))
        return Error(Error::Invalid,
                     QStringLiteral("its path is longer than %1 bytes").arg(sizeof address.sun_path - 2));
    std::copy_n(name.constData(), name.size(), address.sun_path);
    base::FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    ::unlink(name.constData());
    if (!fd.isValid() || ::bind(fd.get(), reinterpret_cast<const sockaddr *>(&address), sizeof address) != 0 ||
        ::listen(fd.get(), ControlServer::MaxClients) != 0)
        return base::systemError(QStringLiteral("listen"));
    return fd;
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
    // Under a name of its own first: then it takes the place of what is there at once. QLocalServer removes the name
    // that its socket was bound to, and none that it has been given since.
    const QString ownName = path + QLatin1Char('~');
    m_server.close();
    Result<base::FileDescriptor> socket = listenAt(ownName);
    if (socket && ::rename(QFile::encodeName(ownName).constData(), QFile::encodeName(path).constData()) != 0)
        socket = base::systemError(QStringLiteral("rename"));
    if (socket && !m_server.listen(qintptr(socket->get())))
        socket = Error(Error::Io, m_server.errorString());
    if (!socket) {
        return Error(Error::Io, QStringLiteral("cannot listen on the control socket %1: %2; choose a shorter or "
                                               "writable runtime_dir")
                                    .arg(path, socket.error().message()));
    }
    socket->release();
    m_path = path;
    m_look.start(int(lookInterval.count()), this);
    return {};
}

void ControlServer::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_look.timerId() && !m_server.isListening())
        listenAgain();
}

void ControlServer::listenAgain()
{
    if (m_path.isEmpty())
        return;
    const bool isFirst = !std::exchange(m_isDeaf, true);
    if (isFirst)
        qCWarning(logAdmin).noquote() << "the control socket could not accept a client:" << m_server.errorString();
    const Result<void> listening = listen(QString(m_path));
    m_isDeaf = !listening;
}

void ControlServer::close(std::chrono::milliseconds patience)
{
    m_look.stop();
    m_server.close();
    if (!m_path.isEmpty())
        QFile::remove(m_path);
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
