#pragma once

#include "base/clock.h"

#include <Quern/result.h>

#include <QByteArray>

#include <deque>
#include <optional>

namespace Quern::tasks {

/// A child's request whose answer depends on somebody else. A plain value.
struct PostRequest
{
    quint64 childId = 0;
    quint64 id = 0; ///< of the frame
    base::MonotonicTime deadline;
};

/// What is answered: the error, or the payload.
struct PostReply
{
    Result<QByteArray> outcome = QByteArray();
    bool isMap = false;
    quint64 item = 0; ///< of a queue; 0: none
};

/// Sends what a child is answered. Called in the broker's thread.
class PostReplies
{
public:
    virtual ~PostReplies() = default;
    virtual void reply(const PostRequest &request, const PostReply &reply) = 0;
};

/// Those who wait for the same thing, the first of whom gets it. Lives in the broker's thread.
class PostWaiters
{
public:
    explicit PostWaiters(PostReplies &replies) : m_replies(&replies) {}

    bool isEmpty() const { return m_requests.empty(); }
    void add(const PostRequest &request) { m_requests.push_back(request); }
    /// Only if it is not empty.
    PostRequest takeFirst();
    /// The request is answered that it is not waited for any more. False if it is none of these.
    bool cancel(quint64 childId, quint64 id);
    /// The child is dead: nobody is answered.
    void forget(quint64 childId);
    /// Answers those whose deadline has passed.
    void expire(base::MonotonicTime now);
    /// There will never be anything: answers all.
    void refuse(const Error &error);
    /// nullopt if nobody waits.
    std::optional<base::MonotonicTime> nextDeadline() const;

private:
    PostReplies *m_replies;
    std::deque<PostRequest> m_requests;
};

} // namespace Quern::tasks
