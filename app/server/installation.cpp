#include "app/server/installation.h"

#include <QDir>
#include <QFileInfo>

namespace Quern::app::installation {

QString program()
{
    return QFileInfo(QStringLiteral("/proc/self/exe")).symLinkTarget();
}

QString prefix()
{
    return QDir::cleanPath(QFileInfo(program()).path() + QStringLiteral("/.."));
}

QString workerProgram()
{
    return prefix() + QStringLiteral("/" QUERN_LIBEXEC_DIR "/quern-worker");
}

QString pluginDirectory()
{
    return prefix() + QStringLiteral("/" QUERN_PLUGIN_DIR);
}

QString pluginFile(const QString &name)
{
    return QStringLiteral("%1/lib%2.so").arg(pluginDirectory(), name);
}

QString pluginNameOf(const QString &file)
{
    const QString name = QFileInfo(file).baseName();
    return name.startsWith(u"lib") ? name.sliced(3) : name;
}

QStringList pluginNames()
{
    QStringList names = QDir(pluginDirectory()).entryList({QStringLiteral("lib*.so")}, QDir::Files);
    for (QString &name : names)
        name = pluginNameOf(name);
    return names;
}

} // namespace Quern::app::installation
