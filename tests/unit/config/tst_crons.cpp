#include "settingsfile.h"

#include "config/describe.h"
#include "config/difference.h"
#include "config/effective.h"

#include <QTest>

using namespace std::chrono_literals;
using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;

/// What [[cron]] entries say, and what is shown of them.
class tst_Crons : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyKey();
    void names();
    void intervals_data();
    void intervals();
    void commands_data();
    void commands();
    void shownAndWrittenAgain();
    void secretsAreMasked();
    void changes();
};

namespace {

Settings loaded(const QByteArray &text)
{
    const Result<Settings> settings = SettingsFile::load(text);
    if (!settings)
        qFatal("%s", qPrintable(settings.error().message()));
    return *settings;
}

const QByteArray nightly = "[[cron]]\n"
                           "name = \"nightly\"\n"
                           "job = \"cleanup\"\n"
                           "expression = \" 0 3  * * mon-fri\"\n"
                           "timezone = \"Europe/Berlin\"\n"
                           "immediate = true\n"
                           "parameters = { keep_days = 30, tables = [\"a\", \"b\"] }\n"
                           "overlap = true\n"
                           "overlap_max = 3\n"
                           "missed = \"catch-up\"\n"
                           "timeout = 0.5\n"
                           "enabled = false\n";

} // namespace

void tst_Crons::everyKey()
{
    const SettingsFile file;
    const Settings settings = loaded(nightly + "[[cron]]\njob = \"tick\"\ninterval = 10\n");
    CronSettings expected;
    expected.name = u"nightly"_s;
    expected.job = u"cleanup"_s;
    expected.expression = u"0 3 * * mon-fri"_s;
    expected.timeZone = u"Europe/Berlin"_s;
    expected.immediate = true;
    expected.parameters = {{u"keep_days"_s, qlonglong(30)}, {u"tables"_s, QVariantList{u"a"_s, u"b"_s}}};
    expected.overlap = true;
    expected.overlapMax = 3;
    expected.missed = MissedRuns::CatchUp;
    expected.timeout = 500ms;
    expected.enabled = false;
    CronSettings tick;
    tick.name = tick.job = u"tick"_s;
    tick.interval = 10ms;
    QCOMPARE(settings.crons, (QList<CronSettings>{expected, tick}));
    QCOMPARE(settings.origins.value(u"cron[0].timeout"_s), u"quern.toml:11"_s);
    QVERIFY(!settings.origins.contains(u"cron[1].timeout"_s));
}

void tst_Crons::names()
{
    const SettingsFile file;
    const Settings settings = loaded("[[cron]]\njob = \"tick\"\n"
                                     "[[cron]]\nname = \"slow-tick\"\njob = \"tick\"\n"
                                     "[[cron]]\ncommand = \"/usr/bin/backup -v\"\ninterval = 5\n"
                                     "[[cron]]\nname = \"dotted\"\ncommand = \"/usr/bin/b.sh\"\ninterval = 5\n");
    QStringList names;
    for (const CronSettings &cron : settings.crons)
        names += cron.name;
    QCOMPARE(names, (QStringList{u"tick"_s, u"slow-tick"_s, u"backup"_s, u"dotted"_s}));
}

void tst_Crons::intervals_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("expected");
    QTest::newRow("the shortest") << QByteArray("1") << qint64(1);
    QTest::newRow("the longest") << QByteArray("2073600000") << qint64(2'073'600'000);
    QTest::newRow("ms") << QByteArray("\"10ms\"") << qint64(10);
    QTest::newRow("s") << QByteArray("\"5s\"") << qint64(5'000);
    QTest::newRow("m") << QByteArray("\"2m\"") << qint64(120'000);
    QTest::newRow("h") << QByteArray("\"1h\"") << qint64(3'600'000);
    QTest::newRow("d") << QByteArray("\"24d\"") << qint64(2'073'600'000);
}

void tst_Crons::intervals()
{
    QFETCH(QByteArray, text);
    QFETCH(qint64, expected);
    const SettingsFile file;
    QCOMPARE(loaded("[[cron]]\njob = \"a\"\ninterval = " + text + '\n').crons.constFirst().interval.count(), expected);
}

void tst_Crons::commands_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QStringList>("expected");
    const QString a = u"a"_s;
    QTest::newRow("a list") << QByteArray("[\"a\", \"b c\", \"\", \"$x | y\"]")
                            << QStringList{a, u"b c"_s, QString(u""_s), u"$x | y"_s};
    QTest::newRow("words") << QByteArray("\"  a  b\tc \"") << QStringList{a, u"b"_s, u"c"_s};
    QTest::newRow("single quotes") << QByteArray("\"a '$b c' '' 'd'e\"")
                                   << QStringList{a, u"$b c"_s, QString(u""_s), u"de"_s};
    QTest::newRow("double quotes") << QByteArray("'a \"b  c\" \"it''s *\" \"\\\"\\\\\\n\"'").replace("it''s", "its")
                                   << QStringList{a, u"b  c"_s, u"its *"_s, u"\"\\\\n"_s};
    QTest::newRow("backslashes") << QByteArray("'a b\\ c \\$d \\\\'") << QStringList{a, u"b c"_s, u"$d"_s, u"\\"_s};
}

void tst_Crons::commands()
{
    QFETCH(QByteArray, text);
    QFETCH(QStringList, expected);
    const SettingsFile file;
    QCOMPARE(loaded("[[cron]]\ninterval = 5\ncommand = " + text + '\n').crons.constFirst().command, expected);
}

void tst_Crons::shownAndWrittenAgain()
{
    const SettingsFile file;
    const Settings settings =
        loaded(nightly + "[[cron]]\ncommand = [\"a\", \"$$b\"]\ninterval = \"1h\"\nimmediate = false\n");
    QStringList shown;
    for (const SettingInfo &info : describe(settings)) {
        if (info.key.startsWith(u"cron[1]"))
            shown += info.key + u" = "_s + info.value + u" # "_s + info.origin;
    }
    // What is not written, the plugin may say.
    QCOMPARE(shown, (QStringList{u"cron[1].command = [\"a\", \"$b\"] # quern.toml:14"_s,
                                 u"cron[1].interval = 3600000 # quern.toml:15"_s,
                                 u"cron[1].immediate = false # quern.toml:16"_s}));
    const Settings again = loaded(effectiveToml(settings));
    QCOMPARE(again.crons, settings.crons);
    const auto cronOrigins = [](const Settings &of) {
        QStringList keys = of.origins.keys();
        keys.removeIf([](const QString &key) { return !key.startsWith(u"cron["); });
        return keys;
    };
    QCOMPARE(cronOrigins(again), cronOrigins(settings));
}

void tst_Crons::secretsAreMasked()
{
    qputenv("BACKUP_TOKEN", "hunter2");
    const SettingsFile file;
    const Settings settings = loaded("[[cron]]\n"
                                     "job = \"a\"\n"
                                     "parameters = { x = \"${BACKUP_TOKEN}\", url = \"redis://me:hunter2@db\" }\n"
                                     "[[cron]]\n"
                                     "command = [\"b\", \"--token=${BACKUP_TOKEN}\"]\n"
                                     "interval = 5\n");
    QCOMPARE(settings.crons.at(1).command.at(1), u"--token=hunter2"_s);
    QVERIFY(!effectiveToml(settings).contains("hunter2"));
    QVERIFY(effectiveToml(settings).contains("\"***\""));
    QVERIFY(effectiveToml(settings, Secrets::Shown).contains("--token=hunter2"));
    for (const SettingInfo &info : describe(settings))
        QVERIFY2(!info.value.contains(u"hunter2"), qPrintable(info.key));
}

void tst_Crons::changes()
{
    const SettingsFile file;
    const Settings running = loaded("[[cron]]\njob = \"a\"\ninterval = 5\n[[cron]]\njob = \"b\"\n");
    QCOMPARE(changedKeys(running, running, Change::Reload), QStringList());
    const Settings changed = loaded("[[cron]]\njob = \"c\"\n[[cron]]\njob = \"a\"\ninterval = 6\nimmediate = false\n");
    const QStringList expected = {u"cron a: interval"_s, u"cron a: immediate"_s, u"cron b"_s, u"cron c"_s};
    QCOMPARE(changedKeys(running, changed, Change::Reload), expected);
    QCOMPARE(changedKeys(running, changed, Change::Restart), QStringList());
    const Settings after = afterReload(running, changed);
    QCOMPARE(after.crons, changed.crons);
    QCOMPARE(after.origins.value(u"cron[1].interval"_s), u"quern.toml:5"_s);
}

QTEST_GUILESS_MAIN(tst_Crons)
#include "tst_crons.moc"
