#include "server_p.h"

#include "httpsyntax_p.h"

#include <atomic>

namespace Quern {

namespace {

/// RFC 6455 §5.5: a control frame has 125 bytes, and two of them are the code.
constexpr qsizetype maxCloseReason = 123;
constexpr qsizetype maxRoomName = 128;
constexpr qsizetype maxUserName = 64;

Error noServer()
{
    return Error(
        Error::Unavailable,
        QStringLiteral("this process belongs to no server: only what Quern has started can send, and not before "
                       "install() has returned; in a test make a TestHarness"));
}

/// For a process that belongs to no server.
class NoServer final : public ServerBackend
{
public:
    Outcome push(ConnectionId, QByteArrayView, MessageType) override { return noServer(); }
    Outcome send(ConnectionId, QByteArrayView) override { return noServer(); }
    Outcome sendTo(const QString &, const QString &, quint16, QByteArrayView) override { return noServer(); }
    Outcome close(ConnectionId, int, const QString &) override { return noServer(); }
    Outcome broadcast(QByteArrayView, MessageType, const Audience &) override { return noServer(); }
    Outcome join(ConnectionId, QByteArrayView) override { return noServer(); }
    Outcome leave(ConnectionId, QByteArrayView) override { return noServer(); }
    Outcome pushToRoom(QByteArrayView, QByteArrayView, MessageType, ConnectionId) override { return noServer(); }
    Outcome bind(ConnectionId, QByteArrayView) override { return noServer(); }
    Outcome pushToUser(QByteArrayView, QByteArrayView, MessageType, ConnectionId) override { return noServer(); }
    Delivery deliver(QByteArrayView, const Payload &, const TaskOptions &) override { return noServer(); }
    Result<TaskId> deliverAndWait(QByteArrayView, const Payload &, const TaskOptions &,
                                  std::chrono::milliseconds) override
    {
        return noServer();
    }
    Delivery fire(QByteArrayView, const Payload &, const TaskOptions &) override { return noServer(); }
    Posted<void> sendMessage(const ProcessAddress &, const Payload &) override { return noServer(); }
    ProcessAddress self() const override { return {}; }
    Outcome callProcess(const ProcessCall &, const ProcessAnswer &) override { return noServer(); }
    Result<Payload> callProcessAndWait(const ProcessCall &) override { return noServer(); }
    bool isEstablished(ConnectionId) const override { return false; }
    Result<ConnectionInfo> info(ConnectionId) const override { return noServer(); }
    ConnectionPage connections(ConnectionId, int) const override { return {}; }
    QList<PortInfo> ports() const override { return {}; }
    ServerStats stats() const override { return {}; }
    Outcome reply(int, int, const QByteArray &, QByteArrayView) override { return noServer(); }
};

std::atomic<ServerBackend *> &installedServer()
{
    static std::atomic<ServerBackend *> installed = nullptr;
    return installed;
}

} // namespace

Server::~Server() = default;
ServerBackend::~ServerBackend() = default;

ServerBackend *setServer(ServerBackend *backend)
{
    return installedServer().exchange(backend, std::memory_order_acq_rel);
}

ServerBackend &serverBackend()
{
    static NoServer none;
    ServerBackend *installed = installedServer().load(std::memory_order_acquire);
    return installed ? *installed : none;
}

Server &server()
{
    return serverBackend();
}

Result<void> checkCloseCode(int code)
{
    if ((code >= 1000 && code <= 1014 && (code < 1004 || code > 1006)) || (code >= 3000 && code <= 4999))
        return {};
    return Error(Error::Invalid,
                 QStringLiteral("close code %1 cannot be sent: use 1000, or one of your own from 4000 to "
                                "4999 (RFC 6455 §7.4)")
                     .arg(code));
}

Result<void> checkRoomName(QByteArrayView room)
{
    if (!room.isEmpty() && room.size() <= maxRoomName)
        return {};
    return Error(Error::Invalid,
                 QStringLiteral("the name of a room has 1 to %1 bytes, not %2").arg(maxRoomName).arg(room.size()));
}

Result<void> checkUserName(QByteArrayView user)
{
    if (!user.isEmpty() && user.size() <= maxUserName)
        return {};
    return Error(Error::Invalid,
                 QStringLiteral("the name of a user has 1 to %1 bytes, not %2").arg(maxUserName).arg(user.size()));
}

Result<void> checkMessage(QByteArrayView message, MessageType type)
{
    if (type == MessageType::Binary || message.isValidUtf8())
        return {};
    return Error(Error::Invalid, QStringLiteral("a text message has to be UTF-8: send other bytes as binary"));
}

QByteArray closeReasonBytes(const QString &reason)
{
    QByteArray bytes = reason.toUtf8();
    truncateUtf8(bytes, maxCloseReason);
    return bytes;
}

} // namespace Quern
