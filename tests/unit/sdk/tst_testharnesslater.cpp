#include "harnesssupport.h"

#include <QTest>
#include <QThread>

#include <stdexcept>

using namespace Quern;
using namespace std::chrono_literals;

/// Answers that come later, or in pieces.
class tst_TestHarnessLater : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void answersLater();
    void answersFromAThread();
    void noAnswerInTime();
    void slowHandlers_data();
    void slowHandlers();
    void forgottenResponse();
    void streams();
    void brokenStreams_data();
    void brokenStreams();
    void endlessStream();
    void eventStreams();
    void eventsAreReadAsByClients();
    void bodyInParts();
    void partsThatNobodyEnds();
    void handlersThatSendRequests();
};

void tst_TestHarnessLater::answersLater()
{
    int cleaned = 0;
    Server server([&cleaned](Application &app) {
        app.get("/later", [&cleaned](const Request &request, Response &response) {
            later(20ms, [&cleaned, request, answer = response.defer()]() mutable {
                answer.text(request.path().toByteArray() + QByteArray::number(cleaned));
                answer.end();
            });
        });
        app.cleaner([&cleaned](const Request &) { ++cleaned; });
    });
    QCOMPARE(server.harness.get("/later").body, QByteArrayLiteral("/later0"));
    QCOMPARE(cleaned, 1);
    QCOMPARE(server.harness.get("/later").body, QByteArrayLiteral("/later1"));
}

void tst_TestHarnessLater::answersFromAThread()
{
    std::unique_ptr<QThread> thread;
    Server server([&thread](Application &app) {
        app.get("/thread", [&thread](const Request &, Response &response) {
            thread.reset(QThread::create([answer = response.defer()]() mutable {
                answer.text("from a thread");
                answer.end();
            }));
            thread->start();
        });
    });
    const TestResponse response = server.harness.get("/thread");
    QVERIFY(thread->wait(5000));
    QCOMPARE(response.body, QByteArrayLiteral("from a thread"));
}

void tst_TestHarnessLater::noAnswerInTime()
{
    std::optional<Response> kept;
    int cleaned = 0;
    Server server([&](Application &app) {
        app.get("/never", [&kept](const Request &, Response &response) { kept = response.defer(); });
        app.get("/quick", [](const Request &, Response &response) { response.text("quick"); });
        app.cleaner([&cleaned](const Request &) { ++cleaned; });
    });
    server.harness.setDeadline(30ms);
    const TestResponse response = server.harness.get("/never");
    QCOMPARE(response.status, 504);
    QCOMPARE(response.error->code(), Error::Timeout);
    QVERIFY2(response.problem().contains(u"within 30 ms"), qPrintable(response.problem()));
    QVERIFY(kept->isCancelled());
    QCOMPARE(cleaned, 1);
    kept->text("too late");
    kept->end();
    kept.reset();
    QCOMPARE(server.harness.get("/quick").body, QByteArrayLiteral("quick"));
}

void tst_TestHarnessLater::slowHandlers_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<int>("status");
    QTest::addColumn<QString>("problem");
    QTest::newRow("whole") << QByteArray("/whole") << 504 << u"the handler did not return within 20 ms"_qs;
    QTest::newRow("late stream") << QByteArray("/late") << 504 << u"the handler did not return within 20 ms"_qs;
    QTest::newRow("stream") << QByteArray("/stream") << 200 << u"the stream did not end within 20 ms"_qs;
}

void tst_TestHarnessLater::slowHandlers()
{
    QFETCH(QByteArray, target);
    QFETCH(QString, problem);
    Server server([](Application &app) {
        const auto work = [] { QThread::msleep(40); };
        app.get("/whole", [work](const Request &, Response &response) {
            work();
            response.text("unsent");
        });
        app.get("/late", [work](const Request &, Response &response) {
            work();
            const ResponseStream stream = response.stream();
            stream.end();
        });
        app.get("/stream", [work](const Request &, Response &response) {
            const ResponseStream stream = response.stream();
            work();
            stream.end();
        });
    });
    server.harness.setDeadline(20ms);
    const TestResponse response = server.harness.get(target);
    QTEST(response.status, "status");
    QVERIFY(response.body.isEmpty());
    QCOMPARE(response.error->code(), Error::Timeout);
    QVERIFY2(response.problem().contains(problem), qPrintable(response.problem()));
}

void tst_TestHarnessLater::forgottenResponse()
{
    Server server([](Application &app) {
        app.get("/now", [](const Request &, Response &response) { response.defer(); });
        app.get("/later", [](const Request &, Response &response) { later(1ms, [answer = response.defer()] {}); });
    });
    for (const char *target : {"/now", "/later"}) {
        const TestResponse response = server.harness.get(target);
        QCOMPARE(response.status, 500);
        QVERIFY2(response.problem().contains(u"deferred and then forgotten"), qPrintable(response.problem()));
    }
}

void tst_TestHarnessLater::streams()
{
    int closed = 0;
    Server server([&closed](Application &app) {
        app.get("/rows", [&closed](const Request &, Response &response) {
            ResponseStream stream = response.stream("text/csv");
            stream.onClose([&closed] { ++closed; });
            stream.write(QByteArray(100'000, 'a'));
            later(5ms, [stream] {
                stream.write("b");
                stream.setTrailer("X-Rows", "2");
                stream.end();
            });
        });
    });
    const TestResponse response = server.harness.get("/rows");
    QCOMPARE(response.status, 200);
    QCOMPARE(response.problem(), QString());
    QCOMPARE(response.header("Content-Type"), QByteArrayLiteral("text/csv"));
    QCOMPARE(response.body, QByteArray(100'000, 'a') + 'b');
    QCOMPARE(response.trailers, (TestFields{{"X-Rows", "2"}}));
    QCOMPARE(closed, 0);
    const TestResponse head = server.harness.request({.method = "HEAD", .target = "/rows"});
    QCOMPARE(head.status, 200);
    QVERIFY(head.body.isEmpty());
    QCOMPARE(closed, 1);
}

void tst_TestHarnessLater::brokenStreams_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<int>("code");
    QTest::addColumn<QString>("problem");
    QTest::newRow("dropped") << QByteArray("/dropped") << int(Error::Unavailable) << u"without end()"_qs;
    QTest::newRow("too short") << QByteArray("/short") << int(Error::Unavailable) << u"announced length"_qs;
    QTest::newRow("thrown") << QByteArray("/thrown") << int(Error::Internal) << u"no more rows"_qs;
    QTest::newRow("endless") << QByteArray("/endless") << int(Error::Timeout) << u"did not end within 30 ms"_qs;
}

void tst_TestHarnessLater::brokenStreams()
{
    QFETCH(QByteArray, target);
    QFETCH(QString, problem);
    std::optional<ResponseStream> kept;
    Server server([&kept](Application &app) {
        app.get("/dropped", [](const Request &, Response &response) { response.stream().write("a"); });
        app.get("/short", [](const Request &, Response &response) {
            const ResponseStream stream = response.stream({}, 2);
            stream.write("a");
            stream.end();
        });
        app.get("/thrown", [](const Request &, Response &response) {
            const ResponseStream stream = response.stream();
            stream.write("a");
            throw std::runtime_error("no more rows");
        });
        app.get("/endless", [&kept](const Request &, Response &response) {
            kept = response.stream();
            kept->write("a");
        });
    });
    server.harness.setDeadline(30ms);
    const TestResponse response = server.harness.get(target);
    QCOMPARE(response.status, 200);
    QCOMPARE(response.body, QByteArrayLiteral("a"));
    QVERIFY(response.error.has_value());
    QTEST(int(response.error->code()), "code");
    QVERIFY2(response.problem().contains(problem), qPrintable(response.problem()));
    QVERIFY(!kept || !kept->isOpen());
}

void tst_TestHarnessLater::endlessStream()
{
    int closed = 0;
    Server server([&closed](Application &app) {
        app.get("/ticks", [&closed](const Request &, Response &response) {
            const EventStream events = response.events();
            auto *timer = new QTimer;
            connect(timer, &QTimer::timeout, timer, [events] { events.send({.data = "tick"}); });
            events.onClose([timer, &closed] {
                timer->deleteLater();
                ++closed;
            });
            timer->start(1);
        });
    });
    const TestResponse response = server.harness.request(
        {.target = "/ticks", .until = [](const TestResponse &received) { return received.events().size() == 3; }});
    QCOMPARE(response.problem(), QString());
    QCOMPARE(response.events().size(), 3);
    QCOMPARE(closed, 1);
}

void tst_TestHarnessLater::eventStreams()
{
    Server server([](Application &app) {
        app.get("/events", [](const Request &request, Response &response) {
            const EventStream events = response.events({.retry = 5s});
            events.comment("not an event");
            events.send({.data = "one\ntwo", .event = "lines", .id = request.lastEventId().toUtf8() + '1'});
            events.send({.data = "three"});
            events.end();
        });
    });
    const TestResponse response = server.harness.request({.target = "/events", .headers = {{"Last-Event-ID", "4"}}});
    QCOMPARE(response.header("Content-Type"), QByteArrayLiteral("text/event-stream"));
    const QList<EventStream::Event> events = response.events();
    QCOMPARE(events.size(), 2);
    QCOMPARE(events[0].data, QByteArrayLiteral("one\ntwo"));
    QCOMPARE(events[0].event, QByteArrayLiteral("lines"));
    QCOMPARE(events[0].id, QByteArrayLiteral("41"));
    QCOMPARE(events[1].data, QByteArrayLiteral("three"));
    QVERIFY(events[1].event.isEmpty());
    QCOMPARE(events[1].id, QByteArrayLiteral("41"));
}

void tst_TestHarnessLater::eventsAreReadAsByClients()
{
    const TestResponse response{.body = "data:a\r\rdata\n\nid: 7\n\n: c\r\ndata:  b\r\n\r\ndata: cut short\n"};
    const QList<EventStream::Event> events = response.events();
    QCOMPARE(events.size(), 3);
    QCOMPARE(events[0].data, QByteArrayLiteral("a"));
    QCOMPARE(events[1].data, QByteArray());
    QCOMPARE(events[2].data, QByteArrayLiteral(" b"));
    QCOMPARE(events[2].id, QByteArrayLiteral("7"));
}

void tst_TestHarnessLater::bodyInParts()
{
    Server server([](Application &app) {
        app.post("/length",
                 [](const Request &request, Response &response) {
                     auto length = std::make_shared<qsizetype>(0);
                     request.onBody([length](QByteArrayView part) { *length += part.size(); },
                                    [length, answer = response.defer()](bool complete) mutable {
                                        answer.text(QByteArray::number(*length) + (complete ? " whole" : " cut"));
                                        answer.end();
                                    });
                 })
            .streamBody();
        app.post("/throws",
                 [](const Request &request, Response &response) {
                     request.onBody(
                         [answer = response.defer()](QByteArrayView) { throw std::runtime_error("the part is bad"); });
                 })
            .streamBody();
    });
    QCOMPARE(server.harness.post("/length", QByteArray(200'000, 'x')).body, QByteArrayLiteral("200000 whole"));
    const TestResponse response = server.harness.post("/throws", "x");
    QCOMPARE(response.status, 500);
    QVERIFY2(response.problem().contains(u"the part is bad"), qPrintable(response.problem()));
}

void tst_TestHarnessLater::partsThatNobodyEnds()
{
    QList<bool> ends;
    Server server([&ends](Application &app) {
        app.post("/paused",
                 [&ends](const Request &request, Response &response) {
                     request.onBody([](QByteArrayView) {},
                                    [&ends, answer = response.defer()](bool complete) { ends.append(complete); });
                     request.pauseBody();
                 })
            .streamBody();
    });
    server.harness.setDeadline(30ms);
    QCOMPARE(server.harness.post("/paused", "x").error->code(), Error::Timeout);
    QCOMPARE(ends, QList<bool>{false});
}

void tst_TestHarnessLater::handlersThatSendRequests()
{
    TestHarness *harness = nullptr;
    Server server([&harness](Application &app) {
        app.get("/outer", [&harness](const Request &, Response &response) {
            response.text("outer " + harness->get("/inner").body);
        });
        app.get("/inner", [](const Request &, Response &response) {
            later(1ms, [answer = response.defer()]() mutable {
                answer.text("inner");
                answer.end();
            });
        });
    });
    harness = &server.harness;
    QCOMPARE(server.harness.get("/outer").body, QByteArrayLiteral("outer inner"));
}

QTEST_GUILESS_MAIN(tst_TestHarnessLater)
#include "tst_testharnesslater.moc"
