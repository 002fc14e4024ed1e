#include "admin/protocol/methods.h"
#include "admin/protocol/operation.h"
#include "httpservertest.h"

#include <QRegularExpression>
#include <QSignalSpy>
#include <QTest>

#include <sys/resource.h>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

/// The server of the management API with short deadlines: what its clients and whoever answers for it let it wait for.
class tst_HttpServer : public HttpServerTest
{
    Q_OBJECT

private Q_SLOTS:
    void repliesBecomeAnswers_data();
    void repliesBecomeAnswers();
    void textIsAnsweredAsItIs();
    void lateRepliesAre504();
    void probesShareOneQuestion();
    void whoHasGoneIsForgotten();
    void idleConnectionsEnd();
    void whoTakesNoAnswerIsCutOff();
    void streamsCarryMessages();
    void aMessageMayBeLargerThanWhatMayWait();
    void whoIsSilentIsAskedAndWhoIsDeadIsCutOff();
    void aCloseThatIsNotAnswered();
    void whoLosesHisTokenLosesHisStream();
    void metricsHaveTheirPath();
    void acceptingGoesOnOnceThereAreDescriptors();
    void acceptingDoesNotGoOnOnceItIsClosed();
    void nobodyIsLeftBehind();

private:
    /// There is no descriptor for \a client.
    void failToAccept(QTcpSocket *client);
};

namespace {

/// UndefinedBehaviorSanitizer asks the system, by a descriptor, whether there is an object where a call goes to.
#if defined(__SANITIZE_ADDRESS__)
constexpr bool needsDescriptors = true;
#else
constexpr bool needsDescriptors = false;
#endif

/// Counts the timer events of what it is installed at.
class TimerWatch : public QObject
{
public:
    bool eventFilter(QObject *, QEvent *event) override
    {
        count += event->type() == QEvent::Timer ? 1 : 0;
        return false;
    }

    int count = 0;
};

} // namespace

void tst_HttpServer::failToAccept(QTcpSocket *client)
{
    QVERIFY(client->waitForConnected(5000)); // by the kernel
    rlimit limit = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &limit), 0);
    const rlimit none = {3, limit.rlim_max};
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    const QSignalSpy failed(m_server->findChild<QTcpServer *>(), &QTcpServer::acceptError);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(u"^cannot accept a client of the management API: "_s));
    const bool hasFailed = QTest::qWaitFor([&failed] { return failed.count() > 0; });
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    QVERIFY(hasFailed);
}

void tst_HttpServer::repliesBecomeAnswers_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QJsonObject>("result");
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("body");
    QTest::newRow("as it is") << QByteArray("GET /api/v1/plugins") << QJsonObject{{u"a"_s, 1}} << 200
                              << QByteArray("{\"a\":1}\n");
    QTest::newRow("a part") << QByteArray("GET /api/v1/cron") << QJsonObject{{u"cron"_s, u"c"_s}, {u"b"_s, 1}} << 200
                            << QByteArray("{\"cron\":\"c\"}\n");
    QTest::newRow("an operation") << QByteArray("POST /api/v1/reload") << OperationReference{7, 3ms}.toJson() << 202
                                  << QByteArray("{\"operation\":7,\"patienceMs\":3}\n");
    QTest::newRow("ready") << QByteArray("GET /readyz") << QJsonObject{{u"ready"_s, true}} << 200
                           << QByteArray("{\"ready\":true}\n");
    QTest::newRow("not ready") << QByteArray("GET /readyz") << QJsonObject{{u"ready"_s, false}} << 503
                               << QByteArray("{\"ready\":false}\n");
}

void tst_HttpServer::repliesBecomeAnswers()
{
    QFETCH(QByteArray, line);
    QFETCH(QJsonObject, result);
    QFETCH(int, status);
    QFETCH(QByteArray, body);
    QTcpSocket *client = send(line, bearer);
    QTRY_COMPARE(m_asked.size(), 1);
    m_server->sendReply(m_asked.at(0).caller.client, {1, result});
    QTRY_VERIFY(client->bytesAvailable() > 0);
    const QByteArray bytes = client->readAll();
    QCOMPARE(statusIn(bytes), status);
    QCOMPARE(bodyIn(bytes), body);
    QCOMPARE(bytes.contains("\r\nLocation: /api/v1/operations/7\r\n"), status == 202);
    QCOMPARE(m_gone, QList<quint64>{m_asked.at(0).caller.client});
}

void tst_HttpServer::textIsAnsweredAsItIs()
{
    const Endpoint endpoint = {.path = u"/metrics"_s,
                               .method = Methods::serverStatus,
                               .answer = Endpoint::Answer::Text,
                               .contentType = "text/plain; version=0.0.4"};
    QTcpServer listener;
    QVERIFY(listener.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(QHostAddress::LocalHost, listener.serverPort());
    QTRY_VERIFY(listener.hasPendingConnections());
    const QObject parser;
    // The text is what matters here: whoever asks is let in.
    auto *connection = new HttpConnection(listener.nextPendingConnection(), {},
                                          [](HttpConnection &own, const RequestHead &head) { own.accept(head, {}); });
    connection->begin(&parser);
    client.write("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    PendingReplies pending({1s, 1s});
    quint64 place = 0;
    QTRY_VERIFY(place != 0 || (place = connection->requestComplete()) != 0);
    QVERIFY(pending.add(5, {connection, place, &endpoint}));
    pending.answer(5, QJsonObject{{u"text"_s, u"requests 7\n"_s}});
    QTRY_VERIFY(client.bytesAvailable() > 0);
    const QByteArray bytes = client.readAll();
    QVERIFY(bytes.contains("\r\nContent-Type: text/plain; version=0.0.4\r\n"));
    QCOMPARE(bodyIn(bytes), "requests 7\n");
}

void tst_HttpServer::lateRepliesAre504()
{
    QTcpSocket *client = send("GET /api/v1/status", bearer);
    QTRY_COMPARE(m_gone.size(), 1);
    QTRY_VERIFY(client->bytesAvailable() > 0);
    QCOMPARE(statusIn(client->readAll()), 504);
    // Nobody waits for it any more.
    m_server->sendReply(m_asked.at(0).caller.client, {1, QJsonObject()});
    client->write("GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QTRY_VERIFY(client->bytesAvailable() > 1000);
    QVERIFY(client->readAll().contains("\"openapi\":\"3.1.0\""));
    QTcpSocket *probe = send("GET /healthz");
    QTRY_VERIFY(probe->bytesAvailable() > 0);
    QCOMPARE(statusIn(probe->readAll()), 504);
}

void tst_HttpServer::probesShareOneQuestion()
{
    QList<QTcpSocket *> clients;
    for (int i = 0; i < 10; ++i)
        clients.append(send(i % 2 == 0 ? "GET /healthz" : "GET /readyz"));
    QTcpSocket *other = send("GET /api/v1/status", bearer);
    QTRY_COMPARE(m_asked.size(), 2);
    clients.takeFirst()->abort();
    for (const Asked &asked : std::as_const(m_asked))
        m_server->sendReply(asked.caller.client, {1, QJsonObject{{u"ready"_s, true}}});
    for (QTcpSocket *client : std::as_const(clients)) {
        QTRY_VERIFY(client->bytesAvailable() > 0);
        QCOMPARE(statusIn(client->readAll()), 200);
    }
    QTRY_VERIFY(other->bytesAvailable() > 0);
    QCOMPARE(m_asked.size(), 2);
}

void tst_HttpServer::whoHasGoneIsForgotten()
{
    QTcpSocket *client = send("GET /api/v1/status", bearer);
    QTRY_COMPARE(m_asked.size(), 1);
    QCOMPARE(m_asked.at(0).caller.name, u"token a from 127.0.0.1"_s);
    client->abort();
    QTRY_COMPARE(m_gone, QList<quint64>{m_asked.at(0).caller.client});
    m_server->sendReply(m_asked.at(0).caller.client, {1, QJsonObject()});
    QCOMPARE(m_gone.size(), 1);
}

void tst_HttpServer::idleConnectionsEnd()
{
    QTcpSocket *client = send("GET /api/v1/openapi.json");
    QTRY_VERIFY(client->bytesAvailable() > 0);
    QTRY_COMPARE(client->state(), QAbstractSocket::UnconnectedState);
}

void tst_HttpServer::whoTakesNoAnswerIsCutOff()
{
    QTcpSocket *client = connectTo();
    client->setReadBufferSize(1);
    client->setSocketOption(QAbstractSocket::ReceiveBufferSizeSocketOption, 4096);
    QTRY_COMPARE(client->state(), QAbstractSocket::ConnectedState);
    client->write("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n" + bearer + "\r\n");
    QTRY_COMPARE(m_asked.size(), 1);
    const QSignalSpy cut(m_server->findChild<QTcpServer *>()->findChild<HttpConnection *>(), &HttpConnection::gone);
    m_server->sendReply(m_asked.at(0).caller.client, {1, QJsonObject{{u"a"_s, QString(16 << 20, u'x')}}});
    QTRY_COMPARE(cut.count(), 1);
}

void tst_HttpServer::streamsCarryMessages()
{
    const std::unique_ptr<QWebSocket> stream = openStream();
    QStringList received;
    connect(stream.get(), &QWebSocket::textMessageReceived, this, [&](const QString &text) { received.append(text); });
    QTRY_COMPARE(stream->state(), QAbstractSocket::ConnectedState);
    stream->sendTextMessage(u"{\"id\":5,\"method\":\"server.status\"}"_s);
    QTRY_COMPARE(m_asked.size(), 1);
    const Caller caller = m_asked.at(0).caller;
    QCOMPARE(m_asked.at(0).request.id, 5);
    m_server->sendReply(caller.client, {5, QJsonObject{{u"a"_s, 1}}});
    m_server->sendEvent(caller.client, {u"log"_s, {}});
    QSignalSpy taken(m_server.get(), &Transport::outputTaken);
    m_server->sendPaced(caller.client, {u"log"_s, {}});
    QTRY_COMPARE(received.size(), 3);
    QCOMPARE(received.at(0), u"{\"id\":5,\"result\":{\"a\":1}}"_s);
    QTRY_COMPARE(taken.count(), 1);
    QCOMPARE(taken.at(0).at(0).toULongLong(), caller.client);
    stream->close();
    QTRY_COMPARE(m_gone, QList<quint64>{caller.client});
}

void tst_HttpServer::aMessageMayBeLargerThanWhatMayWait()
{
    const std::unique_ptr<QWebSocket> stream = openStream();
    qsizetype received = 0;
    connect(stream.get(), &QWebSocket::textMessageReceived, this, [&](const QString &text) { received = text.size(); });
    QTRY_COMPARE(stream->state(), QAbstractSocket::ConnectedState);
    stream->sendTextMessage(u"{\"id\":5,\"method\":\"metrics.read\"}"_s);
    QTRY_COMPARE(m_asked.size(), 1);
    const quint64 client = m_asked.at(0).caller.client;
    const QString large(qsizetype(m_settings.streams.maxOutput) + 1, u'x');
    m_server->sendReply(client, {5, QJsonObject{{u"text"_s, large}}});
    QTRY_VERIFY(received > large.size());
    QVERIFY(m_gone.isEmpty());
    // What comes while all of that still waits is too much.
    m_server->sendEvent(client, {u"log"_s, {{u"text"_s, large}}});
    m_server->sendEvent(client, {u"log"_s, {}});
    QCOMPARE(m_gone, QList<quint64>{client});
}

void tst_HttpServer::whoIsSilentIsAskedAndWhoIsDeadIsCutOff()
{
    const QByteArray ping("\x89\x00", 2);
    qsizetype pings = 0;
    QTcpSocket *living = send("GET /api/v1/stream", bearer + upgrade);
    connect(living, &QTcpSocket::readyRead, this, [living, ping, &pings] {
        const qsizetype count = living->readAll().count(ping);
        living->write(QByteArray("\x8a\x80\x00\x00\x00\x00", 6).repeated(count)); // a pong for each
        pings += count;
    });
    QTcpSocket *dead = send("GET /api/v1/stream", bearer + upgrade);
    QTRY_VERIFY(dead->bytesAvailable() > 0);
    QCOMPARE(statusIn(dead->readAll()), 101);
    QTRY_COMPARE(dead->state(), QAbstractSocket::UnconnectedState);
    QVERIFY(dead->readAll().startsWith(ping));
    QTRY_COMPARE(m_gone.size(), 1);
    const qsizetype before = pings;
    QTRY_VERIFY(pings > before + 5);
    QCOMPARE(living->state(), QAbstractSocket::ConnectedState);
    QCOMPARE(m_gone.size(), 1);
}

void tst_HttpServer::aCloseThatIsNotAnswered()
{
    QTcpSocket *client = send("GET /api/v1/stream", bearer + upgrade);
    QTRY_VERIFY(client->bytesAvailable() > 0);
    client->readAll();
    client->write(QByteArray("\x82\x80\x00\x00\x00\x00", 6)); // binary, and so the stream is closed
    QTRY_VERIFY(client->bytesAvailable() > 0);
    QTRY_COMPARE(m_gone.size(), 1);
    QTRY_COMPARE(client->state(), QAbstractSocket::UnconnectedState);
}

void tst_HttpServer::whoLosesHisTokenLosesHisStream()
{
    const std::unique_ptr<QWebSocket> stream = openStream();
    QTRY_COMPARE(stream->state(), QAbstractSocket::ConnectedState);
    m_server->setTokens(*AccessTokens::parse("admin a " + token + "\nviewer b " + QByteArray(40, 'b'), u"t"_s));
    stream->sendTextMessage(u"{\"id\":5,\"method\":\"server.status\"}"_s);
    QTRY_COMPARE(m_asked.size(), 1);
    m_server->setTokens(*AccessTokens::parse("viewer a " + token, u"t"_s)); // the same, for less
    QTRY_COMPARE(stream->state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(stream->closeCode(), QWebSocketProtocol::CloseCodePolicyViolated);
    QTRY_COMPARE(m_gone.size(), 1);
}

void tst_HttpServer::metricsHaveTheirPath()
{
    m_settings.metricsPath = u"/internal/metrics"_s;
    m_settings.metricsPublic = true;
    HttpServer server(m_settings);
    QVERIFY(server.listen({u"127.0.0.1"_s, 0, false}));
    m_port = server.findChild<QTcpServer *>()->serverPort();
    QSignalSpy asked(&server, &Transport::requestReceived);
    QTcpSocket *elsewhere = send("GET /actuator/prometheus");
    QTcpSocket *document = send("GET /api/v1/openapi.json");
    send("GET /internal/metrics");
    QTRY_COMPARE(asked.count(), 1);
    QTRY_VERIFY(elsewhere->bytesAvailable() > 0);
    QCOMPARE(statusIn(elsewhere->readAll()), 404);
    QTRY_VERIFY(document->bytesAvailable() > 1000);
    QVERIFY(document->readAll().contains("\"/internal/metrics\""));
}

void tst_HttpServer::acceptingGoesOnOnceThereAreDescriptors()
{
    if (needsDescriptors)
        QSKIP("a sanitizer needs descriptors of its own");
    QTcpSocket *client = connectTo();
    failToAccept(client);
    client->write("GET /api/v1/openapi.json HTTP/1.1\r\nHost: localhost\r\n\r\n");
    QTRY_VERIFY(client->bytesAvailable() > 1000);
}

void tst_HttpServer::acceptingDoesNotGoOnOnceItIsClosed()
{
    if (needsDescriptors)
        QSKIP("a sanitizer needs descriptors of its own");
    TimerWatch watch;
    m_server->findChild<QTcpServer *>()->installEventFilter(&watch);
    failToAccept(connectTo());
    m_server->close(1s);
    QTRY_COMPARE(watch.count, 1);
}

void tst_HttpServer::nobodyIsLeftBehind()
{
    const auto guards = [this] { return m_server->findChild<QTcpServer *>()->findChildren<HttpConnection *>().size(); };
    {
        const std::unique_ptr<QWebSocket> stream = openStream();
        QTRY_COMPARE(stream->state(), QAbstractSocket::ConnectedState);
        send("GET /api/v1/status", bearer);
        send("GET /api/v1/status", "Authorization: Bearer x\r\n");
        send("GET /api/v1/nothing");
        connectTo();
        QTRY_COMPARE(m_asked.size(), 1);
        QVERIFY(guards() > 4);
        m_server->close(1s);
        QTRY_COMPARE(stream->state(), QAbstractSocket::UnconnectedState);
        QCOMPARE(stream->closeCode(), QWebSocketProtocol::CloseCodeGoingAway);
    }
    QTRY_COMPARE(guards(), 0);
    QCOMPARE(m_gone.size(), 2);
}

QTEST_GUILESS_MAIN(tst_HttpServer)
#include "tst_httpserver.moc"
