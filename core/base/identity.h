#pragma once

#include <Quern/result.h>

#include <QByteArray>

#include <sys/types.h>
#include <vector>

namespace Quern::base {

/// A user, as the kernel asks for one. A plain value.
struct Identity
{
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; ///< supplementary ones

    bool operator==(const Identity &) const = default;
};

/// While it lives, files are opened and looked up in this thread alone with the rights of another user, which the
/// process, being root, may lend itself (setfsuid(2)). For root naming a file on behalf of somebody who might name one
/// that is none of his business. Short: no other code runs in between. The thread must outlive it.
/// The kernel takes a process that has done so for one that knows secrets: it leaves no core file (PR_SET_DUMPABLE).
class ActingAs
{
public:
    explicit ActingAs(const Identity &identity);
    ~ActingAs();
    Q_DISABLE_COPY_MOVE(ActingAs)

    /// False if the kernel has refused: then nothing has changed, and nothing may be opened.
    [[nodiscard]] bool isEffective() const { return m_isEffective; }

private:
    std::vector<gid_t> m_groups; ///< of before
    uid_t m_uid = 0;
    gid_t m_gid = 0;
    bool m_isEffective = false;
};

/// Whether \a user may do with \a path what \a mode says: W_OK | X_OK. It is seen from \a folder, a descriptor or
/// AT_FDCWD; links are followed. Asks with the rights of that user: false if the process may not lend itself those.
bool mayAccess(const Identity &user, int folder, const QByteArray &path, int mode);

} // namespace Quern::base
