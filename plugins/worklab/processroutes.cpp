#include "processes.h"

#include <Quern/server.h>

#include <QJsonDocument>
#include <QJsonObject>

#include <chrono>

using namespace Qt::Literals::StringLiterals;

namespace Worklab {

namespace {

void refuse(Quern::Response &response, const Quern::Error &error)
{
    const int status = error.code() == Quern::Error::NotFound  ? 404
                       : error.code() == Quern::Error::Busy    ? 503
                       : error.code() == Quern::Error::Timeout ? 504
                                                               : 400;
    response.setStatus(status).json(QJsonObject{{u"error"_s, error.message()}, {u"code"_s, int(error.code())}});
}

/// ?number=1 names a copy; without it there is one, or it does not matter.
Quern::ProcessHandle processOf(const Quern::Request &request)
{
    const QString number = request.query("number");
    return Quern::server().process(request.param("name").toUtf8(), number.isEmpty() ? -1 : number.toInt());
}

std::chrono::milliseconds timeoutOf(const Quern::Request &request)
{
    const QString timeout = request.query("timeout");
    return std::chrono::milliseconds(timeout.isEmpty() ? 2000 : timeout.toInt());
}

void write(const Quern::Request &request, Quern::Response &response)
{
    const QByteArray bytes = request.body().toByteArray();
    // With ?nowait=true only the log tells of a full pipe.
    const Quern::Outcome written =
        request.query("nowait").isEmpty() ? processOf(request).writeAndWait(bytes) : processOf(request).write(bytes);
    if (!written)
        refuse(response, written.error());
}

/// Waits for the answer of the process, and answers with it; ?wait=true keeps the worker busy meanwhile.
void read(const Quern::Request &request, Quern::Response &response)
{
    if (!request.query("wait").isEmpty()) {
        const auto bytes = processOf(request).readAndWait(timeoutOf(request));
        if (bytes)
            response.text(QString::fromUtf8(*bytes));
        else
            refuse(response, bytes.error());
        return;
    }
    processOf(request).read(
        [later = response.defer()](const Quern::Result<QByteArray> &bytes) mutable {
            if (bytes)
                later.text(QString::fromUtf8(*bytes));
            else
                refuse(later, bytes.error());
            later.end();
        },
        timeoutOf(request));
}

/// A JSON object is one item; ?count=100 pushes it so often, with "number" counted up.
void push(const Quern::Request &request, Quern::Response &response)
{
    QVariantMap item = QJsonDocument::fromJson(request.body().toByteArray()).object().toVariantMap();
    const int first = item.value(u"number"_s).toInt();
    const int count = std::max(request.query("count").toInt(), 1);
    int pushed = 0;
    for (; pushed < count; ++pushed) {
        item.insert(u"number"_s, first + pushed);
        const Quern::Outcome done = processOf(request).pushAndWait(item);
        if (!done)
            return refuse(response, done.error());
    }
    response.json(QJsonObject{{u"pushed"_s, pushed}});
}

/// POST /lab/messages/worker/1 with the text as body; ?answer=true wants one back.
void send(const Quern::Request &request, Quern::Response &response)
{
    const QString kind = request.param("kind");
    const int number = request.param("number").toInt();
    const Quern::ProcessAddress to = kind == u"worker"_s        ? Quern::ProcessAddress::worker(number)
                                     : kind == u"task-worker"_s ? Quern::ProcessAddress::taskWorker(number)
                                     : kind == u"timer"_s       ? Quern::ProcessAddress::timer()
                                                                : Quern::ProcessAddress::process(kind, number);
    const Quern::Outcome sent =
        Quern::server().sendMessage(to, {{u"text"_s, QString::fromUtf8(request.body().toByteArray())},
                                         {u"answer"_s, !request.query("answer").isEmpty()}});
    if (!sent)
        refuse(response, sent.error());
    else
        response.json(QJsonObject{{u"to"_s, to.toString()}, {u"from"_s, Quern::server().self().toString()}});
}

} // namespace

void installProcessRoutes(Quern::RouteGroup &work)
{
    work.post("/processes/:name/pipe", write);
    work.get("/processes/:name/pipe", read);
    work.post("/processes/:name/queue", push);
    work.post("/messages/:kind/:number", send);
}

} // namespace Worklab
