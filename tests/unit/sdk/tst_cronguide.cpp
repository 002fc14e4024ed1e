// The code of resources/docs/cron.md, as it stands there: what a plugin author copies must compile, and do what is
// said.
#include "config/loader.h"
#include "guidesupport.h"

#include <Quern/application.h>
#include <Quern/handlerplugin.h>
#include <Quern/testharness.h>

#include <QTest>

using namespace Quern;
using namespace std::chrono_literals;

namespace {

class Shop final : public QObject, public HandlerPlugin
{
    Q_OBJECT
    Q_INTERFACES(Quern::HandlerPlugin)
public:
    void install(Application &app) override;

    int days = 0;

private:
    bool removeSomeOlderThan(int limit)
    {
        days = limit;
        return false;
    }
    static bool beat() { return false; }
};

// clang-format off
void Shop::install(Application &app)
{
    app.cron("cleanup", [this](Quern::CronRun &run) -> Quern::Result<void> {
           const int age = run.parameters().value(QStringLiteral("keep_days"), 30).toInt();
           while (removeSomeOlderThan(age)) {
               if (run.isStopRequested())
                   return Quern::Error(Quern::Error::Unavailable, QStringLiteral("stopped halfway"));
           }
           return {};
       })
        .at("0 3 * * *", "Europe/Berlin")
        .missed(Quern::MissedRuns::Once);
    app.cron("heartbeat", [this](Quern::CronRun &run) {
           if (!beat())
               run.stop(); // until the next start or reload
       })
        .every(10ms);
}
// clang-format on

} // namespace

class tst_CronGuide : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everySnippetIsRight();
    void worksAsSaid();
};

void tst_CronGuide::everySnippetIsRight()
{
    int code = 0;
    int settings = 0;
    for (const QString &snippet : guide::snippets(GUIDE)) {
        if (!snippet.contains(u"[[cron]]")) {
            QCOMPARE(guide::missingOf(snippet, THIS_SOURCE), QString());
            ++code;
            continue;
        }
        const auto loaded = config::parseSettings(snippet.toUtf8(), QStringLiteral("quern.toml"), config::Environment(),
                                                  config::Purpose::StartServer);
        QVERIFY2(loaded.ok(), loaded ? "" : qPrintable(loaded.error().message()));
        ++settings;
    }
    QCOMPARE(code, 2);
    QCOMPARE(settings, 2);
}

void tst_CronGuide::worksAsSaid()
{
    Shop shop;
    TestHarness harness(shop);
    QVERIFY(harness.installed());
    QVERIFY(harness.runCron("cleanup"));
    QCOMPARE(shop.days, 30);
    // clang-format off
    QVERIFY(harness.runCron("cleanup", {{QStringLiteral("keep_days"), 7}}));
    // clang-format on
    QCOMPARE(shop.days, 7);
    QVERIFY(harness.runCron("heartbeat"));
}

QTEST_GUILESS_MAIN(tst_CronGuide)
#include "tst_cronguide.moc"
