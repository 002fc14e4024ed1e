#pragma once

#include "ipc/processplan.h"
#include "tasks/postwaiters.h"

#include <deque>

namespace Quern::tasks {

/// One direction of the pipe of one copy of a custom process: what was written and not been read yet, or who waits to
/// read. It outlives the process. Lives in the broker's thread.
class PostPipe
{
public:
    /// A stream hands out this much at once at most, in bytes.
    static constexpr qsizetype MaxRead = ipc::MaxPost;

    PostPipe(ipc::PipeKind kind, qint64 capacity, PostReplies &replies)
        : m_kind(kind)
        , m_capacity(capacity)
        , m_waiters(replies)
        , m_replies(replies)
    {
    }

    void setCapacity(qint64 capacity) { m_capacity = capacity; }
    ipc::PipeKind kind() const { return m_kind; }
    qint64 waitingBytes() const { return m_bytes; }
    PostWaiters &waiters() { return m_waiters; }

    /// Error::Busy if there is no room for all of \a bytes: then nothing of them is kept.
    Result<void> write(const QByteArray &bytes);
    /// What a process prints into a stream: room is made for it, the oldest goes. Returns how many bytes were lost.
    qint64 print(const QByteArray &bytes);
    void read(const PostRequest &request);

private:
    void handOut();
    QByteArray takeNext();

    ipc::PipeKind m_kind;
    qint64 m_capacity;
    PostWaiters m_waiters;
    PostReplies &m_replies;
    std::deque<QByteArray> m_chunks;
    qint64 m_bytes = 0;
};

} // namespace Quern::tasks
