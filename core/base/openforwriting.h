#pragma once

#include <QString>

#include <optional>

namespace Quern::base {

/// Whether anybody on this machine has the plain file \a path open for writing (fcntl(2), F_SETLEASE). None where the
/// system does not say: of files of another user to whoever lacks CAP_LEASE, and on file systems that others share.
/// Whoever opens it for writing in the same moment waits for some microseconds. Blocks as long as its file system does.
std::optional<bool> isOpenForWriting(const QString &path);

} // namespace Quern::base
