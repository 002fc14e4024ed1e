#include "net/connection.h"

#include <QEvent>

#include <cerrno>
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

ssize_t send(int fd, QByteArrayView bytes, QByteArrayView more)
{
    if (more.isEmpty()) // the cheaper call
        return ::send(fd, bytes.data(), size_t(bytes.size()), MSG_NOSIGNAL);
    iovec parts[] = {{const_cast<char *>(bytes.data()), size_t(bytes.size())},
                     {const_cast<char *>(more.data()), size_t(more.size())}};
    msghdr message = {};
    message.msg_iov = parts;
    message.msg_iovlen = 2;
    return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

} // namespace

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

Connection::Connection(base::FileDescriptor fd, ConnectionEvents *events)
    : m_fd(std::move(fd))
    , m_events(events)
    , m_readNotifier(std::make_unique<Notifier>(this, QSocketNotifier::Read))
{
}

Connection::~Connection()
{
    close();
}

void Connection::readSome()
{
    if (!isOpen() || !m_reading)
        return;
    char *buffer = readBuffer();
    const ssize_t count = ::recv(m_fd.get(), buffer, size_t(readBufferSize), 0);
    if (count > 0) {
        m_events->bytesReceived(QByteArrayView(buffer, qsizetype(count)));
    } else if (count == 0) {
        // A closed direction stays readable: without this the loop would spin.
        m_inputEnded = true;
        m_readNotifier->setEnabled(false);
        m_events->inputEnded();
    } else if (errno != EAGAIN && errno != EINTR) {
        lose();
    }
}

void Connection::write(QByteArrayView bytes, QByteArrayView more)
{
    if (!isOpen())
        return;
    // Any real error shows again when the write notifier fires, outside of the caller's own work.
    const qsizetype sent = pendingOutput() == 0 ? qMax<qsizetype>(send(m_fd.get(), bytes, more), 0) : 0;
    if (sent == bytes.size() + more.size())
        return;
    m_output.append(bytes.sliced(qMin(sent, bytes.size())));
    m_output.append(more.sliced(qMax<qsizetype>(sent - bytes.size(), 0)));
    setWriting(true);
}

void Connection::writeSome()
{
    if (!isOpen())
        return;
    const ssize_t count = send(m_fd.get(), QByteArrayView(m_output).sliced(m_outputSent), {});
    if (count < 0) {
        if (errno != EAGAIN && errno != EINTR)
            lose();
        return;
    }
    m_outputSent += count;
    if (pendingOutput() == 0) {
        m_output = QByteArray();
        m_outputSent = 0;
        setWriting(false);
    } else if (m_outputSent >= m_output.size() / 2) {
        m_output.remove(0, m_outputSent);
        m_outputSent = 0;
    }
    m_events->outputProgressed(pendingOutput());
}

void Connection::setReading(bool on)
{
    if (m_reading == on)
        return;
    m_reading = on;
    if (m_readNotifier && !m_inputEnded)
        m_readNotifier->setEnabled(on);
}

void Connection::setWriting(bool on)
{
    if (on && !m_writeNotifier)
        m_writeNotifier = std::make_unique<Notifier>(this, QSocketNotifier::Write);
    else if (m_writeNotifier)
        m_writeNotifier->setEnabled(on);
}

void Connection::shutdownOutput()
{
    if (isOpen())
        ::shutdown(m_fd.get(), SHUT_WR);
}

void Connection::close()
{
    // Disabled, not deleted: this may run inside a notifier's own event.
    if (m_readNotifier)
        m_readNotifier->setEnabled(false);
    if (m_writeNotifier)
        m_writeNotifier->setEnabled(false);
    m_fd.reset();
}

void Connection::lose()
{
    close();
    m_events->connectionLost();
}

} // namespace Quern::net
