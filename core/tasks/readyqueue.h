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
/// Each priority has a list and two heaps. What comes in order, which is nearly all that is due at once, goes to the
/// end of the list without any search; delayed tasks, retries and latecomers go to a heap, and are moved to the other
/// by whoever counts them when their time has come. What is given back, in the reverse order of its taking, goes to the
/// list's beginning.
class ReadyQueue
{
public:
    void add(ReadyEntry *entry, bool isDelayed);
    /// Takes out the first one that is due; null if there is none.
    ReadyEntry *take(qint64 nowMs);

    std::optional<qint64> nextDueMs() const;
    qsizetype size() const { return m_size; }
    /// How many wait for their time. Looks at those alone whose time has come since it was asked last; should the clock
    /// go back, these count as due.
    qsizetype delayed(qint64 nowMs);

private:
    /// An entry of a heap, with its key beside it: the heap is searched without a look at the entries.
    struct Place
    {
        qint64 dueMs;
        quint64 sequence;
        ReadyEntry *entry;
    };
    using Heap = std::vector<Place>;
    struct Lane
    {
        ReadyEntry *first = nullptr;
        ReadyEntry *last = nullptr;
        Heap waiting; ///< for their time, when that was last looked at
        Heap ripe;    ///< it had come
    };
    template <typename One, typename Other>
    static bool isBefore(const One &one, const Other &other)
    {
        return one.dueMs != other.dueMs ? one.dueMs < other.dueMs : one.sequence < other.sequence;
    }
    static bool isAfter(const Place &one, const Place &other) { return isBefore(other, one); }
    static void push(Heap &heap, const Place &place);
    static Place pop(Heap &heap);
    static bool isRipeFirst(const Lane &lane);
    /// The first one of both heaps; null if there is none.
    static const Place *firstPlace(const Lane &lane);
    static bool isListFirst(const Lane &lane);
    static std::optional<qint64> nextDueMs(const Lane &lane);

    std::array<Lane, highestPriority + 1> m_lanes;
    quint32 m_used = 0; ///< bit of each lane that is not empty
    qsizetype m_size = 0;
};

} // namespace Quern::tasks
