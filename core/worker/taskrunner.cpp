#include "worker/taskrunner.h"

#include "ipc/taskgate.h"
#include "worker/handlerhost.h"
#include "worker/log.h"
#include "worker/taskclient.h"

namespace Quern::worker {

namespace {

/// The file of a result must not have the name of that of the payload.
constexpr quint64 resultBit = quint64(1) << 63;

/// The kinds of ends have the numbers of the wire format.
static_assert(int(WorkEnd::Kind::Done) == int(ipc::TaskOutcome::Done) &&
              int(WorkEnd::Kind::Failed) == int(ipc::TaskOutcome::Failed) &&
              int(WorkEnd::Kind::Hopeless) == int(ipc::TaskOutcome::Hopeless) &&
              int(WorkEnd::Kind::TooLarge) == int(ipc::TaskOutcome::TooLarge));

/// An error is kept and sent around: this much of it, in bytes.
constexpr qsizetype maxError = 4096;

} // namespace

TaskRunner::TaskRunner(const ApplicationPrivate &application, ipc::TaskProgress &progress, ipc::Channel &channel,
                       HandlerHost &host, const tasks::Spill &spill, qint64 spillSize)
    : m_progress(progress)
    , m_channel(channel)
    , m_host(host)
    , m_spill(spill)
    , m_spillSize(spillSize)
{
    quint32 place = 0;
    for (const QByteArray &title : application.workNames()) {
        const bool isTask = title.startsWith("task ");
        const QByteArray name = title.mid(isTask ? 5 : 6);
        Known &known = isTask ? m_tasks[name] : m_events[name];
        known.place = place++;
    }
    for (const TaskSpec &task : application.tasks)
        m_tasks[task.name].task = &task;
    for (const ListenerSpec &listener : application.listeners)
        m_events[listener.event].listeners.push_back(&listener);
}

void TaskRunner::frameReceived(const ipc::Frame &frame)
{
    const Result<ipc::RunTaskMessage> message = ipc::decodeRunTask(frame.payload);
    if (!message) {
        qCCritical(logWorker).noquote() << message.error().message();
        return;
    }
    if (!ipc::beginTask(m_progress, message->sequence))
        return; // taken back: another task worker has it
    TaskCall call;
    call.id = frame.id;
    call.name = message->name.toByteArray();
    call.attempt = message->attempt;
    call.tries = message->tries;
    const QHash<QByteArray, Known> &all = (message->flags & ipc::EventTask) != 0 ? m_events : m_tasks;
    const auto known = all.constFind(call.name);
    if (known == all.cend()) {
        report(frame.id, *message,
               {WorkEnd::Kind::Hopeless, QStringLiteral("no plugin handles it any more"), message->resumeAt}, {});
        return;
    }
    WorkEnd ended;
    KeptResult kept;
    m_host.runTask(known->place, frame.id, [&] {
        ended = run(*known, *message, call);
        // A disk that takes its time is part of the try, and no standstill.
        if (ended.kind == WorkEnd::Kind::Done && (message->flags & ipc::WantsFinish) != 0)
            kept = keep(frame.id, *message, call.result);
    });
    report(frame.id, *message, ended, kept);
}

WorkEnd TaskRunner::run(const Known &known, const ipc::RunTaskMessage &message, TaskCall &call)
{
    Result<Payload> payload = payloadOf(message);
    if (!payload)
        return {WorkEnd::Kind::Failed, payload.error().message(), message.resumeAt};
    call.payload = std::move(*payload);
    return known.task ? Quern::runTask(*known.task, call) : runListeners(known.listeners, message.resumeAt, call);
}

Result<Payload> TaskRunner::payloadOf(const ipc::RunTaskMessage &message) const
{
    const bool isMap = (message.flags & ipc::MapPayload) != 0;
    if ((message.flags & ipc::SpilledPayload) == 0)
        return PayloadAccess::make(isMap, message.payload.toByteArray());
    const Result<QByteArray> read = m_spill.read(message.payload.toByteArray(), TaskClient::MaxPayload);
    if (!read)
        return read.error();
    return PayloadAccess::make(isMap, *read);
}

TaskRunner::KeptResult TaskRunner::keep(quint64 id, const ipc::RunTaskMessage &message, const Payload &result) const
{
    KeptResult kept{result.bytes(), quint8(result.isMap() ? ipc::MapPayload : 0), {}};
    if (kept.bytes.size() <= m_spillSize)
        return kept;
    const Result<QByteArray> file = m_spill.write(id | resultBit, kept.bytes, false);
    if (file)
        return {*file, quint8(kept.flags | ipc::SpilledPayload), {}};
    const QString loss = QStringLiteral("it is done, but its result is lost: ") + file.error().message();
    qCCritical(logWorker).noquote() << "task" << message.name << "with id" << id << loss;
    return {{}, kept.flags, loss.toUtf8()};
}

void TaskRunner::report(quint64 id, const ipc::RunTaskMessage &message, const WorkEnd &ended, const KeptResult &kept)
{
    QByteArray error = ended.kind == WorkEnd::Kind::Done ? kept.loss : ended.error.toUtf8();
    truncateUtf8(error, maxError);
    ipc::TaskDoneMessage done;
    done.sequence = message.sequence;
    done.resumeAt = ended.resumeAt;
    done.outcome = ipc::TaskOutcome(ended.kind);
    done.flags = kept.flags;
    done.error = error;
    done.result = kept.bytes;
    send(id, done);
}

void TaskRunner::send(quint64 id, const ipc::TaskDoneMessage &done)
{
    const bool isFailure = done.outcome != ipc::TaskOutcome::Done;
    if (!m_channel.hasOutput())
        m_failureWaits = m_resultWaits = false;
    m_channel.sendWith([&](QByteArray &out) { ipc::appendTaskDone(out, id, done); });
    if (isFailure || m_channel.isBatchFull())
        m_channel.flush();
    const bool isResult = !isFailure && (!done.result.isEmpty() || !done.error.isEmpty());
    const bool isWaiting = m_channel.hasOutput();
    m_failureWaits = isWaiting && (m_failureWaits || isFailure);
    m_resultWaits = isWaiting && (m_resultWaits || isResult);
    if (!m_failureWaits)
        ipc::markTasksDone(m_progress, done.sequence, m_resultWaits);
}

} // namespace Quern::worker
