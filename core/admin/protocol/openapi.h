#pragma once

#include "admin/protocol/endpoint.h"

#include <QJsonObject>
#include <QString>

#include <span>

namespace Quern::admin {

/// The OpenAPI 3.1 document of \a endpoints, of a server of that \a version.
QJsonObject openApiDocument(std::span<const Endpoint> endpoints, const QString &version);

} // namespace Quern::admin
