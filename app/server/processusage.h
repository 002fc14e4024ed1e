#pragma once

#include <QtGlobal>

namespace Quern::app {

/// What the kernel says of a process. All 0 if there is none, or it cannot be read.
struct ProcessUsage
{
    qint64 residentBytes = 0;
    double cpuSeconds = 0; ///< of all its threads since it started, user and system
    qint64 threads = 0;
};

/// Reads /proc; any thread.
ProcessUsage usageOf(qint64 pid);
/// Bytes of resident memory that is its own: heap and stacks, and neither files nor shared memory. 0 if there is no
/// such process. Reads /proc; any thread.
qint64 ownMemoryOf(qint64 pid);

} // namespace Quern::app
