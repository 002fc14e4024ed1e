#include "loopsupport.h"

#include <QLocalServer>
#include <QLocalSocket>
#include <QNetworkAccessManager>
#include <QNetworkReply>
#include <QProcess>
#include <QSignalSpy>
#include <QSslCertificate>
#include <QSslConfiguration>
#include <QSslKey>
#include <QSslSocket>
#include <QStandardPaths>
#include <QTcpServer>
#include <QTcpSocket>
#include <QTemporaryDir>
#include <QUdpSocket>

#include <vector>

using namespace LoopTest;

namespace {

QByteArray pattern(qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        bytes[i] = char(i * 7 + i / 251);
    return bytes;
}

/// Sends back what it gets from each connection.
template <typename Server>
void echo(Server &server)
{
    QObject::connect(&server, &Server::newConnection, &server, [&server] {
        while (auto *socket = server.nextPendingConnection())
            QObject::connect(socket, &QIODevice::readyRead, socket, [socket] { socket->write(socket->readAll()); });
    });
}

/// Sends \a bytes through \a socket, which echoes, and collects what comes back.
template <typename Socket>
void roundTrip(Socket &socket, const QByteArray &bytes)
{
    QByteArray received;
    QObject context;
    QObject::connect(&socket, &QIODevice::readyRead, &context, [&] { received += socket.readAll(); });
    socket.write(bytes);
    QTRY_COMPARE(received.size(), bytes.size());
    QCOMPARE(received, bytes);
}

/// Accepts TLS connections and sends back what they send.
class TlsEchoServer : public QTcpServer
{
public:
    TlsEchoServer(const QSslCertificate &certificate, const QSslKey &key) : m_certificate(certificate), m_key(key) {}

protected:
    void incomingConnection(qintptr descriptor) override
    {
        auto *socket = new QSslSocket(this);
        socket->setLocalCertificate(m_certificate);
        socket->setPrivateKey(m_key);
        QVERIFY(socket->setSocketDescriptor(descriptor));
        connect(socket, &QIODevice::readyRead, socket, [socket] { socket->write(socket->readAll()); });
        socket->startServerEncryption();
    }

private:
    QSslCertificate m_certificate;
    QSslKey m_key;
};

/// Answers each HTTP request with \a body.
void serveHttp(QTcpServer &server, const QByteArray &body)
{
    QObject::connect(&server, &QTcpServer::newConnection, &server, [&server, body] {
        auto *socket = server.nextPendingConnection();
        auto head = std::make_shared<QByteArray>();
        QObject::connect(socket, &QIODevice::readyRead, socket, [socket, head, body] {
            *head += socket->readAll();
            for (qsizetype end; (end = head->indexOf("\r\n\r\n")) >= 0; head->remove(0, end + 4)) {
                socket->write("HTTP/1.1 200 OK\r\nContent-Length: " + QByteArray::number(body.size()) + "\r\n\r\n");
                socket->write(body);
            }
        });
    });
}

} // namespace

class TestQtNetwork : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void tcpEcho();
    void tcpManyConnections();
    void tcpConnectionRefused();
    void tcpPeerCloses();
    void tcpBoundedReadBuffer();
    void tcpBlockingWaits();
    void localEcho();
    void localPeerCloses();
    void localAdoptedDescriptor();
    void udp();
    void tlsEcho();
    void accessManager();
    void accessManagerAborts();
};

void TestQtNetwork::tcpEcho()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    echo(server);
    QTcpSocket client;
    client.connectToHost(server.serverAddress(), server.serverPort());
    QTRY_COMPARE(client.state(), QAbstractSocket::ConnectedState);
    roundTrip(client, QByteArrayLiteral("ping"));
    roundTrip(client, pattern(3 << 20));
}

void TestQtNetwork::tcpManyConnections()
{
    QTcpServer server;
    server.setListenBacklogSize(200);
    QVERIFY(server.listen(QHostAddress::LocalHost));
    echo(server);
    std::vector<std::unique_ptr<QTcpSocket>> clients;
    int answered = 0;
    for (int i = 0; i < 200; ++i) {
        clients.push_back(std::make_unique<QTcpSocket>());
        QTcpSocket *client = clients.back().get();
        connect(client, &QTcpSocket::connected, client, [client] { client->write("x"); });
        connect(client, &QIODevice::readyRead, client, [&] { ++answered; });
        client->connectToHost(server.serverAddress(), server.serverPort());
    }
    QTRY_COMPARE(answered, 200);
}

void TestQtNetwork::tcpConnectionRefused()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const quint16 port = server.serverPort();
    server.close();
    QTcpSocket client;
    QSignalSpy failed(&client, &QTcpSocket::errorOccurred);
    client.connectToHost(QHostAddress(QHostAddress::LocalHost), port);
    QTRY_COMPARE(failed.count(), 1);
    QCOMPARE(client.error(), QAbstractSocket::ConnectionRefusedError);
}

void TestQtNetwork::tcpPeerCloses()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(server.serverAddress(), server.serverPort());
    QTRY_VERIFY(server.hasPendingConnections());
    QTcpSocket *peer = server.nextPendingConnection();
    QTRY_COMPARE(client.state(), QAbstractSocket::ConnectedState);
    QSignalSpy disconnected(&client, &QTcpSocket::disconnected);
    peer->write("farewell");
    peer->disconnectFromHost();
    QTRY_COMPARE(disconnected.count(), 1);
    QCOMPARE(client.readAll(), QByteArrayLiteral("farewell"));
}

void TestQtNetwork::tcpBoundedReadBuffer()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.setReadBufferSize(1000);
    client.connectToHost(server.serverAddress(), server.serverPort());
    QTRY_VERIFY(server.hasPendingConnections());
    const QByteArray bytes = pattern(100'000);
    server.nextPendingConnection()->write(bytes);
    // A full buffer switches the read notifier off, and reading switches it on again.
    QTRY_COMPARE(client.bytesAvailable(), 1000);
    QByteArray received = client.readAll();
    connect(&client, &QIODevice::readyRead, this, [&] { received += client.readAll(); });
    QTRY_COMPARE(received.size(), bytes.size());
    QCOMPARE(received, bytes);
}

void TestQtNetwork::tcpBlockingWaits()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QTcpSocket client;
    client.connectToHost(server.serverAddress(), server.serverPort());
    QVERIFY(client.waitForConnected());
    QVERIFY(server.waitForNewConnection(10'000));
    QTcpSocket *peer = server.nextPendingConnection();
    client.write("ping");
    QVERIFY(client.waitForBytesWritten());
    QVERIFY(peer->waitForReadyRead());
    QCOMPARE(peer->readAll(), QByteArrayLiteral("ping"));
    QSignalSpy ready(&client, &QIODevice::readyRead);
    peer->write("pong");
    QTRY_COMPARE(ready.count(), 1);
}

void TestQtNetwork::localEcho()
{
    QLocalServer server;
    QVERIFY(server.listen(QStringLiteral("quern-tst-qtnetwork-%1").arg(::getpid())));
    echo(server);
    QLocalSocket client;
    client.connectToServer(server.serverName());
    QTRY_COMPARE(client.state(), QLocalSocket::ConnectedState);
    roundTrip(client, QByteArrayLiteral("ping"));
    roundTrip(client, pattern(3 << 20));
}

void TestQtNetwork::localPeerCloses()
{
    QLocalServer server;
    QVERIFY(server.listen(QStringLiteral("quern-tst-qtnetwork-%1").arg(::getpid())));
    QLocalSocket client;
    client.connectToServer(server.serverName());
    QTRY_VERIFY(server.hasPendingConnections());
    QSignalSpy disconnected(&client, &QLocalSocket::disconnected);
    delete server.nextPendingConnection();
    QTRY_COMPARE(disconnected.count(), 1);
    QCOMPARE(client.state(), QLocalSocket::UnconnectedState);
}

void TestQtNetwork::localAdoptedDescriptor()
{
    SocketPair pair;
    QLocalSocket near, far;
    QVERIFY(near.setSocketDescriptor(pair.near.release()));
    QVERIFY(far.setSocketDescriptor(pair.far.release()));
    connect(&far, &QIODevice::readyRead, this, [&] { far.write(far.readAll()); });
    roundTrip(near, pattern(1 << 20));
}

void TestQtNetwork::udp()
{
    QUdpSocket receiver, sender;
    QVERIFY(receiver.bind(QHostAddress::LocalHost));
    QSignalSpy ready(&receiver, &QIODevice::readyRead);
    QCOMPARE(sender.writeDatagram("datagram", receiver.localAddress(), receiver.localPort()), 8);
    QTRY_COMPARE(ready.count(), 1);
    QByteArray bytes(8, 0);
    QCOMPARE(receiver.readDatagram(bytes.data(), bytes.size()), 8);
    QCOMPARE(bytes, QByteArrayLiteral("datagram"));
}

void TestQtNetwork::tlsEcho()
{
    QVERIFY2(QSslSocket::supportsSsl(), "Qt has no TLS backend: install libqt6network6 with OpenSSL");
    const QString openssl = QStandardPaths::findExecutable(QStringLiteral("openssl"));
    QVERIFY2(!openssl.isEmpty(), "no openssl program to make a certificate with: install openssl");
    QTemporaryDir directory;
    QProcess maker;
    maker.setWorkingDirectory(directory.path());
    maker.start(openssl, QStringLiteral("req -x509 -nodes -newkey ec -pkeyopt ec_paramgen_curve:prime256v1"
                                        " -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 -days 2"
                                        " -keyout key.pem -out certificate.pem")
                             .split(u' '));
    QVERIFY(maker.waitForFinished());
    QCOMPARE(maker.exitCode(), 0);
    QFile certificateFile(directory.filePath(QStringLiteral("certificate.pem")));
    QFile keyFile(directory.filePath(QStringLiteral("key.pem")));
    QVERIFY(certificateFile.open(QIODevice::ReadOnly));
    QVERIFY(keyFile.open(QIODevice::ReadOnly));
    const QSslCertificate certificate(&certificateFile);

    TlsEchoServer server(certificate, QSslKey(&keyFile, QSsl::Ec));
    QVERIFY(server.listen(QHostAddress::LocalHost));
    QSslSocket client;
    auto configuration = client.sslConfiguration();
    configuration.setCaCertificates({certificate});
    client.setSslConfiguration(configuration);
    QSignalSpy encrypted(&client, &QSslSocket::encrypted);
    client.connectToHostEncrypted(QStringLiteral("127.0.0.1"), server.serverPort());
    QTRY_COMPARE(encrypted.count(), 1);
    roundTrip(client, QByteArrayLiteral("ping"));
    roundTrip(client, pattern(1 << 20));
}

void TestQtNetwork::accessManager()
{
    QTcpServer server;
    QVERIFY(server.listen(QHostAddress::LocalHost));
    const QByteArray body = pattern(200'000);
    serveHttp(server, body);
    QNetworkAccessManager manager;
    const QUrl url(QStringLiteral("http://127.0.0.1:%1/").arg(server.serverPort()));
    // More than it opens connections for.
    int finished = 0;
    for (int i = 0; i < 20; ++i) {
        QNetworkReply *reply = manager.get(QNetworkRequest(url));
        connect(reply, &QNetworkReply::finished, this, [&, reply] {
            QCOMPARE(reply->error(), QNetworkReply::NoError);
            QCOMPARE(reply->readAll(), body);
            ++finished;
            reply->deleteLater();
        });
    }
    QTRY_COMPARE(finished, 20);
}

void TestQtNetwork::accessManagerAborts()
{
    QTcpServer silent;
    QVERIFY(silent.listen(QHostAddress::LocalHost));
    QNetworkAccessManager manager;
    QNetworkRequest request(QUrl(QStringLiteral("http://127.0.0.1:%1/").arg(silent.serverPort())));
    request.setTransferTimeout(50);
    const std::unique_ptr<QNetworkReply> reply(manager.get(request));
    QSignalSpy finished(reply.get(), &QNetworkReply::finished);
    QTRY_COMPARE(finished.count(), 1);
    QCOMPARE(reply->error(), QNetworkReply::OperationCanceledError);
}

QUERN_EPOLL_TEST_MAIN(TestQtNetwork)
#include "tst_qtnetwork.moc"
