#include "heapcount.h"

#include <malloc.h>

#if defined(__SANITIZE_ADDRESS__)
#define QUERN_FOREIGN_ALLOCATOR
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define QUERN_FOREIGN_ALLOCATOR
#endif
#endif

namespace Quern::tests {

namespace {

constinit thread_local HeapCount count;

} // namespace

HeapCount heapCount()
{
    return count;
}

#ifdef QUERN_FOREIGN_ALLOCATOR

const bool countsHeap = false;

} // namespace Quern::tests

#else

const bool countsHeap = true;

namespace {

void *taken(void *memory)
{
    ++count.allocations;
    count.bytes += ::malloc_usable_size(memory);
    return memory;
}

void giveBack(void *memory)
{
    count.bytes -= ::malloc_usable_size(memory);
}

} // namespace

} // namespace Quern::tests

extern "C" {

void *__libc_malloc(std::size_t size);
void *__libc_calloc(std::size_t number, std::size_t size);
void *__libc_realloc(void *memory, std::size_t size);
void __libc_free(void *memory);

// They stand before the C library's own for the whole program.
__attribute__((visibility("default"))) void *malloc(std::size_t size) noexcept
{
    return Quern::tests::taken(__libc_malloc(size));
}

__attribute__((visibility("default"))) void *calloc(std::size_t number, std::size_t size) noexcept
{
    return Quern::tests::taken(__libc_calloc(number, size));
}

__attribute__((visibility("default"))) void *realloc(void *memory, std::size_t size) noexcept
{
    Quern::tests::giveBack(memory);
    return Quern::tests::taken(__libc_realloc(memory, size));
}

__attribute__((visibility("default"))) void free(void *memory) noexcept
{
    Quern::tests::giveBack(memory);
    __libc_free(memory);
}
}

#endif
