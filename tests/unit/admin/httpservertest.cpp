#include "httpservertest.h"

#include <QTest>

int statusIn(const QByteArray &bytes)
{
    return bytes.startsWith("HTTP/1.1 ") ? bytes.mid(9, 3).toInt() : 0;
}

QByteArray bodyIn(const QByteArray &bytes)
{
    return bytes.mid(bytes.indexOf("\r\n\r\n") + 4);
}

void HttpServerTest::init()
{
    m_settings = {};
    m_settings.timeouts = {300ms, 300ms};
    m_settings.http.idleTimeout = 300ms;
    m_settings.http.sendTimeout = 300ms;
    m_settings.streams.pingInterval = 100ms;
    m_settings.streams.pongTimeout = 200ms;
    m_settings.streams.handshakeTimeout = 200ms;
    serve(m_settings);
}

void HttpServerTest::serve(const HttpServerSettings &settings)
{
    m_server = std::make_unique<HttpServer>(settings);
    m_server->setTokens(*AccessTokens::parse("admin a " + token, u"t"_s));
    QVERIFY(m_server->listen({u"127.0.0.1"_s, 0, false}));
    m_port = m_server->findChild<QTcpServer *>()->serverPort();
    connect(m_server.get(), &Transport::requestReceived, this, [this](const Caller &caller, const Request &request) {
        m_asked.append({caller, request});
    });
    connect(m_server.get(), &Transport::clientGone, this, [this](quint64 client) { m_gone.append(client); });
}

void HttpServerTest::cleanup()
{
    qDeleteAll(findChildren<QTcpSocket *>(QString(), Qt::FindDirectChildrenOnly));
    m_server.reset();
    m_asked.clear();
    m_gone.clear();
}

QTcpSocket *HttpServerTest::connectTo()
{
    auto *socket = new QTcpSocket(this);
    socket->connectToHost(QHostAddress::LocalHost, m_port);
    return socket;
}

QTcpSocket *HttpServerTest::send(const QByteArray &line, const QByteArray &fields)
{
    QTcpSocket *socket = connectTo();
    socket->write(line + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n");
    return socket;
}

std::unique_ptr<QWebSocket> HttpServerTest::openStream()
{
    auto stream = std::make_unique<QWebSocket>();
    QNetworkRequest request(QUrl(u"ws://localhost:%1/api/v1/stream"_s.arg(m_port)));
    request.setRawHeader("Authorization", "Bearer " + token);
    stream->open(request);
    return stream;
}
