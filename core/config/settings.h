#pragma once

#include "base/loglevels.h"
#include "config/listenaddress.h"

#include <QList>
#include <QMap>
#include <QSet>
#include <QString>
#include <QStringList>
#include <QVariantMap>

#include <chrono>
#include <utility>

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

/// One for each processor core that this process may use.
int defaultWorkerNum();
/// Half of the processor cores, from 1 to 8.
int defaultReactorNum();

/// The [server] table: one member a key, with its default. The key's name and range stand in keytable.cpp.
struct ServerSettings
{
    QList<ListenAddress> listen = {ListenAddress::tcp(QStringLiteral("127.0.0.1"), 5200)};
    int workerNum = defaultWorkerNum();
    int reactorNum = defaultReactorNum();
    DispatchMode dispatchMode = DispatchMode::Idle;
    /// How long a worker may finish its requests at stop or reload before it is killed.
    std::chrono::milliseconds maxWaitTime{3'000};
    /// From a request's last byte to the head of its answer; zero: no limit.
    std::chrono::milliseconds maxRequestExecutionTime{60'000};
    std::chrono::milliseconds workerStartTimeout{30'000}; ///< until a new worker must be ready
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
    QString serverHeader = QStringLiteral("Quern");     ///< value of the Server header; empty: none is sent
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

/// One [[plugin]] entry: exactly one of name and file is set.
struct PluginSettings
{
    QString name; ///< of a plugin in the installed plugin folder
    QString file; ///< absolute path of a plugin elsewhere
    bool enabled = true;
    QVariantMap settings; ///< the plugin's own; dates and times are ISO 8601 strings

    bool operator==(const PluginSettings &) const = default;
};

/// Everything quern.toml decides. A plain value; any thread.
struct Settings
{
    QString filePath;  ///< absolute; empty without a file
    QString directory; ///< absolute: the file's, to which relative paths refer
    ServerSettings server;
    QList<PluginSettings> plugins;
    bool defaultPlugin = true; ///< no [[plugin]] was listed, so that plugins holds the welcome plugin alone
    /// Where each value comes from: "server.worker_num" → "default", "quern.toml:12" or
    /// "quern.toml:12, WORKERS from .env:2".
    QMap<QString, QString> origins;
    /// Paths of the values that a variable with a secret name has a part in: "server.server", and below
    /// "plugin[0].settings" as in secrets.h.
    QSet<QString> secrets;
    QStringList environmentFiles; ///< the .env files that were read, the one with precedence first
    /// What these set and the process environment has not: name and value, for child processes.
    QList<std::pair<QString, QString>> environment;
};

} // namespace Quern::config
