#include "admin/protocol/cronmessages.h"

#include "admin/protocol/jsonmapping.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto fieldsOf<CronJobReference> = std::tuple{
    Field{"job"_L1, &CronJobReference::job},
};

QJsonObject CronJobReference::toJson() const
{
    return toJsonObject(*this);
}

Result<CronJobReference> CronJobReference::fromJson(const QJsonObject &json)
{
    return fromJsonObject<CronJobReference>(json);
}

} // namespace Quern::admin
