#include "app/server/croncommand.h"

#include "admin/protocol/cronmessages.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/status.h"
#include "app/server/crondesk.h"
#include "app/server/serverconnection.h"
#include "app/server/terminal.h"

#include <QJsonArray>

namespace Quern::app {

using namespace Qt::Literals::StringLiterals;

namespace {

/// The server tells of a timer process that does not answer, and has to be given the time for it.
constexpr std::chrono::milliseconds patience = 2 * CronDesk::patience;

} // namespace

Result<CronCommand> CronCommand::parse(const CommandLine &line)
{
    CronCommand command;
    command.m_json = line.json;
    command.m_jobs = line.words.mid(1);
    const QString word = line.words.value(0);
    if (word.isEmpty())
        return command;
    if (word == u"run")
        command.m_method = admin::Methods::cronRun;
    else if (word == u"pause")
        command.m_method = admin::Methods::cronPause;
    else if (word == u"resume")
        command.m_method = admin::Methods::cronResume;
    else
        return Error(Error::Invalid, tr("cron: unknown word \"%1\"; see quern help cron").arg(word));
    if (command.m_jobs.isEmpty())
        return Error(Error::Invalid, tr("write: quern cron %1 JOB…").arg(word));
    if (line.json)
        return Error(Error::Invalid, tr("--json goes with the list, quern cron --json, only"));
    return command;
}

int CronCommand::list(const config::Settings &settings) const
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::serverStatus) : connected.error();
    const Result<admin::Status> status = answer ? admin::Status::fromJson(*answer) : answer.error();
    if (!status) {
        terminal::complain(status.error().message());
        return 1;
    }
    if (m_json)
        terminal::sayJson({{u"cron"_s, answer->value(u"cron"_s)}});
    else if (status->cron.isEmpty())
        terminal::say(tr("There are no cron jobs: write [[cron]] entries into the settings."));
    else
        terminal::say(terminal::cronText(status->cron));
    return 0;
}

int CronCommand::run(const config::Settings &settings) const
{
    if (m_method.isEmpty())
        return list(settings);
    ControlClient client;
    if (const Result<void> connected = connectToServer(settings, client); !connected) {
        terminal::complain(connected.error().message());
        return 1;
    }
    int outcome = 0;
    for (const QString &job : m_jobs) {
        const Result<QJsonObject> answer = client.call(m_method, admin::CronJobReference{job}.toJson(), patience);
        if (!answer) {
            terminal::complain(answer.error().message());
            outcome = 1;
        } else if (m_method == admin::Methods::cronRun) {
            terminal::say(tr("%1 runs.").arg(job));
        } else if (m_method == admin::Methods::cronPause) {
            terminal::say(tr("%1 is paused, over reloads as well.").arg(job));
        } else {
            terminal::say(tr("%1 goes on.").arg(job));
        }
    }
    return outcome;
}

} // namespace Quern::app
