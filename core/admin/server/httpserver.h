#pragma once

#include "admin/server/failuredelays.h"
#include "admin/server/httpconnection.h"
#include "admin/server/pendingreplies.h"
#include "admin/server/requestjudge.h"
#include "admin/server/streamhub.h"
#include "admin/server/transport.h"
#include "base/filedescriptor.h"

#include <QList>
#include <QSslConfiguration>

#include <unordered_map>
#include <vector>

namespace Quern::admin {

class HttpListener;
class HttpParser;

struct HttpAddress
{
    QString host; ///< an IPv4 or IPv6 literal
    quint16 port = 0;
    bool tls = false;
};

struct HttpServerSettings
{
    HostRules rules;
    HttpLimits http;
    StreamLimits streams;
    int maxConnections = 64;     ///< streams aside
    qint64 maxBodies = 16 << 20; ///< bytes of all bodies that are being read, or are kept
    std::size_t maxDelayed = 32; ///< refusals of wrong tokens that wait
    PendingReplies::Timeouts timeouts;
    QString version;
    QString metricsPath;        ///< empty: no metrics are told
    bool metricsPublic = false; ///< without a token
};

/// The management protocol over HTTP and WebSocket, for those who have a token. Lives in the admin thread.
class HttpServer final : public Transport
{
    Q_OBJECT
public:
    explicit HttpServer(const HttpServerSettings &settings, QObject *parent = nullptr);
    ~HttpServer() override;

    /// Serves there as well. Error::Exists and the like if the address cannot be had.
    Result<void> listen(const HttpAddress &address);
    /// The same with \a socket, which listens there already.
    Result<void> listen(const HttpAddress &address, base::FileDescriptor socket);
    /// Of all that listens.
    QList<int> descriptors() const;
    /// Certificates in PEM and the key of the first, for what is accepted from now on. Needed before an address with
    /// TLS is served.
    Result<void> setCertificate(const QByteArray &certificates, const QSslKey &key);
    /// Streams of those who hold none of them are closed.
    void setTokens(const AccessTokens &tokens);
    void close(std::chrono::milliseconds patience) override;

    void sendReply(quint64 client, const Quern::admin::Reply &reply) override;
    void sendEvent(quint64 client, const Event &event) override { m_streams.sendEvent(client, event); }
    void sendPaced(quint64 client, const Event &event) override { m_streams.sendPaced(client, event); }

Q_SIGNALS:
    /// Somebody has shown a token that nobody holds.
    void tokenRefused(const QString &address);

private:
    HttpListener *newListener(const HttpAddress &address);
    void serve(HttpListener *listener);
    HttpConnection *guard(QTcpSocket *socket);
    void judge(HttpConnection &connection, const RequestHead &head);
    HttpConnection *leastMissed(const QTcpSocket *newcomer) const;
    bool hasRoomFor(const HttpConnection &connection, const RequestHead &head) const;
    void refuseToken(HttpConnection &connection, const Verdict &verdict, const AnswerForm &form);
    void beginStream(HttpConnection &connection, const Verdict &verdict, const AnswerForm &form);
    /// The parser has a request: \a body is all of its body.
    void serve(QTcpSocket *socket, const QByteArray &body);
    void ask(const Verdict &verdict, const QJsonObject &parameters, const PendingReplies::Asker &asker);
    void connectionGone(HttpConnection *connection);

    HttpServerSettings m_settings;
    const std::vector<Endpoint> m_endpoints;
    RequestJudge m_judge;
    FailureDelays m_delays;
    std::vector<HttpConnection *> m_delayed; ///< whose wrong token's refusal waits, the oldest first
    HttpAnswer m_document;
    HttpParser *m_parser; ///< a child
    std::optional<QSslConfiguration> m_tls;
    std::vector<HttpListener *> m_listeners;                  ///< children of the parser
    std::vector<HttpConnection *> m_connections;              ///< the oldest first, streams aside
    std::unordered_map<HttpConnection *, Verdict> m_accepted; ///< whose body is being read
    PendingReplies m_pending;
    StreamHub m_streams;
};

} // namespace Quern::admin
