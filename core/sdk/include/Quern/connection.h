#pragma once

#include <Quern/connectionid.h>
#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QDateTime>
#include <QString>

#include <concepts>
#include <functional>

namespace Quern {

/// How a message goes to a WebSocket.
enum class MessageType {
    Text,   ///< UTF-8
    Binary, ///< any bytes
};

/// One whole message of a WebSocket client. A value type, but for the payload, which is valid during the call
/// only: take toByteArray() to keep it.
struct Message
{
    MessageType type = MessageType::Text; ///< text is valid UTF-8
    QByteArrayView payload;               ///< fragments joined, compression removed

    bool isText() const { return type == MessageType::Text; }        ///< else it is binary
    QString text() const { return QString::fromUtf8(payload); }      ///< of a text message
    QByteArray toByteArray() const { return payload.toByteArray(); } ///< a copy to keep
};

/// Who has closed a connection.
enum class ClosedBy {
    Peer,        ///< the client, or its network
    Application, ///< close() of a handler, a task or the like
    Server,      ///< Quern: a limit, a broken protocol, a stop
};

/// How a connection has ended. A value type.
struct CloseReason
{
    /// Of a WebSocket, RFC 6455 §7.4: what the side that closed has sent; 1005 if it has sent none, 1006 if the
    /// connection was cut off. 0 for a stream.
    int code = 0;
    QString reason; ///< what the closing side has said, or Quern's own words: "no pong within 10 s"; may be empty
    ClosedBy closedBy = ClosedBy::Peer; ///< who did it
};

/// What is known about a connection. A value type: a picture of the moment it was taken.
struct ConnectionInfo
{
    /// What it speaks.
    enum class Kind {
        WebSocket, ///< messages
        Stream,    ///< bytes, or packages cut out of them: TCP or a Unix stream socket
    };

    ConnectionId id;             ///< of the connection
    Kind kind = Kind::WebSocket; ///< what it speaks
    QString port;                ///< name of the port that it came in by, see PortInfo
    QString remoteAddress;       ///< "127.0.0.1", "::1"; empty for a Unix socket
    quint16 remotePort = 0;      ///< 0 for a Unix socket
    QByteArray user;             ///< that it is bound to; empty: to none
    QDateTime connectedAt;       ///< UTC
    QDateTime lastReceivedAt;    ///< UTC; when its client last sent something, exact to a second
    quint64 bytesReceived = 0;   ///< payload of its messages
    quint64 bytesSent = 0;       ///< the same
    quint64 pendingBytes = 0;    ///< output that waits for the client to read
};

/// One WebSocket or stream connection, as its handlers get it: a number with short ways to what Quern::server() offers
/// for it. A value type that may be kept; what is asked of a connection that has gone fails with Error::NotFound. Any
/// thread of a child.
class QUERN_EXPORT Connection
{
public:
    /// \a user is the one it was bound to when the handler was called.
    explicit Connection(ConnectionId id, QByteArray user = {}) : m_id(id), m_user(std::move(user)) {}

    ConnectionId id() const { return m_id; } ///< its number
    /// The user that it was bound to when the handler was called, see bind(); empty: to none.
    const QByteArray &user() const { return m_user; }
    /// What is known about it now; Error::NotFound if it has gone.
    Result<ConnectionInfo> info() const;

    /// See Server::push(), send(), close(), join(), leave() and bind().
    Outcome push(QByteArrayView message, MessageType type = MessageType::Text) const;
    Outcome send(QByteArrayView bytes) const;
    Outcome close(int code = 1000, const QString &reason = {}) const;
    Outcome join(QByteArrayView room) const;
    Outcome leave(QByteArrayView room) const;
    Outcome bind(QByteArrayView user) const;

    /// The same of a QString, which becomes UTF-8. Templates, so that neither literals nor QByteArray are taken for
    /// one.
    template <std::same_as<QString> Text>
    Outcome push(const Text &message, MessageType type = MessageType::Text) const
    {
        return push(QByteArrayView(message.toUtf8()), type);
    }
    template <std::same_as<QString> Text>
    Outcome join(const Text &room) const
    {
        return join(QByteArrayView(room.toUtf8()));
    }
    template <std::same_as<QString> Text>
    Outcome leave(const Text &room) const
    {
        return leave(QByteArrayView(room.toUtf8()));
    }
    template <std::same_as<QString> Text>
    Outcome bind(const Text &user) const
    {
        return bind(QByteArrayView(user.toUtf8()));
    }

private:
    ConnectionId m_id;
    QByteArray m_user;
};

/// One datagram that has come in by a UDP or Unix datagram port. A cheap handle: valid during the call only, but for
/// what replier() returns.
class QUERN_EXPORT Datagram
{
public:
    /// Made by the worker. \a peer is what the master's sockets call the sender.
    Datagram(int port, int reactor, QByteArrayView peer, QByteArrayView payload);

    QByteArrayView payload() const { return m_payload; } ///< what it says
    QString remoteAddress() const; ///< "127.0.0.1", "::1", or the path of a Unix socket; may be empty
    quint16 remotePort() const;    ///< 0 for a Unix socket
    /// False if nobody could be answered: the sender is a Unix socket without a name.
    bool canReply() const;

    /// Sends \a bytes back. Error::TooLarge if no datagram holds them, Error::Unavailable if canReply() is false,
    /// Error::Busy if too much is under way. Whether it arrives nobody knows.
    Outcome reply(QByteArrayView bytes) const;
    /// reply() to keep for later, and for other threads.
    std::function<Outcome(QByteArrayView bytes)> replier() const;

private:
    QByteArrayView m_peer;
    QByteArrayView m_payload;
    int m_port;
    int m_reactor;
};

} // namespace Quern
