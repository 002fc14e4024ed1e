#include "app/server/tlssettings.h"

#include "app/server/log.h"
#include "app/server/portplan.h"

#include <utility>

namespace Quern::app {

namespace {

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

/// Before what is wrong with the certificates of \a plan.
QString placeOf(const PortPlan &plan)
{
    const QString place = plan.place.isEmpty() ? QString() : plan.place + QStringLiteral(": ");
    return place + plan.title() + QStringLiteral(": ");
}

} // namespace

Result<std::shared_ptr<const net::TlsContext>> tlsContext(const PortPlan &plan)
{
    Result<std::shared_ptr<const net::TlsContext>> context = net::TlsContext::create(tlsOptions(plan));
    if (!context)
        return Error(context.error().code(), placeOf(plan) + context.error().message());
    for (const QString &warning : (*context)->warnings())
        qCWarning(logMaster).noquote() << placeOf(plan) + warning;
    return context;
}

QList<doctor::CertificateReport> certificateReports(const config::Settings &settings)
{
    QList<doctor::CertificateReport> reports;
    const config::ServerSettings *last = nullptr;
    for (const PortPlan &plan : portPlans(settings)) {
        // The addresses of one entry have the same.
        if (!plan.address->tls || std::exchange(last, plan.own) == plan.own)
            continue;
        const Result<std::shared_ptr<const net::TlsContext>> context = net::TlsContext::create(tlsOptions(plan));
        doctor::CertificateReport report{plan.title()};
        if (context)
            report.warnings = (*context)->warnings();
        else
            report.usable = Error(context.error().code(), placeOf(plan) + context.error().message());
        reports.append(report);
    }
    return reports;
}

Result<void> checkCertificates(const config::Settings &settings)
{
    QStringList problems;
    for (const doctor::CertificateReport &report : certificateReports(settings)) {
        if (!report.usable)
            problems.append(report.usable.error().message());
    }
    return problems.isEmpty() ? Result<void>() : Error(Error::Invalid, problems.join(u'\n'));
}

} // namespace Quern::app
