#include "fakeworker.h"

#include <QSignalSpy>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;

/// What becomes of the requests of a worker that dies. Two workers; the first one dies.
class TestWorkerDeath : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void unclaimedMoveOnInOrder();
    void unclaimedMoveOnWhenTheLinkCloses();
    void claimedSafeRequestRunsAgain();
    void deferredSafeRequestRunsAgain();
    void claimedUnsafeRequestIsLost();
    void routeMayOptOut();
    void routeThatCrashedIsNotRunAgain();
    void otherRoutesAreRunAgainAfterACrash();
    void secondDeathIsFinal();
    void noRequestIsTheDeathOfManyWorkers();
    void halfAnAnswerIsBroken();
    void retriedBeforeUnclaimed();
    void abandonedRequestsEndWithTheWorker();
    void lateFramesAreIgnored();
    void unreadAnswersCount();
    void unreachableIsTold();
    void deathOfAStranger();
    void nobodyLeft();

private:
    std::unique_ptr<Dispatcher> m_dispatcher;
    std::unique_ptr<FakeWorker> m_first;
    std::unique_ptr<FakeWorker> m_second;
    Client m_client;
};

void TestWorkerDeath::init()
{
    DispatchSettings settings;
    settings.workerNum = 2;
    m_dispatcher = std::make_unique<Dispatcher>(settings, 0);
    m_first = std::make_unique<FakeWorker>(FakeWorker::info(0));
    m_second = std::make_unique<FakeWorker>(FakeWorker::info(1));
    m_first->join(*m_dispatcher);
    m_dispatcher->activate(1);
}

void TestWorkerDeath::cleanup()
{
    m_client = {}; // it holds memory of the dispatcher's
    m_dispatcher.reset();
}

void TestWorkerDeath::unclaimedMoveOnInOrder()
{
    m_first->setAverage(10us);
    m_second->setAverage(10us);
    QList<quint64> ids;
    for (int i = 0; i < 10; ++i)
        ids.append(submit(*m_dispatcher, m_client, i % 2 == 0)); // a POST that has not begun may move as well
    QCOMPARE(m_first->sent(), ids);
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(m_second->sent(), ids);
    for (const quint64 id : ids)
        QVERIFY(m_second->answer(id));
    QCOMPARE(m_client.order(), ids);
    QCOMPARE(m_dispatcher->counters().redispatched.load(), quint64(10));
    QCOMPARE(m_dispatcher->counters().lost.load(), quint64(0));
}

void TestWorkerDeath::unclaimedMoveOnWhenTheLinkCloses()
{
    m_first->setAverage(10us);
    const quint64 begun = submit(*m_dispatcher, m_client, false);
    const quint64 sent = submit(*m_dispatcher, m_client, false);
    m_second->join(*m_dispatcher);
    QVERIFY(m_first->claim(begun, 2));
    m_first->closeLink();
    QCOMPARE(m_second->sent(), QList{sent});
    QVERIFY(!m_client.heardOf(begun)); // how it ended is not known yet
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(m_client.of(begun).failedWith, 502);
    QVERIFY(m_second->answer(sent));
    QCOMPARE(m_client.of(sent).status, 200);
}

void TestWorkerDeath::unreadAnswersCount()
{
    // The news of the end may overtake what the worker had written before it died.
    const quint64 id = submit(*m_dispatcher, m_client, false);
    QVERIFY(m_first->claim(id, 2));
    m_first->answerUnread(id);
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(m_client.of(id).status, 200);
    QCOMPARE(m_client.of(id).calls, 1);
    QCOMPARE(m_dispatcher->counters().lost.load(), quint64(0));
}

void TestWorkerDeath::unreachableIsTold()
{
    QSignalSpy unreachable(m_dispatcher.get(), &Dispatcher::workerUnreachable);
    m_first->closeLink();
    QCOMPARE(unreachable.size(), 1);
    QCOMPARE(unreachable.first().first().toULongLong(), m_first->childId());
}

void TestWorkerDeath::claimedSafeRequestRunsAgain()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->run(id));
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(m_second->sent(), QList{id});
    QVERIFY(m_second->answer(id, 200, "second"));
    QCOMPARE(m_client.of(id).body, QByteArray("second"));
    QCOMPARE(m_client.of(id).calls, 1);
    QCOMPARE(m_dispatcher->counters().retried.load(), quint64(1));
}

void TestWorkerDeath::deferredSafeRequestRunsAgain()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->claim(id));
    m_first->defer(id);
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QVERIFY(m_second->answer(id));
    QCOMPARE(m_client.of(id).status, 200);
}

void TestWorkerDeath::claimedUnsafeRequestIsLost()
{
    const quint64 id = submit(*m_dispatcher, m_client, false);
    QVERIFY(m_first->run(id, 2));
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(m_client.of(id).failedWith, 502);
    QCOMPARE(m_client.of(id).calls, 1);
    QVERIFY(m_second->sent().isEmpty());
    QCOMPARE(m_dispatcher->counters().lost.load(), quint64(1));
    QVERIFY(m_dispatcher->isIdle());
}

void TestWorkerDeath::routeMayOptOut()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->run(id, 1));
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QCOMPARE(m_client.of(id).failedWith, 502);
    QVERIFY(m_second->sent().isEmpty());
}

void TestWorkerDeath::routeThatCrashedIsNotRunAgain()
{
    const quint64 crasher = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->run(crasher));
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {{QByteArrayLiteral("GET /a")}});
    QCOMPARE(m_client.of(crasher).failedWith, 502);

    // The next worker that dies with the same route at work, though killed from outside, finds it blamed still.
    const quint64 next = submit(*m_dispatcher, m_client);
    QVERIFY(m_second->run(next));
    m_dispatcher->workerDied(m_second->childId(), {});
    QCOMPARE(m_client.of(next).failedWith, 502);
}

void TestWorkerDeath::otherRoutesAreRunAgainAfterACrash()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->claim(id));
    m_first->defer(id);
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {{QByteArrayLiteral("POST /b")}});
    QCOMPARE(m_second->sent(), QList{id});
}

void TestWorkerDeath::secondDeathIsFinal()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->run(id));
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QVERIFY(m_second->run(id));
    FakeWorker third(FakeWorker::info(0));
    third.join(*m_dispatcher);
    m_dispatcher->workerDied(m_second->childId(), {});
    QCOMPARE(m_client.of(id).failedWith, 502);
    QVERIFY(third.sent().isEmpty());
}

void TestWorkerDeath::noRequestIsTheDeathOfManyWorkers()
{
    const quint64 id = submit(*m_dispatcher, m_client, false);
    std::vector<std::unique_ptr<FakeWorker>> others;
    FakeWorker *present = m_first.get();
    for (int death = 1; death <= 3; ++death) {
        QCOMPARE(present->sent(), QList{id});
        QVERIFY(!m_client.heardOf(id));
        present->closeLink();
        m_dispatcher->workerDied(present->childId(), {});
        others.push_back(std::make_unique<FakeWorker>(FakeWorker::info(1 + death)));
        present = others.back().get();
        present->join(*m_dispatcher);
    }
    QCOMPARE(m_client.of(id).failedWith, 502);
    QVERIFY(present->sent().isEmpty());
    QCOMPARE(m_dispatcher->counters().lost.load(), quint64(1));
    QVERIFY(m_dispatcher->isIdle());
}

void TestWorkerDeath::halfAnAnswerIsBroken()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    m_first->answerPart(id, 10, "half");
    m_second->join(*m_dispatcher);
    m_first->closeLink();
    QVERIFY(!m_client.of(id).broken);
    m_dispatcher->workerDied(m_first->childId(), {});
    QVERIFY(m_client.of(id).broken);
    QCOMPARE(m_client.of(id).failedWith, 0);
    QVERIFY(m_second->sent().isEmpty());
    QVERIFY(m_dispatcher->isIdle());
}

void TestWorkerDeath::retriedBeforeUnclaimed()
{
    m_first->setAverage(10us);
    m_second->setAverage(10us);
    QList<quint64> ids;
    for (int i = 0; i < 4; ++i)
        ids.append(submit(*m_dispatcher, m_client));
    QVERIFY(m_first->claim(ids.at(0)));
    m_first->defer(ids.at(0));
    QVERIFY(m_first->run(ids.at(1)));
    m_dispatcher->workerDied(m_first->childId(), {});
    m_second->join(*m_dispatcher);
    QCOMPARE(m_second->sent(), ids);
}

void TestWorkerDeath::abandonedRequestsEndWithTheWorker()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->run(id));
    m_dispatcher->abandon(id);
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    QVERIFY(!m_client.heardOf(id));
    QVERIFY(m_second->sent().isEmpty());
    QVERIFY(m_dispatcher->isIdle());
}

void TestWorkerDeath::lateFramesAreIgnored()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_first->run(id));
    m_second->join(*m_dispatcher);
    m_dispatcher->workerDied(m_first->childId(), {});
    // The answer of the dead one, after its request has gone to the other.
    m_first->answerPart(id, 2, "xx");
    m_first->sendBodyPart(id, "xx");
    m_first->defer(id);
    m_first->grantBody(id, 100);
    m_first->closeLink();
    QVERIFY(!m_client.heardOf(id));
    QVERIFY(m_second->answer(id, 201));
    QCOMPARE(m_client.of(id).status, 201);

    // Frames for a request that is over, from a worker that lives.
    m_second->answerPart(id, 2, "xx");
    m_second->sendBodyPart(id, "xx");
    QCOMPARE(m_client.of(id).calls, 1);
    QCOMPARE(m_client.of(id).body, QByteArray());
}

void TestWorkerDeath::deathOfAStranger()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    m_dispatcher->workerDied(m_first->childId() + 1000, {});
    QVERIFY(m_first->answer(id));
    QCOMPARE(m_client.of(id).status, 200);
}

void TestWorkerDeath::nobodyLeft()
{
    const quint64 unclaimed = submit(*m_dispatcher, m_client, false);
    m_dispatcher->workerDied(m_first->childId(), {});
    const quint64 later = submit(*m_dispatcher, m_client);
    QVERIFY(later != 0);
    QVERIFY(!m_client.heardOf(unclaimed));
    m_second->setAverage(10us);
    m_second->join(*m_dispatcher);
    QCOMPARE(m_second->sent(), (QList{unclaimed, later}));
}

QTEST_GUILESS_MAIN(TestWorkerDeath)
#include "tst_workerdeath.moc"
