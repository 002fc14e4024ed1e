#pragma once

#include "base/clock.h"
#include "base/intrusivelist.h"
#include "dispatch/outputbudget.h"
#include "ipc/bodystream.h"
#include "ipc/claimring.h"
#include "ipc/messages.h"
#include "metrics/requestmeter.h"

#include <QByteArray>

#include <memory>

namespace Quern::dispatch {

class WorkerEntry;
struct WorkerInfo;

/// The head of an answer and the first part of its body. The views are valid during the call only.
struct ResponseStart
{
    int status = 200;
    ipc::ResponseKind kind = ipc::ResponseKind::Whole;
    quint64 bodyLength = 0; ///< of the whole body; ipc::UnknownLength is possible for a streamed one
    QByteArrayView headerBlock;
    QByteArrayView bodyPart;
    int workerId = 0;
    metrics::RouteNumber route = metrics::RequestMeter::NoRoute; ///< for the ReactorMeter
    const WorkerInfo *worker = nullptr;                          ///< that has answered
    /// The memory set aside for the answer. The receiver takes it over if the answer may stay here after this call.
    OutputReservation *output = nullptr;
};

/// Hears the answer to one request: the session of its client, or a test. Called in the reactor's thread.
class ResponseReceiver
{
public:
    virtual ~ResponseReceiver() = default;
    /// The head of the answer and the first part of its body. The last call, if the answer is not streamed and the part
    /// is all of the body.
    virtual void responseStarted(quint64 requestId, const ResponseStart &start) = 0;
    /// The next part of the body. For each byte received the receiver calls Dispatcher::grant() once it has left.
    virtual void responseContinued(quint64 requestId, QByteArrayView bodyPart) = 0;
    /// A streamed answer is complete. \a trailers: "Name: value\r\n" for each trailer field.
    virtual void responseEnded(quint64 requestId, QByteArrayView trailers) = 0;
    /// There is no answer: the server answers with \a status instead. Never after responseStarted(). \a route, for the
    /// ReactorMeter, is that whose handler has begun.
    virtual void responseFailed(quint64 requestId, int status, metrics::RouteNumber route) = 0;
    /// The worker died in the middle of the body, or broke it off: the client must see that it is incomplete.
    virtual void responseBroken(quint64 requestId) = 0;
    /// The worker of an answer that has begun is to leave: what is asked of it now, by Dispatcher::grant(), still
    /// comes.
    virtual void workerLeaves(quint64 requestId) { Q_UNUSED(requestId) }
    /// Some of a streamed request body has gone to the worker; see Dispatcher::bodyWaiting().
    virtual void bodyProgressed(quint64 requestId) { Q_UNUSED(requestId) }
};

/// What a session hands over.
struct RequestOrder
{
    QByteArray payload;       ///< encoded by ipc::encodeRequest()
    QByteArray body;          ///< the whole body; of a streamed one what has come so far
    quint64 connectionId = 0; ///< for dispatch by connection
    quint64 addressHash = 0;  ///< for dispatch by address
    bool isSafe = false;      ///< GET, HEAD or OPTIONS: may run twice (RFC 9110 §9.2.1)
    bool isHandshake = false; ///< of a WebSocket, which stays with the worker that accepts it
    bool isStreamed = false;  ///< more of the body follows by Dispatcher::appendBody()
};

/// The body of a streamed request on its way to the worker.
struct StreamedBody
{
    QByteArray waiting;   ///< what the worker has not granted credit for
    qsizetype credit = 0; ///< bytes that it takes now
    QByteArray trailers;
    bool isComplete = false; ///< waiting is the rest of it
    bool isEndSent = false;
};

struct QueueTag;
struct DeadlineTag;

/// One request between its arrival and its answer. Owned by the Dispatcher; in one queue or one worker's list at a
/// time.
class PendingRequest : public base::ListNode<QueueTag>, public base::ListNode<DeadlineTag>
{
public:
    bool isDispatched() const { return worker != nullptr; }

    quint64 id = 0;
    ResponseReceiver *receiver = nullptr; ///< nullptr once nobody waits for the answer
    RequestOrder order;
    base::MonotonicTime awaited; ///< since when its answer is: what the deadline counts from
    base::MonotonicTime queued;  ///< since when it waits for a worker, or waited for its present one
    base::MonotonicTime sent;    ///< to its worker; with a long body, the last part of it so far
    WorkerEntry *worker = nullptr;
    ipc::ClaimRing::Claim claim;
    std::unique_ptr<ipc::BodySender> bodySender; ///< while parts of the body are yet to be sent
    std::unique_ptr<StreamedBody> stream;        ///< of a streamed request
    OutputReservation output;                    ///< memory for the answer
    quint64 bodyLeft = 0;                        ///< of the answer; close to ipc::UnknownLength if that is unknown
    quint8 takenBack = 0;                        ///< how often, at most 255
    quint8 deaths = 0;                           ///< workers that died with it before they had begun it
    bool isOwn = false;                          ///< no worker is to answer it, but the server
    bool answering = false;                      ///< the head of the answer has come
    bool deferred = false;
    bool retried = false;
    bool isAnswerStreamed = false;
    bool isAnswerLengthKnown = true;
};

using RequestQueue = base::IntrusiveList<PendingRequest, QueueTag>;
using DeadlineQueue = base::IntrusiveList<PendingRequest, DeadlineTag>;

} // namespace Quern::dispatch
