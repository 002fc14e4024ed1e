#include "app/server/streamdesk.h"

#include "admin/protocol/methods.h"
#include "app/server/clients.h"

#include <QDeadlineTimer>
#include <QTimerEvent>

#include <algorithm>
#include <limits>

namespace Quern::app {

namespace {

constexpr std::chrono::milliseconds shortestInterval(200);
constexpr std::chrono::milliseconds longestInterval(60'000);

qint64 nowMs()
{
    return QDeadlineTimer::current().deadline();
}

} // namespace

StreamDesk::StreamDesk(Clients *clients, std::function<QJsonObject()> status, QObject *parent)
    : QObject(parent)
    , m_clients(clients)
    , m_status(std::move(status))
{
    connect(clients, &Clients::outputTaken, this, &StreamDesk::outputTaken);
}

StreamDesk::~StreamDesk()
{
    for (auto &[client, follower] : m_followers) {
        follower.isBusy = false;
        deliver(client, follower);
    }
}

Result<void> StreamDesk::subscribe(quint64 client, const QJsonObject &params)
{
    const Result<admin::Subscription> wants = admin::Subscription::fromJson(params);
    if (!wants)
        return wants.error();
    if (wants->interval < shortestInterval || wants->interval > longestInterval) {
        return Error(Error::Invalid, QStringLiteral("intervalMs: must be from %1 to %2, not %3")
                                         .arg(shortestInterval.count())
                                         .arg(longestInterval.count())
                                         .arg(wants->interval.count()));
    }
    if (!wants->status && !wants->operations && !wants->processes) {
        forget(client);
        return {};
    }
    Follower &follower = m_followers[client];
    follower.wants = *wants;
    follower.statusDue = nowMs();
    armTimer();
    return {};
}

void StreamDesk::forget(quint64 client)
{
    m_followers.erase(client);
    armTimer();
}

void StreamDesk::operationChanged(const admin::Operation &operation)
{
    for (auto &[client, follower] : m_followers) {
        if (!follower.wants.operations)
            continue;
        // Each tells all of its steps: the last word is enough.
        follower.operations.removeIf([&operation](const auto &other) { return other.id == operation.id; });
        follower.operations.append(operation);
        deliver(client, follower);
    }
}

void StreamDesk::processChanged(const admin::ProcessEvent &event)
{
    for (auto &[client, follower] : m_followers) {
        if (!follower.wants.processes)
            continue;
        if (follower.processes.size() >= MostWaiting)
            follower.processes.removeFirst();
        follower.processes.append(event);
        deliver(client, follower);
    }
}

void StreamDesk::deliver(quint64 client, Follower &follower)
{
    if (follower.isBusy)
        return;
    QList<admin::Event> events;
    for (const admin::Operation &operation : std::exchange(follower.operations, {}))
        events.append({admin::Events::operation, operation.toJson()});
    for (const admin::ProcessEvent &event : std::exchange(follower.processes, {}))
        events.append({admin::Events::process, event.toJson()});
    if (events.isEmpty())
        return;
    follower.isBusy = true;
    const admin::Event last = events.takeLast();
    for (const admin::Event &event : events)
        m_clients->sendEvent(client, event);
    m_clients->sendPaced(client, last);
}

void StreamDesk::outputTaken(quint64 client)
{
    const auto found = m_followers.find(client);
    if (found == m_followers.end())
        return;
    found->second.isBusy = false;
    deliver(client, found->second);
}

void StreamDesk::armTimer()
{
    qint64 due = std::numeric_limits<qint64>::max();
    for (const auto &[client, follower] : m_followers) {
        if (follower.wants.status)
            due = std::min(due, follower.statusDue);
    }
    if (due == std::numeric_limits<qint64>::max())
        m_timer.stop();
    else
        m_timer.start(int(std::max<qint64>(due - nowMs(), 0)), Qt::PreciseTimer, this);
}

void StreamDesk::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    m_timer.stop();
    const qint64 now = nowMs();
    for (auto &[client, follower] : m_followers) {
        if (!follower.wants.status || follower.statusDue > now)
            continue;
        follower.statusDue += follower.wants.interval.count();
        if (follower.statusDue <= now)
            follower.statusDue = now + follower.wants.interval.count(); // what was missed is not caught up
        if (follower.isBusy)
            continue;
        follower.isBusy = true;
        m_clients->sendPaced(client, {admin::Events::status, m_status()});
    }
    armTimer();
}

} // namespace Quern::app
