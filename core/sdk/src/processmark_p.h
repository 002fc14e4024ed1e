#pragma once

#include <Quern/global.h>

#include <QtGlobal>

namespace Quern {

/// How processes sign what they hold in shared memory, in 30 bits: when they started, 8 bits | pid, 22 bits. So that
/// what a dead one has held is not taken for that of a later process to which the kernel gives its pid. The start is 0
/// where it is not known, as without /proc: then the pid alone counts.
inline constexpr int ProcessMarkBits = 30;

/// Of this process, without a system call but for the first time; in one that was forked as well. Never 0. Any thread.
QUERN_EXPORT quint32 processMark();
/// Whether the process that has \a mark is no more. Of 255 successors under its pid one is mistaken for it. Any thread.
QUERN_EXPORT bool isProcessGone(quint32 mark);

} // namespace Quern
