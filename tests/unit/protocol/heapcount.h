#pragma once

#include <cstddef>

namespace Quern::tests {

/// Whether this program counts what it allocates: a sanitizer's allocator cannot be counted.
extern const bool countsHeap;

/// What this thread has taken of malloc() and its kin, those of libraries included.
struct HeapCount
{
    std::size_t allocations = 0; ///< since the start; growing one in place counts too
    std::size_t bytes = 0;       ///< in use
};
HeapCount heapCount();

} // namespace Quern::tests
