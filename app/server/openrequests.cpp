#include "app/server/openrequests.h"

#include <QTimerEvent>

#include <utility>

namespace Quern::app {

namespace {

/// How often overdue answers are looked for.
constexpr int watchMilliseconds = 200;

} // namespace

OpenRequests::OpenRequests(const QString &whom, Send send, QObject *parent)
    : QObject(parent)
    , m_whom(whom)
    , m_send(std::move(send))
{
}

OpenRequests::~OpenRequests()
{
    const Error stopping(Error::Unavailable, QStringLiteral("the server has stopped before it could answer"));
    while (!m_pending.empty())
        answered(m_pending.begin()->first, stopping);
}

std::optional<quint64> OpenRequests::begin(quint64 client, qint64 request)
{
    if (m_pending.size() >= MostPending) {
        const Error busy(Error::Busy, QStringLiteral("too many requests wait for %1; try again").arg(m_whom));
        m_send(client, {request, busy});
        return std::nullopt;
    }
    const quint64 token = ++m_lastToken;
    m_pending.emplace(token, Pending{client, request, QDeadlineTimer(AnswerTimeout)});
    if (!m_timer.isActive())
        m_timer.start(watchMilliseconds, this);
    return token;
}

void OpenRequests::answered(quint64 token, const Result<QJsonObject> &outcome)
{
    const auto found = m_pending.find(token);
    if (found == m_pending.end())
        return;
    const Pending pending = found->second;
    m_pending.erase(found);
    if (m_pending.empty())
        m_timer.stop();
    m_send(pending.client, {pending.request, outcome});
}

void OpenRequests::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    // All have the same patience.
    while (!m_pending.empty() && m_pending.begin()->second.deadline.hasExpired())
        answered(
            m_pending.begin()->first,
            Error(Error::Timeout, QStringLiteral("%1 has not answered within %2 s; what was asked may still happen")
                                      .arg(m_whom)
                                      .arg(std::chrono::duration_cast<std::chrono::seconds>(AnswerTimeout).count())));
}

} // namespace Quern::app
