#pragma once

#include "tasks/taskrecord.h"

#include <array>
#include <compare>
#include <optional>
#include <vector>

namespace Quern::tasks {

/// What waits in a ReadyQueue: the queue owns nothing.
struct ReadyEntry
{
    qint64 dueMs = 0;
    quint64 sequence = 0; ///< of arrival: the order of what is due together
    ReadyEntry *next = nullptr;
    quint8 priority = usualPriority;
};

/// Tasks that wait, by priority, due time and arrival. Lives in one thread.
///
/// Each priority has a list and a heap. What comes in order, which is nearly all that is due at once, goes to the end
/// of the list without any search; delayed tasks, retries and latecomers go to the heap. What is given back, in the
/// reverse order of its taking, goes to the list's beginning.
class ReadyQueue
{
public:
    void add(ReadyEntry *entry, bool isDelayed);
    /// Takes out the first one that is due; null if there is none.
    ReadyEntry *take(qint64 nowMs);

    std::optional<qint64> nextDueMs() const;
    qsizetype size() const { return m_size; }
    /// How many wait for their time. Looks at each that was delayed once.
    qsizetype delayed(qint64 nowMs) const;

private:
    /// An entry of a heap, with its key beside it: the heap is searched without a look at the entries.
    struct Place
    {
        qint64 dueMs;
        quint64 sequence;
        ReadyEntry *entry;
    };
    struct Lane
    {
        ReadyEntry *first = nullptr;
        ReadyEntry *last = nullptr;
        std::vector<Place> heap;
    };
    template <typename One, typename Other>
    static bool isBefore(const One &one, const Other &other)
    {
        return one.dueMs != other.dueMs ? one.dueMs < other.dueMs : one.sequence < other.sequence;
    }
    static bool isAfter(const Place &one, const Place &other) { return isBefore(other, one); }
    static bool isListFirst(const Lane &lane);
    static std::optional<qint64> nextDueMs(const Lane &lane);

    std::array<Lane, highestPriority + 1> m_lanes;
    quint32 m_used = 0; ///< bit of each lane that is not empty
    qsizetype m_size = 0;
};

} // namespace Quern::tasks
