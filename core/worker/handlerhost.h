#pragma once

#include "ipc/bodystream.h"
#include "ipc/channel.h"
#include "ipc/claimring.h"
#include "ipc/messages.h"
#include "sdk/src/application_p.h"
#include "sdk/src/request_p.h"
#include "sdk/src/response_p.h"
#include "sdk/src/router_p.h"
#include "worker/compression.h"
#include "worker/lateflusher.h"
#include "worker/streamsender.h"

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
                const Identity &identity, const ipc::AnswerOptions &options);
    ~HandlerHost() override;

    /// Hands all gathered output to the kernel.
    void flush();

    void responseReady(quint64 id, const Answer &answer) override;
    void responseDropped(quint64 id) override;
    void streamWritten(quint64 id) override;
    void streamAwaited() override;
    void callAuthor(quint64 id, const std::function<void()> &callback) override;

private:
    class Port;

    /// One request between its arrival and its answer's last byte.
    struct Exchange
    {
        quint64 id = 0;
        Port *port = nullptr;
        ipc::ClaimTicket ticket;
        QExplicitlySharedDataPointer<RequestPrivate> request;
    };
    /// One that does not end within a single call.
    struct OpenExchange
    {
        Exchange exchange;
        QExplicitlySharedDataPointer<RequestPrivate> request; ///< while its body is arriving
        quint64 bodyMissing = 0;
        QExplicitlySharedDataPointer<ResponsePrivate> response; ///< while the handler is to answer later
        std::unique_ptr<ipc::BodySender> sender;                ///< while the body of the answer is leaving
        std::unique_ptr<StreamSender> stream;                   ///< while the answer is streamed
    };

    void frameReceived(Port *port, const ipc::Frame &frame);
    void batchEnded();
    void requestArrived(Port *port, const ipc::Frame &frame);
    void bodyArrived(const ipc::Frame &frame);
    void creditArrived(const ipc::Frame &frame);
    /// What a handler that waits for its stream needs to know.
    bool isUrgent(const ipc::Frame &frame) const;
    void cancelled(quint64 id);
    void run(const Exchange &exchange, const QExplicitlySharedDataPointer<RequestPrivate> &request);
    void callHandler(const Handler &handler, Request &request, Response &response, ResponsePrivate &answer);
    void answerSimply(const Exchange &exchange, int status, const QByteArray &text,
                      const QByteArray &extraHeaders = {});
    void sendAnswer(const Exchange &exchange, Answer answer);
    /// The one place that every answer passes before it is encoded, the head of a stream included. Returns what is to
    /// encode the stream, if anything.
    std::unique_ptr<ContentEncoder> prepareAnswer(const Exchange &exchange, Answer &answer);
    void sendBody(const Exchange &exchange, const Answer &answer, ipc::ResponseMessage message);
    void beginStream(const Exchange &exchange, const Answer &answer, ipc::ResponseMessage message,
                     std::unique_ptr<ContentEncoder> encoder);
    /// The exchange is over; what it holds may call anything when it goes away.
    void closeExchange(quint64 id);
    void handlerEnded(quint64 startedNs, quint64 endedNs);
    bool hasOutput() const;
    /// Output waits while a handler runs or is about to.
    void armLateFlusher();
    Exchange exchangeOf(quint64 id) const;

    const std::deque<RouteSpec> &m_routes;
    Router m_router;
    ipc::ClaimBook m_claims;
    Identity m_identity;
    Compression m_compression;
    std::vector<std::unique_ptr<Port>> m_ports;
    std::unordered_map<quint64, OpenExchange> m_open;
    std::vector<Exchange> m_running; ///< whose handlers are on the stack: more than one if they spin event loops
    bool m_handlerRuns = false;
    bool m_lateFlusherArmed = false; ///< for this batch
    bool m_inBatch = false;          ///< frames are being given out
    LateFlusher m_lateFlusher;
};

} // namespace Quern::worker
