#include "app/server/cronplan.h"

#include "config/cronkeys.h"

using namespace Qt::Literals::StringLiterals;

namespace Quern::app {

QList<ipc::CronEntry> cronEntries(const config::Settings &settings)
{
    QList<ipc::CronEntry> entries;
    for (qsizetype i = 0; i < settings.crons.size(); ++i) {
        const config::CronSettings &cron = settings.crons.at(i);
        const auto isWritten = [&settings, i](QLatin1StringView key) {
            return config::isCronWritten(settings, i, key);
        };
        ipc::CronEntry entry;
        entry.name = cron.name;
        entry.job = cron.job;
        entry.command = cron.command;
        entry.directory = cron.command.isEmpty() ? QString() : settings.directory;
        entry.interval = cron.interval.count();
        entry.expression = cron.expression;
        entry.timeZone = cron.timeZone;
        entry.parameters = cron.parameters;
        if (isWritten("immediate"_L1))
            entry.isImmediate = cron.immediate;
        if (isWritten("overlap"_L1))
            entry.mostAtATime = cron.overlap ? cron.overlapMax : 1;
        if (isWritten("missed"_L1))
            entry.missed = int(cron.missed);
        if (isWritten("timeout"_L1))
            entry.timeout = cron.timeout.count();
        entry.isEnabled = cron.enabled;
        const QLatin1StringView work = cron.command.isEmpty() ? "job"_L1 : "command"_L1;
        entry.place = settings.origins.value(config::cronPath(i, work)).section(u',', 0, 0);
        entries.append(entry);
    }
    return entries;
}

} // namespace Quern::app
