#include "admin/protocol/connectionmessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<ConnectionDescription::Kind> = std::to_array<EnumName<ConnectionDescription::Kind>>({
    {ConnectionDescription::Kind::WebSocket, "websocket"_L1},
    {ConnectionDescription::Kind::Stream, "stream"_L1},
});

template <>
constexpr auto namesOf<ListenerDescription::Kind> = std::to_array<EnumName<ListenerDescription::Kind>>({
    {ListenerDescription::Kind::Http, "http"_L1},
    {ListenerDescription::Kind::Stream, "stream"_L1},
    {ListenerDescription::Kind::Datagram, "datagram"_L1},
});

template <>
constexpr auto fieldsOf<ConnectionDescription> = std::tuple{
    Field{"id"_L1, &ConnectionDescription::id},
    Field{"kind"_L1, &ConnectionDescription::kind},
    Field{"port"_L1, &ConnectionDescription::port},
    Field{"remoteAddress"_L1, &ConnectionDescription::remoteAddress},
    Field{"remotePort"_L1, &ConnectionDescription::remotePort},
    Field{"user"_L1, &ConnectionDescription::user},
    Field{"openedAt"_L1, &ConnectionDescription::openedAt},
    Field{"lastReceivedAt"_L1, &ConnectionDescription::lastReceivedAt},
    Field{"bytesReceived"_L1, &ConnectionDescription::bytesReceived},
    Field{"bytesSent"_L1, &ConnectionDescription::bytesSent},
    Field{"pendingBytes"_L1, &ConnectionDescription::pendingBytes},
};

template <>
constexpr auto fieldsOf<ConnectionQuery> = std::tuple{
    Field{"limit"_L1, &ConnectionQuery::limit},     Field{"after"_L1, &ConnectionQuery::after},
    Field{"port"_L1, &ConnectionQuery::port},       Field{"user"_L1, &ConnectionQuery::user},
    Field{"address"_L1, &ConnectionQuery::address}, Field{"kind"_L1, &ConnectionQuery::kind},
};

template <>
constexpr auto fieldsOf<ConnectionPage> = std::tuple{
    Field{"connections"_L1, &ConnectionPage::connections},
    Field{"next"_L1, &ConnectionPage::next},
};

template <>
constexpr auto fieldsOf<ConnectionClosing> = std::tuple{
    Field{"id"_L1, &ConnectionClosing::id},
    Field{"code"_L1, &ConnectionClosing::code},
    Field{"reason"_L1, &ConnectionClosing::reason},
};

template <>
constexpr auto fieldsOf<ConnectionMessage> = std::tuple{
    Field{"id"_L1, &ConnectionMessage::id},
    Field{"text"_L1, &ConnectionMessage::text},
};

template <>
constexpr auto fieldsOf<ListenerDescription> = std::tuple{
    Field{"name"_L1, &ListenerDescription::name},
    Field{"address"_L1, &ListenerDescription::address},
    Field{"kind"_L1, &ListenerDescription::kind},
    Field{"tls"_L1, &ListenerDescription::tls},
    Field{"handler"_L1, &ListenerDescription::handler},
    Field{"connections"_L1, &ListenerDescription::connections},
    Field{"accepted"_L1, &ListenerDescription::accepted},
    Field{"messagesReceived"_L1, &ListenerDescription::messagesReceived},
    Field{"messagesSent"_L1, &ListenerDescription::messagesSent},
    Field{"bytesReceived"_L1, &ListenerDescription::bytesReceived},
    Field{"bytesSent"_L1, &ListenerDescription::bytesSent},
};

template <>
constexpr auto fieldsOf<ListenerList> = std::tuple{Field{"listeners"_L1, &ListenerList::listeners}};

QJsonObject ConnectionQuery::toJson() const
{
    return toJsonObject(*this);
}

Result<ConnectionQuery> ConnectionQuery::fromJson(const QJsonObject &json)
{
    ConnectionQuery query;
    JsonReader reader;
    reader.readGivenMembers(json, query);
    reader.checkLimit(query.limit, MostConnections);
    return reader.result(std::move(query));
}

QJsonObject ConnectionPage::toJson() const
{
    return toJsonObject(*this);
}

Result<ConnectionPage> ConnectionPage::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ConnectionPage>(json);
}

QJsonObject ConnectionPage::schema()
{
    return schemaOf<ConnectionPage>();
}

QJsonObject ConnectionClosing::toJson() const
{
    return toJsonObject(*this);
}

Result<ConnectionClosing> ConnectionClosing::fromJson(const QJsonObject &json)
{
    ConnectionClosing closing;
    JsonReader reader;
    reader.require(json, "id"_L1);
    reader.readGivenMembers(json, closing);
    return reader.result(std::move(closing));
}

QJsonObject ConnectionMessage::toJson() const
{
    return toJsonObject(*this);
}

Result<ConnectionMessage> ConnectionMessage::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ConnectionMessage>(json);
}

QJsonObject ListenerList::toJson() const
{
    return toJsonObject(*this);
}

Result<ListenerList> ListenerList::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ListenerList>(json);
}

QJsonObject ListenerList::schema()
{
    return schemaOf<ListenerList>();
}

} // namespace Quern::admin
