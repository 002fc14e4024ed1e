#include "app/server/installation.h"

#include "base/pluginname.h"

#include <QDir>
#include <QFileInfo>

namespace Quern::app::installation {

QString program()
{
    // One that has been replaced is shown as "/usr/bin/quern (deleted)": the next server is what lies there.
    QString path = QFileInfo(QStringLiteral("/proc/self/exe")).symLinkTarget();
    if (const QLatin1StringView mark(" (deleted)"); path.endsWith(mark) && !QFileInfo::exists(path))
        path.chop(mark.size());
    return path;
}

QString prefix()
{
    return QDir::cleanPath(QFileInfo(program()).path() + QStringLiteral("/.."));
}

QString workerProgram()
{
    return prefix() + QStringLiteral("/" QUERN_LIBEXEC_DIR "/quern-worker");
}

QString consoleModule()
{
    return prefix() + QStringLiteral("/" QUERN_MODULE_DIR "/quern-console.so");
}

QString pluginDirectory()
{
    return prefix() + QStringLiteral("/" QUERN_PLUGIN_DIR);
}

QString pluginFile(const QString &name)
{
    return QStringLiteral("%1/lib%2.so").arg(pluginDirectory(), name);
}

QStringList pluginNames()
{
    QStringList names = QDir(pluginDirectory()).entryList({QStringLiteral("lib*.so")}, QDir::Files);
    for (QString &name : names)
        name = base::pluginNameOf(name);
    return names;
}

} // namespace Quern::app::installation
