#include "app/server/cronplan.h"
#include "config/loader.h"

#include <Quern/cronjob.h>

#include <QTest>

using namespace Qt::Literals::StringLiterals;
using namespace Quern;
using ipc::CronEntry;

class TestCronPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void entries();
};

void TestCronPlan::entries()
{
    const Result<config::Settings> settings =
        config::parseSettings("[[cron]]\n"
                              "job = \"tick\"\n"
                              "[[cron]]\n"
                              "name = \"nightly\"\n"
                              "job = \"tick\"\n"
                              "expression = \"0 3 * * *\"\n"
                              "timezone = \"UTC\"\n"
                              "immediate = false\n"
                              "parameters = { days = 7 }\n"
                              "overlap = false\n"
                              "missed = \"catch-up\"\n"
                              "timeout = 0\n"
                              "enabled = false\n"
                              "[[cron]]\n"
                              "command = \"backup -v\"\n"
                              "interval = 5\n"
                              "overlap = true\n",
                              u"/srv/quern.toml"_s, config::Environment(), config::Purpose::StartServer);
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    CronEntry tick;
    tick.name = tick.job = u"tick"_s;
    tick.place = u"/srv/quern.toml:2"_s;
    CronEntry nightly = tick;
    nightly.name = u"nightly"_s;
    nightly.expression = u"0 3 * * *"_s;
    nightly.timeZone = u"UTC"_s;
    nightly.isImmediate = false;
    nightly.parameters = {{u"days"_s, qlonglong(7)}};
    nightly.mostAtATime = 1;
    nightly.missed = int(MissedRuns::CatchUp);
    nightly.timeout = 0;
    nightly.isEnabled = false;
    nightly.place = u"/srv/quern.toml:5"_s;
    CronEntry backup;
    backup.name = u"backup"_s;
    backup.command = QStringList{u"backup"_s, u"-v"_s};
    backup.directory = u"/srv"_s;
    backup.interval = 5;
    backup.mostAtATime = 8;
    backup.place = u"/srv/quern.toml:15"_s;
    QCOMPARE(app::cronEntries(*settings), (QList<CronEntry>{tick, nightly, backup}));
}

QTEST_APPLESS_MAIN(TestCronPlan)
#include "tst_cronplan.moc"
