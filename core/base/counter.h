#pragma once

#include <QtGlobal>

#include <atomic>

namespace Quern::base {

/// Adds to a number that one thread alone writes and any thread reads: cheaper than a locked instruction.
inline void addTo(std::atomic<quint64> &number, quint64 difference)
{
    number.store(number.load(std::memory_order_relaxed) + difference, std::memory_order_relaxed);
}

} // namespace Quern::base
