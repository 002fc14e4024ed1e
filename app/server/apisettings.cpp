#include "app/server/apisettings.h"

#include "app/server/log.h"
#include "app/server/tlssettings.h"
#include "app/server/tokenfile.h"

#include <QCoreApplication>

namespace Quern::app {

namespace {

QByteArrayList bytesOf(const QStringList &texts)
{
    QByteArrayList list;
    for (const QString &text : texts)
        list.append(text.toUtf8());
    return list;
}

} // namespace

admin::HttpServerSettings apiSettings(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    admin::HttpServerSettings api;
    api.rules = {bytesOf(server.adminHosts), bytesOf(server.adminOrigins)};
    api.http.maxBody = qint64(server.adminMaxBody);
    api.http.requestTimeout = server.adminRequestTimeout;
    api.maxConnections = server.adminMaxConnections;
    api.version = QCoreApplication::applicationVersion();
    if (server.metricsEnabled)
        api.metricsPath = server.metricsPath;
    api.metricsPublic = !server.metricsToken;
    return api;
}

QList<admin::HttpAddress> apiAddresses(const config::Settings &settings)
{
    QList<admin::HttpAddress> addresses;
    if (!settings.server.adminEnable)
        return addresses;
    for (const config::ListenAddress &address : settings.server.adminListen)
        addresses.append({address.host, address.port, address.tls});
    return addresses;
}

QStringList apiUrls(const config::Settings &settings)
{
    QStringList urls;
    const QList<admin::HttpAddress> addresses = apiAddresses(settings);
    for (const admin::HttpAddress &address : addresses) {
        const QString host = config::ListenAddress::tcp(address.host, address.port).text;
        urls.append((address.tls ? QStringLiteral("https://%1/api/v1") : QStringLiteral("http://%1/api/v1")).arg(host));
    }
    return urls;
}

QString auditLogFile(const config::Settings &settings)
{
    const QString &file = settings.server.adminAuditLog;
    return file.isEmpty() ? settings.server.runtimeDir + QStringLiteral("/audit.log") : file;
}

Result<ApiCredentials> apiCredentials(const config::Settings &settings)
{
    const Result<admin::AccessTokens> tokens = loadTokens(settings);
    if (!tokens)
        return tokens.error();
    ApiCredentials credentials;
    credentials.tokens = *tokens;
    if (!apiSpeaksTls(settings))
        return credentials;
    ApiCertificate certificate;
    const doctor::CertificateReport report = apiCertificateReport(settings, &certificate);
    if (!report.usable)
        return report.usable.error();
    for (const QString &warning : report.warnings)
        qCWarning(logMaster).noquote() << warning;
    credentials.certificates = certificate.chain;
    credentials.key = certificate.key;
    return credentials;
}

} // namespace Quern::app
