#pragma once

#include "admin/protocol/jsonvalues.h"

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonObject>
#include <QList>
#include <QString>

#include <optional>

namespace Quern::admin {

// Live connections, WebSockets and streams: those of plain HTTP have no numbers and are counted by their listener
// alone. Ids are strings of decimal digits, as handlers see them: they go beyond what numbers of JSON carry. All
// fromJson() functions return Error::Protocol with the member and what is wrong with it.

/// One connection. Shape: {"id": "8796093022209", "kind": "websocket", "port": "main", "remoteAddress":
/// "127.0.0.1", "remotePort": 40000, "user": "ada", "openedAt": "2026-01-31T12:00:00.000Z", "lastReceivedAt": "…",
/// "bytesReceived": 10, "bytesSent": 20, "pendingBytes": 0}
struct ConnectionDescription
{
    enum class Kind { WebSocket, Stream };

    QString id;
    Kind kind = Kind::WebSocket;
    QString port;             ///< that it came in by: "main", or the name of the [[socket]]
    QString remoteAddress;    ///< of the client; empty: a Unix socket
    int remotePort = 0;       ///< the same; 0: a Unix socket
    TextOrBytes user;         ///< that it is bound to; empty: to none
    QDateTime openedAt;       ///< UTC, to the millisecond
    QDateTime lastReceivedAt; ///< the same
    qint64 bytesReceived = 0; ///< payload of its messages and packages
    qint64 bytesSent = 0;     ///< the same
    qint64 pendingBytes = 0;  ///< of output that waits for the client

    bool operator==(const ConnectionDescription &) const = default;
};

/// Which connections are wanted. Shape: {"limit": 100, "after": "", "port": "", "user": "", "address": "10.0.",
/// "kind": null}; each may be left out.
struct ConnectionQuery
{
    static constexpr int MostConnections = 1000;

    int limit = 100;                                 ///< 1 to MostConnections
    QString after;                                   ///< what the page before gave as "next"; empty: from the start
    QString port;                                    ///< that came in by the port of this name; empty: by any
    QString user;                                    ///< of this user; empty: of any, or none
    QString address;                                 ///< whose remoteAddress begins with it; empty: any
    std::optional<ConnectionDescription::Kind> kind; ///< of this kind; null: of any

    QJsonObject toJson() const;
    static Result<ConnectionQuery> fromJson(const QJsonObject &json);
    bool operator==(const ConnectionQuery &) const = default;
};

/// Shape: {"connections": […], "next": "18"}
struct ConnectionPage
{
    QList<ConnectionDescription> connections; ///< fewer than the limit, or none, though there are more: "next" tells
    QString next;                             ///< what to ask for next; empty: these are the last

    QJsonObject toJson() const;
    static Result<ConnectionPage> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const ConnectionPage &) const = default;
};

/// Closes a connection when what was sent to it before has left. Shape: {"id": "8796093022209", "code": 1001, "reason":
/// "maintenance"}; all but "id" may be left out.
struct ConnectionClosing
{
    QString id;
    int code = 1001; ///< of a WebSocket (RFC 6455 §7.4)
    QString reason;  ///< of a WebSocket; at most 123 bytes of it are sent

    QJsonObject toJson() const;
    static Result<ConnectionClosing> fromJson(const QJsonObject &json);
    bool operator==(const ConnectionClosing &) const = default;
};

/// Sends a text message to a WebSocket, or its bytes in UTF-8 to a stream. Shape: {"id": "8796093022209", "text": "hi"}
struct ConnectionMessage
{
    QString id;
    QString text;

    QJsonObject toJson() const;
    static Result<ConnectionMessage> fromJson(const QJsonObject &json);
    bool operator==(const ConnectionMessage &) const = default;
};

/// One address that is listened on, with what all reactors have counted since the start. Shape: {"name": "main",
/// "address": "http://127.0.0.1:5200/", "kind": "http", "tls": false, "handler": "", "connections": 2, "accepted": 10,
/// "messagesReceived": 5, "messagesSent": 4, "bytesReceived": 1000, "bytesSent": 900}
struct ListenerDescription
{
    enum class Kind { Http, Stream, Datagram };

    QString name;                ///< "main", or of the [[socket]], which may have several addresses
    QString address;             ///< as `quern status` shows it
    Kind kind = Kind::Http;      ///< "http" is WebSocket as well
    bool tls = false;            ///< what comes in is TLS
    QString handler;             ///< that serves it; empty: the application's own routes
    qint64 connections = 0;      ///< open now, those of plain HTTP included
    qint64 accepted = 0;         ///< connections
    qint64 messagesReceived = 0; ///< WebSocket messages, packages and datagrams; HTTP requests do not count
    qint64 messagesSent = 0;     ///< the same
    qint64 bytesReceived = 0;    ///< of everything, without what TLS adds
    qint64 bytesSent = 0;        ///< the same

    bool operator==(const ListenerDescription &) const = default;
};

/// Shape: {"listeners": […]}
struct ListenerList
{
    QList<ListenerDescription> listeners; ///< in the order of the settings

    QJsonObject toJson() const;
    static Result<ListenerList> fromJson(const QJsonObject &json);
    static QJsonObject schema();
    bool operator==(const ListenerList &) const = default;
};

} // namespace Quern::admin
