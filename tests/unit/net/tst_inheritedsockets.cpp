#include "net/inheritedsockets.h"
#include "netsupport.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>

#include <fcntl.h>
#include <netinet/tcp.h>

using namespace NetTest;
using namespace Quern;
using net::Endpoint;
using net::InheritedSockets;
using net::SocketKind;
using Owner = net::InheritedSockets::Owner;

class TestInheritedSockets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void foundByTheirAddress_data();
    void foundByTheirAddress();
    void severalOfOnePort();
    void lentOnes();
    void madeReady();
    void noSocketThatCanBeServed();
    void closedIfNobodyWantsThem();
    void filesOfThoseThatWereClosed();
};

void TestInheritedSockets::foundByTheirAddress_data()
{
    QTest::addColumn<QString>("host");
    QTest::addColumn<QString>("other");
    QTest::newRow("IPv4") << QStringLiteral("127.0.0.1") << QStringLiteral("127.0.0.2");
    QTest::newRow("any IPv4") << QStringLiteral("0.0.0.0") << QStringLiteral("127.0.0.1");
    QTest::newRow("IPv6") << QStringLiteral("::1") << QStringLiteral("::");
    QTest::newRow("IPv6, written otherwise") << QStringLiteral("0:0::1") << QStringLiteral("127.0.0.1");
    QTest::newRow("Unix") << QString() << QString();
}

void TestInheritedSockets::foundByTheirAddress()
{
    QFETCH(const QString, host);
    QFETCH(const QString, other);
    const QTemporaryDir folder;
    Endpoint endpoint = {host, 0, host.isEmpty() ? folder.filePath(QStringLiteral("a.sock")) : QString()};
    Result<base::FileDescriptor> stream = net::listenOn(endpoint, {});
    QVERIFY(stream);
    if (!endpoint.isUnix())
        endpoint.port = portOf(stream->get());
    Endpoint elsewhere = endpoint;
    (endpoint.isUnix() ? elsewhere.unixPath : elsewhere.host) =
        endpoint.isUnix() ? folder.filePath(QStringLiteral("b.sock")) : other;
    Endpoint nextPort = endpoint;
    ++nextPort.port;

    InheritedSockets sockets;
    QVERIFY(sockets.add(std::move(*stream), Owner::Server));
    QVERIFY(sockets.has(endpoint, SocketKind::Stream));
    QVERIFY(!sockets.has(endpoint, SocketKind::Datagram));
    QVERIFY(!sockets.has(elsewhere, SocketKind::Stream));
    QVERIFY(endpoint.isUnix() || !sockets.has(nextPort, SocketKind::Stream));
    QVERIFY(sockets.take(elsewhere, SocketKind::Stream).empty());
    QCOMPARE(sockets.take(endpoint, SocketKind::Stream).size(), 1u);
    QVERIFY(sockets.isEmpty());
    QVERIFY(sockets.take(endpoint, SocketKind::Stream).empty());
}

void TestInheritedSockets::severalOfOnePort()
{
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    InheritedSockets sockets;
    for (int i = 0; i < 3; ++i) {
        Result<base::FileDescriptor> socket = net::bindDatagram(endpoint, {.sharedPort = true});
        QVERIFY(socket);
        endpoint.port = portOf(socket->get());
        QVERIFY(sockets.add(std::move(*socket), Owner::Server));
    }
    QCOMPARE(sockets.take(endpoint, SocketKind::Datagram).size(), 3u);
}

void TestInheritedSockets::lentOnes()
{
    Endpoint own = {QStringLiteral("127.0.0.1"), 0, {}};
    Endpoint lent = own;
    InheritedSockets sockets;
    for (const auto &[endpoint, owner] : {std::pair(&own, Owner::Server), {&lent, Owner::Manager}}) {
        Result<base::FileDescriptor> socket = net::listenOn(*endpoint, {});
        QVERIFY(socket);
        endpoint->port = portOf(socket->get());
        QVERIFY(sockets.add(std::move(*socket), owner));
    }
    QVERIFY(!sockets.isLent(own, SocketKind::Stream));
    QVERIFY(sockets.isLent(lent, SocketKind::Stream));
    QVERIFY(sockets.keepOnly({{own, SocketKind::Stream}, {lent, SocketKind::Stream}}).isEmpty());
    QCOMPARE(sockets.keepOnly({{own, SocketKind::Datagram}}), QStringList(lent.text()));
    QVERIFY(sockets.isEmpty());
}

void TestInheritedSockets::madeReady()
{
    // As a service manager makes one: blocking, open to programs that are started, and without options.
    base::FileDescriptor socket(::socket(AF_INET, SOCK_STREAM, 0));
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    QCOMPARE(::bind(socket.get(), reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    QCOMPARE(::listen(socket.get(), 1), 0);
    const Endpoint endpoint = {QStringLiteral("127.0.0.1"), portOf(socket.get()), {}};
    InheritedSockets sockets;
    QVERIFY(sockets.add(std::move(socket), Owner::Manager));
    const std::vector<base::FileDescriptor> taken = sockets.take(endpoint, SocketKind::Stream);
    QCOMPARE(taken.size(), 1u);
    QVERIFY((::fcntl(taken[0].get(), F_GETFL) & O_NONBLOCK) != 0);
    QVERIFY((::fcntl(taken[0].get(), F_GETFD) & FD_CLOEXEC) != 0);
    int noDelay = 0;
    socklen_t length = sizeof noDelay;
    QCOMPARE(::getsockopt(taken[0].get(), IPPROTO_TCP, TCP_NODELAY, &noDelay, &length), 0);
    QCOMPARE(noDelay, 1);
}

void TestInheritedSockets::noSocketThatCanBeServed()
{
    InheritedSockets sockets;
    // Connected, but it listens for nobody.
    int ends[2] = {};
    QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    const base::FileDescriptor other(ends[1]);
    const Result<void> connected = sockets.add(base::FileDescriptor(ends[0]), Owner::Manager);
    QVERIFY(!connected);
    QCOMPARE(connected.error().code(), Error::Invalid);
    const Result<void> file =
        sockets.add(base::FileDescriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC)), Owner::Server);
    QVERIFY(!file);
    QVERIFY(file.error().message().contains(QLatin1StringView("is no socket that listens")));
    QVERIFY(sockets.isEmpty());
}

void TestInheritedSockets::closedIfNobodyWantsThem()
{
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    Result<base::FileDescriptor> socket = net::listenOn(endpoint, {});
    QVERIFY(socket);
    endpoint.port = portOf(socket->get());
    InheritedSockets sockets;
    QVERIFY(sockets.add(std::move(*socket), Owner::Server));
    QVERIFY(connectTo(endpoint.port).isValid());
    sockets.clear();
    QVERIFY(!connectTo(endpoint.port).isValid());
}

void TestInheritedSockets::filesOfThoseThatWereClosed()
{
    const QTemporaryDir folder;
    InheritedSockets sockets;
    for (const auto &[name, owner] : {std::pair("wanted", Owner::Server),
                                      {"left", Owner::Server},
                                      {"replaced", Owner::Server},
                                      {"lent", Owner::Manager}}) {
        const Endpoint endpoint = {{}, 0, folder.filePath(QString::fromLatin1(name))};
        Result<base::FileDescriptor> stream = net::listenOn(endpoint, {});
        QVERIFY(stream);
        QVERIFY(sockets.add(std::move(*stream), owner));
    }
    const QString replaced = folder.filePath(QStringLiteral("replaced"));
    QVERIFY(QFile::remove(replaced));
    QVERIFY(QFile(replaced).open(QFile::WriteOnly));
    sockets.keepOnly({{{{}, 0, folder.filePath(QStringLiteral("wanted"))}, SocketKind::Stream}});
    QVERIFY(QFile::exists(folder.filePath(QStringLiteral("left"))));
    sockets.removeLeftFiles();
    QCOMPARE(QDir(folder.path()).entryList(QDir::System | QDir::Files, QDir::Name),
             (QStringList{QStringLiteral("lent"), QStringLiteral("replaced"), QStringLiteral("wanted")}));
}

QUERN_EPOLL_TEST_MAIN(TestInheritedSockets)
#include "tst_inheritedsockets.moc"
