#include "net/connection.h"

#include "base/counter.h"
#include "net/tlsstream.h"

#include <QEvent>

#include <cerrno>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>

namespace Quern::net {

namespace {

/// One read takes this much at most; the buffer serves all connections of a thread.
constexpr qsizetype readBufferSize = 64 * 1024;

char *readBuffer()
{
    thread_local const std::unique_ptr<char[]> buffer(new char[readBufferSize]);
    return buffer.get();
}

ssize_t send(int fd, QByteArrayView bytes, QByteArrayView more, bool fileFollows)
{
    const int flags = MSG_NOSIGNAL | (fileFollows ? MSG_MORE : 0);
    if (more.isEmpty()) // the cheaper call
        return ::send(fd, bytes.data(), size_t(bytes.size()), flags);
    iovec parts[] = {{const_cast<char *>(bytes.data()), size_t(bytes.size())},
                     {const_cast<char *>(more.data()), size_t(more.size())}};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return ::sendmsg(fd, &message, flags);
}

} // namespace

struct Connection::FileOutput
{
    std::shared_ptr<const base::FileDescriptor> descriptor;
    quint64 offset;
    quint64 left;
    OutputQueue behind; ///< written since; leaves after the file
    bool isLong;        ///< longer than what the kernel takes without being told
};

/// Overrides event() instead of connecting a signal: half the memory and none of the signal's cost.
class Connection::Notifier final : public QSocketNotifier
{
public:
    Notifier(Connection *connection, QSocketNotifier::Type type)
        : QSocketNotifier(connection->m_fd.get(), type)
        , m_connection(connection)
    {
    }

protected:
    bool event(QEvent *event) override
    {
        if (event->type() != QEvent::SockAct)
            return QSocketNotifier::event(event);
        if (type() == QSocketNotifier::Read)
            m_connection->readSome();
        else
            m_connection->writeSome();
        return true;
    }

private:
    Connection *m_connection;
};

Connection::Connection(base::FileDescriptor fd, ConnectionEvents *events, Traffic *traffic)
    : m_fd(std::move(fd))
    , m_events(events)
    , m_traffic(traffic)
    , m_readNotifier(std::make_unique<Notifier>(this, QSocketNotifier::Read))
{
}

Connection::~Connection()
{
    close();
}

void Connection::startTls(std::shared_ptr<const TlsContext> context)
{
    if (isOpen())
        m_tls = std::make_unique<TlsStream>(std::move(context), m_fd.get());
}

bool Connection::isHandshaking() const
{
    return m_tls && m_tls->isHandshaking();
}

std::optional<TlsInfo> Connection::tlsInfo() const
{
    if (!m_tls || m_tls->isHandshaking())
        return std::nullopt;
    return tlsInfoOf(m_tls->ssl());
}

QString Connection::tlsFailure() const
{
    return m_tls ? m_tls->failure() : QString();
}

void Connection::readSome()
{
    if (!isOpen() || !m_reading)
        return;
    if (m_tls) {
        readTls();
        return;
    }
    char *buffer = readBuffer();
    const ssize_t count = ::recv(m_fd.get(), buffer, size_t(readBufferSize), 0);
    if (count > 0) {
        give(QByteArrayView(buffer, qsizetype(count)));
    } else if (count == 0) {
        endInput();
    } else if (errno != EAGAIN && errno != EINTR) {
        lose();
    }
}

void Connection::readTls()
{
    // An event may stop reading or close the connection: what follows it is then held, or gone.
    do {
        const bool couldWrite = m_tls->canWrite();
        const TlsStream::Received received = m_tls->receive();
        if (m_tls->hasUnsent() || (!couldWrite && m_tls->canWrite() && hasOutput()))
            setWriting(true);
        switch (received.outcome) {
        case TlsStream::Outcome::Nothing:
            break;
        case TlsStream::Outcome::Established:
            m_events->tlsEstablished();
            break;
        case TlsStream::Outcome::Bytes:
            give(received.bytes);
            break;
        case TlsStream::Outcome::Truncated:
            m_inputTruncated = true;
            [[fallthrough]];
        case TlsStream::Outcome::Ended:
            endInput();
            break;
        case TlsStream::Outcome::Broken:
            lose();
            break;
        }
    } while (isOpen() && m_reading && !m_inputEnded && m_tls->holdsInput());
}

void Connection::give(QByteArrayView received)
{
    if (m_traffic)
        base::addTo(m_traffic->received, quint64(received.size()));
    m_events->bytesReceived(received);
}

void Connection::countSent(ssize_t bytes)
{
    if (m_traffic && bytes > 0)
        base::addTo(m_traffic->sent, quint64(bytes));
}

void Connection::endInput()
{
    // A closed direction stays readable: without this the loop would spin.
    m_inputEnded = true;
    m_readNotifier->setEnabled(false);
    m_events->inputEnded();
}

void Connection::write(QByteArrayView bytes, QByteArrayView more, Next next)
{
    if (!isOpen())
        return;
    if (m_file) {
        m_file->behind.append(bytes, more);
        return;
    }
    // Any real error shows again when the write notifier fires, outside of the caller's own work.
    const bool fileFollows = next == Next::File;
    const qsizetype sent = pendingOutput() == 0 ? qMax<qsizetype>(sendBytes(bytes, more, fileFollows), 0) : 0;
    if (sent == bytes.size() + more.size())
        return;
    m_output.append(bytes.sliced(qMin(sent, bytes.size())), more.sliced(qMax<qsizetype>(sent - bytes.size(), 0)));
    setWriting(true);
}

void Connection::hold(QByteArrayView bytes, QByteArrayView more)
{
    if (m_file)
        m_file->behind.append(bytes, more);
    else if (isOpen())
        m_output.append(bytes, more);
}

void Connection::flush()
{
    const bool waits = m_writeNotifier && m_writeNotifier->isEnabled();
    if (!isOpen() || m_file || waits || pendingOutput() == 0)
        return;
    // As in write(), errors are left to the notifier.
    writeMemory();
    if (hasOutput())
        setWriting(true);
}

ssize_t Connection::sendBytes(QByteArrayView bytes, QByteArrayView more, bool fileFollows)
{
    const ssize_t count = m_tls ? m_tls->write(bytes, more, fileFollows) : send(m_fd.get(), bytes, more, fileFollows);
    countSent(count);
    return count;
}

void Connection::sendFile(std::shared_ptr<const base::FileDescriptor> file, quint64 offset, quint64 length)
{
    Q_ASSERT(!m_file);
    if (!isOpen() || length == 0)
        return;
    const bool isLong = length > quint64(NotSentBytes);
    m_file.reset(new FileOutput{std::move(file), offset, length, {}, isLong});
    if (isLong)
        limitNotSent(NotSentFileBytes);
    if (!m_output.isEmpty())
        return;
    // As in write(), errors are left to the notifier.
    sendSome();
    if (m_file->left == 0)
        forgetFile();
    else
        setWriting(true);
}

void Connection::forgetFile()
{
    const bool wasLong = m_file->isLong;
    m_file.reset();
    if (wasLong)
        limitNotSent(NotSentBytes);
}

void Connection::limitNotSent(int bytes)
{
    // A Unix socket has no such limit, and needs none: its buffer does not grow.
    ::setsockopt(m_fd.get(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bytes, sizeof bytes);
}

ssize_t Connection::sendSome()
{
    // There is no flag against SIGPIPE in sendfile(): the process ignores it.
    const int file = m_file->descriptor->get();
    off_t offset = off_t(m_file->offset);
    const ssize_t count = m_tls ? m_tls->sendFile(file, m_file->offset, m_file->left)
                                : ::sendfile(m_fd.get(), file, &offset, size_t(qMin(m_file->left, MaxFileTurn)));
    countSent(count);
    if (count > 0) {
        m_file->offset += quint64(count);
        m_file->left -= quint64(count);
    }
    return count;
}

quint64 Connection::pendingFile() const
{
    return m_file ? m_file->left : 0;
}

qint64 Connection::behindFile() const
{
    return m_file ? m_file->behind.size() : 0;
}

void Connection::writeSome()
{
    if (!isOpen() || (m_tls && !flushTls()))
        return;
    const quint64 before = quint64(pendingOutput()) + pendingFile();
    if (!writeMemory() || !writeFile()) {
        lose();
        return;
    }
    if (!hasOutput())
        setWriting(false);
    if (quint64(pendingOutput()) + pendingFile() < before)
        m_events->outputProgressed(pendingOutput());
}

bool Connection::flushTls()
{
    if (!m_tls->flush()) {
        lose();
        return false;
    }
    // Room comes by itself; while it is the peer's turn to speak, the notifier would spin.
    if (!m_tls->canWrite())
        setWriting(m_tls->hasUnsent());
    return m_tls->canWrite();
}

bool Connection::writeMemory()
{
    for (qsizetype turn = 0; !m_output.isEmpty() && turn < MaxMemoryTurn;) {
        const QByteArrayView bytes = m_output.first(), more = m_output.second();
        const ssize_t count = sendBytes(bytes, more, m_file != nullptr);
        if (count < 0)
            return errno == EAGAIN || errno == EINTR;
        m_output.removeFirst(count);
        turn += count;
        if (count < bytes.size() + more.size())
            break;
    }
    return true;
}

bool Connection::writeFile()
{
    if (!m_file || !m_output.isEmpty())
        return true;
    const ssize_t count = sendSome();
    if (count < 0)
        return errno == EAGAIN || errno == EINTR;
    if (count == 0) // the file has shrunk
        return false;
    if (m_file->left > 0)
        return true;
    m_output = std::move(m_file->behind);
    forgetFile();
    return writeMemory();
}

void Connection::setReading(bool on)
{
    if (m_reading == on || !isOpen())
        return;
    m_reading = on;
    if (m_readNotifier && !m_inputEnded)
        m_readNotifier->setEnabled(on);
    // The kernel knows nothing of what TLS holds.
    if (on && m_tls && m_tls->holdsInput() && m_readNotifier)
        QMetaObject::invokeMethod(
            m_readNotifier.get(), [this] { readSome(); }, Qt::QueuedConnection);
}

void Connection::setWriting(bool on)
{
    if (on && !m_writeNotifier)
        m_writeNotifier = std::make_unique<Notifier>(this, QSocketNotifier::Write);
    else if (m_writeNotifier)
        m_writeNotifier->setEnabled(on);
}

bool Connection::hasUnreadInput() const
{
    int bytes = 0;
    if (m_tls && m_tls->holdsBytes())
        return true;
    return isOpen() && ::ioctl(m_fd.get(), FIONREAD, &bytes) == 0 && bytes > 0;
}

void Connection::shutdownOutput()
{
    if (!isOpen())
        return;
    if (!m_tls) {
        ::shutdown(m_fd.get(), SHUT_WR);
        return;
    }
    m_tls->endOutput(!hasOutput());
    if (m_tls->hasUnsent())
        setWriting(true);
}

void Connection::resetOnClose()
{
    const linger hard = {1, 0};
    if (isOpen())
        ::setsockopt(m_fd.get(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    if (m_tls)
        m_tls->skipGoodbye();
}

void Connection::close()
{
    // Disabled, not deleted: this may run inside a notifier's own event.
    if (m_readNotifier)
        m_readNotifier->setEnabled(false);
    if (m_writeNotifier)
        m_writeNotifier->setEnabled(false);
    if (m_tls && !hasOutput())
        m_tls->sayGoodbye();
    m_tls.reset();
    m_file.reset();
    m_fd.reset();
}

void Connection::lose()
{
    // Told first: what has not left can still be asked for.
    m_events->connectionLost();
    close();
}

} // namespace Quern::net
