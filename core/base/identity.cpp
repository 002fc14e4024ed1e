#include "base/identity.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/fsuid.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace Quern::base {

namespace {

/// What the C library offers changes all threads.
bool setThreadGroups(const std::vector<gid_t> &groups)
{
    return ::syscall(SYS_setgroups, groups.size(), groups.data()) == 0;
}

/// The calls tell what was before, and never whether they were refused; an id that cannot be changes nothing.
uid_t presentUser()
{
    return uid_t(::setfsuid(uid_t(-1)));
}

gid_t presentGroup()
{
    return gid_t(::setfsgid(gid_t(-1)));
}

/// What the permissions of a file say, and nothing else.
bool permit(const struct stat &status, const Identity &user, int mode)
{
    mode_t bits = status.st_mode;
    if (status.st_uid == user.uid)
        bits >>= 6;
    else if (status.st_gid == user.gid ||
             std::find(user.groups.begin(), user.groups.end(), status.st_gid) != user.groups.end())
        bits >>= 3;
    return (bits & mode_t(mode)) == mode_t(mode);
}

} // namespace

ActingAs::ActingAs(const Identity &identity) : m_uid(presentUser()), m_gid(presentGroup())
{
    const int count = ::getgroups(0, nullptr);
    m_groups.resize(count > 0 ? std::size_t(count) : 0);
    if (count < 0 || ::getgroups(count, m_groups.data()) != count || !setThreadGroups(identity.groups))
        return;
    ::setfsgid(identity.gid);
    ::setfsuid(identity.uid);
    m_isEffective = presentUser() == identity.uid && presentGroup() == identity.gid;
    if (!m_isEffective) {
        ::setfsuid(m_uid);
        ::setfsgid(m_gid);
        setThreadGroups(m_groups);
    }
}

ActingAs::~ActingAs()
{
    if (!m_isEffective)
        return;
    ::setfsuid(m_uid);
    ::setfsgid(m_gid);
    // What was root a moment ago still is: only a thread that has lost its way would go on with too few rights.
    if (!setThreadGroups(m_groups) || presentUser() != m_uid || presentGroup() != m_gid)
        qFatal("a thread could not become its own user again");
}

bool mayAccess(const Identity &user, int folder, const QByteArray &path, int mode)
{
    const ActingAs acting(user);
    if (!acting.isEffective())
        return false;
    // Not faccessat(): where the kernel lacks this call (before 5.8), that answers for whoever the process is.
    if (::syscall(SYS_faccessat2, folder, path.constData(), mode, AT_EACCESS) == 0)
        return true;
    struct stat status = {};
    return (errno == ENOSYS || errno == EPERM) && ::fstatat(folder, path.constData(), &status, 0) == 0 &&
           permit(status, user, mode);
}

} // namespace Quern::base
