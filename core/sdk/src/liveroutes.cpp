// What plugins register for WebSocket and socket connections, and for ports of their own.

#include "application_p.h"

#include "httpsyntax_p.h"
#include "request_p.h"

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

std::string socketTitle(QByteArrayView name)
{
    return "socket handler " + quoted(name);
}

std::string titleOf(const RouteSpec &spec)
{
    return spec.isSocket() ? socketTitle(spec.pattern) : "route " + routeName(spec);
}

/// Puts \a handler into \a place of \a spec; \a call is what was called for it.
template <typename Function>
void give(const ApplicationPrivate *application, const RouteSpec &spec, Function &place, Function handler,
          const std::string &call)
{
    application->checkOpen(call);
    if (!handler)
        throw std::invalid_argument("an empty function is given to " + call + " of " + titleOf(spec));
    if (place)
        throw std::invalid_argument(titleOf(spec) + " is given " + call + " a second time: keep one of the two");
    place = std::move(handler);
}

/// The handler of a WebSocket route: the author's, if he has given one.
void shakeHands(const LiveHandlers &live, const Request &request, Response &response)
{
    if (live.requiresSubprotocol && request.subprotocol().isEmpty())
        response.setStatus(400).text("this WebSocket wants its subprotocol agreed on: offer one of " +
                                     live.subprotocols.join(", ") + " in Sec-WebSocket-Protocol\n");
    else if (live.handshake)
        live.handshake(request, response);
}

} // namespace

void checkServiceName(QByteArrayView name, const char *call)
{
    const auto isAllowed = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    };
    if (name.isEmpty() || !std::all_of(name.begin(), name.end(), isAllowed))
        throw std::invalid_argument(std::string("the name ") + quoted(name) + " that is given to " + call +
                                    " cannot stand in the settings: use letters, digits, '_' and '-'");
}

QByteArray RequestPrivate::subprotocol() const
{
    if (!route || !route->isWebSocket())
        return {};
    QByteArrayList offered;
    for (const HeaderView &field : headers) {
        if (!equalsIgnoringCase(field.name, "Sec-WebSocket-Protocol"))
            continue;
        for (const QByteArray &each : field.value.toByteArray().split(','))
            offered.append(each.trimmed());
    }
    for (const QByteArray &each : route->live->subprotocols) {
        if (offered.contains(each))
            return each;
    }
    return {};
}

QByteArray Request::subprotocol() const
{
    return d->subprotocol();
}

WebSocketRoute RouteGroup::webSocket(QByteArrayView pattern)
{
    const auto live = std::make_shared<LiveHandlers>();
    RouteSpec added{
        .method = RouteSpec::WebSocketMethod.toByteArray(),
        .pattern = m_prefix + pattern.toByteArray(),
        .shape = {},
        .plugin = d->plugin,
        .handler = [live](const Request &request, Response &response) { shakeHands(*live, request, response); },
        .middleware = m_middleware,
        .service = d->serviceOf(*this),
        .live = live};
    d->checkOpen("the registration of route " + routeName(added));
    return WebSocketRoute(d, &d->addRoute(std::move(added), m_prefix, pattern));
}

WebSocketRoute &WebSocketRoute::subprotocols(QByteArrayList names)
{
    d->checkOpen("WebSocketRoute::subprotocols()");
    for (qsizetype i = 0; i < names.size(); ++i) {
        if (!isToken(names.at(i)))
            throw std::invalid_argument("subprotocol " + quoted(names.at(i)) + " of " + titleOf(*m_spec) +
                                        " is no token: use letters, digits, '.' and '-' (RFC 6455 §4.1)");
        if (names.indexOf(names.at(i)) != i)
            throw std::invalid_argument("subprotocol " + quoted(names.at(i)) + " of " + titleOf(*m_spec) +
                                        " stands there twice: keep one of the two");
    }
    m_spec->live->subprotocols = std::move(names);
    return *this;
}

WebSocketRoute &WebSocketRoute::requireSubprotocol()
{
    d->checkOpen("WebSocketRoute::requireSubprotocol()");
    if (m_spec->live->subprotocols.isEmpty())
        throw std::invalid_argument("requireSubprotocol() of " + titleOf(*m_spec) +
                                    " would refuse everybody: name what it speaks by subprotocols() before");
    m_spec->live->requiresSubprotocol = true;
    return *this;
}

WebSocketRoute &WebSocketRoute::onHandshake(std::function<void(const Request &, Response &)> handler)
{
    give(d, *m_spec, m_spec->live->handshake, std::move(handler), "onHandshake()");
    return *this;
}

WebSocketRoute &WebSocketRoute::onOpen(std::function<void(const Connection &, const Request &)> handler)
{
    give(d, *m_spec, m_spec->live->open, std::move(handler), "onOpen()");
    return *this;
}

WebSocketRoute &WebSocketRoute::onMessage(std::function<void(const Connection &, const Message &)> handler)
{
    give(d, *m_spec, m_spec->live->message, std::move(handler), "onMessage()");
    return *this;
}

WebSocketRoute &WebSocketRoute::onClose(std::function<void(const Connection &, const CloseReason &)> handler)
{
    give(d, *m_spec, m_spec->live->close, std::move(handler), "onClose()");
    return *this;
}

WebSocketRoute &WebSocketRoute::onBufferFull(std::function<void(const Connection &)> handler)
{
    give(d, *m_spec, m_spec->live->bufferFull, std::move(handler), "onBufferFull()");
    return *this;
}

WebSocketRoute &WebSocketRoute::onBufferEmpty(std::function<void(const Connection &)> handler)
{
    give(d, *m_spec, m_spec->live->bufferEmpty, std::move(handler), "onBufferEmpty()");
    return *this;
}

WebSocketRoute &WebSocketRoute::name(QByteArrayView name)
{
    d->checkOpen("WebSocketRoute::name()");
    d->giveName(*m_spec, name);
    return *this;
}

WebSocketRoute &WebSocketRoute::use(Middleware middleware)
{
    d->checkOpen("WebSocketRoute::use()");
    m_spec->middleware.push_back(sharedMiddleware(std::move(middleware), routeName(*m_spec)));
    return *this;
}

SocketHandler Application::socket(QByteArrayView name)
{
    d->checkOpen("the registration of " + socketTitle(name));
    checkServiceName(name, "socket()");
    for (const RouteSpec &taken : d->routes) {
        if (taken.isSocket() && taken.pattern == name)
            throw std::invalid_argument(socketTitle(name) + " of plugin " + quoted(d->plugin.toUtf8()) +
                                        " has the name of one of plugin " + quoted(taken.plugin.toUtf8()) +
                                        ": rename or remove one of them");
    }
    RouteSpec &added = d->routes.emplace_back(RouteSpec{.method = RouteSpec::SocketMethod.toByteArray(),
                                                        .pattern = name.toByteArray(),
                                                        .shape = {},
                                                        .plugin = d->plugin,
                                                        .handler = {},
                                                        .service = name.toByteArray(),
                                                        .live = std::make_shared<LiveHandlers>()});
    return SocketHandler(d, &added);
}

void Application::port(QByteArrayView name, const std::function<void(RouteGroup &)> &fill)
{
    d->checkOpen("port()");
    checkServiceName(name, "port()");
    fill(d->addGroup({}, {}, name.toByteArray()));
}

SocketHandler &SocketHandler::onConnect(std::function<void(const Connection &)> handler)
{
    give(d, *m_spec, m_spec->live->connect, std::move(handler), "onConnect()");
    return *this;
}

SocketHandler &SocketHandler::onReceive(std::function<void(const Connection &, QByteArrayView)> handler)
{
    give(d, *m_spec, m_spec->live->receive, std::move(handler), "onReceive()");
    return *this;
}

SocketHandler &SocketHandler::onClose(std::function<void(const Connection &, const CloseReason &)> handler)
{
    give(d, *m_spec, m_spec->live->close, std::move(handler), "onClose()");
    return *this;
}

SocketHandler &SocketHandler::onPacket(std::function<void(const Datagram &)> handler)
{
    give(d, *m_spec, m_spec->live->packet, std::move(handler), "onPacket()");
    return *this;
}

SocketHandler &SocketHandler::onBufferFull(std::function<void(const Connection &)> handler)
{
    give(d, *m_spec, m_spec->live->bufferFull, std::move(handler), "onBufferFull()");
    return *this;
}

SocketHandler &SocketHandler::onBufferEmpty(std::function<void(const Connection &)> handler)
{
    give(d, *m_spec, m_spec->live->bufferEmpty, std::move(handler), "onBufferEmpty()");
    return *this;
}

} // namespace Quern
