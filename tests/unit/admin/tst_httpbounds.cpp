#include "httpservertest.h"

#include <QSignalSpy>
#include <QTest>
#include <QTimer>

/// What a client of the management API may not do to it, as far as time and what is due decide.
class tst_HttpBounds : public HttpServerTest
{
    Q_OBJECT

private Q_SLOTS:
    void emptyLinesLoseNoAnswer();
    void emptyLinesKeepNoConnection_data();
    void emptyLinesKeepNoConnection();
    void aStreamWaitsForNoAnswer();
    void aWrongTokenTakesTheAnswerOfItsOwnNetwork();
    void bodiesCountUntilTheirConnectionEnds();
    void aBodyTakesThePlaceOfTheOneBefore();

private:
    QTcpSocket *sendBody(qsizetype size);
};

namespace {

/// A request with a body of \a size bytes.
QByteArray requestOf(qsizetype size)
{
    return "PUT /api/v1/log-levels HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: " +
           QByteArray::number(size) + "\r\n" + bearer + "\r\n" +
           QByteArray("{\"levels\":\"debug\"}").leftJustified(size);
}

} // namespace

QTcpSocket *tst_HttpBounds::sendBody(qsizetype size)
{
    QTcpSocket *client = connectTo();
    client->write(requestOf(size));
    return client;
}

void tst_HttpBounds::emptyLinesLoseNoAnswer()
{
    m_settings.http.requestTimeout = 50ms;
    serve(m_settings);
    QTcpSocket *client = send("POST /api/v1/reload", bearer);
    QTRY_COMPARE(m_asked.size(), 1);
    client->write("\r\n");
    QTRY_VERIFY(client->bytesAvailable() > 0);
    QCOMPARE(statusIn(client->readAll()), 504); // after 300 ms
}

void tst_HttpBounds::emptyLinesKeepNoConnection_data()
{
    QTest::addColumn<QByteArrayList>("pieces");
    QTest::newRow("whole") << QByteArrayList{"\r\n"};
    QTest::newRow("in pieces") << QByteArrayList{"\r", "\n"};
}

void tst_HttpBounds::emptyLinesKeepNoConnection()
{
    QFETCH(QByteArrayList, pieces);
    m_settings.http.requestTimeout = 500ms;
    serve(m_settings);
    QTcpSocket *client = connectTo();
    QTimer timer;
    connect(&timer, &QTimer::timeout, this,
            [client, pieces, at = 0]() mutable { client->write(pieces.at(at++ % pieces.size())); });
    QTRY_COMPARE(client->state(), QAbstractSocket::ConnectedState);
    timer.start(20);
    QTRY_COMPARE(client->state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(client->readAll(), "");
}

void tst_HttpBounds::aStreamWaitsForNoAnswer()
{
    QTcpSocket *client = connectTo();
    client->write("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\n" + bearer + "\r\n" +
                  "GET /api/v1/stream HTTP/1.1\r\nHost: localhost\r\n" + bearer + upgrade + "\r\n");
    QTRY_COMPARE(m_asked.size(), 1);
    // All that came before this has been judged once it is asked.
    for (int others = 1; others <= 3; ++others) {
        connectTo()->write("GET /api/v1/plugins HTTP/1.1\r\nHost: localhost\r\n" + bearer + "\r\n");
        QTRY_COMPARE(m_asked.size(), 1 + others);
    }
    m_server->sendReply(m_asked.at(0).caller.client, {1, QJsonObject()});
    QTRY_COMPARE(client->state(), QAbstractSocket::UnconnectedState);
    const QByteArray bytes = client->readAll();
    QCOMPARE(statusIn(bytes), 200);
    QCOMPARE(statusIn(bytes.mid(bytes.indexOf("{}\n") + 3)), 400);
}

void tst_HttpBounds::aWrongTokenTakesTheAnswerOfItsOwnNetwork()
{
    m_settings.maxDelayed = 3;
    serve(m_settings);
    const QSignalSpy refused(m_server.get(), &HttpServer::tokenRefused);
    const auto guess = [this, &refused](const char *address) {
        const auto before = refused.count();
        auto *client = new QTcpSocket(this);
        client->bind(QHostAddress(QLatin1StringView(address)));
        client->connectToHost(QHostAddress::LocalHost, m_port);
        client->write("GET /api/v1/status HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer x\r\n\r\n");
        return QTest::qWaitFor([&] { return refused.count() > before; }) ? client : nullptr;
    };
    // So that those that follow wait for longer than this test.
    for (int i = 0; i < 6; ++i) {
        for (const char *address : {"127.0.0.2", "127.0.0.3"})
            guess(address)->abort();
    }
    const QTcpSocket *lonely = guess("127.0.0.2");
    QTcpSocket *first = guess("127.0.0.3");
    const QTcpSocket *second = guess("127.0.0.3");
    const QTcpSocket *third = guess("127.0.0.3");
    QTRY_COMPARE(first->state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(first->readAll(), "");
    QCOMPARE(lonely->state(), QAbstractSocket::ConnectedState);
    guess("127.0.0.4"); // there is none of its own: the oldest goes
    QTRY_COMPARE(lonely->state(), QAbstractSocket::UnconnectedState);
    QCOMPARE(second->state(), QAbstractSocket::ConnectedState);
    QCOMPARE(third->state(), QAbstractSocket::ConnectedState);
}

void tst_HttpBounds::bodiesCountUntilTheirConnectionEnds()
{
    m_settings.http.maxBody = m_settings.maxBodies = 200'000;
    m_settings.timeouts.answer = 30s;
    serve(m_settings);
    QTcpSocket *first = sendBody(150'000);
    QTRY_COMPARE(m_asked.size(), 1);
    QTcpSocket *second = sendBody(100'000);
    QTRY_VERIFY(second->bytesAvailable() > 0);
    QCOMPARE(statusIn(second->readAll()), 503);
    m_server->sendReply(m_asked.at(0).caller.client, {1, QJsonObject()});
    QTRY_VERIFY(first->bytesAvailable() > 0);
    QCOMPARE(statusIn(first->readAll()), 200);
    QTRY_COMPARE(first->state(), QAbstractSocket::UnconnectedState);
    QTRY_COMPARE(m_server->findChildren<HttpConnection *>().size(), 0);
    sendBody(100'000);
    QTRY_COMPARE(m_asked.size(), 2);
}

void tst_HttpBounds::aBodyTakesThePlaceOfTheOneBefore()
{
    m_settings.http.maxBody = m_settings.maxBodies = 50'000;
    serve(m_settings);
    QTcpSocket *client = sendBody(30'000);
    for (int number = 1; number <= 3; ++number) {
        QTRY_COMPARE(m_asked.size(), number);
        m_server->sendReply(m_asked.constLast().caller.client, {1, QJsonObject()});
        QTRY_VERIFY(client->bytesAvailable() > 0);
        QCOMPARE(statusIn(client->readAll()), 200);
        client->write(requestOf(30'000));
    }
}

QTEST_GUILESS_MAIN(tst_HttpBounds)
#include "tst_httpbounds.moc"
