#include "admin/protocol/endpoints.h"

#include "admin/protocol/endpointrows.h"
#include "admin/protocol/methods.h"

#include <array>

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

using Verb = Endpoint::Verb;

std::span<const Endpoint> endpoints()
{
    static const std::vector<Endpoint> list = endpointRows();
    return list;
}

std::vector<Endpoint> endpointsAt(const QMap<QString, QString> &places)
{
    const std::span<const Endpoint> all = endpoints();
    std::vector<Endpoint> list(all.begin(), all.end());
    for (Endpoint &endpoint : list)
        endpoint.path = places.value(endpoint.path, endpoint.path);
    return list;
}

std::span<const QLatin1StringView> streamMethods()
{
    static constexpr std::array methods = {Methods::logFollow};
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
