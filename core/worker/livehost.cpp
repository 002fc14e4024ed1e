#include "worker/livehost.h"

#include "base/clock.h"
#include "ipc/eventgate.h"
#include "sdk/src/exceptiontext_p.h"
#include "worker/liveserver.h"
#include "worker/log.h"
#include "worker/requestreader.h"

#include <QtEndian>

#include <algorithm>
#include <optional>

namespace Quern::worker {

namespace {

constexpr qsizetype requestIdSize = 8;
/// Room that is made for an announced body at once; one that is longer makes room as it comes.
constexpr qsizetype maxReserved = 4 * 1024 * 1024;
/// RFC 6455 §7.4.1: the server has met what it did not expect.
constexpr quint16 internalErrorCode = 1011;

ClosedBy closedBy(ipc::Closer closer)
{
    switch (closer) {
    case ipc::Closer::Peer:
        return ClosedBy::Peer;
    case ipc::Closer::Application:
        return ClosedBy::Application;
    case ipc::Closer::Server:
        break;
    }
    return ClosedBy::Server;
}

QString placeOf(const RouteSpec &route)
{
    return QStringLiteral("%1 %2 of plugin %3")
        .arg(route.isSocket() ? QStringLiteral("socket handler") : QStringLiteral("WebSocket route"),
             QString::fromUtf8(route.pattern), route.plugin);
}

/// Takes the answer of a handshake that is run again, which nobody waits for.
class Judge final : public ResponseSink
{
public:
    ~Judge() override { retire(); }
    const std::optional<Answer> &answer() const { return m_answer; }

    void responseReady(quint64 id, const Answer &answer) override
    {
        m_answer = answer;
        if (answer.stream)
            callAuthor(id, answer.stream->close());
    }
    void responseDropped(quint64) override {}
    void streamWritten(quint64) override {}
    void streamAwaited() override {}
    void callAuthor(quint64, const std::function<void()> &callback) override
    {
        try {
            if (callback)
                callback();
        } catch (...) {
            qCCritical(logWorker).noquote()
                << "a callback of a handshake that was run again threw:" << textOfCurrentException();
        }
    }

private:
    std::optional<Answer> m_answer;
};

} // namespace

LiveHost::LiveHost(const ApplicationPrivate &application, const Pipeline &pipeline, ipc::ClaimBook &claims,
                   int workerId, int generation, LiveServer *server)
    : m_application(application)
    , m_pipeline(pipeline)
    , m_claims(claims)
    , m_server(server)
{
    m_journey.workerId = workerId;
    m_journey.generation = generation;
}

quint64 LiveHost::frameReceived(int reactorId, const ipc::Frame &frame)
{
    Arriving &arriving = m_lanes[std::size_t(reactorId)].arriving;
    if (frame.type == ipc::FrameType::Event) {
        const Result<ipc::EventMessage> message = ipc::decodeEvent(frame.payload);
        if (!message) {
            qCCritical(logWorker).noquote() << "an event is dropped:" << message.error().message();
            return 0;
        }
        if (message->bodyPart.size() == qsizetype(message->bodyLength))
            return run(reactorId, frame.id, *message, message->bodyPart);
        arriving = {frame.id, *message, message->name.toByteArray(), {}, qsizetype(message->bodyLength)};
        arriving.message.name = arriving.name;
        arriving.body.reserve(qMin(arriving.missing, maxReserved));
    }
    const QByteArrayView part =
        frame.type == ipc::FrameType::Event ? arriving.message.bodyPart : QByteArrayView(frame.payload);
    if (arriving.missing < part.size() || (part.isEmpty() && frame.type == ipc::FrameType::EventBody)) {
        qCCritical(logWorker) << "an event of connection" << frame.id << "has more body than it announced";
        arriving = {};
        return 0;
    }
    arriving.body.append(part);
    arriving.missing -= part.size();
    if (arriving.missing > 0)
        return 0;
    const Arriving whole = std::exchange(arriving, {});
    return run(reactorId, whole.id, whole.message, whole.body);
}

void LiveHost::batchEnded(int reactorId)
{
    report(m_lanes[std::size_t(reactorId)]);
}

void LiveHost::report(Lane &lane)
{
    if (lane.reported == lane.handled)
        return;
    // Behind the commands that the handlers have sent by this channel.
    lane.channel->send(ipc::FrameType::EventsDone, lane.handled);
    lane.reported = lane.handled;
}

quint64 LiveHost::run(int reactorId, quint64 id, const ipc::EventMessage &message, QByteArrayView body)
{
    if (!ipc::beginEvent(m_claims.eventProgress(reactorId), message.sequence))
        return 0; // it belongs to another worker by now
    const quint64 startedNs = base::nowNanoseconds();
    const ipc::ClaimBook::Current outer = m_claims.current();
    m_claims.setCurrent({ipc::EventSlot, message.route, id, startedNs, startedNs});
    const bool isKnown = message.route < m_application.routes.size() && m_application.routes[message.route].live;
    if (isKnown)
        call(m_application.routes[message.route], reactorId, id, message, body);
    else
        qCCritical(logWorker) << "an event of connection" << id << "is for route" << message.route
                              << "which takes no events: it is dropped";
    m_claims.setCurrent(outer);

    Lane &lane = m_lanes[std::size_t(reactorId)];
    lane.handled = message.sequence;
    std::atomic<quint64> &events = m_claims.counters().events;
    events.store(events.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed);
    const quint64 runNs = qMax<quint64>(base::nowNanoseconds() - startedNs, 1);
    if (runNs >= LongRunNs)
        report(lane);
    return runNs;
}

void LiveHost::call(const RouteSpec &route, int reactorId, quint64 id, const ipc::EventMessage &message,
                    QByteArrayView body)
{
    if (const auto given = std::find(m_givenUp.begin(), m_givenUp.end(), id); id != 0 && given != m_givenUp.end()) {
        if (message.kind == ipc::EventKind::Close)
            m_givenUp.erase(given);
        return;
    }
    const LiveHandlers &handlers = *route.live;
    const bool isPacket = message.kind == ipc::EventKind::Packet;
    const Connection connection = connectionOf(reactorId, id, message);
    const auto tell = [&connection](const auto &handler, const auto &...what) {
        if (handler)
            handler(connection, what...);
    };
    try {
        switch (message.kind) {
        case ipc::EventKind::Open:
            open(route, reactorId, id, message, body);
            break;
        case ipc::EventKind::Connect:
            tell(handlers.connect);
            break;
        case ipc::EventKind::Text:
            tell(handlers.message, Message{MessageType::Text, body});
            break;
        case ipc::EventKind::Binary:
            tell(handlers.message, Message{MessageType::Binary, body});
            break;
        case ipc::EventKind::Bytes:
            tell(handlers.receive, body);
            break;
        case ipc::EventKind::Packet:
            if (handlers.packet)
                handlers.packet(Datagram(message.port, reactorId, message.name, body));
            break;
        case ipc::EventKind::Close:
            tell(handlers.close, CloseReason{message.code, QString::fromUtf8(body), closedBy(message.closer)});
            break;
        case ipc::EventKind::BufferFull:
            tell(handlers.bufferFull);
            break;
        case ipc::EventKind::BufferEmpty:
            if (m_server)
                m_server->drained(id);
            tell(handlers.bufferEmpty);
            break;
        }
    } catch (...) {
        qCCritical(logWorker).noquote().nospace()
            << "a handler of " << placeOf(route) << " threw for "
            << (isPacket ? QStringLiteral("a datagram") : QStringLiteral("connection %1").arg(id)) << ": "
            << textOfCurrentException();
        if (message.kind == ipc::EventKind::Open || message.kind == ipc::EventKind::Connect)
            giveUp(reactorId, id, message);
    }
}

void LiveHost::open(const RouteSpec &route, int reactorId, quint64 id, const ipc::EventMessage &message,
                    QByteArrayView body)
{
    if (body.size() < requestIdSize) {
        qCCritical(logWorker) << "connection" << id << "is closed: the event that it is open is malformed";
        giveUp(reactorId, id, message);
        return;
    }
    const quint64 requestId = qFromLittleEndian<quint64>(body.data());
    RequestData request = takeKept(requestId);
    if (!request) {
        const Result<RequestData> read = readHandshake(requestId, body.sliced(requestIdSize));
        if (read) {
            request = *read;
            const auto received = request->journey.received;
            request->journey = m_journey;
            request->journey.reactorId = reactorId;
            request->journey.received = request->journey.dispatched = received;
            request->journey.started = base::fromNanoseconds(base::nowNanoseconds());
        }
        const QString problem = read ? repeatHandshake(message.route, *request) : read.error().message();
        if (!problem.isEmpty()) {
            qCWarning(logWorker).noquote().nospace()
                << "connection " << id << " of " << placeOf(route)
                << " is closed: its handshake ran in a worker that died, and again in this one: " << problem;
            giveUp(reactorId, id, message);
            return;
        }
    }
    if (route.live->open)
        route.live->open(connectionOf(reactorId, id, message), Request(request.data()));
}

Connection LiveHost::connectionOf(int reactorId, quint64 id, const ipc::EventMessage &message) const
{
    if (message.kind == ipc::EventKind::Packet)
        return Connection(ConnectionId(id));
    return Connection(ConnectionId(id),
                      m_server ? m_server->userOf(reactorId, id, message) : message.name.toByteArray());
}

QString LiveHost::repeatHandshake(quint32 route, RequestPrivate &request)
{
    Judge judge;
    const QExplicitlySharedDataPointer<ResponsePrivate> answer(new ResponsePrivate(request.id, &judge));
    QString problem;
    {
        Request requestHandle(&request);
        Response responseHandle(answer.data());
        try {
            Router::Match match;
            if (!m_pipeline.hasReceivedHooks())
                match = m_pipeline.route(request);
            m_pipeline.run(
                match, requestHandle, responseHandle, request, *answer, [] {}, [](const RouteSpec &) {});
            if (!answer->deferred)
                answer->finish();
        } catch (...) {
            problem = Pipeline::withPlace(textOfCurrentException(), request);
        }
    }
    if (m_pipeline.hasCleaners())
        m_pipeline.clean(&request);
    answer->cancel();
    if (!problem.isEmpty())
        return problem;
    if (!judge.answer())
        return QStringLiteral("it was deferred, and nobody can wait for it now");
    if (!Pipeline::accepts(*answer, *judge.answer()))
        return QStringLiteral("it was refused with status %1").arg(judge.answer()->status);
    return request.routeNumber == qsizetype(route) ? QString() : QStringLiteral("it has led to another route");
}

void LiveHost::giveUp(int reactorId, quint64 id, const ipc::EventMessage &message)
{
    ipc::CommandMessage command;
    command.kind = ipc::CommandKind::Close;
    command.code = message.kind == ipc::EventKind::Open ? internalErrorCode : quint16(0);
    m_lanes[std::size_t(reactorId)].channel->sendWith([&](QByteArray &out) { ipc::appendCommand(out, id, command); });
    m_givenUp.push_back(id);
    if (m_givenUp.size() > MaxKept)
        m_givenUp.pop_front();
}

void LiveHost::keep(const RequestData &request)
{
    m_kept.emplace_back(request->id, request);
    if (m_kept.size() > MaxKept)
        m_kept.pop_front();
}

void LiveHost::forget(quint64 requestId)
{
    takeKept(requestId);
}

LiveHost::RequestData LiveHost::takeKept(quint64 requestId)
{
    const auto place =
        std::find_if(m_kept.begin(), m_kept.end(), [requestId](const auto &each) { return each.first == requestId; });
    if (place == m_kept.end())
        return {};
    RequestData taken = std::move(place->second);
    m_kept.erase(place);
    return taken;
}

} // namespace Quern::worker
