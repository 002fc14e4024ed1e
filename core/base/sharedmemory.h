#pragma once

#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <cstddef>

namespace Quern::base {

/// An anonymous shared memory area (memfd): it has no name in the file system, so nothing is left behind when the last
/// process that maps it dies. Any thread.
class SharedMemory
{
public:
    SharedMemory() = default;
    SharedMemory(SharedMemory &&other) noexcept;
    SharedMemory &operator=(SharedMemory &&other) noexcept;
    ~SharedMemory();

    /// A new zero-filled area of \a size bytes; \a name is for /proc only. Its descriptor is close-on-exec and sealed
    /// against resizing, so that no process can make another's access fault.
    static Result<SharedMemory> create(const char *name, std::size_t size);
    /// Maps an inherited area, of which \a fd is the descriptor; takes \a fd over.
    /// Error::Invalid if it has not exactly \a size bytes.
    static Result<SharedMemory> adopt(int fd, std::size_t size);

    void *data() const { return m_data; }
    std::size_t size() const { return m_size; }
    int descriptor() const { return m_fd.get(); }

private:
    static Result<SharedMemory> map(FileDescriptor fd, std::size_t size);

    FileDescriptor m_fd;
    void *m_data = nullptr;
    std::size_t m_size = 0;
};

} // namespace Quern::base
