#include "streamsupport.h"

using namespace Quern;
using namespace WorkerTest;
using namespace std::chrono_literals;

class TestStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void piecesWithinTheHandler();
    void piecesLater();
    void headLeavesBeforeTheFirstPiece();
    void announcedLength();
    void trailer();
    void afterDefer();
    void ample();
    void heldBackUntilCredit();
    void drainCallbackGoesOn();
    void waitForDrainWithinTheHandler();
    void waitForDrainEndsWithTheClient();
    void waitForDrainTimesOut();
    void waitsWithinEachOther();
    void fromAThread();
    void manyThreads();
    void statesOnTheWay();
};

void TestStreams::piecesWithinTheHandler()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        response.setStatus(201).setHeader("X", "y");
        ResponseStream stream = response.stream("image/png");
        QVERIFY(response.isEnded());
        response.setStatus(500);
        QVERIFY(stream.isOpen());
        QVERIFY(stream.write("one,"));
        QVERIFY(stream.write(QByteArray()));
        QVERIFY(stream.write("two"));
        QCOMPARE(stream.bufferedBytes(), 0);
        stream.end();
        QVERIFY(!stream.isOpen());
        QVERIFY(!stream.write("three"));
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    const Result<ipc::ResponseMessage> head = headOf(master, id);
    QVERIFY(head);
    QCOMPARE(head->kind, ipc::ResponseKind::Streamed);
    QCOMPARE(head->status, 201);
    QCOMPARE(head->bodyLength, ipc::UnknownLength);
    QCOMPARE(head->headerBlock.toByteArray(), QByteArray("X: y\r\nContent-Type: image/png\r\n"));
    QCOMPARE(master.bodyOf(id), QByteArray("one,two"));
    QCOMPARE(typesOf(master, id).last(), FrameType::ResponseEnd);
    QVERIFY(!typesOf(master, id).contains(FrameType::Deferred));
    QCOMPARE(master.reply(id, FrameType::ResponseEnd)->payload, QByteArray());
}

void TestStreams::piecesLater()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.stream(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id));
    kept->write("late");
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id) == "late"; }));
    kept->write("r");
    kept->end();
    kept.reset();
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(master.bodyOf(id), QByteArray("later"));
}

void TestStreams::headLeavesBeforeTheFirstPiece()
{
    FakeMaster master;
    master.application.get("/", [&](const Request &request, Response &response) {
        ResponseStream stream = response.stream();
        computeFor(20ms); // the handler goes on, and the head is there nevertheless
        QVERIFY(FakeMaster::turnUntil([&] { return master.reply(request.id()).has_value(); }));
        stream.end();
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({}), FrameType::ResponseEnd));
}

void TestStreams::announcedLength()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream stream = response.stream("text/plain", 7);
        stream.write("123");
        stream.write("4567");
        stream.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(headOf(master, id)->bodyLength, quint64(7));
    QCOMPARE(master.bodyOf(id), QByteArray("1234567"));
}

void TestStreams::trailer()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream stream = response.stream();
        stream.setTrailer("X-Sum", "0");
        stream.write("body");
        stream.setTrailer("x-sum", " 42 ");
        stream.setTrailer("X-Rows", "7");
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, stream.setTrailer("Content-Length", "4"));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, stream.setTrailer("set-cookie", "a=b"));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, stream.setTrailer("X", "a\r\nb"));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, stream.setTrailer("X", QByteArray(17'000, 'x')));
        stream.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(master.reply(id, FrameType::ResponseEnd)->payload, QByteArray("x-sum: 42\r\nX-Rows: 7\r\n"));
}

void TestStreams::afterDefer()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    ResponseStream stream = kept->stream();
    kept.reset();
    stream.write("x");
    stream.end();
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(master.bodyOf(id), QByteArray("x"));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
}

void TestStreams::ample()
{
    FakeMaster master;
    const QByteArray body = bytesOf(ipc::MaxBodyPart + ResponseStream::HighMark);
    master.application.get("/", [&](const Request &, Response &response) {
        ResponseStream stream = response.stream();
        QVERIFY(stream.write(body)); // one part is on its way at a time, however much a whole answer might have
        stream.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.turnUntil([&] { return master.bodyOf(id).size() >= ipc::MaxBodyPart; }));
    QVERIFY(master.bodyOf(id) == body.first(ipc::MaxBodyPart));
    QVERIFY(!master.reply(id, FrameType::ResponseEnd));
    master.grant(id, quint32(ResponseStream::HighMark));
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QVERIFY(master.bodyOf(id) == body);
    for (const Reply &reply : master.wires[0]->replies())
        QVERIFY(reply.payload.size() <= ipc::MaxBodyPart);
}

void TestStreams::heldBackUntilCredit()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.stream(); });
    master.startHost();
    const quint64 id = master.request({.credit = 10});
    QVERIFY(master.awaitReply(id));
    const QByteArray body = bytesOf(ResponseStream::HighMark + 100);
    QVERIFY(kept->write(body.first(100)));
    QCOMPARE(kept->bufferedBytes(), 90);
    QVERIFY(!kept->write(body.sliced(100)));
    QCOMPARE(kept->bufferedBytes(), body.size() - 10);
    kept->end();
    master.grant(id, 1'000);
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() == 1'010; }));
    QVERIFY(!master.reply(id, FrameType::ResponseEnd));
    master.grant(id, 1'000'000);
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QVERIFY(master.bodyOf(id) == body);
}

void TestStreams::drainCallbackGoesOn()
{
    FakeMaster master;
    const QByteArray body = bytesOf(2'000'000);
    int drains = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        ResponseStream stream = response.stream();
        auto next = std::make_shared<qsizetype>(0);
        const auto produce = [&, stream, next] {
            while (*next < body.size()) {
                const qsizetype part = qMin(qsizetype(10'000), body.size() - *next);
                *next += part;
                if (!stream.write(body.sliced(*next - part, part)))
                    return;
            }
            stream.end();
        };
        stream.onDrain([&drains, produce] {
            ++drains;
            produce();
        });
        produce();
    });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    while (!master.reply(id, FrameType::ResponseEnd)) {
        const qsizetype before = master.bodyOf(id).size();
        master.grant(id, 50'000);
        QVERIFY(FakeMaster::turnUntil(
            [&] { return master.bodyOf(id).size() > before || master.reply(id, FrameType::ResponseEnd); }));
    }
    QVERIFY(master.bodyOf(id) == body);
    QVERIFY2(drains > 10, QByteArray::number(drains).constData());
}

void TestStreams::waitForDrainWithinTheHandler()
{
    FakeMaster master;
    const QByteArray body = bytesOf(1'000'000);
    bool drained = true;
    master.application.get("/", [&](const Request &request, Response &response) {
        ResponseStream stream = response.stream();
        for (qsizetype at = 0; at < body.size(); at += 50'000) {
            if (!stream.write(body.sliced(at, 50'000))) {
                // The credit comes on the very channel that is giving out this request.
                master.grant(request.id(), quint32(stream.bufferedBytes()));
                drained = drained && stream.waitForDrain(10s);
            }
        }
        master.grant(request.id(), 100'000);
        stream.end();
    });
    master.startHost();
    // Another request has come with it and is not run in between.
    master.wires[0]->put(master.encodeAll({{.credit = 1}, {.target = "/none"}}));
    QVERIFY(master.awaitReply(1, FrameType::ResponseEnd));
    QVERIFY(drained);
    QVERIFY(master.bodyOf(1) == body);
    QVERIFY(master.answer(2).startsWith("404 "));
}

void TestStreams::waitForDrainEndsWithTheClient()
{
    FakeMaster master;
    bool drained = true;
    bool open = true;
    bool cancelled = false;
    int closed = 0;
    master.application.get("/", [&](const Request &request, Response &response) {
        ResponseStream stream = response.stream();
        stream.onClose([&] { ++closed; });
        QVERIFY(!stream.write(bytesOf(100'000)));
        master.send(FrameType::Cancel, request.id());
        drained = stream.waitForDrain(10s);
        open = stream.isOpen();
        cancelled = response.isCancelled();
    });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    QVERIFY(FakeMaster::turnUntil([&] { return !drained; }));
    QVERIFY(!open);
    QVERIFY(cancelled);
    QCOMPARE(closed, 1);
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(typesOf(master, id), QList<FrameType>({FrameType::Response}));
}

void TestStreams::waitForDrainTimesOut()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.stream(); });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    QVERIFY(master.awaitReply(id));
    QVERIFY(kept->waitForDrain(0ms)); // nothing is to be waited for
    QVERIFY(!kept->write(bytesOf(100'000)));
    QVERIFY(!kept->waitForDrain(5ms));
    bool drained = true;
    std::thread([&] { drained = kept->waitForDrain(5ms); }).join();
    QVERIFY(!drained);
    QVERIFY(kept->isOpen());
    kept->end();
    QVERIFY(!kept->waitForDrain(10s));
}

void TestStreams::waitsWithinEachOther()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.stream(); });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    QVERIFY(master.awaitReply(id));
    QVERIFY(!kept->write(bytesOf(100'000)));
    int begun = 0;
    QList<int> ended; // in their order; negative: without having waited
    std::function<void()> wait = [&] {
        const int number = ++begun;
        if (number <= ResponseStream::MaxNestedWaits)
            QTimer::singleShot(0, qApp, wait);
        ended << (kept->waitForDrain(10s) ? number : -number);
        if (ended.size() == 1)
            master.grant(id, 100'000);
    };
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("waitForDrain\\(\\) does not wait: 16")));
    wait();
    QList<int> expected = {-(ResponseStream::MaxNestedWaits + 1)};
    for (int number = ResponseStream::MaxNestedWaits; number > 0; --number)
        expected << number;
    QCOMPARE(ended, expected);
}

void TestStreams::fromAThread()
{
    FakeMaster master;
    std::vector<std::jthread> threads;
    const QByteArray body = bytesOf(3'000'000);
    master.application.get("/", [&](const Request &, Response &response) {
        threads.emplace_back([&body, stream = response.stream()] {
            for (qsizetype at = 0; at < body.size(); at += 10'000) {
                if (!stream.write(body.sliced(at, 10'000)) && !stream.waitForDrain(10s))
                    return;
            }
            stream.setTrailer("X", "y");
            stream.end();
        });
    });
    master.startHost();
    const quint64 id = master.request({.credit = 1'000});
    for (qsizetype granted = 1'000; granted < body.size(); granted += 200'000) {
        QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() == granted; }));
        master.grant(id, 200'000);
    }
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QVERIFY(master.bodyOf(id) == body);
    QCOMPARE(master.reply(id, FrameType::ResponseEnd)->payload, QByteArray("X: y\r\n"));
}

void TestStreams::manyThreads()
{
    FakeMaster master;
    std::vector<std::jthread> threads;
    master.application.get("/", [&](const Request &, Response &response) {
        const ResponseStream stream = response.stream();
        for (int thread = 0; thread < 4; ++thread) {
            threads.emplace_back([thread, own = stream] {
                for (int i = 0; i < 1'000; ++i)
                    own.write(QByteArray(1, char('a' + thread)));
            });
        }
        threads.emplace_back([&threads, own = stream] {
            for (int thread = 0; thread < 4; ++thread)
                threads[size_t(thread)].join();
            own.end();
        });
    });
    threads.reserve(5);
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    const QByteArray body = master.bodyOf(id);
    QCOMPARE(body.size(), 4'000);
    for (const char letter : {'a', 'b', 'c', 'd'})
        QCOMPARE(body.count(letter), 1'000);
}

void TestStreams::statesOnTheWay()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.stream(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id));
    // The head is the answer: from then on its slot is the master's.
    QCOMPARE(int(master.state(id)), int(ClaimState::Done));
    QCOMPARE(master.counters().deferredRequests.load(), 0u);
    QCOMPARE(master.counters().currentSlot.load(), ipc::NoSlot);
    kept->end();
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
}

QUERN_EPOLL_TEST_MAIN(TestStreams)
#include "tst_streams.moc"
