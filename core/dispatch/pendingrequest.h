#pragma once

#include "base/clock.h"
#include "base/intrusivelist.h"
#include "ipc/bodystream.h"
#include "ipc/claimring.h"

#include <QByteArray>

#include <memory>

namespace Quern::dispatch {

class WorkerEntry;

/// Hears the answer to one request: the session of its client, or a test. Called in the reactor's thread.
class ResponseReceiver
{
public:
    virtual ~ResponseReceiver() = default;
    /// The head of the answer and the first part of its body; \a bodyLength counts the whole body. The views are valid
    /// during the call only.
    virtual void responseStarted(quint64 requestId, int status, QByteArrayView headerBlock, quint64 bodyLength,
                                 QByteArrayView bodyPart) = 0;
    /// The next part of the body. For each byte received the receiver calls Dispatcher::grant() once it has left.
    virtual void responseContinued(quint64 requestId, QByteArrayView bodyPart) = 0;
    /// There is no answer: the server answers with \a status instead. Never after responseStarted().
    virtual void responseFailed(quint64 requestId, int status) = 0;
    /// The worker died in the middle of the body: the client must see that it is incomplete.
    virtual void responseBroken(quint64 requestId) = 0;
};

/// What a session hands over.
struct RequestOrder
{
    QByteArray payload;       ///< encoded by ipc::encodeRequest()
    QByteArray body;          ///< the whole body
    quint64 connectionId = 0; ///< for dispatch by connection
    quint64 addressHash = 0;  ///< for dispatch by address
    bool isSafe = false;      ///< GET, HEAD or OPTIONS: may run twice (RFC 9110 §9.2.1)
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
    base::MonotonicTime received;
    base::MonotonicTime sent; ///< to its worker; with a long body, the last part of it so far
    WorkerEntry *worker = nullptr;
    ipc::ClaimRing::Claim claim;
    std::unique_ptr<ipc::BodySender> bodySender; ///< while parts of the body are yet to be sent
    quint64 bodyLeft = 0;                        ///< of the answer
    quint8 takenBack = 0;                        ///< how often, at most 255
    bool answering = false;                      ///< the head of the answer has come
    bool deferred = false;
    bool retried = false;
};

using RequestQueue = base::IntrusiveList<PendingRequest, QueueTag>;
using DeadlineQueue = base::IntrusiveList<PendingRequest, DeadlineTag>;

} // namespace Quern::dispatch
