#include "base/descriptorceiling.h"

#include <atomic>
#include <cerrno>
#include <limits>

namespace Quern::base {

namespace {

std::atomic<int> descriptorCeiling = std::numeric_limits<int>::max();

} // namespace

void keepDescriptorsFrom(int ceiling)
{
    descriptorCeiling.store(ceiling, std::memory_order_relaxed);
}

FileDescriptor onBehalfOfClient(FileDescriptor fd)
{
    if (fd.get() < descriptorCeiling.load(std::memory_order_relaxed))
        return fd;
    fd.reset();
    errno = EMFILE;
    return fd;
}

} // namespace Quern::base
