#pragma once

#include "cron/jobrunner.h"
#include "ipc/cronmessages.h"
#include "sdk/src/application_p.h"

#include <Quern/result.h>

#include <QList>
#include <QStringList>

#include <vector>

namespace Quern::worker {

/// The jobs of a timer process. A value type.
struct CronPlan
{
    std::vector<cron::Job> jobs;
    QStringList disabled; ///< names of entries that are not enabled
    QStringList warnings; ///< for people: of jobs that have no schedule at all, and are left out
};

/// The jobs of a timer process: those that \a entries ask for, and those that the plugins of \a application have given
/// a schedule themselves and no entry names. An entry overrides what the plugin says, key by key; one that is not
/// enabled runs nothing, and keeps a job of its plugin from running by itself.
///
/// The Error::Invalid has one line for each entry whose job no plugin registers, or that is never due, and for each
/// wrong schedule of a plugin, with its place and the mend; so this is the check of a start as well.
///
/// What the jobs run belongs to the plugins: who runs them goes before the PluginLoader.
Result<CronPlan> cronJobs(const ApplicationPrivate &application, const QList<ipc::CronEntry> &entries);

} // namespace Quern::worker
