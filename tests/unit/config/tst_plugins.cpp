#include "settingsfile.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;

class tst_Plugins : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nameAndFile();
    void settingsOfEveryType();
    void settingsFollowTheirPlugin();
    void inlineForm();
    void emptyListGivesNoPlugin();
    void origins();
};

void tst_Plugins::nameAndFile()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\n"
                                                         "name = \"welcome\"\n"
                                                         "[[plugin]]\n"
                                                         "file = \"/opt/libshop.so\"\n"
                                                         "enabled = false\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QVERIFY(!settings->defaultPlugin);
    const QList<PluginSettings> expected = {
        {QStringLiteral("welcome"), {}, true, {}},
        {{}, QStringLiteral("/opt/libshop.so"), false, {}},
    };
    QCOMPARE(settings->plugins, expected);
}

void tst_Plugins::settingsOfEveryType()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\n"
                                                         "name = \"welcome\"\n"
                                                         "[plugin.settings]\n"
                                                         "text = \"Mühle\"\n"
                                                         "integer = -9007199254740993\n"
                                                         "float = 2.5\n"
                                                         "yes = true\n"
                                                         "list = [1, [\"a\", 2.0], { b = 3 }]\n"
                                                         "date = 1979-05-27\n"
                                                         "time = 07:32:00.5\n"
                                                         "local = 1979-05-27T07:32:00\n"
                                                         "utc = 1979-05-27T07:32:00Z\n"
                                                         "west = 1979-05-27 00:32:00.999999-07:30\n"
                                                         "[plugin.settings.nested.deep]\n"
                                                         "x = 1\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    const QVariantMap expected = {
        {QStringLiteral("text"), QStringLiteral("Mühle")},
        {QStringLiteral("integer"), -9007199254740993LL},
        {QStringLiteral("float"), 2.5},
        {QStringLiteral("yes"), true},
        {QStringLiteral("list"),
         QVariantList{1LL, QVariantList{QStringLiteral("a"), 2.0}, QVariantMap{{QStringLiteral("b"), 3LL}}}},
        {QStringLiteral("date"), QStringLiteral("1979-05-27")},
        {QStringLiteral("time"), QStringLiteral("07:32:00.5")},
        {QStringLiteral("local"), QStringLiteral("1979-05-27T07:32:00")},
        {QStringLiteral("utc"), QStringLiteral("1979-05-27T07:32:00Z")},
        {QStringLiteral("west"), QStringLiteral("1979-05-27T00:32:00.999999-07:30")},
        {QStringLiteral("nested"), QVariantMap{{QStringLiteral("deep"), QVariantMap{{QStringLiteral("x"), 1LL}}}}},
    };
    const QVariantMap read = settings->plugins.constFirst().settings;
    QCOMPARE(read.keys(), expected.keys());
    for (auto it = expected.begin(); it != expected.end(); ++it) {
        QCOMPARE(read.value(it.key()), it.value());
        QCOMPARE(read.value(it.key()).typeId(), it.value().typeId());
    }
}

void tst_Plugins::settingsFollowTheirPlugin()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\n"
                                                         "name = \"a\"\n"
                                                         "[plugin.settings]\n"
                                                         "x = 1\n"
                                                         "[[plugin]]\n"
                                                         "name = \"b\"\n"
                                                         "settings.x = 2\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->plugins.at(0).settings.value(QStringLiteral("x")).toInt(), 1);
    QCOMPARE(settings->plugins.at(1).settings.value(QStringLiteral("x")).toInt(), 2);
}

void tst_Plugins::inlineForm()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("plugin = [{ name = \"a\" }, { name = \"b\" }]\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->plugins.size(), 2);
    QCOMPARE(settings->plugins.at(1).name, QStringLiteral("b"));
}

void tst_Plugins::emptyListGivesNoPlugin()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("plugin = []\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QVERIFY(settings->plugins.isEmpty());
    QVERIFY(!settings->defaultPlugin);
}

void tst_Plugins::origins()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[[plugin]]\n"
                                                         "name = \"a\"\n"
                                                         "\n"
                                                         "[[plugin]]\n"
                                                         "enabled = true\n"
                                                         "file = \"b.so\"\n"
                                                         "[plugin.settings]\n");
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QCOMPARE(settings->origins.value(QStringLiteral("plugin[0].name")), QStringLiteral("quern.toml:2"));
    QCOMPARE(settings->origins.value(QStringLiteral("plugin[1].enabled")), QStringLiteral("quern.toml:5"));
    QCOMPARE(settings->origins.value(QStringLiteral("plugin[1].file")), QStringLiteral("quern.toml:6"));
    QCOMPARE(settings->origins.value(QStringLiteral("plugin[1].settings")), QStringLiteral("quern.toml:7"));
}

QTEST_GUILESS_MAIN(tst_Plugins)
#include "tst_plugins.moc"
