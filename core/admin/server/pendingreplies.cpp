#include "admin/server/pendingreplies.h"

#include <QTimerEvent>

#include <algorithm>

namespace Quern::admin {

namespace {

/// How often overdue replies are looked for.
constexpr int watchMilliseconds = 200;

/// What \a endpoint makes of the method's \a result.
HttpAnswer successOf(const Endpoint &endpoint, const QJsonObject &result)
{
    if (endpoint.answer == Endpoint::Answer::Text) {
        HttpAnswer answer;
        answer.contentType = endpoint.contentType;
        answer.body = result[QLatin1StringView("text")].toString().toUtf8();
        return answer;
    }
    if (!endpoint.part.isEmpty())
        return HttpAnswer::ofJson({{endpoint.part, result[endpoint.part]}});
    HttpAnswer answer = HttpAnswer::ofJson(result);
    if (endpoint.answer == Endpoint::Answer::Readiness && !result[QLatin1StringView("ready")].toBool())
        answer.status = 503;
    if (endpoint.answer == Endpoint::Answer::Operation) {
        const qint64 operation = result[QLatin1StringView("operation")].toInteger();
        answer.status = 202;
        answer.addField("Location", "/api/v1/operations/" + QByteArray::number(operation));
    }
    return answer;
}

} // namespace

PendingReplies::PendingReplies(const Timeouts &timeouts, QObject *parent) : QObject(parent), m_timeouts(timeouts) {}

bool PendingReplies::add(quint64 client, const Asker &asker)
{
    const bool isPublic = asker.endpoint->isPublic;
    const auto same = std::find_if(m_pending.begin(), m_pending.end(), [&asker](const auto &entry) {
        const Endpoint *asked = entry.second.askers.front().endpoint;
        return asked->isPublic && asked->method == asker.endpoint->method;
    });
    if (isPublic && same != m_pending.end()) {
        same->second.askers.push_back(asker);
        return false;
    }
    m_pending[client] = {{asker}, QDeadlineTimer(isPublic ? m_timeouts.publicAnswer : m_timeouts.answer)};
    if (!m_timer.isActive())
        m_timer.start(watchMilliseconds, this);
    return true;
}

void PendingReplies::answer(quint64 client, const Result<QJsonObject> &outcome)
{
    const auto found = m_pending.find(client);
    if (found == m_pending.end())
        return;
    const std::vector<Asker> askers = std::move(found->second.askers);
    m_pending.erase(found);
    for (const Asker &asker : askers) {
        if (asker.connection)
            asker.connection->answer(asker.place, outcome ? successOf(*asker.endpoint, *outcome)
                                                          : HttpAnswer::ofError(outcome.error()));
    }
    Q_EMIT ended(client);
}

void PendingReplies::forget(const HttpConnection *connection)
{
    std::vector<quint64> left;
    for (auto &[client, pending] : m_pending) {
        std::erase_if(pending.askers, [connection](const Asker &asker) { return asker.connection == connection; });
        if (pending.askers.empty())
            left.push_back(client);
    }
    for (const quint64 client : left) {
        m_pending.erase(client);
        Q_EMIT ended(client);
    }
}

void PendingReplies::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    std::vector<quint64> overdue;
    for (const auto &[client, pending] : m_pending) {
        if (pending.deadline.hasExpired())
            overdue.push_back(client);
    }
    const Error late(Error::Timeout,
                     QStringLiteral("the server has not answered in time; what was asked may still happen"));
    for (const quint64 client : overdue)
        answer(client, late);
    if (m_pending.empty())
        m_timer.stop();
}

} // namespace Quern::admin
