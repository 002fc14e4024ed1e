#include "app/server/recentstatus.h"

#include <QTest>

using namespace Quern;
using namespace std::chrono_literals;

class TestRecentStatus : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneLookServesAllForAWhile();
    void whatHasChangedIsSeenAtOnce();

private:
    int m_looks = 0;
    base::MonotonicTime m_now{1h};
    app::RecentStatus make()
    {
        m_looks = 0;
        return app::RecentStatus(
            [this] {
                admin::Status status;
                status.pid = ++m_looks;
                return status;
            },
            [this] { return m_now; });
    }
};

void TestRecentStatus::oneLookServesAllForAWhile()
{
    app::RecentStatus recent = make();
    const base::MonotonicTime begun = m_now;
    for (; m_now - begun <= app::RecentStatus::Oldest; m_now += 1ms) {
        QCOMPARE(recent.status().pid, 1);
        QCOMPARE(recent.json(), recent.status().toJson());
    }
    QCOMPARE(recent.json(), recent.status().toJson());
    QCOMPARE(recent.status().pid, 2);
    QCOMPARE(m_looks, 2);
}

void TestRecentStatus::whatHasChangedIsSeenAtOnce()
{
    app::RecentStatus recent = make();
    QCOMPARE(recent.status().pid, 1);
    recent.forget();
    QCOMPARE(recent.json(), recent.status().toJson());
    QCOMPARE(recent.status().pid, 2);
}

QTEST_APPLESS_MAIN(TestRecentStatus)
#include "tst_recentstatus.moc"
