#pragma once

#include "admin/protocol/endpoint.h"

#include <QMap>

#include <span>
#include <vector>

namespace Quern::admin {

/// Where the WebSocket is that speaks the protocol's own messages.
inline constexpr QLatin1StringView streamPath("/api/v1/stream");
/// Where the OpenAPI document is.
inline constexpr QLatin1StringView documentPath("/api/v1/openapi.json");

/// All endpoints, in the order of the OpenAPI document.
std::span<const Endpoint> endpoints();

/// The same, with those paths that \a places has replaced: {"/metrics", "/internal/metrics"}.
std::vector<Endpoint> endpointsAt(const QMap<QString, QString> &places);

/// Methods that only a stream can ask for, since they are answered by events.
std::span<const QLatin1StringView> streamMethods();

/// "GET"
QLatin1StringView verbName(Endpoint::Verb verb);

} // namespace Quern::admin
