#include "app/server/deadletterjson.h"

#include "admin/protocol/message.h"

#include <QCborMap>
#include <QCborValue>
#include <QJsonDocument>
#include <QStringList>

#include <algorithm>

namespace Quern::app {

namespace {

/// Room for the rest of the message.
constexpr qsizetype longestJson = admin::longestMessage - 16 * 1024;
/// Of bytes, which take four thirds of it as base64.
constexpr qsizetype mostBytes = longestJson / 4 * 3;

QDateTime timeOf(qint64 milliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(milliseconds, Qt::UTC);
}

QString placeText(const tasks::DeadLetterPlace &place)
{
    return QStringLiteral("%1-%2").arg(place.memory).arg(place.database);
}

std::optional<tasks::DeadLetterPlace> placeOf(const QString &text)
{
    const QStringList parts = text.split(u'-');
    bool isMemory = false;
    bool isDatabase = false;
    tasks::DeadLetterPlace place;
    place.memory = quint64(parts.value(0).toLongLong(&isMemory));
    place.database = quint64(parts.value(1).toLongLong(&isDatabase));
    return parts.size() == 2 && isMemory && isDatabase ? std::optional(place) : std::nullopt;
}

QString shortened(const QString &text)
{
    constexpr qsizetype longest = admin::DeadLetter::LongestError;
    return text.size() <= longest ? text : text.first(longest - 1) + u'…';
}

admin::DeadLetter letterOf(const tasks::StoredDeadLetter &stored)
{
    const tasks::DeadLetter &letter = stored.letter;
    admin::DeadLetter message;
    message.number = qint64(letter.number);
    message.id = QString::number(letter.id);
    message.kind =
        letter.kind == tasks::TaskKind::Event ? admin::DeadLetter::Kind::Event : admin::DeadLetter::Kind::Task;
    message.name = QString::fromUtf8(letter.name);
    message.error = shortened(letter.error);
    message.attempts = int(std::min<quint32>(letter.attempts, std::numeric_limits<int>::max()));
    message.createdAt = timeOf(letter.createdMs);
    message.buriedAt = timeOf(letter.buriedMs);
    message.payloadBytes = letter.payloadSize;
    message.store = stored.store == tasks::StoreKind::Memory ? admin::DeadLetter::Store::Memory
                                                             : admin::DeadLetter::Store::Database;
    return message;
}

} // namespace

Result<quint64> taskNumber(const QString &id)
{
    bool isNumber = false;
    const qint64 number = id.toLongLong(&isNumber);
    if (isNumber && number > 0)
        return quint64(number);
    return Error(Error::Invalid, QStringLiteral("\"%1\" is no id of a task; \"quern tasks\" lists them").arg(id));
}

Result<tasks::DeadLetterPageQuery> deadLetterQuery(const admin::DeadLetterQuery &message)
{
    tasks::DeadLetterPageQuery query;
    query.name = message.name.toUtf8();
    query.limit = message.limit;
    if (message.before.isEmpty())
        return query;
    const std::optional<tasks::DeadLetterPlace> place = placeOf(message.before);
    if (!place)
        return Error(Error::Invalid, QStringLiteral("before: \"%1\" is not what a page has given").arg(message.before));
    query.before = *place;
    return query;
}

Result<tasks::DeadLetterSelection> deadLetterSelection(const admin::DeadLetterSelection &message)
{
    using Scope = admin::DeadLetterSelection::Scope;
    tasks::DeadLetterSelection selection;
    if (message.scope == Scope::One) {
        const Result<quint64> id = taskNumber(message.id);
        if (!id)
            return id.error();
        selection.id = *id;
    } else if (message.scope == Scope::Named) {
        if (message.name.isEmpty())
            return Error(Error::Invalid, QStringLiteral("name: is empty; the scope \"all\" means every name"));
        selection.name = message.name.toUtf8();
    }
    return selection;
}

admin::DeadLetterPage deadLetterPage(const tasks::DeadLetterPage &page)
{
    admin::DeadLetterPage message;
    for (const tasks::StoredDeadLetter &letter : page.letters)
        message.letters.append(letterOf(letter));
    if (page.older)
        message.older = placeText(*page.older);
    return message;
}

admin::DeadLetterPayload deadLetterPayload(const tasks::DeadPayload &payload)
{
    using Kind = admin::DeadLetterPayload::Kind;
    admin::DeadLetterPayload message;
    message.size = payload.bytes.size();
    message.kind = payload.isMap ? Kind::Cbor : Kind::Bytes;
    if (payload.isMap && payload.bytes.size() <= longestJson) {
        const QJsonObject map = QCborValue::fromCbor(payload.bytes).toMap().toJsonObject();
        if (QJsonDocument(map).toJson(QJsonDocument::Compact).size() <= longestJson) {
            message.kind = Kind::Map;
            message.map = map;
            return message;
        }
    }
    message.truncated = payload.bytes.size() > mostBytes;
    message.bytes = QString::fromLatin1(payload.bytes.first(std::min(payload.bytes.size(), mostBytes)).toBase64());
    return message;
}

} // namespace Quern::app
