#pragma once

#include <Quern/response.h>

#include <QPointer>
#include <QSharedData>

#include <atomic>

namespace Quern {

class ResponsePrivate;

/// Takes finished answers: the worker's handler host, or a test.
class ResponseSink : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;
    /// The answer to \a id is complete. Called once, in the sink's own thread.
    virtual void responseReady(quint64 id, int status, const QByteArray &headerBlock, const QByteArray &body) = 0;
    /// The last handle of \a id went away without an answer. Called in the sink's own thread, instead of the above.
    virtual void responseDropped(quint64 id) = 0;
};

/// The data behind Response.
///
/// Filled by one thread at a time: the handler's until it returns, then whichever holds the deferred handle. finish()
/// and the destructor hand the outcome to the sink, by queued call when they run in another thread than the sink's.
class ResponsePrivate : public QSharedData
{
public:
    ResponsePrivate(quint64 requestId, ResponseSink *responseSink);
    ~ResponsePrivate();
    Q_DISABLE_COPY_MOVE(ResponsePrivate)

    /// Hands the answer to the sink. Only the first call counts; false afterwards.
    bool finish();

    quint64 id;
    int status = 200;
    QByteArray headerBlock; ///< "Name: value\r\n" for each field, ready for the wire
    QByteArray body;
    bool deferred = false;
    bool finished = false;
    std::atomic<bool> cancelled = false;

private:
    QPointer<ResponseSink> m_sink; ///< the sink outlives its worker's handlers, but not their stray threads
};

} // namespace Quern
