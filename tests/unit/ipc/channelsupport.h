#pragma once

#include "ipc/channel.h"
#include "loopsupport.h"

#include <QDeadlineTimer>
#include <QTimer>

#include <functional>
#include <optional>

namespace IpcTest {

using Quern::base::FileDescriptor;
using Quern::ipc::Channel;
using Quern::ipc::Frame;
using Quern::ipc::FrameType;

/// Turns the event loop until \a condition holds; false if it does not within ten seconds.
template <typename Condition>
bool turnUntil(Condition condition)
{
    const QDeadlineTimer deadline(10'000);
    QTimer guard; // so that a wait ends although nothing happens
    guard.start(20);
    while (!condition()) {
        if (deadline.hasExpired())
            return false;
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return true;
}

/// Turns the event loop until it has announced that it is about to block: gathered output has then left.
inline void turnUntilBlocking()
{
    bool announced = false;
    QObject context;
    QObject::connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::aboutToBlock, &context,
                     [&announced] { announced = true; });
    turnUntil([&announced] { return announced; });
}

struct ReceivedFrame
{
    FrameType type = FrameType::Boot;
    quint16 flags = 0;
    quint64 id = 0;
    QByteArray payload;

    bool operator==(const ReceivedFrame &) const = default;
};

/// Keeps what a channel gives out.
class RecordingSink : public Quern::ipc::FrameSink
{
public:
    void frameReceived(const Frame &frame) override
    {
        frames.append({frame.type, frame.flags, frame.id, frame.payload.toByteArray()});
        if (onFrame)
            onFrame(frame);
    }
    void batchEnded() override { ++batches; }
    bool isUrgent(const Frame &frame) const override { return isUrgentFrame && isUrgentFrame(frame); }
    void channelClosed(const QString &reason) override
    {
        reasons.append(reason);
        framesBeforeClose = frames.size();
        if (onClosed)
            onClosed();
    }

    QList<ReceivedFrame> frames;
    int batches = 0;
    QStringList reasons;              ///< one for each call of channelClosed()
    qsizetype framesBeforeClose = -1; ///< how many frames had come when it was called
    std::function<void(const Frame &)> onFrame;
    std::function<bool(const Frame &)> isUrgentFrame;
    std::function<void()> onClosed;
};

/// One channel and the bare descriptor at its other end.
struct BareEnd
{
    explicit BareEnd(Quern::ipc::FrameSink *sink)
    {
        const auto pair = Channel::createPair();
        if (!pair)
            qFatal("socketpair");
        channel.emplace(pair->first, sink);
        far = FileDescriptor(pair->second);
    }

    /// What one recv() finds; empty if there is nothing.
    QByteArray receive(qsizetype atMost = 4 * 1024 * 1024) const
    {
        QByteArray bytes(atMost, Qt::Uninitialized);
        const ssize_t count = ::recv(far.get(), bytes.data(), size_t(atMost), MSG_DONTWAIT);
        bytes.resize(qMax<qsizetype>(count, 0));
        return bytes;
    }
    /// Writes all of \a bytes, which fit into the socket's buffer.
    void put(QByteArrayView bytes) const
    {
        if (::send(far.get(), bytes.data(), size_t(bytes.size()), MSG_NOSIGNAL) != bytes.size())
            qFatal("send");
    }

    std::optional<Channel> channel;
    FileDescriptor far;
};

/// The whole frames in \a bytes, which holds nothing else.
inline QList<ReceivedFrame> framesOf(QByteArrayView bytes)
{
    QList<ReceivedFrame> result;
    while (!bytes.isEmpty()) {
        const auto frame = Quern::ipc::decodeFrame(bytes);
        if (!frame || !*frame)
            qFatal("no whole frame");
        result.append({(*frame)->type, (*frame)->flags, (*frame)->id, (*frame)->payload.toByteArray()});
    }
    return result;
}

inline QByteArray frameBytes(FrameType type, quint64 id, QByteArrayView payload = {})
{
    QByteArray bytes;
    Quern::ipc::appendFrame(bytes, type, 0, id, payload);
    return bytes;
}

} // namespace IpcTest
