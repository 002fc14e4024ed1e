#include "tasks/broker.h"

#include "base/clock.h"
#include "tasks/backoff.h"
#include "tasks/log.h"

#include <QAbstractEventDispatcher>
#include <QRandomGenerator>
#include <QThread>

#include <algorithm>

namespace Quern::tasks {

namespace {

/// A durable task whose task worker was killed from outside is run again without the loss of a try: so often.
constexpr int maxInterruptions = 3;

QString titleOf(const TaskRecord &record)
{
    return QStringLiteral("%1 \"%2\"")
        .arg(record.kind == TaskKind::Event ? u"event" : u"task", QString::fromUtf8(record.name));
}

Error::Code codeOf(ipc::TaskOutcome outcome)
{
    return outcome == ipc::TaskOutcome::Hopeless   ? Error::NotFound
           : outcome == ipc::TaskOutcome::TooLarge ? Error::TooLarge
                                                   : Error::Internal;
}

} // namespace

Broker::Broker(const std::function<BrokerStores(TaskStore::Client &)> &makeStores, const BrokerSettings &settings)
    : m_settings(settings)
    , m_stores(makeStores(*this))
    , m_post(settings.plan)
    , m_finishes(m_stores.spill)
{
    m_finishes.setWorkers(settings.plan.workers);
    shareKeys();
    connect(QAbstractEventDispatcher::instance(QThread::currentThread()), &QAbstractEventDispatcher::aboutToBlock, this,
            &Broker::turnEnded);
    m_dirty = true;
}

Broker::~Broker()
{
    // The stores before their client.
    m_lanes.clear();
    m_links.clear();
    m_stores.memory.reset();
    m_stores.durable.reset();
}

void Broker::reconfigure(const BrokerSettings &settings)
{
    m_settings = settings;
    m_post.reconfigure(settings.plan);
    m_finishes.setWorkers(settings.plan.workers);
}

Result<void> Broker::openDatabase(const OpenDatabase &open)
{
    if (m_stores.durable)
        return {};
    Result<std::unique_ptr<TaskStore>> opened = open(*this);
    if (!opened)
        return opened.error();
    m_stores.durable = std::move(*opened);
    shareKeys();
    m_dirty = true;
    return {};
}

void Broker::shareKeys()
{
    if (!m_stores.durable)
        return;
    m_stores.memory->shareKeys(m_stores.durable.get());
    m_stores.durable->shareKeys(m_stores.memory.get());
}

void Broker::addChild(int fd, std::shared_ptr<ipc::ChildPage> page, const LinkInfo &info)
{
    BrokerLinkEvents &events = *this;
    m_links.push_back(std::make_unique<BrokerLink>(fd, std::move(page), info, events));
    m_post.addLink(*m_links.back());
    tellWaitingNews(*m_links.back());
    if (info.who.role != ipc::ChildRole::TaskWorker)
        return;
    m_lanes.push_back(std::make_unique<TaskLane>(*m_links.back()));
    m_lanes.back()->setActive(isPresent(info.generation));
    m_dirty = true;
}

void Broker::activate(int generation)
{
    m_generation = generation;
    m_admitted = 0;
    activateLanes();
}

void Broker::admit(int generation)
{
    m_admitted = generation;
    activateLanes();
}

void Broker::activateLanes()
{
    for (const auto &lane : m_lanes)
        lane->setActive(isPresent(lane->info().generation));
    for (const auto &link : m_links)
        tellWaitingNews(*link);
    m_dirty = true;
}

void Broker::drain(quint64 childId)
{
    TaskLane *lane = laneOf(childId);
    if (!lane) {
        // It may have delivered just now: what it sent is read before it is told to stop.
        if (BrokerLink *link = linkOf(childId))
            link->channel().readRest();
        Q_EMIT childDrained(childId);
        return;
    }
    lane->setDraining();
    giveBack(lane->takeBack());
    checkDrained(*lane);
    m_dirty = true;
}

void Broker::childDied(quint64 childId, const QString &how, bool isOwnFault)
{
    BrokerLink *link = linkOf(childId);
    if (!link)
        return;
    // The news of its end may come before its last words have been read.
    link->channel().readRest();
    if (TaskLane *lane = laneOf(childId)) {
        settle(*lane, how, isOwnFault);
        std::erase_if(m_lanes, [lane](const auto &each) { return each.get() == lane; });
    }
    m_post.removeLink(childId);
    std::erase_if(m_links, [link](const auto &each) { return each.get() == link; });
    m_dirty = true;
    checkStopped();
}

void Broker::giveBack(const std::vector<TaskLane::Sent> &sent)
{
    for (const TaskLane::Sent &each : sent) {
        const quint64 id = each.record->id;
        each.store->giveBack({&id, 1});
        m_dirty = true;
    }
}

void Broker::settle(TaskLane &lane, const QString &how, bool isOwnFault)
{
    giveBack(lane.close());
    const QString reason = lane.timedOut;
    const ipc::TaskGate::Done done = lane.done();
    for (const TaskLane::Sent &sent : lane.takeAll()) {
        if (sent.sequence <= done.sequence)
            succeededUnheard(sent, done.hasResults, lane.info().who.text());
        else if (!reason.isEmpty())
            failed(*sent.store, *sent.record, sent.record->attempts + 1, sent.record->resumeAt,
                   Error(Error::Timeout, reason), false);
        else
            interrupted(sent, QStringLiteral("%1 died: %2").arg(lane.info().who.text(), how), isOwnFault);
    }
}

void Broker::succeeded(const TaskLane::Sent &sent, const Result<void> &outcome, const ipc::TaskDoneMessage &done)
{
    const quint64 id = sent.record->id;
    m_counters.done.store(m_counters.done + 1, std::memory_order_relaxed);
    tellSender(*sent.record, sent.record->attempts + 1, outcome, outcome ? &done : nullptr);
    m_interruptions.erase(id);
    sent.store->finish(id);
}

void Broker::succeededUnheard(const TaskLane::Sent &sent, bool mayHaveResult, const QString &taskWorker)
{
    Result<void> outcome;
    if (mayHaveResult)
        outcome = Error(Error::Unavailable,
                        QStringLiteral("it is done, but %1 died before it could tell the result").arg(taskWorker));
    ipc::TaskDoneMessage emptyMap;
    emptyMap.flags = ipc::MapPayload;
    succeeded(sent, outcome, emptyMap);
}

void Broker::interrupted(const TaskLane::Sent &sent, const QString &how, bool isOwnFault)
{
    const quint64 id = sent.record->id;
    const bool isDurable = sent.store == m_stores.durable.get();
    // Who stops a server kills what does not end in time: that is no end of a task, wherever it waits.
    if (!isOwnFault && (m_stopping || (isDurable && ++m_interruptions[id] <= maxInterruptions))) {
        sent.store->giveBack({&id, 1});
        return;
    }
    failed(*sent.store, *sent.record, sent.record->attempts + 1, sent.record->resumeAt, Error(Error::Unavailable, how),
           false);
}

void Broker::posted(BrokerLink &link, quint64 id, const ipc::PostMessage &message)
{
    if (message.kind == ipc::PostKind::Close)
        link.setLeaving();
    m_post.received(link, id, message);
}

void Broker::linkClosed(BrokerLink &link)
{
    // Nothing more can begin in a dying process: what it had not begun need not wait for the news of its end.
    const quint64 childId = link.info().childId;
    if (TaskLane *lane = laneOf(childId)) {
        giveBack(lane->close());
    }
    Q_EMIT childUnreachable(childId);
}

void Broker::stop()
{
    m_stopping = true;
    for (const auto &lane : m_lanes)
        giveBack(lane->takeBack());
    m_dirty = true;
    // The caller hears of nothing before this has returned.
    QMetaObject::invokeMethod(this, &Broker::checkStopped, Qt::QueuedConnection);
}

void Broker::checkStopped()
{
    if (!m_stopping || m_stoppedTold ||
        std::any_of(m_lanes.begin(), m_lanes.end(), [](const auto &lane) { return !lane->isEmpty(); }))
        return;
    m_stoppedTold = true;
    Q_EMIT stopped();
}

TaskStore *Broker::storeFor(quint8 flags, quint64 delayMs) const
{
    if (!m_stores.durable || m_stores.allInMemory)
        return m_stores.memory.get();
    if (m_stores.allDurable || (flags & ipc::DurableTask) != 0)
        return m_stores.durable.get();
    const bool isVolatile = (flags & ipc::VolatileTask) != 0;
    return delayMs > 0 && !isVolatile ? m_stores.durable.get() : m_stores.memory.get();
}

void Broker::tellUndurable(const QByteArray &name)
{
    if (std::exchange(m_undurableTold, true))
        return;
    qCWarning(logTasks).noquote().nospace()
        << '"' << name
        << "\" is to be durable, and driver = \"memory\" in [tasks] keeps it in memory, as all that follows: "
           "it ends with the server; set driver = \"auto\"";
}

void Broker::delivered(BrokerLink &link, quint64 id, const ipc::DeliverMessage &message)
{
    const bool wantsFinish = (message.flags & ipc::WantsFinish) != 0;
    const DeliveryTicket from = {link.info().childId, id, message.flags,
                                 wantsFinish ? message.name.toByteArray() : QByteArray()};
    const ipc::ChildIdentity &deliverer = link.info().who;
    const qint32 sender = deliverer.role == ipc::ChildRole::Worker ? deliverer.number
                          : deliverer.role == ipc::ChildRole::Boot ? message.sender // a worker of the server before
                                                                   : -1;
    if (m_forwarder) {
        ipc::DeliverMessage forwarded = message;
        forwarded.sender = sender;
        if (!m_forwarder->add(from, forwarded))
            refuse(from, Error(Error::Busy, QStringLiteral("a new server takes over; try again")));
        return;
    }
    TaskRecord record;
    record.id = id;
    record.createdMs = base::wallClockMs();
    record.dueMs = record.createdMs + qint64(message.delayMs);
    record.kind = (message.flags & ipc::EventTask) != 0 ? TaskKind::Event : TaskKind::Task;
    record.name = message.name.toByteArray();
    record.uniqueKey = message.uniqueKey.toByteArray();
    record.isMap = (message.flags & ipc::MapPayload) != 0;
    ((message.flags & ipc::SpilledPayload) != 0 ? record.spillFile : record.payload) = message.payload.toByteArray();
    record.priority = message.priority;
    record.tries = message.tries;
    record.timeout = std::chrono::milliseconds(message.timeoutMs);
    record.backOff.first = std::chrono::milliseconds(message.retryDelayMs);
    record.backOff.longest = std::chrono::milliseconds(message.retryDelayMaxMs);
    record.tellsSender = wantsFinish;
    record.sender = sender;

    const quint64 ticket = m_nextTicket++;
    m_tickets.emplace(ticket, from);
    if (m_stores.allInMemory && (message.flags & ipc::DurableTask) != 0)
        tellUndurable(record.name);
    storeFor(message.flags, message.delayMs)->add(std::move(record), ticket);
    m_dirty = true;
}

void Broker::taskAccepted(quint64 ticket)
{
    const auto found = m_tickets.find(ticket);
    if (found == m_tickets.end())
        return;
    const DeliveryTicket &told = found->second;
    m_counters.delivered.store(m_counters.delivered + 1, std::memory_order_relaxed);
    if ((told.flags & ipc::WantsFinish) != 0)
        m_senders.emplace(told.taskId, told.childId);
    if ((told.flags & ipc::WantsAnswer) != 0) {
        if (BrokerLink *link = linkOf(told.childId))
            link->channel().send(ipc::FrameType::DeliverAnswer, told.taskId, ipc::encodeDeliverAnswer({}));
    }
    m_tickets.erase(found);
}

void Broker::taskRefused(quint64 ticket, const Error &error)
{
    const auto found = m_tickets.find(ticket);
    if (found == m_tickets.end())
        return;
    const DeliveryTicket told = std::move(found->second);
    m_tickets.erase(found);
    refuse(told, error);
}

void Broker::refuse(const DeliveryTicket &told, const Error &error)
{
    m_counters.refused.store(m_counters.refused + 1, std::memory_order_relaxed);
    BrokerLink *link = linkOf(told.childId);
    if (!link)
        return;
    const bool wantsAnswer = (told.flags & ipc::WantsAnswer) != 0;
    if (wantsAnswer || (told.flags & ipc::WantsFinish) == 0) {
        link->channel().send(ipc::FrameType::DeliverAnswer, told.taskId, ipc::encodeDeliverAnswer(error));
        return;
    }
    const QByteArray text = error.message().toUtf8();
    ipc::TaskFinishedMessage message;
    message.attempts = 0;
    message.flags = told.flags & ipc::EventTask;
    message.code = quint8(error.code() + 1);
    message.name = told.name;
    message.error = text;
    link->channel().sendWith([&](QByteArray &out) { ipc::appendTaskFinished(out, told.taskId, message); });
}

void Broker::taskDone(BrokerLink &link, quint64 id, const ipc::TaskDoneMessage &message)
{
    TaskLane *lane = laneOf(link.info().childId);
    const std::optional<TaskLane::Sent> sent = lane ? lane->take(message.sequence) : std::nullopt;
    if (!sent || sent->record->id != id)
        return;
    m_dirty = true;
    // One that is about to be killed gets nothing more.
    if (lane->timedOut.isEmpty())
        lane->setBlocked(false);
    const TaskRecord &record = *sent->record;
    const quint32 attempts = record.attempts + 1;
    if (message.outcome == ipc::TaskOutcome::Done) {
        const bool isResultLost = !message.error.isEmpty();
        succeeded(*sent,
                  isResultLost ? Result<void>(Error(Error::Io, QString::fromUtf8(message.error))) : Result<void>(),
                  message);
    } else {
        failed(*sent->store, record, attempts, message.resumeAt,
               Error(codeOf(message.outcome), QString::fromUtf8(message.error)),
               message.outcome != ipc::TaskOutcome::Failed);
    }
    if (const quint64 run = lane->takeUsedUp(m_settings.taskMaxRequest, m_settings.taskMaxRequestGrace); run > 0)
        Q_EMIT childUsedUp(
            lane->info().childId,
            QStringLiteral("it has run %1 tasks (task_max_request is %2)").arg(run).arg(m_settings.taskMaxRequest));
    checkDrained(*lane);
    if (m_stopping)
        checkStopped();
}

void Broker::failed(TaskStore &store, const TaskRecord &record, quint32 attempts, quint32 resumeAt, const Error &error,
                    bool isHopeless)
{
    m_counters.failed.store(m_counters.failed + 1, std::memory_order_relaxed);
    m_dirty = true;
    if (attempts < record.tries && !isHopeless) {
        m_counters.retried.store(m_counters.retried + 1, std::memory_order_relaxed);
        const auto delay = delayBeforeRetry(record.backOff, attempts, QRandomGenerator::global()->generateDouble());
        qCInfo(logTasks).noquote().nospace()
            << titleOf(record) << ", id " << record.id << ", failed in try " << attempts << " of " << record.tries
            << " and is tried again in " << delay.count() << " ms: " << error.message();
        store.retry(record.id, {attempts, base::wallClockMs() + delay.count(), resumeAt, error.message()});
        return;
    }
    m_counters.buried.store(m_counters.buried + 1, std::memory_order_relaxed);
    qCWarning(logTasks).noquote().nospace()
        << titleOf(record) << ", id " << record.id << ", is among the dead letters after " << attempts
        << (attempts == 1 ? " try: " : " tries: ") << error.message();
    tellSender(record, attempts, error, nullptr);
    m_interruptions.erase(record.id);
    store.bury(record.id, attempts, error.message(), base::wallClockMs());
}

BrokerLink *Broker::senderOf(const TaskRecord &record) const
{
    const auto sender = m_senders.find(record.id);
    BrokerLink *const link = sender == m_senders.end() ? nullptr : linkOf(sender->second);
    if (link && !link->isLeaving())
        return link;
    // Its successor, who knows what the plugins have registered.
    const auto successor = std::find_if(m_links.begin(), m_links.end(), [&](const auto &each) {
        return isPresentWorker(*each) && each->info().who.number == record.sender;
    });
    return successor == m_links.end() ? nullptr : successor->get();
}

bool Broker::isPresentWorker(const BrokerLink &link) const
{
    return link.info().who.role == ipc::ChildRole::Worker && isPresent(link.info().generation) && !link.isLeaving();
}

void Broker::tellWaitingNews(BrokerLink &link)
{
    const QByteArray frames = isPresentWorker(link) ? m_finishes.take(link.info().who.number) : QByteArray();
    if (!frames.isEmpty())
        link.channel().sendWith([&frames](QByteArray &out) { out += frames; });
}

void Broker::tellSender(const TaskRecord &record, quint32 attempts, const Result<void> &outcome,
                        const ipc::TaskDoneMessage *done)
{
    if (!record.tellsSender)
        return;
    BrokerLink *link = senderOf(record);
    const bool hasResult = done && !done->result.isEmpty() && (done->flags & ipc::SpilledPayload) == 0;
    if (link && hasResult && link->channel().unsentBytes() > m_settings.mostUntaken) {
        const QString loss = QStringLiteral("it is done, but its result is left off: %1 does not take what it is told");
        tellSender(record, attempts, Error(Error::Busy, loss.arg(link->info().who.text())), nullptr);
        return;
    }
    m_senders.erase(record.id);
    const QByteArray error = outcome ? QByteArray() : outcome.error().message().toUtf8();
    ipc::TaskFinishedMessage message;
    message.attempts = quint16(std::min<quint32>(attempts, 0xffff));
    message.code = outcome ? 0 : quint8(outcome.error().code() + 1);
    message.flags = record.kind == TaskKind::Event ? ipc::EventTask : 0;
    message.name = record.name;
    message.error = error;
    if (done) {
        message.flags |= done->flags;
        message.result = done->result;
    }
    if (!link) {
        QByteArray frame;
        ipc::appendTaskFinished(frame, record.id, message);
        const bool isSpilled = (message.flags & ipc::SpilledPayload) != 0;
        m_finishes.add(record.sender, frame, isSpilled ? message.result.toByteArray() : QByteArray());
        return;
    }
    ipc::Channel &channel = link->channel();
    channel.sendWith([&](QByteArray &out) { ipc::appendTaskFinished(out, record.id, message); });
    if (channel.isBatchFull())
        channel.flush();
}

void Broker::checkDrained(TaskLane &lane)
{
    if (lane.takeDrained())
        Q_EMIT childDrained(lane.info().childId);
}

BrokerLink *Broker::linkOf(quint64 childId) const
{
    const auto found = std::find_if(m_links.begin(), m_links.end(),
                                    [childId](const auto &link) { return link->info().childId == childId; });
    return found == m_links.end() ? nullptr : found->get();
}

TaskLane *Broker::laneOf(quint64 childId) const
{
    const auto found = std::find_if(m_lanes.begin(), m_lanes.end(),
                                    [childId](const auto &lane) { return lane->info().childId == childId; });
    return found == m_lanes.end() ? nullptr : found->get();
}

} // namespace Quern::tasks
