#include "recordingsink.h"

#include <QTest>
#include <QThread>

#include <memory>
#include <optional>
#include <thread>
#include <vector>

using namespace Quern;

class tst_ResponseDelivery : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { m_sink = std::make_unique<RecordingSink>(); }
    void finishDeliversAtOnce();
    void finishCountsOnce();
    void finishWithLeavesTheFieldsAlone();
    void droppedWithTheLastHandle();
    void notDroppedAfterFinish();
    void referenceIsNoHandle();
    void assignmentKeepsCount();
    void deferredUntilEnd();
    void endWithoutDefer();
    void endInAnotherThread();
    void dropInAnotherThread();
    void endsInManyThreadsCountOnce();
    void sinkGoneFirst();
    void sinkGoneWhileQueued();
    void threadsRaceWithTheSink();
    void cancel();
    void borrowedBodyIsCopied();

private:
    Response make(quint64 id = 1)
    {
        m_data = new ResponsePrivate(id, m_sink.get());
        return Response(m_data.get());
    }

    std::unique_ptr<RecordingSink> m_sink;
    QExplicitlySharedDataPointer<ResponsePrivate> m_data;
};

void tst_ResponseDelivery::finishDeliversAtOnce()
{
    Response response = make(42);
    response.setStatus(201).setHeader("X", "1").send("body");
    QVERIFY(m_data->finish());
    QCOMPARE(m_sink->outcomes.size(), 1);
    const auto &outcome = m_sink->outcomes.first();
    QCOMPARE(outcome.id, 42u);
    QCOMPARE(outcome.status, 201);
    QCOMPARE(outcome.headers, QByteArrayLiteral("X: 1\r\n"));
    QCOMPARE(outcome.body, QByteArrayLiteral("body"));
}

void tst_ResponseDelivery::finishCountsOnce()
{
    Response response = make();
    QVERIFY(m_data->finish());
    QVERIFY(!m_data->finish());
    QVERIFY(!m_data->finishWith({.status = 500}));
    response.end();
    QCOMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().status, 200);
}

void tst_ResponseDelivery::finishWithLeavesTheFieldsAlone()
{
    Response response = make();
    response.text(u"half"_qs);
    QVERIFY(m_data->finishWith({.status = 500, .headerBlock = "X: 1\r\n", .body = "failed"}));
    QCOMPARE(response.status(), 200);
    QCOMPARE(response.body(), QByteArrayView("half"));
    response.end();
    QCOMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().status, 500);
    QCOMPARE(m_sink->outcomes.first().headers, QByteArrayLiteral("X: 1\r\n"));
    QCOMPARE(m_sink->outcomes.first().body, QByteArrayLiteral("failed"));
}

void tst_ResponseDelivery::droppedWithTheLastHandle()
{
    std::optional<Response> first = make(7);
    std::optional<Response> second = first->defer();
    first.reset();
    QCOMPARE(m_sink->outcomes.size(), 0);
    second.reset();
    QCOMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().id, 7u);
    QCOMPARE(m_sink->outcomes.first().status, 0);
    QVERIFY(!m_data->finish());
}

void tst_ResponseDelivery::notDroppedAfterFinish()
{
    std::optional<Response> response = make();
    m_data->finish();
    response.reset();
    QCOMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().status, 200);
}

void tst_ResponseDelivery::referenceIsNoHandle()
{
    std::optional<Response> response = make();
    const QExplicitlySharedDataPointer<ResponsePrivate> reference = m_data;
    response.reset();
    QCOMPARE(m_sink->outcomes.size(), 1);
    reference->cancel();
    QVERIFY(reference->isCancelled());
}

void tst_ResponseDelivery::assignmentKeepsCount()
{
    Response first = make(1);
    Response second = make(2);
    const Response &itself = second;
    second = itself;
    QCOMPARE(m_sink->outcomes.size(), 0);
    first = second;
    QCOMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().id, 1u);
    first.end();
    QCOMPARE(m_sink->outcomes.last().id, 2u);
}

void tst_ResponseDelivery::deferredUntilEnd()
{
    std::optional<Response> response = make();
    Response later = response->defer();
    QVERIFY(m_data->deferred);
    response.reset();
    later.text(u"done"_qs);
    QCOMPARE(m_sink->outcomes.size(), 0);
    later.end();
    QCOMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().body, QByteArrayLiteral("done"));
}

void tst_ResponseDelivery::endWithoutDefer()
{
    Response response = make();
    response.setStatus(202).end();
    QCOMPARE(m_sink->outcomes.size(), 1);
    response.setStatus(500);
    QVERIFY(!m_data->finish());
    QCOMPARE(m_sink->outcomes.first().status, 202);
}

void tst_ResponseDelivery::endInAnotherThread()
{
    std::optional<Response> response = make(9);
    std::thread thread([later = response->defer()]() mutable {
        later.setStatus(203).text(u"from afar"_qs);
        later.end();
        later.text(u"too late"_qs);
    });
    response.reset();
    thread.join();
    QCOMPARE(m_sink->outcomes.size(), 0);
    QTRY_COMPARE(m_sink->outcomes.size(), 1);
    const auto &outcome = m_sink->outcomes.first();
    QCOMPARE(outcome.id, 9u);
    QCOMPARE(outcome.status, 203);
    QCOMPARE(outcome.body, QByteArrayLiteral("from afar"));
    QCOMPARE(outcome.thread, QThread::currentThread());
}

void tst_ResponseDelivery::dropInAnotherThread()
{
    std::optional<Response> response = make(9);
    auto later = std::make_unique<Response>(response->defer());
    response.reset();
    std::thread([handle = std::move(later)] {}).join();
    QTRY_COMPARE(m_sink->outcomes.size(), 1);
    QCOMPARE(m_sink->outcomes.first().id, 9u);
    QCOMPARE(m_sink->outcomes.first().status, 0);
    QCOMPARE(m_sink->outcomes.first().thread, QThread::currentThread());
}

void tst_ResponseDelivery::endsInManyThreadsCountOnce()
{
    constexpr int rounds = 200;
    for (int round = 0; round < rounds; ++round) {
        std::optional<Response> response = make(quint64(round));
        std::vector<std::thread> threads;
        for (int i = 0; i < 3; ++i)
            threads.emplace_back([later = response->defer()]() mutable { later.end(); });
        response.reset();
        m_data->finishWith({.status = 504});
        for (std::thread &thread : threads)
            thread.join();
    }
    QTRY_COMPARE(m_sink->outcomes.size(), rounds);
    QCoreApplication::processEvents();
    QCOMPARE(m_sink->outcomes.size(), rounds);
}

void tst_ResponseDelivery::sinkGoneFirst()
{
    Response ended = make(1);
    std::optional<Response> dropped = make(2);
    std::optional<Response> droppedElsewhere = make(3);
    m_sink.reset();
    ended.end();
    dropped.reset();
    std::thread([handle = std::move(droppedElsewhere)]() mutable { handle.reset(); }).join();
    droppedElsewhere.reset();
    QVERIFY(ended.isCancelled());
}

void tst_ResponseDelivery::sinkGoneWhileQueued()
{
    Response response = make();
    std::thread([later = response.defer()]() mutable { later.end(); }).join();
    m_sink.reset();
    QCoreApplication::processEvents();
    QVERIFY(!m_data->finish());
}

void tst_ResponseDelivery::threadsRaceWithTheSink()
{
    for (int round = 0; round < 200; ++round) {
        m_sink = std::make_unique<RecordingSink>();
        std::optional<Response> response = make();
        std::thread thread([later = response->defer()]() mutable {
            later.text(u"x"_qs);
            later.end();
        });
        response.reset();
        m_sink.reset();
        thread.join();
        QVERIFY(m_data->isCancelled());
    }
}

void tst_ResponseDelivery::cancel()
{
    Response response = make();
    QVERIFY(!response.isCancelled());
    std::thread([this] { m_data->cancel(); }).join();
    QVERIFY(response.isCancelled());
}

void tst_ResponseDelivery::borrowedBodyIsCopied()
{
    char buffer[] = "mine";
    Response response = make();
    response.send(QByteArray::fromRawData(buffer, 4));
    buffer[0] = 'f'; // used again, as it may be once the handler has returned
    QVERIFY(m_data->finish());
    QCOMPARE(m_sink->outcomes.first().body, QByteArrayLiteral("mine"));
}

QTEST_GUILESS_MAIN(tst_ResponseDelivery)
#include "tst_responsedelivery.moc"
