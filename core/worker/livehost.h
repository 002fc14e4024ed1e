#pragma once

#include "ipc/channel.h"
#include "ipc/claimring.h"
#include "ipc/livemessages.h"
#include "sdk/src/application_p.h"
#include "sdk/src/pipeline_p.h"
#include "sdk/src/request_p.h"

#include <QByteArray>
#include <QExplicitlySharedDataPointer>

#include <deque>
#include <utility>
#include <vector>

namespace Quern::worker {

class LiveServer;

/// The handlers' part of live connections: takes the events of each reactor in their order, begins those that are still
/// this worker's, calls their handlers and tells the reactor how far it has come. Whatever a handler throws ends here.
/// Lives in the worker's main thread.
class LiveHost
{
public:
    /// After a handler that ran for this long, what it has sent leaves at once: the next one may run as long.
    static constexpr quint64 LongRunNs = 1'000'000;
    /// Handshakes that wait for their connection to open.
    static constexpr std::size_t MaxKept = 1024;

    /// All outlive the host. Without \a server there are no live connections.
    LiveHost(const ApplicationPrivate &application, const Pipeline &pipeline, ipc::ClaimBook &claims, int workerId,
             int generation, LiveServer *server);
    Q_DISABLE_COPY_MOVE(LiveHost)

    /// The channel of the next reactor; it outlives the host.
    void addChannel(ipc::Channel *channel) { m_lanes.push_back({.channel = channel}); }
    /// An Event or EventBody frame. Returns for how long a handler has run, in nanoseconds; 0 if none has.
    quint64 frameReceived(int reactorId, const ipc::Frame &frame);
    /// All that had come from that reactor has been handled.
    void batchEnded(int reactorId);

    /// \a request was answered with an upgrade: the event that its connection is open will want it. The oldest goes
    /// when there are too many.
    void keep(const QExplicitlySharedDataPointer<RequestPrivate> &request);
    /// The connection will never open.
    void forget(quint64 requestId);

private:
    using RequestData = QExplicitlySharedDataPointer<RequestPrivate>;

    /// An event of which a part is still to come.
    struct Arriving
    {
        quint64 id = 0; ///< of the connection
        ipc::EventMessage message;
        QByteArray name;
        QByteArray body;
        qsizetype missing = 0; ///< bytes; 0: there is no such event
    };
    /// What comes from one reactor.
    struct Lane
    {
        ipc::Channel *channel = nullptr;
        quint64 handled = 0;  ///< sequence of the last event whose handler has returned
        quint64 reported = 0; ///< the same, as the reactor knows
        Arriving arriving = {};
    };

    quint64 run(int reactorId, quint64 id, const ipc::EventMessage &message, QByteArrayView body);
    void call(const RouteSpec &route, int reactorId, quint64 id, const ipc::EventMessage &message, QByteArrayView body);
    void open(const RouteSpec &route, int reactorId, quint64 id, const ipc::EventMessage &message, QByteArrayView body);
    Connection connectionOf(int reactorId, quint64 id, const ipc::EventMessage &message) const;
    RequestData takeKept(quint64 requestId);
    /// The handshake ran in a worker that has died: hooks, middleware and handler run again. Returns why the
    /// connection cannot be opened; empty if it can.
    QString repeatHandshake(quint32 route, RequestPrivate &request);
    /// The connection \a id of \a route is given up.
    void giveUp(int reactorId, quint64 id, const ipc::EventMessage &message);
    void report(Lane &lane);

    const ApplicationPrivate &m_application;
    const Pipeline &m_pipeline;
    ipc::ClaimBook &m_claims;
    LiveServer *m_server;
    RequestJourney m_journey; ///< of the requests that are run again
    std::vector<Lane> m_lanes;
    std::deque<std::pair<quint64, RequestData>> m_kept; ///< with the id of the request; the oldest first
    std::deque<quint64> m_givenUp;                      ///< connections that are about to close; the oldest first
};

} // namespace Quern::worker
