#include "work_p.h"

#include "application_p.h"
#include "httpsyntax_p.h"

#include <QCborMap>
#include <QCborStreamReader>
#include <QCborStreamWriter>
#include <QCborValue>

#include <stdexcept>

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

std::string taskTitle(QByteArrayView name)
{
    return "task " + quoted(name);
}

void check(bool isGood, const TaskSpec &spec, const char *problem)
{
    if (!isGood)
        throw std::invalid_argument(taskTitle(spec.name) + ' ' + problem);
}

void checkWorkName(QByteArrayView name, const std::string &title)
{
    if (name.isEmpty() || name.size() > maxName || !name.isValidUtf8())
        throw std::invalid_argument(title + " has a name that is not possible: 1 to 128 bytes of UTF-8");
}

} // namespace

QByteArray encodeMap(const QVariantMap &map)
{
    QByteArray encoded;
    if (map.isEmpty())
        return encoded;
    QCborStreamWriter writer(&encoded);
    writer.startMap(quint64(map.size()));
    for (auto entry = map.cbegin(); entry != map.cend(); ++entry) {
        writer.append(entry.key());
        const QVariant &value = entry.value();
        // What most maps hold, without the detour.
        switch (value.typeId()) {
        case QMetaType::Bool:
            writer.append(value.toBool());
            break;
        case QMetaType::Int:
        case QMetaType::LongLong:
            writer.append(value.toLongLong());
            break;
        case QMetaType::QString:
            writer.append(*static_cast<const QString *>(value.constData()));
            break;
        case QMetaType::QByteArray:
            writer.append(*static_cast<const QByteArray *>(value.constData()));
            break;
        default:
            QCborValue::fromVariant(value).toCbor(writer);
        }
    }
    writer.endMap();
    return encoded;
}

Payload::Payload(const QVariantMap &map) : m_encoded(encodeMap(map)) {}

Payload::Payload(std::initializer_list<std::pair<QString, QVariant>> entries)
{
    QVariantMap map;
    for (const auto &[name, value] : entries)
        map.insert(name, value);
    m_encoded = encodeMap(map);
}

QVariantMap Payload::map() const
{
    if (!m_isMap || m_encoded.isEmpty())
        return {};
    return QCborValue::fromCbor(m_encoded).toMap().toVariantMap();
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
    check(tries >= 1 && tries <= maxTries, *m_spec, "has 1 to 1000 tries");
    m_spec->tries = tries;
    return *this;
}

TaskHandler &TaskHandler::timeout(std::chrono::milliseconds timeout)
{
    d->checkOpen("TaskHandler::timeout()");
    check(isWithin(timeout, maxTimeout), *m_spec, "has a timeout() of 0 to 24 days");
    m_spec->timeout = timeout;
    return *this;
}

TaskHandler &TaskHandler::retryDelay(std::chrono::milliseconds first, std::chrono::milliseconds longest)
{
    d->checkOpen("TaskHandler::retryDelay()");
    check(isWithin(first, maxTimeout) && isWithin(longest, maxTimeout) && first <= longest, *m_spec,
          "has delays in retryDelay() of 0 to 24 days, the first not longer than the longest");
    m_spec->retryDelay = first;
    m_spec->retryDelayMax = longest;
    return *this;
}

TaskHandler &TaskHandler::priority(int priority)
{
    d->checkOpen("TaskHandler::priority()");
    check(isPriority(priority), *m_spec, "has a priority() of 0 to 9");
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
    d->checkOpen("the registration of " + taskTitle(name));
    checkWorkName(name, taskTitle(name));
    if (!handler)
        throw std::invalid_argument(taskTitle(name) + " has an empty handler");
    if (const TaskSpec *taken = d->taskNamed(name))
        throw std::invalid_argument(taskTitle(name) + " of plugin " + quoted(d->plugin.toUtf8()) +
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

Result<void> checkDelivery(QByteArrayView name, const TaskOptions &options)
{
    const auto problem = [&]() -> const char * {
        if (name.isEmpty() || name.size() > maxName)
            return "its name has 1 to 128 bytes";
        if (!isWithin(options.delay, maxDelay))
            return "its delay is 0 to 10 years";
        if (options.tries && (*options.tries < 1 || *options.tries > maxTries))
            return "it has 1 to 1000 tries";
        if (options.timeout && !isWithin(*options.timeout, maxTimeout))
            return "its timeout is 0 to 24 days";
        if (options.retryDelay && !isWithin(*options.retryDelay, maxTimeout))
            return "its retryDelay is 0 to 24 days";
        if (options.priority && !isPriority(*options.priority))
            return "its priority is 0 to 9";
        if (options.uniqueKey.size() > maxKey)
            return "its uniqueKey has 255 bytes at most";
        return nullptr;
    }();
    if (!problem)
        return {};
    return Error(
        Error::Invalid,
        QStringLiteral("\"%1\" cannot be delivered: %2").arg(QString::fromUtf8(name), QLatin1StringView(problem)));
}

} // namespace Quern
