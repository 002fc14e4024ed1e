#pragma once

#include <QString>
#include <QtGlobal>

#include <atomic>
#include <memory>

namespace Quern {

/// One atomic in shared memory.
struct alignas(64) AtomicCell
{
    std::atomic<qint64> value;
    /// Where waiters sleep. Its last bit: somebody may; else it counts the changes that had sleepers.
    std::atomic<quint32> futex;
    std::atomic<quint32> wakes; ///< calls of wake()
};
static_assert(std::atomic<qint64>::is_always_lock_free && std::atomic<quint32>::is_always_lock_free);

/// One atomic as this process sees it.
class AtomicCore
{
public:
    std::shared_ptr<void> memory; ///< keeps the cell
    AtomicCell *cell = nullptr;
    QString name;
};

} // namespace Quern
