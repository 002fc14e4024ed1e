#include "app/server/plugincommand.h"

#include "app/server/newplugin.h"
#include "app/server/pluginreports.h"
#include "app/server/terminal.h"

#include <QCoreApplication>
#include <QDir>

namespace Quern::app {

namespace {

constexpr int failed = 1;
constexpr int notUnderstood = 2;

QString tr(const char *text)
{
    return QCoreApplication::translate("Quern::app::PluginCommand", text);
}

int createPlugin(const QStringList &names)
{
    if (names.size() != 1) {
        terminal::complain(tr("plugin new takes one name: quern plugin new shop"));
        return notUnderstood;
    }
    const Result<NewPlugin> plugin = NewPlugin::named(names.first());
    if (!plugin) {
        terminal::complain(plugin.error().message());
        return notUnderstood;
    }
    if (const Result<void> written = plugin->writeInto(QDir::currentPath()); !written) {
        terminal::complain(written.error().message());
        return failed;
    }
    terminal::say(tr("The plugin %1 is written. Next, and in its README.md as well:\n\n"
                     "    cd %1\n"
                     "    %2\n"
                     "    cmake --build build\n"
                     "    ctest --test-dir build --output-on-failure\n"
                     "    %3 start\n"
                     "    curl http://127.0.0.1:5200/%1\n")
                      .arg(plugin->name(), nextsteps::configureCommand(), nextsteps::quernCommand()));
    if (const QString missing = nextsteps::missingSdk(); !missing.isEmpty())
        terminal::complain(missing);
    return 0;
}

} // namespace

int runPluginCommand(const CommandLine &line)
{
    const QString word = line.words.value(0);
    if (word == QStringLiteral("new"))
        return createPlugin(line.words.sliced(1));
    if (word == QStringLiteral("check"))
        return checkPlugins(line);
    if (word == QStringLiteral("list"))
        return listPlugins(line);
    terminal::complain(tr("plugin: unknown word \"%1\"; see quern help plugin").arg(word));
    return notUnderstood;
}

} // namespace Quern::app
