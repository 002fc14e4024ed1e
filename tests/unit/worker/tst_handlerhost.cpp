#include "fakemaster.h"

#include <Quern/requestid.h>

#include <stdexcept>

using namespace Quern;
using namespace WorkerTest;
using namespace std::chrono_literals;

class TestHandlerHost : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersAtOnce();
    void whatTheHandlerSees();
    void endedWithinTheHandler();
    void answersLater();
    void answersLaterFromAThread();
    void deferredAndForgotten();
    void deferredAndEndedWithinTheHandler();
    void exceptions_data();
    void exceptions();
    void exceptionAfterDefer();
    void noRoute();
    void otherMethod();
    void optionsAreDerived();
    void revokedRequestIsDropped();
    void unknownSlotIsDropped();
    void cancelOfADeferredRequest();
    void cancelOfAnUnknownRequest();
    void hugeHeaderSection();
    void malformedRequest();
    void statesOnTheWay();
    void counters();
};

void TestHandlerHost::answersAtOnce()
{
    FakeMaster master;
    master.application.get("/hello/:name", [](const Request &request, Response &response) {
        response.setStatus(201).setHeader("X-Name", request.param("name").toUtf8());
        response.text(QStringLiteral("hi"));
    });
    master.startHost();
    const quint64 id = master.request({.target = "/hello/bar?x=1"});
    QCOMPARE(master.answer(id), QByteArray("201 X-Name: bar;Content-Type: text/plain; charset=utf-8;|hi"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QVERIFY(!master.reply(id, FrameType::Deferred));
    const Result<ipc::ResponseMessage> message = ipc::decodeResponse(master.reply(id)->payload);
    QCOMPARE(message->bodyLength, quint64(2));
}

void TestHandlerHost::whatTheHandlerSees()
{
    FakeMaster master(2);
    QStringList seen;
    RequestJourney journey;
    master.application.post("/a", [&](const Request &request, Response &) {
        seen << QString::number(request.id()) << QString::fromLatin1(request.method().toByteArray())
             << QString::fromLatin1(request.target().toByteArray())
             << QString::fromLatin1(request.header("host").toByteArray())
             << QString::fromLatin1(request.body().toByteArray()) << request.remoteAddress()
             << QString::number(request.remotePort()) << QString::number(request.minorVersion());
        journey = request.journey();
    });
    master.startHost();
    const auto before = std::chrono::steady_clock::now();
    const quint64 id = master.request({"POST", "/a?b=c", "body"}, 1);
    QCOMPARE(master.answer(id, 1), QByteArray("200 |"));
    QCOMPARE(seen.join(u' '), QStringLiteral("1 POST /a?b=c x body 192.0.2.1 4711 1"));
    QCOMPARE(journey.workerId, 4);
    QCOMPARE(journey.generation, 2);
    QCOMPARE(journey.reactorId, 1);
    QCOMPARE(base::toNanoseconds(journey.received), quint64(1'000));
    QCOMPARE(base::toNanoseconds(journey.dispatched), quint64(2'000));
    QVERIFY(journey.started >= before && journey.started <= std::chrono::steady_clock::now());
}

void TestHandlerHost::endedWithinTheHandler()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        response.text(QStringLiteral("first"));
        response.end();
        response.text(QStringLiteral("second"));
        response.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.answer(id).endsWith("|first"));
    const quint64 next = master.request({});
    QVERIFY(master.answer(next).endsWith("|first"));
    QCOMPARE(master.wires[0]->replies().size(), 2);
}

void TestHandlerHost::answersLater()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QCOMPARE(int(master.state(id)), int(ClaimState::Deferred));
    QCOMPARE(master.counters().deferredRequests.load(), 1u);
    QCOMPARE(master.counters().currentSlot.load(), ipc::NoSlot);
    QVERIFY(!master.reply(id));
    kept->text(QStringLiteral("late"));
    kept->end();
    QVERIFY(master.answer(id).endsWith("|late"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
}

void TestHandlerHost::answersLaterFromAThread()
{
    FakeMaster master;
    std::vector<std::jthread> threads;
    master.application.get("/", [&](const Request &request, Response &response) {
        threads.emplace_back([id = request.id(), later = response.defer()]() mutable {
            later.text(QString::number(id));
            later.end();
        });
    });
    master.startHost();
    for (int i = 0; i < 50; ++i)
        master.request({});
    for (quint64 id = 1; id <= 50; ++id)
        QVERIFY(master.answer(id).endsWith('|' + QByteArray::number(id)));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
}

void TestHandlerHost::deferredAndForgotten()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.get("/now", [](const Request &, Response &response) { response.defer(); });
    master.application.get("/later", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    const QByteArray expected = "500 |";
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 (route GET /now of plugin ) was deferred and then forgotten: answered 500");
    QCOMPARE(master.answer(master.request({.target = "/now"})), expected);
    QVERIFY(!master.reply(1, FrameType::Deferred));

    const quint64 id = master.request({.target = "/later"});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 (route GET /later of plugin ) was deferred and then forgotten: answered 500");
    kept.reset();
    QCOMPARE(master.answer(id), expected);
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
}

void TestHandlerHost::deferredAndEndedWithinTheHandler()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        Response later = response.defer();
        later.text(QStringLiteral("after all"));
        later.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.answer(id).endsWith("|after all"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QVERIFY(!master.reply(id, FrameType::Deferred));
}

void TestHandlerHost::exceptions_data()
{
    QTest::addColumn<bool>("standard");
    QTest::addColumn<QString>("message");
    QTest::newRow("std::exception") << true
                                    << QStringLiteral("handler of GET /a threw: oh no (route GET /a of plugin )");
    QTest::newRow("anything") << false
                              << QStringLiteral(
                                     "handler of GET /a threw: an exception that is no std::exception (route GET /a "
                                     "of plugin )");
}

void TestHandlerHost::exceptions()
{
    QFETCH(const bool, standard);
    QFETCH(const QString, message);
    FakeMaster master;
    master.application.get("/a", [standard](const Request &, Response &response) {
        response.text(QStringLiteral("half an ans"));
        if (standard)
            throw std::runtime_error("oh no");
        throw 42;
    });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, qPrintable(message));
    const quint64 id = master.request({.target = "/a"});
    QCOMPARE(master.answer(id), QByteArray("500 |"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QCOMPARE(master.counters().currentSlot.load(), ipc::NoSlot);
}

void TestHandlerHost::exceptionAfterDefer()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.defer();
        throw std::runtime_error("oh no");
    });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "handler of GET / threw: oh no (route GET / of plugin )");
    const quint64 id = master.request({});
    QVERIFY(master.answer(id).startsWith("500 "));
    kept->text(QStringLiteral("too late"));
    kept->end();
    kept.reset();
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.wires[0]->replies().size(), 2);
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
}

void TestHandlerHost::noRoute()
{
    FakeMaster master;
    master.application.get("/a", [](const Request &, Response &) {});
    master.startHost();
    const quint64 id = master.request({.target = "/b"});
    QCOMPARE(master.answer(id), QByteArray("404 |"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QCOMPARE(master.rings[0]->route(master.claims[id]), ipc::NoRoute);
}

void TestHandlerHost::otherMethod()
{
    FakeMaster master;
    master.application.get("/a", [](const Request &, Response &) {});
    master.application.post("/a", [](const Request &, Response &) {});
    master.startHost();
    const quint64 id = master.request({.method = "DELETE", .target = "/a"});
    QCOMPARE(master.answer(id), QByteArray("405 Allow: GET, HEAD, OPTIONS, POST;|"));
}

void TestHandlerHost::optionsAreDerived()
{
    FakeMaster master;
    master.application.get("/a", [](const Request &, Response &) {});
    master.application.any("/b", [](const Request &request, Response &response) {
        response.text(QString::fromLatin1(request.method().toByteArray()));
    });
    master.startHost();
    QCOMPARE(master.answer(master.request({.method = "OPTIONS", .target = "/a"})),
             QByteArray("204 Allow: GET, HEAD, OPTIONS;|"));
    QCOMPARE(master.answer(master.request({.method = "OPTIONS", .target = "*"})),
             QByteArray("204 Allow: DELETE, GET, HEAD, OPTIONS, PATCH, POST, PUT;|"));
    QVERIFY(master.answer(master.request({.method = "OPTIONS", .target = "/b"})).endsWith("|OPTIONS"));
    QVERIFY(master.answer(master.request({.method = "OPTIONS", .target = "/c"})).startsWith("404 "));
}

void TestHandlerHost::revokedRequestIsDropped()
{
    FakeMaster master;
    QList<quint64> ran;
    master.application.get("/", [&](const Request &request, Response &) { ran.append(request.id()); });
    master.startHost();
    const QByteArray bytes = master.encodeAll({Order(), Order(), Order()});
    QVERIFY(master.rings[0]->revoke(master.claims[2]));
    master.wires[0]->put(bytes);
    QCOMPARE(master.answer(3), QByteArray("200 |"));
    QCOMPARE(ran, QList<quint64>({1, 3}));
    QVERIFY(!master.reply(2));
    QCOMPARE(int(master.state(2)), int(ClaimState::Revoked));
    // Once when each arrived, and once when it was dealt with: else a worker that took long to find out that its
    // request is gone would look as if it stood still for ever.
    QCOMPARE(master.counters().loopTurns.load(), quint64(6));
}

void TestHandlerHost::unknownSlotIsDropped()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    QByteArray bytes = master.encode({});
    ipc::writeTicket(bytes.data() + ipc::FrameHeaderSize, {ipc::NoSlot, 1, 0});
    master.wires[0]->put(bytes);
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
    QVERIFY(!master.reply(1));
}

void TestHandlerHost::cancelOfADeferredRequest()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QVERIFY(!kept->isCancelled());
    master.send(FrameType::Cancel, id);
    QCOMPARE(master.answer(id), QByteArray("504 |"));
    QVERIFY(kept->isCancelled());
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
    kept->text(QStringLiteral("too late"));
    kept->end();
    kept.reset();
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.wires[0]->replies().size(), 3);
}

void TestHandlerHost::cancelOfAnUnknownRequest()
{
    FakeMaster master;
    master.startHost();
    master.send(FrameType::Cancel, 99);
    master.send(FrameType(0x7777), 99);
    master.send(FrameType::Credit, 99, "bad");
    master.send(FrameType::RequestBody, 99, "stray");
    QVERIFY(master.answer(master.request({})).startsWith("404 "));
    QCOMPARE(master.wires[0]->replies().size(), 1);
}

void TestHandlerHost::hugeHeaderSection()
{
    FakeMaster master;
    master.application.get(
        "/", [](const Request &, Response &response) { response.setHeader("X", QByteArray(64 * 1024, 'x')); });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "request 0-0 was answered with 65541 bytes of header fields; at most 65536 are "
                                        "possible");
    QVERIFY(master.answer(master.request({})).startsWith("500 "));
}

void TestHandlerHost::malformedRequest()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &) {});
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "request 0-50 is answered 500: malformed Request message");
    master.send(FrameType::Request, RequestId::make(0, 50, 0), "nonsense");
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));

    // Nobody waits for it until the deadline.
    QByteArray bytes = master.encode({});
    constexpr qsizetype hostLength = ipc::FrameHeaderSize + ipc::ClaimTicketSize + 30;
    bytes[hostLength] = bytes[hostLength + 1] = '\xff';
    QTest::ignoreMessage(QtCriticalMsg, "request 0-0 is answered 500: malformed Request message");
    master.wires[0]->put(bytes);
    QCOMPARE(master.answer(2), QByteArray("500 |"));
    QCOMPARE(int(master.state(2)), int(ClaimState::Done));
}

void TestHandlerHost::statesOnTheWay()
{
    FakeMaster master;
    std::optional<Response> kept;
    ClaimState ownState = ClaimState::Free, nextState = ClaimState::Free;
    std::optional<ClaimRing::Running> running;
    master.application.get("/first", [](const Request &, Response &) {});
    master.application.get("/second", [&](const Request &request, Response &response) {
        ownState = master.state(request.id());
        nextState = master.state(request.id() + 1);
        running = master.rings[0]->running();
        kept = response.defer();
    });
    master.startHost();
    master.wires[0]->put(master.encodeAll({Order{.target = "/second"}, Order{.target = "/first"}}));
    QCOMPARE(int(master.state(1)), int(ClaimState::Sent));
    const quint64 before = base::nowNanoseconds();
    QCOMPARE(master.answer(2), QByteArray("200 |"));
    QCOMPARE(int(ownState), int(ClaimState::Claimed));
    QCOMPARE(int(nextState), int(ClaimState::Sent));
    QVERIFY(running);
    QCOMPARE(running->requestId, quint64(1));
    QCOMPARE(running->route, 1u);
    QVERIFY(running->claimedNs >= before && running->claimedNs <= base::nowNanoseconds());
    QCOMPARE(master.rings[0]->route(master.claims[2]), 0u);
    QCOMPARE(int(master.state(1)), int(ClaimState::Deferred));
    QCOMPARE(int(master.state(2)), int(ClaimState::Done));
    QVERIFY(!master.rings[0]->running());
    kept->end();
    QCOMPARE(int(master.state(1)), int(ClaimState::Done));
}

void TestHandlerHost::counters()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &) { computeFor(2ms); });
    master.startHost();
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
    const quint64 turns = master.counters().loopTurns.load();
    QCOMPARE_GE(turns, quint64(1));
    QCOMPARE(master.counters().requests.load(), quint64(1));
    const quint64 first = master.counters().handlerNs.load();
    QCOMPARE_GE(first, quint64(2'000'000));
    QCOMPARE(master.answer(master.request({})), QByteArray("200 |"));
    QCOMPARE(master.counters().requests.load(), quint64(2));
    QCOMPARE_GT(master.counters().loopTurns.load(), turns);
    QCOMPARE_GE(master.counters().handlerNs.load(), (7 * first + 2'000'000) / 8);
    // What no handler ran for is not counted.
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.counters().requests.load(), quint64(2));
}

QUERN_EPOLL_TEST_MAIN(TestHandlerHost)
#include "tst_handlerhost.moc"
