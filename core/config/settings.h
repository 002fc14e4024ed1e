#pragma once

#include "base/log.h"
#include "config/listenaddress.h"

#include <QList>
#include <QMap>
#include <QString>
#include <QVariantMap>

#include <chrono>

namespace Quern::config {

/// Which worker gets an HTTP request. The numbers are Swoole's.
enum class DispatchMode {
    RoundRobin = 1,   ///< each worker in turn
    ByConnection = 2, ///< all requests of one connection to one worker
    Idle = 3,         ///< to a worker that has time
    ByAddress = 4,    ///< all requests of one client address to one worker
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
    quint64 packageMaxLength = 2 << 20;    ///< bytes of one request body
    int backlog = 512;                     ///< connections the kernel holds for accept(), per listening socket
    int requestQueueSize = 8192;           ///< requests that wait in the master, per reactor
    int workerMaxConcurrency = 1024;       ///< requests in flight in one worker, asynchronous ones included
    int maxConn = 10'000;                  ///< connections of the whole server
    quint32 httpHeadMaxLength = 16 * 1024; ///< bytes of request line and headers together
    quint32 httpUriMaxLength = 8 * 1024;   ///< bytes of the request target
    quint16 httpHeaderMaxCount = 100;      ///< header fields of one request
    std::chrono::milliseconds httpHeadTimeout{10'000};  ///< from a head's first byte to its last
    std::chrono::milliseconds httpBodyTimeout{30'000};  ///< between two pieces of a body
    std::chrono::milliseconds keepaliveTimeout{65'000}; ///< between an answer and the next request
    std::chrono::milliseconds sendTimeout{60'000};      ///< while the client takes no byte of its answer
    QString serverHeader = QStringLiteral("Quern");     ///< value of the Server header; empty: none is sent
    QString runtimeDir = QStringLiteral(".quern");      ///< absolute once loaded
    /// Absolute once loaded. Empty: standard error, or quern.log in the runtime directory of a daemon.
    QString logFile;
    base::LogLevel logLevel = base::LogLevel::Info;
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
    /// Where each value comes from: "server.worker_num" → "default" or "quern.toml:12".
    QMap<QString, QString> origins;
};

} // namespace Quern::config
