#pragma once

#include "dispatch/clientsession.h"
#include "dispatch/liveconnection.h"
#include "dispatch/outgoing.h"

namespace Quern::dispatch {

class LiveHub;

/// A client connection that handlers may send to at any time: a WebSocket or a stream. Lives in its reactor thread.
///
/// It ends in two steps: closed() tells its handlers, and from then on nobody finds it; what is under way to the client
/// may still leave, until end() closes the connection.
class LiveSession : public ClientSession
{
public:
    LiveSession(std::unique_ptr<net::Connection> connection, ReactorPort *port, const net::Peer &peer,
                SessionHost *host);

    /// deliver() or hold() follows.
    void prefetch() const
    {
        __builtin_prefetch(this);
        __builtin_prefetch(reinterpret_cast<const char *>(this) + sizeof(LiveSession) / 2);
    }
    enum class Recipients { One, Many };
    /// Sends a message, unless it is closing.
    void deliver(Outgoing &message, Recipients recipients);
    /// The same for one that goes to many: it leaves with flush(), together with others that come meanwhile.
    void hold(Outgoing &message);
    void flush();
    /// Whether something waits for flush().
    bool isHolding() const { return m_isHolding; }
    /// A handler, or the server itself, wants it closed when its output has left.
    virtual void close(int code, QByteArrayView reason, ipc::Closer closer) = 0;
    /// BufferEmpty follows, when its output is down to the low mark.
    void awaitDrain();
    /// Fewer of its events are under way.
    void eventsProgressed();
    /// Output that waits for the client, in bytes.
    qint64 waitingOutput() const { return m_reserved; }

    void settingsChanged() override;
    void drain() override;
    void abort() override;

protected:
    LiveHub &hub() const { return m_host->live(); }
    /// From now on handlers know it. False if there are too many: it is closed then.
    [[nodiscard]] bool publish(ipc::ConnectionKind kind, QByteArray routePattern);
    LiveConnection *live() const { return m_live; }
    net::Connection &connection() { return *m_connection; }

    /// A message has arrived; \a bytes are those of its payload.
    void submit(ipc::EventKind kind, QByteArray body);
    /// Whether more of what has arrived may be turned into events.
    bool mayParse() const;
    /// Stops or goes on reading, as mayParse() says.
    void updateReading();
    /// After each write: keeps within the bounds of waiting output. The session may be closed then.
    void outputGrown(Recipients recipients = Recipients::One);
    /// Handlers hear that it is closed; nothing is sent or received for them any more.
    void closed(int code, const QString &reason, ipc::Closer closer);
    bool isClosed() const { return m_isClosed; }
    /// Closes the connection.
    void end();
    bool hasEnded() const { return m_hasEnded; }
    /// No more output: waits for the client to close, for a moment.
    void linger();
    bool isLingering() const { return m_isLingering; }
    /// The client has sent something.
    void noteInput(qsizetype bytes);
    /// Arms the wait that is due.
    void settle();
    /// The wait that is due while it is open and has no output.
    virtual Wait quietWait() const = 0;

    void outputProgressed(qint64 pending) override;
    void connectionLost() override;
    void waitExpired() override;

    /// Writes one message, by put(); outputGrown() follows.
    virtual void write(Outgoing &message) = 0;
    void put(QByteArrayView bytes, QByteArrayView more = {});
    /// All output has left.
    virtual void outputGone() {}
    /// Goes on with what has arrived and was not parsed yet.
    virtual void parseRest() = 0;
    virtual void quietTooLong() = 0; ///< quietWait() has lasted too long

private:
    /// Counts it; false if it cannot be sent.
    bool admit(const Outgoing &message);
    /// Whether so much output may wait. If there is too much in all, those with most of it are closed, itself included.
    bool reserve(qint64 pending);
    void tooSlow(const QString &reason);

    std::unique_ptr<net::Connection> m_connection;
    LiveConnection *m_live = nullptr; ///< null before publish() and when it is closed
    qint64 m_reserved = 0;            ///< of the budget for waiting output, in bytes
    bool m_isFull = false;            ///< above the high water mark, and not down to the low one since
    bool m_isHolding = false;         ///< output waits for flush()
    bool m_isPaused = false;          ///< not read from
    bool m_isClosed = false;
    bool m_isLingering = false;
    bool m_hasEnded = false;
};

} // namespace Quern::dispatch
