#include "admin/server/httpserver.h"

#include "admin/protocol/endpoints.h"
#include "admin/protocol/openapi.h"
#include "admin/server/clientaddress.h"
#include "admin/server/httplistener.h"
#include "admin/server/httpparser.h"
#include "admin/server/httptls.h"

#include <QDeadlineTimer>

#include <algorithm>

namespace Quern::admin {

namespace {

/// Bytes of a body behind which a connection goes on.
constexpr qint64 largestKept = 64 << 10;

QString nameOf(const TokenHolder &holder, const HttpConnection &connection)
{
    return QStringLiteral("token %1 from %2").arg(holder.name, shownAddress(connection.socket()->peerAddress()));
}

std::vector<Endpoint> endpointsOf(const HttpServerSettings &settings)
{
    std::vector<Endpoint> list(endpoints().begin(), endpoints().end());
    if (!settings.metricsPath.isEmpty())
        list.push_back(metricsEndpoint(settings.metricsPath, settings.metricsPublic));
    return list;
}

} // namespace

HttpServer::HttpServer(const HttpServerSettings &settings, QObject *parent)
    : Transport(parent)
    , m_settings(settings)
    , m_endpoints(endpointsOf(settings))
    , m_judge(m_endpoints, settings.rules, settings.http.maxBody)
    , m_document(HttpAnswer::ofJson(openApiDocument(m_endpoints, settings.version)))
    , m_parser(new HttpParser([this](QTcpSocket *socket, const QByteArray &body) { serve(socket, body); }, this))
    , m_pending(settings.timeouts)
    , m_streams(settings.streams)
{
    connect(&m_pending, &PendingReplies::ended, this, &Transport::clientGone);
    connect(&m_streams, &StreamHub::requestReceived, this, &Transport::requestReceived);
    connect(&m_streams, &StreamHub::requestRefused, this, &Transport::requestRefused);
    connect(&m_streams, &StreamHub::clientGone, this, &Transport::clientGone);
    connect(&m_streams, &StreamHub::outputTaken, this, &Transport::outputTaken);
}

HttpServer::~HttpServer()
{
    for (HttpConnection *connection : m_connections)
        connection->disconnect(this);
}

void HttpServer::setTokens(const AccessTokens &tokens)
{
    m_judge.setTokens(tokens);
    m_streams.keep(tokens);
}

Result<void> HttpServer::setCertificate(const QByteArray &certificates, const QSslKey &key)
{
    const Result<QSslConfiguration> made = tlsConfiguration(certificates, key);
    if (!made)
        return made.error();
    m_tls = *made;
    for (HttpListener *listener : m_listeners) {
        if (listener->isTls())
            listener->setTls(*m_tls);
    }
    return {};
}

HttpListener *HttpServer::newListener(const HttpAddress &address)
{
    auto *listener = new HttpListener(
        m_parser, [this](QTcpSocket *socket) { return guard(socket); }, m_parser);
    if (address.tls)
        listener->setTls(*m_tls);
    return listener;
}

void HttpServer::serve(HttpListener *listener)
{
    m_parser->bind(listener);
    m_listeners.push_back(listener);
}

Result<void> HttpServer::listen(const HttpAddress &address)
{
    std::unique_ptr<HttpListener> listener(newListener(address));
    if (!listener->listen(QHostAddress(address.host), address.port)) {
        const bool isTaken = listener->serverError() == QAbstractSocket::AddressInUseError;
        return Error(isTaken ? Error::Exists : Error::Io, QStringLiteral("cannot listen on %1 port %2: %3")
                                                              .arg(address.host)
                                                              .arg(address.port)
                                                              .arg(listener->errorString()));
    }
    serve(listener.release());
    return {};
}

Result<void> HttpServer::listen(const HttpAddress &address, base::FileDescriptor socket)
{
    std::unique_ptr<HttpListener> listener(newListener(address));
    if (!listener->setSocketDescriptor(socket.get()))
        return Error(Error::Io, QStringLiteral("cannot serve the socket of %1 port %2: %3")
                                    .arg(address.host)
                                    .arg(address.port)
                                    .arg(listener->errorString()));
    socket.release();
    serve(listener.release());
    return {};
}

QList<int> HttpServer::descriptors() const
{
    QList<int> all;
    for (const HttpListener *listener : m_listeners)
        all.append(int(listener->socketDescriptor()));
    return all;
}

HttpConnection *HttpServer::guard(QTcpSocket *socket)
{
    if (int(m_connections.size()) >= m_settings.maxConnections) {
        HttpConnection *loser = leastMissed(socket);
        if (!loser)
            return nullptr;
        loser->abort();
    }
    auto *connection = new HttpConnection(
        socket, m_settings.http, [this](HttpConnection &asking, const RequestHead &head) { judge(asking, head); });
    m_connections.push_back(connection);
    connect(connection, &HttpConnection::gone, this, [this, connection] { connectionGone(connection); });
    return connection;
}

/// Who makes room for \a newcomer. Of those who have not shown a token yet, the network that holds the most places
/// loses its oldest: a few networks cannot push out clients from elsewhere before they have shown theirs. If all have
/// shown one, it is who has been idle for the longest. Null if nobody is.
HttpConnection *HttpServer::leastMissed(const QTcpSocket *newcomer) const
{
    QHash<QHostAddress, int> strangers = {{networkOf(newcomer->peerAddress()), 1}};
    for (const HttpConnection *connection : m_connections) {
        if (!connection->isTrusted())
            ++strangers[connection->network()];
    }
    HttpConnection *found = nullptr;
    int most = 0;
    for (HttpConnection *connection : m_connections) {
        const int count = connection->isTrusted() ? 0 : strangers.value(connection->network());
        if (count > most)
            found = connection;
        most = std::max(most, count);
    }
    if (found)
        return found;
    for (HttpConnection *connection : m_connections) {
        const auto since = connection->idleSince();
        if (since && (!found || *since < *found->idleSince()))
            found = connection;
    }
    return found;
}

void HttpServer::judge(HttpConnection &connection, const RequestHead &head)
{
    Verdict verdict = m_judge.judge(head, connection.isEncrypted());
    // The parser keeps a body until the next request.
    const bool isLast = !head.isKeptAlive || head.contentLength > largestKept;
    const AnswerForm form = {head.method != "HEAD", isLast, verdict.origin};
    if (verdict.holder)
        connection.setTrusted();
    if (verdict.kind == Verdict::Kind::Lacking) {
        const Caller caller = {nextClient(), verdict.holder->role, nameOf(*verdict.holder, connection)};
        const auto parameters = methodParameters(*verdict.endpoint, verdict.target, {});
        Q_EMIT requestRefused(caller, {1, verdict.endpoint->method, parameters ? *parameters : QJsonObject()});
    }
    if (verdict.kind == Verdict::Kind::Delay) {
        refuseToken(connection, verdict, form);
        return;
    }
    if (verdict.kind == Verdict::Kind::Stream) {
        beginStream(connection, verdict, form);
        return;
    }
    // Without a body the connection goes on behind a refusal.
    const bool isRefused = verdict.kind == Verdict::Kind::Refuse || verdict.kind == Verdict::Kind::Lacking;
    if (isRefused && (head.contentLength > 0 || head.isUpgrade)) {
        connection.refuse(verdict.answer, form);
        return;
    }
    if (!hasRoomFor(connection, head)) {
        connection.refuse(HttpAnswer::ofError(503, "busy", QStringLiteral("too many bodies are on their way")), form);
        return;
    }
    m_accepted[&connection] = std::move(verdict);
    connection.accept(head, form);
}

bool HttpServer::hasRoomFor(const HttpConnection &connection, const RequestHead &head) const
{
    // In place of the one before on the same connection.
    qint64 bytes = head.contentLength - connection.bodyBytes();
    for (const HttpConnection *each : m_connections)
        bytes += each->bodyBytes();
    return head.contentLength == 0 || bytes <= std::max(m_settings.maxBodies, m_settings.http.maxBody);
}

void HttpServer::refuseToken(HttpConnection &connection, const Verdict &verdict, const AnswerForm &form)
{
    const QHostAddress address = connection.socket()->peerAddress();
    Q_EMIT tokenRefused(shownAddress(address));
    const std::chrono::milliseconds delay = m_delays.add(address, std::chrono::steady_clock::now());
    std::erase_if(m_delayed, [](const HttpConnection *each) { return !each->isAnswerDue(); });
    // Nobody learns at once that a token is wrong, however many wait: one of its own network goes without an answer.
    if (m_delayed.size() >= m_settings.maxDelayed) {
        const auto same = std::find_if(m_delayed.begin(), m_delayed.end(), [&connection](const HttpConnection *each) {
            return each->network() == connection.network();
        });
        (same == m_delayed.end() ? m_delayed.front() : *same)->abort();
    }
    m_delayed.push_back(&connection);
    connection.refuse(verdict.answer, form, delay);
}

void HttpServer::beginStream(HttpConnection &connection, const Verdict &verdict, const AnswerForm &form)
{
    if (!m_streams.hasRoom()) {
        connection.refuse(HttpAnswer::ofError(503, "busy", QStringLiteral("there are as many streams as there may be")),
                          form);
        return;
    }
    if (connection.isAnswerDue() || connection.hasMore()) {
        connection.refuse(
            HttpAnswer::ofError(400, "invalid",
                                QStringLiteral("a stream begins when all before it is answered, and nothing is sent "
                                               "until it has: take a connection of its own, and wait for the 101")),
            form);
        return;
    }
    const QString name = nameOf(*verdict.holder, connection);
    connectionGone(&connection);
    m_streams.adopt(&connection, *verdict.holder, {nextClient(), verdict.holder->role, name});
}

void HttpServer::serve(QTcpSocket *socket, const QByteArray &body)
{
    HttpConnection *connection = HttpConnection::of(socket);
    const quint64 place = connection ? connection->requestComplete() : 0;
    const auto accepted = m_accepted.find(connection);
    if (place == 0 || accepted == m_accepted.end()) {
        // The parser saw a request where the reader of heads did not: nothing good is behind it.
        socket->abort();
        return;
    }
    const Verdict verdict = std::move(accepted->second);
    m_accepted.erase(accepted);
    if (verdict.kind == Verdict::Kind::Document) {
        connection->answer(place, m_document);
        return;
    }
    if (verdict.kind != Verdict::Kind::Serve) {
        connection->answer(place, verdict.answer);
        return;
    }
    const Result<QJsonObject> parameters = methodParameters(*verdict.endpoint, verdict.target, body);
    if (!parameters) {
        connection->answer(place, HttpAnswer::ofError(parameters.error()));
        return;
    }
    ask(verdict, *parameters, {connection, place, verdict.endpoint});
}

void HttpServer::ask(const Verdict &verdict, const QJsonObject &parameters, const PendingReplies::Asker &asker)
{
    Caller caller = {nextClient(), Role::Viewer, QStringLiteral("somebody")};
    if (verdict.holder) {
        caller.role = verdict.holder->role;
        caller.name = nameOf(*verdict.holder, *asker.connection);
    }
    if (m_pending.add(caller.client, asker))
        Q_EMIT requestReceived(caller, {1, asker.endpoint->method, parameters});
}

void HttpServer::connectionGone(HttpConnection *connection)
{
    std::erase(m_connections, connection);
    std::erase(m_delayed, connection);
    m_accepted.erase(connection);
    m_pending.forget(connection);
}

void HttpServer::sendReply(quint64 client, const Reply &reply)
{
    if (m_streams.has(client))
        m_streams.sendReply(client, reply);
    else
        m_pending.answer(client, reply.outcome);
}

void HttpServer::close(std::chrono::milliseconds patience)
{
    for (HttpListener *listener : m_listeners)
        listener->close();
    m_streams.close(patience);
    const QDeadlineTimer deadline(patience);
    const std::vector<HttpConnection *> connections = m_connections;
    for (HttpConnection *connection : connections) {
        QTcpSocket *socket = connection->socket();
        while (connection->pendingOutput() > 0 && socket->waitForBytesWritten(int(deadline.remainingTime()))) {
        }
        connection->abort();
    }
}

} // namespace Quern::admin
