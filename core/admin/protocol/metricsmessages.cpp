#include "admin/protocol/metricsmessages.h"

#include "admin/protocol/jsonmapping.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto fieldsOf<MetricsText> = std::tuple{Field{"text"_L1, &MetricsText::text}};

QJsonObject MetricsText::toJson() const
{
    return toJsonObject(*this);
}

Result<MetricsText> MetricsText::fromJson(const QJsonObject &json)
{
    return fromJsonObject<MetricsText>(json);
}

} // namespace Quern::admin
