#include "worker/pluginloader.h"

#include <QTextStream>

/// Loads the plugins that its arguments name, as a worker does. Lists their routes; exits with 1 if one is refused.
int main(int argc, char **argv)
{
    const QCoreApplication application(argc, argv);
    QList<Quern::worker::PluginEntry> entries;
    const QStringList files = application.arguments().sliced(1);
    for (const QString &file : files)
        entries.append({file, {}});

    Quern::worker::PluginLoader loader(0);
    const auto loaded = loader.load(entries);
    if (!loaded.ok()) {
        QTextStream(stderr) << loaded.error().message() << Qt::endl;
        return 1;
    }
    QTextStream out(stdout);
    for (const Quern::RouteSpec &route : loader.routes())
        out << route.plugin << ": " << route.method << ' ' << route.pattern << Qt::endl;
    return loader.routes().empty() ? 1 : 0;
}
