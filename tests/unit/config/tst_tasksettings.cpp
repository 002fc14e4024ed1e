#include "settingsfile.h"

#include "config/difference.h"

using namespace Quern;
using namespace Quern::config;
using namespace std::chrono_literals;

/// What [tasks] may say, beside what tst_keytables reads.
class tst_TaskSettings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusals_data();
    void refusals();
    void changes();
    void databaseBeginsAtTheFile();
};

void tst_TaskSettings::refusals_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("expected");
    const auto row = [](const char *name, const QByteArray &toml, const QString &expected) {
        QTest::newRow(name) << toml << expected;
    };
    row("no such driver", "[tasks]\ndriver = \"redit\"\n",
        QStringLiteral("quern.toml:2: tasks.driver: must be one of \"auto\", \"memory\", \"sqlite\", not the string "
                       "\"redit\"; write driver = \"auto\""));
    row("unknown key", "[tasks]\nqueue_mox = 1\n",
        QStringLiteral("quern.toml:2: tasks.queue_mox: unknown key; did you mean queue_max?"));
    row("key of the other table", "[server]\nqueue_max = 1\n",
        QStringLiteral("quern.toml:2: server.queue_max: unknown key"));
    row("key outside", "durable_max = 1\n",
        QStringLiteral("quern.toml:1: durable_max: belongs into a table; write [tasks] above it"));
    row("no table", "tasks = 4\n", QStringLiteral("quern.toml:1: tasks: must be a table, not 4; write [tasks]"));
    row("nearly its name", "[task]\ntries = 1\n",
        QStringLiteral("quern.toml:1: task: unknown table; did you mean [tasks]?"));
    row("first delay beyond the longest", "[tasks]\nretry_delay_max = 2\nretry_delay = 3\n",
        QStringLiteral("quern.toml:3: tasks.retry_delay: must be at most retry_delay_max, 2; write retry_delay = 2 or "
                       "raise it"));
}

void tst_TaskSettings::refusals()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, expected);
    checkRefused(toml, expected);
}

void tst_TaskSettings::changes()
{
    const SettingsFile file;
    const Settings running = defaults(file.directory());
    const Result<Settings> loaded = SettingsFile::load("[tasks]\ntries = 3\nqueue_max = 5\n");
    QVERIFY2(loaded.ok(), qPrintable(messageOf(loaded)));
    QCOMPARE(changedKeys(running, *loaded, Change::Reload), QStringList(QStringLiteral("tasks.tries")));
    QCOMPARE(changedKeys(running, *loaded, Change::Restart), QStringList(QStringLiteral("tasks.queue_max")));
    const Settings after = afterReload(running, *loaded);
    QCOMPARE(after.server.taskTries, 3);
    QCOMPARE(after.server.taskQueueMax, running.server.taskQueueMax);
}

void tst_TaskSettings::databaseBeginsAtTheFile()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[tasks]\ndatabase = \"data/tasks.db\"\n");
    QVERIFY2(settings.ok(), qPrintable(messageOf(settings)));
    QCOMPARE(settings->server.taskDatabase, file.directory() + QStringLiteral("/data/tasks.db"));
}

QTEST_GUILESS_MAIN(tst_TaskSettings)
#include "tst_tasksettings.moc"
