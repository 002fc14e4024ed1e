#include "streamsupport.h"

#include <QRegularExpression>

using namespace Quern;
using namespace WorkerTest;
using namespace std::chrono_literals;

namespace {

void expectBroken(const char *reason)
{
    QTest::ignoreMessage(
        QtCriticalMsg,
        QRegularExpression(
            QStringLiteral("request 0-\\d+ \\(route GET \\S+ of plugin \\): its stream is broken off: ") +
            QRegularExpression::escape(QString::fromUtf8(reason))));
}

} // namespace

class TestBrokenStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void lastHandleGone();
    void lastHandleGoneInAThread();
    void exceptionInTheHandler();
    void exceptionInACallback();
    void tooMuchForTheLength();
    void tooLittleForTheLength();
    void unheldIsBrokenOff();
    void cancelledByTheClient();
    void cancelledBeforeItsHeadCame();
    void callbackSetAfterTheEnd();
    void withoutBody_data();
    void withoutBody();
    void secondStreamIsClosed();
    void hugeHeaderSection();
    void hostGoesFirst();
};

void TestBrokenStreams::lastHandleGone()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream stream = response.stream();
        stream.write("half");
    });
    master.startHost();
    expectBroken("its last handle went away without end()");
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
    QCOMPARE(typesOf(master, id).last(), FrameType::ResponseAbort);
}

void TestBrokenStreams::lastHandleGoneInAThread()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        std::thread([stream = response.stream()] { stream.write("half"); }).join();
    });
    master.startHost();
    expectBroken("its last handle went away without end()");
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
    QCOMPARE(typesOf(master, id), QList<FrameType>({FrameType::Response, FrameType::ResponseAbort}));
}

void TestBrokenStreams::exceptionInTheHandler()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    int closed = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.stream();
        kept->onClose([&] { ++closed; });
        kept->write("half");
        throw std::runtime_error("out of rows");
    });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, "handler of GET / threw: out of rows (route GET / of plugin )");
    expectBroken("the handler or a callback of it threw");
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
    QVERIFY(!kept->isOpen());
    QCOMPARE(closed, 1);
}

void TestBrokenStreams::exceptionInACallback()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.stream();
        kept->onDrain([] { throw std::runtime_error("dry"); });
        kept->onClose([] { throw 1; });
        kept->write(bytesOf(100'000));
    });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    QVERIFY(master.awaitReply(id));
    QTest::ignoreMessage(QtCriticalMsg, "request 0-0 (route GET / of plugin ): a callback of its stream threw: dry");
    expectBroken("the handler or a callback of it threw");
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0: a callback of its stream threw: an exception that is no std::exception");
    master.grant(id, 200'000);
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
    QVERIFY(!kept->isOpen());
}

void TestBrokenStreams::tooMuchForTheLength()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream stream = response.stream({}, 3);
        QVERIFY(stream.write("12"));
        QVERIFY(!stream.write("34"));
        QVERIFY(!stream.isOpen());
    });
    master.startHost();
    expectBroken("more was written than its announced length");
    QVERIFY(master.awaitReply(master.request({}), FrameType::ResponseAbort));
}

void TestBrokenStreams::tooLittleForTheLength()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream stream = response.stream({}, 3);
        stream.write("12");
        stream.end();
    });
    master.startHost();
    expectBroken("it was ended before its announced length");
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
    QVERIFY(!master.reply(id, FrameType::ResponseEnd));
}

void TestBrokenStreams::unheldIsBrokenOff()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    int closed = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.stream();
        kept->onClose([&] { ++closed; });
    });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    QVERIFY(master.awaitReply(id));
    expectBroken("more than 16 MiB wait for its client; hold back when write() returns false");
    const QByteArray piece(1024 * 1024, 'x');
    int pieces = 0;
    while (kept->isOpen()) {
        kept->write(piece);
        ++pieces;
    }
    QCOMPARE(pieces, 17);
    QCOMPARE(closed, 1);
    QCOMPARE(kept->bufferedBytes(), 0);
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
}

void TestBrokenStreams::cancelledByTheClient()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    int closed = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.stream();
        kept->onClose([&] {
            ++closed;
            kept->write("nobody reads this");
        });
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id));
    master.send(FrameType::Cancel, id);
    QVERIFY(FakeMaster::turnUntil([&] { return closed == 1; }));
    QVERIFY(!kept->isOpen());
    kept->end();
    kept.reset();
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QCOMPARE(typesOf(master, id), QList<FrameType>({FrameType::Response}));
    QCOMPARE(closed, 1);
}

void TestBrokenStreams::cancelledBeforeItsHeadCame()
{
    FakeMaster master;
    std::optional<Response> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.defer(); });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::Deferred));
    master.send(FrameType::Cancel, id);
    QVERIFY(master.answer(id).startsWith("504 "));
    ResponseStream stream = kept->stream();
    QVERIFY(!stream.isOpen());
    bool closed = false;
    stream.onClose([&] { closed = true; });
    QVERIFY(FakeMaster::turnUntil([&] { return closed; }));
}

void TestBrokenStreams::callbackSetAfterTheEnd()
{
    FakeMaster master;
    bool closed = false;
    master.application.get("/", [&](const Request &, Response &response) {
        ResponseStream stream = response.stream();
        stream.end();
        stream.onClose([&] { closed = true; });
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({}), FrameType::ResponseEnd));
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
    QVERIFY(!closed);
}

void TestBrokenStreams::withoutBody_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<int>("status");
    QTest::newRow("HEAD") << QByteArray("HEAD") << 200;
    QTest::newRow("204") << QByteArray("GET") << 204;
    QTest::newRow("304") << QByteArray("GET") << 304;
}

void TestBrokenStreams::withoutBody()
{
    QFETCH(QByteArray, method);
    QFETCH(int, status);
    FakeMaster master;
    std::optional<ResponseStream> kept;
    bool closed = false;
    master.application.get("/", [&](const Request &, Response &response) {
        response.setStatus(status);
        kept = response.stream({}, 5);
        kept->onClose([&] { closed = true; });
        QVERIFY(!kept->isOpen());
        QVERIFY(!kept->write("dropped"));
        QVERIFY(!kept->waitForDrain(10s));
        kept->end();
    });
    master.startHost();
    const quint64 id = master.request({.method = method});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(typesOf(master, id), QList<FrameType>({FrameType::Response, FrameType::ResponseEnd}));
    QCOMPARE(headOf(master, id)->bodyLength, quint64(5));
    QVERIFY(FakeMaster::turnUntil([&] { return closed; }));
}

void TestBrokenStreams::secondStreamIsClosed()
{
    FakeMaster master;
    master.application.get("/", [](const Request &, Response &response) {
        ResponseStream first = response.stream();
        ResponseStream second = response.stream();
        QVERIFY(!second.isOpen());
        QVERIFY(!second.write("not this"));
        first.write("this");
        first.end();
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(master.bodyOf(id), QByteArray("this"));
}

void TestBrokenStreams::hugeHeaderSection()
{
    FakeMaster master;
    bool open = true;
    master.application.get("/", [&](const Request &, Response &response) {
        response.setHeader("X", QByteArray(70'000, 'x'));
        ResponseStream stream = response.stream();
        open = stream.isOpen();
    });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 was answered with 70005 bytes of header fields; at most 65536 are possible");
    const quint64 id = master.request({});
    QVERIFY(master.answer(id).startsWith("500 "));
    QCOMPARE(headOf(master, id)->kind, ipc::ResponseKind::Error);
    QVERIFY(!open);
}

void TestBrokenStreams::hostGoesFirst()
{
    FakeMaster master;
    std::optional<ResponseStream> kept;
    int closed = 0;
    master.application.get("/own", [](const Request &, Response &response) {
        // A ring of handle and callback, as authors like to build it.
        ResponseStream stream = response.stream();
        stream.onDrain([stream] { stream.end(); });
    });
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.stream();
        kept->onClose([&] { ++closed; });
    });
    master.startHost();
    QVERIFY(master.awaitReply(master.request({})));
    QVERIFY(master.awaitReply(master.request({.target = "/own"})));
    master.host.reset();
    QVERIFY(!kept->isOpen());
    QVERIFY(!kept->write("x"));
    kept->end();
    QCOMPARE(closed, 0);
}

QUERN_EPOLL_TEST_MAIN(TestBrokenStreams)
#include "tst_brokenstreams.moc"
