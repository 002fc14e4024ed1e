#include "ipc/channel.h"

#include "base/systemerror.h"

#include <QAbstractEventDispatcher>
#include <QLoggingCategory>

#include <utility>

#include <climits>
#include <poll.h>
#include <sys/socket.h>

namespace Quern::ipc {

Q_LOGGING_CATEGORY(logIpc, "quern.ipc", QtInfoMsg)

namespace {

/// One read takes this much at most, so that one busy peer does not keep the loop from the others.
constexpr qsizetype readChunk = 256 * 1024;
/// What the kernel may hold for each direction, in bytes.
constexpr int kernelBuffer = 512 * 1024;
/// An inbox that grew beyond this for a burst gives its memory back.
constexpr qsizetype keptCapacity = 512 * 1024;
/// What the kernel holds of somebody who has died is read in far fewer turns.
constexpr int mostTurns = 256;

} // namespace

Result<std::pair<int, int>> Channel::createPair()
{
    int ends[2];
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0)
        return base::systemError(QStringLiteral("socketpair"));
    // Room for some large answers at a time. The privileged call goes beyond the system's usual limit.
    for (const int end : ends) {
        if (::setsockopt(end, SOL_SOCKET, SO_SNDBUFFORCE, &kernelBuffer, sizeof kernelBuffer) != 0)
            ::setsockopt(end, SOL_SOCKET, SO_SNDBUF, &kernelBuffer, sizeof kernelBuffer);
    }
    return std::pair(ends[0], ends[1]);
}

Channel::Channel(int fd, FrameSink *sink, QObject *parent)
    : QObject(parent)
    , m_writable(fd, QSocketNotifier::Write)
    , m_sink(sink)
    , m_fd(fd)
{
    m_writable.setEnabled(false);
    connect(&m_writable, &QSocketNotifier::activated, this, &Channel::flush);
    m_socket.setSocketDescriptor(fd);
    connect(&m_socket, &QLocalSocket::readyRead, this, &Channel::readFrames);
    connect(&m_socket, &QLocalSocket::disconnected, this, [this] {
        // Within a nested loop of a frame's receiver the end is told when that frame has been dealt with.
        m_ended = true;
        readFrames();
    });
    connect(QAbstractEventDispatcher::instance(thread()), &QAbstractEventDispatcher::aboutToBlock, this, [this] {
        if (hasOutput() && !m_writable.isEnabled())
            flush();
    });
}

Channel::~Channel()
{
    // The socket's own destructor would report the disconnection to a half-destroyed object.
    m_socket.disconnect(this);
}

void Channel::send(FrameType type, quint64 id, QByteArrayView payload)
{
    sendWith([&](QByteArray &out) { appendFrame(out, type, 0, id, payload); });
}

void Channel::flush()
{
    flushWhileBusy();
    m_writable.setEnabled(m_open && hasOutput());
}

void Channel::readRest()
{
    if (m_hasLeft)
        readFrames();
    for (int turn = 0; turn < mostTurns && m_open && m_socket.waitForReadyRead(0); ++turn)
        readFrames();
}

void Channel::flushFromElsewhere()
{
    flushWhileBusy();
    if (hasOutput())
        QMetaObject::invokeMethod(this, &Channel::flush, Qt::QueuedConnection);
}

void Channel::flushWhileBusy()
{
    const std::lock_guard lock(m_mutex);
    if (m_fd < 0)
        m_outbox.clear();
    else
        m_outbox.sendTo(m_fd);
    m_outboxSize.store(m_outbox.size(), std::memory_order_release);
}

void Channel::readFrames()
{
    // A handler that spins an event loop of its own would come here again, while frames of m_inbox are given out: what
    // has arrived meanwhile is read when that handler returns.
    if (!m_open || m_reading)
        return;
    m_reading = true;
    while (m_open && (std::exchange(m_hasLeft, false) || m_socket.bytesAvailable() > 0)) {
        readInput();
        giveOutFrames();
    }
    m_reading = false;
    if (m_open)
        m_sink->batchEnded();
    if (m_ended)
        close({});
}

void Channel::readInput()
{
    const qsizetype kept = m_inbox.size();
    const qsizetype wanted = qMin(readChunk, qsizetype(m_socket.bytesAvailable()));
    m_inbox.resize(kept + wanted);
    const qint64 count = m_socket.read(m_inbox.data() + kept, wanted);
    m_inbox.resize(kept + qMax<qint64>(count, 0));
}

void Channel::giveOutFrames()
{
    while (m_open) {
        QByteArrayView rest = QByteArrayView(m_inbox).sliced(m_given);
        const Result<std::optional<Frame>> frame = decodeFrame(rest);
        if (!frame) {
            close(frame.error().message());
            break;
        }
        if (!*frame)
            break;
        m_given = m_inbox.size() - rest.size();
        m_sink->frameReceived(**frame);
        if (std::exchange(m_readAhead, false))
            m_heldInbox = QByteArray();
    }
    if (m_given == m_inbox.size() && m_inbox.capacity() <= keptCapacity)
        m_inbox.resize(0);
    else
        m_inbox = m_inbox.sliced(m_given);
    m_given = 0;
}

void Channel::readAhead()
{
    if (!m_open || !m_reading)
        return;
    if (!std::exchange(m_readAhead, true)) {
        m_heldInbox = std::exchange(m_inbox, m_inbox.sliced(m_given));
        m_given = 0;
        m_declined = 0;
    }
    m_socket.waitForReadyRead(0);
    giveOutUrgent();
}

bool Channel::waitAhead(std::chrono::milliseconds longest)
{
    if (!m_open || m_ended)
        return false;
    if (m_socket.bytesAvailable() == 0) {
        pollfd input = {m_fd, POLLIN, 0};
        ::poll(&input, 1, int(qBound(qint64(0), qint64(longest.count()), qint64(INT_MAX))));
    }
    if (m_reading) {
        readAhead();
    } else {
        m_reading = true;
        m_declined = 0;
        m_socket.waitForReadyRead(0);
        giveOutUrgent();
        m_reading = false;
        m_hasLeft = true;
        QMetaObject::invokeMethod(this, &Channel::readFrames, Qt::QueuedConnection);
    }
    return m_open && !m_ended;
}

void Channel::giveOutUrgent()
{
    if (m_socket.bytesAvailable() > 0)
        readInput();
    while (m_open) {
        QByteArrayView rest = QByteArrayView(m_inbox).sliced(m_declined);
        const qsizetype before = rest.size();
        const Result<std::optional<Frame>> decoded = decodeFrame(rest);
        if (!decoded || !*decoded)
            return; // an error is told in its turn
        Frame frame = **decoded;
        if (!m_sink->isUrgent(frame)) {
            m_declined += before - rest.size();
            continue;
        }
        // The receiver may wait in its turn, and come here again.
        const QByteArray payload = frame.payload.toByteArray();
        frame.payload = payload;
        m_inbox.remove(m_declined, before - rest.size());
        m_sink->frameReceived(frame);
    }
}

void Channel::close(const QString &reason)
{
    if (!m_open)
        return;
    m_open = false;
    if (!reason.isEmpty())
        qCWarning(logIpc).noquote() << "channel closed:" << reason;
    m_socket.disconnect(this);
    m_writable.setEnabled(false);
    {
        const std::lock_guard lock(m_mutex);
        m_fd = -1; // its number may soon belong to something else
    }
    m_socket.abort();
    m_sink->channelClosed(reason);
}

} // namespace Quern::ipc
