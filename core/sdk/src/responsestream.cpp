#include "responsestream_p.h"

#include "log_p.h"

#include <QCoreApplication>
#include <QDeadlineTimer>
#include <QScopeGuard>
#include <QTimer>

#include <stdexcept>
#include <utility>

namespace Quern {

namespace {

constexpr qsizetype maxTrailer = 16 * 1024;

/// The event loops of waitForDrain() within each other.
struct NestedWaits
{
    int count = 0;
    bool isTold = false; ///< that there are too many, since there was none
};
thread_local NestedWaits nestedWaits;

} // namespace

ResponseStreamPrivate::ResponseStreamPrivate(quint64 requestId, std::shared_ptr<SinkGuard> guard,
                                             StreamSettings settings)
    : m_id(requestId)
    , m_guard(std::move(guard))
    , m_settings(std::move(settings))
{
}

std::shared_ptr<ResponseStreamPrivate>
ResponseStreamPrivate::handleOf(const std::shared_ptr<ResponseStreamPrivate> &stream)
{
    return {stream.get(), [stream](ResponseStreamPrivate *handle) { handle->fail(Failure::Dropped); }};
}

QString ResponseStreamPrivate::textOf(Failure failure)
{
    switch (failure) {
    case Failure::TooLong:
        return QStringLiteral("more was written than its announced length");
    case Failure::TooShort:
        return QStringLiteral("it was ended before its announced length");
    case Failure::Unheld:
        return QStringLiteral("more than 16 MiB wait for its client; hold back when write() returns false");
    case Failure::Dropped:
        return QStringLiteral("its last handle went away without end()");
    case Failure::Thrown:
        return QStringLiteral("the handler or a callback of it threw");
    case Failure::None:
        break;
    }
    return QString();
}

bool ResponseStreamPrivate::write(QByteArray piece)
{
    // Borrowed bytes, as of fromRawData(), may be gone before they have left.
    if (!piece.isEmpty() && piece.capacity() == 0)
        piece.detach();
    {
        const QMutexLocker lock(&m_mutex);
        if (m_phase != Phase::Open || !m_guard->sink())
            return false;
        m_written += quint64(piece.size());
        if (m_settings.length && m_written > *m_settings.length) {
            failLocked(Failure::TooLong);
        } else if (m_posted + m_waiting + piece.size() > ResponseStream::MaxUnsent) {
            failLocked(Failure::Unheld);
        } else if (!piece.isEmpty()) {
            m_posted += piece.size();
            m_pieces.append(std::move(piece));
        }
    }
    notify();
    const QMutexLocker lock(&m_mutex);
    m_full = m_full || m_posted + m_waiting > ResponseStream::HighMark;
    return m_phase == Phase::Open && !m_full;
}

void ResponseStreamPrivate::setTrailer(QByteArrayView name, QByteArrayView value)
{
    const QByteArrayView checked = checkedTrailerValue(name, value);
    const QMutexLocker lock(&m_mutex);
    removeFields(m_trailer, [name](QByteArrayView each, QByteArrayView) { return equalsIgnoringCase(each, name); });
    if (m_trailer.size() + name.size() + checked.size() > maxTrailer)
        throw std::invalid_argument("trailer field " + quoted(name) +
                                    " makes the trailer longer than 16 KiB: put the data into the body");
    m_trailer.append(name).append(": ").append(checked).append("\r\n");
}

void ResponseStreamPrivate::end()
{
    {
        const QMutexLocker lock(&m_mutex);
        if (m_phase != Phase::Open)
            return;
        if (m_settings.length && m_written < *m_settings.length) {
            failLocked(Failure::TooShort);
        } else {
            m_phase = Phase::Ended;
            m_ended = true;
            m_changed.wakeAll();
        }
    }
    notify();
}

void ResponseStreamPrivate::fail(Failure failure)
{
    {
        const QMutexLocker lock(&m_mutex);
        if (m_phase != Phase::Open)
            return;
        failLocked(failure);
    }
    notify();
}

void ResponseStreamPrivate::failLocked(Failure failure)
{
    m_phase = Phase::Failed;
    m_failure = failure;
    m_pieces.clear();
    m_posted = 0;
    m_changed.wakeAll();
}

void ResponseStreamPrivate::notify()
{
    if (!m_guard->isInThread()) {
        const QMutexLocker lock(&m_mutex);
        if (std::exchange(m_notified, true))
            return;
    }
    m_guard->run([id = m_id](ResponseSink *sink) { sink->streamWritten(id); });
}

void ResponseStreamPrivate::setDrainCallback(Callback callback)
{
    const QMutexLocker lock(&m_mutex);
    if (m_phase == Phase::Open)
        m_drained.swap(callback); // the one before goes away without the lock
}

void ResponseStreamPrivate::setCloseCallback(Callback callback)
{
    {
        const QMutexLocker lock(&m_mutex);
        if (m_ended)
            return;
        if (m_phase != Phase::Closed) {
            m_closed.swap(callback);
            return;
        }
    }
    if (callback)
        m_guard->post(
            [id = m_id, callback = std::move(callback)](ResponseSink *sink) { sink->callAuthor(id, callback); });
}

bool ResponseStreamPrivate::mustHoldBack() const
{
    const QMutexLocker lock(&m_mutex);
    return m_phase == Phase::Open && m_full;
}

bool ResponseStreamPrivate::waitForDrain(std::chrono::milliseconds timeout)
{
    if (m_guard->isInThread())
        return waitInLoop(timeout);
    const QDeadlineTimer deadline(timeout);
    const QMutexLocker lock(&m_mutex);
    while (m_phase == Phase::Open && m_full) {
        if (!m_changed.wait(&m_mutex, deadline))
            break;
    }
    return m_phase == Phase::Open && !m_full;
}

bool ResponseStreamPrivate::waitInLoop(std::chrono::milliseconds timeout)
{
    if (mustHoldBack() && nestedWaits.count == ResponseStream::MaxNestedWaits) {
        if (!std::exchange(nestedWaits.isTold, true))
            qCWarning(logSdk) << "waitForDrain() does not wait:" << ResponseStream::MaxNestedWaits
                              << "calls of it wait within each other already; use onDrain() instead";
        return false;
    }
    ++nestedWaits.count;
    const auto leave = qScopeGuard([] {
        if (--nestedWaits.count == 0)
            nestedWaits.isTold = false;
    });
    const QDeadlineTimer deadline(timeout);
    QTimer wake; // for the deadline, and so that the sink hears now and then that this is no handler that stands still
    wake.setSingleShot(true);
    wake.setTimerType(Qt::PreciseTimer);
    while (mustHoldBack() && !deadline.hasExpired()) {
        // What the client has read is told by frames that may have come already.
        if (ResponseSink *sink = m_guard->sink())
            sink->streamAwaited();
        if (!mustHoldBack())
            break;
        constexpr qint64 longestSleep = 200; // ms
        wake.start(int(qMin(deadline.remainingTime() + 1, longestSleep)));
        QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
    }
    return isOpen() && !mustHoldBack();
}

bool ResponseStreamPrivate::isOpen() const
{
    const QMutexLocker lock(&m_mutex);
    return m_phase == Phase::Open;
}

bool ResponseStreamPrivate::isBroken() const
{
    const QMutexLocker lock(&m_mutex);
    return m_phase == Phase::Failed || (m_phase == Phase::Closed && !m_ended);
}

qsizetype ResponseStreamPrivate::unsentBytes() const
{
    const QMutexLocker lock(&m_mutex);
    return m_posted + m_waiting;
}

ResponseStreamPrivate::Taken ResponseStreamPrivate::take()
{
    const QMutexLocker lock(&m_mutex);
    m_notified = false;
    m_waiting += std::exchange(m_posted, 0);
    Taken taken;
    taken.pieces.swap(m_pieces);
    taken.ended = m_ended;
    taken.failure = m_failure;
    if (m_ended)
        taken.trailer = m_trailer;
    return taken;
}

ResponseStreamPrivate::Callback ResponseStreamPrivate::setWaiting(qsizetype bytes)
{
    const QMutexLocker lock(&m_mutex);
    m_waiting = bytes;
    if (m_phase != Phase::Open || !m_full || m_posted + m_waiting > ResponseStream::LowMark)
        return {};
    m_full = false;
    m_changed.wakeAll();
    return m_drained;
}

ResponseStreamPrivate::Callback ResponseStreamPrivate::close()
{
    Callback closed;
    {
        const QMutexLocker lock(&m_mutex);
        if (!m_ended)
            closed.swap(m_closed);
    }
    release();
    return closed;
}

void ResponseStreamPrivate::release()
{
    Callback drained;
    Callback closed;
    QList<QByteArray> pieces;
    const QMutexLocker lock(&m_mutex);
    m_phase = Phase::Closed;
    m_posted = 0;
    m_waiting = 0;
    // They may own handles of streams, this one included: they go away after the lock.
    drained.swap(m_drained);
    closed.swap(m_closed);
    pieces.swap(m_pieces);
    m_changed.wakeAll();
}

ResponseStream::ResponseStream(std::shared_ptr<ResponseStreamPrivate> data) : d(std::move(data)) {}

bool ResponseStream::write(QByteArray piece) const
{
    return d->write(std::move(piece));
}

qsizetype ResponseStream::bufferedBytes() const
{
    return d->unsentBytes();
}

void ResponseStream::onDrain(std::function<void()> callback) const
{
    d->setDrainCallback(std::move(callback));
}

bool ResponseStream::waitForDrain(std::chrono::milliseconds timeout) const
{
    return d->waitForDrain(timeout);
}

void ResponseStream::onClose(std::function<void()> callback) const
{
    d->setCloseCallback(std::move(callback));
}

bool ResponseStream::isOpen() const
{
    return d->isOpen();
}

void ResponseStream::setTrailer(QByteArrayView name, QByteArrayView value) const
{
    d->setTrailer(name, value);
}

void ResponseStream::end() const
{
    d->end();
}

} // namespace Quern
