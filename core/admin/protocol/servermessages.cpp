#include "admin/protocol/servermessages.h"

#include "admin/protocol/jsonschema.h"

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto fieldsOf<ReloadRequest> = std::tuple{Field{"taskWorkers"_L1, &ReloadRequest::taskWorkers}};

template <>
constexpr auto fieldsOf<ScaleRequest> = std::tuple{
    Field{"workers"_L1, &ScaleRequest::workers},
    Field{"taskWorkers"_L1, &ScaleRequest::taskWorkers},
};

template <>
constexpr auto fieldsOf<RestartRequest> = std::tuple{
    Field{"environment"_L1, &RestartRequest::environment},
    Field{"versionLabel"_L1, &RestartRequest::versionLabel},
};

template <>
constexpr auto fieldsOf<DrainRequest> = std::tuple{Field{"on"_L1, &DrainRequest::on}};

template <>
constexpr auto fieldsOf<WatchRequest> = std::tuple{Field{"on"_L1, &WatchRequest::on}};

template <>
constexpr auto fieldsOf<ProcessReference> = std::tuple{Field{"process"_L1, &ProcessReference::process},
                                                       Field{"pid"_L1, &ProcessReference::pid, Presence::Optional}};

template <>
constexpr auto fieldsOf<Subscription> = std::tuple{
    Field{"status"_L1, &Subscription::status},
    Field{"intervalMs"_L1, &Subscription::interval},
    Field{"operations"_L1, &Subscription::operations},
    Field{"processes"_L1, &Subscription::processes},
};

template <>
constexpr auto namesOf<ProcessEvent::What> = std::to_array<EnumName<ProcessEvent::What>>({
    {ProcessEvent::What::Ready, "ready"_L1},
    {ProcessEvent::What::Ended, "ended"_L1},
});

template <>
constexpr auto fieldsOf<ProcessEvent> = std::tuple{
    Field{"at"_L1, &ProcessEvent::at},     Field{"process"_L1, &ProcessEvent::process},
    Field{"pid"_L1, &ProcessEvent::pid},   Field{"generation"_L1, &ProcessEvent::generation},
    Field{"what"_L1, &ProcessEvent::what}, Field{"reason"_L1, &ProcessEvent::reason},
};

QJsonObject ReloadRequest::toJson() const
{
    return toJsonObject(*this);
}

Result<ReloadRequest> ReloadRequest::fromJson(const QJsonObject &json)
{
    return fromGivenMembers<ReloadRequest>(json);
}

QJsonObject ReloadRequest::schema()
{
    return schemaOf<ReloadRequest>();
}

QJsonObject ScaleRequest::toJson() const
{
    return toJsonObject(*this);
}

Result<ScaleRequest> ScaleRequest::fromJson(const QJsonObject &json)
{
    return fromGivenMembers<ScaleRequest>(json);
}

QJsonObject ScaleRequest::schema()
{
    return schemaOf<ScaleRequest>();
}

QJsonObject RestartRequest::toJson() const
{
    return toJsonObject(*this);
}

Result<RestartRequest> RestartRequest::fromJson(const QJsonObject &json)
{
    return fromGivenMembers<RestartRequest>(json);
}

QJsonObject RestartRequest::schema()
{
    return schemaOf<RestartRequest>();
}

QJsonObject DrainRequest::toJson() const
{
    return toJsonObject(*this);
}

Result<DrainRequest> DrainRequest::fromJson(const QJsonObject &json)
{
    return fromJsonObject<DrainRequest>(json);
}

QJsonObject DrainRequest::schema()
{
    return schemaOf<DrainRequest>();
}

QJsonObject WatchRequest::toJson() const
{
    return toJsonObject(*this);
}

Result<WatchRequest> WatchRequest::fromJson(const QJsonObject &json)
{
    return fromJsonObject<WatchRequest>(json);
}

QJsonObject WatchRequest::schema()
{
    return schemaOf<WatchRequest>();
}

QJsonObject ProcessReference::toJson() const
{
    return toJsonObject(*this);
}

Result<ProcessReference> ProcessReference::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ProcessReference>(json);
}

QJsonObject Subscription::toJson() const
{
    return toJsonObject(*this);
}

Result<Subscription> Subscription::fromJson(const QJsonObject &json)
{
    return fromGivenMembers<Subscription>(json);
}

QJsonObject ProcessEvent::toJson() const
{
    return toJsonObject(*this);
}

Result<ProcessEvent> ProcessEvent::fromJson(const QJsonObject &json)
{
    return fromJsonObject<ProcessEvent>(json);
}

} // namespace Quern::admin
