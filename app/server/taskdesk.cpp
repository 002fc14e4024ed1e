#include "app/server/taskdesk.h"

#include "admin/protocol/methods.h"
#include "app/server/deadletterjson.h"
#include "base/clock.h"
#include "tasks/broker.h"

#include <utility>

namespace Quern::app {

namespace {

/// Turns the broker's count into the message.
tasks::TaskStore::Count countTo(const BrokerAnswer &answer)
{
    return [answer](const Result<qsizetype> &count) {
        answer(count ? Result<QJsonObject>(admin::DeadLetterCount{*count}.toJson()) : count.error());
    };
}

} // namespace

TaskDesk::TaskDesk(Ask ask, OpenRequests::Send send, QObject *parent)
    : QObject(parent)
    , m_ask(std::move(ask))
    , m_replies(QStringLiteral("the queue of tasks"), std::move(send))
{
}

void TaskDesk::handle(quint64 client, const admin::Request &request)
{
    const std::optional<quint64> token = m_replies.begin(client, request.id);
    if (!token)
        return;
    if (const Result<void> asked = ask(*token, request); !asked)
        answered(*token, asked.error());
}

void TaskDesk::answered(quint64 token, const Result<QJsonObject> &outcome)
{
    m_replies.answered(token, outcome);
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
    return admin::noMethod(request.method);
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

} // namespace Quern::app
