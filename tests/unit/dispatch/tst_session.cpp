#include "testserver.h"

#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::OutputBudget;
using dispatch::ReactorSettings;

/// What clients see: answers, their order, and the ends of connections.
class TestSession : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void keepAlive();
    void pipelinedInOrder();
    void headHasNoBody();
    void noContentHasNoBody();
    void expectContinue();
    void connectionCloseIsHonoured();
    void http10Closes();
    void malformedIsRefused();
    void refusalReachesAClientThatStillSends_data();
    void refusalReachesAClientThatStillSends();
    void closingWhileTheClientStillSends();
    void halfClosedIsAnswered();
    void halfClosedWithPipelined();
    void halfClosedBehindASlowReader();
    void halfClosedWithARest();
    void halfClosedAndRefusedByTheQueue();
    void fullQueue();
    void slowReaderOfALargeBody();
    void idleStreamsTakeNoMemoryFromOthers();
    void talkingIsNotReading();
    void workerDiesInTheMiddle();
    void clientVanishes_data();
    void clientVanishes();
};

void TestSession::keepAlive()
{
    TestServer server;
    RawClient client(server.port());
    for (int i = 0; i < 3; ++i) {
        QVERIFY(client.send("GET /" + QByteArray::number(i) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
        const QByteArray answer = client.readAnswer();
        QVERIFY(answer.startsWith("HTTP/1.1 200 OK\r\n"));
        QVERIFY(answer.endsWith("GET /" + QByteArray::number(i) + ' '));
    }
    QCOMPARE(server.reactor().acceptedCount(), quint64(1));
}

void TestSession::pipelinedInOrder()
{
    TestServer server;
    RawClient client(server.unixPath());
    QByteArray requests;
    for (int i = 0; i < 2000; ++i)
        requests += "POST /" + QByteArray::number(i) + " HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc";
    QVERIFY(requests.size() > dispatch::Session::MaxCarry);
    // Held for a while, so that all that follows has to wait in the session.
    QVERIFY(client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.worker().held(), 1);
    QVERIFY(client.send(QByteArrayView(requests).first(dispatch::Session::MaxCarry)));
    server.worker().release();
    QVERIFY(client.send(QByteArrayView(requests).sliced(dispatch::Session::MaxCarry)));
    QVERIFY(client.readAnswer().endsWith("released"));
    for (int i = 0; i < 2000; ++i)
        QVERIFY(client.readAnswer().endsWith("POST /" + QByteArray::number(i) + " abc"));
}

void TestSession::headHasNoBody()
{
    TestServer server;
    RawClient client(server.port());
    // Large enough that its later parts have to be cancelled.
    QVERIFY(client.send("HEAD /bytes/1000000 HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    const QByteArray head = client.readAnswer(false);
    QVERIFY(head.startsWith("HTTP/1.1 200 OK\r\n"));
    QVERIFY(head.contains("Content-Length: 1000000\r\n"));
    QVERIFY(client.readAnswer().endsWith("GET /next "));
    QTRY_COMPARE(server.worker().cancelled(), 1);
}

void TestSession::noContentHasNoBody()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("GET /none HTTP/1.1\r\nHost: a\r\n\r\nGET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    const QByteArray answer = client.readAnswer();
    QVERIFY(answer.startsWith("HTTP/1.1 204 "));
    QVERIFY(!answer.contains("Content-Length"));
    QVERIFY(client.readAnswer().endsWith("GET /next "));
}

void TestSession::expectContinue()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 4\r\n\r\n"));
    QCOMPARE(client.readAnswer(), QByteArray("HTTP/1.1 100 Continue\r\n\r\n"));
    QVERIFY(client.send("body"));
    QVERIFY(client.readAnswer().endsWith("POST /x body"));
}

void TestSession::connectionCloseIsHonoured()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(
        client.send("GET /a HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n"));
    const QByteArray answer = client.readToEnd();
    QVERIFY(answer.contains("Connection: close\r\n"));
    QVERIFY(answer.endsWith("GET /a "));
    QVERIFY(client.sawEnd() && !client.wasReset());
    QCOMPARE(server.worker().requests(), 1);
}

void TestSession::http10Closes()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("GET /a HTTP/1.0\r\n\r\n"));
    QVERIFY(client.readToEnd().endsWith("GET /a "));
    QVERIFY(client.sawEnd());
}

void TestSession::malformedIsRefused()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\nnonsense\r\n\r\n"));
    QVERIFY(client.readAnswer().endsWith("GET /a "));
    const QByteArray refusal = client.readToEnd();
    QVERIFY2(refusal.startsWith("HTTP/1.1 400 Bad Request\r\n"), refusal.constData());
    QVERIFY(refusal.contains("Connection: close\r\n"));
    QVERIFY(client.sawEnd() && !client.wasReset());
}

void TestSession::refusalReachesAClientThatStillSends_data()
{
    QTest::addColumn<int>("limit");
    QTest::addColumn<int>("size");
    QTest::newRow("much longer than the limit") << 1000 << 500'000;
    QTest::newRow("a little longer than a large limit") << 3'000'000 << 3'000'001;
}

void TestSession::refusalReachesAClientThatStillSends()
{
    QFETCH(const int, limit);
    QFETCH(const int, size);
    ReactorSettings settings;
    settings.ports[0].http.limits.bodyBytes = quint64(limit);
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: " + QByteArray::number(size) + "\r\n\r\n"));
    QVERIFY(client.send(QByteArray(size, 'x')));
    const QByteArray refusal = client.readToEnd();
    QVERIFY2(refusal.startsWith("HTTP/1.1 413 "), refusal.constData());
    QVERIFY(client.sawEnd() && !client.wasReset());
}

void TestSession::closingWhileTheClientStillSends()
{
    // The output of the last answer waits for the client, who sends more than a session keeps before it reads any.
    TestServer server;
    RawClient client(server.unixPath());
    constexpr qsizetype size = 2'000'000;
    QVERIFY(
        client.send("GET /bytes/" + QByteArray::number(size) + " HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"));
    QTRY_VERIFY(server.worker().sentBytes() > 0);
    QVERIFY(client.send(QByteArray(2 * dispatch::Session::MaxCarry, 'x')));
    const QByteArray answer = client.readToEnd();
    QVERIFY(answer.size() > size);
    QVERIFY(client.sawEnd() && !client.wasReset());
    QVERIFY(client.send(QByteArray(2 * dispatch::Session::MaxCarry, 'x')));
}

void TestSession::halfClosedIsAnswered()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.finishSending();
    QTRY_COMPARE(server.worker().held(), 1);
    server.worker().release();
    QVERIFY(client.readToEnd().endsWith("released"));
    QVERIFY(client.sawEnd());
    QTRY_COMPARE(server.reactor().connectionCount(), 0);
}

void TestSession::halfClosedWithPipelined()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send(
        "GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /1 HTTP/1.1\r\nHost: a\r\n\r\nGET /2 HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.finishSending();
    QTRY_COMPARE(server.worker().held(), 1);
    server.worker().release();
    QVERIFY(client.readAnswer().endsWith("released"));
    QVERIFY(client.readAnswer().endsWith("GET /1 "));
    QVERIFY(client.readAnswer().endsWith("GET /2 "));
    client.readToEnd();
    QVERIFY(client.sawEnd());
}

void TestSession::halfClosedBehindASlowReader()
{
    TestServer server;
    RawClient client(server.unixPath());
    // So much that some of it waits in the session when its worker is done with it; the others wait behind.
    constexpr qint64 size = 500'000;
    const QByteArray request = "GET /bytes/" + QByteArray::number(size) + " HTTP/1.1\r\nHost: a\r\n\r\n";
    QVERIFY(client.send(request + request + request));
    QTRY_COMPARE(server.worker().sentBytes(), size);
    client.finishSending();
    RawClient other(server.port()); // answered later: the end of the first one's input has been seen
    QVERIFY(other.send("GET /o HTTP/1.1\r\nHost: a\r\n\r\n"));
    QVERIFY(!other.readAnswer().isEmpty());
    for (int i = 0; i < 3; ++i)
        QVERIFY2(client.readAnswer().size() > size, QByteArray::number(i).constData());
    client.readToEnd();
    QVERIFY(client.sawEnd());
}

void TestSession::halfClosedWithARest()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /unfinis"));
    client.finishSending();
    QTRY_COMPARE(server.worker().held(), 1);
    server.worker().release();
    QVERIFY(client.readAnswer().endsWith("released"));
    client.readToEnd(3000); // well before any timeout of a head
    QVERIFY(client.sawEnd());
}

void TestSession::halfClosedAndRefusedByTheQueue()
{
    TestServer server({}, false);
    RawClient client(server.port());
    QVERIFY(client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
    client.finishSending();
    QTRY_COMPARE(server.reactor().counters().queued.load(), quint64(1));
    RawClient other(server.port()); // accepted later: the end of the first one's input has been seen
    QTRY_COMPARE(server.reactor().connectionCount(), 2);
    server.inReactor([&] { server.reactor().dispatcher().setAvailable(false); });
    QVERIFY(client.readAnswer().startsWith("HTTP/1.1 503 "));
    client.readToEnd(3000); // well before the keep-alive timeout
    QVERIFY(client.sawEnd());
}

void TestSession::fullQueue()
{
    ReactorSettings settings;
    settings.dispatch.queueSize = 1;
    TestServer server(settings, false);
    RawClient waiting(server.port());
    QVERIFY(waiting.send("GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.reactor().counters().queued.load(), quint64(1));
    RawClient refused(server.port());
    QVERIFY(refused.send("GET /2 HTTP/1.1\r\nHost: a\r\n\r\n"));
    const QByteArray answer = refused.readAnswer();
    QVERIFY(answer.startsWith("HTTP/1.1 503 "));
    QVERIFY(answer.contains("Retry-After: 1\r\n"));
    server.inReactor([&] { server.reactor().dispatcher().activate(1); });
    QVERIFY(waiting.readAnswer().endsWith("GET /1 "));
    QVERIFY(refused.send("GET /3 HTTP/1.1\r\nHost: a\r\n\r\n")); // its connection has stayed
    QVERIFY(refused.readAnswer().endsWith("GET /3 "));
}

void TestSession::slowReaderOfALargeBody()
{
    TestServer server;
    RawClient slow(server.unixPath());
    constexpr qint64 size = 16 * 1024 * 1024;
    QVERIFY(slow.send("GET /bytes/" + QByteArray::number(size) + " HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_VERIFY(server.worker().sentBytes() >= 256 * 1024);
    // While others come and go over the same channel, only so much is taken from the worker.
    RawClient other(server.port());
    for (int i = 0; i < 200; ++i) {
        QVERIFY(other.send("GET /o HTTP/1.1\r\nHost: a\r\n\r\n"));
        QVERIFY(!other.readAnswer().isEmpty());
    }
    constexpr qint64 kernelBuffer = 256 * 1024; // of a Unix socket: net.core.wmem_default and a little
    QVERIFY2(server.worker().sentBytes() <= ipc::AmpleResponseCredit + 256 * 1024 + kernelBuffer,
             QByteArray::number(server.worker().sentBytes()).constData());
    const QByteArray answer = slow.readAnswer();
    QVERIFY(answer.size() > size);
    QCOMPARE(answer.count('b'), size + answer.first(answer.indexOf("\r\n\r\n")).count('b'));
}

void TestSession::idleStreamsTakeNoMemoryFromOthers()
{
    ReactorSettings settings;
    const auto budget = std::make_shared<OutputBudget>(8 * ipc::AmpleResponseCredit);
    settings.dispatch.outputBudget = budget;
    const qint64 all = budget->left();
    TestServer server(settings);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < 8; ++i) {
        clients.push_back(std::make_unique<RawClient>(server.port()));
        QVERIFY(clients.back()->send("GET /stream HTTP/1.1\r\nHost: a\r\n\r\n"));
        QTRY_COMPARE(server.worker().requests(), i + 1);
    }
    QTRY_COMPARE(budget->left(), all);
}

void TestSession::talkingIsNotReading()
{
    // Whoever takes nothing of its answer does not win time by sending.
    ReactorSettings settings;
    settings.ports[0].http.sendTimeout = 500ms;
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("GET /bytes/30000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.worker().requests(), 1);
    const auto gone = [&] {
        client.send("x");
        return server.reactor().connectionCount() == 0;
    };
    QTRY_VERIFY(gone());
}

void TestSession::workerDiesInTheMiddle()
{
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send("GET /half HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.worker().requests(), 1);
    QTRY_COMPARE(server.reactor().counters().inFlight.load(), quint64(1));
    const QByteArray head = client.readAnswer(false);
    QVERIFY(head.contains("Content-Length: 100\r\n"));
    server.inReactor([&] { server.reactor().dispatcher().workerDied(1, {}); });
    QCOMPARE(client.readToEnd(), QByteArray("0123456789"));
    QVERIFY(client.sawEnd());
}

void TestSession::clientVanishes_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<bool>("reachesWorker");
    QTest::newRow("before it sent anything") << QByteArray() << false;
    QTest::newRow("in the middle of a head") << QByteArray("GET /a HT") << false;
    QTest::newRow("in the middle of a body")
        << QByteArray("POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc") << false;
    QTest::newRow("while its handler runs") << QByteArray("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n") << true;
    QTest::newRow("while its answer is sent") << QByteArray("GET /bytes/30000000 HTTP/1.1\r\nHost: a\r\n\r\n") << true;
    QTest::newRow("while its answer comes in") << QByteArray("GET /half HTTP/1.1\r\nHost: a\r\n\r\n") << true;
}

void TestSession::clientVanishes()
{
    QFETCH(const QByteArray, sent);
    QFETCH(const bool, reachesWorker);
    TestServer server;
    RawClient client(server.port());
    QVERIFY(client.send(sent));
    QTRY_COMPARE(server.reactor().connectionCount(), 1);
    if (reachesWorker)
        QTRY_COMPARE(server.worker().requests(), 1);
    client.reset();
    QTRY_COMPARE(server.reactor().connectionCount(), 0);
    if (reachesWorker)
        QTRY_VERIFY(server.worker().cancelled() > 0); // twice if the answer's head was on its way just then
    QTRY_COMPARE(server.reactor().counters().inFlight.load(), quint64(0));
    RawClient next(server.port());
    QVERIFY(next.send("GET /next HTTP/1.1\r\nHost: a\r\n\r\n"));
    QVERIFY(next.readAnswer().endsWith("GET /next "));
}

QTEST_GUILESS_MAIN(TestSession)
#include "tst_session.moc"
