#pragma once

#include "base/filedescriptor.h"
#include "net/datagramqueue.h"
#include "net/socketaddress.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QObject>
#include <QSocketNotifier>

#include <chrono>
#include <functional>
#include <memory>

namespace Quern::net {

/// Bounds of one datagram socket.
struct DatagramLimits
{
    static constexpr qsizetype MaxPacket = 64 * 1024; ///< bytes; more than UDP carries

    qsizetype packetBytes = MaxPacket;        ///< 1 to MaxPacket; a longer packet that comes is dropped
    qint64 waitingBytes = 1024 * 1024;        ///< of packets that the kernel does not take yet; with
                                              ///< DatagramQueue::Overhead for each of them
    std::chrono::milliseconds maxWait{5'000}; ///< then such a packet is dropped: its receiver does not read
};

/// What has become of packets since the socket was made.
struct DatagramCounts
{
    quint64 received = 0;
    quint64 tooLong = 0; ///< came, and were dropped
    quint64 sent = 0;
    quint64 lost = 0; ///< sendTo() took them, and the kernel never did
};

/// Receives and sends the packets of one bound socket, UDP or Unix; see bindDatagram(). Lives in its reactor thread.
class DatagramSocket : public QObject
{
    Q_OBJECT
public:
    /// Gets each packet; one of 0 bytes is a packet as well. \a bytes is valid during the call. It may call sendTo()
    /// and close(), but may not destroy the socket.
    using Received = std::function<void(QByteArrayView bytes, const SocketAddress &peer)>;

    DatagramSocket(base::FileDescriptor fd, const DatagramLimits &limits, Received received, QObject *parent = nullptr);

    /// Sends \a bytes as one packet, or keeps them if the kernel does not take them yet; packets to one peer leave in
    /// order. Success does not mean that they arrive.
    /// Error::Invalid if nothing can be sent to \a peer from this socket, Error::TooLarge, Error::Unavailable if the
    /// Unix peer is not there or no route leads to the address, Error::Busy if too much waits already,
    /// Error::Permission.
    Result<void> sendTo(const SocketAddress &peer, QByteArrayView bytes);

    /// From now on a longer packet that comes is dropped; 1 to DatagramLimits::MaxPacket.
    void setPacketBytes(qsizetype bytes) { m_limits.packetBytes = bytes; }
    /// Leaves what comes to whoever else reads from this socket.
    void stopReceiving();
    /// Closes the descriptor at once; what waits is lost. Nothing is received any more.
    void close();
    bool isOpen() const { return m_fd.isValid(); }

    /// What waits for the kernel, in bytes, with its overhead.
    qint64 waitingBytes() const { return m_queue.cost(); }
    const DatagramCounts &counts() const { return m_counts; }

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void receiveSome();
    void sendWaiting();
    /// 0, or what errno says.
    int send(const SocketAddress &peer, QByteArrayView bytes);
    void waitToSend();

    base::FileDescriptor m_fd;
    DatagramLimits m_limits;
    const Received m_received;
    QSocketNotifier m_readNotifier;
    std::unique_ptr<QSocketNotifier> m_writeNotifier; ///< not for a Unix socket
    QBasicTimer m_resume;
    QBasicTimer m_retry;
    DatagramQueue m_queue;
    DatagramCounts m_counts;
    int m_family = 0;
};

} // namespace Quern::net
