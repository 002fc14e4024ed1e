#include "worker/pluginloader.h"

#include <QDir>
#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <stdexcept>

using Quern::worker::PluginEntry;
using Quern::worker::PluginLoader;
using Quern::worker::PluginSpec;

namespace {

QString fixture(const QString &name)
{
    return QStringLiteral(FIXTURE_DIR "/lib") + name + QStringLiteral(".so");
}

QList<PluginEntry> entriesOf(const QStringList &names)
{
    QList<PluginEntry> entries;
    for (const QString &name : names)
        entries.append({name.contains(u'/') ? name : fixture(name), {}});
    return entries;
}

/// The error of loading \a names; empty if there was none.
QString errorOf(const QStringList &names)
{
    PluginLoader loader(0);
    const auto result = loader.load(entriesOf(names));
    return result.ok() ? QString() : result.error().message();
}

QByteArrayList patternsOf(const PluginLoader &loader)
{
    QByteArrayList patterns;
    for (const auto &route : loader.routes())
        patterns.append(route.pattern);
    return patterns;
}

} // namespace

class tst_PluginLoader : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void specOfGoodPlugin();
    void abiIsReadFromTheIid();
    void loadHints();
    void loadsAndInstalls();
    void dependenciesComeFirst();
    void orderGivenIsKept();
    void onePluginIsRefused_data();
    void onePluginIsRefused();
    void brokenFiles_data();
    void brokenFiles();
    void otherQtVersion();
    void missingFile();
    void unreadableDirectory();
    void relativePath();
    void sameNameTwice();
    void circleIsNamedOnEachMember();
    void dependentOfABrokenPluginIsNotBlamed();
    void routesOfTwoPluginsCollide();
    void failedInstallLeavesNoRoutes();
    void allErrorsAreCollected();
    void pluginsCanBeLoadedAgain();
};

void tst_PluginLoader::specOfGoodPlugin()
{
    const PluginSpec spec = PluginSpec::read(fixture(QStringLiteral("good")), {{QStringLiteral("a"), 1}});
    QCOMPARE(spec.error, QString());
    QCOMPARE(spec.name, QStringLiteral("good"));
    QCOMPARE(spec.version, QStringLiteral("1.2.3"));
    QCOMPARE(spec.abi, QUERN_ABI_VERSION);
    QCOMPARE(spec.file, fixture(QStringLiteral("good")));
    QCOMPARE(spec.settings.value(QStringLiteral("a")).toInt(), 1);
    QVERIFY(spec.dependencies.isEmpty());
}

void tst_PluginLoader::abiIsReadFromTheIid()
{
    const PluginSpec spec = PluginSpec::read(fixture(QStringLiteral("otherabi")), {});
    QCOMPARE(spec.abi, 99);
    QCOMPARE(spec.name, QStringLiteral("otherabi"));
    QVERIFY(!spec.error.isEmpty());
}

void tst_PluginLoader::loadHints()
{
    const PluginSpec plain = PluginSpec::read(fixture(QStringLiteral("good")), {});
    QCOMPARE(plain.loadHints(), QLibrary::ResolveAllSymbolsHint | QLibrary::PreventUnloadHint);
    const PluginSpec symbols = PluginSpec::read(fixture(QStringLiteral("symbols")), {});
    QCOMPARE(symbols.loadHints(),
             QLibrary::ResolveAllSymbolsHint | QLibrary::PreventUnloadHint | QLibrary::ExportExternalSymbolsHint);
}

void tst_PluginLoader::loadsAndInstalls()
{
    PluginLoader loader(3);
    const QVariantMap settings{{QStringLiteral("greeting"), QStringLiteral("hi")}};
    const auto result = loader.load({{fixture(QStringLiteral("good")), settings}});
    QVERIFY2(result.ok(), result.ok() ? "" : qPrintable(result.error().message()));
    QCOMPARE(loader.routes().size(), size_t(1));
    QVERIFY_THROWS_EXCEPTION(std::logic_error, loader.application().checkOpen("get()"));
    const Quern::RouteSpec &route = loader.routes().front();
    QCOMPARE(route.method, QByteArrayLiteral("GET"));
    QCOMPARE(route.pattern, QByteArrayLiteral("/good"));
    QCOMPARE(route.plugin, QStringLiteral("good"));
    QCOMPARE(route.retry, false);
    QVERIFY(route.handler);
}

void tst_PluginLoader::dependenciesComeFirst()
{
    PluginLoader loader(0);
    QVERIFY(loader.load(entriesOf({QStringLiteral("dependent"), QStringLiteral("good")})).ok());
    QCOMPARE(patternsOf(loader), (QByteArrayList{"/good", "/dependent"}));
    QCOMPARE(loader.plugins().first().name, QStringLiteral("dependent"));
}

void tst_PluginLoader::orderGivenIsKept()
{
    PluginLoader loader(0);
    QVERIFY(
        loader.load(entriesOf({QStringLiteral("symbols"), QStringLiteral("good"), QStringLiteral("dependent")})).ok());
    QCOMPARE(patternsOf(loader), (QByteArrayList{"/symbols", "/good", "/dependent"}));
}

void tst_PluginLoader::onePluginIsRefused_data()
{
    QTest::addColumn<QString>("name");
    QTest::addColumn<QStringList>("parts");

    const auto row = [](const char *title, const QString &name, const QStringList &parts) {
        QTest::newRow(title) << name << parts;
    };
    row("wrong IID", u"wrongiid"_qs, {u"org.example.Other/1"_qs, u"QuernHandlerPlugin_iid"_qs});
    row("other ABI", u"otherabi"_qs, {u"version 99"_qs, u"version 1"_qs, u"Build it again"_qs});
    row("no name", u"nameless"_qs, {u"no usable \"name\""_qs});
    row("malformed name", u"badname"_qs, {u"no usable \"name\""_qs});
    row("version is a number", u"badversion"_qs, {u"\"version\""_qs, u"not a string"_qs});
    row("ABI is a string", u"badabi"_qs, {u"\"abi\""_qs, u"not a whole number"_qs, u"Write \"abi\": 1"_qs});
    row("ABI is a fraction", u"brokenabi"_qs, {u"\"abi\""_qs, u"not a whole number"_qs});
    row("ABI of the metadata", u"laterabi"_qs,
        {u"written for version 99"_qs, u"speaks version 1"_qs, u"build it again"_qs});
    row("hint is a string", u"badhint"_qs, {u"\"exportSymbols\""_qs, u"not a boolean"_qs});
    row("dependencies are a string", u"baddependencies"_qs, {u"\"dependencies\""_qs, u"not a list"_qs});
    row("dependency is a number", u"baddependency"_qs, {u"\"dependencies\""_qs, u"not a list"_qs});
    row("missing dependency", u"needsabsent"_qs, {u"\"absent\""_qs, u"Add it"_qs});
    row("depends on itself", u"selfish"_qs, {u"selfish → selfish"_qs});
    row("no metadata", u"nometadata"_qs,
        {u"not a plugin for this server"_qs, u"quern_add_plugin()"_qs, u"JSON file which its Q_PLUGIN_METADATA"_qs});
    row("undefined symbol", u"undefined"_qs, {u"cannot be loaded"_qs, u"fixtureFunctionThatNobodyDefines"_qs});
    row("no handler plugin", u"nohandler"_qs, {u"no handler plugin"_qs, u"Q_INTERFACES"_qs});
    row("constructor throws", u"throwingconstructor"_qs, {u"no database"_qs});
    row("install throws", u"throwing"_qs, {u"the database is locked"_qs});
    row("install throws an int", u"throwingint"_qs, {u"not derived from std::exception"_qs});
    row("same shape twice", u"duplicate"_qs, {u"GET /first/:x"_qs, u"GET /first/:y"_qs});
}

void tst_PluginLoader::onePluginIsRefused()
{
    QFETCH(QString, name);
    QFETCH(QStringList, parts);
    const QString error = errorOf({name});
    const QString front = QStringLiteral("plugin \"%1\" (%2): ");
    QVERIFY2(error.startsWith(front.arg(name, fixture(name))), qPrintable(error));
    QVERIFY2(!error.contains(u'\n'), qPrintable(error));
    for (const QString &part : parts)
        QVERIFY2(error.contains(part), qPrintable(error));
}

void tst_PluginLoader::brokenFiles_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("part");

    QFile good(fixture(QStringLiteral("good")));
    QVERIFY(good.open(QIODevice::ReadOnly));
    const QByteArray whole = good.readAll();
    QTest::newRow("empty") << QByteArray() << u"not a shared library"_qs;
    QTest::newRow("text") << QByteArrayLiteral("#!/bin/sh\n") << u"not a shared library"_qs;
    QTest::newRow("magic alone") << whole.first(4) << u"not a plugin for this server"_qs;
    QTest::newRow("head alone") << whole.first(64) << u"not a plugin for this server"_qs;
    QTest::newRow("segments cut short") << whole.first(whole.size() / 8) << u"not a plugin for this server"_qs;
}

void tst_PluginLoader::brokenFiles()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QString, part);
    const QTemporaryDir dir;
    QFile file(dir.filePath(QStringLiteral("libbroken.so")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
    file.close();
    const QString error = errorOf({file.fileName()});
    QVERIFY2(error.startsWith(QStringLiteral("plugin \"broken\" (%1): ").arg(file.fileName())), qPrintable(error));
    QVERIFY2(error.contains(part), qPrintable(error));
}

void tst_PluginLoader::otherQtVersion()
{
    QFile good(fixture(QStringLiteral("good")));
    QVERIFY(good.open(QIODevice::ReadOnly));
    QByteArray bytes = good.readAll();
    // Behind the name of the ELF note stand the format's version and Qt's major and minor version (qplugin.h).
    const qsizetype note = bytes.indexOf(QByteArrayView("qt-project!\0", 12));
    QVERIFY(note > 0);
    bytes[note + 14] = 99;
    const QTemporaryDir dir;
    QFile file(dir.filePath(QStringLiteral("libfuture.so")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    QCOMPARE(file.write(bytes), bytes.size());
    file.close();
    const QRegularExpression warning(QStringLiteral("incompatible Qt library"));
    QTest::ignoreMessage(QtWarningMsg, warning); // Qt logs it for each look at the file
    QTest::ignoreMessage(QtWarningMsg, warning);
    const QString error = errorOf({file.fileName()});
    QVERIFY2(error.contains(u"6.99"), qPrintable(error));
    QVERIFY2(error.contains(QString::fromLatin1(qVersion())), qPrintable(error));
}

void tst_PluginLoader::missingFile()
{
    const QString error = errorOf({u"/nowhere/libgone.so"_qs});
    QVERIFY2(error.startsWith(u"plugin \"gone\" (/nowhere/libgone.so): the file does not exist."), qPrintable(error));
}

void tst_PluginLoader::unreadableDirectory()
{
    const QTemporaryDir dir;
    const QString error = errorOf({dir.path()});
    QVERIFY2(error.contains(u"not a regular file"), qPrintable(error));
}

void tst_PluginLoader::relativePath()
{
    const QString relative = QDir::current().relativeFilePath(fixture(u"good"_qs));
    QVERIFY(QDir::isRelativePath(relative));
    PluginLoader loader(0);
    QVERIFY(loader.load({{relative, {}}}).ok());
    QCOMPARE(loader.plugins().first().file, fixture(u"good"_qs));
}

void tst_PluginLoader::sameNameTwice()
{
    const QString error = errorOf({u"good"_qs, u"samename"_qs});
    QVERIFY2(error.startsWith(QStringLiteral("plugin \"good\" (%1): ").arg(fixture(u"samename"_qs))),
             qPrintable(error));
    QVERIFY2(error.contains(fixture(u"good"_qs)), qPrintable(error));
    QVERIFY(errorOf({u"good"_qs, u"good"_qs}).contains(u"same name"));
}

void tst_PluginLoader::circleIsNamedOnEachMember()
{
    const QStringList lines = errorOf({u"circle1"_qs, u"good"_qs, u"circle2"_qs, u"circle3"_qs}).split(u'\n');
    QCOMPARE(lines.size(), 3);
    for (const QString &line : lines)
        QVERIFY2(line.contains(u"circle1 → circle2 → circle3 → circle1"), qPrintable(line));
}

void tst_PluginLoader::dependentOfABrokenPluginIsNotBlamed()
{
    PluginLoader loader(0);
    const auto result = loader.load(entriesOf({u"needsthrowing"_qs, u"throwing"_qs}));
    QVERIFY(!result.ok());
    QCOMPARE(result.error().message().split(u'\n').size(), 1);
    QVERIFY(result.error().message().startsWith(u"plugin \"throwing\""));
    QVERIFY(loader.routes().empty());
}

void tst_PluginLoader::routesOfTwoPluginsCollide()
{
    const QString error = errorOf({u"good"_qs, u"rival"_qs});
    QVERIFY2(error.startsWith(u"plugin \"rival\""), qPrintable(error));
    QVERIFY2(error.contains(u"of plugin \"rival\"") && error.contains(u"of plugin \"good\""), qPrintable(error));
}

void tst_PluginLoader::failedInstallLeavesNoRoutes()
{
    PluginLoader loader(0);
    QVERIFY(!loader.load(entriesOf({u"throwing"_qs, u"good"_qs})).ok());
    QCOMPARE(patternsOf(loader), QByteArrayList{"/good"});
}

void tst_PluginLoader::allErrorsAreCollected()
{
    PluginLoader loader(0);
    const auto result = loader.load(entriesOf(
        {u"throwing"_qs, u"/nowhere/libgone.so"_qs, u"good"_qs, u"otherabi"_qs, u"rival"_qs, u"nometadata"_qs}));
    QVERIFY(!result.ok());
    QCOMPARE(result.error().code(), Quern::Error::Invalid);
    const QStringList lines = result.error().message().split(u'\n');
    QCOMPARE(lines.size(), 5);
    QVERIFY(lines[0].startsWith(u"plugin \"throwing\""));
    QVERIFY(lines[1].startsWith(u"plugin \"gone\""));
    QVERIFY(lines[2].startsWith(u"plugin \"otherabi\""));
    QVERIFY(lines[3].startsWith(u"plugin \"rival\""));
    QVERIFY(lines[4].startsWith(u"plugin \"nometadata\""));
    QCOMPARE(loader.plugins().size(), 6);
    QCOMPARE(loader.plugins().at(2).error, QString());
}

void tst_PluginLoader::pluginsCanBeLoadedAgain()
{
    for (int round = 0; round < 2; ++round) {
        PluginLoader loader(round);
        QVERIFY(loader.load(entriesOf({u"good"_qs})).ok());
        QCOMPARE(patternsOf(loader), QByteArrayList{"/good"});
    }
}

QTEST_GUILESS_MAIN(tst_PluginLoader)
#include "tst_pluginloader.moc"
