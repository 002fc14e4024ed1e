#include "lanescene.h"

#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using dispatch::DispatchMode;
using dispatch::DispatchSettings;
using dispatch::EventLane;
using dispatch::EventLanes;
using dispatch::LiveConnection;
using dispatch::LiveEvent;

namespace {

/// A user whose worker is the other one.
QByteArray userOfTheSecond()
{
    for (int i = 0;; ++i) {
        const QByteArray name = "user" + QByteArray::number(i);
        if (qHash(name) % LaneScene::WorkerNum == 1)
            return name;
    }
}

} // namespace

/// Events of connections on their way to workers that live.
class TestEventLanes : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_scene = std::make_unique<LaneScene>(); }
    void cleanup() { m_scene.reset(); }
    void inOrderAndByOneWorker();
    void longBodiesCrossInParts();
    void atMostSoManyUnderWay();
    void waitForAWorkerThatTakesNothing();
    void readingStopsWithTooMuchUnderWay();
    void readingStopsWithTooMuchInAll();
    void anotherUserHoldsUntilTheOldWorkerIsDone();
    void aUserMovesNothingInOtherModes();
    void theLastEventWithoutAHandlerSettles();
    void thousandsOfMissingHandlers();
    void anIdleConnectionIsKnownToBeUnserved();
    void settledWithItsWorker();
    void closedAndSettled();
    void packetsOfOneSenderInOrder();
    void packetsHaveABound();

private:
    std::unique_ptr<LaneScene> m_scene;
};

void TestEventLanes::inOrderAndByOneWorker()
{
    LiveConnection *even = m_scene->connect(0);
    LiveConnection *odd = m_scene->connect(1);
    for (const QByteArray body : {"a", "b", "c"}) {
        m_scene->submit(even, body);
        m_scene->submit(odd, body);
    }
    QCOMPARE(bodiesOf(*m_scene->first, even->id), QByteArray("a b c"));
    QCOMPARE(bodiesOf(*m_scene->second, odd->id), QByteArray("a b c"));
    QCOMPARE(m_scene->first->sentEvents().last().sequence, quint64(3));
    QCOMPARE(even->events, quint32(3));
    QVERIFY(!m_scene->dispatcher.isIdle());
    m_scene->first->endEvents(2);
    QCOMPARE(even->events, quint32(1));
    m_scene->first->endEvents(3);
    m_scene->second->endEvents(3);
    QCOMPARE(even->events + odd->events, quint32(0));
    QCOMPARE(even->eventBytes, qint64(0));
    QCOMPARE(m_scene->owner.progressed[even->id], 3);
    QCOMPARE(m_scene->lanes->counters().handled.load(), quint64(6));
    QVERIFY(m_scene->dispatcher.isIdle());
}

void TestEventLanes::longBodiesCrossInParts()
{
    LiveConnection *connection = m_scene->connect(0);
    const QByteArray body = QByteArray(3 * ipc::MaxBodyPart + 7, 'x') + "end";
    m_scene->submit(connection, body);
    m_scene->submit(connection, "next");
    QCOMPARE(m_scene->first->sentEvents().size(), 2);
    QCOMPARE(m_scene->first->sentEvents().first().body, body);
}

void TestEventLanes::atMostSoManyUnderWay()
{
    LiveConnection *connection = m_scene->connect(0);
    for (int i = 0; i < EventLane::MaxSent + 10; ++i)
        m_scene->submit(connection, QByteArray::number(i));
    QCOMPARE(m_scene->first->sentEvents().size(), EventLane::MaxSent);
    m_scene->first->endEvents(4);
    QCOMPARE(m_scene->first->sentEvents().size(), EventLane::MaxSent + 4);
    m_scene->first->endEvents(quint64(EventLane::MaxSent));
    QCOMPARE(m_scene->first->sentEvents().size(), EventLane::MaxSent + 10);
    QCOMPARE(m_scene->first->sentEvents().last().body, QByteArray::number(EventLane::MaxSent + 9));

    // Bytes are bounded as well, by what the last one brings.
    LiveConnection *other = m_scene->connect(1);
    for (int i = 0; i < 5; ++i)
        m_scene->submit(other, QByteArray(qsizetype(EventLane::MaxSentBytes) / 2, 'x'));
    QCOMPARE(m_scene->second->sentEvents().size(), 2);
    m_scene->second->endEvents(1);
    QCOMPARE(m_scene->second->sentEvents().size(), 3);
}

void TestEventLanes::waitForAWorkerThatTakesNothing()
{
    LiveConnection *connection = m_scene->connect(0);
    m_scene->first->setWritable(false);
    m_scene->submit(connection, "a");
    m_scene->submit(connection, "b");
    QCOMPARE(m_scene->first->sentEvents().size(), 0);
    m_scene->first->setWritable(true);
    QTRY_COMPARE(bodiesOf(*m_scene->first, connection->id), QByteArray("a b"));
}

void TestEventLanes::readingStopsWithTooMuchUnderWay()
{
    LiveConnection *connection = m_scene->connect(0);
    QVERIFY(m_scene->lanes->mayRead(connection));
    m_scene->submit(connection, QByteArray(EventLanes::MaxEventBytes, 'x'));
    QVERIFY(!m_scene->lanes->mayRead(connection));
    QVERIFY(m_scene->lanes->mayRead(m_scene->connect(0)));
    m_scene->first->endEvents(1);
    QVERIFY(m_scene->lanes->mayRead(connection));
}

void TestEventLanes::readingStopsWithTooMuchInAll()
{
    LiveConnection *reader = m_scene->connect(1);
    constexpr qsizetype size = 1024 * 1024;
    const auto count = int(EventLanes::MaxTotalBytes / size);
    for (int i = 0; i < count; ++i)
        m_scene->submit(m_scene->connect(0), QByteArray(size, 'x'));
    QVERIFY(!m_scene->lanes->mayRead(reader));
    for (quint64 sequence = 1; sequence <= quint64(count) / 2; ++sequence)
        m_scene->first->endEvents(sequence);
    QCOMPARE(m_scene->owner.progressed[reader->id], 0);
    m_scene->first->endEvents(quint64(count) / 2 + 1);
    QCOMPARE(m_scene->owner.progressed[reader->id], 1);
    QVERIFY(m_scene->lanes->mayRead(reader));
}

void TestEventLanes::anotherUserHoldsUntilTheOldWorkerIsDone()
{
    LaneScene scene({.mode = DispatchMode::ByUser});
    LiveConnection *connection = scene.connect(0);
    scene.submit(connection, "a");
    connection->user = userOfTheSecond();
    scene.submit(connection, "b");
    scene.submit(connection, "c");
    QCOMPARE(bodiesOf(*scene.first, connection->id), QByteArray("a"));
    QCOMPARE(scene.second->sentEvents().size(), 0);
    scene.first->endEvents(1);
    QCOMPARE(bodiesOf(*scene.second, connection->id), QByteArray("b c"));
    QCOMPARE(scene.second->sentEvents().first().name, connection->user);
}

void TestEventLanes::aUserMovesNothingInOtherModes()
{
    for (const DispatchMode mode : {DispatchMode::Idle, DispatchMode::ByConnection, DispatchMode::ByAddress}) {
        LaneScene scene({.mode = mode});
        LiveConnection *connection = scene.connect(0);
        connection->user = userOfTheSecond();
        scene.submit(connection, "a");
        QCOMPARE(bodiesOf(*scene.first, connection->id), QByteArray("a"));
    }
}

void TestEventLanes::theLastEventWithoutAHandlerSettles()
{
    LiveConnection *connection = m_scene->connect(0);
    connection->routePattern = "/gone";
    m_scene->owner.whenMissing = [this](LiveConnection *missing) {
        if (missing->session)
            m_scene->close(missing);
    };
    m_scene->first->setWritable(false);
    m_scene->submit(connection, "a");
    m_scene->submit(connection, "b");
    m_scene->first->setWritable(true);
    QTRY_COMPARE(m_scene->owner.settled, QList<quint64>{connection->id});
    QCOMPARE(connection->events, quint32(0));
    QCOMPARE(m_scene->first->sentEvents().size(), 0);
    QVERIFY(m_scene->dispatcher.isIdle());
}

void TestEventLanes::thousandsOfMissingHandlers()
{
    constexpr int count = 20'000;
    m_scene->owner.whenMissing = [this](LiveConnection *missing) {
        if (missing->session)
            m_scene->close(missing);
    };
    m_scene->first->setWritable(false);
    for (int i = 0; i < count; ++i) {
        LiveConnection *connection = m_scene->connect(0);
        connection->routePattern = "/gone";
        m_scene->submit(connection, "a");
    }
    m_scene->first->setWritable(true);
    QTRY_COMPARE(m_scene->owner.settled.size(), count);
    QVERIFY(m_scene->dispatcher.isIdle());
}

void TestEventLanes::anIdleConnectionIsKnownToBeUnserved()
{
    LiveConnection *kept = m_scene->connect(0);
    LiveConnection *lost = m_scene->connect(1);
    lost->routePattern = "/other";
    QVERIFY(m_scene->lanes->isServed(kept) && m_scene->lanes->isServed(lost));
    const std::unique_ptr<FakeWorker> third = m_scene->addWorker(0, 2, {"/echo"});
    const std::unique_ptr<FakeWorker> fourth = m_scene->addWorker(1, 2, {"/echo"});
    const int changes = m_scene->owner.changes;
    m_scene->dispatcher.activate(2);
    QCOMPARE(m_scene->owner.changes, changes + 1);
    QVERIFY(m_scene->lanes->isServed(kept));
    QVERIFY(!m_scene->lanes->isServed(lost));
}

void TestEventLanes::settledWithItsWorker()
{
    LiveConnection *connection = m_scene->connect(6);
    m_scene->lanes->settleWith(connection, m_scene->second->childId());
    m_scene->submit(connection, "a");
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("a"));
    // An unknown one changes nothing.
    LiveConnection *other = m_scene->connect(6);
    m_scene->lanes->settleWith(other, 0);
    m_scene->submit(other, "a");
    QCOMPARE(bodiesOf(*m_scene->first, other->id), QByteArray("a"));
    // Where addresses choose, they go on to do so.
    DispatchSettings settings;
    settings.mode = DispatchMode::ByAddress;
    m_scene = std::make_unique<LaneScene>(settings);
    LiveConnection *third = m_scene->connect(6);
    m_scene->lanes->settleWith(third, m_scene->second->childId());
    m_scene->submit(third, "a");
    QCOMPARE(bodiesOf(*m_scene->first, third->id), QByteArray("a"));
}

void TestEventLanes::closedAndSettled()
{
    LiveConnection *connection = m_scene->connect(0);
    m_scene->submit(connection, "a");
    m_scene->close(connection);
    m_scene->first->endEvents(1);
    QVERIFY(m_scene->owner.settled.isEmpty());
    m_scene->first->endEvents(2);
    QCOMPARE(m_scene->owner.settled, QList<quint64>{connection->id});
}

void TestEventLanes::packetsOfOneSenderInOrder()
{
    for (const QByteArray body : {"a", "b", "c"}) {
        m_scene->submitPacket(0, "even-" + body);
        m_scene->submitPacket(1, "odd-" + body);
    }
    QCOMPARE(bodiesOf(*m_scene->first, 0), QByteArray("even-a even-b even-c"));
    QCOMPARE(bodiesOf(*m_scene->second, 0), QByteArray("odd-a odd-b odd-c"));
    QCOMPARE(m_scene->first->sentEvents().first().route, quint32(2));
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    QVERIFY(bodiesOf(*m_scene->second, 0).endsWith("even-a even-b even-c"));
}

void TestEventLanes::packetsHaveABound()
{
    m_scene->first->setWritable(false);
    constexpr qsizetype size = 60'000;
    const auto fitting = EventLanes::MaxPacketBytes / qint64(size + qsizetype(sizeof(LiveEvent)));
    for (qint64 i = 0; i < fitting + 3; ++i)
        m_scene->submitPacket(0, QByteArray(size, 'x'));
    QCOMPARE(m_scene->lanes->counters().lostPackets.load(), quint64(3));
    m_scene->first->setWritable(true);
    QTRY_VERIFY(m_scene->first->sentEvents().size() > 5);
    m_scene->first->endEvents(5);
    m_scene->submitPacket(0, "there is room again");
    QCOMPARE(m_scene->lanes->counters().lostPackets.load(), quint64(3));
}

QTEST_GUILESS_MAIN(TestEventLanes)
#include "tst_eventlanes.moc"
