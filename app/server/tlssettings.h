#pragma once

#include "app/server/doctor/certificatechecks.h"
#include "net/tlscontext.h"

#include <Quern/result.h>

#include <QList>

#include <memory>

namespace Quern::config {
struct Settings;
}

namespace Quern::app {

struct PortPlan;

/// Reads the certificates of a port whose address is "tls:…". An error names the port, the file and the mend; what is
/// only worth a warning is logged.
Result<std::shared_ptr<const net::TlsContext>> tlsContext(const PortPlan &plan);

/// Of [server] and each socket that is enabled, if they have an address "tls:…". Nothing is logged.
QList<doctor::CertificateReport> certificateReports(const config::Settings &settings);

/// Fails with a line for each of these that cannot be used.
Result<void> checkCertificates(const config::Settings &settings);

} // namespace Quern::app
