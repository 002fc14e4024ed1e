#include "streamsupport.h"

using namespace Quern;
using namespace WorkerTest;

class TestHandlerBodies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answerThatFitsWithItsHead();
    void bigAnswerByCredits();
    void bigAnswerCancelled();
    void requestBodyInParts();
    void requestBodyInManyParts();
    void moreRequestBodyThanAnnounced();
    void revokedWhileTheBodyArrives();
    void cancelledWhileTheBodyArrives();
    void nestedEventLoop();
    void nestedHandlerOfAnotherReactor();
    void answeredWhileAnotherHandlerIsOnTop();
};

void TestHandlerBodies::answerThatFitsWithItsHead()
{
    FakeMaster master;
    const QByteArray body = bytesOf(ipc::MaxBodyPart);
    master.application.get("/", [&](const Request &, Response &response) { response.send(body); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id));
    QCOMPARE(master.bodyOf(id), body);
    QCOMPARE(master.wires[0]->replies().size(), 1);
}

void TestHandlerBodies::bigAnswerByCredits()
{
    FakeMaster master;
    const QByteArray body = bytesOf(ipc::AmpleResponseCredit + 100'001);
    master.application.get("/", [&](const Request &, Response &response) { response.send(body); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() >= ipc::AmpleResponseCredit; }));
    const Result<ipc::ResponseMessage> head = ipc::decodeResponse(master.reply(id)->payload);
    QCOMPARE(head->bodyLength, quint64(body.size()));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    // Other requests are served meanwhile, and nothing more of this one comes.
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.bodyOf(id), body.first(ipc::AmpleResponseCredit));

    master.grant(id, 100'000);
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() >= ipc::AmpleResponseCredit + 100'000; }));
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.bodyOf(id), body.chopped(1));
    master.grant(id, 1'000'000);
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() == body.size(); }));
    QCOMPARE(master.bodyOf(id), body);
    // Credit for what is finished is no harm.
    master.grant(id, 1);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.bodyOf(id), body);
}

void TestHandlerBodies::bigAnswerCancelled()
{
    FakeMaster master;
    master.application.get(
        "/", [&](const Request &, Response &response) { response.send(bytesOf(2 * ipc::AmpleResponseCredit)); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() >= ipc::AmpleResponseCredit; }));
    master.send(FrameType::Cancel, id);
    master.grant(id, 1'000'000);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(master.bodyOf(id).size(), ipc::AmpleResponseCredit);
}

void TestHandlerBodies::requestBodyInParts()
{
    FakeMaster master;
    QByteArray seen;
    master.application.post("/", [&](const Request &request, Response &) { seen = request.body().toByteArray(); });
    master.startHost();
    const QByteArray body = "a body in three parts";
    const quint64 id = master.request({"POST", "/", body, 6});
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(int(master.state(id)), int(ClaimState::Sent));
    master.send(FrameType::RequestBody, id, body.sliced(6, 8));
    const std::optional<Reply> credit = master.awaitReply(id, FrameType::Credit);
    QVERIFY(credit);
    const Result<quint32> granted = ipc::creditOf(credit->payload);
    QVERIFY(granted);
    QCOMPARE(*granted, 8u);
    QVERIFY(seen.isNull());
    master.send(FrameType::RequestBody, id, body.sliced(14));
    QCOMPARE(master.answer(id), QByteArray("200 |"));
    QCOMPARE(seen, body);
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
}

void TestHandlerBodies::requestBodyInManyParts()
{
    FakeMaster master;
    QByteArray seen;
    master.application.post("/", [&](const Request &request, Response &) { seen = request.body().toByteArray(); });
    master.startHost();
    const QByteArray body = bytesOf(5 * 1024 * 1024 + 3);
    const quint64 id = master.request({"POST", "/", body, ipc::MaxBodyPart});
    for (qsizetype at = ipc::MaxBodyPart; at < body.size(); at += ipc::MaxBodyPart)
        master.send(FrameType::RequestBody, id, body.sliced(at, qMin(ipc::MaxBodyPart, body.size() - at)));
    QCOMPARE(master.answer(id), QByteArray("200 |"));
    QVERIFY(seen == body);
}

void TestHandlerBodies::moreRequestBodyThanAnnounced()
{
    FakeMaster master;
    bool ran = false;
    master.application.post("/", [&](const Request &, Response &) { ran = true; });
    master.startHost();
    const quint64 id = master.request({"POST", "/", "body", 1});
    QTest::ignoreMessage(QtCriticalMsg, "request 0-0 has more body than it announced");
    master.send(FrameType::RequestBody, id, "ody!");
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QVERIFY(!ran);
}

void TestHandlerBodies::revokedWhileTheBodyArrives()
{
    FakeMaster master;
    QByteArrayList seen;
    master.application.post("/", [&](const Request &request, Response &) { seen << request.body().toByteArray(); });
    master.startHost();
    const quint64 id = master.request({"POST", "/", "body", 1});
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QVERIFY(master.rings[0]->revoke(master.claims[id]));
    master.send(FrameType::RequestBody, id, "ody");
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QVERIFY(seen.isEmpty());
    QVERIFY(!master.reply(id));
}

void TestHandlerBodies::cancelledWhileTheBodyArrives()
{
    FakeMaster master;
    bool ran = false;
    master.application.post("/", [&](const Request &, Response &) { ran = true; });
    master.startHost();
    const quint64 id = master.request({"POST", "/", "body", 1});
    master.send(FrameType::Cancel, id);
    master.send(FrameType::RequestBody, id, "ody");
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QVERIFY(!ran);
    QVERIFY(!master.reply(id));
}

void TestHandlerBodies::nestedEventLoop()
{
    FakeMaster master;
    QList<quint64> order;
    master.application.get("/", [&](const Request &request, Response &response) {
        if (request.id() == 1) {
            QEventLoop loop;
            QTimer::singleShot(20, &loop, &QEventLoop::quit);
            loop.exec();
        }
        order.append(request.id());
        response.text(QString::number(request.id()));
    });
    master.startHost();
    master.wires[0]->put(master.encodeAll({Order(), Order()}));
    QVERIFY(master.answer(2).endsWith("|2"));
    QVERIFY(master.answer(1).endsWith("|1"));
    QCOMPARE(order, QList<quint64>({1, 2}));
}

void TestHandlerBodies::nestedHandlerOfAnotherReactor()
{
    FakeMaster master(2);
    QEventLoop outer;
    QList<quint64> running;
    const auto noteRunning = [&] {
        const auto handler = master.rings[0]->running();
        running.append(handler ? handler->requestId : 0);
    };
    master.application.get("/outer", [&](const Request &, Response &response) {
        noteRunning();
        outer.exec();
        noteRunning();
        response.text(QStringLiteral("outer"));
    });
    master.application.get("/inner", [&](const Request &, Response &response) {
        noteRunning();
        response.text(QStringLiteral("inner"));
        outer.quit();
    });
    master.startHost();
    const quint64 first = master.request({.target = "/outer"}, 0);
    QTimer::singleShot(20, &outer, [&] { master.request({.target = "/inner"}, 1); });
    QVERIFY(master.answer(first).endsWith("|outer"));
    QVERIFY(master.answer(2, 1).endsWith("|inner"));
    QCOMPARE(running, QList<quint64>({1, 2, 1}));
    QCOMPARE(master.counters().currentSlot.load(), ipc::NoSlot);
}

void TestHandlerBodies::answeredWhileAnotherHandlerIsOnTop()
{
    // The first handler waits in a loop of its own; its answer comes while another's handler waits in one above it.
    FakeMaster master(2);
    std::optional<Response> kept;
    QEventLoop lower;
    master.application.get("/lower", [&](const Request &, Response &response) {
        kept = response.defer();
        lower.exec();
    });
    master.application.get("/upper", [&](const Request &, Response &) {
        kept->text(QStringLiteral("from above"));
        kept->end();
        kept.reset();
        lower.quit();
    });
    master.startHost();
    const quint64 first = master.request({.target = "/lower"}, 0);
    QTimer::singleShot(20, &lower, [&] { master.request({.target = "/upper"}, 1); });
    QVERIFY(master.answer(first).endsWith("|from above"));
    QCOMPARE(master.answer(2, 1), QByteArray("200 |"));
    QCOMPARE(int(master.state(first)), int(ClaimState::Done));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
    QVERIFY(!master.reply(first, FrameType::Deferred));
}

QUERN_EPOLL_TEST_MAIN(TestHandlerBodies)
#include "tst_handlerbodies.moc"
