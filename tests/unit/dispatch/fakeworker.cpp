#include "fakeworker.h"

#include <algorithm>
#include <unistd.h>

using namespace Quern;

namespace DispatchTest {

void Client::responseStarted(quint64 id, const dispatch::ResponseStart &start)
{
    Outcome &outcome = m_outcomes[id];
    ++outcome.calls;
    outcome.status = start.status;
    outcome.headers = start.headerBlock.toByteArray();
    outcome.bodyLength = start.bodyLength;
    outcome.body = start.bodyPart.toByteArray();
    outcome.output = std::move(*start.output);
    m_order.append(id);
}

void Client::responseEnded(quint64 id, QByteArrayView trailers)
{
    m_outcomes[id].ended = true;
    m_outcomes[id].trailers = trailers.toByteArray();
}

void Client::workerLeaves(quint64 id)
{
    ++m_outcomes[id].leaves;
}

void Client::bodyProgressed(quint64 id)
{
    ++m_outcomes[id].bodyProgress;
}

void Client::responseContinued(quint64 id, QByteArrayView part)
{
    m_outcomes[id].body.append(part);
}

void Client::responseFailed(quint64 id, int status, Quern::metrics::RouteNumber)
{
    Outcome &outcome = m_outcomes[id];
    ++outcome.calls;
    outcome.failedWith = status;
    m_order.append(id);
}

void Client::responseBroken(quint64 id)
{
    m_outcomes[id].broken = true;
}

/// What the dispatcher owns: it passes everything on to the FakeWorker.
class FakeWorker::Link final : public dispatch::WorkerLink
{
public:
    Link(FakeWorker *worker, int reactorId)
        : m_worker(worker)
        , m_info(worker->m_info)
        , m_ring(worker->m_page, reactorId)
        , m_gate(worker->m_page, reactorId)
    {
    }

    const dispatch::WorkerInfo &info() const override { return m_info; }
    ipc::ClaimRing &ring() override { return m_ring; }
    bool isWritable() const override { return m_worker->m_writable; }
    void sendRequest(quint64 id, const ipc::ClaimTicket &ticket, QByteArrayView payload,
                     QByteArrayView bodyPart) override
    {
        ipc::RequestMessage message;
        QByteArray whole(ipc::ClaimTicketSize, '\0');
        ipc::writeTicket(whole.data(), ticket);
        whole.append(payload).append(bodyPart);
        const Result<void> decoded = ipc::decodeRequest(whole, message);
        if (!decoded)
            qFatal("%s", qPrintable(decoded.error().message()));
        m_worker->m_sent.append({id, ticket, payload.toByteArray(), message.bodyPart.toByteArray()});
        if (m_worker->m_claimsAtOnce)
            m_worker->claim(id);
    }
    bool sendBody(ipc::BodySender &sender) override
    {
        const bool complete = sender.pump(*m_worker->m_near);
        m_worker->m_near->flush(); // QTRY_* never lets the loop block, which is when a channel flushes by itself
        return complete;
    }
    void sendBodyPart(quint64 id, QByteArrayView part) override { m_worker->bodyOf(id).append(part); }
    void sendBodyEnd(quint64 id, QByteArrayView trailers) override
    {
        m_worker->m_ended.append({id, trailers.toByteArray()});
    }
    void sendCredit(quint64 id, quint32 bytes) override { m_worker->m_credits.append({id, bytes}); }
    void sendCancel(quint64 id) override { m_worker->m_cancelled.append(id); }
    ipc::EventGate &gate() override { return m_gate; }
    void sendEvent(quint64 id, const ipc::EventMessage &message) override
    {
        m_worker->m_sentEvents.append({id, message.sequence, message.kind, message.route, message.name.toByteArray(),
                                       message.bodyPart.toByteArray()});
    }
    void sendEventBody(QByteArrayView part) override { m_worker->m_sentEvents.last().body.append(part); }
    void sendLeaving() override { m_worker->m_isLeaving = true; }
    void readRest() override
    {
        for (const quint64 id : std::exchange(m_worker->m_unread, {}))
            m_worker->answer(id);
    }

private:
    FakeWorker *m_worker;
    dispatch::WorkerInfo m_info;
    ipc::ClaimRing m_ring;
    ipc::EventGate m_gate;
};

namespace {

std::shared_ptr<ipc::ChildPage> newPage()
{
    Result<ipc::ChildPage> page = ipc::ChildPage::create(2);
    if (!page)
        qFatal("no shared memory");
    return std::make_shared<ipc::ChildPage>(std::move(*page));
}

ipc::ChildPage childSide(const ipc::ChildPage &page)
{
    Result<ipc::ChildPage> mapped = ipc::ChildPage::adopt(::dup(page.descriptor()), page.reactorCount());
    if (!mapped)
        qFatal("no shared memory");
    return std::move(*mapped);
}

} // namespace

dispatch::WorkerInfo FakeWorker::info(int workerId, int generation)
{
    static quint64 lastChildId = 0;
    dispatch::WorkerInfo info;
    info.childId = ++lastChildId;
    info.workerId = workerId;
    info.generation = generation;
    info.pid = 4000 + qint64(lastChildId);
    info.routes = {{"GET", "/a", true}, {"GET", "/once", false}, {"POST", "/b", true}};
    return info;
}

FakeWorker::FakeWorker(const dispatch::WorkerInfo &info, std::shared_ptr<ipc::ChildPage> page)
    : m_info(info)
    , m_page(page ? std::move(page) : newPage())
    , m_book(childSide(*m_page))
{
    const Result<std::pair<int, int>> pair = ipc::Channel::createPair();
    if (!pair)
        qFatal("no socket pair");
    m_near = std::make_unique<ipc::Channel>(pair->first, this);
    m_far = std::make_unique<ipc::Channel>(pair->second, this);
}

FakeWorker::~FakeWorker() = default;

void FakeWorker::join(dispatch::Dispatcher &dispatcher, int reactorId)
{
    m_events = &dispatcher;
    dispatcher.addWorker(std::make_unique<Link>(this, reactorId));
}

QList<quint64> FakeWorker::sent() const
{
    QList<quint64> ids;
    for (const Sent &sent : m_sent)
        ids.append(sent.id);
    return ids;
}

const FakeWorker::Sent &FakeWorker::request(quint64 id) const
{
    // The newest: a request that was taken back may have come again.
    const auto found = std::find_if(m_sent.crbegin(), m_sent.crend(), [id](const Sent &sent) { return sent.id == id; });
    if (found == m_sent.crend())
        qFatal("request %llu was not sent to this worker", static_cast<unsigned long long>(id));
    return *found;
}

bool FakeWorker::beginEvent(quint64 sequence)
{
    return ipc::beginEvent(m_page->eventProgress(0), sequence);
}

void FakeWorker::endEvents(quint64 sequence)
{
    m_events->eventsDoneReceived(childId(), sequence);
}

bool FakeWorker::claim(quint64 id, quint32 route)
{
    counters().loopTurns.fetch_add(1);
    const ipc::ClaimTicket &ticket = request(id).ticket;
    return m_book.claim(ticket.slot, ticket.sequence, route, base::nowNanoseconds());
}

bool FakeWorker::run(quint64 id, quint32 route)
{
    if (!claim(id, route))
        return false;
    m_book.setCurrent(request(id).ticket.slot);
    return true;
}

void FakeWorker::defer(quint64 id)
{
    const ipc::ClaimTicket &ticket = request(id).ticket;
    m_book.setCurrent(ipc::NoSlot);
    m_book.defer(ticket.slot, ticket.sequence);
    m_events->deferredReceived(childId(), id);
    m_events->batchEnded(childId());
}

bool FakeWorker::answer(quint64 id, int status, const QByteArray &body)
{
    const ipc::ClaimTicket ticket = request(id).ticket;
    const ipc::ClaimState state = ipc::stateOf(m_page->claimSlots()[ticket.slot].word.load());
    if (state != ipc::ClaimState::Claimed && state != ipc::ClaimState::Deferred && !claim(id))
        return false;
    m_book.setCurrent(ipc::NoSlot);
    m_book.finish(ticket.slot, ticket.sequence);
    ipc::ResponseMessage message;
    message.status = quint16(status);
    message.headerBlock = "X-Worker: fake\r\n";
    message.bodyLength = quint64(body.size());
    message.bodyPart = body;
    m_events->responseReceived(childId(), id, message);
    m_events->batchEnded(childId());
    return true;
}

void FakeWorker::answerPart(quint64 id, quint64 length, const QByteArray &part, ipc::ResponseKind kind)
{
    const ipc::ClaimTicket ticket = request(id).ticket;
    claim(id);
    m_book.finish(ticket.slot, ticket.sequence);
    ipc::ResponseMessage message;
    message.kind = kind;
    message.bodyLength = length;
    message.bodyPart = part;
    m_events->responseReceived(childId(), id, message);
    m_events->batchEnded(childId());
}

void FakeWorker::sendBodyPart(quint64 id, const QByteArray &part)
{
    m_events->responseBodyReceived(childId(), id, part);
    m_events->batchEnded(childId());
}

void FakeWorker::grantBody(quint64 id, quint32 bytes)
{
    m_events->creditReceived(childId(), id, bytes);
    m_events->batchEnded(childId());
}

void FakeWorker::closeLink()
{
    m_events->linkClosed(childId());
}

void FakeWorker::beginStream(quint64 id, quint64 length)
{
    const ipc::ClaimTicket ticket = request(id).ticket;
    claim(id);
    m_book.finish(ticket.slot, ticket.sequence);
    ipc::ResponseMessage message;
    message.kind = ipc::ResponseKind::Streamed;
    message.bodyLength = length;
    m_events->responseReceived(childId(), id, message);
    m_events->batchEnded(childId());
}

void FakeWorker::endStream(quint64 id, const QByteArray &trailers)
{
    m_events->responseEndReceived(childId(), id, trailers);
    m_events->batchEnded(childId());
}

void FakeWorker::abortStream(quint64 id)
{
    m_events->responseAbortReceived(childId(), id);
    m_events->batchEnded(childId());
}

QByteArray &FakeWorker::bodyOf(quint64 id)
{
    const auto found = std::find_if(m_sent.rbegin(), m_sent.rend(), [id](const Sent &sent) { return sent.id == id; });
    return found->body;
}

void FakeWorker::frameReceived(const ipc::Frame &frame)
{
    for (Sent &sent : m_sent) {
        if (sent.id == frame.id)
            sent.body.append(frame.payload);
    }
}

dispatch::RequestOrder orderOf(const QByteArray &body, bool isSafe)
{
    const QByteArray head =
        isSafe ? QByteArrayLiteral("GET /a HTTP/1.1\r\n\r\n") : QByteArrayLiteral("POST /b HTTP/1.1\r\n\r\n");
    const quint32 methodLength = isSafe ? 3 : 4;
    ipc::RequestParts parts;
    parts.bodyLength = quint64(body.size());
    parts.remoteAddress = "127.0.0.1";
    parts.head = head;
    parts.method = {0, methodLength};
    parts.target = {methodLength + 1, 2};
    dispatch::RequestOrder order;
    order.payload = ipc::encodeRequest(parts);
    order.body = body;
    order.isSafe = isSafe;
    return order;
}

} // namespace DispatchTest
