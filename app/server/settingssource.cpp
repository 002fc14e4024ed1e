#include "app/server/settingssource.h"

#include <QDir>
#include <QFile>

namespace Quern::app {

Result<config::Settings> loadSettings(const CommandLine &line, config::Purpose purpose)
{
    const QString usual = QStringLiteral("quern.toml");
    const config::LoadOptions options{purpose, line.environment};
    Result<config::Settings> settings =
        line.configFile.isEmpty() && !QFile::exists(usual)
            ? config::loadDefaults(QDir::currentPath(), options)
            : config::load(line.configFile.isEmpty() ? usual : line.configFile, options);
    if (settings && !line.versionLabel.isEmpty())
        settings->environment.append({QStringLiteral("X_VERSION"), line.versionLabel});
    return settings;
}

} // namespace Quern::app
