#include "admin-gui/connection/link.h"

#include "admin-gui/connection/localtransport.h"
#include "admin-gui/connection/streamtransport.h"
#include "admin/protocol/methods.h"

#include <QTimerEvent>

namespace Quern::console {

namespace {

constexpr std::chrono::milliseconds tick{100};
/// A control socket costs nothing to try.
constexpr std::chrono::milliseconds mostLocalDelay{1000};
constexpr std::chrono::milliseconds mostRemoteDelay{10'000};

} // namespace

Link::Link(QObject *parent)
    : QObject(parent)
    , m_transport(nullptr, [](Transport *transport) { transport->deleteLater(); })
    , m_backOff(mostLocalDelay)
{
}

Link::~Link()
{
    // Nobody is there any more to whom answers could go.
    if (m_transport)
        delete m_transport.release();
}

void Link::open(const ServerAddress &address, const QString &token)
{
    close();
    m_address = address;
    m_token = token;
    m_backOff = BackOff(address.isLocal() ? mostLocalDelay : mostRemoteDelay);
    m_ticks.start(int(tick.count()), Qt::PreciseTimer, this);
    connectNow();
}

void Link::close()
{
    m_ticks.stop();
    m_log = {};
    m_isLogShown = true;
    dropTransport();
    settleAll(Error(Error::Unavailable, tr("the connection has been closed")));
    enter(LinkState::Phase::Idle);
}

void Link::retryNow()
{
    if (m_state.phase != LinkState::Phase::Waiting && m_state.phase != LinkState::Phase::Refused)
        return;
    m_backOff.reset();
    connectNow();
}

void Link::connectNow()
{
    dropTransport();
    if (m_address.isLocal())
        m_transport.reset(new LocalTransport(m_address.socketPath(), this));
    else
        m_transport.reset(new StreamTransport(m_address.streamUrl(), m_token, this));
    Transport *transport = m_transport.get();
    connect(transport, &Transport::opened, this, &Link::opened);
    connect(transport, &Transport::received, this, &Link::received);
    connect(transport, &Transport::closed, this, &Link::closed);
    m_connectDeadline.setRemainingTime(ConnectTimeout);
    enter(LinkState::Phase::Connecting, m_state.reason);
    transport->open();
}

void Link::opened()
{
    introduce();
}

void Link::introduce()
{
    enqueue(ownQuestion(admin::Methods::serverAccess, {}, &Link::subscribe));
}

void Link::subscribe(const Result<QJsonObject> &outcome)
{
    // A server that is older than the method tells us by each refusal what we may not do.
    if (!outcome && outcome.error().code() != Error::NotFound)
        return closed(outcome.error());
    const Result<admin::Access> access = outcome ? admin::Access::fromJson(*outcome) : admin::Access{};
    if (!access)
        return closed(access.error());
    m_state.role = outcome ? access->role : admin::Role::Admin;
    m_state.who = access->name;
    admin::Subscription subscription;
    subscription.status = true;
    subscription.interval = StatusInterval;
    subscription.operations = true;
    subscription.processes = true;
    enqueue(ownQuestion(admin::Methods::serverSubscribe, subscription.toJson(), &Link::subscribed));
}

void Link::subscribed(const Result<QJsonObject> &outcome)
{
    if (!outcome)
        return closed(outcome.error());
    m_backOff.reset();
    enter(LinkState::Phase::Connected);
    sendWaiting();
}

Question Link::ownQuestion(QLatin1StringView method, const QJsonObject &params,
                           void (Link::*then)(const Result<QJsonObject> &))
{
    Question question;
    question.method = method;
    question.params = params;
    question.patience = ConnectTimeout;
    const Transport *transport = m_transport.get();
    question.prepare = [this, then, transport](const Result<QJsonObject> &outcome) -> std::function<void()> {
        if (transport == m_transport.get())
            (this->*then)(outcome);
        return {};
    };
    return question;
}

void Link::ask(const Question &question)
{
    if (!m_state.isUp())
        return settle(question, Error(Error::Unavailable, tr("the server is not connected")));
    if (m_waiting.size() >= MostWaiting)
        return settle(question, Error(Error::Busy, tr("too many requests are under way")));
    enqueue(question);
}

void Link::enqueue(const Question &question)
{
    m_waiting.push_back({question, QDeadlineTimer(question.patience)});
    sendWaiting();
}

void Link::sendWaiting()
{
    while (m_transport && !m_waiting.empty() && m_underWay.size() < MostUnderWay) {
        admin::Request request;
        request.id = ++m_lastId;
        request.method = m_waiting.front().question.method;
        request.params = m_waiting.front().question.params;
        m_underWay.emplace(request.id, std::move(m_waiting.front()));
        m_waiting.pop_front();
        m_transport->send(request.toJson());
    }
}

void Link::received(const QJsonObject &message)
{
    m_silentAt.setRemainingTime(SilenceLimit);
    m_deadAt.setRemainingTime(DeadLimit);
    if (m_state.phase == LinkState::Phase::Silent)
        enter(LinkState::Phase::Connected);
    const Result<admin::ServerMessage> read = admin::serverMessageFromJson(message);
    if (!read)
        return closed(read.error());
    if (const auto *reply = std::get_if<admin::Reply>(&*read))
        takeReply(*reply);
    else
        takeEvent(std::get<admin::Event>(*read));
}

void Link::takeReply(const admin::Reply &reply)
{
    const auto found = m_underWay.find(reply.id);
    if (found == m_underWay.end())
        return; // too late: it has been given up
    const Question question = std::move(found->second.question);
    m_underWay.erase(found);
    settle(question, reply.outcome);
    sendWaiting();
}

void Link::takeEvent(const admin::Event &event)
{
    if (event.name == admin::Events::status) {
        if (const Result<admin::Status> status = admin::Status::fromJson(event.data))
            Q_EMIT eventArrived(std::make_shared<const admin::Status>(*status));
        else
            closed(status.error());
    } else if (event.name == admin::Events::operation) {
        if (const Result<admin::Operation> operation = admin::Operation::fromJson(event.data))
            Q_EMIT eventArrived(*operation);
    } else if (event.name == admin::Events::process) {
        if (const Result<admin::ProcessEvent> process = admin::ProcessEvent::fromJson(event.data))
            Q_EMIT eventArrived(*process);
    } else if (event.name == admin::Events::log) {
        takeLog(admin::LogPage::fromJson(event.data));
    }
}

void Link::takeLog(const Result<admin::LogPage> &page)
{
    if (!page)
        return;
    m_log.lines += page->lines;
    m_log.dropped += page->dropped;
    if (const qsizetype excess = m_log.lines.size() - MostLogLines; excess > 0) {
        m_log.lines.remove(0, excess);
        m_log.dropped += excess;
    }
    flushLog();
}

void Link::logTaken()
{
    m_isLogShown = true;
    flushLog();
}

void Link::flushLog()
{
    if (!m_isLogShown || (m_log.lines.isEmpty() && m_log.dropped == 0))
        return;
    m_isLogShown = false;
    Q_EMIT logArrived(std::exchange(m_log, {}));
}

void Link::closed(const Error &reason)
{
    dropTransport();
    settleAll(reason);
    m_log = {};
    if (reason.code() == Error::Permission)
        return enter(LinkState::Phase::Refused, reason.message());
    m_state.retryIn = m_backOff.next();
    m_retryAt.setRemainingTime(m_state.retryIn);
    enter(LinkState::Phase::Waiting, reason.message());
}

void Link::dropTransport()
{
    if (m_transport)
        m_transport->disconnect(this);
    m_transport.reset();
}

void Link::settle(const Question &question, const Result<QJsonObject> &outcome)
{
    if (const std::function<void()> deliver = question.prepare(outcome))
        Q_EMIT answered(deliver);
}

void Link::settleAll(const Error &reason)
{
    const std::map<qint64, Pending> underWay = std::exchange(m_underWay, {});
    const std::deque<Pending> waiting = std::exchange(m_waiting, {});
    for (const auto &[id, pending] : underWay)
        settle(pending.question, reason);
    for (const Pending &pending : waiting)
        settle(pending.question, reason);
}

void Link::enter(LinkState::Phase phase, const QString &reason)
{
    m_state.phase = phase;
    m_state.reason = reason;
    if (phase == LinkState::Phase::Connected) {
        m_silentAt.setRemainingTime(SilenceLimit);
        m_deadAt.setRemainingTime(DeadLimit);
    }
    Q_EMIT stateChanged(m_state);
}

void Link::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_ticks.timerId())
        return;
    using Phase = LinkState::Phase;
    const Phase phase = m_state.phase;
    if (phase == Phase::Waiting && m_retryAt.hasExpired())
        return connectNow();
    if (phase == Phase::Connecting && m_connectDeadline.hasExpired())
        return closed(Error(Error::Timeout, tr("the server does not answer")));
    if (m_state.isUp() && m_deadAt.hasExpired())
        return closed(Error(Error::Timeout, tr("the server has said nothing for %1 s").arg(DeadLimit.count() / 1000)));
    if (phase == Phase::Connected && m_silentAt.hasExpired())
        enter(Phase::Silent, tr("the server says nothing"));
    while (!m_waiting.empty() && m_waiting.front().deadline.hasExpired()) {
        const Question question = std::move(m_waiting.front().question);
        m_waiting.pop_front();
        settle(question, Error(Error::Timeout, tr("the server has not answered in time")));
    }
    for (auto it = m_underWay.begin(); it != m_underWay.end();) {
        if (!it->second.deadline.hasExpired()) {
            ++it;
            continue;
        }
        const Question question = std::move(it->second.question);
        it = m_underWay.erase(it);
        settle(question, Error(Error::Timeout, tr("the server has not answered in time; it may have done it")));
    }
    sendWaiting();
}

} // namespace Quern::console
