#pragma once

#include "ipc/frame.h"
#include "ipc/outbox.h"

#include <QByteArray>
#include <QLocalSocket>
#include <QObject>
#include <QSocketNotifier>

#include <atomic>
#include <chrono>
#include <mutex>

namespace Quern::ipc {

/// Receives what comes in over a channel. Called in the channel's thread.
class FrameSink
{
public:
    virtual ~FrameSink() = default;
    /// One frame; its payload is valid during the call only.
    virtual void frameReceived(const Frame &frame) = 0;
    /// All frames that had arrived together have been given out.
    virtual void batchEnded() {}
    /// Whether Channel::readAhead() may give \a frame out before those that came earlier.
    virtual bool isUrgent(const Frame &) const { return false; }
    /// The other side is gone, or broke the protocol (\a reason is then not empty). Called once, after the last frame.
    virtual void channelClosed(const QString &reason) = 0;
};

/// A stream of frames to and from one other process, over an inherited socketpair that a QLocalSocket drives.
///
/// Frames are gathered and leave in one write when the event loop is about to block, or on flush(), which a sender
/// of many calls when isBatchFull(). What may be gathered is bounded by credits and by the requests in flight, not by
/// this class; unsentBytes() tells a sender when to hold back. Lives in one thread; only send() and flushWhileBusy()
/// may be called from others.
class Channel : public QObject
{
    Q_OBJECT
public:
    static constexpr qsizetype MaxBatch = 64 * 1024;

    /// Takes over \a fd, one end of a socketpair. Needs an event dispatcher in this thread.
    Channel(int fd, FrameSink *sink, QObject *parent = nullptr);
    ~Channel() override;

    /// Two connected, close-on-exec descriptors.
    static Result<std::pair<int, int>> createPair();

    void send(FrameType type, quint64 id, QByteArrayView payload = {});
    /// Appends frames by \a append(QByteArray &out), without a copy in between. \a tail is the end of the last of them,
    /// which counts it in its length.
    template <typename Append>
    void sendWith(Append append, const SharedBytes &tail = {})
    {
        const std::lock_guard lock(m_mutex);
        append(m_outbox.frames());
        m_outbox.append(tail);
        m_outboxSize.store(m_outbox.size(), std::memory_order_seq_cst);
    }
    void flush();
    /// Gives out what the other side has sent so far, before it died for instance, instead of waiting for the loop to
    /// do so. Somebody who goes on and on sending is left after a while.
    void readRest();
    /// For a receiver that waits, within frameReceived(), in an event loop of its own: gives out what has come that is
    /// urgent. The rest follows in its order when frameReceived() returns. Does nothing outside of it.
    void readAhead();
    /// The same outside of frameReceived(), and waits for up to \a longest until something has come. False if nothing
    /// more can come.
    bool waitAhead(std::chrono::milliseconds longest);
    /// For any other thread, after send(): what is gathered leaves soon, whatever this channel's thread is at.
    void flushFromElsewhere();
    /// For a watching thread, while this channel's thread runs a long handler: writes what is gathered, as far as the
    /// kernel takes it at once.
    void flushWhileBusy();

    bool isOpen() const { return m_open; }
    /// True if frames have been gathered that the kernel has not taken yet.
    bool hasOutput() const { return m_outboxSize.load(std::memory_order_seq_cst) > 0; }
    /// Bytes that the kernel has not taken from this process yet.
    qint64 unsentBytes() const { return m_outboxSize.load(std::memory_order_relaxed); }
    /// Within frameReceived(): more has arrived already than a frame without payload.
    bool hasMoreInput() const { return m_inbox.size() - m_given > FrameHeaderSize; }
    /// Gathered bytes are worth a write even though the loop goes on.
    bool isBatchFull() const { return m_outboxSize.load(std::memory_order_relaxed) >= MaxBatch; }

private:
    void readFrames();
    void readInput();
    void giveOutUrgent();
    void giveOutFrames();
    void close(const QString &reason);

    QLocalSocket m_socket;      ///< reads, and notices the end; the outbox writes past its buffer
    QSocketNotifier m_writable; ///< enabled while the kernel takes no more
    FrameSink *m_sink;
    int m_fd;                   ///< the socket's descriptor; -1 once closed
    QByteArray m_inbox;         ///< what was read
    qsizetype m_given = 0;      ///< bytes at its front that have been given out
    QByteArray m_heldInbox;     ///< what the frame that is being received points into, if m_inbox was read ahead
    qsizetype m_declined = 0;   ///< bytes at the front of m_inbox that readAhead() leaves for later
    mutable std::mutex m_mutex; ///< guards m_fd and m_outbox
    Outbox m_outbox;
    std::atomic<qsizetype> m_outboxSize = 0;
    bool m_open = true;
    bool m_reading = false;
    bool m_readAhead = false; ///< while m_reading
    bool m_hasLeft = false;   ///< waitAhead() has read what is still to be given out
    bool m_ended = false;     ///< the other side has closed
};

} // namespace Quern::ipc
