#include "admin-gui/actions/cronactions.h"

#include "admin/protocol/cronmessages.h"
#include "admin/protocol/methods.h"

#include <QCoreApplication>

namespace Quern::console::cronactions {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::CronActions)
};

ServerAction actionFor(QLatin1StringView method, const QStringList &jobs, const QString &title, const QString &doneText)
{
    ServerAction action{
        .title = title.arg(jobs.join(QStringLiteral(", "))), .method = method, .calls = {}, .doneText = doneText};
    for (const QString &job : jobs)
        action.calls.append(admin::CronJobReference{job}.toJson());
    return action;
}

} // namespace

ServerAction run(const QStringList &jobs)
{
    return actionFor(admin::Methods::cronRun, jobs, Text::tr("Run %1 now"), Text::tr("Begun."));
}

ServerAction pause(const QStringList &jobs)
{
    return actionFor(admin::Methods::cronPause, jobs, Text::tr("Pause %1"),
                     Text::tr("Paused, over reloads and restarts as well."));
}

ServerAction resume(const QStringList &jobs)
{
    return actionFor(admin::Methods::cronResume, jobs, Text::tr("Resume %1"), Text::tr("Done."));
}

} // namespace Quern::console::cronactions
