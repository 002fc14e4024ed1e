#include "app/server/reactorsettings.h"

#include "app/server/log.h"
#include "base/systemerror.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSysInfo>

#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {

namespace {

dispatch::DispatchMode dispatchMode(config::DispatchMode mode)
{
    switch (mode) {
    case config::DispatchMode::RoundRobin:
        return dispatch::DispatchMode::RoundRobin;
    case config::DispatchMode::ByConnection:
        return dispatch::DispatchMode::ByConnection;
    case config::DispatchMode::Idle:
        return dispatch::DispatchMode::Idle;
    case config::DispatchMode::ByAddress:
        return dispatch::DispatchMode::ByAddress;
    }
    Q_UNREACHABLE();
}

dispatch::AccessLogFormat accessLogFormat(config::AccessLogFormat format)
{
    switch (format) {
    case config::AccessLogFormat::Common:
        return dispatch::AccessLogFormat::Common;
    case config::AccessLogFormat::Combined:
        return dispatch::AccessLogFormat::Combined;
    case config::AccessLogFormat::Json:
        return dispatch::AccessLogFormat::Json;
    }
    Q_UNREACHABLE();
}

/// How many connections leave enough descriptors for everything else: above all, for starting workers again.
int possibleConnections(const config::ServerSettings &server)
{
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY)
        return server.maxConn;
    constexpr int ofMaster = 64; // listening sockets, epoll, timers, logs, control clients
    // A child has a channel to each reactor and to the main thread, its page, and QProcess's pipes; while it starts,
    // both ends of each. Two generations live side by side during a reload.
    const int ofChildren = 2 * server.workerNum * (2 * (server.reactorNum + 1) + 6);
    const int ofRefused = server.reactorNum * dispatch::Reactor::MaxRefused;
    const rlim_t reserved = rlim_t(ofMaster + ofChildren + ofRefused);
    if (limit.rlim_cur <= reserved)
        return 1;
    return int(qMin<rlim_t>(limit.rlim_cur - reserved, rlim_t(server.maxConn)));
}

int connectionLimit(const config::ServerSettings &server)
{
    const int possible = possibleConnections(server);
    if (possible >= server.maxConn)
        return server.maxConn;
    qCWarning(logMaster).noquote().nospace()
        << "max_conn is " << server.maxConn << ", but the files that this process may open allow " << possible
        << " connections; raise \"ulimit -n\", or LimitNOFILE of its service";
    return possible;
}

/// What tells this server from others that use the same folder for their uploads: no other on this host, or in this
/// container, runs in its runtime directory.
QByteArray spoolOwner(const config::Settings &settings)
{
    const QString place = QDir(settings.server.runtimeDir).canonicalPath();
    const QByteArray name = QSysInfo::machineHostName().toUtf8() + ':' + QFile::encodeName(place);
    return QCryptographicHash::hash(name, QCryptographicHash::Sha256).toHex().first(12);
}

Result<QString> spoolDirectory(const config::Settings &settings)
{
    const QString chosen = settings.server.uploadTmpDir;
    const QString path = chosen.isEmpty() ? settings.server.runtimeDir + QStringLiteral("/uploads") : chosen;
    const QByteArray name = QFile::encodeName(path);
    if (chosen.isEmpty()) {
        if (::mkdir(name.constData(), 0700) != 0 && errno != EEXIST)
            return base::systemError(QStringLiteral("cannot make the folder of uploads %1").arg(path));
    } else if (!QFileInfo(path).isDir() || ::access(name.constData(), W_OK | X_OK) != 0) {
        return errorAt(settings, "upload_tmp_dir",
                       Error(Error::Invalid, QStringLiteral("%1 is no folder that this user may write to; make it, or "
                                                            "name another")
                                                 .arg(path)));
    }
    return path;
}

Result<void> addStaticFiles(const config::Settings &settings, dispatch::HttpSettings &http)
{
    const config::ServerSettings &server = settings.server;
    if (!server.handleStatic)
        return {};
    dispatch::StaticFilesSettings files;
    files.documentRoot = server.documentRoot;
    files.cacheControl = server.staticCacheControl.toUtf8();
    files.listing = server.staticListing;
    files.indexNames.clear();
    for (const QString &name : server.staticIndex)
        files.indexNames.append(name.toUtf8());
    for (const QString &location : server.staticLocations)
        files.locations.append(location.toUtf8());
    Result<dispatch::StaticFiles> opened = dispatch::StaticFiles::open(files);
    if (!opened)
        return errorAt(settings, "document_root", opened.error());
    http.staticFiles = std::make_shared<const dispatch::StaticFiles>(std::move(*opened));
    return {};
}

Result<void> addProxies(const config::Settings &settings, dispatch::HttpSettings &http)
{
    using protocol::http::ForwardedFamily;
    const Result<protocol::http::ProxyTrust> trust = protocol::http::ProxyTrust::parse(settings.server.trustedProxies);
    if (!trust)
        return errorAt(settings, "trusted_proxies", trust.error());
    http.proxies = *trust;
    const QStringList &headers = settings.server.forwardedHeaders;
    http.forwarded.setFlag(ForwardedFamily::XForwarded, headers.contains(u"x-forwarded"));
    http.forwarded.setFlag(ForwardedFamily::Forwarded, headers.contains(u"forwarded"));
    http.forwarded.setFlag(ForwardedFamily::XRealIp, headers.contains(u"x-real-ip"));
    return {};
}

} // namespace

Error errorAt(const config::Settings &settings, const char *key, const Error &error)
{
    const QString name = QStringLiteral("server.") + QLatin1StringView(key);
    return Error(error.code(),
                 QStringLiteral("%1: %2: %3")
                     .arg(settings.origins.value(name, QStringLiteral("default settings")), name, error.message()));
}

dispatch::DispatchSettings dispatchSettings(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    dispatch::DispatchSettings result;
    result.mode = dispatchMode(server.dispatchMode);
    result.workerNum = server.workerNum;
    result.queueSize = server.requestQueueSize;
    result.queueBytes = qMax(result.queueBytes, 2 * qint64(server.packageMaxLength));
    result.workerMaxConcurrency = quint32(qMax(1, server.workerMaxConcurrency / server.reactorNum));
    result.requestTimeout = server.maxRequestExecutionTime;
    return result;
}

Result<dispatch::HttpSettings> httpSettings(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    dispatch::HttpSettings http;
    http.limits.headBytes = server.httpHeadMaxLength;
    http.limits.targetBytes = server.httpUriMaxLength;
    http.limits.headerCount = server.httpHeaderMaxCount;
    http.limits.bodyBytes = server.packageMaxLength;
    http.body.bufferBytes = server.httpBodyBufferSize;
    http.pipelineDepth = server.httpPipelineDepth;
    http.keepAliveRequests = server.keepaliveRequests;
    http.headTimeout = server.httpHeadTimeout;
    http.bodyTimeout = server.httpBodyTimeout;
    http.keepAliveTimeout = server.keepaliveTimeout;
    http.sendTimeout = server.sendTimeout;
    http.debug = server.debug;
    http.serverHeader = server.serverHeader.toUtf8();
    const Result<QString> directory = spoolDirectory(settings);
    if (!directory)
        return directory.error();
    http.body.spoolDirectory = *directory;
    http.body.spoolOwner = spoolOwner(settings);
    if (const Result<void> added = addProxies(settings, http); !added)
        return added.error();
    if (const Result<void> added = addStaticFiles(settings, http); !added)
        return added.error();
    return http;
}

Result<dispatch::ReactorSettings> reactorSettings(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    dispatch::ReactorSettings result;
    result.connectionLimit = std::make_shared<dispatch::ConnectionLimit>(connectionLimit(server));
    result.addressLimit = std::make_shared<dispatch::AddressLimit>(server.maxConnPerIp);
    result.accessLog.path = server.accessLog;
    result.accessLog.format = accessLogFormat(server.accessLogFormat);
    result.accessLog.slowTime = server.requestSlowlogTimeout;
    result.dispatch = dispatchSettings(settings);
    Result<dispatch::HttpSettings> http = httpSettings(settings);
    if (!http)
        return http.error();
    result.http = std::move(*http);
    dispatch::SpoolFile::removeLeftovers(result.http.body.spoolDirectory, result.http.body.spoolOwner);
    return result;
}

} // namespace Quern::app
