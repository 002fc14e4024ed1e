#pragma once

#include "base/loglevels.h"
#include "config/adminsettings.h"
#include "config/childsettings.h"
#include "config/listenaddress.h"
#include "config/metricssettings.h"
#include "config/reloadsettings.h"
#include "config/supervisionsettings.h"
#include "config/tasksettings.h"

#include <QList>
#include <QMap>
#include <QString>
#include <QStringList>

#include <chrono>
#include <optional>

namespace Quern::config {

/// When a change of a setting takes effect.
enum class Change {
    Live,    ///< at once
    Reload,  ///< at the next `quern reload`
    Restart, ///< at the next `quern restart`
};

/// Which worker gets an HTTP request. The numbers are Swoole's.
enum class DispatchMode {
    RoundRobin = 1,   ///< each worker in turn
    ByConnection = 2, ///< all requests of one connection to one worker
    Idle = 3,         ///< to a worker that has time
    ByAddress = 4,    ///< all requests of one client address to one worker
    ByUser = 5,       ///< as ByConnection; events of a connection bound to a user go to the worker of that user
};

/// Which line a request leaves in the access log.
enum class AccessLogFormat {
    Common,   ///< NCSA common log format
    Combined, ///< the same with Referer and User-Agent
    Json,     ///< one JSON object a line
};

/// What a line of the log looks like.
enum class LogFormat {
    Text, ///< time, level, who speaks, and the message
    Json, ///< one JSON object a message
};

/// Whether clients of a TLS port are asked for a certificate.
enum class VerifyPeer {
    None,     ///< not asked
    Optional, ///< asked; what is shown must be right
    Required, ///< a client without a right one is refused
};

/// A certificate and its key. Both paths absolute once loaded.
struct CertificateFiles
{
    QString certificate; ///< PEM, with the certificates of those who signed it behind
    QString key;         ///< PEM

    bool operator==(const CertificateFiles &) const = default;
};

/// One for each processor core that this process may use.
int defaultWorkerNum();
/// Half of the processor cores, from 1 to 8.
int defaultReactorNum();

/// The [server] table: one member a key, with its default. The key's name and range stand in keytable.cpp.
struct ServerSettings : ChildSettings, TaskSettings, AdminSettings, MetricsSettings, ReloadSettings, SupervisionSettings
{
    QList<ListenAddress> listen = {ListenAddress::tcp(QStringLiteral("127.0.0.1"), 5200)};
    /// Permissions of the files of Unix sockets; null: as the umask says.
    std::optional<quint16> unixSocketMode;
    int workerNum = defaultWorkerNum();
    int taskWorkerNum = 0; ///< processes that run tasks and events; 0: none
    int reactorNum = defaultReactorNum();
    DispatchMode dispatchMode = DispatchMode::Idle;
    /// How long a worker may finish its requests at stop or reload before it is killed.
    std::chrono::milliseconds maxWaitTime{3'000};
    /// From a request's last byte to the head of its answer; zero: no limit.
    std::chrono::milliseconds maxRequestExecutionTime{60'000};
    std::chrono::milliseconds workerStartTimeout{30'000}; ///< until a new worker must be ready
    std::chrono::milliseconds hookTimeout{5'000};         ///< of one life-cycle hook
    quint64 packageMaxLength = 2 << 20;                   ///< bytes of one request body
    int backlog = 512;                      ///< connections the kernel holds for accept(), per listening socket
    int requestQueueSize = 8192;            ///< requests that wait in the master, per reactor
    int workerMaxConcurrency = 1024;        ///< requests in flight in one worker, asynchronous ones included
    int maxConn = 10'000;                   ///< connections of the whole server
    int maxConnPerIp = 0;                   ///< connections of one client address; 0: no limit
    quint32 httpHeadMaxLength = 16 * 1024;  ///< bytes of request line and headers together
    quint32 httpUriMaxLength = 8 * 1024;    ///< bytes of the request target
    quint16 httpHeaderMaxCount = 100;       ///< header fields of one request
    int httpPipelineDepth = 16;             ///< requests that wait behind the one under way, on one connection
    int keepaliveRequests = 0;              ///< requests of one connection before it is closed; 0: no limit
    quint64 httpBodyBufferSize = 256 << 10; ///< bytes of one body kept in memory; more goes to a file
    std::chrono::milliseconds httpHeadTimeout{10'000};  ///< from a head's first byte to its last
    std::chrono::milliseconds httpBodyTimeout{30'000};  ///< between two pieces of a body
    std::chrono::milliseconds keepaliveTimeout{65'000}; ///< between an answer and the next request
    std::chrono::milliseconds sendTimeout{60'000};      ///< while the client takes no byte of its answer
    /// A connection that has sent nothing for so long is closed: WebSocket, TCP and Unix streams. Zero: never.
    std::chrono::milliseconds heartbeatIdleTime{0};
    std::chrono::milliseconds heartbeatCheckInterval{1'000}; ///< how often that is looked at
    std::chrono::milliseconds websocketPingInterval{30'000}; ///< of silence until a client is pinged; zero: none is
    std::chrono::milliseconds websocketPongTimeout{10'000};  ///< until it must have sent anything then
    bool websocketCompression = true;                        ///< whether permessage-deflate is agreed to
    bool websocketContextTakeover = false;                   ///< costs about 95 KB a connection
    quint32 websocketCompressionMinLength = 256;             ///< bytes
    /// Bytes of output of one connection that may wait, never less than packageMaxLength; beyond, it is closed as too
    /// slow.
    quint64 socketBufferSize = 8 << 20;
    quint64 bufferHighWatermark = 1 << 20;  ///< bytes waiting from which the connection counts as full
    quint64 bufferLowWatermark = 256 << 10; ///< bytes waiting down to which it counts as empty again; below the high
    quint64 outputBufferTotal = 256 << 20;  ///< bytes waiting for all live connections together
    bool redeliverMessages = false;         ///< whether what a dying worker had begun may run a second time
    QString sslCertFile;                    ///< absolute once loaded; set where an address is "tls:…"
    QString sslKeyFile;                     ///< the same
    QMap<QString, CertificateFiles> sslSniCerts; ///< by host name: "example.org", "*.example.org", in lower case
    QStringList sslProtocols = {QStringLiteral("TLSv1.2"), QStringLiteral("TLSv1.3")};
    QString sslCiphers;           ///< OpenSSL's list for TLS 1.2; empty: OpenSSL's own
    QStringList sslAlpnProtocols; ///< empty: "http/1.1" for HTTP, none for others
    bool sslSessionTickets = true;
    VerifyPeer sslVerifyPeer = VerifyPeer::None;
    QString sslClientCertFile; ///< who signs clients' certificates, absolute once loaded; set if they are asked for
    int sslVerifyDepth = 10;   ///< certificates between a client's and one of that file
    QString serverHeader = QStringLiteral("Quern"); ///< value of the Server header; empty: none is sent
    /// Where long bodies and uploads wait, absolute once loaded. Empty: the folder "uploads" of the runtime directory.
    QString uploadTmpDir;
    QStringList trustedProxies;                                     ///< addresses and networks, "unix", "*"
    QStringList forwardedHeaders = {QStringLiteral("x-forwarded")}; ///< what trusted proxies are believed
    bool handleStatic = false;
    QString documentRoot; ///< absolute once loaded
    QStringList staticIndex = {QStringLiteral("index.html")};
    QStringList staticLocations;                             ///< path prefixes; empty: all paths
    QString staticCacheControl = QStringLiteral("no-cache"); ///< value of Cache-Control; empty: none is sent
    bool staticListing = false;
    bool httpCompression = true;
    int httpCompressionLevel = 5;
    quint32 httpCompressionMinLength = 1024; ///< bytes
    QStringList httpCompressionTypes = {QStringLiteral("text/*"),
                                        QStringLiteral("application/json"),
                                        QStringLiteral("application/javascript"),
                                        QStringLiteral("application/xml"),
                                        QStringLiteral("application/xhtml+xml"),
                                        QStringLiteral("application/rss+xml"),
                                        QStringLiteral("application/atom+xml"),
                                        QStringLiteral("application/manifest+json"),
                                        QStringLiteral("application/wasm"),
                                        QStringLiteral("image/svg+xml")};
    bool debug = false; ///< error pages show what went wrong
    QString accessLog;  ///< absolute once loaded; empty: none
    AccessLogFormat accessLogFormat = AccessLogFormat::Combined;
    std::chrono::milliseconds requestSlowlogTimeout{0}; ///< zero: no request is slow
    QString runtimeDir = QStringLiteral(".quern");      ///< absolute once loaded
    /// Absolute once loaded. Empty: standard error, or quern.log in the runtime directory of a daemon.
    QString logFile;
    LogFormat logFormat = LogFormat::Text;
    base::LogLevel logLevel = base::LogLevel::Info;
    QStringList logCategories;                 ///< "quern.http=debug"
    quint64 logRotateSize = 0;                 ///< bytes of the log file; 0: any
    std::chrono::milliseconds logRotateAge{0}; ///< of the log file; zero: any
    int logRotateKeep = 7;                     ///< old log files
    bool daemonize = false;

    bool operator==(const ServerSettings &) const = default;
};

} // namespace Quern::config
