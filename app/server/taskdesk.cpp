#include "app/server/taskdesk.h"

#include "admin/protocol/methods.h"
#include "app/server/deadletterjson.h"
#include "base/clock.h"
#include "tasks/broker.h"

#include <QTimerEvent>

#include <utility>

namespace Quern::app {

namespace {

/// How often overdue answers are looked for.
constexpr int watchMilliseconds = 200;

/// Turns the broker's count into the message.
tasks::TaskStore::Count countTo(const BrokerAnswer &answer)
{
    return [answer](const Result<qsizetype> &count) {
        answer(count ? Result<QJsonObject>(admin::DeadLetterCount{*count}.toJson()) : count.error());
    };
}

} // namespace

TaskDesk::TaskDesk(Ask ask, Send send, QObject *parent)
    : QObject(parent)
    , m_ask(std::move(ask))
    , m_send(std::move(send))
{
}

TaskDesk::~TaskDesk()
{
    const Error stopping(Error::Unavailable, QStringLiteral("the server has stopped before it could answer"));
    while (!m_pending.empty())
        answered(m_pending.begin()->first, stopping);
}

void TaskDesk::handle(quint64 client, const admin::Request &request)
{
    const quint64 token = ++m_lastToken;
    const bool hasRoom = m_pending.size() < MostPending;
    m_pending.emplace(token, Pending{client, request.id, QDeadlineTimer(AnswerTimeout)});
    if (!m_timer.isActive())
        m_timer.start(watchMilliseconds, this);
    const Result<void> asked =
        hasRoom ? ask(token, request)
                : Error(Error::Busy, QStringLiteral("too many requests wait for the queue of tasks; try again"));
    if (!asked)
        answered(token, asked.error());
}

Result<void> TaskDesk::ask(quint64 token, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::taskDeadLetters)
        return askForLetters(token, request.params);
    if (request.method == Methods::taskDeadPayload)
        return askForPayload(token, request.params);
    if (request.method == Methods::taskRetry || request.method == Methods::taskDrop)
        return askForChange(token, request.params, request.method == Methods::taskRetry);
    return Error(Error::NotFound, QStringLiteral("there is no method %1").arg(request.method));
}

Result<void> TaskDesk::askForLetters(quint64 token, const QJsonObject &params)
{
    const Result<admin::DeadLetterQuery> message = admin::DeadLetterQuery::fromJson(params);
    const Result<tasks::DeadLetterPageQuery> query =
        message ? deadLetterQuery(*message) : Result<tasks::DeadLetterPageQuery>(message.error());
    if (!query)
        return query.error();
    m_ask(token, [query = *query](tasks::Broker &broker, const BrokerAnswer &answer) {
        broker.deadLetters().page(query, [answer](const Result<tasks::DeadLetterPage> &page) {
            answer(page ? Result<QJsonObject>(deadLetterPage(*page).toJson()) : page.error());
        });
    });
    return {};
}

Result<void> TaskDesk::askForPayload(quint64 token, const QJsonObject &params)
{
    const Result<admin::DeadLetterReference> message = admin::DeadLetterReference::fromJson(params);
    const Result<quint64> id = message ? taskNumber(message->id) : Result<quint64>(message.error());
    if (!id)
        return id.error();
    m_ask(token, [id = *id](tasks::Broker &broker, const BrokerAnswer &answer) {
        broker.deadLetters().payload(id, [answer](const Result<tasks::DeadPayload> &payload) {
            answer(payload ? Result<QJsonObject>(deadLetterPayload(*payload).toJson()) : payload.error());
        });
    });
    return {};
}

Result<void> TaskDesk::askForChange(quint64 token, const QJsonObject &params, bool isRevival)
{
    const Result<admin::DeadLetterSelection> message = admin::DeadLetterSelection::fromJson(params);
    const Result<tasks::DeadLetterSelection> selection =
        message ? deadLetterSelection(*message) : Result<tasks::DeadLetterSelection>(message.error());
    if (!selection)
        return selection.error();
    m_ask(token, [selection = *selection, isRevival](tasks::Broker &broker, const BrokerAnswer &answer) {
        if (isRevival)
            broker.deadLetters().revive(selection, base::wallClockMs(), countTo(answer));
        else
            broker.deadLetters().drop(selection, countTo(answer));
        broker.deadLettersChanged();
    });
    return {};
}

void TaskDesk::answered(quint64 token, const Result<QJsonObject> &outcome)
{
    const auto found = m_pending.find(token);
    if (found == m_pending.end())
        return;
    const Pending pending = found->second;
    m_pending.erase(found);
    if (m_pending.empty())
        m_timer.stop();
    m_send(pending.client, admin::Reply{pending.request, outcome});
}

void TaskDesk::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_timer.timerId())
        return;
    // All have the same patience.
    while (!m_pending.empty() && m_pending.begin()->second.deadline.hasExpired())
        answered(
            m_pending.begin()->first,
            Error(Error::Timeout, QStringLiteral("the queue of tasks has not answered within %1 s; what was asked "
                                                 "may still happen")
                                      .arg(std::chrono::duration_cast<std::chrono::seconds>(AnswerTimeout).count())));
}

} // namespace Quern::app
