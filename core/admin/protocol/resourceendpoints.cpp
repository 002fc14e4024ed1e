#include "admin/protocol/connectionmessages.h"
#include "admin/protocol/endpointparts.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/servermessages.h"
#include "admin/protocol/tablemessages.h"

#include <QJsonArray>

#include <array>

namespace Quern::admin {

namespace {

/// An object with one member, for a body whose other members stand in the path.
template <typename Schema>
QJsonObject objectOf(const QString &name, const Schema &schema)
{
    return {
        {u"type"_s, u"object"_s}, {u"properties"_s, QJsonObject{{name, schema}}}, {u"required"_s, QJsonArray{name}}};
}

EndpointParameter after()
{
    return inQuery("after"_L1, "what the page before gave as \"next\""_L1, Type::Text, QString());
}

std::vector<Endpoint> processEndpoints()
{
    const std::vector<EndpointParameter> process = {
        inPath("process"_L1, "its name, such as \"worker 1\""_L1),
        inQuery("pid"_L1, "that it is to have; 0: whichever has the name now"_L1, Type::Integer, 0)};
    return {
        {.path = api("/processes"),
         .method = Methods::processList,
         .summary = "The children of the master: what they do, use, and how those before them ended."_L1,
         .result = shape("ProcessList"_L1, &ProcessList::schema)},
        {.verb = Verb::Post,
         .path = api("/processes/{process}/recycle"),
         .method = Methods::processRecycle,
         .summary = "Replaces a worker or task worker, which finishes what it has begun."_L1,
         .parameters = process,
         .result = nothing()},
        {.verb = Verb::Delete,
         .path = api("/processes/{process}"),
         .method = Methods::processKill,
         .summary = "Kills a process, which is then replaced."_L1,
         .parameters = process,
         .result = nothing()},
    };
}

std::vector<Endpoint> connectionEndpoints()
{
    const EndpointParameter id = inPath("id"_L1, "of the connection"_L1);
    return {
        {.path = api("/listeners"),
         .method = Methods::listenerList,
         .summary = "The addresses that are listened on, and what has come by them."_L1,
         .result = shape("ListenerList"_L1, &ListenerList::schema)},
        {.path = api("/connections"),
         .method = Methods::connectionList,
         .summary = "WebSocket and stream connections; those of HTTP are counted by their listeners."_L1,
         .parameters = {limit(ConnectionQuery::MostConnections), after(),
                        inQuery("port"_L1, "the name of the listener"_L1, Type::Text, QString()),
                        inQuery("user"_L1, "whom it is bound to"_L1, Type::Text, QString()),
                        inQuery("address"_L1, "the beginning of the client's address"_L1, Type::Text, QString()),
                        inQuery("kind"_L1, "websocket or stream"_L1, Type::Text, QString())},
         .result = shape("ConnectionPage"_L1, &ConnectionPage::schema),
         .adapt = [](const QJsonObject &parameters) -> Result<QJsonObject> {
             // Without a kind all are wanted.
             QJsonObject query = parameters;
             if (query["kind"_L1].toString().isEmpty())
                 query.remove("kind"_L1);
             return query;
         }},
        {.verb = Verb::Delete,
         .path = api("/connections/{id}"),
         .method = Methods::connectionClose,
         .summary = "Closes a connection when what was sent to it before has left."_L1,
         .parameters = {id, inQuery("code"_L1, "the status that a WebSocket is told"_L1, Type::Integer, 1001),
                        inQuery("reason"_L1, "what it is told beside"_L1, Type::Text, QString())},
         .result = nothing()},
        {.verb = Verb::Post,
         .path = api("/connections/{id}/push"),
         .method = Methods::connectionPush,
         .summary = "Sends a text message to a WebSocket, or its bytes to a stream."_L1,
         .parameters = {id},
         .body = shape("PushText"_L1,
                       [] {
                           return objectOf(u"text"_s, QJsonObject{{u"type"_s, u"string"_s}});
                       }),
         .result = nothing()},
    };
}

/// A path is text; keys may be any bytes.
Result<QJsonObject> withDecodedKey(const QJsonObject &parameters)
{
    QJsonObject decoded = parameters;
    const QString encoding = decoded.take("encoding"_L1).toString();
    if (encoding == u"text")
        return decoded;
    if (encoding != u"base64")
        return Error(Error::Invalid, u"encoding: must be text or base64"_s);
    const QJsonObject key = {{u"base64"_s, parameters["key"_L1]}};
    if (!TextOrBytes::fromJson(key))
        return Error(Error::Invalid, u"key: must be base64 (RFC 4648 §4), as \"encoding\" says"_s);
    decoded.insert("key"_L1, key);
    return decoded;
}

std::vector<Endpoint> tableEndpoints()
{
    const EndpointParameter table = inPath("table"_L1, "its name"_L1);
    const EndpointParameter key = inPath("key"_L1, "of the row"_L1);
    const EndpointParameter encoding =
        inQuery("encoding"_L1, "of the key: text, or base64 for one that is not UTF-8 or has control characters"_L1,
                Type::Text, u"text"_s);
    return {
        {.path = api("/tables"),
         .method = Methods::tableList,
         .summary = "The tables, their columns, and how full they are."_L1,
         .parameters = {after()},
         .result = shape("TableList"_L1, &TableList::schema)},
        {.path = api("/tables/{table}/rows"),
         .method = Methods::tableRows,
         .summary = "Rows of a table."_L1,
         .parameters = {table, limit(TableRowQuery::MostRows), after(),
                        inQuery("filter"_L1, "words, and conditions such as stock>5 or key:tea*"_L1, Type::Text,
                                QString())},
         .result = shape("TableRowPage"_L1, &TableRowPage::schema)},
        {.verb = Verb::Put,
         .path = api("/tables/{table}/rows/{key}"),
         .method = Methods::tableSet,
         .summary = "Makes a row, or changes the columns that are named."_L1,
         .parameters = {table, key, encoding},
         .body = shape("RowValues"_L1,
                       [] {
                           return objectOf(u"values"_s, QJsonObject{{u"type"_s, u"object"_s}});
                       }),
         .result = nothing(),
         .adapt = withDecodedKey},
        {.verb = Verb::Delete,
         .path = api("/tables/{table}/rows/{key}"),
         .method = Methods::tableDelete,
         .summary = "Removes a row."_L1,
         .parameters = {table, key, encoding},
         .result = nothing(),
         .adapt = withDecodedKey},
        {.path = api("/atomics"),
         .method = Methods::atomicList,
         .summary = "The atomics and their values."_L1,
         .result = shape("AtomicList"_L1, &AtomicList::schema)},
        {.verb = Verb::Put,
         .path = api("/atomics/{name}"),
         .method = Methods::atomicSet,
         .summary = "Sets an atomic; the answer is its value before."_L1,
         .parameters = {inPath("name"_L1, "its name"_L1)},
         .body = shape("NewValue"_L1,
                       [] {
                           const QString type = u"type"_s;
                           return objectOf(u"value"_s,
                                           QJsonObject{{u"anyOf"_s, QJsonArray{QJsonObject{{type, u"integer"_s}},
                                                                               QJsonObject{{type, u"string"_s}}}}});
                       }),
         .result = shape("AtomicValue"_L1, &AtomicValue::schema)},
    };
}

} // namespace

std::vector<Endpoint> resourceEndpoints()
{
    std::vector<Endpoint> list;
    for (const std::vector<Endpoint> &part : std::array{processEndpoints(), connectionEndpoints(), tableEndpoints()})
        list.insert(list.end(), part.begin(), part.end());
    return list;
}

} // namespace Quern::admin
