#pragma once

#include "admin/protocol/endpoint.h"

#include <span>

namespace Quern::admin {

/// Where the WebSocket is that speaks the protocol's own messages.
inline constexpr QLatin1StringView streamPath("/api/v1/stream");
/// The subprotocol that it agrees to.
inline constexpr QLatin1StringView streamProtocol("quern.v1");
/// Where the OpenAPI document is.
inline constexpr QLatin1StringView documentPath("/api/v1/openapi.json");

/// All endpoints but that of the metrics, in the order of the OpenAPI document.
std::span<const Endpoint> endpoints();

/// Where Prometheus reads the metrics. \a isPublic: without a token.
Endpoint metricsEndpoint(const QString &path, bool isPublic);

/// Methods that only a stream can ask for, since they are answered by events.
std::span<const QLatin1StringView> streamMethods();

/// "GET"
QLatin1StringView verbName(Endpoint::Verb verb);

} // namespace Quern::admin
