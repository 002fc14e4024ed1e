#include "fakeworker.h"

#include "dispatch/streamingroutes.h"

#include <QSignalSpy>
#include <QTest>
#include <QTimer>

using namespace Quern;
using namespace DispatchTest;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;
using dispatch::StreamingRoutes;

namespace {

quint64 submitStreamed(Scene &scene, const QByteArray &begun = {})
{
    dispatch::RequestOrder order = orderOf(begun, false);
    order.isStreamed = true;
    return scene.dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &scene.client);
}

} // namespace

/// Bodies of unknown length, both ways.
class TestDispatchStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bodyWaitsForCredit();
    void endFollowsTheLastByte();
    void endOfABodyThatCameWhole();
    void takenBackBeforeItWasBegun();
    void notRunAgain();
    void abandonedInTheMiddle();
    void progressPutsTheDeadlineOff();
    void answerEnds();
    void answerIsBrokenOff();
    void workerDiesInTheMiddleOfAnAnswer();
    void answerShorterThanAnnounced();
    void errorsAndFilesCrossAsAWhole_data();
    void errorsAndFilesCrossAsAWhole();
    void abandonedAnswer();
    void wholeAnswerDoesNotEndTwice();
    void creditIsScantWhenMemoryIs();
    void memoryIsGivenBack();
    void slowReadersHoldNoPlace();
    void routesThatStream();
    void routesThatStreamInOneOfTwoGenerations();
};

void TestDispatchStreams::bodyWaitsForCredit()
{
    Scene scene({}, 10us);
    const quint64 id = submitStreamed(scene, "first");
    QCOMPARE(scene.worker.request(id).body, QByteArray("first"));
    scene.dispatcher.appendBody(id, QByteArray(100'000, 'x'));
    QCOMPARE(scene.worker.request(id).body, QByteArray("first"));
    QCOMPARE(scene.dispatcher.bodyWaiting(id), qsizetype(100'000));
    QVERIFY(scene.worker.claim(id));
    scene.worker.grantBody(id, 70'000);
    QCOMPARE(scene.worker.request(id).body.size(), qsizetype(70'005));
    QCOMPARE(scene.client.of(id).bodyProgress, 1);
    scene.worker.grantBody(id, 50'000);
    QCOMPARE(scene.dispatcher.bodyWaiting(id), qsizetype(0));
    scene.dispatcher.appendBody(id, QByteArray(20'000, 'y'));
    QCOMPARE(scene.worker.request(id).body.size(), qsizetype(120'005));
    QVERIFY(scene.worker.endedBodies().isEmpty());
}

void TestDispatchStreams::endFollowsTheLastByte()
{
    Scene scene({}, 10us);
    const quint64 id = submitStreamed(scene);
    scene.dispatcher.appendBody(id, "abc");
    scene.dispatcher.endBody(id, "t: u\r\n");
    QVERIFY(scene.worker.endedBodies().isEmpty());
    QVERIFY(scene.worker.claim(id));
    scene.worker.grantBody(id, 2);
    QVERIFY(scene.worker.endedBodies().isEmpty());
    scene.worker.grantBody(id, 2);
    QCOMPARE(scene.worker.request(id).body, QByteArray("abc"));
    QCOMPARE(scene.worker.endedBodies(), (QList<std::pair<quint64, QByteArray>>{{id, "t: u\r\n"}}));
}

void TestDispatchStreams::endOfABodyThatCameWhole()
{
    Scene scene({}, 10us);
    const quint64 id = submitStreamed(scene, "all");
    scene.dispatcher.endBody(id, {});
    QCOMPARE(scene.worker.endedBodies().size(), 1);
    QVERIFY(scene.worker.answer(id));
    QCOMPARE(scene.client.of(id).status, 200);
}

void TestDispatchStreams::takenBackBeforeItWasBegun()
{
    Scene scene({}, 10us);
    const quint64 id = submitStreamed(scene, "first");
    scene.dispatcher.appendBody(id, "more");
    scene.dispatcher.endBody(id, {});
    scene.dispatcher.drain(scene.worker.childId());
    FakeWorker second(FakeWorker::info(1));
    second.setAverage(10us);
    second.join(scene.dispatcher);
    QCOMPARE(second.sent(), QList<quint64>{id});
    QVERIFY(second.claim(id));
    second.grantBody(id, 100);
    QCOMPARE(second.request(id).body, QByteArray("firstmore"));
    QCOMPARE(second.endedBodies().size(), 1);
}

void TestDispatchStreams::notRunAgain()
{
    Scene scene({}, 10us);
    dispatch::RequestOrder order = orderOf({}, true);
    order.isStreamed = true;
    const quint64 id = scene.dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &scene.client);
    QVERIFY(scene.worker.claim(id));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("answered 502")));
    scene.dispatcher.workerDied(scene.worker.childId(), {});
    QCOMPARE(scene.client.of(id).failedWith, 502);
}

void TestDispatchStreams::abandonedInTheMiddle()
{
    Scene scene({}, 10us);
    const quint64 id = submitStreamed(scene);
    QVERIFY(scene.worker.claim(id));
    scene.worker.grantBody(id, 100);
    scene.dispatcher.abandon(id);
    QCOMPARE(scene.worker.cancelled(), QList<quint64>{id});
    scene.dispatcher.appendBody(id, "late"); // nobody minds
    QVERIFY(scene.worker.answer(id, 504));
    QCOMPARE(scene.client.of(id).calls, 0);
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatchStreams::progressPutsTheDeadlineOff()
{
    DispatchSettings settings;
    settings.requestTimeout = 300ms;
    Scene scene(settings, 10us);
    const quint64 id = submitStreamed(scene);
    QVERIFY(scene.worker.claim(id));
    scene.worker.grantBody(id, 1000);
    const auto begun = std::chrono::steady_clock::now();
    QTimer feed;
    connect(&feed, &QTimer::timeout, this, [&] {
        if (std::chrono::steady_clock::now() < begun + 900ms)
            scene.dispatcher.appendBody(id, "x");
    });
    feed.start(20);
    QTRY_COMPARE_WITH_TIMEOUT(scene.client.of(id).failedWith, 504, 20000);
    QVERIFY(std::chrono::steady_clock::now() >= begun + 900ms);
}

void TestDispatchStreams::answerEnds()
{
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.beginStream(id);
    scene.worker.sendBodyPart(id, "ab");
    scene.worker.sendBodyPart(id, "cd");
    QVERIFY(!scene.client.of(id).ended);
    scene.worker.endStream(id, "t: u\r\n");
    QVERIFY(scene.client.of(id).ended);
    QCOMPARE(scene.client.of(id).body, QByteArray("abcd"));
    QCOMPARE(scene.client.of(id).trailers, QByteArray("t: u\r\n"));
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatchStreams::answerIsBrokenOff()
{
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.beginStream(id, 10);
    scene.worker.abortStream(id);
    QVERIFY(scene.client.of(id).broken);
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatchStreams::workerDiesInTheMiddleOfAnAnswer()
{
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.beginStream(id);
    scene.dispatcher.workerDied(scene.worker.childId(), {});
    QVERIFY(scene.client.of(id).broken);
}

void TestDispatchStreams::answerShorterThanAnnounced()
{
    // Its client would take the next answer for the rest of this one.
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.beginStream(id, 10);
    scene.worker.sendBodyPart(id, "four");
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("less of an answer than announced")));
    scene.worker.endStream(id);
    QVERIFY(scene.client.of(id).broken);
    QVERIFY(!scene.client.of(id).ended);
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatchStreams::errorsAndFilesCrossAsAWhole_data()
{
    QTest::addColumn<ipc::ResponseKind>("kind");
    QTest::newRow("error") << ipc::ResponseKind::Error;
    QTest::newRow("file") << ipc::ResponseKind::File;
}

void TestDispatchStreams::errorsAndFilesCrossAsAWhole()
{
    QFETCH(const ipc::ResponseKind, kind);
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.answerPart(id, 1000, "a part", kind);
    QCOMPARE(scene.client.of(id).failedWith, 500);
    QCOMPARE(scene.client.of(id).calls, 1);
    QCOMPARE(scene.worker.cancelled(), QList{id});
    scene.worker.sendBodyPart(id, "more");
    QCOMPARE(scene.client.of(id).calls, 1);
    QVERIFY(scene.dispatcher.isIdle());
    const quint64 next = scene.submit();
    QVERIFY(scene.worker.answer(next));
}

void TestDispatchStreams::abandonedAnswer()
{
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.beginStream(id);
    scene.dispatcher.abandon(id);
    QCOMPARE(scene.worker.cancelled(), QList<quint64>{id});
    scene.worker.sendBodyPart(id, "late");
    scene.worker.endStream(id);
    QVERIFY(!scene.client.of(id).ended);
    QVERIFY(scene.dispatcher.isIdle());
}

void TestDispatchStreams::wholeAnswerDoesNotEndTwice()
{
    Scene scene({}, 10us);
    const quint64 id = scene.submit();
    scene.worker.answerPart(id, 4, "ab");
    scene.worker.endStream(id); // a worker that is confused
    QVERIFY(!scene.client.of(id).ended);
    scene.worker.sendBodyPart(id, "cd");
    QCOMPARE(scene.client.of(id).body, QByteArray("abcd"));
}

void TestDispatchStreams::creditIsScantWhenMemoryIs()
{
    DispatchSettings settings;
    settings.outputBudget = std::make_shared<dispatch::OutputBudget>(ipc::AmpleResponseCredit + 10);
    Scene scene(settings, 10us);
    const quint64 first = scene.submit(), second = scene.submit();
    QCOMPARE(scene.worker.request(first).ticket.responseCredit, quint32(ipc::AmpleResponseCredit));
    QCOMPARE(scene.worker.request(second).ticket.responseCredit, quint32(ipc::ScantResponseCredit));
}

void TestDispatchStreams::memoryIsGivenBack()
{
    DispatchSettings settings;
    settings.outputBudget = std::make_shared<dispatch::OutputBudget>(3 * ipc::AmpleResponseCredit);
    Scene scene(settings, 10us);
    const qint64 all = settings.outputBudget->left();
    const quint64 answered = scene.submit();
    QVERIFY(settings.outputBudget->left() < all);
    QVERIFY(scene.worker.answer(answered));
    // The receiver has taken it over, until its client has the answer.
    QVERIFY(settings.outputBudget->left() < all);
    scene.client.forget(answered);
    QCOMPARE(settings.outputBudget->left(), all);
    const quint64 lost = scene.submit(false);
    QVERIFY(scene.worker.claim(lost));
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("answered 502")));
    scene.dispatcher.workerDied(scene.worker.childId(), {});
    QCOMPARE(settings.outputBudget->left(), all);
}

void TestDispatchStreams::slowReadersHoldNoPlace()
{
    // As many answers that nobody reads as a worker may run requests: the next one is served all the same.
    DispatchSettings settings;
    settings.workerMaxConcurrency = 8;
    Scene scene(settings, 10us);
    for (int i = 0; i < 20; ++i) {
        const quint64 id = scene.submit();
        QCOMPARE(scene.worker.sent().last(), id);
        scene.worker.answerPart(id, 10'000'000, "x");
    }
    const quint64 last = scene.submit();
    QCOMPARE(scene.worker.sent().last(), last);
    QVERIFY(scene.worker.answer(last));
    QCOMPARE(scene.client.of(last).status, 200);
}

void TestDispatchStreams::routesThatStream()
{
    QVERIFY(!StreamingRoutes::of({{"GET", "/", true, false}}));
    const auto routes = StreamingRoutes::of({{"POST", "/in/:name", true, true}, {"POST", "/in/whole", true, false}});
    QVERIFY(routes);
    QVERIFY(routes->includes({}, "POST", "/in/a"));
    QVERIFY(!routes->includes({}, "POST", "/in/whole")); // a fixed segment wins over a parameter
    QVERIFY(!routes->includes({}, "PUT", "/in/a"));
    QVERIFY(!routes->includes({}, "POST", "/elsewhere"));
    QTest::ignoreMessage(QtWarningMsg,
                         QRegularExpression(QStringLiteral("a worker has a route that is not understood")));
    QVERIFY(!StreamingRoutes::of({{"POST", "no slash", true, true}}));
}

void TestDispatchStreams::routesThatStreamInOneOfTwoGenerations()
{
    const auto infoOf = [](int generation, bool streams) {
        dispatch::WorkerInfo info = FakeWorker::info(0, generation);
        info.childId = quint64(generation);
        info.routes = {{"POST", "/in", true, true}, {"POST", "/up", true, streams}};
        return info;
    };
    Dispatcher dispatcher({}, 0);
    const auto streams = [&](QByteArrayView path) { return dispatcher.streamsBody({}, "POST", path); };
    FakeWorker old(infoOf(1, true));
    old.join(dispatcher);
    dispatcher.activate(1);
    QVERIFY(streams("/in") && streams("/up"));
    // Either of them may get it: it comes whole.
    dispatcher.admit(2);
    QVERIFY(streams("/in") && streams("/up")); // nobody is there yet
    FakeWorker next(infoOf(2, false));
    next.join(dispatcher);
    QVERIFY(streams("/in") && !streams("/up"));
    dispatcher.admit(0);
    QVERIFY(streams("/in") && streams("/up"));
    dispatcher.admit(2);
    QVERIFY(streams("/in") && !streams("/up"));
    dispatcher.activate(2);
    QVERIFY(streams("/in") && !streams("/up"));
}

QTEST_GUILESS_MAIN(TestDispatchStreams)
#include "tst_dispatchstreams.moc"
