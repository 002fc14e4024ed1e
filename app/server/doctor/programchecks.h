#pragma once

#include "app/host/machine.h"
#include "app/server/doctor/check.h"

#include <QStringList>

namespace Quern::app::doctor {

/// Whether \a program is the quern-worker of \a version: it is run with --version, for some seconds at most.
Check workerProgramCheck(const QString &program, const QString &version);

/// Whether Qt, shared memory, clock and time zones are as the programs need them.
Checks foundationChecks(const Machine &machine);

/// A plugin of the settings.
struct PluginPlace
{
    QString name; ///< of an installed one; empty: one from elsewhere
    QString file;
};

/// Whether the files of \a plugins are there: one check each. \a installed are the names that the settings may use.
Checks pluginChecks(const QList<PluginPlace> &plugins, const QStringList &installed);

/// The program that a cron job of the settings runs.
struct JobProgram
{
    QString job;
    QString program; ///< a path, or a name to be looked for in PATH
};

/// A warning for each of \a jobs whose program cannot be run.
Checks jobProgramChecks(const QList<JobProgram> &jobs);

} // namespace Quern::app::doctor
