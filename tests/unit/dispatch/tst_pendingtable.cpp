#include "dispatch/pendingtable.h"

#include <QSet>
#include <QTest>

using namespace Quern::dispatch;

class TestPendingTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void foundById();
    void zeroIsNobodysId();
    void oldIdsFindNothing();
    void usedAgainAsNew();
    void reactorsDiffer();
    void leavesItsLists();
    void fullTable();
};

void TestPendingTable::foundById()
{
    PendingTable table(3);
    PendingRequest *first = table.create();
    PendingRequest *second = table.create();
    QVERIFY(first != second);
    QCOMPARE(table.find(first->id), first);
    QCOMPARE(table.find(second->id), second);
    QCOMPARE(table.size(), std::size_t(2));
    QCOMPARE(table.find(first->id + (quint64(1) << 40)), nullptr);
    QCOMPARE(table.find(~quint64(0)), nullptr);
}

void TestPendingTable::zeroIsNobodysId()
{
    PendingTable table(0);
    QCOMPARE(table.find(0), nullptr);
    PendingRequest *request = table.create();
    QVERIFY(request->id != 0);
    table.destroy(request);
    QCOMPARE(table.find(0), nullptr);
}

void TestPendingTable::oldIdsFindNothing()
{
    PendingTable table(0);
    const quint64 old = table.create()->id;
    table.destroy(table.find(old));
    QCOMPARE(table.find(old), nullptr);
    const quint64 next = table.create()->id;
    QCOMPARE(table.find(old), nullptr);
    QVERIFY(table.find(next) != nullptr);
    QCOMPARE(table.size(), std::size_t(1));
}

void TestPendingTable::usedAgainAsNew()
{
    PendingTable table(0);
    PendingRequest *request = table.create();
    request->order.body = "body";
    request->bodyLeft = 5;
    request->answering = request->deferred = request->retried = true;
    request->takenBack = request->deaths = 1;
    table.destroy(request);
    const PendingRequest *next = table.create();
    QVERIFY(next->order.body.isEmpty());
    QVERIFY(!next->receiver);
    QVERIFY(!next->isDispatched());
    QVERIFY(!next->bodySender);
    QCOMPARE(next->bodyLeft, quint64(0));
    QCOMPARE(next->claim.slot, Quern::ipc::NoSlot);
    QVERIFY(!next->answering && !next->deferred && !next->retried && !next->takenBack && !next->deaths);
}

void TestPendingTable::reactorsDiffer()
{
    QSet<quint64> ids;
    for (int reactor = 0; reactor < 128; ++reactor) {
        PendingTable table(reactor);
        for (int i = 0; i < 100; ++i) {
            const quint64 id = table.create()->id;
            QVERIFY(qint64(id) > 0);
            ids.insert(id);
        }
    }
    QCOMPARE(ids.size(), 12800);
}

void TestPendingTable::leavesItsLists()
{
    PendingTable table(0);
    RequestQueue queue;
    DeadlineQueue deadlines;
    PendingRequest *request = table.create();
    queue.append(request);
    deadlines.append(request);
    table.destroy(request);
    QVERIFY(queue.isEmpty());
    QVERIFY(deadlines.isEmpty());
}

void TestPendingTable::fullTable()
{
    PendingTable table(0);
    quint64 last = 0;
    while (const PendingRequest *request = table.create())
        last = request->id;
    QCOMPARE(table.size(), (std::size_t(1) << 20) - 1); // one place is for spare ids
    QCOMPARE(table.find(table.spareId()), nullptr);
    table.destroy(table.find(last));
    QVERIFY(table.create()->id > last);
    QVERIFY(!table.create());
}

QTEST_GUILESS_MAIN(TestPendingTable)
#include "tst_pendingtable.moc"
