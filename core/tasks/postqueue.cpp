#include "tasks/postqueue.h"

#include <algorithm>

namespace Quern::tasks {

PostQueue::PostQueue(const ipc::ProcessEntry &entry, PostReplies &replies)
    : m_replies(replies)
    , m_mode(entry.queue)
    , m_capacity(entry.queueCapacity)
    , m_memory(entry.queueMemory)
    , m_lines(entry.queue == ipc::QueueMode::Shared ? 1 : std::size_t(entry.num), Line(replies))
{
}

bool PostQueue::reconfigure(const ipc::ProcessEntry &entry)
{
    const std::size_t lines = entry.queue == ipc::QueueMode::Shared ? 1 : std::size_t(entry.num);
    const bool isOneLost =
        std::any_of(m_lines.begin() + qsizetype(std::min(lines, m_lines.size())), m_lines.end(),
                    [](const Line &line) { return !line.items.empty(); }) ||
        std::any_of(m_held.begin(), m_held.end(), [lines](const auto &held) { return held.second.line >= lines; });
    if (entry.queue != m_mode || isOneLost)
        return false;
    m_capacity = entry.queueCapacity;
    m_memory = entry.queueMemory;
    for (std::size_t i = lines; i < m_lines.size(); ++i)
        m_lines[i].waiters.refuse(Error(Error::Unavailable, QStringLiteral("there are fewer copies now")));
    m_lines.resize(lines, Line(m_replies));
    return true;
}

Result<void> PostQueue::push(int number, const QByteArray &payload, bool isMap)
{
    const std::size_t place = lineOf(number);
    if (place >= m_lines.size())
        return Error(Error::NotFound, QStringLiteral("there is no copy %1 of the process any more").arg(number));
    if (m_count >= m_capacity || m_bytes + payload.size() > m_memory) {
        return Error(Error::Busy, QStringLiteral("the queue is full: %1 items of %2, %3 bytes of %4 (queue)")
                                      .arg(m_count)
                                      .arg(m_capacity)
                                      .arg(m_bytes)
                                      .arg(m_memory));
    }
    ++m_count;
    m_bytes += payload.size();
    m_lines[place].items.push_back({++m_sequence, payload, isMap});
    handOut(place);
    return {};
}

void PostQueue::pop(int number, const PostRequest &request, quint64 doneItem)
{
    done(request.childId, doneItem);
    const std::size_t place = lineOf(number);
    if (place >= m_lines.size()) {
        m_replies.reply(request, {Error(Error::Unavailable, QStringLiteral("there are fewer copies now"))});
        return;
    }
    m_lines[place].waiters.add(request);
    handOut(place);
}

void PostQueue::handOut(std::size_t place)
{
    Line &line = m_lines[place];
    while (!line.items.empty() && !line.waiters.isEmpty()) {
        const PostRequest request = line.waiters.takeFirst();
        if (m_held.contains(request.childId)) {
            m_replies.reply(request, {Error(Error::Invalid, QStringLiteral("it has an item in its hand"))});
            continue;
        }
        Item item = std::move(line.items.front());
        line.items.pop_front();
        m_replies.reply(request, {item.payload, item.isMap, item.sequence});
        m_held.emplace(request.childId, Held{place, std::move(item)});
    }
}

void PostQueue::done(quint64 childId, quint64 item)
{
    const auto found = m_held.find(childId);
    if (item == 0 || found == m_held.end() || found->second.item.sequence != item)
        return;
    drop(found->second.item);
    m_held.erase(found);
}

int PostQueue::forget(quint64 childId)
{
    for (Line &line : m_lines)
        line.waiters.forget(childId);
    const auto found = m_held.find(childId);
    if (found == m_held.end())
        return 0;
    Held held = std::move(found->second);
    m_held.erase(found);
    if (++held.item.deaths >= MaxDeaths) {
        drop(held.item);
        return 1;
    }
    std::deque<Item> &items = m_lines[held.line].items;
    const auto place = std::find_if(items.begin(), items.end(),
                                    [&held](const Item &item) { return item.sequence > held.item.sequence; });
    items.insert(place, std::move(held.item));
    handOut(held.line);
    return 0;
}

void PostQueue::drop(const Item &item)
{
    --m_count;
    m_bytes -= item.payload.size();
}

void PostQueue::cancel(quint64 childId, quint64 id)
{
    for (Line &line : m_lines)
        line.waiters.cancel(childId, id);
}

void PostQueue::refuse(const Error &error)
{
    for (Line &line : m_lines)
        line.waiters.refuse(error);
}

void PostQueue::expire(base::MonotonicTime now)
{
    for (Line &line : m_lines)
        line.waiters.expire(now);
}

std::optional<base::MonotonicTime> PostQueue::nextDeadline() const
{
    std::optional<base::MonotonicTime> first;
    for (const Line &line : m_lines) {
        const auto deadline = line.waiters.nextDeadline();
        if (deadline && (!first || *deadline < *first))
            first = deadline;
    }
    return first;
}

} // namespace Quern::tasks
