#pragma once

#include "base/clock.h"
#include "dispatch/dispatcher.h"
#include "dispatch/workerlink.h"
#include "ipc/channel.h"

#include <QList>

#include <memory>
#include <unordered_map>

namespace DispatchTest {

/// Hears the answers to any number of requests.
class Client final : public Quern::dispatch::ResponseReceiver
{
public:
    struct Outcome
    {
        int status = 0;     ///< of the worker's answer
        int failedWith = 0; ///< the server's own answer
        QByteArray headers;
        QByteArray body;
        quint64 bodyLength = 0;
        bool broken = false;
        int calls = 0;
        bool ended = false; ///< a streamed answer
        QByteArray trailers;
        int leaves = 0;
        int bodyProgress = 0;
        Quern::dispatch::OutputReservation output; ///< kept, as if the answer had not left yet
    };

    const Outcome &of(quint64 id) { return m_outcomes[id]; }
    void forget(quint64 id) { m_outcomes.erase(id); }
    bool heardOf(quint64 id) const { return m_outcomes.contains(id); }
    const QList<quint64> &order() const { return m_order; } ///< in which answers began or failed

    void responseStarted(quint64 id, const Quern::dispatch::ResponseStart &start) override;
    void responseContinued(quint64 id, QByteArrayView part) override;
    void responseEnded(quint64 id, QByteArrayView trailers) override;
    void workerLeaves(quint64 id) override;
    void bodyProgressed(quint64 id) override;
    void responseFailed(quint64 id, int status, Quern::metrics::RouteNumber route) override;
    void responseBroken(quint64 id) override;

private:
    std::unordered_map<quint64, Outcome> m_outcomes;
    QList<quint64> m_order;
};

/// A worker that the test plays: it claims, answers and dies as told, by the same claim ring as a real one.
class FakeWorker final : public Quern::ipc::FrameSink
{
public:
    struct Sent
    {
        quint64 id = 0;
        Quern::ipc::ClaimTicket ticket;
        QByteArray payload; ///< without the ticket
        QByteArray body;    ///< as far as it has come
    };

    /// The manifest of all of them: 0: GET /a, 1: GET /once without retry, 2: POST /b.
    static Quern::dispatch::WorkerInfo info(int workerId, int generation = 1);

    /// \a page may be shared with the part of the same worker that another reactor sees.
    explicit FakeWorker(const Quern::dispatch::WorkerInfo &info, std::shared_ptr<Quern::ipc::ChildPage> page = {});
    ~FakeWorker() override;

    /// Makes it known to \a dispatcher, as reactor \a reactorId.
    void join(Quern::dispatch::Dispatcher &dispatcher, int reactorId = 0);

    quint64 childId() const { return m_info.childId; }
    const std::shared_ptr<Quern::ipc::ChildPage> &page() const { return m_page; }
    Quern::ipc::ChildCounters &counters() const { return m_page->counters(); }
    /// What its handlers take on average.
    void setAverage(std::chrono::nanoseconds time) { counters().handlerNs = quint64(time.count()); }
    void setWritable(bool writable) { m_writable = writable; }
    /// From now on what is sent to it is begun on arrival; else it counts as stopped until the test moves it.
    void claimAtOnce() { m_claimsAtOnce = true; }

    /// An event that was sent to it.
    struct SentEvent
    {
        quint64 connectionId = 0;
        quint64 sequence = 0;
        Quern::ipc::EventKind kind = Quern::ipc::EventKind::Text;
        quint32 route = 0;
        QByteArray name;
        QByteArray body; ///< as far as it has come
    };
    /// All of them, first one first; those taken back are among them.
    const QList<SentEvent> &sentEvents() const { return m_sentEvents; }
    /// Its handler begins the event; false if the gate is closed.
    bool beginEvent(quint64 sequence);
    /// All up to that one have been handled, and the dispatcher hears of it.
    void endEvents(quint64 sequence);

    /// The requests that were sent to it, first one first; those taken back are among them.
    QList<quint64> sent() const;
    const Sent &request(quint64 id) const;
    const QList<quint64> &cancelled() const { return m_cancelled; }
    /// It was told that it is to leave.
    bool isLeaving() const { return m_isLeaving; }
    const QList<std::pair<quint64, quint32>> &credits() const { return m_credits; }

    /// Its handler begins, as place \a route of the manifest; false if the request was taken back.
    bool claim(quint64 id, quint32 route = 0);
    /// The same, and the handler stays on the stack.
    bool run(quint64 id, quint32 route = 0);
    void defer(quint64 id);
    /// Claims if need be, and answers with the whole of \a body. False if the request was taken back.
    bool answer(quint64 id, int status = 200, const QByteArray &body = {});
    /// Only the head and \a part of a body of \a length bytes.
    void answerPart(quint64 id, quint64 length, const QByteArray &part,
                    Quern::ipc::ResponseKind kind = Quern::ipc::ResponseKind::Whole);
    /// It has answered \a id, and nobody has read that yet.
    void answerUnread(quint64 id) { m_unread.append(id); }
    void sendBodyPart(quint64 id, const QByteArray &part);
    /// A streamed answer of \a length bytes.
    void beginStream(quint64 id, quint64 length = Quern::ipc::UnknownLength);
    void endStream(quint64 id, const QByteArray &trailers = {});
    void abortStream(quint64 id);
    /// The streamed bodies that have been completed, and their trailers.
    const QList<std::pair<quint64, QByteArray>> &endedBodies() const { return m_ended; }
    void grantBody(quint64 id, quint32 bytes);
    void closeLink();

private:
    class Link;

    void frameReceived(const Quern::ipc::Frame &frame) override;
    void channelClosed(const QString &) override {}
    QByteArray &bodyOf(quint64 id);

    Quern::dispatch::WorkerInfo m_info;
    std::shared_ptr<Quern::ipc::ChildPage> m_page;
    Quern::ipc::ClaimBook m_book;
    Quern::dispatch::WorkerLinkEvents *m_events = nullptr;
    QList<Sent> m_sent;
    QList<SentEvent> m_sentEvents;
    QList<quint64> m_cancelled;
    QList<quint64> m_unread;
    QList<std::pair<quint64, QByteArray>> m_ended;
    QList<std::pair<quint64, quint32>> m_credits;
    std::unique_ptr<Quern::ipc::Channel> m_near; ///< carries the later parts of bodies
    std::unique_ptr<Quern::ipc::Channel> m_far;
    bool m_isLeaving = false;
    bool m_writable = true;
    bool m_claimsAtOnce = false;
};

/// A request with \a body, as a session would hand it over.
Quern::dispatch::RequestOrder orderOf(const QByteArray &body = {}, bool isSafe = true);

/// Submits at the present time.
inline quint64 submit(Quern::dispatch::Dispatcher &dispatcher, Client &client, bool isSafe = true)
{
    return dispatcher.submit(orderOf({}, isSafe), std::chrono::steady_clock::now(), &client);
}

/// A dispatcher with one worker that serves, and a client.
struct Scene
{
    /// \a average: what the worker's handlers take; 0: nothing is known yet.
    explicit Scene(const Quern::dispatch::DispatchSettings &settings, std::chrono::nanoseconds average = {})
        : dispatcher(settings, 0)
    {
        worker.setAverage(average);
        worker.join(dispatcher);
        dispatcher.activate(1);
    }

    quint64 submit(bool isSafe = true) { return DispatchTest::submit(dispatcher, client, isSafe); }
    quint64 submitBody(const QByteArray &body)
    {
        return dispatcher.submit(orderOf(body, false), std::chrono::steady_clock::now(), &client);
    }

    Quern::dispatch::Dispatcher dispatcher;
    FakeWorker worker = FakeWorker(FakeWorker::info(0));
    Client client;
};

} // namespace DispatchTest
