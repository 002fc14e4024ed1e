#pragma once

#include "admin/protocol/status.h"
#include "admin/protocol/taskmessages.h"
#include "app/server/commandline.h"
#include "config/settings.h"

namespace Quern::app {

/// `quern tasks …`: what the arguments ask for. It talks to a running server.
class TasksCommand
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::TasksCommand)
public:
    /// Error::Invalid says what to write.
    static Result<TasksCommand> parse(const CommandLine &line);

    /// Returns the exit code. Needs a QCoreApplication.
    int run(const config::Settings &settings) const;

private:
    enum class Action { List, Show, Retry, Drop };

    TasksCommand() = default;
    Result<void> list(const config::Settings &settings) const;
    Result<void> show(const config::Settings &settings) const;
    /// Retries or drops each that is named; those that it cannot be done to are told, and the rest go on.
    Result<void> change(const config::Settings &settings) const;
    QList<admin::DeadLetterSelection> selections() const;
    QString changedText(qint64 count) const;

    Action m_action = Action::List;
    QStringList m_ids;
    QString m_name; ///< empty: any
    bool m_json = false;
};

/// What people read: the queues, what has happened since the start, and a table of \a letters. \a isAll: there are no
/// older ones.
QString tasksText(const admin::TaskStatus &status, const QList<admin::DeadLetter> &letters, bool isAll);
/// A payload for people: JSON, text if it is text, else base64.
QString payloadText(const admin::DeadLetterPayload &payload);

} // namespace Quern::app
