#pragma once

#include <QString>

#include <optional>
#include <sys/resource.h>
#include <sys/types.h>

namespace Quern::config {

/// What one child process may use at most, by setrlimit(2); null: what the master may use.
struct ChildLimits
{
    static constexpr quint64 Unlimited = RLIM_INFINITY;

    std::optional<quint64> openFiles;    ///< "nofile"
    std::optional<quint64> processes;    ///< "nproc": of its user, threads included, not of root
    std::optional<quint64> addressSpace; ///< "as", bytes
    std::optional<quint64> coreSize;     ///< "core", bytes
    std::optional<quint64> fileSize;     ///< "fsize", bytes

    bool operator==(const ChildLimits &) const = default;
};

/// Who the child processes are and what they may use. It is a part of ServerSettings, so that the same rules read both.
struct ChildSettings
{
    QString user;                    ///< name or number; empty: that of the master
    QString group;                   ///< the same; empty: the groups of user
    QString chroot;                  ///< absolute once loaded; empty: none
    std::optional<mode_t> childMask; ///< permissions that files they make do not get; null: the master's
    ChildLimits childLimits;

    bool operator==(const ChildSettings &) const = default;
};

} // namespace Quern::config
