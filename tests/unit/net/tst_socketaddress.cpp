#include "net/endpoint.h"
#include "net/socketaddress.h"

#include <QTest>

#include <cstddef>
#include <cstring>
#include <sys/un.h>

using namespace Quern;
using net::SocketAddress;

class TestSocketAddress : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void survivesItsText_data();
    void survivesItsText();
    void refused_data();
    void refused();
    void unixPeers_data();
    void unixPeers();
    void peerHasNoZone();
    void portZeroIsNotAnswerable();
};

void TestSocketAddress::survivesItsText_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<int>("port"); // -1: host is a Unix path
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<QString>("text");
    const auto row = [](const char *name, const QByteArray &host, int port, const QByteArray &address,
                        const QString &text) { QTest::newRow(name) << host << port << address << text; };
    row("IPv4", "127.0.0.1", 9503, "127.0.0.1", QStringLiteral("127.0.0.1:9503"));
    row("IPv6", "2001:DB8:0::1", 65535, "2001:db8::1", QStringLiteral("[2001:db8::1]:65535"));
    row("zone by number", "fe80::1%1", 5, "fe80::1%1", QStringLiteral("[fe80::1%1]:5"));
    row("zone by name", "fe80::1%lo", 5, "fe80::1%1", QStringLiteral("[fe80::1%1]:5"));
    row("path", "/run/a b.sock", -1, "/run/a b.sock", QStringLiteral("unix:/run/a b.sock"));
    row("longest path", '/' + QByteArray(106, 'x'), -1, '/' + QByteArray(106, 'x'),
        QStringLiteral("unix:/") + QString(106, u'x'));
    row("abstract name", "@00a1f", -1, "@00a1f", QStringLiteral("unix:@00a1f"));
    row("longest abstract name", '@' + QByteArray(107, 'x'), -1, '@' + QByteArray(107, 'x'),
        QStringLiteral("unix:@") + QString(107, u'x'));
    row("abstract name with a NUL", QByteArray("@a\0b", 4), -1, QByteArray("@a\0b", 4),
        QStringLiteral("unix:@a") + QChar(0) + u'b');
}

void TestSocketAddress::survivesItsText()
{
    QFETCH(const QByteArray, host);
    QFETCH(const int, port);
    QFETCH(const QByteArray, address);
    const auto make = [port](QByteArrayView name) {
        return port < 0 ? SocketAddress::ofPath(name) : SocketAddress::ofHost(name, quint16(port));
    };
    const Result<SocketAddress> made = make(host);
    QVERIFY2(made, made ? "" : qPrintable(made.error().message()));
    QVERIFY(made->isAnswerable());
    QCOMPARE(made->isUnix(), port < 0);
    QCOMPARE(made->address(), address);
    QCOMPARE(int(made->port()), qMax(port, 0));
    QTEST(made->text(), "text");
    const Result<SocketAddress> again = make(made->address());
    QVERIFY(again);
    QCOMPARE(again->bytes(), made->bytes());
}

void TestSocketAddress::refused_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<bool>("isPath");
    QTest::newRow("name") << QByteArray("localhost") << false;
    QTest::newRow("nothing") << QByteArray() << false;
    QTest::newRow("three numbers") << QByteArray("1.2.3") << false;
    QTest::newRow("something behind a NUL") << QByteArray("127.0.0.1\0x", 11) << false;
    QTest::newRow("IPv4 with a zone") << QByteArray("127.0.0.1%1") << false;
    QTest::newRow("zone that is not there") << QByteArray("fe80::1%nosuch") << false;
    QTest::newRow("zone 0") << QByteArray("fe80::1%0") << false;
    QTest::newRow("empty zone") << QByteArray("fe80::1%") << false;
    QTest::newRow("no path") << QByteArray() << true;
    QTest::newRow("path of 108 bytes") << '/' + QByteArray(107, 'x') << true;
    QTest::newRow("path with a NUL") << QByteArray("/a\0b", 4) << true;
    QTest::newRow("abstract name of 109 bytes") << '@' + QByteArray(108, 'x') << true;
}

void TestSocketAddress::refused()
{
    QFETCH(const QByteArray, host);
    QFETCH(const bool, isPath);
    const Result<SocketAddress> made = isPath ? SocketAddress::ofPath(host) : SocketAddress::ofHost(host, 80);
    QVERIFY(!made);
    QCOMPARE(made.error().code(), Error::Invalid);
}

void TestSocketAddress::unixPeers_data()
{
    QTest::addColumn<QByteArray>("name"); // as the kernel writes it into sun_path
    QTest::addColumn<QByteArray>("address");
    QTest::newRow("absolute") << QByteArray("/a\0", 3) << QByteArray("/a");
    QTest::newRow("108 bytes without a NUL") << '/' + QByteArray(107, 'x') << '/' + QByteArray(107, 'x');
    QTest::newRow("abstract") << QByteArray("\0a", 2) << QByteArray("@a");
    QTest::newRow("without a name") << QByteArray() << QByteArray();
    QTest::newRow("relative to a folder unknown here") << QByteArray("a\0", 2) << QByteArray();
    QTest::newRow("relative, and like an abstract name") << QByteArray("@a\0", 3) << QByteArray();
}

void TestSocketAddress::unixPeers()
{
    QFETCH(const QByteArray, name);
    QFETCH(const QByteArray, address);
    SocketAddress peer;
    auto *un = reinterpret_cast<sockaddr_un *>(peer.data());
    un->sun_family = AF_UNIX;
    std::memset(un->sun_path, 'y', sizeof un->sun_path); // what an earlier peer has left there
    std::memcpy(un->sun_path, name.constData(), size_t(name.size()));
    peer.setLength(name.isEmpty() ? 0 : socklen_t(offsetof(sockaddr_un, sun_path) + size_t(name.size())));
    QVERIFY(peer.isUnix());
    QCOMPARE(peer.address(), address);
    QCOMPARE(peer.isAnswerable(), !address.isEmpty());
    QCOMPARE(peer.peer().address, "");
}

void TestSocketAddress::peerHasNoZone()
{
    const net::Peer peer = SocketAddress::ofHost("fe80::1%1", 7)->peer();
    QCOMPARE(peer.address, "fe80::1");
    QCOMPARE(peer.port, 7);
}

void TestSocketAddress::portZeroIsNotAnswerable()
{
    QVERIFY(!SocketAddress::ofHost("127.0.0.1", 0)->isAnswerable());
}

QTEST_GUILESS_MAIN(TestSocketAddress)
#include "tst_socketaddress.moc"
