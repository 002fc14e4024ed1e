#include "app/server/scalecommand.h"

#include "admin/protocol/methods.h"
#include "app/server/serverconnection.h"
#include "app/server/terminal.h"

namespace Quern::app {

Result<ScaleCommand> ScaleCommand::parse(const CommandLine &line)
{
    ScaleCommand command;
    for (const QString &word : line.words) {
        const QString name = word.section(u'=', 0, 0);
        int *number = name == u"workers"        ? &command.m_request.workers
                      : name == u"task_workers" ? &command.m_request.taskWorkers
                                                : nullptr;
        if (!number || !word.contains(u'='))
            return Error(
                Error::Invalid,
                tr("scale: what is \"%1\"? Write: quern scale workers=8, or task_workers=4, or both").arg(word));
        if (*number != 0)
            return Error(Error::Invalid, tr("scale: %1 is named twice").arg(name));
        bool isNumber = false;
        *number = word.section(u'=', 1).toInt(&isNumber);
        if (!isNumber || *number < 1)
            return Error(Error::Invalid, tr("scale: %1 must be a number from 1, such as %1=4").arg(name));
    }
    return command;
}

int ScaleCommand::run(const config::Settings &settings) const
{
    const Result<void> scaled = leadServer(settings, admin::Methods::serverScale, m_request.toJson());
    if (!scaled && scaled.error().code() == Error::Timeout)
        terminal::complain(tr("scaling is not over yet; \"quern status\" and \"quern logs\" tell how it goes on"));
    else if (!scaled)
        terminal::complain(tr("cannot scale: %1").arg(scaled.error().message()));
    else
        terminal::say(tr("Quern has been scaled."));
    return scaled ? 0 : 1;
}

} // namespace Quern::app
