#pragma once

#include "base/filedescriptor.h"
#include "net/outputqueue.h"
#include "net/tlsinfo.h"
#include "net/traffic.h"

#include <QByteArray>
#include <QByteArrayView>
#include <QSocketNotifier>

#include <memory>
#include <optional>

#include <sys/types.h>

namespace Quern::net {

class TlsContext;
class TlsStream;

/// Hears what happens on a connection. None of these calls may destroy the connection: its owner does that later.
class ConnectionEvents
{
public:
    virtual ~ConnectionEvents() = default;
    /// \a bytes were read; they are valid during the call only.
    virtual void bytesReceived(QByteArrayView bytes) = 0;
    /// The handshake is done, before any bytes were received: see Connection::tlsInfo(). Called once, with TLS only.
    virtual void tlsEstablished() {}
    /// The peer will send no more; it may still read. Called once.
    virtual void inputEnded() = 0;
    /// Output that had to wait has gone to the kernel, \a pending bytes of it remain in memory. While a file is sent,
    /// the same: see Connection::hasOutput() for whether that was all.
    virtual void outputProgressed(qint64 pending) = 0;
    /// The connection is broken: nothing can be read or written any more. Called once.
    virtual void connectionLost() = 0;
};

/// One client connection over TCP or a Unix socket: a non-blocking descriptor and its notifiers, and TLS if it is asked
/// for. Small, since thousands of them are idle at a time: the write notifier exists only while output waits. Lives in
/// its reactor thread.
class Connection
{
public:
    /// One turn of the loop sends this much of a file at most, in bytes, so that a quick reader starves nobody.
    static constexpr quint64 MaxFileTurn = 2 * 1024 * 1024;
    /// The same for what waits in memory: no more is begun once so much has left.
    static constexpr qsizetype MaxMemoryTurn = 512 * 1024;

    /// What the kernel takes of a connection's output beyond what is on its way, in bytes; see listenOn(). Without a
    /// limit it takes megabytes for each client that does not read: memory that counts for nobody, and work done for
    /// nothing.
    static constexpr int NotSentBytes = 128 * 1024;
    /// The same for a file, whose pages lie in memory once for all: fewer turns of the loop.
    static constexpr int NotSentFileBytes = 1024 * 1024;

    /// What comes behind a write.
    enum class Next : quint8 {
        Unknown,
        File, ///< sendFile() at once: the kernel keeps a last packet that is not full until then
    };

    /// \a traffic, unless it is null, counts its bytes, and outlives it.
    Connection(base::FileDescriptor fd, ConnectionEvents *events, Traffic *traffic = nullptr);
    ~Connection();
    Q_DISABLE_COPY_MOVE(Connection)

    /// The peer is to speak TLS: what is written waits for the handshake. At once, before the loop turns; it
    /// makes no progress while reading is stopped. How long the
    /// handshake may last is the owner's business.
    void startTls(std::shared_ptr<const TlsContext> context);
    bool isTls() const { return m_tls != nullptr; }
    /// TLS is asked for and not agreed yet.
    bool isHandshaking() const;
    /// Nothing without TLS, before the handshake is done, and after close().
    std::optional<TlsInfo> tlsInfo() const;
    /// Within connectionLost(): what TLS has against the peer, for a log; empty if it was not TLS. Handshakes that fail
    /// are logged already, as warnings now and then, and one by one for debugging.
    QString tlsFailure() const;

    /// From now on \a events hears what happens, as when a connection has agreed to speak another protocol. May be
    /// called within a call of the one before.
    void setEvents(ConnectionEvents *events) { m_events = events; }

    /// Sends \a bytes and then \a more, as much as the kernel takes at once, and keeps the rest. The caller bounds what
    /// it writes by pendingOutput(). While a file is being sent, what is written waits behind it.
    void write(QByteArrayView bytes, QByteArrayView more = {}, Next next = Next::Unknown);
    /// The same, but nothing leaves before flush(), unless output waits already: what is written in several steps
    /// leaves in one.
    void hold(QByteArrayView bytes, QByteArrayView more = {});
    /// Sends what is held, as much as the kernel takes at once; the rest waits.
    void flush();
    /// Sends \a length bytes of \a file from \a offset on, behind all that was written so far, without copying them
    /// through this process, unless they have to be encrypted. One at a time: only while pendingFile() is 0, and
    /// nothing written waits behind it. A file that ends too soon breaks the connection, since the peer has been told
    /// the length. The connection keeps \a file open until it has sent it or is closed.
    void sendFile(std::shared_ptr<const base::FileDescriptor> file, quint64 offset, quint64 length);

    /// Bytes in memory that wait for the peer to read.
    qint64 pendingOutput() const { return m_output.size() + behindFile(); }
    /// Bytes of a file that wait for the peer to read.
    quint64 pendingFile() const;
    /// Something waits for the peer to read.
    bool hasOutput() const { return m_file || pendingOutput() > 0; }

    /// Stops, or starts again, reading; the kernel's buffer then fills and slows the peer down.
    void setReading(bool on);
    bool hasInputEnded() const { return m_inputEnded; }
    /// The input has ended without the word that TLS has for it: somebody on the way may have cut it short. Harmless
    /// where messages tell their lengths.
    bool isInputTruncated() const { return m_inputTruncated; }
    /// Whether the peer has sent something that has not been read: closing now would answer it with a reset.
    bool hasUnreadInput() const;

    /// Tells the peer that no more output comes; input goes on.
    void shutdownOutput();
    /// Has close() tell the peer that something is missing (RST), and drop what has not left.
    void resetOnClose();
    /// Closes the descriptor at once. No events follow. A peer that speaks TLS and has had all is told so.
    void close();
    bool isOpen() const { return m_fd.isValid(); }

private:
    class Notifier;
    struct FileOutput;

    void readSome();
    void readTls();
    void endInput();
    void writeSome();
    /// Whether output may follow.
    bool flushTls();
    ssize_t sendBytes(QByteArrayView bytes, QByteArrayView more, bool fileFollows);
    /// Whether the connection goes on: false after an error.
    bool writeMemory();
    bool writeFile();
    /// Sends what the kernel takes of the file. What sendfile() returned last, or -1 with errno.
    ssize_t sendSome();
    void countSent(ssize_t bytes);
    void give(QByteArrayView received);
    qint64 behindFile() const;
    void forgetFile();
    void limitNotSent(int bytes);
    void setWriting(bool on);
    void lose();

    base::FileDescriptor m_fd;
    bool m_reading = true;
    bool m_inputEnded = false;
    bool m_inputTruncated = false;
    ConnectionEvents *m_events;
    Traffic *m_traffic;
    std::unique_ptr<Notifier> m_readNotifier;
    std::unique_ptr<Notifier> m_writeNotifier;
    OutputQueue m_output;
    std::unique_ptr<FileOutput> m_file; ///< behind m_output; only while one is sent
    std::unique_ptr<TlsStream> m_tls;   ///< null without TLS
};

} // namespace Quern::net
