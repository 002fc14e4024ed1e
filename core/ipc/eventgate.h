#pragma once

#include "ipc/childpage.h"

#include <memory>

namespace Quern::ipc {

/// Which events of a channel their child has begun: their sequence runs from 1, and a child begins one after the other.
/// When it dies, or is to leave, exactly those that it had not begun go to another. One word holds sequence << 1 |
/// closed, and whoever moves it first wins.
///
/// The master's half: lives in the thread of the reactor that the events come from.
class EventGate
{
public:
    EventGate(std::shared_ptr<ChildPage> page, int reactorId)
        : m_page(std::move(page))
        , m_word(m_page->eventProgress(reactorId).word)
    {
    }

    /// The sequence of the last event that the child has begun; 0 if none.
    quint64 begun() const { return m_word.load(std::memory_order_acquire) >> 1; }
    /// The child begins no more events of this channel. Returns begun(), which stays so.
    quint64 close() { return m_word.fetch_or(1, std::memory_order_acq_rel) >> 1; }

private:
    std::shared_ptr<ChildPage> m_page;
    std::atomic<quint64> &m_word;
};

/// The child's half: begins the event \a sequence, whose predecessor was the last one begun. False if the gate is
/// closed: the event, and all that follow, belong to another child.
inline bool beginEvent(EventProgress &progress, quint64 sequence)
{
    quint64 expected = progress.word.load(std::memory_order_relaxed);
    return (expected & 1) == 0 &&
           progress.word.compare_exchange_strong(expected, sequence << 1, std::memory_order_acq_rel);
}

} // namespace Quern::ipc
