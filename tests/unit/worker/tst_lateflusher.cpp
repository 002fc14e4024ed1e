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

/// A master whose worker has a handler that blocks, and one that is quick.
class BlockingMaster : public FakeMaster
{
public:
    BlockingMaster()
    {
        application.get("/quick", [](const Request &, Response &) {});
        application.get("/block", [this](const Request &, Response &) { block(); });
    }

    /// What a handler does that keeps its thread for long.
    void block()
    {
        m_blockedSinceNs = base::nowNanoseconds();
        computeFor(blocking);
    }

    /// How long after the block had begun the reply to \a id was there.
    std::chrono::nanoseconds delayOf(quint64 id, FrameType type = FrameType::Response) const
    {
        const std::optional<Reply> reply = awaitReply(id, type);
        if (!reply)
            return std::chrono::hours(1);
        return std::chrono::nanoseconds(qint64(reply->arrivedNs) - qint64(m_blockedSinceNs));
    }
    bool cameSoon(quint64 id, FrameType type = FrameType::Response) const
    {
        const std::chrono::nanoseconds delay = delayOf(id, type);
        qInfo("the reply to %llu came after %.3f ms", static_cast<unsigned long long>(id), double(delay.count()) / 1e6);
        return delay < soon;
    }

private:
    quint64 m_blockedSinceNs = 0;
};

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
    BlockingMaster master;
    master.startHost();
    for (int round = 0; round < 2; ++round) {
        master.wires[0]->put(master.encodeAll({Order{.target = "/quick"}, Order{.target = "/block"}}));
        QVERIFY(master.awaitReply(master.lastId));
        QVERIFY(master.cameSoon(master.lastId - 1));
    }
}

void TestLateFlusher::quickAnswerBeforeABlockingHandler()
{
    BlockingMaster master;
    master.startHost();
    QByteArray batch;
    for (int i = 0; i < 10; ++i)
        batch += master.encode({.target = "/quick"});
    master.wires[0]->put(batch + master.encode({.target = "/block"}));
    QVERIFY(master.awaitReply(11));
    for (quint64 id = 1; id <= 10; ++id)
        QVERIFY(master.cameSoon(id));
    QVERIFY(master.delayOf(11) >= blocking);
}

void TestLateFlusher::lastAnswerOfALongBatch()
{
    // The batch lasts for several milliseconds before the handler that blocks, though no handler is slow.
    BlockingMaster master;
    master.application.get("/short", [](const Request &, Response &) { computeFor(300us); });
    master.startHost();
    QByteArray batch;
    for (int i = 0; i < 20; ++i)
        batch += master.encode({.target = "/short"});
    master.wires[0]->put(batch + master.encode({.target = "/block"}));
    QVERIFY(master.awaitReply(21));
    for (quint64 id = 1; id <= 20; ++id)
        QVERIFY(master.cameSoon(id));
}

void TestLateFlusher::answerEndedEarly()
{
    BlockingMaster master;
    master.application.get("/", [&](const Request &, Response &response) {
        response.text(QStringLiteral("done"));
        response.end();
        master.block();
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({})));
    QVERIFY(master.cameSoon(1));
}

void TestLateFlusher::answersOfALaterBatch()
{
    // An answer that was put off is sent from outside a handler, and a blocking one follows.
    BlockingMaster master;
    std::optional<Response> kept;
    master.application.get("/later", [&](const Request &, Response &response) { kept = response.defer(); });
    master.application.get("/answer", [&](const Request &, Response &) {
        kept->text(QStringLiteral("at last"));
        kept->end();
        master.block();
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({.target = "/later"}), FrameType::Deferred));
    QVERIFY(master.awaitReply(master.request({.target = "/answer"})));
    QVERIFY(master.cameSoon(1));
}

void TestLateFlusher::refusalBeforeABlockingHandler()
{
    BlockingMaster master;
    master.startHost();
    master.wires[0]->put(master.encodeAll({Order{.target = "/none"}, Order{.target = "/block"}}));
    QVERIFY(master.awaitReply(2));
    QVERIFY(master.cameSoon(1));
}

void TestLateFlusher::deferralBeforeABlockingHandler()
{
    BlockingMaster master;
    std::optional<Response> kept;
    master.application.get("/later", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    master.wires[0]->put(master.encodeAll({Order{.target = "/later"}, Order{.target = "/block"}}));
    QVERIFY(master.awaitReply(2));
    QVERIFY(master.cameSoon(1, FrameType::Deferred));
    kept->end();
}

void TestLateFlusher::creditBeforeABlockingHandler()
{
    BlockingMaster master;
    master.startHost();
    QByteArray batch = master.encode({.method = "POST", .body = "body", .firstPart = 1});
    batch += FakeMaster::frame(FrameType::RequestBody, 1, "o");
    master.wires[0]->put(batch + master.encode({.target = "/block"}));
    QVERIFY(master.awaitReply(2));
    QVERIFY(master.cameSoon(1, FrameType::Credit));
}

void TestLateFlusher::answerBehindABigOne()
{
    // More than the kernel's buffer takes at once stands before it.
    BlockingMaster master;
    master.application.get(
        "/big", [&](const Request &, Response &response) { response.send(QByteArray(ipc::AmpleResponseCredit, 'x')); });
    master.startHost();
    master.wires[0]->put(
        master.encodeAll({Order{.target = "/big"}, Order{.target = "/quick"}, Order{.target = "/block"}}));
    QVERIFY(master.awaitReply(3));
    QVERIFY(master.cameSoon(2));
}

void TestLateFlusher::answerOutsideAHandler()
{
    // A timer's slot answers, and then works on.
    BlockingMaster master;
    master.application.get("/later", [&](const Request &, Response &response) {
        QTimer::singleShot(0, [&, answer = response.defer()]() mutable {
            answer.text(QStringLiteral("at last"));
            answer.end();
            master.block();
        });
    });
    master.startHost();
    const quint64 id = master.request({.target = "/later"});
    QVERIFY(master.awaitReply(id));
    QVERIFY(master.cameSoon(id));
}

QUERN_EPOLL_TEST_MAIN(TestLateFlusher)
#include "tst_lateflusher.moc"
