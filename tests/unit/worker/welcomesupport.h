#pragma once

#include "worker/pluginloader.h"

#include "sdk/src/request_p.h"
#include "sdk/src/response_p.h"
#include "sdk/src/router_p.h"

#include <Quern/requestid.h>

#include <QList>

#include <memory>
#include <utility>

/// Keeps the one answer of a test, and reads its stream.
class Client final : public Quern::ResponseSink
{
public:
    using Stream = Quern::ResponseStreamPrivate;

    void responseReady(quint64, const Quern::Answer &answered) override
    {
        answer = answered;
        status = answered.status;
        headers = answered.headerBlock;
        body = answered.body;
        read();
    }
    void responseDropped(quint64) override { dropped = true; }
    void streamWritten(quint64) override { read(); }
    void streamAwaited() override {}
    void callAuthor(quint64, const std::function<void()> &callback) override { callback(); }

    void read()
    {
        if (!answer.stream)
            return;
        Stream::Taken taken = answer.stream->take();
        for (const QByteArray &piece : std::as_const(taken.pieces))
            body += piece;
        ended = taken.ended;
        trailer = taken.trailer;
        if (!reads)
            return;
        if (const Stream::Callback drained = answer.stream->setWaiting(0))
            drained();
    }
    void leave()
    {
        if (const Stream::Callback closed = answer.stream->close())
            closed();
    }

    Quern::Answer answer;
    int status = 0;
    QByteArray headers;
    QByteArray body; ///< of a stream: what has come so far
    QByteArray trailer;
    bool ended = false; ///< the stream
    bool dropped = false;
    bool reads = true; ///< false: what comes fills the stream's buffer
};

struct Call
{
    QByteArray method = QByteArrayLiteral("GET");
    QByteArray target;
    QByteArray contentType = {};
    QByteArray body = {};
    QList<std::pair<QByteArray, QByteArray>> headers = {};
    QList<Quern::BodyPart> parts = {}; ///< if there are any, the body is a multipart form
};

/// The welcome plugin in a worker that takes one request after the other.
class WelcomeServer
{
public:
    WelcomeServer()
    {
        if (const auto loaded = m_plugins.load({{QStringLiteral(WELCOME_PLUGIN), {}}}); !loaded)
            qFatal("%s", qPrintable(loaded.error().message()));
        for (const Quern::RouteSpec &route : m_plugins.routes())
            m_router.add(route.method, route.pattern);
    }

    /// Does what the handler host does with one request.
    void run(const Call &call)
    {
        using namespace std::chrono_literals;
        auto *data = new Quern::RequestPrivate;
        Quern::Request request(data);
        data->id = Quern::RequestId::make(2, 4711, 5);
        data->method = data->keep(call.method);
        data->target = data->keep(call.target);
        data->bodyBytes = call.body;
        data->body = data->bodyBytes;
        if (!call.contentType.isEmpty())
            data->headers.append({"content-type", data->keep(call.contentType)});
        for (const auto &[name, value] : call.headers)
            data->headers.append({data->keep(name), data->keep(value)});
        data->extra().parts = call.parts;
        data->extra().isForm = !call.parts.isEmpty();
        data->remoteAddress = "192.0.2.7";
        data->remotePort = 40312;
        const auto start = std::chrono::steady_clock::time_point(1s);
        data->journey = {1, 2, 3, start, start + 12us, start + 46us};

        const Quern::Router::Match match = m_router.match(request.method(), request.path());
        if (match.outcome != Quern::Router::Outcome::Found)
            qFatal("no route for %s", call.target.constData());
        data->params = match.params;

        m_response = new Quern::ResponsePrivate(request.id(), &client);
        Quern::Response response(m_response.get());
        m_plugins.routes()[size_t(match.route)].handler(request, response);
        if (!m_response->deferred)
            m_response->finish();
    }

    const Quern::worker::PluginLoader &plugins() const { return m_plugins; }
    Quern::ResponsePrivate &response() { return *m_response; }

private:
    Quern::worker::PluginLoader m_plugins{1};
    Quern::Router m_router;
    QExplicitlySharedDataPointer<Quern::ResponsePrivate> m_response;

public:
    Client client;
};
