#include "ipc/connectiontable.h"

#include <QTest>

#include <unistd.h>

#include <thread>

using namespace Quern;
using ipc::ConnectionKey;
using ipc::ConnectionRecord;
using ipc::ConnectionTable;
using ipc::ConnectionWriter;

namespace {

constexpr quint32 epoch = 77;

ConnectionTable made(int reactors = 2)
{
    Result<ConnectionTable> table = ConnectionTable::create(reactors, epoch);
    if (!table)
        qFatal("%s", qUtf8Printable(table.error().message()));
    return std::move(*table);
}

quint64 idOf(int reactor, quint32 slot, quint32 generation = 1)
{
    return ConnectionKey{epoch, reactor, slot, generation}.id();
}

void publish(const ConnectionTable &table, ConnectionRecord record)
{
    const ConnectionKey key = ConnectionKey::of(record.id);
    std::atomic<quint32> &used = table.usedSlots(key.reactor);
    used.store(qMax(used.load(), key.slot + 1));
    ConnectionWriter(table.reactorSlots(key.reactor)[key.slot]).publish(record);
    ++table.openCount(key.reactor);
}

ConnectionRecord sample(quint64 id)
{
    ConnectionRecord record;
    record.id = id;
    record.openedMs = 1'700'000'000'000;
    record.lastReceivedMs = 1'700'000'000'500;
    record.bytesReceived = 10;
    record.bytesSent = 20;
    record.pendingBytes = 30;
    record.remotePort = 4711;
    record.port = 3;
    record.kind = ipc::ConnectionKind::Stream;
    record.remoteAddress = "2001:db8:1111:2222:3333:4444:5555:6666";
    record.user = QByteArray(64, 'u');
    return record;
}

} // namespace

class TestConnectionTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keyRoundTrip();
    void publishAndRead();
    void changedUser();
    void withdrawn();
    void othersAreNotFound_data();
    void othersAreNotFound();
    void listInPages();
    void chosenPages();
    void seenByAnotherProcess();
    void nothingTorn();
};

void TestConnectionTable::keyRoundTrip()
{
    const ConnectionKey key{0xfffff, 127, 0x3ffff, 0xffff};
    QVERIFY(key.id() >> 63 == 0);
    const ConnectionKey read = ConnectionKey::of(key.id());
    QCOMPARE(read.epoch, key.epoch);
    QCOMPARE(read.reactor, key.reactor);
    QCOMPARE(read.slot, key.slot);
    QCOMPARE(read.generation, key.generation);
}

void TestConnectionTable::publishAndRead()
{
    const ConnectionTable table = made();
    QCOMPARE(table.epoch(), epoch);
    const quint64 id = idOf(1, 5);
    QVERIFY(!table.contains(id));
    publish(table, sample(id));
    QVERIFY(table.contains(id));
    QCOMPARE(table.facts(id)->pendingBytes, 30u);
    QCOMPARE(table.count(), quint64(1));
    const auto found = table.find(id);
    QVERIFY(found);
    const ConnectionRecord expected = sample(id);
    QCOMPARE(found->id, expected.id);
    QCOMPARE(found->openedMs, expected.openedMs);
    QCOMPARE(found->lastReceivedMs, expected.lastReceivedMs);
    QCOMPARE(found->bytesReceived, expected.bytesReceived);
    QCOMPARE(found->bytesSent, expected.bytesSent);
    QCOMPARE(found->pendingBytes, expected.pendingBytes);
    QCOMPARE(found->remotePort, expected.remotePort);
    QCOMPARE(found->port, expected.port);
    QCOMPARE(found->kind, expected.kind);
    QCOMPARE(found->remoteAddress, expected.remoteAddress);
    QCOMPARE(found->user, expected.user);
    const auto facts = table.facts(id);
    QVERIFY(facts);
    QCOMPARE(facts->kind, expected.kind);
    QCOMPARE(facts->port, expected.port);
    QCOMPARE(facts->pendingBytes, expected.pendingBytes);
}

void TestConnectionTable::changedUser()
{
    const ConnectionTable table = made();
    const quint64 id = idOf(0, 0);
    publish(table, sample(id));
    ConnectionWriter(table.reactorSlots(0)[0]).setUser("ann");
    const auto found = table.find(id);
    QVERIFY(found);
    QCOMPARE(found->user, QByteArray("ann"));
    QCOMPARE(found->remoteAddress, sample(id).remoteAddress);
    QCOMPARE(found->remotePort, quint16(4711));
    QCOMPARE(found->kind, ipc::ConnectionKind::Stream);
}

void TestConnectionTable::withdrawn()
{
    const ConnectionTable table = made();
    const quint64 id = idOf(0, 0);
    publish(table, sample(id));
    ConnectionWriter(table.reactorSlots(0)[0]).withdraw();
    QVERIFY(!table.contains(id));
    QVERIFY(!table.find(id));
    QVERIFY(!table.facts(id));
    QVERIFY(!table.facts(id));
    QVERIFY(table.list(0, 10).isEmpty());
}

void TestConnectionTable::othersAreNotFound_data()
{
    QTest::addColumn<quint64>("id");
    QTest::newRow("none") << quint64(0);
    QTest::newRow("other epoch") << ConnectionKey{epoch + 1, 0, 3, 1}.id();
    QTest::newRow("other generation") << idOf(0, 3, 2);
    QTest::newRow("other slot") << idOf(0, 2);
    QTest::newRow("slot never used") << idOf(0, 4);
    QTest::newRow("slot beyond the table") << idOf(0, ConnectionTable::SlotsPerReactor);
    QTest::newRow("other reactor") << idOf(1, 3);
    QTest::newRow("no such reactor") << idOf(2, 3);
    QTest::newRow("all bits") << ~quint64(0);
}

void TestConnectionTable::othersAreNotFound()
{
    QFETCH(quint64, id);
    const ConnectionTable table = made();
    publish(table, sample(idOf(0, 3)));
    QVERIFY(table.contains(idOf(0, 3)));
    QVERIFY(!table.contains(id));
    QVERIFY(!table.find(id));
    QVERIFY(!table.facts(id));
    QVERIFY(!table.facts(id));
}

void TestConnectionTable::listInPages()
{
    const ConnectionTable table = made();
    QList<quint64> expected;
    for (int reactor = 0; reactor < 2; ++reactor) {
        for (quint32 slot = 0; slot < 5; ++slot) {
            if (slot == 2)
                continue; // a hole
            expected.append(idOf(reactor, slot));
            publish(table, sample(expected.last()));
        }
    }
    for (int limit = 1; limit <= 9; ++limit) {
        QList<quint64> found;
        for (quint64 after = 0;;) {
            const QList<ConnectionRecord> page = table.list(after, limit);
            QVERIFY(page.size() <= limit);
            for (const ConnectionRecord &record : page)
                found.append(record.id);
            if (page.isEmpty())
                break;
            after = page.last().id;
        }
        QCOMPARE(found, expected);
    }
    // One that has gone since the last page is still a place to go on from.
    ConnectionWriter(table.reactorSlots(0)[3]).withdraw();
    QCOMPARE(table.list(idOf(0, 3), 1).first().id, idOf(0, 4));
}

void TestConnectionTable::chosenPages()
{
    const ConnectionTable table = made();
    QList<quint64> expected;
    for (int reactor = 0; reactor < 2; ++reactor) {
        for (quint32 slot = 0; slot < 50; ++slot) {
            if (slot % 7 == 2)
                continue; // a hole
            ConnectionRecord record = sample(idOf(reactor, slot));
            record.user = slot % 10 == 0 ? "ten" : "other";
            publish(table, record);
            if (slot % 10 == 0)
                expected.append(record.id);
        }
    }
    const auto isTen = [](const ConnectionRecord &record) { return record.user == "ten"; };
    for (const int mostSlots : {1, 3, 50, 1000}) {
        for (const int limit : {1, 4, 100}) {
            QList<quint64> found;
            quint64 from = 0;
            int pages = 0;
            do {
                int looks = 0;
                const ipc::ConnectionPage page =
                    table.page(from, limit, mostSlots, [&](const ConnectionRecord &record) {
                        ++looks;
                        return isTen(record);
                    });
                QVERIFY(page.records.size() <= limit && looks <= mostSlots);
                for (const ConnectionRecord &record : page.records)
                    found.append(record.id);
                from = page.next;
            } while (from != 0 && ++pages <= 100);
            QCOMPARE(found, expected);
        }
    }
    // Places that nobody has been given.
    for (const quint64 from : {quint64(1) << 20, quint64(2) << 32, ~quint64(0)})
        QVERIFY(table.page(from, 10, 1000, isTen).next == 0);
}

void TestConnectionTable::seenByAnotherProcess()
{
    const ConnectionTable table = made();
    const auto adopted = ConnectionTable::adopt(::dup(table.descriptor()), 2);
    QVERIFY(adopted);
    publish(table, sample(idOf(1, 0)));
    table.portCounters(1, 4).opened.store(6);
    QVERIFY(adopted->contains(idOf(1, 0)));
    QCOMPARE(adopted->portCounters(1, 4).opened.load(), quint64(6));
    QCOMPARE(adopted->portCounters(0, 4).opened.load(), quint64(0));
    QVERIFY(!ConnectionTable::adopt(::dup(table.descriptor()), 3)); // another size
}

void TestConnectionTable::nothingTorn()
{
    constexpr int changes = 100'000;
    const ConnectionTable table = made(1);
    ConnectionRecord record = sample(idOf(0, 0));
    record.user = QByteArray(60, 'a');
    publish(table, record);
    std::atomic<bool> done = false;
    std::thread writer([&] {
        ConnectionWriter slot(table.reactorSlots(0)[0]);
        for (int i = 0; i < changes; ++i)
            slot.setUser(QByteArray(1 + i % 64, char('a' + i % 26)));
        done = true;
    });
    int reads = 0, torn = 0;
    while (!done || reads == 0) {
        const auto found = table.find(record.id);
        if (!found)
            continue; // met the writer too often
        ++reads;
        const QByteArray &user = found->user;
        if (user.isEmpty() || user.count(user.front()) != user.size() || found->remoteAddress != record.remoteAddress)
            ++torn;
    }
    writer.join();
    QCOMPARE(torn, 0);
    QCOMPARE(table.find(record.id)->user, QByteArray(1 + (changes - 1) % 64, char('a' + (changes - 1) % 26)));
}

QTEST_GUILESS_MAIN(TestConnectionTable)
#include "tst_connectiontable.moc"
