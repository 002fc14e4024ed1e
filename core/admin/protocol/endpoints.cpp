#include "admin/protocol/endpoints.h"

#include "admin/protocol/endpointparts.h"
#include "admin/protocol/endpointrows.h"
#include "admin/protocol/methods.h"

#include <array>

namespace Quern::admin {

std::span<const Endpoint> endpoints()
{
    static const std::vector<Endpoint> list = endpointRows();
    return list;
}

Endpoint metricsEndpoint(const QString &path, bool isPublic)
{
    return {.path = path,
            .method = Methods::metricsRead,
            .summary = "All metrics, as Prometheus reads them."_L1,
            .answer = Answer::Text,
            .contentType = "text/plain; version=0.0.4; charset=utf-8",
            .isPublic = isPublic};
}

std::span<const QLatin1StringView> streamMethods()
{
    static constexpr std::array methods = {Methods::logFollow, Methods::operationWatch, Methods::serverSubscribe};
    return methods;
}

QLatin1StringView verbName(Endpoint::Verb verb)
{
    switch (verb) {
    case Verb::Get:
        return "GET"_L1;
    case Verb::Put:
        return "PUT"_L1;
    case Verb::Post:
        return "POST"_L1;
    case Verb::Delete:
        return "DELETE"_L1;
    }
    Q_UNREACHABLE();
}

} // namespace Quern::admin
