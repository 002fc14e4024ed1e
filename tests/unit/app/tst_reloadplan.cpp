#include "app/server/reloadplan.h"

#include <QTest>

using namespace Quern;
using app::Machine;
using app::planReload;
using config::ReloadStrategy;

class tst_ReloadPlan : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsAskedFor();
    void memory_data();
    void memory();
    void lackOfMemory();
};

void tst_ReloadPlan::whatIsAskedFor()
{
    const Machine::Memory little{1, false};
    QVERIFY(!planReload(ReloadStrategy::All, little, 100, 100).isRolling);
    const app::ReloadPlan rolling = planReload(ReloadStrategy::Rolling, Machine::Memory{1 << 30, false}, 100, 100);
    QVERIFY(rolling.isRolling);
    QVERIFY(rolling.why.contains(u"strategy"));
    QVERIFY(!planReload(ReloadStrategy::Auto, std::nullopt, 100, 100).isRolling);
}

void tst_ReloadPlan::memory_data()
{
    QTest::addColumn<qint64>("bytes");
    QTest::addColumn<bool>("isOfGroup");
    QTest::addColumn<bool>("isRolling");
    constexpr qint64 mebibyte = 1 << 20;
    // 40 MiB of children, which need 50 the next time, and a master of 10.
    QTest::newRow("enough") << 50 * mebibyte << false << false;
    QTest::newRow("a byte short") << 50 * mebibyte - 1 << false << true;
    QTest::newRow("a group that allows all of it") << 100 * mebibyte << true << false;
    QTest::newRow("a group a byte short") << 100 * mebibyte - 1 << true << true;
}

void tst_ReloadPlan::memory()
{
    QFETCH(const qint64, bytes);
    QFETCH(const bool, isOfGroup);
    const app::ReloadPlan plan =
        planReload(ReloadStrategy::Auto, Machine::Memory{bytes, isOfGroup}, 10 << 20, 40 << 20);
    QTEST(plan.isRolling, "isRolling");
    QCOMPARE(plan.why.isEmpty(), !plan.isRolling);
    if (plan.isRolling)
        QVERIFY2(plan.why.contains(isOfGroup ? u"need 100.0 MiB" : u"need 50.0 MiB"), qPrintable(plan.why));
}

void tst_ReloadPlan::lackOfMemory()
{
    constexpr qint64 mebibyte = 1 << 20;
    const auto lack = [](qint64 bytes, bool isOfGroup) {
        return app::lackOfMemory(Machine::Memory{bytes, isOfGroup}, 60 * mebibyte, 8 * mebibyte);
    };
    QCOMPARE(lack(10 * mebibyte, false), QString());
    QCOMPARE(lack(70 * mebibyte, true), QString());
    QCOMPARE(lack(9 * mebibyte, false), QStringLiteral("would need 10.0 MiB of memory, and 9.0 MiB are available"));
    QCOMPARE(lack(60 * mebibyte, true),
             QStringLiteral("would need 70.0 MiB of memory, and 60.0 MiB are allowed (control group)"));
    QCOMPARE(app::lackOfMemory(std::nullopt, 1, 1), QString());
}

QTEST_APPLESS_MAIN(tst_ReloadPlan)
#include "tst_reloadplan.moc"
