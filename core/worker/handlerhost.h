#pragma once

#include "ipc/bodystream.h"
#include "ipc/channel.h"
#include "ipc/claimring.h"
#include "ipc/messages.h"
#include "sdk/src/application_p.h"
#include "sdk/src/pipeline_p.h"
#include "sdk/src/request_p.h"
#include "sdk/src/response_p.h"
#include "worker/compression.h"
#include "worker/lateflusher.h"
#include "worker/livehost.h"
#include "worker/liveserver.h"
#include "worker/requestreader.h"
#include "worker/streamedbodies.h"
#include "worker/streamsender.h"

#include <deque>
#include <memory>
#include <unordered_map>
#include <utility>
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

    /// \a application outlives the host and stays as it is. \a reactorChannels are descriptors, one for each reactor in
    /// their order, which the host takes over. \a server, if any, outlives the host and sends by them while it lives;
    /// so does \a brokerChannel, which is flushed with them.
    HandlerHost(const ApplicationPrivate &application, ipc::ChildPage page, const std::vector<int> &reactorChannels,
                const Identity &identity, const ipc::AnswerOptions &options, LiveServer *server = nullptr,
                ipc::Channel *brokerChannel = nullptr);
    ~HandlerHost() override;

    /// Hands all gathered output to the kernel.
    void flush();

    // For what arrives from the broker:
    ipc::ChildPage &page() { return m_claims.page(); }
    void batchBegan();
    void batchOver();
    /// Runs a task, number \a place in the manifest; the master sees it on the stack meanwhile.
    void runTask(quint32 place, quint64 id, const std::function<void()> &task);
    /// Runs what an author wants to have called.
    void runCallback(const std::function<void()> &callback);
    /// Something was sent by the author's code, which may run within a batch, or whenever else.
    void outputWaits();

    void responseReady(quint64 id, const Answer &answer) override;
    void responseDropped(quint64 id) override;
    void streamWritten(quint64 id) override;
    void streamAwaited() override;
    void callAuthor(quint64 id, const std::function<void()> &callback) override;

private:
    class Port;
    struct Cleanup;

    /// One request between its arrival and its answer's last byte.
    struct Exchange
    {
        quint64 id = 0;
        Port *port = nullptr;
        ipc::ClaimTicket ticket;
        QExplicitlySharedDataPointer<RequestPrivate> request;
        QExplicitlySharedDataPointer<ResponsePrivate> response; ///< once it is claimed
        std::shared_ptr<Cleanup> cleanup;                       ///< if there are cleaners
        bool isHead = false;                                    ///< as sent: hooks may have made another method of it
    };
    /// One that does not end within a single call.
    struct OpenExchange
    {
        Exchange exchange;
        std::unique_ptr<ReadRequest> arriving;                  ///< while its body is
        QExplicitlySharedDataPointer<ResponsePrivate> response; ///< while the handler is to answer later
        std::unique_ptr<ipc::BodySender> sender;                ///< while the body of the answer is leaving
        std::unique_ptr<StreamSender> stream;                   ///< while the answer is streamed
    };

    void frameReceived(Port *port, const ipc::Frame &frame);
    void batchEnded(const Port *port);
    void eventArrived(const Port *port, const ipc::Frame &frame);
    /// For the master, which watches whether this loop goes round.
    void loopTurned();
    void requestArrived(Port *port, const ipc::Frame &frame);
    /// The master and this worker do not understand each other: 500, so that nobody waits.
    void answerUnread(Port *port, const ipc::Frame &frame);
    void bodyArrived(const ipc::Frame &frame);
    void creditArrived(const ipc::Frame &frame);
    /// What a handler that waits for its stream needs to know.
    bool isUrgent(const ipc::Frame &frame) const;
    void cancelled(quint64 id);
    void cancelAnswer(quint64 id);
    /// This worker is to leave, or the server stops: clients of event streams go on elsewhere.
    void endResumableStreams(Port *port);
    void run(Exchange exchange, const ReadRequest &read);
    /// Hooks, route, middleware and handler; survives what they throw. \a match is that of the router, or nothing yet
    /// if there are hooks.
    void handle(const Exchange &exchange, Router::Match &match, Request &request, Response &response);
    /// What the author did not catch: logged, and answered 500 if nothing has been answered yet.
    void failed(const Exchange &exchange, const QString &problem);
    void authorFailed(quint64 id, const QString &problem);
    Answer internalError(const QString &detail) const;
    static quint32 numberOf(const Router::Match &match);
    /// Calls what may call the author's code, while output waits.
    template <typename Code>
    void runAuthor(Code code)
    {
        if (hasOutput())
            armLateFlusher();
        const bool outerRuns = std::exchange(m_handlerRuns, true);
        code();
        m_handlerRuns = outerRuns;
    }
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
    /// A handler has run for \a runNs: what it has sent leaves, if that was long or there is much of it.
    void flushIfDue(quint64 runNs);
    bool hasOutput() const;
    /// Output waits while a handler runs or is about to.
    void armLateFlusher();
    Exchange exchangeOf(quint64 id) const;

    Pipeline m_pipeline;
    ipc::ClaimBook m_claims;
    Identity m_identity;
    Compression m_compression;
    bool m_debug; ///< error pages may show what went wrong
    std::vector<std::unique_ptr<Port>> m_ports;
    std::vector<ipc::Channel *> m_channels; ///< theirs, and the broker's
    StreamedBodies m_bodies;
    LiveHost m_live;
    LiveServer *const m_server;
    std::unordered_map<quint64, OpenExchange> m_open;
    std::vector<Exchange> m_running; ///< whose handlers are on the stack: more than one if they spin event loops
    bool m_handlerRuns = false;
    bool m_lateFlusherArmed = false; ///< for this batch
    bool m_inBatch = false;          ///< frames are being given out
    LateFlusher m_lateFlusher;
};

} // namespace Quern::worker
