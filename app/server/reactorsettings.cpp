#include "app/server/reactorsettings.h"

#include "app/host/childidentity.h"
#include "app/host/descriptorbudget.h"
#include "app/server/log.h"
#include "app/server/portplan.h"
#include "app/server/settingscheck.h"
#include "base/descriptorceiling.h"
#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QCryptographicHash>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QSysInfo>

#include <algorithm>
#include <limits>

#include <fcntl.h>
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
    case config::DispatchMode::ByUser:
        return dispatch::DispatchMode::ByUser;
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

/// The folder of uploads in the runtime directory, or what its name begins with.
const QString ownSpoolName = QStringLiteral("uploads");

/// RLIM_INFINITY, too, is more than anybody opens.
qint64 openFilesLimit()
{
    rlimit limit = {};
    if (::getrlimit(RLIMIT_NOFILE, &limit) != 0)
        return std::numeric_limits<qint64>::max();
    return qint64(qMin<rlim_t>(limit.rlim_cur, rlim_t(std::numeric_limits<qint64>::max())));
}

/// What tells this server from others that use the same folder for their uploads: no other on this host, or in this
/// container, runs in its runtime directory.
QByteArray spoolOwner(const config::Settings &settings)
{
    const QString place = QDir(settings.server.runtimeDir).canonicalPath();
    const QByteArray name = QSysInfo::machineHostName().toUtf8() + ':' + QFile::encodeName(place);
    return QCryptographicHash::hash(name, QCryptographicHash::Sha256).toHex().first(12);
}

/// The folder of uploads in the runtime directory, for its user alone, who is \a user if there is one. Each user has
/// one of its own: of a restart with another one the server before it knows nothing until it goes.
Result<QString> ownSpoolDirectory(const QString &runtimeDirectory, const std::optional<base::Identity> &user)
{
    const QString name = user ? QStringLiteral("%1-%2").arg(ownSpoolName).arg(user->uid) : ownSpoolName;
    const QString path = runtimeDirectory + u'/' + name;
    const QString failure = QStringLiteral("cannot make the folder of uploads %1").arg(path);
    if (::mkdir(QFile::encodeName(path).constData(), 0700) != 0 && errno != EEXIST)
        return base::systemError(failure);
    const base::FileDescriptor folder(
        ::open(QFile::encodeName(path).constData(), O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC));
    struct stat present = {};
    if (!folder.isValid() || ::fstat(folder.get(), &present) != 0)
        return base::systemError(failure);
    const uid_t owner = user ? user->uid : ::geteuid();
    if (present.st_uid != owner && ::fchown(folder.get(), owner, user ? user->gid : ::getegid()) != 0)
        return base::systemError(failure);
    if ((present.st_mode & 0077) != 0 && ::fchmod(folder.get(), 0700) != 0)
        return base::systemError(failure);
    return path;
}

Result<QString> spoolDirectory(const config::Settings &settings, const std::optional<base::Identity> &user)
{
    const QString &chosen = settings.server.uploadTmpDir;
    if (!chosen.isEmpty()) {
        if (const Result<void> checked = checkUploadDirectory(settings); !checked)
            return checked.error();
        return chosen;
    }
    return ownSpoolDirectory(settings.server.runtimeDir, user);
}

/// Uploads, and files that handlers answer with, as the children's user sees them.
Result<void> addHandlersView(const config::Settings &settings, const base::Identity &user, dispatch::HttpSettings &http)
{
    const config::ServerSettings &server = settings.server;
    Result<dispatch::HandlerFiles> files = dispatch::HandlerFiles::create(user, server.chroot);
    if (!files)
        return errorAt(settings, "chroot", files.error());
    http.handlerFiles = std::make_shared<const dispatch::HandlerFiles>(std::move(*files));
    QString &folder = http.body.spoolDirectory;
    http.body.spoolUser = user;
    if (!server.chroot.isEmpty()) {
        folder = QDir(folder).canonicalPath();
        http.body.handlersRoot = QFile::encodeName(folder.chopped(seenByChild(server, folder)->size()));
    }
    // The one in the runtime directory is theirs, and its group may pass there once this server serves; one that
    // somebody has named was checked.
    if (server.uploadTmpDir.isEmpty() && !mayPass(user, QFileInfo(server.runtimeDir).path())) {
        return errorAt(settings, "user",
                       Error(Error::Permission,
                             QStringLiteral("\"%1\" cannot reach the folder of uploads %2; let others pass the folders "
                                            "above it (chmod o+x), or let upload_tmp_dir name another")
                                 .arg(server.user, folder)));
    }
    return {};
}

Result<void> addStaticFiles(const config::Settings &settings, dispatch::HttpSettings &http)
{
    if (!settings.server.handleStatic)
        return {};
    Result<dispatch::StaticFiles> opened = openStaticFiles(settings);
    if (!opened)
        return opened.error();
    http.staticFiles = std::make_shared<const dispatch::StaticFiles>(std::move(*opened));
    return {};
}

Result<void> addProxies(const config::Settings &settings, dispatch::HttpSettings &http)
{
    using protocol::http::ForwardedFamily;
    const Result<protocol::http::ProxyTrust> trust = proxyTrust(settings);
    if (!trust)
        return trust.error();
    http.proxies = *trust;
    const QStringList &headers = settings.server.forwardedHeaders;
    http.forwarded.setFlag(ForwardedFamily::XForwarded, headers.contains(u"x-forwarded"));
    http.forwarded.setFlag(ForwardedFamily::Forwarded, headers.contains(u"forwarded"));
    http.forwarded.setFlag(ForwardedFamily::XRealIp, headers.contains(u"x-real-ip"));
    return {};
}

} // namespace

int connectionLimit(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    const qint64 openFiles = openFilesLimit();
    const qint64 ceiling = openFiles - reservedDescriptors(settings);
    base::keepDescriptorsFrom(int(std::clamp<qint64>(ceiling, 1, std::numeric_limits<int>::max())));
    const int possible = possibleConnections(settings, openFiles);
    if (possible >= server.maxConn)
        return server.maxConn;
    qCWarning(logMaster).noquote().nospace()
        << "max_conn is " << server.maxConn << ", but the files that this process may open allow " << possible
        << " connections; raise \"ulimit -n\", or LimitNOFILE of its service";
    return possible;
}

dispatch::DispatchSettings dispatchSettings(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    dispatch::DispatchSettings result;
    result.mode = dispatchMode(server.dispatchMode);
    result.workerNum = server.workerNum;
    result.reactorNum = server.reactorNum;
    result.queueSize = server.requestQueueSize;
    quint64 longest = server.packageMaxLength;
    for (const config::SocketSettings &socket : settings.sockets)
        longest = qMax(longest, socket.own.packageMaxLength);
    result.queueBytes = qMax(result.queueBytes, 2 * qint64(longest));
    result.workerMaxConcurrency = quint32(qMax(1, server.workerMaxConcurrency / server.reactorNum));
    result.requestTimeout = server.maxRequestExecutionTime;
    result.redeliver = server.redeliverMessages;
    return result;
}

void applyLimits(const config::ServerSettings &server, dispatch::HttpSettings &http)
{
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
}

Result<dispatch::HttpSettings> httpSettings(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    dispatch::HttpSettings http;
    applyLimits(server, http);
    http.debug = server.debug;
    http.serverHeader = server.serverHeader.toUtf8();
    if (server.metricsEnabled && server.metricsPublic)
        http.metricsPath = server.metricsPath.toLatin1();
    const Result<std::optional<base::Identity>> user = childUser(server);
    if (!user)
        return user.error();
    const Result<QString> directory = spoolDirectory(settings, *user);
    if (!directory)
        return directory.error();
    http.body.spoolDirectory = *directory;
    http.body.spoolOwner = spoolOwner(settings);
    if (*user) {
        if (const Result<void> added = addHandlersView(settings, **user, http); !added)
            return added.error();
    }
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
    result.connectionLimit = std::make_shared<dispatch::ConnectionLimit>(connectionLimit(settings));
    result.addressLimit = std::make_shared<dispatch::AddressLimit>(server.maxConnPerIp);
    result.accessLog.path = server.accessLog;
    result.accessLog.format = accessLogFormat(server.accessLogFormat);
    result.accessLog.slowTime = server.requestSlowlogTimeout;
    if (server.metricsEnabled) {
        const std::vector<double> bounds(server.metricsBuckets.begin(), server.metricsBuckets.end());
        result.metrics = metrics::RequestMeterSettings{
            metrics::TimeBounds(bounds), {server.metricsIgnoredStatus.begin(), server.metricsIgnoredStatus.end()}};
    }
    result.dispatch = dispatchSettings(settings);
    result.liveBudget = std::make_shared<dispatch::OutputBudget>(qint64(server.outputBufferTotal));
    Result<std::vector<dispatch::Port>> ports = dispatchPorts(settings);
    if (!ports)
        return ports.error();
    result.ports = std::move(*ports);
    return result;
}

void removeUploadsLeft(const config::Settings &settings, const dispatch::ReactorSettings &common)
{
    const dispatch::BodySettings &body = common.ports.front().http.body;
    const QDir runtime(settings.server.runtimeDir);
    QStringList folders = {body.spoolDirectory};
    const QStringList own = runtime.entryList({ownSpoolName + u'*'}, QDir::Dirs | QDir::NoSymLinks);
    for (const QString &name : own)
        folders.append(runtime.filePath(name));
    for (const QString &folder : std::as_const(folders))
        dispatch::SpoolFile::removeLeftovers(folder, body.spoolOwner);
}

} // namespace Quern::app
