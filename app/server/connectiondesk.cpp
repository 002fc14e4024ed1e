#include "app/server/connectiondesk.h"

#include "admin/protocol/methods.h"

#include <Quern/connectionid.h>

#include <QPointer>

namespace Quern::app {

namespace {

using Kind = admin::ConnectionDescription::Kind;
using Listeners = QList<admin::ListenerDescription>;

Kind kindOf(const ipc::ConnectionRecord &record)
{
    return record.kind == ipc::ConnectionKind::WebSocket ? Kind::WebSocket : Kind::Stream;
}

QDateTime timeOf(quint64 milliseconds)
{
    return QDateTime::fromMSecsSinceEpoch(qint64(milliseconds), Qt::UTC);
}

admin::ConnectionDescription descriptionOf(const ipc::ConnectionRecord &record, const Listeners &listeners)
{
    admin::ConnectionDescription connection;
    connection.id = QString::number(record.id);
    connection.kind = kindOf(record);
    connection.port = listeners.value(record.port).name;
    connection.remoteAddress = QString::fromLatin1(record.remoteAddress);
    connection.remotePort = record.remotePort;
    connection.user = {record.user};
    connection.openedAt = timeOf(record.openedMs);
    connection.lastReceivedAt = timeOf(record.lastReceivedMs);
    connection.bytesReceived = qint64(record.bytesReceived);
    connection.bytesSent = qint64(record.bytesSent);
    connection.pendingBytes = record.pendingBytes;
    return connection;
}

bool isWanted(const ipc::ConnectionRecord &record, const admin::ConnectionQuery &query, const Listeners &listeners)
{
    return (query.port.isEmpty() || listeners.value(record.port).name == query.port) &&
           (query.user.isEmpty() || record.user == query.user.toUtf8()) &&
           record.remoteAddress.startsWith(query.address.toUtf8()) && (!query.kind || kindOf(record) == *query.kind);
}

/// Where a page begins.
Result<quint64> placeOf(const QString &after)
{
    bool isNumber = after.isEmpty();
    const quint64 place = after.isEmpty() ? 0 : after.toULongLong(&isNumber);
    if (isNumber && (after.isEmpty() || (place != 0 && QString::number(place) == after)))
        return place;
    return Error(Error::Invalid, QStringLiteral("\"%1\" is no place among the connections: give what the page before "
                                                "gave as next, or nothing for the first page")
                                     .arg(after.left(200)));
}

Result<void> checkPort(const QString &name, const Listeners &listeners)
{
    QStringList known;
    for (const admin::ListenerDescription &listener : listeners) {
        if (name == listener.name)
            return {};
        if (!known.contains(listener.name))
            known.append(listener.name);
    }
    return Error(Error::NotFound,
                 QStringLiteral("there is no port \"%1\"; there is: %2").arg(name, known.join(QStringLiteral(", "))));
}

} // namespace

ConnectionDesk::ConnectionDesk(const ipc::ConnectionTable &table, Reactors reactors, const OpenRequests::Send &send,
                               QObject *parent)
    : QObject(parent)
    , m_table(table)
    , m_reactors(std::move(reactors))
    , m_send(send)
    , m_replies(QStringLiteral("the reactor of the connection"), send)
{
}

void ConnectionDesk::handle(quint64 client, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::connectionClose)
        close(client, request);
    else if (request.method == Methods::connectionPush)
        push(client, request);
    else
        m_send(client, {request.id, look(request)});
}

Result<QJsonObject> ConnectionDesk::look(const admin::Request &request) const
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::connectionList)
        return list(request.params);
    if (request.method == Methods::listenerList)
        return admin::ListenerList{m_reactors.listeners()}.toJson();
    return admin::noMethod(request.method);
}

Result<QJsonObject> ConnectionDesk::list(const QJsonObject &params) const
{
    const Result<admin::ConnectionQuery> query = admin::ConnectionQuery::fromJson(params);
    if (!query)
        return query.error();
    const Result<quint64> place = placeOf(query->after);
    if (!place)
        return place.error();
    const Listeners listeners = m_reactors.listeners();
    if (!query->port.isEmpty()) {
        if (const Result<void> known = checkPort(query->port, listeners); !known)
            return known.error();
    }
    const ipc::ConnectionPage found =
        m_table.page(*place, query->limit, SlotsPerPage,
                     [&](const ipc::ConnectionRecord &record) { return isWanted(record, *query, listeners); });
    admin::ConnectionPage page;
    for (const ipc::ConnectionRecord &record : found.records)
        page.connections.append(descriptionOf(record, listeners));
    if (found.next != 0)
        page.next = QString::number(found.next);
    return page.toJson();
}

void ConnectionDesk::close(quint64 client, const admin::Request &request)
{
    const Result<admin::ConnectionClosing> closing = admin::ConnectionClosing::fromJson(request.params);
    const Result<ConnectionId> id =
        closing ? ConnectionId::fromText(closing->id.toUtf8()) : Result<ConnectionId>(closing.error());
    if (!id)
        m_send(client, {request.id, id.error()});
    else if (const Answer answer = answerTo(client, request))
        m_reactors.close(id->value(), closing->code, closing->reason, answer);
}

void ConnectionDesk::push(quint64 client, const admin::Request &request)
{
    const Result<admin::ConnectionMessage> message = admin::ConnectionMessage::fromJson(request.params);
    const Result<ConnectionId> id =
        message ? ConnectionId::fromText(message->id.toUtf8()) : Result<ConnectionId>(message.error());
    if (!id)
        m_send(client, {request.id, id.error()});
    else if (const Answer answer = answerTo(client, request))
        m_reactors.push(id->value(), message->text, answer);
}

ConnectionDesk::Answer ConnectionDesk::answerTo(quint64 client, const admin::Request &request)
{
    const std::optional<quint64> token = m_replies.begin(client, request.id);
    if (!token)
        return {};
    return [desk = QPointer(this), token = *token](const Result<void> &outcome) {
        if (desk)
            desk->m_replies.answered(token, admin::emptyOr(outcome));
    };
}

} // namespace Quern::app
