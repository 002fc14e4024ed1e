#include "testtasks_p.h"

#include "exceptiontext_p.h"
#include "log_p.h"
#include "testrole_p.h"

#include <QCoreApplication>

#include <algorithm>

namespace Quern {

namespace {

/// As [tasks] has them.
constexpr std::chrono::milliseconds defaultRetryDelay(1000);
constexpr std::chrono::milliseconds defaultRetryDelayMax(300'000);
constexpr int defaultTries = 1;
constexpr int defaultPriority = 5;

/// One that delivers itself would never end.
constexpr int maxRuns = 100'000;

TaskResult resultOf(const TestTask &task, Result<Payload> outcome)
{
    return TaskResult(std::make_shared<const TaskResultData>(
        TaskResultData{task.id.value(), task.name, std::move(outcome), task.attempts}));
}

template <typename T>
T chosen(const std::optional<T> &own, const std::optional<T> &registered, T usual)
{
    return own.value_or(registered.value_or(usual));
}

} // namespace

Delivery TestTasks::deliver(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    return deliveryOf(add(name, payload, options, false, false).delivered, "task", name, options);
}

Result<TaskId> TestTasks::deliverAndWait(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    if (const Result<void> possible = TestRole::checkWaiting(); !possible)
        return possible.error();
    return add(name, payload, options, false, true).accepted;
}

Delivery TestTasks::fire(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    return deliveryOf(add(name, payload, options, true, false).delivered, "event", name, options);
}

Result<void> TestTasks::check(QByteArrayView name, const Payload &payload, const TaskOptions &options,
                              bool isEvent) const
{
    if (const Result<void> serving = TestRole::checkServing(); !serving)
        return serving;
    if (const Result<void> possible = checkDelivery(name, payload, options); !possible)
        return possible;
    const ProcessAddress who = TestRole::current();
    if (options.finished && who.kind != ProcessAddress::Kind::Worker)
        return finishedIsForWorkers(who.toString());
    if (!isEvent && !m_application.taskNamed(name))
        return Error(Error::NotFound, QStringLiteral("the plugin handles no task \"%1\": register it with "
                                                     "Application::task()")
                                          .arg(QString::fromUtf8(name)));
    return {};
}

TestTasks::Waiting TestTasks::waitingFor(quint64 id, QByteArrayView name, const Payload &payload,
                                         const TaskOptions &options, bool isEvent) const
{
    const TaskSpec *spec = isEvent ? nullptr : m_application.taskNamed(name);
    const TaskSpec registered = spec ? *spec : TaskSpec();
    Waiting waiting;
    waiting.task = {TaskId(id), name.toByteArray(), isEvent, payload};
    waiting.task.priority = chosen(options.priority, registered.priority, defaultPriority);
    waiting.task.tries = chosen(options.tries, registered.tries, defaultTries);
    waiting.task.uniqueKey = options.uniqueKey;
    waiting.task.durable = chosen(options.durable, registered.durable, options.delay.count() > 0);
    waiting.options = options;
    waiting.isWorkers = TestRole::current().kind == ProcessAddress::Kind::Worker;
    return waiting;
}

TestTasks::Added TestTasks::add(QByteArrayView name, const Payload &payload, const TaskOptions &options, bool isEvent,
                                bool isAwaited)
{
    const Result<void> possible = check(name, payload, options, isEvent);
    std::unique_lock lock(m_mutex);
    Waiting added = waitingFor(++m_serial, name, payload, options, isEvent);
    const TaskId id = added.task.id;
    if (!possible) {
        lock.unlock();
        if (options.accepted || options.finished)
            refuse(added, possible.error());
        return {possible.error(), possible.error()};
    }
    added.due = m_now + options.delay;
    if (!options.uniqueKey.isEmpty() && m_keys.contains(options.uniqueKey)) {
        const Error error(Error::Exists, QStringLiteral("a task with this unique key waits or runs"));
        m_ended.append(resultOf(added.task, error));
        lock.unlock();
        if (isAwaited || options.accepted || options.finished)
            refuse(added, error);
        else
            reportRefusal(taskTitle(isEvent ? "event" : "task", name), error);
        return {id, error};
    }
    if (!options.uniqueKey.isEmpty())
        m_keys.insert(options.uniqueKey);
    m_waiting.push_back(std::move(added));
    lock.unlock();
    if (options.accepted)
        later([options, id] { tellAccepted(options, id); });
    return {id, id};
}

void TestTasks::refuse(const Waiting &refused, const Error &error)
{
    later([this, refused, error] {
        tellAccepted(refused.options, error);
        tellEnd(refused, resultOf(refused.task, error));
    });
}

void TestTasks::later(std::function<void()> call)
{
    QMetaObject::invokeMethod(&m_home, std::move(call), Qt::QueuedConnection);
}

void TestTasks::tellPending()
{
    QCoreApplication::sendPostedEvents(&m_home);
}

void TestTasks::tellAccepted(const TaskOptions &options, const Result<TaskId> &accepted)
{
    try {
        if (options.accepted)
            options.accepted(accepted);
    } catch (...) {
        qCCritical(logSdk).noquote() << "the function \"accepted\" of a task threw:" << textOfCurrentException();
    }
}

void TestTasks::tellEnd(const Waiting &waiting, const TaskResult &result) const
{
    if (!waiting.isWorkers)
        return;
    const auto call = [&result](const std::function<void(const TaskResult &)> &function) {
        try {
            if (function)
                function(result);
        } catch (...) {
            qCCritical(logSdk).noquote().nospace() << "what was to hear of the end of task \"" << result.name()
                                                   << "\" threw: " << textOfCurrentException();
        }
    };
    call(waiting.options.finished);
    const TaskSpec *spec = waiting.task.isEvent ? nullptr : m_application.taskNamed(waiting.task.name);
    if (spec)
        call(spec->finish);
}

QList<TestTask> TestTasks::waiting() const
{
    const std::lock_guard lock(m_mutex);
    QList<TestTask> tasks;
    for (const Waiting &each : m_waiting) {
        tasks.append(each.task);
        tasks.last().due = each.due - m_now;
    }
    return tasks;
}

QList<TaskResult> TestTasks::ended() const
{
    const std::lock_guard lock(m_mutex);
    return m_ended;
}

std::optional<TestTasks::Waiting> TestTasks::takeDue(std::chrono::milliseconds end)
{
    const std::lock_guard lock(m_mutex);
    const auto isEarlier = [](const Waiting &a, const Waiting &b) { return a.due < b.due; };
    const auto first = std::min_element(m_waiting.begin(), m_waiting.end(), isEarlier);
    if (first == m_waiting.end() || first->due > end) {
        m_now = end;
        return std::nullopt;
    }
    m_now = std::max(m_now, first->due);
    auto next = first;
    for (auto each = m_waiting.begin(); each != m_waiting.end(); ++each) {
        const bool isBefore =
            each->task.priority > next->task.priority || (each->task.priority == next->task.priority && each < next);
        if (each->due <= m_now && isBefore)
            next = each;
    }
    std::optional<Waiting> taken = std::move(*next);
    m_waiting.erase(next);
    return taken;
}

int TestTasks::run(std::chrono::milliseconds elapsed)
{
    std::unique_lock lock(m_mutex);
    const std::chrono::milliseconds end = m_now + elapsed;
    lock.unlock();
    tellPending();
    for (int count = 0; count < maxRuns; ++count) {
        std::optional<Waiting> due = takeDue(end);
        if (!due)
            return count;
        runOne(std::move(*due));
        tellPending();
    }
    qCWarning(logSdk,
              "runTasks() has run %d tries, and leaves what is still due: is there a task that delivers itself?",
              maxRuns);
    return maxRuns;
}

WorkEnd TestTasks::tryOnce(const Waiting &waiting, TaskCall &call) const
{
    const TestRole role(ProcessAddress::taskWorker(0));
    if (!waiting.task.isEvent)
        return runTask(*m_application.taskNamed(waiting.task.name), call);
    std::vector<const ListenerSpec *> listeners;
    for (const ListenerSpec &listener : m_application.listeners) {
        if (listener.event == waiting.task.name)
            listeners.push_back(&listener);
    }
    return runListeners(listeners, waiting.resumeAt, call);
}

void TestTasks::runOne(Waiting waiting)
{
    TestTask &task = waiting.task;
    ++task.attempts;
    TaskCall call{task.id.value(), task.name, task.payload, task.attempts, task.tries, {}};
    const WorkEnd end = tryOnce(waiting, call);
    if (end.kind == WorkEnd::Kind::Done)
        return finish(waiting, call.result);
    if (end.kind == WorkEnd::Kind::TooLarge)
        return finish(waiting, Error(Error::TooLarge, end.error));
    if (task.attempts >= task.tries)
        return finish(waiting, Error(Error::Internal, end.error));
    const TaskSpec *spec = task.isEvent ? nullptr : m_application.taskNamed(task.name);
    const auto own = spec ? spec->retryDelay : std::nullopt;
    const auto longest = spec && spec->retryDelayMax ? *spec->retryDelayMax : defaultRetryDelayMax;
    const auto first = chosen(waiting.options.retryDelay, own, defaultRetryDelay);
    const std::lock_guard lock(m_mutex);
    waiting.due = m_now + std::min(first * (1 << std::min(task.attempts - 1, 20)), longest);
    waiting.resumeAt = end.resumeAt;
    m_waiting.push_back(std::move(waiting));
}

void TestTasks::finish(const Waiting &waiting, Result<Payload> outcome)
{
    const TaskResult result = resultOf(waiting.task, std::move(outcome));
    {
        const std::lock_guard lock(m_mutex);
        m_keys.remove(waiting.options.uniqueKey);
        m_ended.append(result);
    }
    tellEnd(waiting, result);
}

} // namespace Quern
