#include "admin/protocol/access.h"

#include "admin/protocol/jsonschema.h"
#include "admin/protocol/message.h"
#include "admin/protocol/methods.h"

#include <algorithm>
#include <array>

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<Role> = std::to_array<EnumName<Role>>({
    {Role::Viewer, "viewer"_L1},
    {Role::Operator, "operator"_L1},
    {Role::Admin, "admin"_L1},
});

template <>
constexpr auto fieldsOf<Access> = std::tuple{
    Field{"role"_L1, &Access::role},
    Field{"name"_L1, &Access::name},
};

namespace {

constexpr MethodAccess look(QLatin1StringView method)
{
    return {method, Role::Viewer, false};
}

/// At what the clients and handlers of the server have written.
constexpr MethodAccess lead(QLatin1StringView method)
{
    return {method, Role::Operator, false};
}

constexpr MethodAccess change(QLatin1StringView method, Role role)
{
    return {method, role, true};
}

constexpr std::array accesses = {
    look(Methods::serverStatus),
    look(Methods::serverHealth),
    look(Methods::serverAccess),
    change(Methods::serverStop, Role::Admin),
    change(Methods::serverReload, Role::Operator),
    change(Methods::serverScale, Role::Operator),
    change(Methods::serverDrain, Role::Operator),
    change(Methods::serverRestart, Role::Admin),
    change(Methods::serverWatch, Role::Operator),
    look(Methods::serverSubscribe),
    look(Methods::processList),
    change(Methods::processRecycle, Role::Operator),
    change(Methods::processKill, Role::Admin),
    look(Methods::configRead),
    MethodAccess{Methods::configCheck, Role::Admin, false}, // a candidate may ask for what the environment keeps secret
    look(Methods::operationList),
    look(Methods::operationRead),
    look(Methods::operationWatch),
    look(Methods::metricsRead),
    look(Methods::pluginList),
    look(Methods::logRead),
    look(Methods::logFollow),
    change(Methods::logSetLevel, Role::Operator),
    look(Methods::taskDeadLetters),
    lead(Methods::taskDeadPayload),
    change(Methods::taskRetry, Role::Operator),
    change(Methods::taskDrop, Role::Operator),
    MethodAccess{Methods::auditRead, Role::Operator, false},
    change(Methods::cronRun, Role::Operator),
    change(Methods::cronPause, Role::Operator),
    change(Methods::cronResume, Role::Operator),
    look(Methods::tableList),
    lead(Methods::tableRows),
    change(Methods::tableSet, Role::Admin),
    change(Methods::tableDelete, Role::Admin),
    look(Methods::atomicList),
    change(Methods::atomicSet, Role::Admin),
    look(Methods::connectionList),
    change(Methods::connectionClose, Role::Operator),
    change(Methods::connectionPush, Role::Operator),
    look(Methods::listenerList),
};

} // namespace

std::span<const MethodAccess> methodAccess()
{
    return accesses;
}

const MethodAccess *findMethodAccess(QStringView method)
{
    const auto found = std::find_if(accesses.begin(), accesses.end(),
                                    [method](const MethodAccess &access) { return access.method == method; });
    return found == accesses.end() ? nullptr : &*found;
}

Result<void> checkAccess(Role role, QStringView method)
{
    const MethodAccess *access = findMethodAccess(method);
    if (!access)
        return noMethod(method);
    if (role < access->role) {
        return Error(Error::Permission,
                     QStringLiteral("%1 is for the role %2 and above, and this token has the role %3")
                         .arg(method, roleName(access->role), roleName(role)));
    }
    return {};
}

QString roleName(Role role)
{
    return toJsonValue(role).toString();
}

std::optional<Role> roleOfName(QStringView name)
{
    constexpr auto &names = namesOf<Role>;
    const auto found = std::find_if(names.begin(), names.end(), [name](const auto &each) { return each.name == name; });
    return found == names.end() ? std::nullopt : std::optional<Role>(found->value);
}

QJsonObject Access::toJson() const
{
    return toJsonObject(*this);
}

Result<Access> Access::fromJson(const QJsonObject &json)
{
    return fromJsonObject<Access>(json);
}

QJsonObject Access::schema()
{
    return schemaOf<Access>();
}

} // namespace Quern::admin
