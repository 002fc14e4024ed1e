#include "admin-gui/actions/actionrunner.h"

#include "admin-gui/actions/commandtext.h"
#include "admin-gui/models/servertext.h"
#include "admin/protocol/methods.h"

namespace Quern::console {

/// One action under way.
struct ActionRunner::Run
{
    ServerAction action;
    Done done;
    Activity activity;
    int epoch = 0; ///< of the session
    qsizetype sent = 0;
    qsizetype answered = 0;
    qsizetype failures = 0;
    std::optional<Error> firstError;
    QJsonObject firstResult;
};

ActionRunner::ActionRunner(Session &session, QObject *parent) : QObject(parent), m_session(session)
{
    connect(&session, &Session::operationChanged, this, &ActionRunner::followed);
    connect(&session, &Session::connected, this, &ActionRunner::resume);
    connect(&session, &Session::stateChanged, this, [this](const LinkState &state) {
        if (state.phase == LinkState::Phase::Idle)
            leaveServer();
        else if (!state.isUp())
            lostServer();
    });
}

QString ActionRunner::doneText(const ServerAction &action)
{
    return action.doneText.isEmpty() ? tr("Done.") : action.doneText;
}

QString ActionRunner::commandLine(const ServerAction &action) const
{
    const auto &status = m_session.status();
    const QString command = commandText(m_session.address(), status ? status->configFile : QString(),
                                        QString(action.method), action.calls.value(0));
    const int more = int(action.calls.size()) - 1;
    // A remark to the shell.
    return more <= 0 || command.isEmpty() ? command : command + tr("   # and %n more like it", nullptr, more);
}

void ActionRunner::run(const ServerAction &action, Done done)
{
    if (action.warning.isEmpty())
        return begin(action, done);
    if (m_confirm)
        m_confirm(action, commandLine(action), [this, action, done] { begin(action, done); });
}

void ActionRunner::begin(const ServerAction &action, const Done &done)
{
    auto run = std::make_shared<Run>();
    run->epoch = m_session.epoch();
    run->action = action;
    run->done = done;
    run->activity.id = ++m_lastId;
    run->activity.at = QDateTime::currentDateTimeUtc();
    run->activity.title = action.title;
    run->activity.commandLine = commandLine(action);
    tell(run->activity);
    for (int i = 0; i < MostUnderWay; ++i)
        callNext(run);
}

void ActionRunner::callNext(const std::shared_ptr<Run> &run)
{
    if (run->sent == run->action.calls.size())
        return;
    const QJsonObject params = run->action.calls.at(run->sent++);
    const bool isFirst = run->sent == 1;
    m_session.call(run->action.method, params, this, [this, run, isFirst](const Result<QJsonObject> &outcome) {
        ++run->answered;
        if (!outcome) {
            ++run->failures;
            if (!run->firstError)
                run->firstError = outcome.error();
            // The rest is not for whoever comes next.
            if (outcome.error().code() == Error::Unavailable || run->epoch != m_session.epoch())
                giveUp(run);
        } else if (isFirst) {
            run->firstResult = *outcome;
        }
        if (run->answered == run->action.calls.size())
            finished(run);
        else
            callNext(run);
    });
}

/// What has not been sent is not sent any more, and has failed.
void ActionRunner::giveUp(const std::shared_ptr<Run> &run)
{
    const qsizetype unsent = run->action.calls.size() - run->sent;
    run->sent += unsent;
    run->answered += unsent;
    run->failures += unsent;
}

void ActionRunner::finished(const std::shared_ptr<Run> &run)
{
    Activity &activity = run->activity;
    const qsizetype count = run->action.calls.size();
    if (!run->firstError && run->action.isOperation) {
        const Result<admin::OperationReference> reference = admin::OperationReference::fromJson(run->firstResult);
        if (reference) {
            m_operations.emplace(reference->operation, run);
            return look(reference->operation); // it may have ended before its number was known here
        }
        run->firstError = reference.error();
    }
    if (!run->firstError) {
        activity.state = Activity::State::Done;
        activity.outcome = doneText(run->action);
    } else {
        activity.state = Activity::State::Failed;
        activity.outcome =
            count == 1 ? run->firstError->message()
                       : tr("%1 of %2 failed: %3").arg(run->failures).arg(count).arg(run->firstError->message());
    }
    tell(activity);
    if (run->done)
        run->done(run->firstError ? Result<QJsonObject>(*run->firstError) : Result<QJsonObject>(run->firstResult));
}

void ActionRunner::followed(const admin::Operation &operation)
{
    const auto found = m_operations.find(operation.id);
    if (found == m_operations.end())
        return;
    const std::shared_ptr<Run> run = found->second;
    Activity &activity = run->activity;
    activity.steps.clear();
    for (const admin::OperationStep &step : operation.steps)
        activity.steps.append(serverText(step.text));
    tell(activity);
    if (operation.state == admin::Operation::State::Succeeded)
        end(operation.id, Activity::State::Done, doneText(found->second->action));
    else if (operation.state == admin::Operation::State::Failed)
        end(operation.id, Activity::State::Failed, operation.error);
}

void ActionRunner::look(qint64 operation)
{
    const admin::OperationNumber number{operation};
    m_session.ask<admin::Operation>(admin::Methods::operationRead, number.toJson(), this,
                                    [this, operation](const Result<admin::Operation> &found) {
                                        if (found)
                                            followed(*found);
                                        else if (found.error().code() == Error::NotFound)
                                            end(operation, Activity::State::Failed,
                                                tr("The server was replaced "
                                                   "before it was done."));
                                    });
}

/// A server that has restarted knows the operation.
void ActionRunner::resume()
{
    for (const auto &[operation, run] : m_operations)
        look(operation);
}

void ActionRunner::leaveServer()
{
    const std::map<qint64, std::shared_ptr<Run>> operations = m_operations;
    for (const auto &[operation, run] : operations)
        end(operation, Activity::State::Failed, tr("It is not followed any more: another server has been chosen."));
}

void ActionRunner::lostServer()
{
    const std::map<qint64, std::shared_ptr<Run>> operations = m_operations;
    for (const auto &[operation, run] : operations) {
        if (run->action.method == admin::Methods::serverStop)
            end(operation, Activity::State::Done, doneText(run->action));
    }
}

void ActionRunner::end(qint64 operation, Activity::State state, const QString &outcome)
{
    const auto found = m_operations.find(operation);
    if (found == m_operations.end())
        return;
    const std::shared_ptr<Run> run = found->second;
    m_operations.erase(found);
    run->activity.state = state;
    run->activity.outcome = outcome;
    tell(run->activity);
    if (run->done)
        run->done(state == Activity::State::Done ? Result<QJsonObject>(QJsonObject())
                                                 : Result<QJsonObject>(Error(Error::Internal, outcome)));
}

void ActionRunner::tell(const Activity &activity)
{
    m_activities.put(activity);
    Q_EMIT activityChanged(activity);
}

} // namespace Quern::console
