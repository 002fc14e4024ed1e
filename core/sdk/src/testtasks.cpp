#include "testtasks_p.h"

#include <algorithm>

namespace Quern {

namespace {

/// As [tasks] has them.
constexpr std::chrono::milliseconds defaultRetryDelay(1000);
constexpr std::chrono::milliseconds defaultRetryDelayMax(300'000);
constexpr int defaultPriority = 5;

} // namespace

Delivery TestTasks::deliver(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    return add(name, payload, options, false);
}

Result<TaskId> TestTasks::deliverAndWait(QByteArrayView name, const Payload &payload, TaskOptions options)
{
    Result<TaskId> outcome = TaskId();
    const auto accepted = std::exchange(options.accepted, {});
    options.accepted = [&outcome, accepted](const Result<TaskId> &told) {
        outcome = told;
        if (accepted)
            accepted(told);
    };
    const Delivery delivered = deliver(name, payload, options);
    return delivered ? outcome : Result<TaskId>(delivered);
}

Delivery TestTasks::fire(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    return add(name, payload, options, true);
}

Delivery TestTasks::add(QByteArrayView name, const Payload &payload, const TaskOptions &options, bool isEvent)
{
    if (const Result<void> possible = checkDelivery(name, options); !possible)
        return possible.error();
    if (!isEvent && !m_application.taskNamed(name))
        return Error(Error::NotFound, QStringLiteral("the plugin handles no task \"%1\"").arg(QString::fromUtf8(name)));
    std::unique_lock lock(m_mutex);
    const TaskId id(++m_serial);
    Waiting added{id.value(), name.toByteArray(), isEvent, payload, options, 0, 0, m_now + options.delay};
    if (!options.uniqueKey.isEmpty() && m_keys.contains(options.uniqueKey)) {
        lock.unlock();
        const Error error(Error::Exists, QStringLiteral("a task with this unique key waits or runs"));
        if (options.accepted)
            options.accepted(error);
        finish(added, error);
        return id;
    }
    if (!options.uniqueKey.isEmpty())
        m_keys.insert(options.uniqueKey);
    m_waiting.push_back(std::move(added));
    lock.unlock();
    if (options.accepted)
        options.accepted(id);
    return id;
}

QList<TestTask> TestTasks::waiting() const
{
    const std::lock_guard lock(m_mutex);
    QList<TestTask> tasks;
    for (const Waiting &each : m_waiting)
        tasks.append({TaskId(each.id), each.name, each.isEvent, each.payload, each.due - m_now});
    return tasks;
}

QList<TaskResult> TestTasks::ended() const
{
    return m_ended;
}

int TestTasks::priorityOf(const Waiting &waiting) const
{
    const TaskSpec *spec = waiting.isEvent ? nullptr : m_application.taskNamed(waiting.name);
    const std::optional<int> own = spec ? spec->priority : std::nullopt;
    return waiting.options.priority.value_or(own.value_or(defaultPriority));
}

std::optional<TestTasks::Waiting> TestTasks::takeDue()
{
    const std::lock_guard lock(m_mutex);
    auto chosen = m_waiting.end();
    for (auto each = m_waiting.begin(); each != m_waiting.end(); ++each) {
        if (each->due <= m_now && (chosen == m_waiting.end() || priorityOf(*each) > priorityOf(*chosen)))
            chosen = each;
    }
    if (chosen == m_waiting.end())
        return std::nullopt;
    std::optional<Waiting> taken = std::move(*chosen);
    m_waiting.erase(chosen);
    return taken;
}

int TestTasks::run(std::chrono::milliseconds elapsed)
{
    constexpr int most = 100'000; // a task that delivers itself would never end
    m_now += elapsed;
    int count = 0;
    for (; count < most; ++count) {
        std::optional<Waiting> due = takeDue();
        if (!due)
            break;
        runOne(std::move(*due));
    }
    return count;
}

WorkEnd TestTasks::tryOnce(const Waiting &waiting, TaskCall &call) const
{
    if (!waiting.isEvent)
        return runTask(*m_application.taskNamed(waiting.name), call);
    std::vector<const ListenerSpec *> listeners;
    for (const ListenerSpec &listener : m_application.listeners) {
        if (listener.event == waiting.name)
            listeners.push_back(&listener);
    }
    return runListeners(listeners, waiting.resumeAt, call);
}

void TestTasks::runOne(Waiting waiting)
{
    const TaskSpec *spec = waiting.isEvent ? nullptr : m_application.taskNamed(waiting.name);
    const std::optional<int> ownTries = spec ? spec->tries : std::nullopt;
    const int tries = waiting.options.tries.value_or(ownTries.value_or(1));
    ++waiting.attempts;
    TaskCall call{waiting.id, waiting.name, waiting.payload, waiting.attempts, tries, {}};
    const WorkEnd end = tryOnce(waiting, call);
    if (end.kind == WorkEnd::Kind::Done) {
        finish(waiting, call.result);
    } else if (waiting.attempts >= tries) {
        finish(waiting, Error(Error::Internal, end.error));
    } else {
        const auto own = spec ? spec->retryDelay : std::nullopt;
        const auto longest = spec && spec->retryDelayMax ? *spec->retryDelayMax : defaultRetryDelayMax;
        const auto first = waiting.options.retryDelay.value_or(own.value_or(defaultRetryDelay));
        waiting.due = m_now + std::min(first * (1 << std::min(waiting.attempts - 1, 20)), longest);
        waiting.resumeAt = end.resumeAt;
        const std::lock_guard lock(m_mutex);
        m_waiting.push_back(std::move(waiting));
    }
}

void TestTasks::finish(const Waiting &waiting, Result<Payload> outcome)
{
    if (waiting.attempts > 0 && !waiting.options.uniqueKey.isEmpty()) {
        const std::lock_guard lock(m_mutex);
        m_keys.remove(waiting.options.uniqueKey);
    }
    const TaskResult result(std::make_shared<const TaskResultData>(
        TaskResultData{waiting.id, waiting.name, std::move(outcome), waiting.attempts}));
    m_ended.append(result);
    if (waiting.options.finished)
        waiting.options.finished(result);
    const TaskSpec *spec = waiting.isEvent ? nullptr : m_application.taskNamed(waiting.name);
    if (spec && spec->finish)
        spec->finish(result);
}

} // namespace Quern
