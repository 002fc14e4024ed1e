#include "fakemaster.h"

#include <stdexcept>

using namespace Quern;
using namespace WorkerTest;

namespace {

/// The head of a request whose body streams; \a firstPart comes along.
Order streamed(const QByteArray &firstPart = {})
{
    return {.method = "POST",
            .target = "/in",
            .body = firstPart,
            .flags = ipc::StreamedRequest,
            .bodyLength = ipc::UnknownLength};
}

/// What a handler got of a body.
struct Taken
{
    QByteArray bytes;
    QList<bool> ends;
    std::optional<Request> request;
    std::optional<Response> response;
};

/// Takes all of the body and answers with its length at its end.
Handler takingAll(Taken &taken)
{
    return [&taken](const Request &request, Response &response) {
        taken.request = request;
        taken.response = response.defer();
        request.onBody([&taken](QByteArrayView part) { taken.bytes += part.toByteArray(); },
                       [&taken](bool complete) {
                           taken.ends << complete;
                           taken.response->text(QString::number(taken.bytes.size()));
                           taken.response->end();
                       });
    };
}

} // namespace

class TestStreamedBodies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void partsInOrder();
    void bodyThatCameWhole();
    void routeThatTakesWholeBodies();
    void windowFollowsWhatIsTaken();
    void pausedBodyGrantsNothing();
    void partsBeforeOnBody();
    void clientGoesAway();
    void clientGoesAwayFromAPausedBody_data();
    void clientGoesAwayFromAPausedBody();
    void partOutlivesTheAnswer();
    void answerBeforeTheEnd();
    void answerBeforeTheEndAndCancel();
    void callbackThrows();
    void callbackThatThrowsAndAloneHoldsTheAnswer();
    void noRouteForAStreamedBody();
    void hookLeadsToAWholeRoute();
    void secondOnBody();
    void cleanerWaitsForTheBody();
    void nothingIsKeptBehind();
};

void TestStreamedBodies::partsInOrder()
{
    FakeMaster master;
    Taken taken;
    master.application.post("/in", takingAll(taken)).streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    QVERIFY(!taken.request->bodyLength());
    QVERIFY(taken.request->body().isEmpty());
    master.send(FrameType::RequestBody, id, "two ");
    master.send(FrameType::RequestBody, id, "three");
    QVERIFY(FakeMaster::turnUntil([&] { return taken.bytes.size() == 13; }));
    QVERIFY(taken.ends.isEmpty());
    master.send(FrameType::RequestEnd, id, "X-Sum: 7\r\n");
    QVERIFY(master.answer(id).endsWith("|13"));
    QCOMPARE(taken.bytes, QByteArray("one two three"));
    QCOMPARE(taken.ends, QList<bool>{true});
    QCOMPARE(taken.request->trailer("x-sum"), QByteArrayView("7"));
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
}

void TestStreamedBodies::bodyThatCameWhole()
{
    FakeMaster master;
    Taken taken;
    master.application.post("/in", takingAll(taken)).streamBody();
    master.startHost();
    const QByteArray body(100'000, 'b');
    const quint64 id = master.request({.method = "POST", .target = "/in", .body = body});
    QVERIFY(master.answer(id).endsWith("|100000"));
    QCOMPARE(taken.bytes, body);
    QCOMPARE(taken.request->bodyLength(), std::optional<quint64>(100'000));
}

void TestStreamedBodies::routeThatTakesWholeBodies()
{
    FakeMaster master;
    master.application.post("/in", [](const Request &request, Response &) { request.onBody({}); });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("register it with streamBody\\(\\)")));
    QCOMPARE(master.answer(master.request({.method = "POST", .target = "/in", .body = "x"})), QByteArray("500 |"));
}

void TestStreamedBodies::windowFollowsWhatIsTaken()
{
    FakeMaster master;
    Taken taken;
    master.application.post("/in", takingAll(taken)).streamBody();
    master.startHost();
    const quint64 id = master.request(streamed(QByteArray(1000, 'a')));
    // The first part has been taken, and the window is open to its full width behind it.
    QVERIFY(FakeMaster::turnUntil([&] { return master.granted(id) == quint64(ipc::RequestCredit); }));
    for (int i = 0; i < 10; ++i)
        master.send(FrameType::RequestBody, id, QByteArray(ipc::MaxBodyPart, 'b'));
    const quint64 expected = quint64(ipc::RequestCredit + 10 * ipc::MaxBodyPart);
    QVERIFY(FakeMaster::turnUntil([&] { return master.granted(id) == expected; }));
    QCOMPARE(taken.bytes.size(), 1000 + 10 * ipc::MaxBodyPart);
}

void TestStreamedBodies::pausedBodyGrantsNothing()
{
    FakeMaster master;
    Taken taken;
    master.application
        .post("/in",
              [&](const Request &request, Response &response) {
                  takingAll(taken)(request, response);
                  request.pauseBody();
              })
        .streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    master.send(FrameType::RequestBody, id, "two");
    master.send(FrameType::RequestEnd, id);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 ")); // all of it has arrived
    QVERIFY(taken.bytes.isEmpty() && taken.ends.isEmpty());
    QCOMPARE(master.granted(id), quint64(ipc::RequestCredit) - 4);
    taken.request->resumeBody();
    QVERIFY(taken.bytes.isEmpty()); // not from within the call
    QVERIFY(master.answer(id).endsWith("|7"));
    QCOMPARE(taken.bytes, QByteArray("one two"));
}

void TestStreamedBodies::partsBeforeOnBody()
{
    FakeMaster master;
    Taken taken;
    std::optional<Next> kept;
    master.application.use([&](Request &, Response &response, const Next &next) {
        response.defer();
        kept = next;
    });
    master.application.post("/in", takingAll(taken)).streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    master.send(FrameType::RequestBody, id, "two");
    master.send(FrameType::RequestEnd, id);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    (*kept)();
    kept.reset();
    QVERIFY(taken.bytes.isEmpty());
    QVERIFY(master.answer(id).endsWith("|7"));
}

void TestStreamedBodies::clientGoesAway()
{
    FakeMaster master;
    Taken taken;
    master.application.post("/in", takingAll(taken)).streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    master.send(FrameType::Cancel, id);
    QCOMPARE(master.answer(id), QByteArray("504 |"));
    QCOMPARE(taken.ends, QList<bool>{false});
    QVERIFY(taken.response->isCancelled());
    master.send(FrameType::RequestBody, id, "stray");
    master.send(FrameType::RequestEnd, id);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(taken.ends.size(), 1);
    QCOMPARE(taken.bytes, QByteArray("one "));
}

void TestStreamedBodies::clientGoesAwayFromAPausedBody_data()
{
    QTest::addColumn<bool>("isStreamed");
    QTest::newRow("came whole") << false;
    QTest::newRow("has come to its end") << true;
}

void TestStreamedBodies::clientGoesAwayFromAPausedBody()
{
    QFETCH(bool, isStreamed);
    FakeMaster master;
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = owned;
    int parts = 0;
    QList<bool> ends;
    master.application
        .post("/in",
              [&](const Request &request, Response &response) {
                  request.onBody([&parts, request, later = response.defer(), owned](QByteArrayView) { ++parts; },
                                 [&ends](bool complete) { ends << complete; });
                  request.pauseBody();
                  owned.reset();
              })
        .streamBody();
    master.startHost();
    const quint64 id =
        master.request(isStreamed ? streamed("one ") : Order{.method = "POST", .target = "/in", .body = "one "});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    if (isStreamed)
        master.send(FrameType::RequestEnd, id);
    master.send(FrameType::Cancel, id);
    QCOMPARE(master.answer(id), QByteArray("504 |"));
    QVERIFY(FakeMaster::turnUntil([&] { return watched.expired(); })); // nothing holds the request any more
    QCOMPARE(ends, QList<bool>{false});
    QCOMPARE(parts, 0);
}

void TestStreamedBodies::partOutlivesTheAnswer()
{
    FakeMaster master;
    QByteArray taken;
    master.application
        .post("/in",
              [&](const Request &request, Response &response) {
                  request.onBody([&taken, later = std::make_shared<Response>(response.defer())](QByteArrayView part) {
                      later->end();
                      taken += part.toByteArray();
                  });
              })
        .streamBody();
    master.startHost();
    const QByteArray body = QByteArray(50'000, 'b');
    QCOMPARE(master.answer(master.request({.method = "POST", .target = "/in", .body = body})), QByteArray("200 |"));
    QCOMPARE(taken, body);
}

void TestStreamedBodies::answerBeforeTheEnd()
{
    FakeMaster master;
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = owned;
    int parts = 0;
    master.application
        .post("/in",
              [&](const Request &request, Response &response) {
                  request.onBody([&parts, owned](QByteArrayView) { ++parts; });
                  owned.reset();
                  response.setStatus(413);
              })
        .streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QCOMPARE(master.answer(id), QByteArray("413 |"));
    QVERIFY(watched.expired());
    // What still comes is dropped, and asked for, so that the sender gets to its end.
    master.send(FrameType::RequestBody, id, QByteArray(ipc::MaxBodyPart, 'b'));
    const quint64 expected = quint64(ipc::RequestCredit + ipc::MaxBodyPart);
    QVERIFY(FakeMaster::turnUntil([&] { return master.granted(id) == expected; }));
    master.send(FrameType::RequestEnd, id);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(parts, 0);
}

void TestStreamedBodies::answerBeforeTheEndAndCancel()
{
    FakeMaster master;
    master.application.post("/in", [](const Request &, Response &) {}).streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QCOMPARE(master.answer(id), QByteArray("200 |"));
    master.send(FrameType::Cancel, id);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    int answers = 0;
    const QList<Reply> replies = master.wires[0]->replies();
    for (const Reply &reply : replies)
        answers += reply.id == id && reply.type == FrameType::Response ? 1 : 0;
    QCOMPARE(answers, 1);
}

void TestStreamedBodies::callbackThrows()
{
    FakeMaster master;
    std::optional<Response> kept;
    int parts = 0;
    master.application
        .post("/in",
              [&](const Request &request, Response &response) {
                  kept = response.defer();
                  request.onBody([&](QByteArrayView) {
                      ++parts;
                      throw std::runtime_error("oh no");
                  });
              })
        .streamBody();
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "handler of POST /in threw: oh no (route POST /in of plugin )");
    const quint64 id = master.request(streamed("one "));
    QCOMPARE(master.answer(id), QByteArray("500 |"));
    master.send(FrameType::RequestBody, id, "two");
    master.send(FrameType::RequestEnd, id);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(parts, 1);
}

void TestStreamedBodies::callbackThatThrowsAndAloneHoldsTheAnswer()
{
    FakeMaster master;
    master.options.debug = true;
    master.application
        .post("/in",
              [](const Request &request, Response &response) {
                  request.onBody([](QByteArrayView) {},
                                 [answer = response.defer()](bool) { throw std::runtime_error("oh no"); });
              })
        .streamBody();
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "handler of POST /in threw: oh no (route POST /in of plugin )");
    const quint64 id = master.request(streamed("one "));
    master.send(FrameType::RequestEnd, id);
    // The reason, and not that the answer was forgotten.
    QVERIFY(master.answer(id).startsWith("500 |oh no"));
}

void TestStreamedBodies::noRouteForAStreamedBody()
{
    FakeMaster master;
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QCOMPARE(master.answer(id), QByteArray("404 |"));
    QCOMPARE(master.granted(id), quint64(ipc::RequestCredit));
    master.send(FrameType::RequestEnd, id);
    QVERIFY(master.answer(master.request({})).startsWith("404 "));
}

void TestStreamedBodies::hookLeadsToAWholeRoute()
{
    FakeMaster master;
    master.application.receivedRequest([](Request &request, Response &) { request.setTarget("/whole"); });
    master.application.post("/in", [](const Request &, Response &) {}).streamBody();
    master.application.post("/whole", [](const Request &, Response &) {});
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("a hook has led a request")));
    QCOMPARE(master.answer(master.request(streamed("one "))), QByteArray("500 |"));
}

void TestStreamedBodies::secondOnBody()
{
    FakeMaster master;
    master.application
        .post("/in",
              [](const Request &request, Response &) {
                  request.onBody({});
                  request.onBody({});
              })
        .streamBody();
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("call onBody\\(\\) once")));
    QCOMPARE(master.answer(master.request(streamed())), QByteArray("500 |"));
}

void TestStreamedBodies::cleanerWaitsForTheBody()
{
    FakeMaster master;
    int cleaned = 0;
    master.application.cleaner([&](const Request &) { ++cleaned; });
    master.application.post("/in", [](const Request &, Response &) {}).streamBody();
    master.startHost();
    const quint64 id = master.request(streamed("one "));
    QCOMPARE(master.answer(id), QByteArray("200 |"));
    QCOMPARE(cleaned, 0);
    master.send(FrameType::RequestEnd, id);
    QVERIFY(FakeMaster::turnUntil([&] { return cleaned == 1; }));
}

void TestStreamedBodies::nothingIsKeptBehind()
{
    // The callback captures its own request: only the end of the host lets both go.
    auto owned = std::make_shared<int>(1);
    const std::weak_ptr<int> watched = owned;
    {
        FakeMaster master;
        master.application
            .post("/in",
                  [&owned](const Request &request, Response &response) {
                      request.onBody([request, later = response.defer(), owned](QByteArrayView) {});
                      owned.reset();
                  })
            .streamBody();
        master.startHost();
        QVERIFY(master.awaitReply(master.request(streamed("one ")), FrameType::Deferred));
        QVERIFY(!watched.expired());
    }
    QVERIFY(watched.expired());
}

QUERN_EPOLL_TEST_MAIN(TestStreamedBodies)
#include "tst_streamedbodies.moc"
