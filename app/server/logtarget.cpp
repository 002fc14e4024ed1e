#include "app/server/logtarget.h"

#include "app/server/reactorsettings.h"
#include "base/log.h"

#include <QDir>
#include <QFileInfo>

namespace Quern::app {

namespace {

base::LogTarget logTarget(const config::Settings &settings, bool daemonize)
{
    const config::ServerSettings &server = settings.server;
    base::LogTarget target;
    target.role = QStringLiteral("master");
    target.file = logFileOf(settings, daemonize);
    target.style = server.logFormat == config::LogFormat::Json ? base::LogStyle::Json : base::LogStyle::Text;
    target.levels = logLevelsOf(settings);
    target.firstLine = QStringLiteral("Quern " QUERN_VERSION " starts");
    target.rotation = {server.logRotateSize, server.logRotateAge, server.logRotateKeep};
    return target;
}

Result<void> prepareFolder(const QString &folder, const QString &runtimeDirectory)
{
    const bool isOurs = (folder + u'/').startsWith(QDir::cleanPath(runtimeDirectory) + u'/');
    if (isOurs && !QDir().mkpath(folder))
        return Error(Error::Io, QStringLiteral("cannot make the folder %1; name another").arg(folder));
    if (!QFileInfo(folder).isDir()) {
        return Error(Error::NotFound,
                     QStringLiteral("there is no folder %1 for the log; make it, or name another file").arg(folder));
    }
    return {};
}

Result<void> startTarget(const base::LogTarget &target, const QString &runtimeDirectory)
{
    if (target.file.isEmpty())
        return base::startLog(target);
    if (const Result<void> prepared = prepareFolder(QFileInfo(target.file).path(), runtimeDirectory); !prepared)
        return prepared;
    const Result<void> started = base::startLog(target);
    if (started)
        return {};
    return Error(started.error().code(),
                 QStringLiteral("%1; mend that, or name another file").arg(started.error().message()));
}

} // namespace

QString logFileOf(const config::Settings &settings, bool daemonize)
{
    if (!settings.server.logFile.isEmpty() || !daemonize)
        return settings.server.logFile;
    return settings.server.runtimeDir + QStringLiteral("/quern.log");
}

base::LogLevels logLevelsOf(const config::Settings &settings)
{
    base::LogLevels levels;
    levels.general = settings.server.logLevel;
    for (const QString &category : settings.server.logCategories)
        (void)base::addCategoryLevel(category, levels); // the settings have been checked
    return levels;
}

Result<void> startLogFor(const config::Settings &settings, bool daemonize)
{
    const Result<void> started = startTarget(logTarget(settings, daemonize), settings.server.runtimeDir);
    return started ? started : errorAt(settings, "log_file", started.error());
}

} // namespace Quern::app
