#pragma once

#include <Quern/response.h>

#include "responsesink_p.h"
#include "responsestream_p.h"

#include <QMutex>
#include <QSharedData>

#include <atomic>
#include <functional>
#include <memory>
#include <vector>

namespace Quern {

/// The data behind Response.
///
/// Filled by one thread at a time: the handler's until it returns, then whichever holds the deferred handle. The
/// outcome reaches the sink by a direct call in the sink's thread, by a queued call from any other. Handles are
/// counted apart from references: the handler host may keep a reference, to cancel, without being a handle.
class QUERN_EXPORT ResponsePrivate : public QSharedData, public Answer
{
public:
    ResponsePrivate(quint64 requestId, ResponseSink *sink);
    Q_DISABLE_COPY_MOVE(ResponsePrivate)

    /// Hands the answer to the sink. Any thread; only the first outcome of all counts: false afterwards.
    bool finish() { return finishWith(*this); }
    /// Hands another answer to the sink instead, and leaves the fields alone: a thread that fills the response at the
    /// same time is not disturbed. Otherwise like finish().
    bool finishWith(const Answer &answer);
    /// Hands the head to the sink, and what is written to the stream afterwards. Returns a handle of the stream, which
    /// is closed if there was an outcome before. The thread that fills the response.
    ResponseStream begin(StreamSettings settings);
    /// What the handler did not catch: breaks the stream off if one was begun.
    void breakStream();
    /// Nothing reaches the sink any more; false if something has. Any thread.
    bool close() { return takeOutcome(); }
    /// Has the sink call \a callback of the author, in its thread; see ResponseSink::callAuthor().
    void callAuthor(std::function<void()> callback);
    bool isInSinkThread() const { return m_guard->isInThread(); }
    using BeforeSend = std::function<void(Response &)>;
    /// See Response::beforeSend(). Any thread: when a handler has thrown, another thread may still fill the response.
    void addBeforeSend(BeforeSend callback);
    std::vector<BeforeSend> takeBeforeSend();
    /// Whether there was an outcome. Any thread.
    bool isFinished() const { return m_finished.load(std::memory_order_acquire); }

    void addHandle() { m_handles.fetch_add(1, std::memory_order_relaxed); }
    /// Tells the sink, if that was the last handle and there was no outcome yet.
    void removeHandle();

    /// Whether cancel() was called, the stream was broken off, or the sink is gone. Any thread.
    bool isCancelled() const;
    /// Nobody waits for the answer any more. Any thread.
    void cancel() { m_cancelled.store(true, std::memory_order_relaxed); }

    /// Sets the body, and \a contentTypeField ("Content-Type: …\r\n", or empty) unless the author chose one before.
    void setBody(const QByteArray &bytes, const QByteArray &contentTypeField);
    /// The same with a file as the body, whose type the server knows.
    void setFile(File newFile);

    const quint64 id;
    bool deferred = false;
    bool isDraft = false;          ///< an answer that is about to leave: hooks may change it, but not begin a stream
    bool hasRefusedStream = false; ///< of a draft: one was begun all the same
    bool isHandshake = false;      ///< the handler of a WebSocket route was reached: it may be accepted

private:
    bool takeOutcome() { return !m_finished.exchange(true, std::memory_order_acq_rel); }

    const std::shared_ptr<SinkGuard> m_guard;
    QMutex m_mutex; ///< guards m_beforeSend
    std::vector<BeforeSend> m_beforeSend;
    std::atomic<int> m_handles = 0;
    std::atomic<bool> m_finished = false;
    std::atomic<bool> m_cancelled = false;
};

} // namespace Quern
