#pragma once

// For a test program that exports its symbols: what SQLite, a library loaded at run time, asks of the disk comes here.
// To be included by one source file.

#include <atomic>
#include <cerrno>
#include <sys/syscall.h>
#include <unistd.h>

namespace diskfaults {

inline std::atomic<bool> isFull = false;      ///< no file takes another byte
inline std::atomic<bool> isBroken = false;    ///< no file reaches the disk
inline std::atomic<int> synchronizations = 0; ///< so far

} // namespace diskfaults

#define QUERN_INTERPOSED extern "C" __attribute__((visibility("default")))

QUERN_INTERPOSED ssize_t pwrite64(int fd, const void *bytes, size_t count, off64_t offset)
{
    if (diskfaults::isFull) {
        errno = ENOSPC;
        return -1;
    }
    return ::syscall(SYS_pwrite64, fd, bytes, count, offset);
}

QUERN_INTERPOSED int fdatasync(int fd)
{
    ++diskfaults::synchronizations;
    if (diskfaults::isBroken) {
        errno = EIO;
        return -1;
    }
    return int(::syscall(SYS_fdatasync, fd));
}
