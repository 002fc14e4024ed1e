#include "fakeworker.h"

#include <QSignalSpy>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;

/// Requests that nobody waits for any more, and requests that take too long, in each of their states. One worker.
class TestDeadlines : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void abandonedInTheQueue();
    void abandonedWhenSent();
    void abandonedWhenClaimed();
    void abandonedWhenDeferred();
    void abandonedWhileAnswering();
    void abandonedOrGrantedTooLate();
    void overdueInTheQueue();
    void overdueWhenSent();
    void overdueWhenClaimed();
    void overdueWhenDeferred();
    void answeringIsNotOverdue();
    void onlyTheOverdue();
    void stuckHandlerIsReported();
    void stuckHandlerOfAnAbandonedRequest();
    void stuckLoopIsReported();
    void noDeadlines();

private:
    /// A request that came \a age ago.
    quint64 submitOld(std::chrono::milliseconds age);

    static constexpr std::chrono::milliseconds Timeout = 10s;
    std::unique_ptr<Dispatcher> m_dispatcher;
    std::unique_ptr<FakeWorker> m_worker;
    std::unique_ptr<QSignalSpy> m_stuck;
    Client m_client;
};

void TestDeadlines::init()
{
    DispatchSettings settings;
    settings.requestTimeout = Timeout;
    m_dispatcher = std::make_unique<Dispatcher>(settings, 0);
    m_stuck = std::make_unique<QSignalSpy>(m_dispatcher.get(), &Dispatcher::workerStuck);
    m_worker = std::make_unique<FakeWorker>(FakeWorker::info(0));
    m_worker->join(*m_dispatcher);
    m_dispatcher->activate(1);
}

void TestDeadlines::cleanup()
{
    m_client = {}; // it holds memory of the dispatcher's
    m_dispatcher.reset();
}

quint64 TestDeadlines::submitOld(std::chrono::milliseconds age)
{
    return m_dispatcher->submit(orderOf(), std::chrono::steady_clock::now() - age, &m_client);
}

void TestDeadlines::abandonedInTheQueue()
{
    const quint64 first = submit(*m_dispatcher, m_client);
    const quint64 queued = submit(*m_dispatcher, m_client);
    m_dispatcher->abandon(queued);
    QCOMPARE(m_dispatcher->counters().queued.load(), quint64(0));
    QVERIFY(m_worker->answer(first));
    QCOMPARE(m_worker->sent(), QList{first});
    QVERIFY(!m_client.heardOf(queued));
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::abandonedWhenSent()
{
    const quint64 sent = submit(*m_dispatcher, m_client);
    const quint64 next = submit(*m_dispatcher, m_client);
    m_dispatcher->abandon(sent);
    QVERIFY(!m_worker->answer(sent)); // it meets the request and drops it
    QCOMPARE(m_worker->sent(), (QList{sent, next}));
    QVERIFY(m_worker->answer(next));
    QVERIFY(!m_client.heardOf(sent));
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::abandonedWhenClaimed()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_worker->run(id));
    m_dispatcher->abandon(id);
    QCOMPARE(m_worker->cancelled(), QList{id});
    const quint64 next = submit(*m_dispatcher, m_client);
    QCOMPARE(m_worker->sent(), QList{id}); // its handler still runs
    QVERIFY(m_worker->answer(id));
    QVERIFY(!m_client.heardOf(id));
    QVERIFY(m_worker->answer(next));
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::abandonedWhenDeferred()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_worker->claim(id));
    m_worker->defer(id);
    m_dispatcher->abandon(id);
    QCOMPARE(m_worker->cancelled(), QList{id});
    QVERIFY(m_worker->answer(id, 504)); // how a worker confirms the Cancel
    QVERIFY(!m_client.heardOf(id));
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::abandonedWhileAnswering()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    m_worker->answerPart(id, 10, "half");
    m_dispatcher->abandon(id);
    QCOMPARE(m_worker->cancelled(), QList{id});
    QVERIFY(m_dispatcher->isIdle());
    m_worker->sendBodyPart(id, "more"); // was on its way
    QCOMPARE(m_client.of(id).body, QByteArray("half"));
    // The answer that comes for an abandoned request is not taken to its end either.
    const quint64 next = submit(*m_dispatcher, m_client);
    QVERIFY(m_worker->run(next));
    m_dispatcher->abandon(next);
    m_worker->answerPart(next, 10, "half");
    QCOMPARE(m_worker->cancelled(), (QList{id, next, next}));
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::abandonedOrGrantedTooLate()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_worker->answer(id));
    m_dispatcher->abandon(id);
    m_dispatcher->grant(id, 100);
    m_dispatcher->abandon(0);
    QVERIFY(m_worker->cancelled().isEmpty());
    QVERIFY(m_worker->credits().isEmpty());
    QVERIFY(m_dispatcher->isIdle());
    QCOMPARE(m_dispatcher->counters().inFlight.load(), quint64(0));
}

void TestDeadlines::overdueInTheQueue()
{
    m_dispatcher->workerDied(m_worker->childId(), {});
    const quint64 id = submitOld(Timeout);
    QTRY_COMPARE(m_client.of(id).failedWith, 504);
    QCOMPARE(m_dispatcher->counters().queued.load(), quint64(0));
    QCOMPARE(m_dispatcher->counters().expired.load(), quint64(1));
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::overdueWhenSent()
{
    const quint64 id = submitOld(Timeout);
    QCOMPARE(m_worker->sent(), QList{id});
    QTRY_COMPARE(m_client.of(id).failedWith, 504);
    QVERIFY(!m_worker->answer(id));
    QCOMPARE(m_client.of(id).calls, 1);
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::overdueWhenClaimed()
{
    const quint64 id = submitOld(Timeout);
    QVERIFY(m_worker->run(id));
    QTRY_COMPARE(m_client.of(id).failedWith, 504);
    QCOMPARE(m_worker->cancelled(), QList{id});
    QVERIFY(!m_dispatcher->isIdle()); // its handler still runs
    QVERIFY(m_worker->answer(id));
    QCOMPARE(m_client.of(id).calls, 1);
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::overdueWhenDeferred()
{
    const quint64 id = submitOld(Timeout);
    QVERIFY(m_worker->claim(id));
    m_worker->defer(id);
    QTRY_COMPARE(m_client.of(id).failedWith, 504);
    QCOMPARE(m_worker->cancelled(), QList{id});
    QVERIFY(m_worker->answer(id, 504));
    QCOMPARE(m_client.of(id).calls, 1);
    QCOMPARE(m_stuck->size(), 0);
    QVERIFY(m_dispatcher->isIdle());
}

void TestDeadlines::answeringIsNotOverdue()
{
    m_worker->setAverage(1us);
    const quint64 answering = submitOld(Timeout);
    m_worker->answerPart(answering, 4, "ab");
    const quint64 overdue = submitOld(Timeout);
    QTRY_COMPARE(m_client.of(overdue).failedWith, 504); // deadlines were looked at
    m_worker->sendBodyPart(answering, "cd");
    QCOMPARE(m_client.of(answering).body, QByteArray("abcd"));
    QCOMPARE(m_client.of(answering).failedWith, 0);
}

void TestDeadlines::onlyTheOverdue()
{
    m_worker->setAverage(1us);
    m_worker->claimAtOnce();
    const quint64 overdue = submitOld(Timeout);
    const quint64 young = submitOld(Timeout / 2);
    QTRY_COMPARE(m_client.of(overdue).failedWith, 504);
    QVERIFY(!m_client.heardOf(young));
    QVERIFY(m_worker->answer(young));
    QCOMPARE(m_client.of(young).status, 200);
}

void TestDeadlines::stuckHandlerIsReported()
{
    const quint64 id = submitOld(Timeout);
    QVERIFY(m_worker->run(id, 2));
    m_worker->counters().currentSinceNs = base::nowNanoseconds() - base::toNanoseconds(base::MonotonicTime(Timeout));
    QTRY_VERIFY(m_stuck->size() > 0);
    QCOMPARE(m_stuck->first().at(0).toULongLong(), m_worker->childId());
    QVERIFY2(m_stuck->first().at(1).toString().contains(u"POST /b"), qPrintable(m_stuck->first().at(1).toString()));
    QTRY_COMPARE(m_client.of(id).failedWith, 504);
}

void TestDeadlines::stuckHandlerOfAnAbandonedRequest()
{
    const quint64 id = submit(*m_dispatcher, m_client);
    QVERIFY(m_worker->run(id));
    m_dispatcher->abandon(id);
    m_worker->counters().currentSinceNs = base::nowNanoseconds() - base::toNanoseconds(base::MonotonicTime(Timeout));
    QTRY_VERIFY(m_stuck->size() > 0);
}

void TestDeadlines::stuckLoopIsReported()
{
    DispatchSettings settings;
    settings.requestTimeout = 100ms;
    Dispatcher dispatcher(settings, 0);
    QSignalSpy stuck(&dispatcher, &Dispatcher::workerStuck);
    FakeWorker worker(FakeWorker::info(0));
    worker.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    // Requests keep coming, or nobody would care.
    const auto stuckAfterAnother = [&] {
        submit(dispatcher, client);
        return stuck.size() > 0;
    };
    QTRY_VERIFY(stuckAfterAnother());
    QCOMPARE(stuck.first().at(0).toULongLong(), worker.childId());
    QCOMPARE(worker.sent().size(), 1);
}

void TestDeadlines::noDeadlines()
{
    DispatchSettings settings;
    settings.requestTimeout = 0ms;
    Dispatcher dispatcher(settings, 0);
    FakeWorker stopped(FakeWorker::info(0));
    stopped.join(dispatcher);
    dispatcher.activate(1);
    const quint64 id = dispatcher.submit(orderOf(), std::chrono::steady_clock::now() - 24h, &m_client);
    QTRY_COMPARE(dispatcher.counters().queued.load(), quint64(1)); // the watch has looked at it
    QVERIFY(!m_client.heardOf(id));
}

QTEST_GUILESS_MAIN(TestDeadlines)
#include "tst_deadlines.moc"
