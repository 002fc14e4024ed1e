#include "fakemaster.h"

#include "worker/lateflusher.h"

using namespace Quern;
using namespace WorkerTest;
using namespace std::chrono_literals;

namespace {

/// How long a handler blocks, and by when what was gathered before must have arrived. The second leaves room for a
/// loaded machine and for sanitizers, and is still far from the first.
constexpr auto blocking = 300ms;
constexpr auto soon = 100ms;

/// How long after the blocking handler began the answer to \a id was there.
std::chrono::nanoseconds delayOf(const FakeMaster &master, quint64 id, quint64 blockedSinceNs,
                                 FrameType type = FrameType::Response)
{
    const std::optional<Reply> reply = master.awaitReply(id, type);
    if (!reply)
        return std::chrono::hours(1);
    return std::chrono::nanoseconds(qint64(reply->arrivedNs) - qint64(blockedSinceNs));
}

void report(const char *what, std::chrono::nanoseconds delay)
{
    qInfo("%s after %.3f ms", what, double(delay.count()) / 1e6);
}

} // namespace

class TestLateFlusher : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void withoutStart();
    void stopsAtOnce();
    void flushesWhatWaits();
    void armedAgainAfterItFlushed();
    void quickAnswerBeforeABlockingHandler();
    void lastAnswerOfALongBatch();
    void answerEndedEarly();
    void answersOfALaterBatch();
    void refusalBeforeABlockingHandler();
    void deferralBeforeABlockingHandler();
    void creditBeforeABlockingHandler();
    void answerBehindABigOne();
    void answerOutsideAHandler();
};

void TestLateFlusher::withoutStart()
{
    worker::LateFlusher flusher;
    flusher.arm();
    QVERIFY(!flusher.hasFired());
}

void TestLateFlusher::stopsAtOnce()
{
    for (int i = 0; i < 200; ++i) {
        worker::LateFlusher flusher;
        flusher.start({});
        if (i % 2)
            flusher.arm();
    }
}

void TestLateFlusher::flushesWhatWaits()
{
    struct Sink : ipc::FrameSink
    {
        void frameReceived(const ipc::Frame &) override {}
        void channelClosed(const QString &) override {}
    } sink;
    const auto pair = ipc::Channel::createPair();
    QVERIFY(pair);
    ipc::Channel channel(pair->first, &sink);
    Wire wire(pair->second);
    worker::LateFlusher flusher;
    flusher.start({&channel});
    for (int round = 1; round <= 20; ++round) {
        channel.send(FrameType::Response, quint64(round));
        flusher.arm();
        // No event loop turns here.
        const QDeadlineTimer deadline(10'000);
        while (wire.replies().size() < round && !deadline.hasExpired())
            std::this_thread::yield();
        QCOMPARE(wire.replies().size(), round);
    }
}

void TestLateFlusher::armedAgainAfterItFlushed()
{
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/quick", [](const Request &, Response &) {});
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    for (int round = 0; round < 2; ++round) {
        master.wires[0]->put(master.encodeAll({Order{.target = "/quick"}, Order{.target = "/block"}}));
        QVERIFY(master.awaitReply(master.lastId));
        const auto delay = delayOf(master, master.lastId - 1, blockedSince);
        report("answered", delay);
        QVERIFY(delay < soon);
    }
}

void TestLateFlusher::quickAnswerBeforeABlockingHandler()
{
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/quick", [](const Request &, Response &) {});
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    QByteArray batch;
    for (int i = 0; i < 10; ++i)
        batch += master.encode({.target = "/quick"});
    master.wires[0]->put(batch + master.encode({.target = "/block"}));
    QVERIFY(master.awaitReply(11));
    for (quint64 id = 1; id <= 10; ++id)
        QVERIFY(delayOf(master, id, blockedSince) < soon);
    report("answered", delayOf(master, 10, blockedSince));
    QVERIFY(delayOf(master, 11, blockedSince) >= blocking);
}

void TestLateFlusher::lastAnswerOfALongBatch()
{
    // The batch lasts for several milliseconds before the handler that blocks, though no handler is slow.
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/quick", [](const Request &, Response &) { computeFor(300us); });
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    QByteArray batch;
    for (int i = 0; i < 20; ++i)
        batch += master.encode({.target = "/quick"});
    master.wires[0]->put(batch + master.encode({.target = "/block"}));
    QVERIFY(master.awaitReply(21));
    for (quint64 id = 1; id <= 20; ++id)
        QVERIFY2(delayOf(master, id, blockedSince) < soon, QByteArray::number(id).constData());
    report("the last was answered", delayOf(master, 20, blockedSince));
}

void TestLateFlusher::answerEndedEarly()
{
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        response.text(QStringLiteral("done"));
        response.end();
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({})));
    const auto delay = delayOf(master, 1, blockedSince);
    report("answered", delay);
    QVERIFY(delay < soon);
}

void TestLateFlusher::answersOfALaterBatch()
{
    // An answer that was put off is sent from outside a handler, and a blocking one follows.
    FakeMaster master;
    quint64 blockedSince = 0;
    std::optional<Response> kept;
    master.application.get("/later", [&](const Request &, Response &response) { kept = response.defer(); });
    master.application.get("/block", [&](const Request &, Response &) {
        kept->text(QStringLiteral("at last"));
        kept->end();
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({.target = "/later"}), FrameType::Deferred));
    QVERIFY(master.awaitReply(master.request({.target = "/block"})));
    const auto delay = delayOf(master, 1, blockedSince);
    report("answered", delay);
    QVERIFY(delay < soon);
}

void TestLateFlusher::refusalBeforeABlockingHandler()
{
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    master.wires[0]->put(master.encodeAll({Order{.target = "/none"}, Order{.target = "/block"}}));
    QVERIFY(master.awaitReply(2));
    const auto delay = delayOf(master, 1, blockedSince);
    report("refused", delay);
    QVERIFY(delay < soon);
}

void TestLateFlusher::deferralBeforeABlockingHandler()
{
    FakeMaster master;
    quint64 blockedSince = 0;
    std::optional<Response> kept;
    master.application.get("/later", [&](const Request &, Response &response) { kept = response.defer(); });
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    master.wires[0]->put(master.encodeAll({Order{.target = "/later"}, Order{.target = "/block"}}));
    QVERIFY(master.awaitReply(2));
    const auto delay = delayOf(master, 1, blockedSince, FrameType::Deferred);
    report("deferred", delay);
    QVERIFY(delay < soon);
    kept->end();
}

void TestLateFlusher::creditBeforeABlockingHandler()
{
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    QByteArray batch = master.encode({.method = "POST", .body = "body", .firstPart = 1});
    batch += FakeMaster::frame(FrameType::RequestBody, 1, "o");
    master.wires[0]->put(batch + master.encode({.target = "/block"}));
    QVERIFY(master.awaitReply(2));
    const auto delay = delayOf(master, 1, blockedSince, FrameType::Credit);
    report("granted", delay);
    QVERIFY(delay < soon);
}

void TestLateFlusher::answerBehindABigOne()
{
    // More than the kernel's buffer takes at once stands before it.
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get(
        "/big", [&](const Request &, Response &response) { response.send(QByteArray(ipc::ResponseCredit, 'x')); });
    master.application.get("/quick", [](const Request &, Response &) {});
    master.application.get("/block", [&](const Request &, Response &) {
        blockedSince = base::nowNanoseconds();
        computeFor(blocking);
    });
    master.startHost();
    master.wires[0]->put(
        master.encodeAll({Order{.target = "/big"}, Order{.target = "/quick"}, Order{.target = "/block"}}));
    QVERIFY(master.awaitReply(3));
    const auto delay = delayOf(master, 2, blockedSince);
    report("answered", delay);
    QVERIFY(delay < soon);
}

void TestLateFlusher::answerOutsideAHandler()
{
    // A timer's slot answers, and then works on.
    FakeMaster master;
    quint64 blockedSince = 0;
    master.application.get("/later", [&](const Request &, Response &response) {
        QTimer::singleShot(0, [&, answer = response.defer()]() mutable {
            answer.text(QStringLiteral("at last"));
            answer.end();
            blockedSince = base::nowNanoseconds();
            computeFor(blocking);
        });
    });
    master.startHost();
    const quint64 id = master.request({.target = "/later"});
    QVERIFY(master.awaitReply(id));
    const auto delay = delayOf(master, id, blockedSince);
    report("answered", delay);
    QVERIFY(delay < soon);
}

QUERN_LOOP_TEST_MAIN(TestLateFlusher)
#include "tst_lateflusher.moc"
