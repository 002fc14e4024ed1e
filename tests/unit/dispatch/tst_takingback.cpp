#include "fakeworker.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;

namespace {

DispatchSettings twoWorkers()
{
    DispatchSettings settings;
    settings.workerNum = 2;
    return settings;
}

/// What a request stuck behind another may wait, in milliseconds; machines under test are slow.
constexpr int promptly = 250;

} // namespace

/// Requests that leave a worker before it has begun them; workers that are retired; several reactors for one worker.
class TestTakingBack : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stuckBehindASlowHandler();
    void stuckBehindAHandlerThatWaitsForItsClient();
    void stuckInAStoppedWorker();
    void stoppedWorkerWorksAgain();
    void takenBackKeepTheirOrder();
    void takenBackGoesBackWhenNobodyElseIsThere();
    void partsOfABodyAreWithdrawn();
    void longBodyOnItsWayIsNotTakenBack();
    void takenBackLessAndLessOften();
    void drainedWorkerHandsOverItsAnswers();
    void workAfterTheAnswerIsNotStuck();
    void drainedWithNothingToDo();
    void drainedAfterTheLastAnswer();
    void drainedAfterAnAbandonedRequest();
    void drainingWorkerDies();
    void generations();
    void unavailable();
    void otherReactorsWork();
    void otherReactorsLongHandler();
};

void TestTakingBack::stuckBehindASlowHandler()
{
    Dispatcher dispatcher(twoWorkers(), 0);
    FakeWorker first(FakeWorker::info(0));
    FakeWorker second(FakeWorker::info(1));
    first.setAverage(10us); // quick until now
    first.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 slow = submit(dispatcher, client);
    const quint64 stuck = submit(dispatcher, client);
    QCOMPARE(first.sent(), (QList{slow, stuck}));
    second.claimAtOnce();
    second.join(dispatcher);
    QVERIFY(first.run(slow));
    QTRY_COMPARE_WITH_TIMEOUT(second.sent(), QList{stuck}, promptly);
    QVERIFY(second.answer(stuck));
    QCOMPARE(client.of(stuck).status, 200);

    QVERIFY(!first.answer(stuck)); // the worker meets it and sees that it was taken back
    QVERIFY(first.answer(slow));
    QCOMPARE(client.of(slow).status, 200);
    QCOMPARE(client.of(stuck).calls, 1);
    // It may have requests again.
    const quint64 next = submit(dispatcher, client);
    QVERIFY(first.answer(next));
}

void TestTakingBack::stuckBehindAHandlerThatWaitsForItsClient()
{
    // Its stream makes progress all the time; what is behind it does not.
    Dispatcher dispatcher(twoWorkers(), 0);
    FakeWorker first(FakeWorker::info(0));
    FakeWorker second(FakeWorker::info(1));
    first.setAverage(10us);
    second.setAverage(10us);
    first.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 streamed = submit(dispatcher, client);
    const quint64 stuck = submit(dispatcher, client);
    second.join(dispatcher);
    QVERIFY(first.run(streamed));
    first.beginStream(streamed);
    const auto writeOn = [&first, streamed] {
        first.counters().currentSinceNs = base::nowNanoseconds();
        first.sendBodyPart(streamed, "part");
    };
    const QDeadlineTimer deadline(promptly);
    while (second.sent() != QList{stuck} && !deadline.hasExpired()) {
        writeOn();
        QCoreApplication::processEvents();
    }
    QCOMPARE(second.sent(), QList{stuck});
    // Nor is it sent anything new before its handler has ended.
    for (int i = 0; i < 5; ++i) {
        writeOn();
        QVERIFY(!first.sent().contains(submit(dispatcher, client)));
    }
}

void TestTakingBack::stuckInAStoppedWorker()
{
    Dispatcher dispatcher(twoWorkers(), 0);
    FakeWorker stopped(FakeWorker::info(0));
    FakeWorker other(FakeWorker::info(1));
    stopped.setAverage(10us);
    stopped.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 a = submit(dispatcher, client);
    const quint64 b = submit(dispatcher, client, false);
    other.setAverage(10us);
    other.join(dispatcher);
    QTRY_COMPARE_WITH_TIMEOUT(other.sent(), (QList{a, b}), promptly);
    // While it stands still it gets nothing more.
    for (int i = 0; i < 5; ++i) {
        const quint64 id = submit(dispatcher, client);
        QVERIFY(!stopped.sent().contains(id));
    }
}

void TestTakingBack::stoppedWorkerWorksAgain()
{
    Scene scene(twoWorkers());
    const quint64 id = scene.submit();
    QTRY_COMPARE_WITH_TIMEOUT(scene.dispatcher.counters().queued.load(), quint64(1), promptly);
    scene.worker.claimAtOnce();
    QVERIFY(!scene.worker.claim(id)); // it goes on, meets the request and drops it: its loop has turned
    QTRY_COMPARE_WITH_TIMEOUT(scene.worker.sent(), (QList{id, id}), promptly);
    QVERIFY(scene.worker.answer(id));
    QCOMPARE(scene.client.of(id).status, 200);
}

void TestTakingBack::takenBackKeepTheirOrder()
{
    Scene scene(twoWorkers(), 10us);
    QList<quint64> ids;
    for (int i = 0; i < 6; ++i)
        ids.append(scene.submit());
    QVERIFY(scene.worker.run(ids.takeFirst()));
    QTRY_COMPARE_WITH_TIMEOUT(scene.dispatcher.counters().queued.load(), quint64(5), promptly);
    ids.append(scene.submit()); // a newer one waits behind them
    FakeWorker second(FakeWorker::info(1));
    second.setAverage(10us);
    second.join(scene.dispatcher);
    QCOMPARE(second.sent(), ids);
}

void TestTakingBack::takenBackGoesBackWhenNobodyElseIsThere()
{
    Scene scene(twoWorkers(), 10us);
    const quint64 slow = scene.submit();
    const quint64 stuck = scene.submit();
    QVERIFY(scene.worker.run(slow));
    scene.worker.claimAtOnce();
    QTRY_COMPARE_WITH_TIMEOUT(scene.dispatcher.counters().queued.load(), quint64(1), promptly);
    QVERIFY(scene.worker.answer(slow));
    QTRY_COMPARE_WITH_TIMEOUT(scene.worker.sent(), (QList{slow, stuck, stuck}), promptly);
    QVERIFY(scene.worker.answer(stuck));
    QCOMPARE(scene.client.of(stuck).status, 200);
}

void TestTakingBack::partsOfABodyAreWithdrawn()
{
    // Without a Cancel the worker would keep the parts it has for ever.
    Scene scene(twoWorkers());
    const QByteArray body(4 * ipc::RequestCredit, 'x');
    const quint64 moved = scene.submitBody(body);
    QTRY_COMPARE_WITH_TIMEOUT(scene.worker.cancelled(), QList{moved}, promptly); // it does not begin
    FakeWorker second(FakeWorker::info(1));
    second.join(scene.dispatcher);
    QCOMPARE(second.sent(), QList{moved});
    scene.dispatcher.abandon(moved);
    QCOMPARE(second.cancelled(), QList{moved});
    QVERIFY(scene.dispatcher.isIdle());
}

void TestTakingBack::longBodyOnItsWayIsNotTakenBack()
{
    Scene scene(twoWorkers());
    const QByteArray body(4 * ipc::RequestCredit, 'x');
    const quint64 id = scene.submitBody(body);
    // The worker takes it piece by piece, and does nothing else that shows.
    const QDeadlineTimer uploading(8 * Dispatcher::StartLimit);
    while (!uploading.hasExpired()) {
        scene.worker.grantBody(id, 1);
        QCoreApplication::processEvents();
    }
    QVERIFY(scene.dispatcher.counters().redispatched.load() <= 1); // one for a machine that stands still
    QVERIFY(scene.worker.answer(id));
    QCOMPARE(scene.client.of(id).status, 200);
}

void TestTakingBack::takenBackLessAndLessOften()
{
    // A worker that needs long to begin is given the time in the end.
    Scene scene(twoWorkers());
    QElapsedTimer time;
    time.start();
    const quint64 id = scene.submit();
    const auto lookAgain = [&] {
        scene.worker.counters().loopTurns.fetch_add(1); // it turns now and then: the request comes again
        return scene.dispatcher.counters().redispatched.load() >= 4;
    };
    QTRY_VERIFY(lookAgain());
    QVERIFY(time.elapsed() >= (1 + 2 + 4 + 8) * Dispatcher::StartLimit.count());
    scene.dispatcher.abandon(id);
}

void TestTakingBack::drainedWorkerHandsOverItsAnswers()
{
    Scene scene(twoWorkers());
    scene.worker.setAverage(10us);
    const quint64 answered = scene.submit();
    const quint64 begun = scene.submit();
    scene.worker.answerPart(answered, 10'000'000, "ab");
    QVERIFY(scene.worker.claim(begun));
    QCOMPARE(scene.client.of(answered).leaves, 0);
    QVERIFY(!scene.worker.isLeaving());
    // Each receiver is told once, and asks for what it can take.
    scene.dispatcher.drain(scene.worker.childId());
    QCOMPARE(scene.client.of(answered).leaves, 1);
    QVERIFY(scene.worker.isLeaving());
    scene.worker.answerPart(begun, 5'000'000, "abc");
    QCOMPARE(scene.client.of(begun).leaves, 1);
    scene.dispatcher.grant(begun, 4'999'997);
    QCOMPARE(scene.worker.credits(), (QList<std::pair<quint64, quint32>>{{begun, 4'999'997}}));
}

void TestTakingBack::workAfterTheAnswerIsNotStuck()
{
    // A handler has answered early and goes on: its slot belongs to the next request already.
    Scene scene(twoWorkers());
    QSignalSpy stuck(&scene.dispatcher, &Dispatcher::workerStuck);
    const quint64 first = scene.submit();
    QVERIFY(scene.worker.run(first));
    const quint32 slot = scene.worker.request(first).ticket.slot;
    QVERIFY(scene.worker.answer(first));
    scene.worker.counters().currentSlot = slot; // since when, is still told by the child itself
    const quint64 second = scene.submit();
    QCOMPARE(scene.worker.request(second).ticket.slot, slot);
    QTRY_COMPARE_WITH_TIMEOUT(scene.dispatcher.counters().queued.load(), quint64(1),
                              promptly); // the watch has looked at it
    QCOMPARE(stuck.size(), 0);
}

void TestTakingBack::drainedWithNothingToDo()
{
    Scene scene(twoWorkers());
    QSignalSpy drained(&scene.dispatcher, &Dispatcher::workerDrained);
    scene.dispatcher.drain(scene.worker.childId());
    QCOMPARE(drained.size(), 1); // the supervisor counts one for each reactor
    QCOMPARE(drained.first().first().toULongLong(), scene.worker.childId());
}

void TestTakingBack::drainedAfterTheLastAnswer()
{
    Dispatcher dispatcher(twoWorkers(), 0);
    QSignalSpy drained(&dispatcher, &Dispatcher::workerDrained);
    FakeWorker old(FakeWorker::info(0));
    FakeWorker fresh(FakeWorker::info(0, 2));
    old.setAverage(10us);
    old.join(dispatcher);
    fresh.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 running = submit(dispatcher, client);
    const quint64 streaming = submit(dispatcher, client);
    const quint64 unclaimed = submit(dispatcher, client);
    QVERIFY(old.claim(running));
    old.answerPart(streaming, 4, "ab");
    dispatcher.activate(2);
    dispatcher.drain(old.childId());
    QCOMPARE(fresh.sent(), QList{unclaimed});
    QVERIFY(old.answer(running));
    QCOMPARE(drained.size(), 0);
    old.sendBodyPart(streaming, "cd");
    QCOMPARE(drained.size(), 1);
    QCOMPARE(client.of(streaming).body, QByteArray("abcd"));
    dispatcher.workerDied(old.childId(), {});
    QCOMPARE(drained.size(), 1);
}

void TestTakingBack::drainedAfterAnAbandonedRequest()
{
    Scene scene(twoWorkers());
    QSignalSpy drained(&scene.dispatcher, &Dispatcher::workerDrained);
    const quint64 id = scene.submit();
    QVERIFY(scene.worker.claim(id));
    scene.dispatcher.drain(scene.worker.childId());
    scene.dispatcher.abandon(id);
    QCOMPARE(drained.size(), 0); // its handler still runs
    QVERIFY(scene.worker.answer(id));
    QCOMPARE(drained.size(), 1);
}

void TestTakingBack::drainingWorkerDies()
{
    Dispatcher dispatcher(twoWorkers(), 0);
    FakeWorker old(FakeWorker::info(0));
    FakeWorker fresh(FakeWorker::info(0, 2));
    old.join(dispatcher);
    fresh.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 id = submit(dispatcher, client);
    QVERIFY(old.run(id));
    dispatcher.activate(2);
    dispatcher.drain(old.childId());
    QVERIFY(fresh.sent().isEmpty());
    dispatcher.workerDied(old.childId(), {});
    QCOMPARE(fresh.sent(), QList{id});
}

void TestTakingBack::generations()
{
    Dispatcher dispatcher(twoWorkers(), 0);
    FakeWorker old(FakeWorker::info(0, 1));
    FakeWorker fresh(FakeWorker::info(0, 2));
    old.setAverage(10us);
    fresh.setAverage(10us);
    Client client;
    old.join(dispatcher);
    const quint64 first = submit(dispatcher, client);
    QVERIFY(old.sent().isEmpty()); // its generation does not serve yet
    dispatcher.activate(1);
    QCOMPARE(old.sent(), QList{first});
    fresh.join(dispatcher);
    const quint64 second = submit(dispatcher, client);
    dispatcher.activate(2);
    const quint64 third = submit(dispatcher, client);
    QCOMPARE(old.sent(), (QList{first, second}));
    QCOMPARE(fresh.sent(), QList{third});
    // A worker that is replaced within the generation that serves works at once.
    FakeWorker replacement(FakeWorker::info(0, 2));
    dispatcher.workerDied(fresh.childId(), {});
    replacement.join(dispatcher);
    QCOMPARE(replacement.sent(), QList{third});
    QVERIFY(old.answer(first));
    QVERIFY(old.answer(second));
    QCOMPARE(client.of(second).status, 200);
}

void TestTakingBack::unavailable()
{
    Scene scene(twoWorkers());
    const quint64 begun = scene.submit();
    const quint64 waiting = scene.submit();
    scene.dispatcher.setAvailable(false);
    QCOMPARE(scene.client.of(waiting).failedWith, 503);
    QVERIFY(!scene.client.heardOf(begun));
    QCOMPARE(scene.submit(), quint64(0));
    QVERIFY(scene.worker.answer(begun));
    QCOMPARE(scene.client.of(begun).status, 200);
    scene.dispatcher.setAvailable(true);
    const quint64 next = scene.submit();
    QVERIFY(scene.worker.answer(next));
}

void TestTakingBack::otherReactorsWork()
{
    // Two reactors share one worker with slow handlers: neither waits for news that only the other gets.
    Dispatcher one(twoWorkers(), 0);
    Dispatcher two(twoWorkers(), 1);
    const dispatch::WorkerInfo info = FakeWorker::info(0);
    FakeWorker seenByOne(info);
    FakeWorker seenByTwo(info, seenByOne.page());
    seenByOne.setAverage(5ms);
    seenByOne.join(one, 0);
    seenByTwo.join(two, 1);
    one.activate(1);
    two.activate(1);
    Client client;
    const quint64 first = submit(one, client);
    const quint64 waiting = submit(two, client);
    QCOMPARE(seenByOne.sent(), QList{first});
    seenByTwo.claimAtOnce();
    QVERIFY(seenByOne.answer(first));
    QTRY_COMPARE_WITH_TIMEOUT(seenByTwo.sent(), QList{waiting}, promptly);
}

void TestTakingBack::otherReactorsLongHandler()
{
    Dispatcher one(twoWorkers(), 0);
    Dispatcher two(twoWorkers(), 1);
    const dispatch::WorkerInfo info = FakeWorker::info(0);
    FakeWorker seenByOne(info);
    FakeWorker seenByTwo(info, seenByOne.page());
    seenByOne.setAverage(10us);
    seenByOne.join(one, 0);
    seenByTwo.join(two, 1);
    one.activate(1);
    two.activate(1);
    Client client;
    const quint64 slow = submit(one, client);
    QVERIFY(seenByOne.run(slow));
    const quint64 stuck = submit(two, client);
    QCOMPARE(seenByTwo.sent(), QList{stuck});
    QTRY_COMPARE_WITH_TIMEOUT(two.counters().queued.load(), quint64(1), promptly);
    // The handler ends; nothing tells the second reactor but what it sees in the shared page.
    seenByTwo.claimAtOnce();
    QVERIFY(seenByOne.answer(slow));
    QTRY_COMPARE_WITH_TIMEOUT(seenByTwo.sent(), (QList{stuck, stuck}), promptly);
}

QTEST_GUILESS_MAIN(TestTakingBack)
#include "tst_takingback.moc"
