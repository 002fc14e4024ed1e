#pragma once

#include <Quern/result.h>

#include <QJsonObject>
#include <QLatin1StringView>
#include <QString>

#include <optional>
#include <span>

namespace Quern::admin {

/// What somebody may do with the server; each role may do what those before it may.
enum class Role {
    Viewer,   ///< looks at the server, and not at secrets, payloads and rows
    Operator, ///< leads the service: reload, cron jobs, tasks, connections, levels of the log
    Admin,    ///< changes its data and ends it: tables, atomics, stop, restart
};

/// Who somebody is to the server, and what he may do: the result of server.access.
/// Shape: {"role": "operator", "name": "token deploy from 127.0.0.1"}
struct Access
{
    Role role = Role::Viewer;
    QString name; ///< as in the audit log

    QJsonObject toJson() const;
    /// Error::Protocol names the member and what is wrong with it.
    static Result<Access> fromJson(const QJsonObject &json);
    /// See EndpointSchema.
    static QJsonObject schema();

    bool operator==(const Access &) const = default;
};

/// Who may ask for a method of the management protocol.
struct MethodAccess
{
    QLatin1StringView method;
    Role role = Role::Admin; ///< the least that may
    bool isChange = true;    ///< it changes something: the audit log tells of it
};

/// All methods, in the order of methods.h.
std::span<const MethodAccess> methodAccess();
/// Null if there is no such method.
const MethodAccess *findMethodAccess(QStringView method);

/// Whether \a role may ask for \a method. Error::NotFound: there is none; Error::Permission: only others may.
Result<void> checkAccess(Role role, QStringView method);

/// "viewer", as in the file of tokens.
QString roleName(Role role);
std::optional<Role> roleOfName(QStringView name);

} // namespace Quern::admin
