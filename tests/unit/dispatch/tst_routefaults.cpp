#include "dispatch/routefaults.h"

#include <QTest>

using namespace Quern::dispatch;
using namespace std::chrono_literals;

class TestRouteFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void remembersForAMinute();
    void newFaultStartsAnew();
    void othersAreNotBlamed();
};

void TestRouteFaults::remembersForAMinute()
{
    RouteFaults faults;
    const Quern::base::MonotonicTime now(1000h);
    faults.record("GET /a", now);
    QVERIFY(faults.isRecent("GET /a", now));
    QVERIFY(faults.isRecent("GET /a", now + 60s - 1ms));
    QVERIFY(!faults.isRecent("GET /a", now + 60s));
}

void TestRouteFaults::newFaultStartsAnew()
{
    RouteFaults faults;
    const Quern::base::MonotonicTime now(1000h);
    faults.record("GET /a", now);
    faults.record("GET /a", now + 30s);
    QVERIFY(faults.isRecent("GET /a", now + 80s));
    QVERIFY(!faults.isRecent("GET /a", now + 90s));
}

void TestRouteFaults::othersAreNotBlamed()
{
    RouteFaults faults;
    const Quern::base::MonotonicTime now(1000h);
    faults.record("GET /a", now);
    QVERIFY(!faults.isRecent("POST /a", now));
    QVERIFY(!faults.isRecent("GET /b", now));
}

QTEST_GUILESS_MAIN(TestRouteFaults)
#include "tst_routefaults.moc"
