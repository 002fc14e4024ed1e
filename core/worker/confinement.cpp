#include "worker/confinement.h"

#include "base/systemerror.h"

#include <QFile>
#include <QSslConfiguration>
#include <QSslSocket>

#include <algorithm>
#include <array>
#include <cerrno>
#include <csignal>
#include <ctime>
#include <grp.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::worker {

namespace {

using Limit = ipc::Confinement::Limit;

struct Resource
{
    const char *name;
    __rlimit_resource number;
};

constexpr std::array resources = {
    Resource{"nofile", RLIMIT_NOFILE}, Resource{"nproc", RLIMIT_NPROC}, Resource{"as", RLIMIT_AS},
    Resource{"core", RLIMIT_CORE},     Resource{"fsize", RLIMIT_FSIZE},
};

Error limitError(const Limit &limit, const Error &error)
{
    return Error(error.code(),
                 QStringLiteral("child_limits: %1 cannot be %2: %3; raise the limit of the server, or "
                                "lower it here")
                     .arg(limit.name,
                          limit.value == Limit::Unlimited ? QStringLiteral("unlimited") : QString::number(limit.value),
                          error.message()));
}

Result<void> applyLimit(const Limit &limit)
{
    const auto resource = std::find_if(resources.begin(), resources.end(), [&limit](const Resource &each) {
        return limit.name == QLatin1StringView(each.name);
    });
    if (resource == resources.end())
        return limitError(limit, Error(Error::Invalid, QStringLiteral("there is no such limit")));
    const rlim_t value = limit.value == Limit::Unlimited ? RLIM_INFINITY : rlim_t(limit.value);
    // The hard one, too: a handler must not take it back.
    const rlimit both = {value, value};
    if (::setrlimit(resource->number, &both) != 0)
        return limitError(limit, base::systemError(QStringLiteral("setrlimit")));
    return {};
}

/// What libraries look up the first time that it is needed, which is not found any more below another root: the time
/// zone, the plugin of Qt that speaks TLS, and the certificates that it trusts.
void loadBeforeChroot()
{
    ::tzset();
    if (!QSslSocket::supportsSsl())
        return;
    QSslConfiguration configuration = QSslConfiguration::defaultConfiguration();
    configuration.setCaCertificates(QSslConfiguration::systemCaCertificates());
    QSslConfiguration::setDefaultConfiguration(configuration);
}

Error cannotBecome(const ipc::Confinement &confinement, const QString &call)
{
    const Error error = base::systemError(call);
    return Error(error.code(),
                 QStringLiteral("user: the child cannot become \"%1\": %2; start the server as root, with "
                                "CAP_SETUID and CAP_SETGID")
                     .arg(confinement.userName, error.message()));
}

Result<void> changeRoot(const QString &root)
{
    if (::chroot(QFile::encodeName(root).constData()) == 0 && ::chdir("/") == 0)
        return {};
    const Error error = base::systemError(root);
    return Error(error.code(), QStringLiteral("chroot: %1; start the server as root, with CAP_SYS_CHROOT, and see that "
                                              "the folder is there")
                                   .arg(error.message()));
}

/// Whether the process is \a user in every respect, and no call makes it root again.
bool isBound(const base::Identity &user)
{
    uid_t uids[3] = {};
    gid_t gids[3] = {};
    if (::getresuid(&uids[0], &uids[1], &uids[2]) != 0 || ::getresgid(&gids[0], &gids[1], &gids[2]) != 0)
        return false;
    const bool isUser = std::all_of(std::begin(uids), std::end(uids), [&user](uid_t each) { return each == user.uid; });
    const bool isGroup =
        std::all_of(std::begin(gids), std::end(gids), [&user](gid_t each) { return each == user.gid; });
    return isUser && isGroup && ::setuid(0) != 0 && ::seteuid(0) != 0 && (user.gid == 0 || ::setegid(0) != 0);
}

} // namespace

Result<void> applyLimits(const ipc::Confinement &confinement)
{
    if (confinement.mask)
        ::umask(*confinement.mask);
    for (const Limit &limit : confinement.limits) {
        if (const Result<void> applied = applyLimit(limit); !applied)
            return applied;
    }
    return {};
}

Result<void> confine(const ipc::Confinement &confinement, pid_t master)
{
    if (!confinement.user)
        return {};
    const base::Identity &user = *confinement.user;
    if (!confinement.root.isEmpty())
        loadBeforeChroot();
    if (::setgroups(user.groups.size(), user.groups.data()) != 0)
        return cannotBecome(confinement, QStringLiteral("setgroups"));
    if (!confinement.root.isEmpty()) {
        if (const Result<void> changed = changeRoot(confinement.root); !changed)
            return changed;
    }
    if (::setresgid(user.gid, user.gid, user.gid) != 0)
        return cannotBecome(confinement, QStringLiteral("setresgid"));
    if (::setresuid(user.uid, user.uid, user.uid) != 0)
        return cannotBecome(confinement, QStringLiteral("setresuid"));
    // Nor does a program that the child starts get more rights than it has: one with the set-user-ID bit, for instance.
    if (::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        return cannotBecome(confinement, QStringLiteral("prctl(PR_SET_NO_NEW_PRIVS)"));
    if (!isBound(user)) {
        return Error(Error::Permission,
                     QStringLiteral("user: the child has become \"%1\", and could become root again; "
                                    "name another user")
                         .arg(confinement.userName));
    }
    // The change has taken both away: a child dies with its master, and may read what /proc tells of itself, and leave
    // a core file.
    ::prctl(PR_SET_DUMPABLE, 1);
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != master)
        return Error(Error::Unavailable, QStringLiteral("the master has gone"));
    return {};
}

} // namespace Quern::worker
