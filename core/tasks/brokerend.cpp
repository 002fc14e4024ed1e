// The part of Broker that ends: what is in memory goes where the next life finds it, or to the next broker.

#include "base/clock.h"
#include "tasks/broker.h"
#include "tasks/log.h"

namespace Quern::tasks {

namespace {

/// What may be spent on the way from memory to the database: a stop is not to take longer.
constexpr std::chrono::milliseconds handOverTime = std::chrono::seconds(4);
/// Tasks that go there in one transaction.
constexpr qsizetype handedOverTogether = 5'000;

QString tasksText(qsizetype count)
{
    return count == 1 ? QStringLiteral("1 task") : QStringLiteral("%1 tasks").arg(count);
}

QString deadText(qsizetype count)
{
    return count == 1 ? QStringLiteral("1 dead letter") : QStringLiteral("%1 dead letters").arg(count);
}

qsizetype waitingIn(TaskStore &store)
{
    const TaskCounts counts = store.counts(base::wallClockMs());
    return counts.queued + counts.delayed;
}

/// \a subject makes "3 tasks that waited" of 3.
template <typename Subject>
void tellKept(qsizetype count, const Subject &subject)
{
    if (count > 0)
        qCInfo(logTasks).noquote() << subject(count) << "in memory" << (count == 1 ? "is" : "are")
                                   << "kept in the database";
}

template <typename Subject>
void tellLost(qsizetype count, const Subject &subject, const QString &reason)
{
    if (count > 0)
        qCWarning(logTasks).noquote().nospace()
            << subject(count) << " in memory " << (count == 1 ? "ends" : "end") << " with the server: " << reason;
}

QString waitedText(qsizetype count)
{
    return tasksText(count) + QStringLiteral(" that waited");
}

QString noDatabaseText(qsizetype count)
{
    return QStringLiteral("there is no database to keep %1").arg(count == 1 ? u"it" : u"them");
}

QString noTimeText()
{
    return QStringLiteral("there was no time to write them to the database");
}

} // namespace

void Broker::suspend()
{
    const auto toChild = [this](quint64 childId, const ipc::Frame &frame) {
        if (BrokerLink *link = linkOf(childId))
            link->channel().send(frame.type, frame.id, frame.payload);
    };
    const auto lost = [this](const DeliveryTicket &ticket) {
        refuse(ticket, Error(Error::Unavailable, QStringLiteral("the server that has taken over has gone")));
    };
    // What has been sent before is accepted here.
    for (const auto &link : m_links)
        link->channel().readRest();
    m_forwarder = std::make_unique<Forwarder>(toChild, lost);
    for (TaskStore *store : stores()) {
        if (store)
            store->commit(base::wallClockMs());
    }
    if (!m_stores.durable)
        return;
    const QDeadlineTimer deadline(handOverTime);
    handOverTasks(deadline);
    handOverDead(deadline);
    m_stores.memory->shareKeys(nullptr);
    m_stores.durable.reset();
}

void Broker::forward(int fd)
{
    m_forwarder->begin(fd);
}

Result<void> Broker::resume(const OpenDatabase &open)
{
    if (const Result<void> opened = open ? openDatabase(open) : Result<void>(); !opened) {
        const std::lock_guard lock(m_failureMutex);
        m_failure = opened.error().message();
        return opened;
    }
    const std::unique_ptr<Forwarder> forwarder = std::move(m_forwarder);
    m_stopping = false;
    m_stoppedTold = false;
    m_dirty = true;
    const std::vector<Forwarder::Held> held = forwarder ? forwarder->takeHeld() : std::vector<Forwarder::Held>();
    for (const Forwarder::Held &each : held) {
        QByteArrayView bytes = each.frame;
        const Result<std::optional<ipc::Frame>> frame = ipc::decodeFrame(bytes);
        BrokerLink *link = linkOf(each.ticket.childId);
        if (!link || !frame || !*frame)
            continue;
        if (const Result<ipc::DeliverMessage> message = ipc::decodeDeliver((*frame)->payload))
            delivered(*link, (*frame)->id, *message);
    }
    return {};
}

void Broker::close()
{
    m_stopping = true;
    // Whose end has not been heard of.
    for (const auto &lane : m_lanes)
        settle(*lane, QStringLiteral("the server has stopped"), false);
    for (TaskStore *store : stores()) {
        if (store)
            store->commit(base::wallClockMs());
    }
    const QDeadlineTimer deadline(handOverTime);
    handOverTasks(deadline);
    handOverDead(deadline);
    const qsizetype waiting = m_stores.durable ? waitingIn(*m_stores.durable) : 0;
    if (waiting > 0)
        qCInfo(logTasks).noquote() << tasksText(waiting) << (waiting == 1 ? "waits" : "wait") << "for the next start";
}

void Broker::handOverTasks(const QDeadlineTimer &deadline)
{
    const qsizetype waiting = waitingIn(*m_stores.memory);
    if (waiting == 0)
        return;
    if (!m_stores.durable) {
        tellLost(waiting, waitedText, noDatabaseText(waiting));
        return;
    }
    TaskStore &durable = *m_stores.durable;
    const qsizetype before = waitingIn(durable);
    while (!deadline.hasExpired()) {
        std::vector<TaskRecord> records = m_stores.memory->takeOut(handedOverTogether);
        if (records.empty())
            break;
        // Nobody holds these tickets: their deliverers have heard that they were accepted.
        for (TaskRecord &record : records)
            durable.add(std::move(record), m_nextTicket++);
        durable.commit(base::wallClockMs());
    }
    const qsizetype kept = waitingIn(durable) - before;
    tellKept(kept, waitedText);
    const std::optional<Error> failure = durable.failure();
    tellLost(waiting - kept, waitedText,
             failure                 ? failure->message()
             : deadline.hasExpired() ? noTimeText()
                                     : QStringLiteral("the database has no room for them (tasks.durable_max)"));
}

void Broker::handOverDead(const QDeadlineTimer &deadline)
{
    const qsizetype dead = m_stores.memory->counts(base::wallClockMs()).dead;
    if (dead == 0)
        return;
    if (!m_stores.durable) {
        tellLost(dead, deadText, noDatabaseText(dead));
        return;
    }
    qsizetype kept = 0;
    QString reason = noTimeText();
    while (!deadline.hasExpired()) {
        const std::vector<BuriedTask> letters = m_stores.memory->takeOutDead(handedOverTogether);
        if (letters.empty())
            break;
        if (const Result<void> added = m_stores.durable->addDead(letters); !added) {
            reason = added.error().message();
            break;
        }
        kept += qsizetype(letters.size());
    }
    tellKept(kept, deadText);
    tellLost(dead - kept, deadText, reason);
}

} // namespace Quern::tasks
