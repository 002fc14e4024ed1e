#pragma once

#include "ipc/childrole.h"

#include <Quern/result.h>

#include <QByteArray>

#include <deque>
#include <functional>
#include <vector>

namespace Quern::tasks {

/// A message on its way to a child.
struct Letter
{
    quint64 sequence = 0; ///< of its mailbox, from 1
    ipc::ChildIdentity from;
    QByteArray payload;
    bool isMap = false;
};

/// The messages for one child, by its identity: they wait while there is none, or while it is busy, and what a child
/// has not begun with when it dies goes to its successor. Lives in the broker's thread.
class Mailbox
{
public:
    static constexpr std::size_t MaxLetters = 1000;
    static constexpr qint64 MaxBytes = 8 << 20;
    /// So many are on their way to a child at a time.
    static constexpr std::size_t Window = 64;

    using Send = std::function<void(quint64 childId, const Letter &letter)>;

    explicit Mailbox(Send send) : m_send(std::move(send)) {}

    /// Error::Busy if it is full.
    Result<void> add(Letter letter);
    /// From now on the child takes the messages: the last that has said so.
    void open(quint64 childId);
    /// It takes no more.
    void close(quint64 childId);
    /// It begins with the message, and has begun with those before that it was sent.
    void begun(quint64 childId, quint64 sequence);
    /// It is dead.
    void forget(quint64 childId);

    std::size_t size() const { return m_waiting.size() + m_sent.size(); }

private:
    struct Sent
    {
        quint64 childId = 0;
        Letter letter;
    };
    void sendMore();

    Send m_send;
    std::deque<Letter> m_waiting;
    std::deque<Sent> m_sent; ///< and not begun with
    std::vector<quint64> m_open;
    quint64 m_sequence = 0;
    qint64 m_bytes = 0; ///< of all
};

} // namespace Quern::tasks
