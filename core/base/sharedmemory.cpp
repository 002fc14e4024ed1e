#include "base/sharedmemory.h"

#include "base/systemerror.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace Quern::base {

SharedMemory::SharedMemory(SharedMemory &&other) noexcept
    : m_fd(std::move(other.m_fd))
    , m_data(std::exchange(other.m_data, nullptr))
    , m_size(std::exchange(other.m_size, 0))
{
}

SharedMemory &SharedMemory::operator=(SharedMemory &&other) noexcept
{
    std::swap(m_fd, other.m_fd);
    std::swap(m_data, other.m_data);
    std::swap(m_size, other.m_size);
    return *this;
}

SharedMemory::~SharedMemory()
{
    if (m_data)
        ::munmap(m_data, m_size);
}

Result<SharedMemory> SharedMemory::create(const char *name, std::size_t size)
{
    FileDescriptor fd(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
    if (!fd.isValid())
        return systemError(QStringLiteral("memfd_create"));
    if (::ftruncate(fd.get(), off_t(size)) != 0)
        return systemError(QStringLiteral("shared memory of %1 bytes").arg(size));
    if (::fcntl(fd.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL) != 0)
        return systemError(QStringLiteral("sealing shared memory"));
    return map(std::move(fd), size);
}

Result<SharedMemory> SharedMemory::adopt(int descriptor, std::size_t size)
{
    FileDescriptor fd(descriptor);
    struct stat info = {};
    if (::fstat(fd.get(), &info) != 0)
        return systemError(QStringLiteral("inherited shared memory"));
    if (std::size_t(info.st_size) != size) {
        return Error(Error::Invalid,
                     QStringLiteral("inherited shared memory has %1 bytes, not %2").arg(info.st_size).arg(size));
    }
    return map(std::move(fd), size);
}

Result<SharedMemory> SharedMemory::map(FileDescriptor fd, std::size_t size)
{
    void *data = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
    if (data == MAP_FAILED)
        return systemError(QStringLiteral("mapping %1 bytes of shared memory").arg(size));
    SharedMemory memory;
    memory.m_fd = std::move(fd);
    memory.m_data = data;
    memory.m_size = size;
    return memory;
}

} // namespace Quern::base
