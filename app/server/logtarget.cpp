#include "app/server/logtarget.h"

#include "app/host/runtimedirectory.h"
#include "app/server/settingscheck.h"
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
    const base::LogTarget target = logTarget(settings, daemonize);
    const QString folder = QFileInfo(target.file).path();
    if (!target.file.isEmpty() && isInRuntimeDirectory(settings.server.runtimeDir, folder))
        QDir().mkpath(folder); // whether it is there shows at once
    const Result<void> started = base::startLog(target);
    if (started)
        return {};
    const Error error(started.error().code(),
                      QStringLiteral("%1; mend that, or name another file").arg(started.error().message()));
    return errorAt(settings, "log_file", error);
}

} // namespace Quern::app
