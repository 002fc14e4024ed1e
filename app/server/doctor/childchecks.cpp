#include "app/server/doctor/childchecks.h"

#include "app/host/childidentity.h"
#include "app/server/doctor/text.h"

#include <unistd.h>

namespace Quern::app::doctor {

namespace {

Check user(const config::ServerSettings &server, const std::optional<base::Identity> &ids)
{
    const QString name = QStringLiteral("user");
    if (!ids)
        return well(name, Text::tr("%1, which this process is").arg(server.user));
    return well(name,
                Text::tr("child processes become %1 (%2, group %3)").arg(server.user).arg(ids->uid).arg(ids->gid));
}

Check chroot(const config::ServerSettings &server, const base::Identity &ids)
{
    const QString name = QStringLiteral("chroot");
    const QString &folder = server.chroot;
    if (mayUse(server, ids, folder)) {
        return warning(name,
                       Text::tr("%1 may be written to by %2, who could put libraries and settings there that the "
                                "system's own code reads")
                           .arg(folder, server.user),
                       Text::tr("chown root %1; chmod 755 %1; and give that user a folder in it").arg(folder));
    }
    return well(name, Text::tr("%1 is / for the child processes").arg(folder));
}

} // namespace

Checks childChecks(const config::ServerSettings &server, const QStringList &files)
{
    if (const std::optional<ChildProblem> problem = childProblem(server))
        return {error(problem->key.section(u'.', 1), problem->found, problem->mend)};
    Checks checks;
    if (const std::optional<ChildProblem> problem = trustProblem(server, files))
        checks.append(error(problem->key.section(u'.', 1), problem->found, problem->mend));
    const Result<std::optional<base::Identity>> ids = childUser(server);
    if (ids && !server.user.isEmpty())
        checks.append(user(server, *ids));
    if (ids && *ids && !server.chroot.isEmpty())
        checks.append(chroot(server, **ids));
    if (server.childLimits != config::ChildLimits())
        checks.append(well(QStringLiteral("child_limits"), Text::tr("each may be had")));
    return checks;
}

} // namespace Quern::app::doctor
