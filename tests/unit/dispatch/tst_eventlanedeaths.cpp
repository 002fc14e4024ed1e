#include "lanescene.h"

#include <QRandomGenerator>
#include <QSignalSpy>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;
using dispatch::EventLanes;
using dispatch::LiveConnection;

/// What becomes of events whose worker dies, leaves or stands still.
class TestEventLaneDeaths : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init() { m_scene = std::make_unique<LaneScene>(); }
    void cleanup() { m_scene.reset(); }
    void unbegunMoveOnInOrder();
    void begunAreDroppedAndCounted();
    void openingsThatAreLostAreTold();
    void begunAreRedelivered();
    void notToBeRedeliveredAfterACrash();
    void notToBeRedeliveredForEver();
    void theGateIsClosedWithTheLink();
    void drainedWhenTheBegunAreDone();
    void orphansWaitForAWorker();
    void placesInManifestsAreThoseOfTheirWorker();
    void aStoppedWorkerIsTold();

private:
    std::unique_ptr<LaneScene> m_scene;
};

void TestEventLaneDeaths::unbegunMoveOnInOrder()
{
    LiveConnection *one = m_scene->connect(0);
    LiveConnection *two = m_scene->connect(2);
    for (const QByteArray body : {"a", "b", "c"}) {
        m_scene->submit(one, body);
        m_scene->submit(two, body);
    }
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    m_scene->submit(one, "d");
    QCOMPARE(bodiesOf(*m_scene->second, one->id), QByteArray("a b c d"));
    QCOMPARE(bodiesOf(*m_scene->second, two->id), QByteArray("a b c"));
    QCOMPARE(m_scene->lanes->counters().redelivered.load(), quint64(6));
    QCOMPARE(m_scene->lanes->counters().dropped.load(), quint64(0));
    m_scene->second->endEvents(7);
    // Its replacement takes over what comes then.
    const std::unique_ptr<FakeWorker> replacement = m_scene->addWorker(0);
    m_scene->submit(one, "e");
    QCOMPARE(bodiesOf(*replacement, one->id), QByteArray("e"));
}

void TestEventLaneDeaths::begunAreDroppedAndCounted()
{
    LiveConnection *connection = m_scene->connect(0);
    for (const QByteArray body : {"a", "b", "c", "d"})
        m_scene->submit(connection, body);
    QVERIFY(m_scene->first->beginEvent(1));
    QVERIFY(m_scene->first->beginEvent(2));
    m_scene->first->endEvents(1);
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("died with 1 event of connections that it had begun")));
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("c d"));
    QCOMPARE(m_scene->lanes->counters().dropped.load(), quint64(1));
    m_scene->second->endEvents(2);
    QCOMPARE(connection->events, quint32(0));
    QVERIFY(m_scene->dispatcher.isIdle());
}

void TestEventLaneDeaths::openingsThatAreLostAreTold()
{
    LiveConnection *opening = m_scene->connect(0);
    LiveConnection *open = m_scene->connect(2);
    m_scene->submit(opening, "request", ipc::EventKind::Open);
    m_scene->submit(open, "message");
    QVERIFY(m_scene->first->beginEvent(1));
    QVERIFY(m_scene->first->beginEvent(2));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("died with 2 events")));
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    QCOMPARE(m_scene->owner.unopened, QList<quint64>{opening->id});
    QCOMPARE(m_scene->owner.emptied, 1);
}

void TestEventLaneDeaths::begunAreRedelivered()
{
    DispatchSettings settings;
    settings.redeliver = true;
    m_scene = std::make_unique<LaneScene>(settings);
    LiveConnection *connection = m_scene->connect(0);
    for (const QByteArray body : {"a", "b", "c", "d"})
        m_scene->submit(connection, body);
    for (quint64 sequence = 1; sequence <= 3; ++sequence)
        QVERIFY(m_scene->first->beginEvent(sequence));
    m_scene->first->endEvents(1);
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    m_scene->submit(connection, "e");
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("b c d e"));
    QCOMPARE(m_scene->lanes->counters().dropped.load(), quint64(0));
}

void TestEventLaneDeaths::notToBeRedeliveredAfterACrash()
{
    DispatchSettings settings;
    settings.redeliver = true;
    m_scene = std::make_unique<LaneScene>(settings);
    LiveConnection *connection = m_scene->connect(0);
    m_scene->submit(connection, "a");
    m_scene->submit(connection, "b");
    QVERIFY(m_scene->first->beginEvent(1));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("died with 1 event ")));
    dispatch::WorkerDeath death;
    death.blamedRoutes = {"/echo"};
    m_scene->dispatcher.workerDied(m_scene->first->childId(), death);
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("b"));
}

void TestEventLaneDeaths::notToBeRedeliveredForEver()
{
    DispatchSettings settings;
    settings.redeliver = true;
    m_scene = std::make_unique<LaneScene>(settings);
    LiveConnection *connection = m_scene->connect(1);
    m_scene->submit(connection, "a");
    m_scene->submit(connection, "b");
    // It may be what they die of.
    for (int death = 1; death <= EventLanes::MaxDeaths + 1; ++death) {
        QVERIFY(m_scene->second->beginEvent(1));
        if (death > EventLanes::MaxDeaths)
            QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("died with 1 event ")));
        std::unique_ptr<FakeWorker> replacement = m_scene->addWorker(1);
        m_scene->dispatcher.workerDied(m_scene->second->childId(), {});
        m_scene->second = std::move(replacement);
    }
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("b"));
    QCOMPARE(m_scene->lanes->counters().dropped.load(), quint64(1));
}

void TestEventLaneDeaths::theGateIsClosedWithTheLink()
{
    LiveConnection *connection = m_scene->connect(0);
    m_scene->submit(connection, "a");
    m_scene->submit(connection, "b");
    QVERIFY(m_scene->first->beginEvent(1));
    m_scene->first->closeLink();
    QVERIFY(!m_scene->first->beginEvent(2));
    // What has begun is waited for: its connection's order holds over the two workers.
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("died with 1 event ")));
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("b"));
}

void TestEventLaneDeaths::drainedWhenTheBegunAreDone()
{
    QSignalSpy drained(&m_scene->dispatcher, &Dispatcher::workerDrained);
    LiveConnection *connection = m_scene->connect(0);
    m_scene->submit(connection, "a");
    m_scene->submit(connection, "b");
    QVERIFY(m_scene->first->beginEvent(1));
    m_scene->dispatcher.drain(m_scene->first->childId());
    QVERIFY(!m_scene->first->beginEvent(2));
    QCOMPARE(drained.size(), 0);
    m_scene->first->endEvents(1);
    QCOMPARE(drained.size(), 1);
    QCOMPARE(bodiesOf(*m_scene->second, connection->id), QByteArray("b"));
    // One that has nothing leaves at once.
    m_scene->second->endEvents(1);
    m_scene->dispatcher.drain(m_scene->second->childId());
    QCOMPARE(drained.size(), 2);
}

void TestEventLaneDeaths::orphansWaitForAWorker()
{
    m_scene->dispatcher.workerDied(m_scene->first->childId(), {});
    m_scene->dispatcher.workerDied(m_scene->second->childId(), {});
    LiveConnection *connection = m_scene->connect(1);
    m_scene->submit(connection, "a");
    m_scene->submitPacket(0, "packet");
    m_scene->submit(connection, "b");
    const std::unique_ptr<FakeWorker> late = m_scene->addWorker(0);
    QCOMPARE(bodiesOf(*late, connection->id), QByteArray("a b"));
    QCOMPARE(bodiesOf(*late, 0), QByteArray("packet"));
}

void TestEventLaneDeaths::placesInManifestsAreThoseOfTheirWorker()
{
    LiveConnection *connection = m_scene->connect(0);
    m_scene->submit(connection, "a");
    QCOMPARE(m_scene->first->sentEvents().last().route, quint32(0));
    m_scene->first->endEvents(1);
    const auto replace = [this](std::unique_ptr<FakeWorker> &old, int generation, const QByteArrayList &patterns) {
        std::unique_ptr<FakeWorker> next = m_scene->addWorker(0, generation, patterns);
        m_scene->dispatcher.activate(generation);
        m_scene->dispatcher.workerDied(old->childId(), {});
        old = std::move(next);
    };
    // Nothing happens on it for a while: lanes come and go, and one may get the address of another.
    QRandomGenerator random(1);
    for (int generation = 2; generation < 500; ++generation) {
        const bool isTurned = random.bounded(2) == 0;
        replace(m_scene->first, generation,
                isTurned ? QByteArrayList{"/other", "/echo"} : QByteArrayList{"/echo", "/other"});
        if (random.bounded(4) != 0)
            continue;
        m_scene->submit(connection, "b");
        QCOMPARE(m_scene->first->sentEvents().last().route, quint32(isTurned ? 1 : 0));
        m_scene->first->endEvents(1);
    }
}

void TestEventLaneDeaths::aStoppedWorkerIsTold()
{
    DispatchSettings settings;
    settings.requestTimeout = 100ms;
    m_scene = std::make_unique<LaneScene>(settings);
    QSignalSpy stuck(&m_scene->dispatcher, &Dispatcher::workerStuck);
    m_scene->submit(m_scene->connect(0), "a");
    QTRY_VERIFY(!stuck.isEmpty());
    QCOMPARE(stuck.first().at(0).toULongLong(), m_scene->first->childId());
    QVERIFY(stuck.first().at(1).toString().contains(QLatin1StringView("event loop")));
    for (const QList<QVariant> &told : stuck)
        QCOMPARE(told.at(0).toULongLong(), m_scene->first->childId()); // the other one has nothing to do
}

QTEST_GUILESS_MAIN(TestEventLaneDeaths)
#include "tst_eventlanedeaths.moc"
