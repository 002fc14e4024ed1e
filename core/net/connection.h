#pragma once

#include "base/filedescriptor.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QSocketNotifier>

#include <memory>
#include <optional>

namespace Quern::net {

/// Hears what happens on a connection. None of these calls may destroy the connection: its owner does that later.
class ConnectionEvents
{
public:
    virtual ~ConnectionEvents() = default;
    /// \a bytes were read; they are valid during the call only.
    virtual void bytesReceived(QByteArrayView bytes) = 0;
    /// The peer will send no more; it may still read. Called once.
    virtual void inputEnded() = 0;
    /// Output that had to wait has gone to the kernel, \a pending bytes of it remain.
    virtual void outputProgressed(qint64 pending) = 0;
    /// The connection is broken: nothing can be read or written any more. Called once.
    virtual void connectionLost() = 0;
};

/// One client connection over TCP or a Unix socket: a non-blocking descriptor and its notifiers. Small, since thousands
/// of them are idle at a time: the write notifier exists only while output waits. Lives in its reactor thread.
class Connection
{
public:
    Connection(base::FileDescriptor fd, ConnectionEvents *events);
    ~Connection();
    Q_DISABLE_COPY_MOVE(Connection)

    /// Sends \a bytes and then \a more, as much as the kernel takes at once, and keeps the rest. The caller bounds what
    /// it writes by pendingOutput().
    void write(QByteArrayView bytes, QByteArrayView more = {});
    /// Bytes that wait for the peer to read.
    qint64 pendingOutput() const { return m_output.size() - m_outputSent; }

    /// Stops, or starts again, reading; the kernel's buffer then fills and slows the peer down.
    void setReading(bool on);
    bool hasInputEnded() const { return m_inputEnded; }

    /// Tells the peer that no more output comes; input goes on.
    void shutdownOutput();
    /// Closes the descriptor at once. No events follow.
    void close();
    bool isOpen() const { return m_fd.isValid(); }

private:
    class Notifier;

    void readSome();
    void writeSome();
    void setWriting(bool on);
    void lose();

    base::FileDescriptor m_fd;
    ConnectionEvents *m_events;
    std::unique_ptr<Notifier> m_readNotifier;
    std::unique_ptr<Notifier> m_writeNotifier;
    QByteArray m_output;
    qsizetype m_outputSent = 0; ///< bytes of m_output that have left
    bool m_reading = true;
    bool m_inputEnded = false;
};

} // namespace Quern::net
