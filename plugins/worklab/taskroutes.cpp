#include "taskroutes.h"

#include "taskrace.h"

#include <Quern/server.h>

#include <QJsonDocument>
#include <QJsonObject>

#include <chrono>
#include <functional>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

QJsonObject jsonOf(const Quern::Error &error)
{
    return {{u"error"_s, error.message()}, {u"code"_s, int(error.code())}};
}

QJsonObject jsonOf(const Quern::TaskResult &result)
{
    QJsonObject json = {{u"id"_s, result.id().toString()}, {u"attempts"_s, result.attempts()}};
    if (!result.ok()) {
        json.insert(u"error"_s, result.error().message());
        json.insert(u"code"_s, int(result.error().code()));
    } else if (result.payload().isMap()) {
        json.insert(u"result"_s, QJsonObject::fromVariantMap(result.payload().map()));
    } else {
        json.insert(u"bytes"_s, result.payload().bytes().size());
    }
    return json;
}

/// JSON becomes a map; anything else is delivered as the bytes it is.
Quern::Payload payloadOf(const Quern::Request &request)
{
    const QByteArray body = request.body().toByteArray();
    if (body.isEmpty())
        return {};
    const QJsonDocument json = QJsonDocument::fromJson(body);
    return json.isObject() ? Quern::Payload(json.object().toVariantMap()) : Quern::Payload(body);
}

/// ?delay=1000&tries=3&timeout=500&priority=9&key=k&durable=true
Quern::TaskOptions optionsOf(const Quern::Request &request)
{
    const auto number = [&request](QByteArrayView name) { return request.query(name).toInt(); };
    Quern::TaskOptions options;
    options.delay = std::chrono::milliseconds(number("delay"));
    if (!request.query("tries").isEmpty())
        options.tries = number("tries");
    if (!request.query("timeout").isEmpty())
        options.timeout = std::chrono::milliseconds(number("timeout"));
    if (!request.query("priority").isEmpty())
        options.priority = number("priority");
    options.uniqueKey = request.query("key").toUtf8();
    if (!request.query("durable").isEmpty())
        options.durable = request.query("durable") == u"true"_s;
    return options;
}

void refuse(Quern::Response &response, const Quern::Error &error)
{
    const bool isBusy = error.code() == Quern::Error::Busy || error.code() == Quern::Error::Exists;
    response.setStatus(isBusy ? 409 : 400).json(jsonOf(error));
}

enum class Kind { Task, Event };

Quern::Delivery deliverOrFire(Kind kind, const QByteArray &name, const Quern::Payload &payload,
                              const Quern::TaskOptions &options)
{
    return kind == Kind::Task ? Quern::server().deliver(name, payload, options)
                              : Quern::server().fire(name, payload, options);
}

/// ?until=accepted or ?until=finished: the answer waits for that; else it leaves at once. ?until=dropped: and nobody
/// looks whether it was refused.
void send(Kind kind, const Quern::Request &request, Quern::Response &response)
{
    const QByteArray name = request.param("name").toUtf8();
    const QString until = request.query("until");
    Quern::TaskOptions options = optionsOf(request);
    if (until == u"finished"_s) {
        options.finished = [later = response.defer()](const Quern::TaskResult &result) mutable {
            later.json(jsonOf(result));
            later.end();
        };
    } else if (until == u"accepted"_s) {
        options.accepted = [later = response.defer()](const Quern::Result<Quern::TaskId> &id) mutable {
            if (id)
                later.json({{u"id"_s, id->toString()}});
            else
                refuse(later, id.error());
            later.end();
        };
    }
    const Quern::Payload payload = payloadOf(request);
    if (until == u"dropped"_s) {
        deliverOrFire(kind, name, payload, options);
        return;
    }
    const Quern::Delivery delivered = deliverOrFire(kind, name, payload, options);
    if (options.accepted || options.finished)
        return; // they tell of a refusal, too
    if (delivered)
        response.json({{u"id"_s, delivered->toString()}});
    else
        refuse(response, delivered.error());
}

void deliverAndWait(const Quern::Request &request, Quern::Response &response)
{
    const auto id =
        Quern::server().deliverAndWait(request.param("name").toUtf8(), payloadOf(request), optionsOf(request));
    if (id)
        response.json({{u"id"_s, id->toString()}});
    else
        refuse(response, id.error());
}

} // namespace

void installTaskRoutes(Quern::RouteGroup &work)
{
    work.post("/tasks/:name", std::bind_front(send, Kind::Task));
    work.post("/tasks/:name/wait", deliverAndWait);
    work.post("/events/:name", std::bind_front(send, Kind::Event));
    work.get("/race/:name", TaskRace::start);
}

} // namespace Worklab
