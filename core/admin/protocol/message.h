#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QJsonObject>
#include <QString>

#include <variant>

namespace Quern::admin {

// The envelopes of the management protocol. Each message is one JSON object (RFC 8259, UTF-8), on one line of a local
// socket or in one WebSocket message. Unknown members are ignored, so that either side may be the newer one. All
// fromJson() functions return Error::Protocol with the member and what is wrong with it.

/// Longest message, in bytes, its line end not counted.
inline constexpr qsizetype longestMessage = 1 << 20;

/// Client → server. Shape: {"id": 7, "method": "server.status", "params": {…}}; "params" may be absent.
struct Request
{
    qint64 id = 1; ///< 1 to 2^53 - 1, chosen by the client; the reply repeats it
    QString method;
    QJsonObject params;

    QJsonObject toJson() const;
    static Result<Request> fromJson(const QJsonObject &json);
};

/// Server → client, exactly one for each request.
/// Shape: {"id": 7, "result": {…}} or {"id": 7, "error": {"code": "busy", "message": "…"}}.
/// A code that this side does not know becomes Error::Internal.
struct Reply
{
    qint64 id = 0; ///< of the request; 0 if that was too broken to tell
    Result<QJsonObject> outcome = QJsonObject();

    QJsonObject toJson() const;
    static Result<Reply> fromJson(const QJsonObject &json);
};

/// Server → client, unasked. Shape: {"event": "operation", "data": {…}}.
struct Event
{
    QString name;
    QJsonObject data;

    QJsonObject toJson() const;
    static Result<Event> fromJson(const QJsonObject &json);
};

/// What a client receives: an Event if it has a member "event", else a Reply.
using ServerMessage = std::variant<Reply, Event>;
Result<ServerMessage> serverMessageFromJson(const QJsonObject &json);

/// Error::NotFound, for a \a method that is none.
Error noMethod(QStringView method);
/// The outcome of what has nothing to tell but that it went well.
Result<QJsonObject> emptyOr(const Result<void> &outcome);

/// The code as it stands in a reply: "too-large".
QString errorCodeName(Error::Code code);

/// One line: compact JSON and '\n'.
QByteArray encodeLine(const QJsonObject &json);

/// The object that \a line (with or without its line end) holds. Error::Protocol if it is not one.
Result<QJsonObject> decodeLine(const QByteArray &line);

} // namespace Quern::admin
