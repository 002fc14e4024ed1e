#include "tasks/readyqueue.h"

#include <algorithm>
#include <bit>

namespace Quern::tasks {

/// Whether the list has what is next, and not the heap.
bool ReadyQueue::isListFirst(const Lane &lane)
{
    return lane.first && (lane.heap.empty() || isBefore(*lane.first, lane.heap.front()));
}

std::optional<qint64> ReadyQueue::nextDueMs(const Lane &lane)
{
    if (isListFirst(lane))
        return lane.first->dueMs;
    return lane.heap.empty() ? std::nullopt : std::optional(lane.heap.front().dueMs);
}

void ReadyQueue::add(ReadyEntry *entry, bool isDelayed)
{
    Lane &lane = m_lanes.at(entry->priority);
    m_used |= 1U << entry->priority;
    ++m_size;
    entry->next = nullptr;
    if (!isDelayed && (!lane.first || isBefore(*lane.last, *entry))) {
        (lane.first ? lane.last->next : lane.first) = entry;
        lane.last = entry;
    } else if (!isDelayed && isBefore(*entry, *lane.first)) {
        entry->next = lane.first;
        lane.first = entry;
    } else {
        lane.heap.push_back({entry->dueMs, entry->sequence, entry});
        std::push_heap(lane.heap.begin(), lane.heap.end(), isAfter);
    }
}

ReadyEntry *ReadyQueue::take(qint64 nowMs)
{
    for (quint32 left = m_used; left != 0;) {
        const int priority = std::bit_width(left) - 1;
        left &= ~(1U << priority);
        Lane &lane = m_lanes.at(size_t(priority));
        if (*nextDueMs(lane) > nowMs)
            continue;
        ReadyEntry *entry = lane.first;
        if (isListFirst(lane)) {
            lane.first = entry->next;
        } else {
            entry = lane.heap.front().entry;
            std::pop_heap(lane.heap.begin(), lane.heap.end(), isAfter);
            lane.heap.pop_back();
        }
        if (!lane.first && lane.heap.empty())
            m_used &= ~(1U << priority);
        --m_size;
        return entry;
    }
    return nullptr;
}

std::optional<qint64> ReadyQueue::nextDueMs() const
{
    std::optional<qint64> next;
    for (const Lane &lane : m_lanes) {
        const std::optional<qint64> due = nextDueMs(lane);
        if (due && (!next || *due < *next))
            next = due;
    }
    return next;
}

qsizetype ReadyQueue::delayed(qint64 nowMs) const
{
    qsizetype count = 0;
    for (const Lane &lane : m_lanes) {
        count += std::count_if(lane.heap.begin(), lane.heap.end(),
                               [nowMs](const Place &place) { return place.dueMs > nowMs; });
    }
    return count;
}

} // namespace Quern::tasks
