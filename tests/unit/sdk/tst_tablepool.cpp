#include "tablesupport.h"

#include <QSet>

#include <functional>

using namespace Quern;

using Late = std::function<void(TablePool &, PoolClaim, quint64)>;
Q_DECLARE_METATYPE(Late)

/// The records of a table, as writers and the sweep share them.
class TestTablePool : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eachOnce();
    void whoComesLateDoesNothing_data();
    void whoComesLateDoesNothing();
    void wrongHints();
};

void TestTablePool::eachOnce()
{
    TableFixture fixture(sampleTable(5000));
    TablePool &pool = fixture.core().permits();
    for (int round = 0; round < 2; ++round) {
        QSet<quint32> seen;
        QList<PoolClaim> claims;
        while (const auto claim = pool.claim()) {
            QVERIFY(claim->index < 5000 && !seen.contains(claim->index));
            seen.insert(claim->index);
            claims.append(*claim);
        }
        QCOMPARE(seen.size(), 5000);
        QCOMPARE(pool.takenCount(), 5000U);
        for (const PoolClaim claim : claims)
            pool.release(claim);
        QCOMPARE(pool.takenCount(), 0U);
    }
}

void TestTablePool::whoComesLateDoesNothing_data()
{
    QTest::addColumn<Late>("late");
    QTest::addColumn<bool>("isPublished"); // what another one has now
    const Late release = [](TablePool &pool, PoolClaim claim, quint64) { pool.release(claim); };
    const Late publish = [](TablePool &pool, PoolClaim claim, quint64) { pool.publish(claim); };
    const Late reclaim = [](TablePool &pool, PoolClaim claim, quint64 header) { pool.reclaim(claim.index, header); };
    const Late confirm = [](TablePool &pool, PoolClaim claim, quint64 header) { pool.confirm(claim.index, header); };
    for (const bool isPublished : {false, true}) {
        const QByteArray whose = isPublished ? " of a published one" : " of one that is held";
        QTest::newRow("release" + whose) << release << isPublished;
        QTest::newRow("publish" + whose) << publish << isPublished;
        QTest::newRow("reclaim" + whose) << reclaim << isPublished;
        QTest::newRow("confirm" + whose) << confirm << isPublished;
    }
}

void TestTablePool::whoComesLateDoesNothing()
{
    QFETCH(Late, late);
    QFETCH(bool, isPublished);
    TableFixture fixture(sampleTable(10));
    TablePool &pool = fixture.core().records();
    // What somebody has seen who is stopped then, until it was given back and is another's, in the same state.
    const PoolClaim before = *pool.claim();
    if (isPublished)
        pool.publish(before);
    const quint64 seen = pool.header(before.index);
    pool.release(before);
    const PoolClaim now = *pool.claim();
    QCOMPARE(now.index, before.index);
    if (isPublished)
        pool.publish(now);
    const quint64 header = pool.header(now.index);
    late(pool, before, seen);
    QCOMPARE(pool.header(now.index), header);
    QCOMPARE(pool.takenCount(), 1U);
    pool.release(now);
    QCOMPARE(pool.takenCount(), 0U);
}

void TestTablePool::wrongHints()
{
    // As those leave them who die between two instructions: the header says it, and the sweep has the bits say it, too.
    TableFixture fixture(sampleTable(200));
    TablePool &pool = fixture.core().permits();
    QList<PoolClaim> claims;
    while (const auto claim = pool.claim())
        claims.append(*claim);
    SharedWord &freed = pool.header(claims[7].index);
    freed = PoolHeader::made(claims[7].version + 1, 0, PoolHeader::Free);
    QVERIFY(!pool.claim());
    fixture.sweep();
    QCOMPARE(pool.takenCount(), 199U);
    const auto again = pool.claim();
    QVERIFY(again && again->index == claims[7].index);
    pool.release(*again);
    freed = PoolHeader::made(again->version + 1, processMark(), PoolHeader::Held);
    QVERIFY(!pool.claim());
    QCOMPARE(pool.takenCount(), 200U);
}

QTEST_GUILESS_MAIN(TestTablePool)
#include "tst_tablepool.moc"
