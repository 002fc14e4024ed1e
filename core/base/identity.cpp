#include "base/identity.h"

#include <sys/fsuid.h>
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

} // namespace Quern::base
