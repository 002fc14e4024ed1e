#include "app/server/tlssettings.h"

#include "admin/server/httptls.h"
#include "app/server/log.h"
#include "app/server/portplan.h"
#include "app/server/settingscheck.h"
#include "config/readfile.h"
#include "config/tlsrules.h"

#include <algorithm>
#include <utility>

namespace Quern::app {

namespace {

constexpr qint64 longestCertificate = 1 << 20;

net::ClientCertificates clientCertificates(config::VerifyPeer verify)
{
    switch (verify) {
    case config::VerifyPeer::None:
        return net::ClientCertificates::Unwanted;
    case config::VerifyPeer::Optional:
        return net::ClientCertificates::Optional;
    case config::VerifyPeer::Required:
        return net::ClientCertificates::Required;
    }
    Q_UNREACHABLE();
}

net::TlsOptions tlsOptions(const PortPlan &plan)
{
    const config::ServerSettings &own = *plan.own;
    net::TlsOptions options;
    options.certificate = {own.sslCertFile, own.sslKeyFile};
    for (auto host = own.sslSniCerts.cbegin(); host != own.sslSniCerts.cend(); ++host)
        options.hosts.insert(host.key(), {host->certificate, host->key});
    options.clientCertificates = clientCertificates(own.sslVerifyPeer);
    options.clientAuthorities = own.sslClientCertFile;
    options.verifyDepth = own.sslVerifyDepth;
    options.versions = {};
    options.versions.setFlag(net::TlsVersion::Tls12, own.sslProtocols.contains(QStringLiteral("TLSv1.2")));
    options.versions.setFlag(net::TlsVersion::Tls13, own.sslProtocols.contains(QStringLiteral("TLSv1.3")));
    options.ciphers = own.sslCiphers;
    options.hasSessionTickets = own.sslSessionTickets;
    for (const QString &protocol : own.sslAlpnProtocols)
        options.protocols.append(protocol.toUtf8());
    if (options.protocols.isEmpty() && plan.kind() == dispatch::Port::Kind::Http)
        options.protocols.append(QByteArrayLiteral("http/1.1"));
    return options;
}

QLatin1StringView keyOf(net::TlsSubject::Option option)
{
    using namespace Qt::Literals::StringLiterals;
    switch (option) {
    case net::TlsSubject::Certificate:
        return "ssl_cert_file"_L1;
    case net::TlsSubject::Key:
        return "ssl_key_file"_L1;
    case net::TlsSubject::Host:
        return "ssl_sni_certs"_L1;
    case net::TlsSubject::Authorities:
        return "ssl_client_cert_file"_L1;
    case net::TlsSubject::Versions:
        return "ssl_protocols"_L1;
    case net::TlsSubject::Ciphers:
    case net::TlsSubject::CipherSuites:
        return "ssl_ciphers"_L1;
    case net::TlsSubject::Protocols:
        return "ssl_alpn_protocols"_L1;
    }
    Q_UNREACHABLE();
}

/// Where it is written what \a plan has for \a subject: in its own entry, or in [server].
QString pathOf(const config::Settings &settings, const PortPlan &plan, const net::TlsSubject &subject)
{
    const QLatin1StringView hosts = keyOf(net::TlsSubject::Host);
    const QLatin1StringView key = subject.host.isEmpty() ? keyOf(subject.option) : hosts;
    QString path = plan.table() + key;
    if (!settings.origins.contains(path))
        path = QStringLiteral("server.") + key;
    const bool isFile = !subject.host.isEmpty() && subject.option != net::TlsSubject::Host;
    return isFile ? config::sniPath(path, subject.host, keyOf(subject.option)) : path;
}

/// Whether \a own says all that TLS needs. If not, the settings have been refused for it.
bool isComplete(const config::ServerSettings &own)
{
    const bool hasSigners = own.sslVerifyPeer == config::VerifyPeer::None || !own.sslClientCertFile.isEmpty();
    return !own.sslCertFile.isEmpty() && !own.sslKeyFile.isEmpty() && hasSigners;
}

/// What somebody who tries the certificates of \a plan finds. \a context, if they can be used, gets them.
doctor::CertificateReport reportOf(const config::Settings &settings, const PortPlan &plan,
                                   std::shared_ptr<const net::TlsContext> *context = nullptr)
{
    doctor::CertificateReport report{plan.title()};
    net::TlsSubject culprit;
    Result<std::shared_ptr<const net::TlsContext>> made = net::TlsContext::create(tlsOptions(plan), &culprit);
    if (!made) {
        report.usable = errorAtPath(settings, pathOf(settings, plan, culprit), made.error());
        return report;
    }
    for (const net::TlsWarning &warning : (*made)->warnings()) {
        const Error placed =
            errorAtPath(settings, pathOf(settings, plan, warning.subject), Error(Error::Invalid, warning.text));
        report.warnings.append(placed.message());
    }
    if (context)
        *context = std::move(*made);
    return report;
}

/// Qt's TLS is another way to the same library: it has to take them as well.
Result<ApiCertificate> readApiCertificate(const net::TlsCertificateFiles &files)
{
    const Result<QByteArray> chain = config::readFile(files.chain, longestCertificate);
    if (!chain)
        return chain.error();
    const Result<Qt::HANDLE> key = net::readPrivateKey(files.key);
    if (!key)
        return key.error();
    // By its handle, which the key owns from now on: of PEM Qt reads RSA and EC alone.
    ApiCertificate certificate = {*chain, QSslKey(*key, QSsl::PrivateKey)};
    const Result<QSslConfiguration> made = admin::tlsConfiguration(certificate.chain, certificate.key);
    return made ? Result<ApiCertificate>(std::move(certificate)) : made.error();
}

} // namespace

Result<std::vector<std::shared_ptr<const net::TlsContext>>> tlsContexts(const config::Settings &settings)
{
    std::vector<std::shared_ptr<const net::TlsContext>> contexts;
    QStringList warnings;
    // The addresses of one entry have the same.
    const config::ServerSettings *last = nullptr;
    std::shared_ptr<const net::TlsContext> shared;
    for (const PortPlan &plan : portPlans(settings)) {
        if (plan.address->tls && std::exchange(last, plan.own) != plan.own) {
            const doctor::CertificateReport report = reportOf(settings, plan, &shared);
            if (!report.usable)
                return report.usable.error();
            warnings += report.warnings;
        }
        contexts.push_back(plan.address->tls ? shared : nullptr);
    }
    warnings.removeDuplicates();
    for (const QString &warning : std::as_const(warnings))
        qCWarning(logMaster).noquote() << warning;
    return contexts;
}

doctor::CertificateReport apiCertificateReport(const config::Settings &settings, ApiCertificate *certificate)
{
    doctor::CertificateReport report{QStringLiteral("admin.listen")};
    const auto pathOf = [](const net::TlsSubject &subject) {
        return subject.option == net::TlsSubject::Key ? QStringLiteral("admin.tls_key_file")
                                                      : QStringLiteral("admin.tls_cert_file");
    };
    net::TlsOptions options;
    options.certificate = {settings.server.adminTlsCertFile, settings.server.adminTlsKeyFile};
    net::TlsSubject culprit;
    const Result<std::shared_ptr<const net::TlsContext>> made = net::TlsContext::create(options, &culprit);
    if (!made) {
        report.usable = errorAtPath(settings, pathOf(culprit), made.error());
        return report;
    }
    for (const net::TlsWarning &warning : (*made)->warnings()) {
        const Error placed = errorAtPath(settings, pathOf(warning.subject), Error(Error::Invalid, warning.text));
        report.warnings.append(placed.message());
    }
    const Result<ApiCertificate> read = readApiCertificate(options.certificate);
    if (!read)
        report.usable = errorAtPath(settings, QStringLiteral("admin.tls_cert_file"), read.error());
    else if (certificate)
        *certificate = *read;
    return report;
}

bool apiSpeaksTls(const config::Settings &settings)
{
    const config::ServerSettings &server = settings.server;
    return server.adminEnable && !server.adminTlsCertFile.isEmpty() && !server.adminTlsKeyFile.isEmpty() &&
           std::any_of(server.adminListen.begin(), server.adminListen.end(),
                       [](const config::ListenAddress &address) { return address.tls; });
}

QList<doctor::CertificateReport> certificateReports(const config::Settings &settings)
{
    QList<doctor::CertificateReport> reports;
    const config::ServerSettings *last = nullptr;
    for (const PortPlan &plan : portPlans(settings)) {
        if (plan.address->tls && isComplete(*plan.own) && std::exchange(last, plan.own) != plan.own)
            reports.append(reportOf(settings, plan));
    }
    if (apiSpeaksTls(settings))
        reports.append(apiCertificateReport(settings));
    return reports;
}

Result<void> checkCertificates(const config::Settings &settings)
{
    QStringList problems;
    for (const doctor::CertificateReport &report : certificateReports(settings)) {
        if (!report.usable)
            problems.append(report.usable.error().message());
    }
    // Several ports may have the files of [server].
    problems.removeDuplicates();
    return problems.isEmpty() ? Result<void>() : Error(Error::Invalid, problems.join(u'\n'));
}

} // namespace Quern::app
