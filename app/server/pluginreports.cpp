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
#include <QJsonArray>

#include <algorithm>

namespace Quern::app {

namespace {

constexpr int failed = 1;
constexpr int notUnderstood = 2;
/// Each may last worker_start_timeout.
constexpr int mostTries = 4;

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

/// A file that `plugin check` was given, and what it has found.
struct CheckedFile
{
    QString word; ///< as the user wrote it
    config::PluginSettings plugin;
    bool isRight = false;
    admin::PluginInfo info = {}; ///< if it is right
    QString error = {};

    bool isOpen() const { return !isRight && error.isEmpty(); }
};

/// Tries the files that are open, all in one process since some may need others. Those that an error names are wrong,
/// and if it names none of them, all are.
void tryOpenFiles(QList<CheckedFile> &files, config::Settings settings, bool isRepeated)
{
    QList<ipc::BootMessage::Plugin> plugins;
    for (const CheckedFile &file : std::as_const(files)) {
        if (!file.isOpen())
            continue;
        settings.plugins.append(file.plugin);
        plugins.append({file.plugin.file, file.plugin.settings, file.word});
    }
    const Result<ipc::HelloMessage> manifest = inspectPlugins(plugins, settings);
    if (manifest) {
        const admin::PluginList list = pluginList(settings, *manifest, admin::PluginInfo::State::Ready);
        auto told = list.plugins.cbegin();
        for (CheckedFile &file : files) {
            if (!file.isOpen())
                continue;
            file.isRight = true;
            file.info = *told++;
        }
        return;
    }
    bool isAnyNamed = false;
    const QStringList lines = manifest.error().message().split(u'\n');
    for (CheckedFile &file : files) {
        if (!file.isOpen())
            continue;
        for (const QString &line : lines) {
            if (!line.contains(QStringLiteral("\" (%1): ").arg(file.word)))
                continue;
            isAnyNamed = true;
            // It may need one of those that have been left out by now.
            file.error = isRepeated ? tr("%1 (without the other files that are wrong)").arg(line) : line;
        }
    }
    for (CheckedFile &file : files) {
        if (!isAnyNamed && file.isOpen())
            file.error = manifest.error().message();
    }
}

void showChecked(const QList<CheckedFile> &files, bool json)
{
    QStringList problems;
    QJsonArray members;
    for (const CheckedFile &file : files) {
        if (!file.isRight) {
            problems.append(file.error);
            members.append(QJsonObject{{QStringLiteral("file"), file.plugin.file},
                                       {QStringLiteral("ok"), false},
                                       {QStringLiteral("error"), file.error}});
            continue;
        }
        const admin::PluginList list{{file.info}};
        QJsonObject member = list.toJson().value(u"plugins").toArray().first().toObject();
        member.insert(QStringLiteral("ok"), true);
        members.append(member);
        if (!json)
            show(list, false, checkedTitle);
    }
    problems.removeDuplicates();
    if (json)
        terminal::sayJson({{QStringLiteral("plugins"), members}});
    if (!problems.isEmpty())
        terminal::complain(problems.join(u'\n'));
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
    QList<CheckedFile> files;
    for (const QString &word : words)
        files.append({word, settingsOf(QFileInfo(word).absoluteFilePath(), *loaded)});
    const auto isOpen = [](const CheckedFile &file) { return file.isOpen(); };
    // What is wrong hides what is right: the rest is tried once more without it.
    for (int tries = 0; tries < mostTries && std::any_of(files.cbegin(), files.cend(), isOpen); ++tries)
        tryOpenFiles(files, settings, tries > 0);
    for (CheckedFile &file : files) {
        if (file.isOpen())
            file.error = tr("%1 is not tried: mend the others first").arg(file.word);
    }
    showChecked(files, line.json);
    const bool isAllRight = std::all_of(files.cbegin(), files.cend(), [](const auto &file) { return file.isRight; });
    return isAllRight ? 0 : failed;
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
