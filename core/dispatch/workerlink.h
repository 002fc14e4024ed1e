#pragma once

#include "dispatch/pendingrequest.h"
#include "ipc/claimring.h"
#include "ipc/eventgate.h"
#include "ipc/livemessages.h"
#include "ipc/messages.h"

#include <QByteArrayView>

#include <memory>

namespace Quern::dispatch {

/// What the master knows of one worker process; shared by the reactors and never changed.
struct WorkerInfo
{
    quint64 childId = 0; ///< never used twice while the master lives
    int workerId = 0;    ///< number of the worker, from 0; its replacement has the same
    bool serves = true;  ///< takes requests and events; false: it only sends commands, as a task worker does
    int generation = 0;
    qint64 pid = 0;
    QList<ipc::RouteEntry> routes; ///< the manifest; a claim's route is a place in it
};

/// The road to one worker as the dispatcher sees it: WorkerChannel in the server, a fake in tests. Lives in the
/// reactor's thread.
class WorkerLink
{
public:
    virtual ~WorkerLink() = default;

    virtual const WorkerInfo &info() const = 0;
    virtual ipc::ClaimRing &ring() = 0;
    /// False while the worker does not take what has been sent already.
    virtual bool isWritable() const = 0;
    /// Sends a request; the first part of its body goes with it.
    virtual void sendRequest(quint64 id, const ipc::ClaimTicket &ticket, QByteArrayView payload,
                             QByteArrayView bodyPart) = 0;
    /// Sends parts of a body as far as credit allows; true once all are sent.
    virtual bool sendBody(ipc::BodySender &sender) = 0;
    /// Sends at most ipc::MaxBodyPart bytes of a streamed body.
    virtual void sendBodyPart(quint64 id, QByteArrayView part) = 0;
    /// A streamed body is complete.
    virtual void sendBodyEnd(quint64 id, QByteArrayView trailers) = 0;
    virtual void sendCredit(quint64 id, quint32 bytes) = 0;
    virtual void sendCancel(quint64 id) = 0;
    /// How far the worker has come with this reactor's events.
    virtual ipc::EventGate &gate() = 0;
    /// Sends an event of the connection \a id with the first part of its body; the other parts follow at once, at most
    /// ipc::MaxBodyPart bytes each.
    virtual void sendEvent(quint64 id, const ipc::EventMessage &message) = 0;
    virtual void sendEventBody(QByteArrayView part) = 0;
    /// What can end at any time, as event streams can, is to end now.
    virtual void sendLeaving() = 0;
    /// The worker is dead: gives out what it had sent and what has not been read yet.
    virtual void readRest() = 0;
};

/// What comes back from a worker. Called in the reactor's thread.
class WorkerLinkEvents
{
public:
    virtual ~WorkerLinkEvents() = default;
    virtual void responseReceived(quint64 childId, quint64 requestId, const ipc::ResponseMessage &message) = 0;
    virtual void responseBodyReceived(quint64 childId, quint64 requestId, QByteArrayView part) = 0;
    /// A streamed answer is complete.
    virtual void responseEndReceived(quint64 childId, quint64 requestId, QByteArrayView trailers) = 0;
    /// A streamed answer will never be complete.
    virtual void responseAbortReceived(quint64 childId, quint64 requestId) = 0;
    virtual void deferredReceived(quint64 childId, quint64 requestId) = 0;
    virtual void creditReceived(quint64 childId, quint64 requestId, quint32 bytes) = 0;
    /// All events up to \a sequence have been handled.
    virtual void eventsDoneReceived(quint64 childId, quint64 sequence) = 0;
    /// The worker wants something done for the connection \a id, or for several; the rest of its body follows at once.
    /// \a moreFollow: other frames have arrived with it.
    virtual void commandReceived(quint64 childId, quint64 id, const ipc::CommandMessage &message, bool moreFollow) = 0;
    virtual void commandBodyReceived(quint64 childId, QByteArrayView part) = 0;
    /// All frames that had arrived together have been given out.
    virtual void batchEnded(quint64 childId) = 0;
    /// The worker has closed the channel: it is dying. What it had sent before has been given out.
    virtual void linkClosed(quint64 childId) = 0;
};

} // namespace Quern::dispatch
