#include "app/server/pluginreports.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/pluginlist.h"
#include "app/server/controlclient.h"
#include "app/server/plugininspector.h"
#include "app/server/pluginstate.h"
#include "app/server/serverconnection.h"
#include "app/server/settingscheck.h"
#include "app/server/settingssource.h"
#include "app/server/terminal.h"

#include <QFileInfo>

namespace Quern::app {

namespace {

constexpr int failed = 1;
constexpr int notUnderstood = 2;

QString tr(const char *text)
{
    return QCoreApplication::translate("Quern::app::PluginCommand", text);
}

/// \a title tells of one plugin what is to stand above its routes.
void show(const admin::PluginList &list, bool json, QString (*title)(const admin::PluginInfo &plugin))
{
    if (json) {
        terminal::sayJson(list.toJson());
        return;
    }
    for (const admin::PluginInfo &plugin : list.plugins) {
        terminal::say(title(plugin));
        for (const admin::RouteInfo &route : plugin.routes)
            terminal::say(QStringLiteral("    %1 %2").arg(route.method, -7).arg(route.pattern));
    }
}

QString nameAndVersion(const admin::PluginInfo &plugin)
{
    return plugin.version.isEmpty() ? plugin.name : plugin.name + u' ' + plugin.version;
}

QString checkedTitle(const admin::PluginInfo &plugin)
{
    return tr("%1: %2 is right; its routes: %3").arg(plugin.file, nameAndVersion(plugin)).arg(plugin.routes.size());
}

QString listedTitle(const admin::PluginInfo &plugin)
{
    return QStringLiteral("%1: %2 (%3, %4)")
        .arg(nameAndVersion(plugin), admin::pluginStateName(plugin.state), plugin.file, plugin.place);
}

int refuse(const Error &error, bool json)
{
    if (json)
        terminal::sayJson({{QStringLiteral("error"), error.message()}});
    terminal::complain(error.message());
    return failed;
}

Result<admin::PluginList> askServer(const config::Settings &settings)
{
    ControlClient client;
    const Result<void> connected = connectToServer(settings, client);
    const Result<QJsonObject> answer = connected ? client.call(admin::Methods::pluginList) : connected.error();
    return answer ? admin::PluginList::fromJson(*answer) : answer.error();
}

/// The settings that the user has for \a file, if they name it.
config::PluginSettings settingsOf(const QString &file, const config::Settings &settings)
{
    const QString canonical = QFileInfo(file).canonicalFilePath();
    for (const config::PluginSettings &plugin : settings.plugins) {
        if (!plugin.file.isEmpty() && QFileInfo(plugin.file).canonicalFilePath() == canonical)
            return {{}, file, true, plugin.settings};
    }
    return {{}, file, true, {}};
}

} // namespace

int checkPlugins(const CommandLine &line)
{
    const QStringList words = line.words.sliced(1);
    if (words.isEmpty()) {
        terminal::complain(tr("plugin check takes files: quern plugin check build/lib/quern/plugins/libshop.so"));
        return notUnderstood;
    }
    const Result<config::Settings> loaded = loadSettings(line, config::Purpose::FindServer);
    if (!loaded)
        return refuse(loaded.error(), line.json);
    config::Settings settings = *loaded;
    settings.plugins.clear();
    settings.origins.clear();
    QList<ipc::BootMessage::Plugin> files;
    for (const QString &word : words) {
        const QString file = QFileInfo(word).absoluteFilePath();
        settings.plugins.append(settingsOf(file, *loaded));
        files.append({file, settings.plugins.constLast().settings, word});
    }
    const Result<ipc::HelloMessage> manifest = inspectPlugins(files, settings);
    if (!manifest)
        return refuse(manifest.error(), line.json);
    show(pluginList(settings, *manifest, admin::PluginInfo::State::Ready), line.json, checkedTitle);
    return 0;
}

int listPlugins(const CommandLine &line)
{
    if (line.words.size() > 1) {
        terminal::complain(tr("plugin list takes no further words: quern plugin list"));
        return notUnderstood;
    }
    const Result<config::Settings> place = loadSettings(line, config::Purpose::FindServer);
    if (!place)
        return refuse(place.error(), line.json);
    const Result<admin::PluginList> served = askServer(*place);
    if (served) {
        show(*served, line.json, listedTitle);
        return 0;
    }
    if (served.error().code() != Error::Unavailable)
        return refuse(served.error(), line.json);
    const Result<config::Settings> settings = loadSettings(line, config::Purpose::StartServer);
    const Result<QList<ipc::BootMessage::Plugin>> files = settings ? pluginFiles(*settings) : settings.error();
    const Result<ipc::HelloMessage> manifest = files ? inspectPlugins(*files, *settings) : files.error();
    if (!manifest)
        return refuse(manifest.error(), line.json);
    show(pluginList(*settings, *manifest, admin::PluginInfo::State::Ready), line.json, listedTitle);
    return 0;
}

} // namespace Quern::app
