#include "tableroutes.h"

#include <Quern/server.h>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

void refuse(Quern::Response &response, const Quern::Error &error)
{
    response.setStatus(error.code() == Quern::Error::NotFound ? 404 : 409);
    response.json({{u"error"_s, error.message()}});
}

/// Calls \a use with the table that the route names, if it is there.
template <typename Use>
Quern::Handler withTable(Use use)
{
    return [use](const Quern::Request &request, Quern::Response &response) {
        Quern::Result<Quern::Table> table = Quern::server().table(request.param("table"));
        if (table)
            use(*table, request, response);
        else
            refuse(response, table.error());
    };
}

/// The first hundred rows or so.
void list(Quern::Table &table, const Quern::Request &, Quern::Response &response)
{
    QJsonObject rows;
    for (const Quern::KeyedRow &each : table.rows().rows)
        rows.insert(QString::fromUtf8(each.key), QJsonObject::fromVariantMap(each.row.toMap()));
    const Quern::TableStats stats = table.stats();
    response.json({{u"rows"_s, rows}, {u"count"_s, qint64(table.count())}, {u"size"_s, qint64(stats.size)}});
}

void read(Quern::Table &table, const Quern::Request &request, Quern::Response &response)
{
    const auto row = table.get(request.param("key"));
    if (!row)
        refuse(response, row.error());
    else if (!*row)
        refuse(response, Quern::Error(Quern::Error::NotFound, u"there is no such row"_s));
    else
        response.json(QJsonObject::fromVariantMap(**row));
}

/// The body is JSON with values of columns; ?ttl= in milliseconds.
void write(Quern::Table &table, const Quern::Request &request, Quern::Response &response)
{
    const QJsonDocument body = QJsonDocument::fromJson(request.body().toByteArray());
    if (!body.isObject())
        return refuse(response, Quern::Error(Quern::Error::Invalid, u"the body is to be a JSON object"_s));
    Quern::TimeToLive timeToLive;
    if (const QString ttl = request.query("ttl"); !ttl.isEmpty())
        timeToLive = std::chrono::milliseconds(ttl.toLongLong());
    const Quern::Outcome written = table.set(request.param("key"), body.object().toVariantMap(), timeToLive);
    if (!written)
        refuse(response, written.error());
    else
        response.setStatus(204);
}

void increment(Quern::Table &table, const Quern::Request &request, Quern::Response &response)
{
    const QString by = request.query("by");
    const auto value = table.increment(request.param("key"), request.param("column"),
                                       by.isEmpty() ? QVariant(1) : QVariant(by.toLongLong()));
    if (value)
        response.json({{u"value"_s, QJsonValue::fromVariant(*value)}});
    else
        refuse(response, value.error());
}

void remove(Quern::Table &table, const Quern::Request &request, Quern::Response &response)
{
    const auto removed = table.remove(request.param("key"));
    if (removed)
        response.json({{u"removed"_s, *removed}});
    else
        refuse(response, removed.error());
}

void addToCounter(const Quern::Request &request, Quern::Response &response)
{
    Quern::Result<Quern::Atomic> counter = Quern::server().atomic(request.param("name"));
    const QString by = request.query("by");
    if (counter)
        response.json({{u"value"_s, counter->add(by.isEmpty() ? 1 : by.toLongLong())}});
    else
        refuse(response, counter.error());
}

} // namespace

void installTableRoutes(Quern::RouteGroup &work)
{
    work.get("/tables/:table", withTable(list));
    work.get("/tables/:table/:key", withTable(read));
    work.put("/tables/:table/:key", withTable(write));
    work.del("/tables/:table/:key", withTable(remove));
    work.post("/tables/:table/:key/:column", withTable(increment));
    work.post("/counters/:name", addToCounter);
}

} // namespace Worklab
