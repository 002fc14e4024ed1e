#include "app/server/settingssource.h"

#include <QDir>
#include <QFile>

namespace Quern::app {

QString settingsFile(const CommandLine &line)
{
    const QString usual = QStringLiteral("quern.toml");
    return line.configFile.isEmpty() && QFile::exists(usual) ? usual : line.configFile;
}

Result<config::Settings> loadSettings(const CommandLine &line, config::Purpose purpose)
{
    const QString file = settingsFile(line);
    const config::LoadOptions options{purpose, line.environment};
    Result<config::Settings> settings =
        file.isEmpty() ? config::loadDefaults(QDir::currentPath(), options) : config::load(file, options);
    if (settings && !line.versionLabel.isEmpty())
        settings->environment.append({QStringLiteral("X_VERSION"), line.versionLabel});
    return settings;
}

} // namespace Quern::app
