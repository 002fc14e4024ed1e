#include "testserver.h"

#include <QElapsedTimer>
#include <QSignalSpy>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::ConnectionLimit;
using dispatch::Reactor;
using dispatch::ReactorSettings;

/// Waits with their ends, bounds, and the reactor's own end.
class TestReactor : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void headTimeout();
    void headTimeoutIsNotProlonged();
    void bodyTimeout();
    void bodyTimeoutIsProlonged();
    void keepAliveTimeout();
    void sendTimeout();
    void silentClient();
    void tooManyConnections();
    void refusedConnectionMayStillSend();
    void floodOfConnections();
    void drainClosesIdle();
    void drainFinishesBusy();
    void drainFinishesStreaming();
    void drainWithoutConnections();
    void drainRightAfterTheLastConnection();
    void drainEndsInMidRequest();
    void abortEndsAll();
};

void TestReactor::headTimeout()
{
    ReactorSettings settings;
    settings.ports[0].http.headTimeout = 100ms;
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("GET / HTTP/1.1\r\nHos"));
    const QByteArray answer = client.readToEnd(5000);
    QVERIFY2(answer.startsWith("HTTP/1.1 408 "), answer.constData());
    QVERIFY(answer.contains("Connection: close\r\n"));
    QVERIFY(client.sawEnd());
}

void TestReactor::headTimeoutIsNotProlonged()
{
    ReactorSettings settings;
    settings.ports[0].http.headTimeout = 300ms;
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("GET / HTTP/1.1\r\nX: "));
    // One byte after the other, each of them a sign of life.
    QByteArray answer;
    const auto refusedAfterAnother = [&] {
        client.send("x");
        answer += client.readToEnd(1);
        return answer.startsWith("HTTP/1.1 408 ");
    };
    QTRY_VERIFY_WITH_TIMEOUT(refusedAfterAnother(), 10000);
}

void TestReactor::bodyTimeout()
{
    ReactorSettings settings;
    settings.ports[0].http.bodyTimeout = 100ms;
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nabc"));
    QVERIFY(client.readToEnd(5000).startsWith("HTTP/1.1 408 "));
    QVERIFY(client.sawEnd());
}

void TestReactor::bodyTimeoutIsProlonged()
{
    ReactorSettings settings;
    settings.ports[0].http.bodyTimeout = 1000ms;
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 200\r\n\r\n"));
    QElapsedTimer time;
    time.start();
    int sent = 0;
    const auto sendAnother = [&] { return sent == 199 || (client.send("x") && ++sent && time.hasExpired(2500)); };
    QTRY_VERIFY_WITH_TIMEOUT(sendAnother(), 8000);
    QVERIFY(time.hasExpired(2000));
    QVERIFY(client.send(QByteArray(200 - sent, 'x')));
    QVERIFY(client.readAnswer().endsWith("POST /x " + QByteArray(200, 'x')));
}

void TestReactor::keepAliveTimeout()
{
    ReactorSettings settings;
    settings.ports[0].http.keepAliveTimeout = 100ms;
    TestServer server(settings);
    RawClient client(server.port());
    QVERIFY(client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
    QVERIFY(client.readAnswer().endsWith("GET /a "));
    QCOMPARE(client.readToEnd(5000), QByteArray()); // closed without a word
    QVERIFY(client.sawEnd() && !client.wasReset());
}

void TestReactor::sendTimeout()
{
    ReactorSettings settings;
    settings.ports[0].http.sendTimeout = 100ms;
    TestServer server(settings);
    RawClient client(server.unixPath());
    QVERIFY(client.send("GET /bytes/10000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.reactor().acceptedCount(), quint64(1));
    QTRY_COMPARE(server.reactor().connectionCount(), 0);
    QTRY_COMPARE(server.worker().cancelled(), 1);
}

void TestReactor::silentClient()
{
    ReactorSettings settings;
    settings.ports[0].http.headTimeout = 100ms;
    TestServer server(settings);
    RawClient client(server.port());
    QCOMPARE(client.readToEnd(5000), QByteArray());
    QVERIFY(client.sawEnd());
}

void TestReactor::tooManyConnections()
{
    ReactorSettings settings;
    settings.connectionLimit = std::make_shared<ConnectionLimit>(2);
    TestServer server(settings);
    auto first = std::make_unique<RawClient>(server.port());
    const RawClient second(server.port());
    RawClient third(server.port());
    const QByteArray answer = third.readToEnd();
    QVERIFY(answer.startsWith("HTTP/1.1 503 "));
    QVERIFY(answer.contains("Retry-After: 1\r\n"));
    QVERIFY(answer.contains("Connection: close\r\n"));
    QVERIFY(third.sawEnd());
    first.reset();
    QTRY_COMPARE(server.reactor().connectionCount(), 1);
    RawClient fourth(server.port());
    QVERIFY(fourth.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
    QVERIFY(fourth.readAnswer().endsWith("GET /a "));
}

void TestReactor::refusedConnectionMayStillSend()
{
    ReactorSettings settings;
    settings.connectionLimit = std::make_shared<ConnectionLimit>(0);
    TestServer server(settings);
    RawClient client(server.port());
    // Unread input would make the kernel answer the close with a reset, which destroys the 503.
    QVERIFY(client.send("POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 500000\r\n\r\n" + QByteArray(500'000, 'x')));
    QVERIFY(client.readToEnd().startsWith("HTTP/1.1 503 "));
    QVERIFY(client.sawEnd() && !client.wasReset());
    QCOMPARE(server.reactor().connectionCount(), 0);
    QCOMPARE(server.worker().requests(), 0);
    QCOMPARE(server.reactor().refusedCount(), quint64(1));
}

void TestReactor::floodOfConnections()
{
    ReactorSettings settings;
    settings.connectionLimit = std::make_shared<ConnectionLimit>(0);
    TestServer server(settings);
    std::vector<std::unique_ptr<RawClient>> clients;
    for (int i = 0; i < Reactor::MaxRefused; ++i)
        clients.push_back(std::make_unique<RawClient>(server.port()));
    for (const auto &client : clients)
        QVERIFY(client->readToEnd().startsWith("HTTP/1.1 503 "));
    RawClient last(server.port());
    QVERIFY(last.readToEnd().isEmpty());
    QVERIFY(last.sawEnd() || last.wasReset());
    clients.clear();
    const QDeadlineTimer deadline(10000);
    QByteArray answer;
    while (answer.isEmpty() && !deadline.hasExpired())
        answer = RawClient(server.port()).readToEnd();
    QVERIFY(answer.startsWith("HTTP/1.1 503 "));
}

void TestReactor::drainClosesIdle()
{
    TestServer server;
    QSignalSpy drained(&server.reactor(), &Reactor::drained);
    RawClient client(server.port());
    QVERIFY(client.send("GET /a HTTP/1.1\r\nHost: a\r\n\r\n"));
    QVERIFY(!client.readAnswer().isEmpty());
    RawClient silent(server.port());
    QTRY_COMPARE(server.reactor().connectionCount(), 2);
    server.inReactor([&] { server.reactor().drain(); });
    QTRY_COMPARE(drained.size(), 1);
    client.readToEnd();
    silent.readToEnd();
    QVERIFY(client.sawEnd() && silent.sawEnd());
}

void TestReactor::drainFinishesBusy()
{
    TestServer server;
    QSignalSpy drained(&server.reactor(), &Reactor::drained);
    RawClient client(server.port());
    QVERIFY(client.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\nGET /never HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.worker().held(), 1);
    server.inReactor([&] { server.reactor().drain(); });
    QCOMPARE(drained.size(), 0);
    server.worker().release();
    const QByteArray answer = client.readToEnd();
    QVERIFY(answer.contains("Connection: close\r\n"));
    QVERIFY(answer.endsWith("released"));
    client.close();
    QTRY_COMPARE(drained.size(), 1);
}

void TestReactor::drainFinishesStreaming()
{
    // Its head has gone already, with the promise to keep the connection.
    TestServer server;
    QSignalSpy drained(&server.reactor(), &Reactor::drained);
    RawClient client(server.unixPath());
    QVERIFY(client.send("GET /bytes/5000000 HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_VERIFY(server.worker().sentBytes() > 0);
    QVERIFY(!client.readAnswer(false).isEmpty());
    server.inReactor([&] { server.reactor().drain(); });
    QCOMPARE(client.readToEnd().size(), 5'000'000);
    QVERIFY(client.sawEnd());
    client.close();
    QTRY_COMPARE(drained.size(), 1);
}

void TestReactor::drainWithoutConnections()
{
    TestServer server;
    QSignalSpy drained(&server.reactor(), &Reactor::drained);
    server.inReactor([&] { server.reactor().drain(); });
    QTRY_COMPARE(drained.size(), 1);
}

void TestReactor::drainRightAfterTheLastConnection()
{
    // In the same turn of the loop, when the session that has ended is not destroyed yet.
    TestServer server;
    QSignalSpy drained(&server.reactor(), &Reactor::drained);
    const RawClient client(server.port());
    QTRY_COMPARE(server.reactor().connectionCount(), 1);
    server.inReactor([&] {
        server.reactor().abortConnections();
        server.reactor().drain();
    });
    QTRY_COMPARE(drained.size(), 1);
}

void TestReactor::drainEndsInMidRequest()
{
    TestServer server;
    QSignalSpy drained(&server.reactor(), &Reactor::drained);
    RawClient client(server.port());
    QVERIFY(client.send("POST /x HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"));
    QVERIFY(client.readAnswer().startsWith("HTTP/1.1 100 "));
    server.inReactor([&] { server.reactor().drain(); });
    QVERIFY(client.send("abc"));
    const QByteArray answer = client.readToEnd();
    QVERIFY(answer.contains("Connection: close\r\n"));
    QVERIFY(answer.endsWith("POST /x abc"));
    client.close();
    QTRY_COMPARE(drained.size(), 1);
}

void TestReactor::abortEndsAll()
{
    TestServer server;
    RawClient idle(server.port());
    RawClient busy(server.port());
    QVERIFY(busy.send("GET /hold HTTP/1.1\r\nHost: a\r\n\r\n"));
    QTRY_COMPARE(server.worker().held(), 1);
    QTRY_COMPARE(server.reactor().connectionCount(), 2);
    server.inReactor([&] { server.reactor().abortConnections(); });
    QCOMPARE(server.reactor().connectionCount(), 0);
    idle.readToEnd();
    busy.readToEnd();
    QVERIFY(idle.sawEnd() && busy.sawEnd());
    QTRY_COMPARE(server.worker().cancelled(), 1);
}

QTEST_GUILESS_MAIN(TestReactor)
#include "tst_reactor.moc"
