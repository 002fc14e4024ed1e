#pragma once

#include "net/tlscontext.h"

#include <Quern/result.h>

#include <memory>

namespace Quern::app {

struct PortPlan;

/// Reads the certificates of a port whose address is "tls:…". An error names the port, the file and the mend; what is
/// only worth a warning is logged.
Result<std::shared_ptr<const net::TlsContext>> tlsContext(const PortPlan &plan);

} // namespace Quern::app
