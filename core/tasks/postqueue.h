#pragma once

#include "ipc/processplan.h"
#include "tasks/postwaiters.h"

#include <deque>
#include <unordered_map>
#include <vector>

namespace Quern::tasks {

/// The queue of one custom process. An item that a copy has been given is in its hand until it says that it is done
/// with it, and goes back to its place if the copy dies before. Lives in the broker's thread.
class PostQueue
{
public:
    /// An item in whose sight so many copies have died is dropped: it may be what kills them.
    static constexpr int MaxDeaths = 5;

    PostQueue(const ipc::ProcessEntry &entry, PostReplies &replies);

    /// Takes over what \a entry says, if what waits can stay. False if it cannot, and nothing has changed then.
    bool reconfigure(const ipc::ProcessEntry &entry);

    /// \a number names the copy of an addressed queue. Error::Busy if it is full.
    Result<void> push(int number, const QByteArray &payload, bool isMap);
    /// The copy \a number wants the next item; what it has in its hand is done if it is \a doneItem.
    void pop(int number, const PostRequest &request, quint64 doneItem);
    void done(quint64 childId, quint64 item);
    /// The child is dead: what it had in its hand goes back. Returns the number of items dropped: 0 or 1.
    int forget(quint64 childId);
    void cancel(quint64 childId, quint64 id);
    /// The queue ends: answers all who wait.
    void refuse(const Error &error);
    void expire(base::MonotonicTime now);
    std::optional<base::MonotonicTime> nextDeadline() const;

    qint64 size() const { return m_count; } ///< items, those in hands included
    qint64 bytes() const { return m_bytes; }

private:
    struct Item
    {
        quint64 sequence = 0;
        QByteArray payload;
        bool isMap = false;
        int deaths = 0;
    };
    /// Of one copy, or of all.
    struct Line
    {
        explicit Line(PostReplies &replies) : waiters(replies) {}
        std::deque<Item> items;
        PostWaiters waiters;
    };
    struct Held
    {
        std::size_t line = 0;
        Item item;
    };
    std::size_t lineOf(int number) const { return m_mode == ipc::QueueMode::Shared ? 0 : std::size_t(number); }
    void handOut(std::size_t line);
    void drop(const Item &item);

    PostReplies &m_replies;
    ipc::QueueMode m_mode;
    qint64 m_capacity;
    qint64 m_memory;
    std::vector<Line> m_lines;
    std::unordered_map<quint64, Held> m_held; ///< by child
    quint64 m_sequence = 0;
    qint64 m_count = 0;
    qint64 m_bytes = 0;
};

} // namespace Quern::tasks
