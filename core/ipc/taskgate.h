#pragma once

#include "ipc/childpage.h"

#include <memory>

namespace Quern::ipc {

/// Which tasks of its channel a task worker has begun: their sequence runs from 1, and it begins one after the other.
/// Like an EventGate, but what had not been begun can be taken back from a worker that lives on: a task that is stuck
/// behind a slow one goes to another worker. One word holds sequence << 1 | closed.
///
/// The news of an end waits for those behind it, so that they leave together, and is lost with a child that dies
/// before. So a second word, sequence << 1 | hasResults, tells up to where all tasks were done, but for failures that
/// the master has been told of.
///
/// The master's half: lives in the broker's thread.
class TaskGate
{
public:
    /// What a dead child had done.
    struct Done
    {
        quint64 sequence = 0;    ///< of the last task
        bool hasResults = false; ///< there were results among those that were not told
    };

    explicit TaskGate(std::shared_ptr<ChildPage> page) : m_page(std::move(page)), m_word(m_page->taskProgress().word) {}

    /// The sequence of the last task that the child has begun, or that was taken back from it; 0 if none.
    quint64 begun() const { return m_word.load(std::memory_order_acquire) >> 1; }
    /// Takes back all tasks behind the one returned, up to \a lastSent: the child drops them when it meets them.
    quint64 takeBack(quint64 lastSent)
    {
        const quint64 last = m_word.fetch_or(1, std::memory_order_acq_rel) >> 1;
        m_word.store(lastSent << 1, std::memory_order_release);
        return last;
    }
    /// The child begins nothing more. Returns the last that it has begun.
    quint64 close() { return m_word.fetch_or(1, std::memory_order_acq_rel) >> 1; }
    Done done() const
    {
        const quint64 word = m_page->taskProgress().done.load(std::memory_order_acquire);
        return {word >> 1, (word & 1) != 0};
    }

private:
    std::shared_ptr<ChildPage> m_page;
    std::atomic<quint64> &m_word;
};

/// The child's half: begins the task \a sequence. False if it has been taken back.
inline bool beginTask(TaskProgress &progress, quint64 sequence)
{
    quint64 expected = (sequence - 1) << 1;
    return progress.word.compare_exchange_strong(expected, sequence << 1, std::memory_order_acq_rel);
}

/// The same for an end: what has begun up to \a sequence is done, or its failure has been told. \a hasResults: among
/// what has not been told are results.
inline void markTasksDone(TaskProgress &progress, quint64 sequence, bool hasResults)
{
    progress.done.store(sequence << 1 | quint64(hasResults), std::memory_order_release);
}

} // namespace Quern::ipc
