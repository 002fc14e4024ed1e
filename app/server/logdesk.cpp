#include "app/server/logdesk.h"

#include "admin/protocol/logmessages.h"
#include "admin/protocol/methods.h"
#include "app/server/clients.h"
#include "base/log.h"

namespace Quern::app {

namespace {

base::LogFilter filterOf(const admin::LogQuery &query)
{
    return {query.level, query.role.toUtf8()};
}

QList<admin::LogLine> linesOf(const base::LogHistory::Page &page)
{
    QList<admin::LogLine> lines;
    for (const base::LogRecord &record : page.records)
        lines.append(admin::LogLine::of(record));
    return lines;
}

} // namespace

LogDesk::LogDesk(Clients *clients, QObject *parent) : QObject(parent), m_clients(clients)
{
    connect(clients, &Clients::outputTaken, this, &LogDesk::outputTaken);
    base::logHistory().setListener([this] { deliverLater(); });
}

LogDesk::~LogDesk()
{
    deliver();
    base::logHistory().setListener({});
}

Result<QJsonObject> LogDesk::answer(quint64 client, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::logRead)
        return read(request.params);
    if (request.method == Methods::logFollow)
        return follow(client, request.params);
    if (request.method == Methods::logSetLevel)
        return setLevel(request.params);
    return admin::noMethod(request.method);
}

void LogDesk::forget(quint64 client)
{
    m_followers.erase(client);
}

Result<QJsonObject> LogDesk::read(const QJsonObject &params)
{
    const Result<admin::LogQuery> query = admin::LogQuery::fromJson(params);
    if (!query)
        return query.error();
    const base::LogHistory::Page found =
        base::logHistory().newest(filterOf(*query), query->lines, quint64(query->before));
    admin::LogPage page;
    page.lines = linesOf(found);
    page.before = qint64(found.from);
    return page.toJson();
}

Result<QJsonObject> LogDesk::follow(quint64 client, const QJsonObject &params)
{
    const Result<admin::LogQuery> query = admin::LogQuery::fromJson(params);
    if (!query)
        return query.error();
    Follower follower;
    follower.filter = filterOf(*query);
    follower.next = base::logHistory().serialOfLast(follower.filter, query->lines);
    m_followers[client] = follower;
    // The reply goes before the first lines.
    deliverLater();
    return QJsonObject();
}

Result<QJsonObject> LogDesk::setLevel(const QJsonObject &params)
{
    const Result<admin::LogLevelChange> change = admin::LogLevelChange::fromJson(params);
    if (!change)
        return change.error();
    base::LogLevels levels = base::logLevels();
    if (const Result<void> changed = levels.change(change->levels); !changed)
        return changed.error();
    base::setLogLevels(levels);
    Q_EMIT levelsChanged();
    admin::LogLevelsInForce present;
    present.general = levels.general;
    present.categories = levels.categoryTexts();
    return present.toJson();
}

void LogDesk::deliverLater()
{
    QMetaObject::invokeMethod(this, &LogDesk::deliver, Qt::QueuedConnection);
}

void LogDesk::deliver()
{
    if (m_followers.empty())
        return;
    // Armed before the look, so that no line falls between.
    base::logHistory().arm();
    for (auto &[client, follower] : m_followers)
        deliverTo(client, follower);
}

void LogDesk::deliverTo(quint64 client, Follower &follower)
{
    if (follower.isBusy)
        return;
    const base::LogHistory::Page found = base::logHistory().since(follower.filter, follower.next);
    follower.next = found.next;
    if (found.records.isEmpty() && found.lost == 0)
        return;
    admin::LogPage page;
    page.lines = linesOf(found);
    page.dropped = qint64(found.lost);
    follower.isBusy = true;
    m_clients->sendPaced(client, {admin::Events::log, page.toJson()});
}

void LogDesk::outputTaken(quint64 client)
{
    const auto found = m_followers.find(client);
    if (found == m_followers.end())
        return;
    found->second.isBusy = false;
    deliverTo(client, found->second);
}

} // namespace Quern::app
