#pragma once

#include "answer_p.h"

#include <QMutex>
#include <QObject>

#include <atomic>
#include <functional>
#include <memory>

namespace Quern {

class ResponseSink;

/// Tells responses whether their sink still lives. Shared by the sink and its responses, which may outlive it in
/// stray threads; a QPointer may not be tested from another thread than its object's.
class SinkGuard
{
public:
    explicit SinkGuard(ResponseSink *sink);

    bool isInThread() const;
    /// Null once the sink is gone. To be called upon in its thread only.
    ResponseSink *sink() const { return m_sink; }
    /// Calls \a call(sink) in the sink's thread: at once if this is it, queued otherwise. Not at all once it is gone.
    template <typename Call>
    void run(Call call)
    {
        if (!isInThread())
            post(std::move(call));
        else if (ResponseSink *sink = m_sink)
            call(sink);
    }
    /// The same, but queued in any case.
    template <typename Call>
    void post(Call call);
    void forgetSink();

private:
    QThread *const m_thread; ///< where the sink was made and lives
    QMutex m_mutex;          ///< held while another thread posts to the sink, and while the sink goes away
    std::atomic<ResponseSink *> m_sink;
};

/// Takes finished answers: the worker's handler host, or a test. Lives in the thread that makes it and is never moved.
class QUERN_EXPORT ResponseSink : public QObject
{
    Q_OBJECT
public:
    explicit ResponseSink(QObject *parent = nullptr);
    ~ResponseSink() override;

    /// The answer to \a id is complete, or its head if it is a stream. Called once, in the sink's own thread.
    virtual void responseReady(quint64 id, const Answer &answer) = 0;
    /// The last handle of \a id went away without an answer. Called in the sink's own thread, instead of the above.
    virtual void responseDropped(quint64 id) = 0;
    /// The stream of \a id has something to take; see ResponseStreamPrivate::take(). Called in the sink's own thread,
    /// and possibly before responseReady() or after the stream has ended.
    virtual void streamWritten(quint64 id) = 0;
    /// A handler waits in an event loop of its own for a stream to drain. Called in each turn of that loop.
    virtual void streamAwaited() = 0;
    /// Calls \a callback of the author of \a id and survives what it throws. Called in the sink's own thread.
    virtual void callAuthor(quint64 id, const std::function<void()> &callback) = 0;

protected:
    /// Nothing is called from now on. For destructors, whose members may hold what the author's code owns.
    void retire();

private:
    friend class ResponsePrivate;
    std::shared_ptr<SinkGuard> m_guard;
};

template <typename Call>
void SinkGuard::post(Call call)
{
    const QMutexLocker lock(&m_mutex);
    if (ResponseSink *sink = m_sink)
        QMetaObject::invokeMethod(
            sink, [sink, call = std::move(call)]() mutable { call(sink); }, Qt::QueuedConnection);
}

} // namespace Quern
