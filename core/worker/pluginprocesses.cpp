#include "worker/pluginprocesses.h"

#include <QCoreApplication>
#include <QStringList>

namespace Quern::worker {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::worker::PluginLoader)
};

} // namespace

Result<void> checkProcesses(const ApplicationPrivate &application, const ipc::ProcessPlan &plan)
{
    QStringList lines;
    for (const ipc::ProcessEntry &entry : plan.processes) {
        if (application.processNamed(entry.handler.toUtf8()))
            continue;
        const QString place = entry.place.isEmpty() ? QString() : entry.place + QStringLiteral(": ");
        lines.append(place + Text::tr("process \"%1\": no plugin registers the handler \"%2\": call "
                                      "app.process(\"%2\", …) in install(), or remove the entry")
                                 .arg(entry.name, entry.handler));
    }
    if (!lines.isEmpty())
        return Error(Error::Invalid, lines.join(u'\n'));
    return {};
}

} // namespace Quern::worker
