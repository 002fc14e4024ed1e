#include "app/server/configcommand.h"

#include "app/server/settingscheck.h"
#include "app/server/tablememory.h"
#include "app/server/terminal.h"
#include "app/server/tlssettings.h"
#include "config/describe.h"
#include "config/keytable.h"
#include "config/suggestion.h"
#include "config/tomldocument.h"

#include <QJsonArray>
#include <QJsonObject>

#include <algorithm>

namespace Quern::app {

namespace {

/// Longer values push their comments to the right alone.
constexpr qsizetype widestValue = 32;

struct Texts
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::ConfigCommand)
};

QString changeName(config::Change change)
{
    switch (change) {
    case config::Change::Live:
        return QStringLiteral("live");
    case config::Change::Reload:
        return QStringLiteral("reload");
    case config::Change::Restart:
        break;
    }
    return QStringLiteral("restart");
}

/// "server" of "server.worker_num", "plugin[0]" of "plugin[0].name".
QString tableOf(const QString &key)
{
    return key.section(u'.', 0, 0);
}

QString meantKey(const QString &word, const QList<config::SettingInfo> &infos)
{
    QStringList keys;
    QStringList tables = {QStringLiteral("socket"), QStringLiteral("plugin")};
    for (const config::KeyTable &table : config::keyTables())
        tables += QString(table.name);
    for (const config::SettingInfo &info : infos) {
        keys += info.key;
        for (const config::KeyTable &table : config::keyTables()) {
            if (info.key == table.name + u'.' + word)
                return info.key;
        }
    }
    const QString meant = config::nearestWord(word, keys + tables);
    if (!meant.isEmpty() || word.contains(u'.'))
        return meant;
    // The name of a key without its table, and not quite right.
    return config::nearestWord(QStringLiteral("server.") + word, keys);
}

Result<QList<config::SettingInfo>> chosen(const QList<config::SettingInfo> &infos, const QStringList &words)
{
    if (words.isEmpty())
        return infos;
    QList<config::SettingInfo> found;
    for (const QString &word : words) {
        const qsizetype before = found.size();
        // A table or a beginning stands for all its keys; a whole key for itself, though others may begin with it.
        const bool isKey =
            std::any_of(infos.begin(), infos.end(), [&word](const auto &info) { return info.key == word; });
        for (const config::SettingInfo &info : infos) {
            if (isKey ? info.key == word : info.key.startsWith(word))
                found.append(info);
        }
        if (found.size() > before)
            continue;
        const QString meant = meantKey(word, infos);
        return Error(Error::NotFound,
                     meant.isEmpty() ? Texts::tr("no setting is called %1; \"quern config\" lists them all").arg(word)
                                     : Texts::tr("no setting is called %1; did you mean %2?").arg(word, meant));
    }
    return found;
}

QString originText(const config::SettingInfo &info)
{
    const bool isDerived = info.origin == u"default" && !info.derived.isEmpty();
    return isDerived ? QStringLiteral("default: %1").arg(info.derived) : info.origin;
}

QString asText(const config::Settings &settings, const QList<config::SettingInfo> &infos)
{
    qsizetype keyWidth = 0;
    qsizetype valueWidth = 0;
    for (const config::SettingInfo &info : infos) {
        keyWidth = std::max(keyWidth, info.key.size());
        if (info.value.size() <= widestValue)
            valueWidth = std::max(valueWidth, info.value.size());
    }
    QStringList files = settings.environmentFiles;
    files.prepend(settings.filePath.isEmpty() ? Texts::tr("no settings file") : settings.filePath);
    QStringList lines = {QStringLiteral("# ") + files.join(QStringLiteral(", "))};
    QString table;
    for (const config::SettingInfo &info : infos) {
        if (tableOf(info.key) != table)
            lines += QString();
        table = tableOf(info.key);
        lines += QStringLiteral("%1 = %2   # %3")
                     .arg(info.key.leftJustified(keyWidth), info.value.leftJustified(valueWidth), originText(info));
    }
    return lines.join(u'\n');
}

/// \a text, one TOML value, as JSON; null for no value.
QJsonValue jsonValue(const QString &text)
{
    const auto document = config::parseToml("value = " + text.toUtf8(), {});
    return text.isEmpty() || !document ? QJsonValue() : QJsonValue::fromVariant(document->toVariant().toMap().first());
}

QJsonObject asJson(const config::Settings &settings, const QList<config::SettingInfo> &infos)
{
    QJsonArray list;
    for (const config::SettingInfo &info : infos) {
        list.append(QJsonObject{{QStringLiteral("key"), info.key},
                                {QStringLiteral("value"), jsonValue(info.value)},
                                {QStringLiteral("origin"), info.origin},
                                {QStringLiteral("default"), jsonValue(info.defaultValue)},
                                {QStringLiteral("change"), changeName(info.change)},
                                {QStringLiteral("doc"), info.doc}});
    }
    const QJsonValue file = settings.filePath.isEmpty() ? QJsonValue() : QJsonValue(settings.filePath);
    return {{QStringLiteral("file"), file},
            {QStringLiteral("environmentFiles"), QJsonArray::fromStringList(settings.environmentFiles)},
            {QStringLiteral("settings"), list}};
}

void sayJson(const QJsonObject &object)
{
    terminal::sayJson(object);
}

int check(const CommandLine &line, const Result<config::Settings> &settings)
{
    Result<void> checked = settings ? checkSettings(*settings, tableMemoryOfServer(*settings)) : settings.error();
    if (checked)
        checked = checkCertificates(*settings);
    if (line.json) {
        const QStringList problems = checked ? QStringList() : checked.error().message().split(u'\n');
        sayJson({{QStringLiteral("right"), checked.ok()},
                 {QStringLiteral("problems"), QJsonArray::fromStringList(problems)}});
    } else if (!checked) {
        terminal::complain(checked.error().message());
    } else if (settings->filePath.isEmpty()) {
        terminal::say(Texts::tr("There is no settings file; the default settings are right."));
    } else {
        terminal::say(
            Texts::tr("%1 is right.").arg(line.configFile.isEmpty() ? QStringLiteral("quern.toml") : line.configFile));
    }
    return checked ? 0 : 1;
}

} // namespace

int runConfigCommand(const CommandLine &line, const Result<config::Settings> &settings)
{
    if (line.check && !line.words.isEmpty()) {
        terminal::complain(QCoreApplication::translate(
            "Quern::app::ConfigCommand", "config --check looks at all settings; write: quern config --check"));
        return 2;
    }
    if (line.check)
        return check(line, settings);
    if (!settings) {
        terminal::complain(settings.error().message());
        return 1;
    }
    const auto secrets = line.showSecrets ? config::Secrets::Shown : config::Secrets::Masked;
    const Result<QList<config::SettingInfo>> infos = chosen(config::describe(*settings, secrets), line.words);
    if (!infos) {
        terminal::complain(infos.error().message());
        return 1;
    }
    if (line.json)
        sayJson(asJson(*settings, *infos));
    else
        terminal::say(asText(*settings, *infos));
    return 0;
}

} // namespace Quern::app
