#include "work_p.h"

#include "application_p.h"
#include "httpsyntax_p.h"

#include <QDebug>

#include <stdexcept>
#include <tuple>

namespace Quern {

namespace {

constexpr int maxTries = 1000;
constexpr std::chrono::milliseconds maxDelay = std::chrono::hours(24 * 3653);
constexpr std::chrono::milliseconds maxTimeout = std::chrono::hours(24 * 24); // as a timer can have
constexpr qsizetype maxName = 128;
constexpr qsizetype maxKey = 255;

bool isPriority(int priority)
{
    return priority >= 0 && priority <= 9;
}

bool isWithin(std::chrono::milliseconds time, std::chrono::milliseconds longest)
{
    return time.count() >= 0 && time <= longest;
}

std::string quotedTask(QByteArrayView name)
{
    return "task " + quoted(name);
}

std::string given(const char *call, std::chrono::milliseconds time)
{
    return std::string("is given ") + call + " of " + std::to_string(time.count()) + " ms";
}

void check(bool isGood, const TaskSpec &spec, const std::string &problem)
{
    if (!isGood)
        throw std::invalid_argument(quotedTask(spec.name) + ' ' + problem);
}

void checkWorkName(QByteArrayView name, const std::string &title)
{
    if (name.isEmpty() || name.size() > maxName || !name.isValidUtf8())
        throw std::invalid_argument(title + " has a name that is not possible: 1 to 128 bytes of UTF-8");
}

} // namespace

QDebug operator<<(QDebug debug, const TaskId &id)
{
    const QDebugStateSaver saver(debug);
    debug.nospace() << "Quern::TaskId(" << id.value() << ')';
    return debug;
}

TaskId Task::id() const
{
    return TaskId(d.id);
}

QString Task::name() const
{
    return QString::fromUtf8(d.name);
}

const Payload &Task::payload() const
{
    return d.payload;
}

int Task::attempt() const
{
    return d.attempt;
}

int Task::tries() const
{
    return d.tries;
}

void Task::setResult(const Payload &result)
{
    d.result = result;
}

TaskId Event::id() const
{
    return TaskId(d.id);
}

QString Event::name() const
{
    return QString::fromUtf8(d.name);
}

const Payload &Event::payload() const
{
    return d.payload;
}

int Event::attempt() const
{
    return d.attempt;
}

TaskId TaskResult::id() const
{
    return TaskId(m_data->id);
}

QString TaskResult::name() const
{
    return QString::fromUtf8(m_data->name);
}

bool TaskResult::ok() const
{
    return m_data->outcome.ok();
}

const Payload &TaskResult::payload() const
{
    return *m_data->outcome;
}

const Error &TaskResult::error() const
{
    return m_data->outcome.error();
}

int TaskResult::attempts() const
{
    return m_data->attempts;
}

TaskHandler &TaskHandler::onFinish(std::function<void(const TaskResult &)> handler)
{
    d->checkOpen("TaskHandler::onFinish()");
    check(bool(handler), *m_spec, "is given an empty function in onFinish()");
    check(!m_spec->finish, *m_spec, "has an onFinish() already");
    m_spec->finish = std::move(handler);
    return *this;
}

TaskHandler &TaskHandler::tries(int tries)
{
    d->checkOpen("TaskHandler::tries()");
    check(tries >= 1 && tries <= maxTries, *m_spec,
          "is given " + std::to_string(tries) + " tries: give tries() 1 to 1000");
    m_spec->tries = tries;
    return *this;
}

TaskHandler &TaskHandler::timeout(std::chrono::milliseconds timeout)
{
    d->checkOpen("TaskHandler::timeout()");
    check(isWithin(timeout, maxTimeout), *m_spec, given("timeout()", timeout) + ": give it 0 to 24 days");
    m_spec->timeout = timeout;
    return *this;
}

TaskHandler &TaskHandler::retryDelay(std::chrono::milliseconds first, std::chrono::milliseconds longest)
{
    d->checkOpen("TaskHandler::retryDelay()");
    check(isWithin(first, maxTimeout) && isWithin(longest, maxTimeout) && first <= longest, *m_spec,
          given("retryDelay()", first) + " and " + std::to_string(longest.count()) +
              " ms: give it delays of 0 to 24 days, the first not longer than the longest");
    m_spec->retryDelay = first;
    m_spec->retryDelayMax = longest;
    return *this;
}

TaskHandler &TaskHandler::priority(int priority)
{
    d->checkOpen("TaskHandler::priority()");
    check(isPriority(priority), *m_spec,
          "is given the priority " + std::to_string(priority) + ": give priority() 0 to 9");
    m_spec->priority = priority;
    return *this;
}

TaskHandler &TaskHandler::durable(bool on)
{
    d->checkOpen("TaskHandler::durable()");
    m_spec->durable = on;
    return *this;
}

TaskHandler Application::addTask(QByteArrayView name, TaskFunction handler)
{
    d->checkOpen("the registration of " + quotedTask(name));
    checkWorkName(name, quotedTask(name));
    if (!handler)
        throw std::invalid_argument(quotedTask(name) + " has an empty handler");
    if (const TaskSpec *taken = d->taskNamed(name))
        throw std::invalid_argument(quotedTask(name) + " of plugin " + quoted(d->plugin.toUtf8()) +
                                    " has the name of one of plugin " + quoted(taken->plugin.toUtf8()) +
                                    ": rename or remove one of them");
    TaskSpec &added = d->tasks.emplace_back();
    added.name = name.toByteArray();
    added.plugin = d->plugin;
    added.handle = std::move(handler);
    return TaskHandler(d, &added);
}

void Application::addListener(QByteArrayView event, ListenerFunction listener)
{
    const std::string title = "a listener of event " + quoted(event);
    d->checkOpen("the registration of " + title);
    checkWorkName(event, title);
    if (!listener)
        throw std::invalid_argument(title + " is empty");
    d->listeners.push_back({event.toByteArray(), d->plugin, std::move(listener)});
}

const TaskSpec *ApplicationPrivate::taskNamed(QByteArrayView name) const
{
    const auto found =
        std::find_if(tasks.begin(), tasks.end(), [name](const TaskSpec &each) { return each.name == name; });
    return found == tasks.end() ? nullptr : &*found;
}

std::vector<QByteArray> ApplicationPrivate::workNames() const
{
    std::vector<QByteArray> names;
    for (const TaskSpec &task : tasks)
        names.push_back("task " + task.name);
    for (const ListenerSpec &listener : listeners) {
        const QByteArray name = "event " + listener.event;
        if (std::find(names.begin(), names.end(), name) == names.end())
            names.push_back(name);
    }
    return names;
}

Result<void> checkDelivery(QByteArrayView name, const Payload &payload, const TaskOptions &options)
{
    const auto is = [](auto given, const char *range) {
        return QStringLiteral("is %1, and must be %2").arg(QString::number(given), QLatin1StringView(range));
    };
    const auto wrong = [&]() -> QString {
        if (name.isEmpty() || name.size() > maxName)
            return QStringLiteral("its name has %1 bytes, and must have 1 to 128").arg(name.size());
        if (!isWithin(options.delay, maxDelay))
            return QStringLiteral("delay ") + is(options.delay.count(), "0 to 10 years, in ms");
        if (options.tries && (*options.tries < 1 || *options.tries > maxTries))
            return QStringLiteral("tries ") + is(*options.tries, "1 to 1000");
        if (options.timeout && !isWithin(*options.timeout, maxTimeout))
            return QStringLiteral("timeout ") + is(options.timeout->count(), "0 to 24 days, in ms");
        if (options.retryDelay && !isWithin(*options.retryDelay, maxTimeout))
            return QStringLiteral("retryDelay ") + is(options.retryDelay->count(), "0 to 24 days, in ms");
        if (options.priority && !isPriority(*options.priority))
            return QStringLiteral("priority ") + is(*options.priority, "0 to 9");
        if (options.uniqueKey.size() > maxKey)
            return QStringLiteral("uniqueKey has %1 bytes, and may have 255").arg(options.uniqueKey.size());
        return payload.problem();
    }();
    if (!wrong.isEmpty())
        return Error(Error::Invalid,
                     QStringLiteral("\"%1\" cannot be delivered: %2").arg(QString::fromUtf8(name), wrong));
    if (payload.bytes().size() > MaxTaskPayload)
        return Error(Error::TooLarge, QStringLiteral("a payload has %1 bytes at most, not %2: put it into a file and "
                                                     "deliver its name")
                                          .arg(MaxTaskPayload)
                                          .arg(payload.bytes().size()));
    return {};
}

QString taskTitle(const char *kind, QByteArrayView name)
{
    return QStringLiteral("%1 \"%2\"").arg(QLatin1StringView(kind), QString::fromUtf8(name));
}

Delivery deliveryOf(const Result<TaskId> &outcome, const char *kind, QByteArrayView name, const TaskOptions &options)
{
    if (outcome)
        return *outcome;
    Delivery delivery(outcome.error(), taskTitle(kind, name));
    if (options.accepted || options.finished)
        std::ignore = delivery.ok(); // somebody hears of it
    return delivery;
}

Error finishedIsForWorkers(const QString &who)
{
    return Error(Error::Invalid, QStringLiteral("nobody would call \"finished\": only workers hear how a task has "
                                                "ended, and this is the %1")
                                     .arg(who));
}

} // namespace Quern
