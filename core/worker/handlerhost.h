#pragma once

#include "ipc/bodystream.h"
#include "ipc/channel.h"
#include "ipc/claimring.h"
#include "ipc/messages.h"
#include "sdk/src/application_p.h"
#include "sdk/src/request_p.h"
#include "sdk/src/response_p.h"
#include "sdk/src/router_p.h"
#include "worker/lateflusher.h"

#include <deque>
#include <memory>
#include <unordered_map>
#include <vector>

namespace Quern::worker {

/// Runs handlers: takes requests from the reactors, claims them, finds their route, calls its handler and sends the
/// answer, at once or later. Whatever a handler throws ends here. Lives in the worker's main thread.
class HandlerHost final : public ResponseSink
{
    Q_OBJECT
public:
    struct Identity
    {
        int workerId = 0;
        int generation = 0;
    };

    /// \a routes outlives the host. \a reactorChannels are descriptors, one for each reactor in their order, which the
    /// host takes over.
    HandlerHost(const std::deque<RouteSpec> &routes, ipc::ChildPage page, const std::vector<int> &reactorChannels,
                const Identity &identity);
    ~HandlerHost() override;

    /// Hands all gathered output to the kernel.
    void flush();

    void responseReady(quint64 id, int status, const QByteArray &headerBlock, const QByteArray &body) override;
    void responseDropped(quint64 id) override;

private:
    class Port;

    /// One request between its arrival and its answer's last byte.
    struct Exchange
    {
        quint64 id = 0;
        Port *port = nullptr;
        ipc::ClaimTicket ticket;
    };
    /// One that does not end within a single call.
    struct OpenExchange
    {
        Exchange exchange;
        QExplicitlySharedDataPointer<RequestPrivate> request; ///< while its body is arriving
        quint64 bodyMissing = 0;
        QExplicitlySharedDataPointer<ResponsePrivate> response; ///< while the handler is to answer later
        std::unique_ptr<ipc::BodySender> sender;                ///< while the body of the answer is leaving
    };

    void frameReceived(Port *port, const ipc::Frame &frame);
    void batchEnded();
    void requestArrived(Port *port, const ipc::Frame &frame);
    void bodyArrived(const ipc::Frame &frame);
    void cancelled(quint64 id);
    void run(const Exchange &exchange, const QExplicitlySharedDataPointer<RequestPrivate> &request);
    void callHandler(const Handler &handler, Request &request, Response &response, ResponsePrivate &answer);
    void answerSimply(const Exchange &exchange, int status, const QByteArray &text,
                      const QByteArray &extraHeaders = {});
    void sendAnswer(const Exchange &exchange, int status, const QByteArray &headerBlock, const QByteArray &body);
    void handlerEnded(quint64 startedNs, quint64 endedNs);
    bool hasOutput() const;
    /// Output waits while a handler runs or is about to.
    void armLateFlusher();
    Exchange exchangeOf(quint64 id) const;

    const std::deque<RouteSpec> &m_routes;
    Router m_router;
    ipc::ClaimBook m_claims;
    Identity m_identity;
    std::vector<std::unique_ptr<Port>> m_ports;
    std::unordered_map<quint64, OpenExchange> m_open;
    std::vector<Exchange> m_running; ///< whose handlers are on the stack: more than one if they spin event loops
    bool m_handlerRuns = false;
    bool m_lateFlusherArmed = false; ///< for this batch
    bool m_inBatch = false;          ///< frames are being given out
    LateFlusher m_lateFlusher;
};

} // namespace Quern::worker
