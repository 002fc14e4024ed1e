#pragma once

#include "admin/protocol/endpoint.h"

#include <vector>

// What the tables of endpoints are made of. For this folder's sources.

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

using Verb = Endpoint::Verb;
using Answer = Endpoint::Answer;
using Type = EndpointParameter::Type;

inline EndpointParameter inPath(QLatin1StringView name, QLatin1StringView summary, Type type = Type::Text)
{
    return {name, EndpointParameter::Place::Path, type, QJsonValue::Undefined, summary};
}

inline EndpointParameter inQuery(QLatin1StringView name, QLatin1StringView summary, Type type,
                                 const QJsonValue &otherwise)
{
    return {name, EndpointParameter::Place::Query, type, otherwise, summary};
}

/// How many are wanted of a page.
inline EndpointParameter limit(int most)
{
    EndpointParameter parameter = inQuery("limit"_L1, "how many"_L1, Type::Integer, 100);
    parameter.least = 1;
    parameter.most = most;
    return parameter;
}

inline EndpointSchema shape(QLatin1StringView name, QJsonObject (*schema)())
{
    return {name, schema};
}

inline QString api(const char *path)
{
    return u"/api/v1"_s + QLatin1StringView(path);
}

/// Of a method whose result is empty.
inline EndpointSchema nothing()
{
    return {"Nothing"_L1, [] { return QJsonObject{{u"type"_s, u"object"_s}}; }};
}

/// Processes, listeners, connections, tables and atomics.
std::vector<Endpoint> resourceEndpoints();

} // namespace Quern::admin
