#include "tasks/postwaiters.h"

#include <algorithm>

namespace Quern::tasks {

PostRequest PostWaiters::takeFirst()
{
    const PostRequest first = m_requests.front();
    m_requests.pop_front();
    return first;
}

bool PostWaiters::cancel(quint64 childId, quint64 id)
{
    const auto found = std::find_if(m_requests.begin(), m_requests.end(), [&](const PostRequest &request) {
        return request.childId == childId && request.id == id;
    });
    if (found == m_requests.end())
        return false;
    const PostRequest cancelled = *found;
    m_requests.erase(found);
    m_replies->reply(cancelled, {Error(Error::Unavailable, QStringLiteral("it is not waited for any more"))});
    return true;
}

void PostWaiters::forget(quint64 childId)
{
    std::erase_if(m_requests, [childId](const PostRequest &request) { return request.childId == childId; });
}

void PostWaiters::expire(base::MonotonicTime now)
{
    const auto isLate = [now](const PostRequest &request) { return request.deadline <= now; };
    for (const PostRequest &request : m_requests) {
        if (isLate(request))
            m_replies->reply(request, {Error(Error::Timeout, QStringLiteral("nothing has come in time"))});
    }
    std::erase_if(m_requests, isLate);
}

void PostWaiters::refuse(const Error &error)
{
    while (!isEmpty())
        m_replies->reply(takeFirst(), {error});
}

std::optional<base::MonotonicTime> PostWaiters::nextDeadline() const
{
    const auto first =
        std::min_element(m_requests.begin(), m_requests.end(), [](const PostRequest &one, const PostRequest &other) {
            return one.deadline < other.deadline;
        });
    return first == m_requests.end() ? std::nullopt : std::optional(first->deadline);
}

} // namespace Quern::tasks
