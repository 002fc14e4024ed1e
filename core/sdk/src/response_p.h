#pragma once

#include <Quern/response.h>

#include <QMutex>
#include <QObject>
#include <QSharedData>

#include <atomic>
#include <memory>

namespace Quern {

class ResponseSink;

/// Tells responses whether their sink still lives. Shared by the sink and its responses, which may outlive it in
/// stray threads; a QPointer may not be tested from another thread than its object's.
struct SinkGuard
{
    QThread *thread = nullptr; ///< where the sink was made and lives
    QMutex mutex;              ///< held while another thread posts to the sink, and while the sink goes away
    std::atomic<ResponseSink *> sink = nullptr; ///< null once the sink is gone
};

/// Takes finished answers: the worker's handler host, or a test. Lives in the thread that makes it and is never moved.
class QUERN_EXPORT ResponseSink : public QObject
{
    Q_OBJECT
public:
    explicit ResponseSink(QObject *parent = nullptr);
    ~ResponseSink() override;

    /// The answer to \a id is complete. Called once, in the sink's own thread.
    virtual void responseReady(quint64 id, int status, const QByteArray &headerBlock, const QByteArray &body) = 0;
    /// The last handle of \a id went away without an answer. Called in the sink's own thread, instead of the above.
    virtual void responseDropped(quint64 id) = 0;

private:
    friend class ResponsePrivate;
    std::shared_ptr<SinkGuard> m_guard;
};

/// The data behind Response.
///
/// Filled by one thread at a time: the handler's until it returns, then whichever holds the deferred handle. The
/// outcome reaches the sink by a direct call in the sink's thread, by a queued call from any other. Handles are
/// counted apart from references: the handler host may keep a reference, to cancel, without being a handle.
class QUERN_EXPORT ResponsePrivate : public QSharedData
{
public:
    ResponsePrivate(quint64 requestId, ResponseSink *sink);
    Q_DISABLE_COPY_MOVE(ResponsePrivate)

    /// Hands the answer to the sink. Any thread; only the first outcome of all counts: false afterwards.
    bool finish();
    /// Hands another answer to the sink instead, and leaves the fields alone: a thread that fills the response at the
    /// same time is not disturbed. Otherwise like finish().
    bool finishWith(int otherStatus, const QByteArray &otherHeaderBlock, const QByteArray &otherBody);

    void addHandle() { m_handles.fetch_add(1, std::memory_order_relaxed); }
    /// Tells the sink, if that was the last handle and there was no outcome yet.
    void removeHandle();

    /// Whether cancel() was called, or the sink is gone. Any thread.
    bool isCancelled() const;
    /// Nobody waits for the answer any more. Any thread.
    void cancel() { m_cancelled.store(true, std::memory_order_relaxed); }

    /// Value of the first field \a name; null if there is none.
    QByteArrayView value(QByteArrayView name) const;
    void append(QByteArrayView name, QByteArrayView value);
    void remove(QByteArrayView name);
    /// Sets the body, and \a contentTypeField ("Content-Type: …\r\n", or empty) unless the author chose one before.
    void setBody(const QByteArray &bytes, const QByteArray &contentTypeField);

    const quint64 id;
    int status = 200;
    QByteArray headerBlock; ///< "Name: value\r\n" for each field, ready for the wire
    QByteArray body;
    bool deferred = false;
    bool contentTypeImplied = false; ///< the Content-Type came with the body and goes with it

private:
    bool takeOutcome() { return !m_finished.exchange(true, std::memory_order_acq_rel); }

    const std::shared_ptr<SinkGuard> m_guard;
    std::atomic<int> m_handles = 0;
    std::atomic<bool> m_finished = false;
    std::atomic<bool> m_cancelled = false;
};

} // namespace Quern
