#include "admin/protocol/message.h"

#include "admin/protocol/jsonmapping.h"

#include <QJsonDocument>

#include <algorithm>
#include <array>

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

namespace {

struct CodeName
{
    Error::Code code;
    QLatin1StringView name;
};

/// Append-only: the names travel between versions.
constexpr std::array codeNames = {
    CodeName{Error::Invalid, "invalid"_L1},         CodeName{Error::Protocol, "protocol"_L1},
    CodeName{Error::TooLarge, "too-large"_L1},      CodeName{Error::NotFound, "not-found"_L1},
    CodeName{Error::Exists, "exists"_L1},           CodeName{Error::Busy, "busy"_L1},
    CodeName{Error::Unavailable, "unavailable"_L1}, CodeName{Error::Timeout, "timeout"_L1},
    CodeName{Error::Permission, "permission"_L1},   CodeName{Error::Io, "io"_L1},
    CodeName{Error::Internal, "internal"_L1},
};

Error::Code codeFromName(const QString &name)
{
    const auto it =
        std::find_if(codeNames.begin(), codeNames.end(), [&name](const CodeName &entry) { return entry.name == name; });
    return it == codeNames.end() ? Error::Internal : it->code;
}

} // namespace

Error noMethod(QStringView method)
{
    return Error(Error::NotFound, QStringLiteral("there is no method %1").arg(method.left(longestShown)));
}

Result<QJsonObject> emptyOr(const Result<void> &outcome)
{
    return outcome ? Result<QJsonObject>(QJsonObject()) : outcome.error();
}

QString errorCodeName(Error::Code code)
{
    const auto it =
        std::find_if(codeNames.begin(), codeNames.end(), [code](const CodeName &entry) { return entry.code == code; });
    return it->name;
}

QJsonObject Request::toJson() const
{
    return {{u"id"_s, id}, {u"method"_s, method}, {u"params"_s, params}};
}

Result<Request> Request::fromJson(const QJsonObject &json)
{
    Request request;
    JsonReader reader;
    reader.read(json, "id"_L1, request.id);
    reader.read(json, "method"_L1, request.method);
    if (json.contains("params"_L1))
        reader.read(json, "params"_L1, request.params);
    if (request.id == 0)
        reader.refuse(u"id"_s, u"must be 1 or more"_s);
    if (reader.ok() && request.method.isEmpty())
        reader.refuse(u"method"_s, u"is empty"_s);
    return reader.result(std::move(request));
}

QJsonObject Reply::toJson() const
{
    if (outcome)
        return {{u"id"_s, id}, {u"result"_s, *outcome}};
    const QJsonObject error = {{u"code"_s, errorCodeName(outcome.error().code())},
                               {u"message"_s, outcome.error().message()}};
    return {{u"id"_s, id}, {u"error"_s, error}};
}

Result<Reply> Reply::fromJson(const QJsonObject &json)
{
    Reply reply;
    JsonReader reader;
    reader.read(json, "id"_L1, reply.id);
    if (json.contains("error"_L1)) {
        if (json.contains("result"_L1))
            reader.refuse(u"error"_s, u"stands beside a result"_s);
        QJsonObject error;
        QString code;
        QString message;
        reader.read(json, "error"_L1, error);
        reader.enter(u"error"_s);
        reader.read(error, "code"_L1, code);
        reader.read(error, "message"_L1, message);
        reply.outcome = Error(codeFromName(code), message);
    } else {
        reader.read(json, "result"_L1, *reply.outcome);
    }
    return reader.result(std::move(reply));
}

QJsonObject Event::toJson() const
{
    return {{u"event"_s, name}, {u"data"_s, data}};
}

Result<Event> Event::fromJson(const QJsonObject &json)
{
    Event event;
    JsonReader reader;
    reader.read(json, "event"_L1, event.name);
    reader.read(json, "data"_L1, event.data);
    if (reader.ok() && event.name.isEmpty())
        reader.refuse(u"event"_s, u"is empty"_s);
    return reader.result(std::move(event));
}

Result<ServerMessage> serverMessageFromJson(const QJsonObject &json)
{
    if (json.contains("event"_L1)) {
        Result<Event> event = Event::fromJson(json);
        return event ? Result<ServerMessage>(std::move(*event)) : event.error();
    }
    Result<Reply> reply = Reply::fromJson(json);
    return reply ? Result<ServerMessage>(std::move(*reply)) : reply.error();
}

QByteArray encodeLine(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact) + '\n';
}

Result<QJsonObject> decodeLine(const QByteArray &line)
{
    QJsonParseError failure;
    const QJsonDocument document = QJsonDocument::fromJson(line, &failure);
    if (failure.error != QJsonParseError::NoError) {
        return Error(Error::Protocol,
                     u"not JSON at byte %1: %2"_s.arg(QString::number(failure.offset), failure.errorString()));
    }
    if (!document.isObject())
        return Error(Error::Protocol, u"a message must be a JSON object, not an array"_s);
    return document.object();
}

} // namespace Quern::admin
