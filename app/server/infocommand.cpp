#include "app/server/infocommand.h"

#include "app/server/installation.h"
#include "app/server/terminal.h"

#include <Quern/global.h>

#include <QCoreApplication>
#include <QFileInfo>
#include <QJsonObject>
#include <QSysInfo>

#include <quernbuildinfo.h>

#include <algorithm>

namespace Quern::app {

namespace {

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::app::InfoCommand)
};

struct Fact
{
    QString key;   ///< in JSON
    QString label; ///< for people
    QJsonValue value;
    QString text; ///< for people; empty: as the value

    QString shown() const
    {
        if (!text.isEmpty())
            return text;
        if (value.isBool())
            return value.toBool() ? Text::tr("built in") : Text::tr("not in this build");
        return value.toVariant().toString();
    }
};

struct Section
{
    QString key;
    QString title;
    QList<Fact> facts;
};

Fact library(const char *name, const QString &key, const char *version)
{
    const bool isBuiltIn = *version != '\0';
    return {key, QString::fromLatin1(name), isBuiltIn ? QJsonValue(QString::fromLatin1(version)) : QJsonValue(),
            isBuiltIn ? QString() : Text::tr("not in this build")};
}

QString orElse(const char *text, const QString &otherwise)
{
    return *text ? QString::fromLatin1(text) : otherwise;
}

Section versions()
{
    return {QStringLiteral("versions"),
            Text::tr("Versions"),
            {{QStringLiteral("quern"), QStringLiteral("Quern"), QCoreApplication::applicationVersion(), {}},
             {QStringLiteral("pluginAbi"), Text::tr("plugin ABI"), QUERN_ABI_VERSION, {}},
             {QStringLiteral("qt"), QStringLiteral("Qt"), QString::fromLatin1(qVersion()), {}},
             {QStringLiteral("qtBuild"), Text::tr("Qt of the build"), QStringLiteral(QT_VERSION_STR), {}},
             library("llhttp", QStringLiteral("llhttp"), buildinfo::llhttp),
             library("zlib", QStringLiteral("zlib"), buildinfo::zlib),
             library("brotli", QStringLiteral("brotli"), buildinfo::brotli),
             library("toml++", QStringLiteral("tomlplusplus"), buildinfo::tomlplusplus)}};
}

Section build()
{
    return {
        QStringLiteral("build"),
        Text::tr("Build"),
        {{QStringLiteral("type"), Text::tr("type"), orElse(buildinfo::buildType, Text::tr("none")), {}},
         {QStringLiteral("compiler"), Text::tr("compiler"), QString::fromLatin1(buildinfo::compiler), {}},
         {QStringLiteral("sanitizers"), Text::tr("sanitizers"), orElse(buildinfo::sanitizers, Text::tr("none")), {}},
         {QStringLiteral("architecture"), Text::tr("architecture"), QSysInfo::buildAbi(), {}}}};
}

Section system()
{
    const QString kernel = QSysInfo::kernelType() + u' ' + QSysInfo::kernelVersion();
    return {QStringLiteral("system"),
            Text::tr("System"),
            {{QStringLiteral("name"), Text::tr("name"), QSysInfo::prettyProductName(), {}},
             {QStringLiteral("kernel"), Text::tr("kernel"), kernel, {}}}};
}

QList<Fact> serverPaths(const Result<config::Settings> &settings)
{
    const QString key = QStringLiteral("settings");
    const QString label = Text::tr("settings");
    if (!settings)
        return {{key, label, QJsonValue::Null, Text::tr("unusable: %1").arg(settings.error().message())}};
    const QString file = settings->filePath;
    const config::ServerSettings &server = settings->server;
    const QString ofDaemon = server.runtimeDir + QStringLiteral("/quern.log");
    const bool hasLog = !server.logFile.isEmpty();
    return {
        {key, label, file.isEmpty() ? QJsonValue() : file, file.isEmpty() ? Text::tr("none: the defaults hold") : file},
        {QStringLiteral("runtimeDirectory"), Text::tr("runtime directory"), server.runtimeDir, {}},
        {QStringLiteral("log"), Text::tr("log"), hasLog ? server.logFile : ofDaemon,
         hasLog ? server.logFile : Text::tr("%1 in the background, else standard error").arg(ofDaemon)}};
}

Section paths(const Result<config::Settings> &settings)
{
    const QString bin = QCoreApplication::applicationDirPath();
    const QString console = installation::consoleModule();
    const bool hasConsole = QFileInfo::exists(console);
    return {
        QStringLiteral("paths"), Text::tr("Paths"),
        QList<Fact>{{QStringLiteral("prefix"), Text::tr("prefix"), QFileInfo(bin).path(), {}},
                    {QStringLiteral("worker"), QStringLiteral("quern-worker"), installation::workerProgram(), {}},
                    {QStringLiteral("plugins"), Text::tr("plugins"), installation::pluginDirectory(), {}},
                    {QStringLiteral("console"), Text::tr("console"), hasConsole ? QJsonValue(console) : QJsonValue(),
                     hasConsole ? QString() : Text::tr("not installed")}} +
            serverPaths(settings)};
}

Section components()
{
    const bool hasConsole = QFileInfo::exists(installation::consoleModule());
    return {QStringLiteral("components"),
            Text::tr("Components"),
            {{QStringLiteral("gzip"), QStringLiteral("gzip"), true, {}},
             {QStringLiteral("brotli"), QStringLiteral("brotli"), *buildinfo::brotli != '\0', {}},
             {QStringLiteral("console"), Text::tr("desktop console"), hasConsole,
              hasConsole ? Text::tr("installed") : Text::tr("not installed")}}};
}

QString linesOf(const QList<Section> &sections)
{
    qsizetype width = 0;
    for (const Section &section : sections) {
        for (const Fact &fact : section.facts)
            width = std::max(width, fact.label.size());
    }
    QStringList lines;
    for (const Section &section : sections) {
        lines.append(lines.isEmpty() ? section.title : u'\n' + section.title);
        for (const Fact &fact : section.facts)
            lines.append(QStringLiteral("  %1  %2").arg(fact.label.leftJustified(width), fact.shown()));
    }
    return lines.join(u'\n');
}

QJsonObject jsonOf(const QList<Section> &sections)
{
    QJsonObject all;
    for (const Section &section : sections) {
        QJsonObject object;
        for (const Fact &fact : section.facts)
            object.insert(fact.key, fact.value);
        all.insert(section.key, object);
    }
    return all;
}

} // namespace

int showInfo(const Result<config::Settings> &settings, bool json)
{
    const QList<Section> sections = {versions(), build(), system(), paths(settings), components()};
    if (json)
        terminal::sayJson(jsonOf(sections));
    else
        terminal::say(linesOf(sections));
    return 0;
}

} // namespace Quern::app
