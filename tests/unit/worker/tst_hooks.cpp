#include "fakemaster.h"

#include <array>
#include <stdexcept>

using namespace Quern;
using namespace WorkerTest;

namespace {

struct BodyKind
{
    const char *name;
    QByteArray fields; ///< of an answer that has such a body
    void (*fill)(Response &response);
};

const std::array bodyKinds = {
    BodyKind{"text", "Content-Type: text/plain; charset=utf-8;",
             [](Response &response) { response.text(QStringLiteral("a")); }},
    BodyKind{"html", "Content-Type: text/html; charset=utf-8;",
             [](Response &response) { response.html(QStringLiteral("b")); }},
    BodyKind{"json", "Content-Type: application/json;",
             [](Response &response) {
                 response.json({{"c", 1}});
             }},
    BodyKind{"send", "Content-Type: image/png;", [](Response &response) { response.send("d", "image/png"); }},
    BodyKind{"send without type", "", [](Response &response) { response.send("e"); }},
    BodyKind{"file", "",
             [](Response &response) {
                 if (!response.file(QCoreApplication::applicationFilePath()))
                     qFatal("no file");
             }},
};

} // namespace

/// What hooks and cleaners see and change, through the host that runs them.
class TestHooks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void receivedRewrites();
    void receivedEnds();
    void receivedSetsAResponseField();
    void receivedMayNotDefer();
    void receivedThrows();
    void receivedKnowsTheRoutesName();
    void generatedSeesEveryAnswer_data();
    void generatedSeesEveryAnswer();
    void generatedInOrder();
    void generatedReplacesAnErrorPage();
    void generatedReplacesTheBody_data();
    void generatedReplacesTheBody();
    void generatedOfAStream();
    void generatedLeavesTheTypeOfAStream();
    void generatedThrows();
    void generatedBeginsAStream_data();
    void generatedBeginsAStream();
    void cleanerAfterAnAnswer();
    void cleanerAfterALateAnswer();
    void cleanerAfterACancel();
    void cleanerThrows();
    void revokedRequestIsNotSeen();
};

void TestHooks::receivedRewrites()
{
    FakeMaster master;
    master.application.receivedRequest([](Request &request, Response &) {
        if (request.path() == "/old") {
            request.setTarget("/new?x=1");
            request.setMethod("GET");
        }
    });
    master.application.get("/new", [](const Request &request, Response &response) {
        response.text(request.query("x") + QString::fromLatin1(request.method()));
    });
    master.application.get("/other", [](const Request &, Response &) {});
    master.startHost();
    const quint64 id = master.request({.method = "POST", .target = "/old"});
    QVERIFY(master.answer(id).endsWith("|1GET"));
    QCOMPARE(master.rings[0]->route(master.claims[id]), 0u);
    QCOMPARE(master.answer(master.request({.target = "/other"})), QByteArray("200 |"));
}

void TestHooks::receivedEnds()
{
    FakeMaster master;
    int later = 0;
    master.application.receivedRequest([](Request &, Response &response) {
        response.setStatus(503).text(QStringLiteral("closed"));
        response.end();
    });
    master.application.receivedRequest([&](Request &, Response &) { ++later; });
    master.application.get("/", [&](const Request &, Response &) { ++later; });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.answer(id).endsWith("|closed"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QVERIFY(!master.reply(id, FrameType::Deferred));
    QCOMPARE(later, 0);
}

void TestHooks::receivedSetsAResponseField()
{
    FakeMaster master;
    master.application.receivedRequest([](Request &, Response &response) { response.setHeader("X-A", "1"); });
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 X-A: 1;|"));
    QCOMPARE(master.answer(master.request({.method = "PUT"})), QByteArray("405 X-A: 1;Allow: GET, HEAD, OPTIONS;|"));
}

void TestHooks::receivedMayNotDefer()
{
    FakeMaster master;
    master.application.receivedRequest([](Request &, Response &response) { response.defer(); });
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    QTest::ignoreMessage(QtWarningMsg, "request 0-0 was deferred by a receivedRequest() hook, which has no effect: let "
                                       "a middleware wait instead");
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
}

void TestHooks::receivedThrows()
{
    FakeMaster master;
    master.application.receivedRequest([](Request &, Response &) { throw std::runtime_error("oh no"); });
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "a receivedRequest() hook of GET / threw: oh no");
    QCOMPARE(master.answer(master.request({})), QByteArray("500 |"));
}

void TestHooks::receivedKnowsTheRoutesName()
{
    FakeMaster master;
    QByteArray before = "unset";
    master.application.receivedRequest(
        [&](Request &request, Response &) { before = request.routeName().toByteArray(); });
    master.application
        .get("/u/:id",
             [](const Request &request, Response &response) {
                 response.send(request.routeName().toByteArray() + " " + request.routePattern().toByteArray() + " " +
                               request.urlFor("user", {{"id", QStringLiteral("a b")}}));
             })
        .name("user");
    master.startHost();
    QCOMPARE(master.answer(master.request({.target = "/u/1"})), QByteArray("200 |user /u/:id /u/a%20b"));
    QCOMPARE(before, QByteArray());
}

void TestHooks::generatedSeesEveryAnswer_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("200") << QByteArray("GET") << QByteArray("/") << QByteArray("200 X-Seen: 200;|");
    QTest::newRow("204") << QByteArray("OPTIONS") << QByteArray("/")
                         << QByteArray("204 Allow: GET, HEAD, OPTIONS;X-Seen: 204;|");
    QTest::newRow("404") << QByteArray("GET") << QByteArray("/none") << QByteArray("404 X-Seen: 404;|");
    QTest::newRow("405") << QByteArray("PUT") << QByteArray("/")
                         << QByteArray("405 Allow: GET, HEAD, OPTIONS;X-Seen: 405;|");
    QTest::newRow("500") << QByteArray("GET") << QByteArray("/throw") << QByteArray("500 X-Seen: 500;|");
    QTest::newRow("forgotten") << QByteArray("GET") << QByteArray("/forget") << QByteArray("500 X-Seen: 500;|");
}

void TestHooks::generatedSeesEveryAnswer()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &) {});
    master.application.get("/throw", [](const Request &, Response &) { throw std::runtime_error("oh no"); });
    master.application.get("/forget", [](const Request &, Response &response) { response.defer(); });
    master.application.generatedResponse([](const Request &, Response &response) {
        response.setHeader("X-Seen", QByteArray::number(response.status()));
    });
    master.startHost();
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    if (target != "/" && target != "/none")
        QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("threw|forgotten")));
    QTEST(master.answer(master.request({.method = method, .target = target})), "expected");
}

void TestHooks::generatedInOrder()
{
    FakeMaster master;
    for (const char *name : {"1", "2", "3"}) {
        master.application.generatedResponse(
            [name](const Request &, Response &response) { response.send(response.body().toByteArray() + name); });
    }
    master.application.get("/", [](const Request &, Response &response) { response.send("0"); });
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |0123"));
}

void TestHooks::generatedReplacesAnErrorPage()
{
    FakeMaster master;
    master.application.generatedResponse([](const Request &request, Response &response) {
        if (response.status() == 404)
            response.setStatus(410).text(QStringLiteral("gone: ") + QString::fromUtf8(request.path()));
    });
    master.startHost();
    const quint64 id = master.request({.target = "/a"});
    QVERIFY(master.answer(id).endsWith("|gone: /a"));
    QCOMPARE(ipc::decodeResponse(master.reply(id)->payload)->kind, ipc::ResponseKind::Whole);
}

void TestHooks::generatedReplacesTheBody_data()
{
    QTest::addColumn<int>("first");
    QTest::addColumn<int>("second");
    QTest::addColumn<QByteArray>("fields");
    for (std::size_t first = 0; first < bodyKinds.size(); ++first) {
        for (std::size_t second = 0; second < bodyKinds.size(); ++second)
            QTest::addRow("%s, then %s", bodyKinds[first].name, bodyKinds[second].name)
                << int(first) << int(second) << bodyKinds[second].fields;
    }
}

void TestHooks::generatedReplacesTheBody()
{
    QFETCH(int, first);
    QFETCH(int, second);
    FakeMaster master;
    master.application.get("/",
                           [&](const Request &, Response &response) { bodyKinds[std::size_t(first)].fill(response); });
    master.application.generatedResponse(
        [&](const Request &, Response &response) { bodyKinds[std::size_t(second)].fill(response); });
    master.startHost();
    const QByteArray answer = master.answer(master.request({}));
    QTEST(answer.sliced(4, answer.indexOf('|') - 4), "fields");
}

void TestHooks::generatedLeavesTheTypeOfAStream()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) { response.stream("image/png").end(); });
    master.application.generatedResponse(
        [](const Request &, Response &response) { response.html(QStringLiteral("ignored")); });
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 Content-Type: image/png;|"));
}

void TestHooks::generatedOfAStream()
{
    FakeMaster master;
    master.application.generatedResponse([](const Request &, Response &response) {
        response.setHeader("X-Seen", "1");
        response.text(QStringLiteral("no body for a stream"));
    });
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream stream = response.stream();
        stream.write("piece");
        stream.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QVERIFY(master.answer(id).startsWith("200 X-Seen: 1;"));
    QCOMPARE(ipc::decodeResponse(master.reply(id)->payload)->kind, ipc::ResponseKind::Streamed);
    QCOMPARE(master.bodyOf(id), QByteArray("piece"));
}

void TestHooks::generatedThrows()
{
    FakeMaster master;
    master.application.generatedResponse([](const Request &, Response &) { throw std::runtime_error("oh no"); });
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 (route GET / of plugin ) has an answer that a hook threw at: oh no");
    QCOMPARE(master.answer(master.request({})), QByteArray("500 |"));
}

void TestHooks::generatedBeginsAStream_data()
{
    QTest::addColumn<bool>("isEvents");
    QTest::newRow("stream") << false;
    QTest::newRow("events") << true;
}

void TestHooks::generatedBeginsAStream()
{
    QFETCH(bool, isEvents);
    FakeMaster master;
    master.application.generatedResponse([&](const Request &, Response &response) {
        if (isEvents)
            QVERIFY(!response.events().isOpen());
        else
            QVERIFY(!response.stream("image/png").isOpen());
    });
    master.application.get("/a/:b", [](const Request &, Response &response) { response.send("kept", "text/x"); });
    master.startHost();
    QTest::ignoreMessage(QtWarningMsg,
                         "request 0-0: a generatedResponse() hook or beforeSend() callback began a stream, which has "
                         "no effect on an answer that leaves: give it a body, or let the handler stream (route GET "
                         "/a/:b of plugin )");
    QCOMPARE(master.answer(master.request({.target = "/a/1"})), QByteArray("200 Content-Type: text/x;|kept"));
}

void TestHooks::cleanerAfterAnAnswer()
{
    FakeMaster master;
    QByteArrayList calls;
    master.application.get("/", [&](const Request &, Response &response) {
        response.end();
        calls << "handler";
    });
    master.application.generatedResponse([&](const Request &, Response &) { calls << "answer"; });
    master.application.cleaner([&](const Request &request) { calls << "clean " + request.path().toByteArray(); });
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(calls.join(", "), QByteArray("answer, handler, clean /, answer"));
}

void TestHooks::cleanerAfterALateAnswer()
{
    FakeMaster master;
    int cleaned = 0;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.application.cleaner([&](const Request &) { ++cleaned; });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QCOMPARE(cleaned, 0);
    kept->end();
    QCOMPARE(cleaned, 1);
    QCOMPARE(master.answer(id), QByteArray("200 |"));
    QCOMPARE(cleaned, 1);
}

void TestHooks::cleanerAfterACancel()
{
    FakeMaster master;
    int cleaned = 0;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.application.cleaner([&](const Request &) { ++cleaned; });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    master.send(FrameType::Cancel, id);
    QCOMPARE(master.answer(id), QByteArray("504 |"));
    QCOMPARE(cleaned, 1);
    kept.reset();
    QCOMPARE(cleaned, 1);
}

void TestHooks::cleanerThrows()
{
    FakeMaster master;
    int cleaned = 0;
    master.application.get("/", [](const Request &, Response &) {});
    master.application.cleaner([](const Request &) { throw std::runtime_error("oh no"); });
    master.application.cleaner([&](const Request &) { ++cleaned; });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "a cleaner threw after GET /: oh no");
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
    QCOMPARE(cleaned, 1);
}

void TestHooks::revokedRequestIsNotSeen()
{
    FakeMaster master;
    QList<quint64> seen;
    master.application.receivedRequest([&](Request &request, Response &) { seen << request.id(); });
    master.application.cleaner([&](const Request &request) { seen << request.id() + 100; });
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    const QByteArray bytes = master.encodeAll({Order(), Order()});
    QVERIFY(master.rings[0]->revoke(master.claims[1]));
    master.wires[0]->put(bytes);
    QCOMPARE(master.answer(2), QByteArray("200 |"));
    QCOMPARE(seen, QList<quint64>({2, 102}));
}

QUERN_EPOLL_TEST_MAIN(TestHooks)
#include "tst_hooks.moc"
