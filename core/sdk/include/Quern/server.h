#pragma once

#include <Quern/atomic.h>
#include <Quern/connection.h>
#include <Quern/connectionid.h>
#include <Quern/global.h>
#include <Quern/process.h>
#include <Quern/result.h>
#include <Quern/table.h>
#include <Quern/task.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QDateTime>
#include <QList>
#include <QString>

#include <chrono>
#include <concepts>

namespace Quern {

/// One port that the server listens on. A value type.
struct PortInfo
{
    /// What is spoken there.
    enum class Kind {
        Http,     ///< HTTP and WebSocket
        Stream,   ///< TCP or Unix stream
        Datagram, ///< UDP or Unix datagram
    };

    QString name;              ///< of the [[socket]] entry; "main" for the addresses of [server]
    QString address;           ///< "127.0.0.1:5200", "tls:[::1]:443", "unix:/run/app.sock"
    Kind kind = Kind::Http;    ///< what is spoken there
    QString handler;           ///< that serves it; empty: the application's own routes
    quint64 connections = 0;   ///< open now, HTTP ones included; 0 for datagrams
    quint64 accepted = 0;      ///< connections since the start
    quint64 received = 0;      ///< messages, packages and datagrams since the start
    quint64 sent = 0;          ///< the same
    quint64 bytesReceived = 0; ///< of these
    quint64 bytesSent = 0;     ///< the same
};

/// The server at a glance. A value type.
struct ServerStats
{
    quint64 connections = 0;     ///< open on all ports, HTTP ones included
    quint64 liveConnections = 0; ///< WebSocket and stream connections among them
    quint64 accepted = 0;        ///< connections since the start
    quint64 received = 0;        ///< messages, packages and datagrams since the start
    quint64 sent = 0;            ///< the same
    quint64 bytesReceived = 0;   ///< of these
    quint64 bytesSent = 0;       ///< the same
    int workerId = -1;           ///< of the process that asks
    quint64 workerRequests = 0;  ///< HTTP requests that it has handled
    quint64 workerEvents = 0;    ///< events of connections that it has handled
};

/// A page of connections. A value type.
struct ConnectionPage
{
    QList<ConnectionInfo> connections; ///< in the order of their slots, which is nearly that of their age
    ConnectionId next;                 ///< what to ask for next; null if this is the last page
};

/// Whom a broadcast reaches. A value type.
struct Audience
{
    QString port = {};        ///< connections of this port alone; empty: all WebSocket connections
    ConnectionId except = {}; ///< but not this one; null: nobody is left out
};

/// A name and a message for Server, at least one of them a QString and the other at most bytes.
template <typename Name, typename Text>
concept HasQString = (std::same_as<Name, QString> && std::convertible_to<const Text &, QByteArrayView>) ||
                     (std::same_as<Text, QString> && std::convertible_to<const Name &, QByteArrayView>) ||
                     (std::same_as<Name, QString> && std::same_as<Text, QString>);

/// What handlers, tasks, cron jobs and processes ask of the running server. Reached by server(). Any thread of a child.
///
/// What is to be sent is handed to the master and leaves in its order; each call returns at once. Its result tells what
/// is known by then:
/// - Error::NotFound: there is no such connection any more;
/// - Error::Invalid: this cannot be done, and why;
/// - Error::TooLarge: longer than the port takes, see package_max_length;
/// - Error::Busy: the client reads too slowly (socket_buffer_size), or the master does not take what was sent before.
///   Nothing was sent then, and the client of a sender who waits is not closed for what is under way already. After a
///   push() or send() to one connection its onBufferEmpty() is called when there is room again;
/// - Error::Unavailable: there is no server, as in a test without one, or it is stopping.
/// A connection that closes at the same moment loses what was sent to it, as one that closes a moment later does.
///
/// Messages and names are QByteArrayView, QByteArray or literals, all in UTF-8, or QString. For JSON see jsonText().
///
/// Who drops what deliver(), fire(), sendMessage() and ProcessHandle return, unseen, has the log tell of a refusal.
class QUERN_EXPORT Server
{
public:
    virtual ~Server();

    /// Sends \a message to one WebSocket. Error::Invalid if it is no WebSocket, or \a message is text and no UTF-8.
    virtual Outcome push(ConnectionId id, QByteArrayView message, MessageType type = MessageType::Text) = 0;
    /// Sends \a bytes to one stream connection, as they are. Error::Invalid if it is a WebSocket.
    virtual Outcome send(ConnectionId id, QByteArrayView bytes) = 0;
    /// Sends a datagram from the port \a port, "telnet-udp", to \a address, "127.0.0.1" or the path of a Unix socket,
    /// and \a remotePort. Error::NotFound if there is no datagram port of that name, Error::Invalid for a bad
    /// address, such as an IPv6 one if the port listens on IPv4 alone.
    virtual Outcome sendTo(const QString &port, const QString &address, quint16 remotePort, QByteArrayView bytes) = 0;
    /// Closes a connection when what was sent to it before has left. \a code, of a WebSocket, is 1000 to 1014 but for
    /// 1004 to 1006, or 3000 to 4999: Error::Invalid for others; of \a reason at most 123 bytes are sent. Its handler's
    /// onClose() follows.
    virtual Outcome close(ConnectionId id, int code = 1000, const QString &reason = {}) = 0;

    /// Sends \a message to all WebSockets, or to all connections of one port: to a stream as bytes.
    virtual Outcome broadcast(QByteArrayView message, MessageType type = MessageType::Text,
                              const Audience &audience = {}) = 0;
    /// Has a connection enter or leave a room: a name of 1 to 128 bytes for some connections, which is there as long as
    /// anybody is in it. A connection leaves its rooms when it closes. It may be in 1000: to enter one more has no
    /// effect, and only the server's log tells, since it is the master who counts.
    virtual Outcome join(ConnectionId id, QByteArrayView room) = 0;
    virtual Outcome leave(ConnectionId id, QByteArrayView room) = 0;
    /// Sends \a message to all connections in \a room but \a except; to a stream as bytes. Fine if nobody is there.
    virtual Outcome pushToRoom(QByteArrayView room, QByteArrayView message, MessageType type = MessageType::Text,
                               ConnectionId except = {}) = 0;
    /// The connection belongs to \a user, a name of 1 to 64 bytes, from now on; empty: to none. Connection::user() says
    /// so from the next event on, info() and connections() a moment later. With dispatch_mode = "by-user" all
    /// connections of a user are served by the same worker from then on.
    virtual Outcome bind(ConnectionId id, QByteArrayView user) = 0;
    /// The same for all connections of a user as pushToRoom() for a room.
    virtual Outcome pushToUser(QByteArrayView user, QByteArrayView message, MessageType type = MessageType::Text,
                               ConnectionId except = {}) = 0;

    /// Hands the task \a task, which a plugin has registered by Application::task(), to the task workers and returns at
    /// once with its id. Error::NotFound if there is no such task, or there are no task workers (task_worker_num),
    /// Error::Invalid for options that are not possible and a payload with a Payload::problem(), Error::TooLarge for
    /// one over 64 MiB, Error::Busy, Error::Unavailable as above. What the server refuses afterwards, since the queue
    /// is full (Error::Busy), the unique key is taken (Error::Exists) or the disk is (Error::Io), TaskOptions::accepted
    /// and finished are told, and the log if there is neither; what is refused at once is told to both as well, later.
    /// TaskOptions::finished is Error::Invalid outside of workers: nobody would call it.
    virtual Delivery deliver(QByteArrayView task, const Payload &payload = {}, const TaskOptions &options = {}) = 0;
    /// The same, and waits until the server has accepted the task: a durable one is on disk then. Also what the server
    /// refuses is told, and Error::Timeout if it has not answered within \a timeout: it may accept the task later.
    virtual Result<TaskId> deliverAndWait(QByteArrayView task, const Payload &payload = {},
                                          const TaskOptions &options = {},
                                          std::chrono::milliseconds timeout = std::chrono::seconds(5)) = 0;
    /// Tells the listeners of the event \a name, see Application::listen(): they are called in a task worker, one after
    /// the other. As deliver(); without listeners it is fine, and nothing happens.
    virtual Delivery fire(QByteArrayView name, const Payload &payload = {}, const TaskOptions &options = {}) = 0;

    /// The custom process \a name: its pipe and its queue. \a number names one of its copies; a shared queue has none.
    ProcessHandle process(QByteArrayView name, int number = -1) const;
    /// Sends \a payload to another process of the server, or to all of a kind but this one: what
    /// Application::onMessage() was given is called there. Error::NotFound if there is none, or no plugin takes
    /// messages; Error::Invalid for a payload with a Payload::problem(); Error::TooLarge beyond 1 MiB; Error::Busy,
    /// Error::Unavailable as above. To all of a kind of which this is the only one is fine, and reaches nobody.
    /// Messages to one process arrive in their order. While it is busy or being restarted 1000 of them wait for it, 8
    /// MiB at most; what is more is refused, and only the log tells.
    virtual Posted<void> sendMessage(const ProcessAddress &to, const Payload &payload) = 0;
    /// Which process this is.
    virtual ProcessAddress self() const = 0;

    /// Whether the connection is there.
    virtual bool isEstablished(ConnectionId id) const = 0;
    /// What is known about it; Error::NotFound if it has gone.
    virtual Result<ConnectionInfo> info(ConnectionId id) const = 0;
    /// Connections from \a after on, the \a next of the page before or null, at most \a limit of them, 1 to 10000.
    /// Those that come and go between two pages may be missed; none stands there twice.
    virtual ConnectionPage connections(ConnectionId after = {}, int limit = 100) const = 0;
    /// The ports, in the order of the settings: those of [server] first.
    virtual QList<PortInfo> ports() const = 0;
    /// The server at a glance.
    virtual ServerStats stats() const = 0;

    /// A table or an atomic that all processes share, see [[table]] and [[atomic]] in the settings; to be asked for
    /// once and kept. Error::NotFound if the settings have none of that name, Error::Unavailable in a process without
    /// any.
    Result<Table> table(const QString &name) const;
    Result<Atomic> atomic(const QString &name) const;
    template <std::convertible_to<QByteArrayView> Name>
    Result<Table> table(const Name &name) const
    {
        return table(QString::fromUtf8(QByteArrayView(name)));
    }
    template <std::convertible_to<QByteArrayView> Name>
    Result<Atomic> atomic(const Name &name) const
    {
        return atomic(QString::fromUtf8(QByteArrayView(name)));
    }

    /// The same of a QString, which becomes UTF-8. Templates, so that neither literals nor QByteArray are taken for
    /// one.
    template <std::same_as<QString> Text>
    Outcome push(ConnectionId id, const Text &message, MessageType type = MessageType::Text)
    {
        return push(id, QByteArrayView(message.toUtf8()), type);
    }
    template <std::same_as<QString> Text>
    Outcome broadcast(const Text &message, MessageType type = MessageType::Text, const Audience &audience = {})
    {
        return broadcast(QByteArrayView(message.toUtf8()), type, audience);
    }
    template <std::same_as<QString> Text>
    Outcome join(ConnectionId id, const Text &room)
    {
        return join(id, QByteArrayView(room.toUtf8()));
    }
    template <std::same_as<QString> Text>
    Outcome leave(ConnectionId id, const Text &room)
    {
        return leave(id, QByteArrayView(room.toUtf8()));
    }
    template <std::same_as<QString> Text>
    Outcome bind(ConnectionId id, const Text &user)
    {
        return bind(id, QByteArrayView(user.toUtf8()));
    }
    template <QStringName Name>
    Delivery deliver(const Name &task, const Payload &payload = {}, const TaskOptions &options = {})
    {
        return deliver(QByteArrayView(QString(task).toUtf8()), payload, options);
    }
    template <QStringName Name>
    Result<TaskId> deliverAndWait(const Name &task, const Payload &payload = {}, const TaskOptions &options = {},
                                  std::chrono::milliseconds timeout = std::chrono::seconds(5))
    {
        return deliverAndWait(QByteArrayView(QString(task).toUtf8()), payload, options, timeout);
    }
    template <QStringName Name>
    Delivery fire(const Name &name, const Payload &payload = {}, const TaskOptions &options = {})
    {
        return fire(QByteArrayView(QString(name).toUtf8()), payload, options);
    }
    template <QStringName Name>
    ProcessHandle process(const Name &name, int number = -1) const
    {
        return ProcessHandle(name, number);
    }
    template <typename Name, typename Text>
    requires HasQString<Name, Text> Outcome pushToRoom(const Name &room, const Text &message,
                                                       MessageType type = MessageType::Text, ConnectionId except = {})
    {
        return pushToRoom(QByteArrayView(utf8(room)), QByteArrayView(utf8(message)), type, except);
    }
    template <typename Name, typename Text>
    requires HasQString<Name, Text> Outcome pushToUser(const Name &user, const Text &message,
                                                       MessageType type = MessageType::Text, ConnectionId except = {})
    {
        return pushToUser(QByteArrayView(utf8(user)), QByteArrayView(utf8(message)), type, except);
    }

private:
    static QByteArrayView utf8(QByteArrayView bytes) { return bytes; }
    template <std::same_as<QString> Text>
    static QByteArray utf8(const Text &text)
    {
        return text.toUtf8();
    }
};

/// The server that this process belongs to. In a process without one, every call says so: Error::Unavailable.
QUERN_EXPORT Server &server();

} // namespace Quern
