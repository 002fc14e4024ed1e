#include "fakemaster.h"

#include <stdexcept>

using namespace Quern;
using namespace WorkerTest;

/// How middleware stands around handlers, through the host that runs them.
class TestMiddleware : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void orderOfCalls();
    void endsWithoutTheHandler();
    void changesTheRequest();
    void defersAndGoesOn();
    void defersAndGoesOnAtOnce();
    void handlerDefersAfterwards();
    void goesOnFromAThread();
    void forgetsToGoOn();
    void goesOnTwice();
    void goesOnAfterItsAnswer();
    void goesOnAfterTheCancel();
    void catchesAnException();
    void exceptions();
    void exceptionAfterALateNext();
    void beforeSendIsCalledInnermostFirst();
    void beforeSendOfALateAnswer();
    void beforeSendThrows();
    void beforeSendWhileTheAnswerLeaves();
};

void TestMiddleware::orderOfCalls()
{
    FakeMaster master;
    QByteArrayList calls;
    const auto noting = [&calls](const QByteArray &name) {
        return [&calls, name](Request &, Response &, const Next &next) {
            calls << name + " in";
            next();
            calls << name + " out";
        };
    };
    master.application.use(noting("app"));
    master.application.group("/api", [&](RouteGroup &api) {
        api.use(noting("api"));
        api.get("/x", [&](const Request &, Response &) { calls << "handler"; }).use(noting("route"));
    });
    master.startHost();
    QCOMPARE(master.answer(master.request({.target = "/api/x"})), QByteArray("200 |"));
    QCOMPARE(calls.join(", "), QByteArray("app in, api in, route in, handler, route out, api out, app out"));
}

void TestMiddleware::endsWithoutTheHandler()
{
    FakeMaster master;
    bool ran = false;
    master.application.use([](Request &, Response &response, const Next &) {
        response.setStatus(401).text(QStringLiteral("who are you?"));
    });
    master.application.get("/", [&](const Request &, Response &) { ran = true; });
    master.startHost();
    const QByteArray answer = master.answer(master.request({}));
    QVERIFY2(answer.startsWith("401 ") && answer.endsWith("|who are you?"), answer.constData());
    QVERIFY(!ran);
}

void TestMiddleware::changesTheRequest()
{
    FakeMaster master;
    master.application.use([](Request &request, Response &, const Next &next) {
        request.setAttribute("user", QStringLiteral("bar"));
        request.setHeader("host", "other");
        next();
    });
    master.application.get("/", [&](const Request &request, Response &response) {
        response.text(request.attribute("user").toString() + u' ' + QString::fromUtf8(request.header("Host")));
    });
    master.startHost();
    QVERIFY(master.answer(master.request({})).endsWith("|bar other"));
}

void TestMiddleware::defersAndGoesOn()
{
    FakeMaster master;
    std::optional<Next> kept;
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        kept = next;
    });
    master.application.get("/", [](const Request &, Response &response) { response.text(QStringLiteral("done")); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QVERIFY(!master.reply(id));
    (*kept)();
    QVERIFY(master.answer(id).endsWith("|done"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
}

void TestMiddleware::defersAndGoesOnAtOnce()
{
    FakeMaster master;
    master.application.use([](Request &, Response &response, const Next &next) {
        response.defer();
        next();
        response.setStatus(500); // too late
    });
    master.application.get("/", [](const Request &, Response &response) { response.text(QStringLiteral("done")); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.answer(id).startsWith("200 "));
    QVERIFY(!master.reply(id, FrameType::Deferred));
}

void TestMiddleware::handlerDefersAfterwards()
{
    FakeMaster master;
    std::optional<Next> kept;
    std::optional<Response> later;
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        kept = next;
    });
    master.application.get("/", [&](const Request &, Response &response) { later = response.defer(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    (*kept)();
    kept.reset();
    QVERIFY(later);
    QVERIFY(!master.reply(id));
    later->text(QStringLiteral("at last"));
    later->end();
    QVERIFY(master.answer(id).endsWith("|at last"));
}

void TestMiddleware::goesOnFromAThread()
{
    FakeMaster master;
    std::jthread thread;
    const QThread *const mainThread = QThread::currentThread();
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        thread = std::jthread([next] { next(); });
    });
    master.application.get("/", [&](const Request &, Response &response) {
        response.setStatus(QThread::currentThread() == mainThread ? 200 : 418);
    });
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
}

void TestMiddleware::forgetsToGoOn()
{
    FakeMaster master;
    std::optional<Next> kept;
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        kept = next;
    });
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 (route GET / of plugin ) was deferred and then forgotten: answered 500");
    kept.reset();
    QCOMPARE(master.answer(id), QByteArray("500 |"));
}

void TestMiddleware::goesOnTwice()
{
    FakeMaster master;
    int runs = 0;
    master.application.use([](Request &, Response &, const Next &next) {
        next();
        next();
    });
    master.application.get("/", [&](const Request &, Response &) { ++runs; });
    master.startHost();
    QTest::ignoreMessage(QtWarningMsg, "request 0-0 of route GET / went on twice from one middleware and is not run "
                                       "again: call next() once, and before the response has ended");
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
    QCOMPARE(runs, 1);
}

void TestMiddleware::goesOnAfterItsAnswer()
{
    FakeMaster master;
    int runs = 0;
    master.application.use([](Request &, Response &response, const Next &next) {
        response.setStatus(403).end();
        next();
    });
    master.application.get("/", [&](const Request &, Response &) { ++runs; });
    master.startHost();
    QTest::ignoreMessage(QtWarningMsg, "request 0-0 of route GET / went on after its answer and is not run again: call "
                                       "next() once, and before the response has ended");
    QCOMPARE(master.answer(master.request({})), QByteArray("403 |"));
    QCOMPARE(runs, 0);
}

void TestMiddleware::goesOnAfterTheCancel()
{
    FakeMaster master;
    std::optional<Next> kept;
    int runs = 0;
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        kept = next;
    });
    master.application.get("/", [&](const Request &, Response &) { ++runs; });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    master.send(FrameType::Cancel, id);
    QCOMPARE(master.answer(id), QByteArray("504 |"));
    (*kept)();
    kept.reset();
    QCOMPARE(runs, 0);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.wires[0]->replies().size(), 3);
}

void TestMiddleware::catchesAnException()
{
    FakeMaster master;
    master.application.use([](Request &, Response &response, const Next &next) {
        try {
            next();
        } catch (const std::out_of_range &missing) {
            response.setStatus(404).text(QString::fromUtf8(missing.what()));
        }
    });
    master.application.get("/", [](const Request &, Response &) { throw std::out_of_range("no such book"); });
    master.startHost();
    const QByteArray answer = master.answer(master.request({}));
    QVERIFY2(answer.startsWith("404 ") && answer.endsWith("|no such book"), answer.constData());
}

void TestMiddleware::exceptions()
{
    FakeMaster master;
    master.options.debug = true;
    master.application.use([](Request &, Response &, const Next &) { throw std::runtime_error("oh no"); });
    master.application.get("/:x", [](const Request &, Response &) {});
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "handler of GET /a threw: oh no (route GET /:x of plugin )");
    const quint64 id = master.request({.target = "/a"});
    QCOMPARE(master.answer(id), QByteArray("500 |oh no (route GET /:x of plugin )"));
    QCOMPARE(ipc::decodeResponse(master.reply(id)->payload)->kind, ipc::ResponseKind::Error);
}

void TestMiddleware::exceptionAfterALateNext()
{
    FakeMaster master;
    std::optional<Next> kept;
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        kept = next;
    });
    master.application.get("/", [](const Request &, Response &) { throw std::runtime_error("late"); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QTest::ignoreMessage(QtCriticalMsg, "handler of GET / threw: late (route GET / of plugin )");
    (*kept)();
    QCOMPARE(master.answer(id), QByteArray("500 |"));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
}

void TestMiddleware::beforeSendIsCalledInnermostFirst()
{
    FakeMaster master;
    for (const char *name : {"outer", "inner"}) {
        master.application.use([name](Request &, Response &response, const Next &next) {
            response.beforeSend([name](Response &answer) { answer.addHeader("X-Seen", name); });
            next();
        });
    }
    master.application.get("/", [](const Request &, Response &response) { response.setHeader("X-Seen", "handler"); });
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 X-Seen: handler;X-Seen: inner;X-Seen: outer;|"));
}

void TestMiddleware::beforeSendOfALateAnswer()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.use([](Request &, Response &response, const Next &next) {
        response.beforeSend([](Response &answer) {
            answer.setStatus(answer.status() + 1);
            answer.send(answer.body().toByteArray() + "!");
        });
        next();
    });
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    kept->setStatus(201).send("late");
    kept->end();
    QCOMPARE(master.answer(id), QByteArray("202 |late!"));
}

void TestMiddleware::beforeSendThrows()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        response.beforeSend([](Response &) { throw std::runtime_error("oh no"); });
    });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 (route GET / of plugin ) has an answer that a hook threw at: oh no");
    QCOMPARE(master.answer(master.request({})), QByteArray("500 |"));
}

void TestMiddleware::beforeSendWhileTheAnswerLeaves()
{
    FakeMaster master;
    std::vector<std::jthread> threads;
    std::atomic<int> called = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        std::atomic<bool> isUnderWay = false;
        threads.emplace_back([&called, &isUnderWay, later = response.defer()]() mutable {
            for (int i = 0; i < 100 || !later.isEnded(); ++i) {
                later.beforeSend([&called](Response &) { ++called; });
                if (i == 100)
                    isUnderWay = true; // gone when the handler is
            }
        });
        while (!isUnderWay)
            std::this_thread::yield();
        throw std::runtime_error("oh no");
    });
    master.startHost();
    for (int i = 0; i < 20; ++i) {
        QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("threw: oh no")));
        QCOMPARE(master.answer(master.request({})), QByteArray("500 |"));
    }
    threads.clear();
    QVERIFY(called >= 20 * 100);
}

QUERN_EPOLL_TEST_MAIN(TestMiddleware)
#include "tst_middleware.moc"
