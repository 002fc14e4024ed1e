#include "base/linethrottle.h"

#include <QTest>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using Quern::base::LineThrottle;

class TestLineThrottle : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneASecond();
};

void TestLineThrottle::oneASecond()
{
    LineThrottle throttle;
    const Quern::base::MonotonicTime start{};
    QCOMPARE(throttle.pass(start), std::optional(QString()));
    for (const auto after : {0ms, 1ms, 999ms})
        QVERIFY(!throttle.pass(start + after));
    QCOMPARE(throttle.pass(start + 1000ms), std::optional(u"; and 3 others since the last line like this"_s));
    QVERIFY(!throttle.pass(start + 1500ms));
    // A second since the last that was written, and what has been told is not told again.
    QCOMPARE(throttle.pass(start + 2000ms), std::optional(u"; and 1 other since the last line like this"_s));
    QCOMPARE(throttle.pass(start + 1h), std::optional(QString()));
}

QTEST_APPLESS_MAIN(TestLineThrottle)
#include "tst_linethrottle.moc"
