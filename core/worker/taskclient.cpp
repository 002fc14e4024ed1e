#include "worker/taskclient.h"

#include "sdk/src/exceptiontext_p.h"
#include "worker/log.h"

#include <QRandomGenerator>

namespace Quern::worker {

namespace {

TaskResult makeResult(quint64 id, const QByteArray &name, Result<Payload> outcome, int attempts)
{
    return TaskResult(std::make_shared<const TaskResultData>(TaskResultData{id, name, std::move(outcome), attempts}));
}

} // namespace

TaskClient::TaskClient(const ApplicationPrivate &application, const ipc::ChildIdentity &who,
                       const ipc::TaskDefaults &defaults)
    : m_application(application)
    , m_who(who)
    , m_defaults(defaults)
    , m_taskWorkers(defaults.taskWorkers)
    , m_spill(defaults.spillFolder)
    // Counted up from somewhere, so that no two processes use the same numbers.
    , m_nextId(QRandomGenerator::system()->generate64() >> 1)
{
}

void TaskClient::attach(ipc::Channel *channel, std::function<void()> outputWaits)
{
    m_port.attach(channel, std::move(outputWaits));
}

void TaskClient::detach()
{
    m_port.detach();
    const std::lock_guard lock(m_pendingMutex);
    for (auto &[id, pending] : m_pending) {
        if (pending.waiter)
            pending.waiter->answer(BrokerPort::notServing());
    }
}

Delivery TaskClient::deliver(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    return deliveryOf(send(name, payload, options, 0, {}), "task", name, options);
}

Delivery TaskClient::fire(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    return deliveryOf(send(name, payload, options, ipc::EventTask, {}), "event", name, options);
}

Result<TaskId> TaskClient::deliverAndWait(QByteArrayView name, const Payload &payload, const TaskOptions &options,
                                          std::chrono::milliseconds timeout)
{
    const auto waiter = std::make_shared<Waiter>();
    Result<TaskId> sent = send(name, payload, options, 0, waiter);
    if (!sent)
        return sent;
    if (!m_port.wait(*waiter, timeout)) {
        return Error(Error::Timeout, QStringLiteral("the server has not answered within %1 ms whether it accepts the "
                                                    "task; it may do so later")
                                         .arg(timeout.count()));
    }
    if (const Result<void> outcome = waiter->outcome(); !outcome)
        return outcome.error();
    return sent;
}

Result<void> TaskClient::checkSender(const TaskOptions &options) const
{
    if (m_taskWorkers.load(std::memory_order_relaxed) == 0) {
        return Error(Error::NotFound, QStringLiteral("there are no task workers: set task_worker_num in [server], for "
                                                     "instance to 2"));
    }
    if (options.finished && m_who.role != ipc::ChildRole::Worker)
        return finishedIsForWorkers(m_who.text());
    return {};
}

ipc::DeliverMessage TaskClient::messageFor(const TaskSpec *spec, const TaskOptions &options) const
{
    const auto milliseconds = [](std::chrono::milliseconds time) { return quint32(time.count()); };
    ipc::DeliverMessage message;
    message.delayMs = quint64(options.delay.count());
    const std::optional<int> tries = options.tries ? options.tries : spec ? spec->tries : std::nullopt;
    message.tries = quint16(tries.value_or(m_defaults.tries));
    const auto timeout = options.timeout ? options.timeout : spec ? spec->timeout : std::nullopt;
    message.timeoutMs = milliseconds(timeout.value_or(m_defaults.timeout));
    const auto longest = spec && spec->retryDelayMax ? *spec->retryDelayMax : m_defaults.retryDelayMax;
    const auto first = options.retryDelay ? options.retryDelay : spec ? spec->retryDelay : std::nullopt;
    message.retryDelayMs = milliseconds(first.value_or(m_defaults.retryDelay));
    message.retryDelayMaxMs = std::max(milliseconds(longest), message.retryDelayMs);
    const std::optional<int> priority = options.priority ? options.priority : spec ? spec->priority : std::nullopt;
    message.priority = quint8(priority.value_or(5));
    const std::optional<bool> durable = options.durable ? options.durable : spec ? spec->durable : std::nullopt;
    if (durable)
        message.flags |= *durable ? ipc::DurableTask : ipc::VolatileTask;
    message.uniqueKey = options.uniqueKey;
    return message;
}

Result<TaskId> TaskClient::send(QByteArrayView name, const Payload &payload, const TaskOptions &options, quint8 kind,
                                const std::shared_ptr<Waiter> &waiter)
{
    const quint64 id = m_nextId.fetch_add(1, std::memory_order_relaxed) & (~quint64(0) >> 1);
    Result<TaskId> sent = sendAs(id, name, payload, options, kind, waiter);
    if (!sent && (options.accepted || options.finished)) {
        // As if the broker had refused it: authors have one place for refusals.
        const bool isEvent = (kind & ipc::EventTask) != 0;
        Pending pending{name.toByteArray(), isEvent, options.accepted, options.finished, {}};
        QMetaObject::invokeMethod(
            &m_home, [this, id, pending, error = sent.error()]() mutable { refused(id, pending, error); },
            Qt::QueuedConnection);
    }
    return sent;
}

Result<TaskId> TaskClient::sendAs(quint64 id, QByteArrayView name, const Payload &payload, const TaskOptions &options,
                                  quint8 kind, const std::shared_ptr<Waiter> &waiter)
{
    if (const Result<void> possible = checkDelivery(name, payload, options); !possible)
        return possible.error();
    if (const Result<void> possible = checkSender(options); !possible)
        return possible.error();
    const bool isEvent = (kind & ipc::EventTask) != 0;
    const TaskSpec *spec = isEvent ? nullptr : m_application.taskNamed(name);
    const QByteArray ownName = name.toByteArray();
    if (isEvent) {
        std::call_once(m_listenersOnce, [this] {
            for (const ListenerSpec &listener : m_application.listeners)
                m_events.insert(listener.event);
        });
        if (!m_events.contains(ownName)) {
            nobodyListens(id, {ownName, true, options.accepted, options.finished, {}});
            return TaskId(id);
        }
    } else if (!spec) {
        return Error(Error::NotFound, QStringLiteral("no plugin handles the task \"%1\": register it with "
                                                     "Application::task()")
                                          .arg(QString::fromUtf8(name)));
    }
    ipc::DeliverMessage message = messageFor(spec, options);
    message.name = ownName;
    message.flags |= quint8(kind | (payload.isMap() ? ipc::MapPayload : 0));
    message.payload = payload.bytes();
    const bool isWorker = m_who.role == ipc::ChildRole::Worker;
    if (options.finished || (isWorker && spec && spec->finish))
        message.flags |= ipc::WantsFinish;
    const bool hasPending = waiter || options.accepted || options.finished;
    if (waiter || options.accepted)
        message.flags |= ipc::WantsAnswer;
    QByteArray spilled;
    if (message.payload.size() > m_defaults.spillSize) {
        const bool isDurable = m_defaults.allDurable || (message.flags & ipc::DurableTask) != 0 ||
                               ((message.flags & ipc::VolatileTask) == 0 && message.delayMs > 0);
        const Result<QByteArray> file = m_spill.write(id, message.payload, isDurable);
        if (!file)
            return file.error();
        spilled = *file;
        message.payload = spilled;
        message.flags |= ipc::SpilledPayload;
    }
    if (hasPending) {
        const std::lock_guard lock(m_pendingMutex);
        m_pending.emplace(id, Pending{ownName, isEvent, options.accepted, options.finished, waiter});
    }
    if (const Result<void> left = dispatch(id, message); !left) {
        takePending(id, true);
        if (!spilled.isEmpty())
            m_spill.remove(spilled);
        return left.error();
    }
    return TaskId(id);
}

Result<void> TaskClient::dispatch(quint64 id, const ipc::DeliverMessage &message)
{
    return m_port.send([&](QByteArray &out) { ipc::appendDeliver(out, id, message); });
}

std::optional<TaskClient::Pending> TaskClient::takePending(quint64 id, bool ends)
{
    const std::lock_guard lock(m_pendingMutex);
    const auto found = m_pending.find(id);
    if (found == m_pending.end())
        return std::nullopt;
    Pending pending = ends ? std::move(found->second) : found->second;
    if (ends || !found->second.finished)
        m_pending.erase(found);
    return pending;
}

void TaskClient::answered(const ipc::Frame &frame)
{
    const Result<void> outcome = ipc::decodeDeliverAnswer(frame.payload);
    std::optional<Pending> pending = takePending(frame.id, !outcome.ok());
    if (pending && pending->waiter)
        pending->waiter->answer(outcome);
    if (!outcome) {
        if (pending)
            refused(frame.id, *pending, outcome.error());
        else
            logRefusal(outcome.error());
    } else if (pending) {
        tellAccepted(*pending, TaskId(frame.id));
    }
}

void TaskClient::nobodyListens(quint64 id, const Pending &pending)
{
    if (!pending.accepted && !pending.finished)
        return;
    // In the main thread, and not before the caller has its answer.
    const auto tellBoth = [this, id, pending] {
        tellAccepted(pending, TaskId(id));
        tell(&pending, makeResult(id, pending.name, Payload(), 0), true);
    };
    QMetaObject::invokeMethod(&m_home, tellBoth, Qt::QueuedConnection);
}

void TaskClient::tellAccepted(const Pending &pending, const Result<TaskId> &outcome)
{
    if (!pending.accepted)
        return;
    try {
        pending.accepted(outcome);
    } catch (...) {
        qCCritical(logWorker).noquote() << "the function \"accepted\" of a task threw:" << textOfCurrentException();
    }
}

void TaskClient::refused(quint64 id, Pending &pending, const Error &error)
{
    tellAccepted(pending, error);
    tell(&pending, makeResult(id, pending.name, error, 0), pending.isEvent);
}

void TaskClient::logRefusal(const Error &error)
{
    if (const std::optional<QString> others = m_refusals.pass())
        qCWarning(logWorker).noquote().nospace() << "a task was refused: " << error.message() << *others;
}

void TaskClient::finished(const ipc::Frame &frame)
{
    const Result<ipc::TaskFinishedMessage> message = ipc::decodeTaskFinished(frame.payload);
    if (!message) {
        qCCritical(logWorker).noquote() << message.error().message();
        return;
    }
    const std::optional<Pending> pending = takePending(frame.id, true);
    const bool isMap = (message->flags & ipc::MapPayload) != 0;
    Result<Payload> outcome = Payload();
    if (message->code != 0) {
        outcome = Error(Error::Code(message->code - 1), QString::fromUtf8(message->error));
    } else if ((message->flags & ipc::SpilledPayload) != 0) {
        const QByteArray file = message->result.toByteArray();
        const Result<QByteArray> read = m_spill.read(file, MaxPayload);
        outcome = read ? Result<Payload>(PayloadAccess::make(isMap, *read)) : Result<Payload>(read.error());
        m_spill.remove(file);
    } else {
        outcome = PayloadAccess::make(isMap, message->result.toByteArray());
    }
    const QByteArray name = message->name.toByteArray();
    tell(pending ? &*pending : nullptr, makeResult(frame.id, name, std::move(outcome), message->attempts),
         (message->flags & ipc::EventTask) != 0);
}

void TaskClient::tell(const Pending *pending, const TaskResult &result, bool isEvent) const
{
    // An event may have the name of a task, and is none.
    const TaskSpec *spec = isEvent ? nullptr : m_application.taskNamed(result.name().toUtf8());
    const auto call = [&](const std::function<void(const TaskResult &)> &function) {
        if (!function)
            return;
        try {
            function(result);
        } catch (...) {
            qCCritical(logWorker).noquote().nospace() << "what was to hear of the end of task \"" << result.name()
                                                      << "\" threw: " << textOfCurrentException();
        }
    };
    if (m_who.role != ipc::ChildRole::Worker)
        return; // see checkSender()
    if (pending)
        call(pending->finished);
    if (spec)
        call(spec->finish);
}

} // namespace Quern::worker
