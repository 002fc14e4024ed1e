#include "dispatch/reactormeter.h"
#include "fakeworker.h"
#include "testserver.h"

#include <QTest>

#include <numeric>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchSettings;
using dispatch::ReactorMeter;
using metrics::HistogramReading;

namespace {

quint64 numberOf(const HistogramReading &reading)
{
    return std::accumulate(reading.counts.begin(), reading.counts.end(), quint64(0));
}

metrics::RequestMeterSettings meterSettings()
{
    constexpr std::array seconds = {0.1, 1.0};
    return {metrics::TimeBounds(seconds), {}};
}

DispatchSettings twoWorkers()
{
    DispatchSettings settings;
    settings.workerNum = 2;
    return settings;
}

} // namespace

/// What a reactor measures for the metrics is what their names say.
class TestReactorMeter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void waitsOfWhatIsSentAtOnce();
    void waitsInTheQueue();
    void waitsOfWhatIsTakenBack();
    void partsOfABodyDoNotShortenTheWait();
    void windowsWithinTheLimit();
    void ownRequestsAreNotInFlight();
    void lagOfALoopThatStoodStill();
};

void TestReactorMeter::waitsOfWhatIsSentAtOnce()
{
    ReactorMeter meter(meterSettings());
    Scene scene({}, 10us);
    scene.dispatcher.setMeter(&meter);
    for (int i = 0; i < 3; ++i)
        QVERIFY(scene.worker.answer(scene.submit()));
    QCOMPARE(numberOf(meter.queueWait.read()), 3);
    QVERIFY(meter.queueWait.read().sum < 0.5);
}

void TestReactorMeter::waitsInTheQueue()
{
    ReactorMeter meter(meterSettings());
    Scene scene({}); // nothing is known of its handlers: one after the other
    scene.dispatcher.setMeter(&meter);
    const quint64 first = scene.submit();
    QVERIFY(scene.worker.run(first));
    const quint64 second = scene.submit();
    QCOMPARE(numberOf(meter.queueWait.read()), 1);
    QTest::qWait(100); // what it waits
    QVERIFY(scene.worker.answer(first));
    QVERIFY(scene.worker.answer(second));
    QCOMPARE(numberOf(meter.queueWait.read()), 2);
    QVERIFY(meter.queueWait.read().sum >= 0.1);
}

void TestReactorMeter::waitsOfWhatIsTakenBack()
{
    ReactorMeter meter(meterSettings());
    Dispatcher dispatcher(twoWorkers(), 0);
    dispatcher.setMeter(&meter);
    FakeWorker first(FakeWorker::info(0));
    first.setAverage(10us);
    first.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const quint64 request = submit(dispatcher, client);
    QVERIFY(first.run(request));
    QTest::qWait(300); // what its handler takes until its worker dies
    const double before = meter.queueWait.read().sum;
    FakeWorker second(FakeWorker::info(1));
    second.setAverage(10us);
    second.join(dispatcher);
    dispatcher.workerDied(first.childId(), {});
    QCOMPARE(second.sent(), QList{request});
    // That it has run is no wait for a worker.
    QCOMPARE(numberOf(meter.queueWait.read()), 2);
    QVERIFY(meter.queueWait.read().sum - before < 0.25);
}

void TestReactorMeter::partsOfABodyDoNotShortenTheWait()
{
    ReactorMeter meter(meterSettings());
    Scene scene({});
    scene.dispatcher.setMeter(&meter);
    const quint64 first = scene.submit();
    QVERIFY(scene.worker.run(first));
    dispatch::RequestOrder order = orderOf({}, false);
    order.isStreamed = true;
    const quint64 upload = scene.dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &scene.client);
    QTest::qWait(100);
    scene.dispatcher.appendBody(upload, "part");
    QVERIFY(scene.worker.answer(first));
    QCOMPARE(numberOf(meter.queueWait.read()), 2);
    QVERIFY(meter.queueWait.read().sum >= 0.1);
}

void TestReactorMeter::windowsWithinTheLimit()
{
    ReactorMeter meter(meterSettings());
    DispatchSettings settings;
    settings.workerMaxConcurrency = 2;
    Scene scene(settings, 10us); // quick: the window alone is 64
    scene.dispatcher.setMeter(&meter);
    QVERIFY(scene.worker.answer(scene.submit()));
    QCOMPARE(numberOf(meter.window.read()), 1);
    QCOMPARE(meter.window.read().sum, 2);
}

void TestReactorMeter::ownRequestsAreNotInFlight()
{
    Scene scene({}, 10us);
    const quint64 own = scene.dispatcher.submitOwn(std::chrono::steady_clock::now(), &scene.client);
    QVERIFY(own != 0);
    QCOMPARE(scene.dispatcher.counters().inFlight.load(), 0);
    const quint64 request = scene.submit();
    QCOMPARE(scene.dispatcher.counters().inFlight.load(), 1);
    scene.dispatcher.answerOwn(own, "text/plain", "a");
    QCOMPARE(scene.client.of(own).body, "a");
    QCOMPARE(scene.dispatcher.counters().inFlight.load(), 1);
    QVERIFY(scene.worker.answer(request));
    QCOMPARE(scene.dispatcher.counters().inFlight.load(), 0);
}

void TestReactorMeter::lagOfALoopThatStoodStill()
{
    dispatch::ReactorSettings settings;
    settings.metrics = meterSettings();
    settings.ports[0].live.checkInterval = 200ms;
    TestServer server(settings);
    const ReactorMeter &meter = *server.reactor().readMeter();
    QTRY_VERIFY(numberOf(meter.loopLag.read()) > 0);
    server.inReactor([] { QThread::msleep(450); });
    QTRY_VERIFY(meter.loopLag.read().sum > 0.1);
    // It is over: what comes is on time, however the stall lay between two turns of the timer.
    const HistogramReading stalled = meter.loopLag.read();
    QTRY_VERIFY(numberOf(meter.loopLag.read()) >= numberOf(stalled) + 4);
    QVERIFY2(meter.loopLag.read().sum - stalled.sum < 0.3, qPrintable(QString::number(meter.loopLag.read().sum)));
}

QTEST_GUILESS_MAIN(TestReactorMeter)
#include "tst_reactormeter.moc"
