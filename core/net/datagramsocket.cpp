#include "net/datagramsocket.h"

#include "base/systemerror.h"
#include "net/log.h"

#include <QTimerEvent>

#include <array>
#include <cerrno>
#include <cstring>
#include <sys/socket.h>

namespace Quern::net {

namespace {

/// Packets taken, and waiting ones sent, in one turn of the loop, so that a flood does not starve the others.
constexpr int packetsPerTurn = 32;
constexpr int sendsPerTurn = 64;
/// How long receiving rests when memory has run out: the kernel goes on reporting the waiting packet.
constexpr int restMilliseconds = 100;
/// A Unix socket is writable although the queue of a receiver is full, so there is nothing to wait for but time.
constexpr int unixRetryMilliseconds = 5;
/// For UDP the write notifier says when; the timer only drops what has waited too long.
constexpr int udpRetryMilliseconds = 500;

/// Room for the packets of one turn; it serves all sockets of a thread. Pages that no packet has needed cost nothing.
struct Batch
{
    std::array<mmsghdr, packetsPerTurn> headers;
    std::array<iovec, packetsPerTurn> parts;
    std::array<SocketAddress, packetsPerTurn> peers;
    std::unique_ptr<char[]> bytes{new char[packetsPerTurn * DatagramLimits::MaxPacket]};

    char *packet(std::size_t i) { return bytes.get() + i * std::size_t(DatagramLimits::MaxPacket); }

    void prepare(qsizetype packetBytes)
    {
        for (std::size_t i = 0; i < headers.size(); ++i) {
            parts[i] = {packet(i), std::size_t(packetBytes)};
            headers[i] = {};
            headers[i].msg_hdr.msg_iov = &parts[i];
            headers[i].msg_hdr.msg_iovlen = 1;
            headers[i].msg_hdr.msg_name = peers[i].data();
            headers[i].msg_hdr.msg_namelen = SocketAddress::Capacity;
        }
    }
};

Batch &threadBatch()
{
    thread_local const auto batch = std::make_unique<Batch>();
    return *batch;
}

int familyOf(int fd)
{
    SocketAddress address;
    socklen_t length = SocketAddress::Capacity;
    return ::getsockname(fd, address.data(), &length) == 0 ? address.family() : AF_UNSPEC;
}

Error sendError(const SocketAddress &peer, int problem)
{
    const Error error = base::systemError(QStringLiteral("cannot send to %1").arg(peer.text()), problem);
    const auto as = [&error](Error::Code code) { return Error(code, error.message()); };
    switch (problem) {
    case EMSGSIZE:
        return as(Error::TooLarge);
    case ENOENT:
    case ECONNREFUSED:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTDOWN:
    case EHOSTUNREACH:
        return as(Error::Unavailable);
    case EINVAL:
    case ENOTDIR:
    case ENAMETOOLONG:
    case EPROTOTYPE: // a Unix socket of another kind
    case EAFNOSUPPORT:
    case EADDRNOTAVAIL:
        return as(Error::Invalid);
    case ENOBUFS:
    case ENOMEM:
        return as(Error::Busy);
    default:
        return error;
    }
}

} // namespace

DatagramSocket::DatagramSocket(base::FileDescriptor fd, const DatagramLimits &limits, Received received,
                               QObject *parent)
    : QObject(parent)
    , m_fd(std::move(fd))
    , m_limits(limits)
    , m_received(std::move(received))
    , m_readNotifier(m_fd.get(), QSocketNotifier::Read)
    , m_family(familyOf(m_fd.get()))
{
    Q_ASSERT(limits.packetBytes > 0 && limits.packetBytes <= DatagramLimits::MaxPacket);
    connect(&m_readNotifier, &QSocketNotifier::activated, this, &DatagramSocket::receiveSome);
}

void DatagramSocket::receiveSome()
{
    Batch &batch = threadBatch();
    batch.prepare(m_limits.packetBytes);
    const int count = ::recvmmsg(m_fd.get(), batch.headers.data(), packetsPerTurn, MSG_DONTWAIT, nullptr);
    if (count < 0) {
        const int problem = errno; // before anything else, such as the log, changes it
        // Any other error is that of a packet that was sent (ICMP), and has been taken from the socket with this call.
        if (problem != ENOMEM && problem != ENOBUFS)
            return;
        qCWarning(logNet, "cannot receive packets for the moment: %s", std::strerror(problem));
        m_readNotifier.setEnabled(false);
        m_resume.start(restMilliseconds, this);
        return;
    }
    for (std::size_t i = 0; i < std::size_t(count) && isOpen(); ++i) {
        const mmsghdr &header = batch.headers[i];
        if (header.msg_hdr.msg_flags & MSG_TRUNC) {
            ++m_counts.tooLong;
            continue;
        }
        ++m_counts.received;
        batch.peers[i].setLength(header.msg_hdr.msg_namelen);
        m_received(QByteArrayView(batch.packet(i), qsizetype(header.msg_len)), batch.peers[i]);
    }
}

Result<void> DatagramSocket::sendTo(const SocketAddress &peer, QByteArrayView bytes)
{
    if (!isOpen())
        return Error(Error::Unavailable, QStringLiteral("cannot send to %1: the socket is closed").arg(peer.text()));
    if (!peer.isAnswerable())
        return Error(Error::Invalid, QStringLiteral("cannot send to a peer that has no address of its own"));
    if (peer.family() != m_family) {
        return Error(Error::Invalid,
                     QStringLiteral("cannot send to %1: the socket has another kind of address").arg(peer.text()));
    }
    if (bytes.size() > DatagramLimits::MaxPacket)
        return sendError(peer, EMSGSIZE);
    // Not a copy: most packets leave at once.
    const QByteArray lane =
        m_family == AF_UNIX ? QByteArray::fromRawData(peer.bytes().data(), peer.bytes().size()) : QByteArray();
    const int problem = m_queue.hasLane(lane) ? EAGAIN : send(peer, bytes);
    if (problem == 0) {
        ++m_counts.sent;
        return {};
    }
    if (problem != EAGAIN)
        return sendError(peer, problem);
    if (m_queue.cost() + bytes.size() + DatagramQueue::Overhead > m_limits.waitingBytes) {
        return Error(Error::Busy, QStringLiteral("cannot send to %1: %2 bytes wait to be sent already")
                                      .arg(peer.text(), QString::number(m_queue.cost())));
    }
    m_queue.append(lane, peer, bytes, base::coarseNow() + m_limits.maxWait);
    waitToSend();
    return {};
}

int DatagramSocket::send(const SocketAddress &peer, QByteArrayView bytes)
{
    // An earlier packet's ICMP error comes once, and this one has not left then.
    for (int attemptsLeft = 2;; --attemptsLeft) {
        const ssize_t sent = ::sendto(m_fd.get(), bytes.data(), std::size_t(bytes.size()), MSG_DONTWAIT | MSG_NOSIGNAL,
                                      peer.get(), peer.length());
        if (sent >= 0)
            return 0;
        const bool isOfEarlier = errno == EINTR || (errno == ECONNREFUSED && m_family != AF_UNIX);
        if (!isOfEarlier || attemptsLeft == 0)
            return errno;
    }
}

void DatagramSocket::sendWaiting()
{
    const DatagramQueue::Flushed flushed =
        m_queue.flush(base::coarseNow(), sendsPerTurn, [this](const SocketAddress &peer, QByteArrayView bytes) {
            switch (send(peer, bytes)) {
            case 0:
                return DatagramQueue::Outcome::Sent;
            case EAGAIN:
                return DatagramQueue::Outcome::Blocked;
            default:
                return DatagramQueue::Outcome::Lost;
            }
        });
    m_counts.sent += flushed.sent;
    m_counts.lost += flushed.lost;
    if (!m_queue.isEmpty())
        return;
    m_retry.stop();
    if (m_writeNotifier)
        m_writeNotifier->setEnabled(false);
}

void DatagramSocket::waitToSend()
{
    if (m_retry.isActive())
        return;
    m_retry.start(m_family == AF_UNIX ? unixRetryMilliseconds : udpRetryMilliseconds, this);
    if (m_family == AF_UNIX)
        return;
    if (!m_writeNotifier) {
        m_writeNotifier = std::make_unique<QSocketNotifier>(m_fd.get(), QSocketNotifier::Write);
        connect(m_writeNotifier.get(), &QSocketNotifier::activated, this, &DatagramSocket::sendWaiting);
    }
    m_writeNotifier->setEnabled(true);
}

void DatagramSocket::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_retry.timerId()) {
        sendWaiting();
    } else if (event->timerId() == m_resume.timerId()) {
        m_resume.stop();
        m_readNotifier.setEnabled(true);
    }
}

void DatagramSocket::stopReceiving()
{
    m_resume.stop();
    m_readNotifier.setEnabled(false);
}

void DatagramSocket::close()
{
    // Disabled, not deleted: this may run inside a notifier's own event.
    m_readNotifier.setEnabled(false);
    if (m_writeNotifier)
        m_writeNotifier->setEnabled(false);
    m_retry.stop();
    m_resume.stop();
    m_queue.clear();
    m_fd.reset();
}

} // namespace Quern::net
