#pragma once

#include "base/counter.h"
#include "base/intrusivelist.h"
#include "ipc/connectiontable.h"
#include "ipc/livemessages.h"

#include <QByteArray>

#include <atomic>
#include <memory>
#include <vector>

namespace Quern::dispatch {

class EventLane;
class LiveSession;
struct LiveConnection;
struct EventTag;
struct OrphanTag;
struct PausedTag;
struct MemberTag;

/// Something that has happened to a connection, on its way to a worker. In one list at a time.
struct LiveEvent : base::ListNode<EventTag>
{
    LiveConnection *connection = nullptr; ///< lives as long as its events; null for a packet
    ipc::EventKind kind = ipc::EventKind::Text;
    ipc::Closer closer = ipc::Closer::Peer;
    quint16 code = 0;
    quint8 port = 0;
    quint8 deaths = 0;    ///< of workers that had begun it
    quint64 sequence = 0; ///< in its lane; 0: not sent
    quint64 home = 0;     ///< of a packet: what chooses its worker
    QByteArray name;      ///< of a packet: its peer
    QByteArray handler;   ///< of a packet: that of its port
    QByteArray body;

    qint64 bytes() const { return qint64(sizeof(LiveEvent)) + body.size() + name.size(); }
};

using EventList = base::IntrusiveList<LiveEvent, EventTag>;

/// The connections in one room, or of one user.
struct Gathering;

/// That a connection is in a gathering.
struct Member : base::ListNode<MemberTag>
{
    LiveConnection *connection = nullptr;
    Gathering *gathering = nullptr;
};

/// What handlers know of a connection, and what there is to tell them: from the moment it can be sent to until its
/// close event has been handled. Lives in its reactor thread.
struct LiveConnection : base::ListNode<OrphanTag>, base::ListNode<PausedTag>
{
    LiveConnection() = default;
    ~LiveConnection()
    {
        while (LiveEvent *event = held.first())
            delete event;
    }
    Q_DISABLE_COPY_MOVE(LiveConnection)

    quint64 id = 0;
    ipc::ConnectionSlot *slot = nullptr; ///< in shared memory
    LiveSession *session = nullptr;      ///< null once it is closed
    QByteArray user;                     ///< that it is bound to
    ipc::ConnectionKind kind = ipc::ConnectionKind::WebSocket;
    QByteArray routePattern;    ///< of its handler in the manifests
    QByteArray routeService;    ///< the same: the handler of its port
    quint64 handshakeChild = 0; ///< the worker that knows its opening request; 0 once the open event is done
    quint64 home = 0;           ///< what chooses its worker, unless it has a user
    EventLane *lane = nullptr;  ///< that its events in lanes are in
    quint32 inLane = 0;         ///< how many
    quint64 routeChild = 0;     ///< the worker that calls its handler by route; never used twice, as a lane's
    quint32 route = 0;          ///< address may be
    quint32 events = 0;         ///< those that are held as well
    qint64 eventBytes = 0;      ///< of all its events
    EventList held;             ///< that may not enter a lane before those that are in another
    std::vector<std::unique_ptr<Member>> members;
};

using base::addTo;

} // namespace Quern::dispatch
