#include "app/server/crondesk.h"

#include "app/server/log.h"
#include "app/server/privatefile.h"
#include "base/clock.h"

#include <QFile>
#include <QSet>
#include <QTimerEvent>

#include <chrono>
#include <utility>

namespace Quern::app {

namespace {

/// What is written is as old as this at most.
constexpr int writeIntervalMs = 1000;
constexpr int patienceCheckMs = 500;
/// A timer process answers at once, or it hangs. What it does at the last moment is still heard of in time.
constexpr std::chrono::milliseconds commandTime{5'000};
static_assert(commandTime < CronDesk::patience);
/// A file of ours is not longer, in bytes.
constexpr qint64 mostBytes = 4 * 1024 * 1024;
/// Jobs that there are no more.
constexpr qsizetype mostVanished = 250;

/// Those of \a known that are not among \a jobs, up to mostVanished; the first of a name.
QList<ipc::CronJobState> vanishedOf(const QList<ipc::CronJobState> &known, const QList<ipc::CronJobState> &jobs)
{
    QSet<QString> names;
    for (const ipc::CronJobState &job : jobs)
        names.insert(job.name);
    QList<ipc::CronJobState> vanished;
    for (ipc::CronJobState job : known) {
        if (names.contains(job.name) || vanished.size() == mostVanished)
            continue;
        // What would have been due while it was not wanted is not missed.
        job.settledUntil = 0;
        job.underWay = 0;
        vanished.append(job);
    }
    return vanished;
}

} // namespace

CronDesk::CronDesk(const QString &directory, process::Supervisor *supervisor, QObject *parent)
    : QObject(parent)
    , m_path(directory + QStringLiteral("/cron.state"))
    , m_supervisor(supervisor)
{
    connect(supervisor, &process::Supervisor::cronStateReceived, this, &CronDesk::stateReceived);
    connect(supervisor, &process::Supervisor::generationActivated, this, [this] {
        if (!m_supervisor->hasTimer())
            take({});
    });
    connect(supervisor, &process::Supervisor::childExited, this, [this](quint64 childId) {
        failPending(Error(Error::Unavailable, QStringLiteral("the timer process has ended before it answered; `quern "
                                                             "cron` tells how the job is")),
                    [childId](const Pending &pending) { return pending.childId == childId; });
    });
    read();
}

CronDesk::~CronDesk()
{
    save();
}

void CronDesk::save()
{
    m_writeTimer.stop();
    m_writer.waitForDone();
    if (std::exchange(m_isDirty, false))
        writeNow(m_path, memory());
}

void CronDesk::read()
{
    QFile file(m_path);
    if (!file.open(QIODevice::ReadOnly) || file.size() > mostBytes)
        return;
    const QByteArray state = file.readAll();
    const Result<ipc::CronStateMessage> message = ipc::CronStateMessage::decode(state);
    if (!message) {
        qCWarning(logMaster).noquote() << "what cron jobs have left in" << m_path
                                       << "cannot be read:" << message.error().message()
                                       << "(they begin without a past)";
        return;
    }
    m_supervisor->setCronMemory(state);
    // Until the timer process tells which of them there are.
    m_vanished = message->jobs;
}

QByteArray CronDesk::memory() const
{
    return ipc::CronStateMessage{m_jobs + m_vanished, {}}.encode();
}

void CronDesk::writeNow(const QString &path, const QByteArray &memory)
{
    if (const Result<void> written = writePrivateFile(path, memory, Lasting::Yes); !written)
        qCWarning(logMaster).noquote() << written.error().message();
}

void CronDesk::write()
{
    if (m_writer.activeThreadCount() > 0) {
        m_writeTimer.start(writeIntervalMs, Qt::VeryCoarseTimer, this);
        return;
    }
    m_isDirty = false;
    m_writer.start([path = m_path, memory = memory()] { writeNow(path, memory); });
}

void CronDesk::stateReceived(const QByteArray &payload)
{
    const Result<ipc::CronStateMessage> message = ipc::CronStateMessage::decode(payload);
    if (!message) {
        qCWarning(logMaster).noquote() << "the timer process sent a" << message.error().message();
        return;
    }
    take(message->jobs);
    // The last words of a timer process without a successor.
    if (!m_supervisor->hasTimer())
        take({});
    for (const ipc::CronAnswer &answer : message->answers) {
        if (const auto pending = m_pending.constFind(answer.id); pending != m_pending.cend()) {
            const Answer tell = m_pending.take(answer.id).answer;
            tell(answer.mistake ? Result<void>(*answer.mistake) : Result<void>());
        }
    }
}

void CronDesk::take(const QList<ipc::CronJobState> &jobs)
{
    const QList<ipc::CronJobState> vanished = vanishedOf(m_jobs + m_vanished, jobs);
    if (jobs == m_jobs && vanished == m_vanished)
        return;
    m_vanished = vanished;
    m_jobs = jobs;
    m_supervisor->setCronMemory(memory());
    if (!std::exchange(m_isDirty, true))
        m_writeTimer.start(writeIntervalMs, Qt::VeryCoarseTimer, this);
}

void CronDesk::command(ipc::CronCommandMessage::Action action, const QString &job, Answer answer)
{
    const quint32 id = m_nextId++;
    const auto deadline = qint64(base::toNanoseconds(std::chrono::steady_clock::now() + commandTime));
    const quint64 childId = m_supervisor->sendCronCommand(ipc::CronCommandMessage{action, id, job, deadline}.encode());
    if (childId == 0) {
        answer(Error(Error::Unavailable, QStringLiteral("no timer process runs: there are no cron jobs, or it is being "
                                                        "replaced")));
        return;
    }
    Pending &pending = m_pending[id];
    pending.answer = std::move(answer);
    pending.childId = childId;
    pending.since.start();
    if (!m_patience.isActive())
        m_patience.start(patienceCheckMs, this);
}

void CronDesk::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_writeTimer.timerId()) {
        m_writeTimer.stop();
        write();
        return;
    }
    failPending(Error(Error::Timeout, QStringLiteral("the timer process does not answer; nothing was done")),
                [](const Pending &pending) { return pending.since.hasExpired(patience.count()); });
}

void CronDesk::failPending(const Error &error, const std::function<bool(const Pending &pending)> &isMeant)
{
    QList<Answer> failed;
    for (auto pending = m_pending.begin(); pending != m_pending.end();) {
        if (isMeant(*pending)) {
            failed.append(pending->answer);
            pending = m_pending.erase(pending);
        } else {
            ++pending;
        }
    }
    if (m_pending.isEmpty())
        m_patience.stop();
    for (const Answer &answer : std::as_const(failed))
        answer(error);
}

} // namespace Quern::app
