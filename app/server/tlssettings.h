#pragma once

#include "app/server/doctor/certificatechecks.h"
#include "net/tlscontext.h"

#include <Quern/result.h>

#include <QList>
#include <QSslKey>

#include <memory>
#include <vector>

namespace Quern::config {
struct Settings;
}

namespace Quern::app {

/// The certificates of each port of portPlans(), read once for each entry; null of one without TLS. An error has
/// the line and the key of the file at fault, and the mend; what is only worth a warning is logged, once.
Result<std::vector<std::shared_ptr<const net::TlsContext>>> tlsContexts(const config::Settings &settings);

/// Whether the management API has an address "tls:…", and files for it.
bool apiSpeaksTls(const config::Settings &settings);

/// What the management API speaks TLS with.
struct ApiCertificate
{
    QByteArray chain; ///< PEM
    QSslKey key;
};

/// Of it, tried as the API will have it. Nothing is logged. \a certificate, if it can be used, gets it.
doctor::CertificateReport apiCertificateReport(const config::Settings &settings, ApiCertificate *certificate = nullptr);

/// Of [server], each socket that is enabled and the management API, if they have an address "tls:…" and files for it:
/// that none are named is told of when the settings are read. Nothing is logged.
QList<doctor::CertificateReport> certificateReports(const config::Settings &settings);

/// Fails with a line for each of these that cannot be used.
Result<void> checkCertificates(const config::Settings &settings);

} // namespace Quern::app
