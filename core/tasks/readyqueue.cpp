#include "tasks/readyqueue.h"

#include <algorithm>
#include <bit>

namespace Quern::tasks {

void ReadyQueue::push(Heap &heap, const Place &place)
{
    heap.push_back(place);
    std::push_heap(heap.begin(), heap.end(), isAfter);
}

ReadyQueue::Place ReadyQueue::pop(Heap &heap)
{
    std::pop_heap(heap.begin(), heap.end(), isAfter);
    const Place place = heap.back();
    heap.pop_back();
    return place;
}

bool ReadyQueue::isRipeFirst(const Lane &lane)
{
    return !lane.ripe.empty() && (lane.waiting.empty() || isBefore(lane.ripe.front(), lane.waiting.front()));
}

const ReadyQueue::Place *ReadyQueue::firstPlace(const Lane &lane)
{
    if (isRipeFirst(lane))
        return &lane.ripe.front();
    return lane.waiting.empty() ? nullptr : &lane.waiting.front();
}

/// Whether the list has what is next, and not a heap.
bool ReadyQueue::isListFirst(const Lane &lane)
{
    const Place *place = firstPlace(lane);
    return lane.first && (!place || isBefore(*lane.first, *place));
}

std::optional<qint64> ReadyQueue::nextDueMs(const Lane &lane)
{
    if (isListFirst(lane))
        return lane.first->dueMs;
    const Place *place = firstPlace(lane);
    return place ? std::optional(place->dueMs) : std::nullopt;
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
        push(lane.waiting, {entry->dueMs, entry->sequence, entry});
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
        if (isListFirst(lane))
            lane.first = entry->next;
        else
            entry = pop(isRipeFirst(lane) ? lane.ripe : lane.waiting).entry;
        if (!lane.first && !firstPlace(lane))
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

qsizetype ReadyQueue::delayed(qint64 nowMs)
{
    qsizetype count = 0;
    for (Lane &lane : m_lanes) {
        while (!lane.waiting.empty() && lane.waiting.front().dueMs <= nowMs)
            push(lane.ripe, pop(lane.waiting));
        count += qsizetype(lane.waiting.size());
    }
    return count;
}

} // namespace Quern::tasks
