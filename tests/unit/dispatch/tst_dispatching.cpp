#include "fakeworker.h"

#include <QSet>
#include <QSignalSpy>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;

namespace {

DispatchSettings settingsFor(int workerNum)
{
    DispatchSettings settings;
    settings.workerNum = workerNum;
    return settings;
}

} // namespace

/// The ordinary road of a request.
class TestDispatching : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersReachTheirReceivers();
    void headersAndBodyPassThrough();
    void idsAreUniqueAndPositive();
    void ticketNamesTheClaim();
    void queueIsBounded();
    void queueIsBoundedByBytes();
    void queueKeepsItsOrder();
    void slowHandlersGetOneRequest();
    void quickHandlersGetMany();
    void concurrencyIsBounded();
    void deferredRequestsLeaveRoom();
    void workerThatTakesNoBytesGetsNone();
    void requestBodyInParts();
    void responseBodyInParts();
    void creditsReachTheWorker();
    void moreThanTheAnnouncedBody();
    void longAnswerKeepsOthersAway();
    void countersTellWhatIs();
};

void TestDispatching::answersReachTheirReceivers()
{
    Dispatcher dispatcher(settingsFor(2), 0);
    FakeWorker first(FakeWorker::info(0));
    FakeWorker second(FakeWorker::info(1));
    first.join(dispatcher);
    second.join(dispatcher);
    dispatcher.activate(1);
    Client one;
    Client two;
    const quint64 a = submit(dispatcher, one);
    const quint64 b = submit(dispatcher, two);
    QCOMPARE(first.sent(), QList{a});
    QCOMPARE(second.sent(), QList{b});
    QVERIFY(second.answer(b, 201));
    QVERIFY(!one.heardOf(a));
    QVERIFY(first.answer(a, 202));
    QCOMPARE(one.of(a).status, 202);
    QCOMPARE(two.of(b).status, 201);
    QVERIFY(!one.heardOf(b));
    QVERIFY(!two.heardOf(a));
    QVERIFY(dispatcher.isIdle());
}

void TestDispatching::headersAndBodyPassThrough()
{
    Scene scene(settingsFor(1));
    const quint64 id = scene.submitBody("the body");
    QCOMPARE(scene.worker.request(id).body, QByteArray("the body"));
    QVERIFY(scene.worker.answer(id, 404, "no such thing"));
    QCOMPARE(scene.client.of(id).status, 404);
    QCOMPARE(scene.client.of(id).headers, QByteArray("X-Worker: fake\r\n"));
    QCOMPARE(scene.client.of(id).body, QByteArray("no such thing"));
    QCOMPARE(scene.client.of(id).bodyLength, quint64(13));
    QCOMPARE(scene.client.of(id).calls, 1);
}

void TestDispatching::idsAreUniqueAndPositive()
{
    QSet<quint64> ids;
    Client client;
    for (const int reactorId : {0, 1, 127}) {
        Dispatcher dispatcher(settingsFor(1), reactorId);
        for (int i = 0; i < 1000; ++i) {
            const quint64 id = submit(dispatcher, client);
            QVERIFY(qint64(id) > 0);
            QVERIFY(!ids.contains(id));
            ids.insert(id);
            if (i % 2 == 0)
                dispatcher.abandon(id); // its place is used again
        }
    }
}

void TestDispatching::ticketNamesTheClaim()
{
    Dispatcher dispatcher(settingsFor(1), 1);
    FakeWorker worker(FakeWorker::info(0));
    worker.join(dispatcher, 1);
    dispatcher.activate(1);
    Client client;
    const quint64 before = base::nowNanoseconds();
    const quint64 id = submit(dispatcher, client);
    const ipc::ClaimTicket ticket = worker.request(id).ticket;
    QVERIFY(ticket.slot >= ipc::ChildPage::SlotsPerReactor); // the part of reactor 1
    QCOMPARE(worker.page()->claimSlots()[ticket.slot].requestId.load(), id);
    QVERIFY(ticket.dispatchedNs >= before && ticket.dispatchedNs <= base::nowNanoseconds());
}

void TestDispatching::queueIsBounded()
{
    DispatchSettings settings = settingsFor(1);
    settings.queueSize = 3;
    Dispatcher dispatcher(settings, 0);
    Client client;
    for (int i = 0; i < 3; ++i)
        QVERIFY(submit(dispatcher, client) != 0);
    QCOMPARE(submit(dispatcher, client), quint64(0));
    QCOMPARE(dispatcher.counters().refused.load(), quint64(1));

    FakeWorker worker(FakeWorker::info(0));
    worker.join(dispatcher);
    dispatcher.activate(1);
    QVERIFY(submit(dispatcher, client) != 0); // one has left the queue
}

void TestDispatching::queueIsBoundedByBytes()
{
    DispatchSettings settings = settingsFor(1);
    settings.queueBytes = 10'000;
    Dispatcher dispatcher(settings, 0);
    Client client;
    const auto received = std::chrono::steady_clock::now();
    const quint64 first = dispatcher.submit(orderOf(QByteArray(9'000, 'x'), false), received, &client);
    QVERIFY(first != 0);
    QCOMPARE(dispatcher.submit(orderOf(QByteArray(9'000, 'x'), false), received, &client), quint64(0));
    QVERIFY(submit(dispatcher, client) != 0);
    dispatcher.abandon(first);
    QVERIFY(dispatcher.submit(orderOf(QByteArray(9'000, 'x'), false), received, &client) != 0);
}

void TestDispatching::queueKeepsItsOrder()
{
    Dispatcher dispatcher(settingsFor(1), 0);
    Client client;
    QList<quint64> ids;
    for (int i = 0; i < 20; ++i)
        ids.append(submit(dispatcher, client));
    FakeWorker worker(FakeWorker::info(0));
    worker.join(dispatcher);
    dispatcher.activate(1);
    for (const quint64 id : ids)
        QVERIFY(worker.answer(id));
    QCOMPARE(worker.sent(), ids);
    QCOMPARE(client.order(), ids);
}

void TestDispatching::slowHandlersGetOneRequest()
{
    Scene scene(settingsFor(1), 100ms);
    const quint64 first = scene.submit();
    const quint64 second = scene.submit();
    QCOMPARE(scene.worker.sent(), QList{first});
    QVERIFY(scene.worker.answer(first));
    QCOMPARE(scene.worker.sent(), (QList{first, second}));
}

void TestDispatching::quickHandlersGetMany()
{
    Scene scene(settingsFor(1), 10us);
    for (int i = 0; i < 200; ++i)
        QVERIFY(scene.submit() != 0);
    QVERIFY(scene.worker.sent().size() >= 16);
    QVERIFY(scene.worker.sent().size() < 200); // what waits in the master can still go elsewhere
}

void TestDispatching::concurrencyIsBounded()
{
    DispatchSettings settings = settingsFor(1);
    settings.workerMaxConcurrency = 5;
    Scene scene(settings, 1us);
    QList<quint64> ids;
    for (int i = 0; i < 6; ++i) {
        ids.append(scene.submit());
        if (scene.worker.sent().contains(ids.last())) {
            QVERIFY(scene.worker.claim(ids.last()));
            scene.worker.defer(ids.last());
        }
    }
    QCOMPARE(scene.worker.sent(), ids.first(5));
    QVERIFY(scene.worker.answer(ids.at(2)));
    QCOMPARE(scene.worker.sent(), ids);
}

void TestDispatching::deferredRequestsLeaveRoom()
{
    Scene scene(settingsFor(1), 100ms);
    const quint64 first = scene.submit();
    const quint64 second = scene.submit();
    QVERIFY(scene.worker.claim(first));
    scene.worker.defer(first);
    QCOMPARE(scene.worker.sent(), (QList{first, second}));
    QVERIFY(scene.worker.answer(second));
    QVERIFY(scene.worker.answer(first));
    QCOMPARE(scene.client.order(), (QList{second, first}));
    QCOMPARE(scene.worker.page()->masterCounters().inFlight.load(), quint32(0));
}

void TestDispatching::workerThatTakesNoBytesGetsNone()
{
    Dispatcher dispatcher(settingsFor(2), 0);
    FakeWorker clogged(FakeWorker::info(0));
    FakeWorker other(FakeWorker::info(1));
    clogged.setWritable(false);
    clogged.join(dispatcher);
    other.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 first = submit(dispatcher, client);
    const quint64 second = submit(dispatcher, client);
    QCOMPARE(other.sent(), QList{first});
    QVERIFY(other.claim(first));
    clogged.claimAtOnce();
    clogged.setWritable(true);
    QTRY_COMPARE_WITH_TIMEOUT(clogged.sent(), QList{second}, 1000);
}

void TestDispatching::requestBodyInParts()
{
    Scene scene(settingsFor(1));
    QByteArray body;
    for (int i = 0; body.size() < 2 * ipc::RequestCredit; ++i)
        body.append(QByteArray::number(i)).append(' ');
    const quint64 id = scene.submitBody(body);
    QCOMPARE(scene.worker.request(id).body.size(), ipc::MaxBodyPart);
    QVERIFY(scene.worker.claim(id));
    QTRY_COMPARE(scene.worker.request(id).body.size(), ipc::RequestCredit); // and no more without credit
    const auto missing = quint32(body.size() - ipc::RequestCredit);
    scene.worker.grantBody(id, missing - 1);
    QTRY_COMPARE(scene.worker.request(id).body.size(), body.size() - 1);
    scene.worker.grantBody(id, 1);
    QTRY_COMPARE(scene.worker.request(id).body, body);
    scene.worker.grantBody(id, 1); // more than there is
    QVERIFY(scene.worker.answer(id));
    QCOMPARE(scene.client.of(id).status, 200);
}

void TestDispatching::responseBodyInParts()
{
    Scene scene(settingsFor(1));
    const quint64 id = scene.submit();
    scene.worker.answerPart(id, 6, "ab");
    QCOMPARE(scene.client.of(id).bodyLength, quint64(6));
    QVERIFY(!scene.dispatcher.isIdle());
    scene.worker.sendBodyPart(id, "cd");
    scene.worker.sendBodyPart(id, "ef");
    QCOMPARE(scene.client.of(id).body, QByteArray("abcdef"));
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatching::creditsReachTheWorker()
{
    Scene scene(settingsFor(1));
    const quint64 id = scene.submit();
    scene.dispatcher.grant(id, 1); // nothing has come yet that could have left
    QVERIFY(scene.worker.credits().isEmpty());
    scene.worker.answerPart(id, 100, QByteArray(50, 'x'));
    scene.dispatcher.grant(id, 50);
    QCOMPARE(scene.worker.credits(), (QList{std::pair(id, quint32(50))}));
    scene.worker.sendBodyPart(id, QByteArray(50, 'x'));
    scene.dispatcher.grant(id, 50); // its body is complete
    QCOMPARE(scene.worker.credits().size(), 1);
}

void TestDispatching::moreThanTheAnnouncedBody()
{
    Scene scene(settingsFor(1));
    const quint64 id = scene.submit();
    scene.worker.answerPart(id, 4, "ab");
    scene.worker.sendBodyPart(id, "cde");
    QVERIFY(scene.client.of(id).broken);
    QCOMPARE(scene.client.of(id).body, QByteArray("ab"));
    QCOMPARE(scene.worker.cancelled(), QList{id});
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatching::longAnswerKeepsOthersAway()
{
    // Its worker must send the rest: a handler that blocks would stop it.
    Dispatcher dispatcher(settingsFor(2), 0);
    FakeWorker first(FakeWorker::info(0));
    FakeWorker second(FakeWorker::info(1));
    first.setAverage(1us);
    second.setAverage(1us);
    first.join(dispatcher);
    second.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 longOne = submit(dispatcher, client);
    first.answerPart(longOne, 4, "ab");
    const quint64 other = submit(dispatcher, client);
    QCOMPARE(second.sent(), QList{other});
    QVERIFY(second.answer(other));
    first.sendBodyPart(longOne, "cd");
    const quint64 next = submit(dispatcher, client);
    QCOMPARE(first.sent(), (QList{longOne, next}));
}

void TestDispatching::countersTellWhatIs()
{
    Scene scene(settingsFor(1));
    const quint64 first = scene.submit();
    const quint64 second = scene.submit();
    QCOMPARE(scene.dispatcher.counters().requests.load(), quint64(2));
    QCOMPARE(scene.dispatcher.counters().inFlight.load(), quint64(2));
    QCOMPARE(scene.dispatcher.counters().queued.load(), quint64(1));
    QVERIFY(scene.worker.answer(first));
    QVERIFY(scene.worker.answer(second));
    QCOMPARE(scene.dispatcher.counters().inFlight.load(), quint64(0));
    QCOMPARE(scene.dispatcher.counters().queued.load(), quint64(0));
}

QTEST_GUILESS_MAIN(TestDispatching)
#include "tst_dispatching.moc"
