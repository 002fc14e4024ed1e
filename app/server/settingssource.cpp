#include "app/server/settingssource.h"

#include <QDir>
#include <QFileInfo>

namespace Quern::app {

namespace {

/// What \a line adds to what stands in the file.
Result<config::Settings> labelled(Result<config::Settings> settings, const CommandLine &line)
{
    if (settings && !line.versionLabel.isEmpty())
        settings->environment.append({QStringLiteral("X_VERSION"), line.versionLabel});
    return settings;
}

} // namespace

QString settingsFile(const CommandLine &line)
{
    const QString usual = QStringLiteral("quern.toml");
    // A link that leads nowhere is there, and its error to be told.
    const bool isThere = QFileInfo::exists(usual) || QFileInfo(usual).isSymLink();
    return line.configFile.isEmpty() && isThere ? usual : line.configFile;
}

Result<config::Settings> loadSettings(const CommandLine &line, config::Purpose purpose)
{
    const QString file = settingsFile(line);
    if (file.isEmpty() && QDir::currentPath().isEmpty())
        return Error(Error::NotFound,
                     CommandLine::tr("the working directory has been removed; go to the directory of the "
                                     "settings, or name their file with -c"));
    const config::LoadOptions options{purpose, line.environment};
    return labelled(file.isEmpty() ? config::loadDefaults(QDir::currentPath(), options) : config::load(file, options),
                    line);
}

Result<config::Settings> candidateSettings(const CommandLine &line, const QByteArray &text)
{
    const QString file = settingsFile(line);
    return labelled(config::loadText(text, file.isEmpty() ? QStringLiteral("quern.toml") : file,
                                     {config::Purpose::StartServer, line.environment}),
                    line);
}

} // namespace Quern::app
