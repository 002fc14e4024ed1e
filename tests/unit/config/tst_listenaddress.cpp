#include "config/listenaddress.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;

class tst_ListenAddress : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reads_data();
    void reads();
    void unixSocket();
    void tls();
    void overlaps_data();
    void overlaps();
    void longestUnixPath();
    void refuses_data();
    void refuses();
};

void tst_ListenAddress::reads_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("host");
    QTest::addColumn<int>("port");
    QTest::addColumn<QString>("shown");
    const auto row = [](const char *text, const char *host, int port, const char *shown) {
        QTest::newRow(text) << QString::fromLatin1(text) << QString::fromLatin1(host) << port
                            << QString::fromLatin1(shown);
    };
    row("127.0.0.1:5200", "127.0.0.1", 5200, "127.0.0.1:5200");
    row("0.0.0.0:1", "0.0.0.0", 1, "0.0.0.0:1");
    row("[::1]:65535", "::1", 65535, "[::1]:65535");
    row("[::]:80", "::", 80, "[::]:80");
    row("[0:0:0:0:0:0:0:1]:80", "::1", 80, "[::1]:80");
    row("[2001:DB8::A]:080", "2001:db8::a", 80, "[2001:db8::a]:80");
}

void tst_ListenAddress::reads()
{
    QFETCH(QString, text);
    QFETCH(QString, host);
    QFETCH(int, port);
    QFETCH(QString, shown);
    const Result<ListenAddress> address = ListenAddress::parse(text, QStringLiteral("/srv"));
    QVERIFY2(address.ok(), address ? "" : qPrintable(address.error().message()));
    QCOMPARE(address->kind, ListenAddress::Tcp);
    QCOMPARE(address->host, host);
    QCOMPARE(int(address->port), port);
    QCOMPARE(address->path, QString());
    QCOMPARE(address->text, shown);
}

void tst_ListenAddress::unixSocket()
{
    const Result<ListenAddress> address =
        ListenAddress::parse(QStringLiteral("unix:run/../app.sock"), QStringLiteral("/srv"));
    QVERIFY(address.ok());
    QCOMPARE(address->kind, ListenAddress::Unix);
    QCOMPARE(address->path, QStringLiteral("/srv/app.sock"));
    QCOMPARE(address->text, QStringLiteral("unix:/srv/app.sock"));
    QCOMPARE(address->host, QString());
    QCOMPARE(int(address->port), 0);
}

void tst_ListenAddress::tls()
{
    const Result<ListenAddress> address = ListenAddress::parse(QStringLiteral("tls:[0::1]:443"), {});
    QVERIFY(address && address->tls);
    QCOMPARE(address->host, QStringLiteral("::1"));
    QCOMPARE(address->text, QStringLiteral("tls:[::1]:443"));
    const Result<ListenAddress> socket =
        ListenAddress::parse(QStringLiteral("tls:unix:a.sock"), QStringLiteral("/run"));
    QVERIFY(socket && socket->tls);
    QCOMPARE(socket->path, QStringLiteral("/run/a.sock"));
    QCOMPARE(socket->text, QStringLiteral("tls:unix:/run/a.sock"));
    QVERIFY(!ListenAddress::parse(QStringLiteral("[::1]:443"), {})->tls);
}

void tst_ListenAddress::overlaps_data()
{
    QTest::addColumn<QString>("one");
    QTest::addColumn<QString>("other");
    QTest::addColumn<bool>("isOne");
    const auto row = [](const char *one, const char *other, bool isOne) {
        QTest::addRow("%s, %s", one, other) << QString::fromLatin1(one) << QString::fromLatin1(other) << isOne;
    };
    row("127.0.0.1:80", "127.0.0.1:80", true);
    row("127.0.0.1:80", "tls:127.0.0.1:80", true);
    row("127.0.0.1:80", "0.0.0.0:80", true);
    row("[::1]:80", "[::]:80", true);
    row("unix:/a", "tls:unix:/a", true);
    row("127.0.0.1:80", "127.0.0.1:81", false);
    row("127.0.0.1:80", "127.0.0.2:80", false);
    row("0.0.0.0:80", "0.0.0.0:81", false);
    row("0.0.0.0:80", "[::]:80", false);
    row("127.0.0.1:80", "[::]:80", false);
    row("unix:/a", "unix:/b", false);
    row("unix:/a", "127.0.0.1:80", false);
}

void tst_ListenAddress::overlaps()
{
    QFETCH(QString, one);
    QFETCH(QString, other);
    QFETCH(bool, isOne);
    const Result<ListenAddress> first = ListenAddress::parse(one, {});
    const Result<ListenAddress> second = ListenAddress::parse(other, {});
    QVERIFY(first && second);
    QCOMPARE(first->overlaps(*second), isOne);
    QCOMPARE(second->overlaps(*first), isOne);
}

void tst_ListenAddress::longestUnixPath()
{
    const QString longest = u'/' + QString(106, u'x');
    QVERIFY(ListenAddress::parse(QStringLiteral("unix:") + longest, {}).ok());
    const Result<ListenAddress> oneMore = ListenAddress::parse(QStringLiteral("unix:%1x").arg(longest), {});
    QVERIFY(!oneMore);
    QCOMPARE(oneMore.error().message(),
             QStringLiteral("the path \"%1x\" has 108 bytes, and a socket's may have 107; choose a shorter one")
                 .arg(longest));
    // Bytes count, not characters.
    QVERIFY(!ListenAddress::parse(QStringLiteral("unix:/") + QString(54, u'ü'), {}));
}

void tst_ListenAddress::refuses_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *text, const char *message) {
        QTest::newRow(text) << QString::fromLatin1(text) << QString::fromLatin1(message);
    };
    row("", "\"\" has no port; write \"127.0.0.1:5200\"");
    row("5200", "\"5200\" has no port; write \"127.0.0.1:5200\"");
    row("127.0.0.1", "\"127.0.0.1\" has no port; write \"127.0.0.1:5200\"");
    row("[::1]", "\"[::1]\" has no port; write \"[::1]:5200\"");
    row("::1", "\"::1\" has no port; write \"[::1]:5200\"");
    row("2001:db8::1", "\"2001:db8::1\" has no port; write \"[2001:db8::1]:5200\"");
    row("::1:5200", "\"::1:5200\" lacks the brackets around the IPv6 address; write \"[::1]:5200\"");
    row("1:2:3:4:5:6:7:8:80",
        "\"1:2:3:4:5:6:7:8:80\" lacks the brackets around the IPv6 address; write \"[1:2:3:4:5:6:7:8]:80\"");
    row("127.0.0.1:", "\"127.0.0.1:\" needs a port from 1 to 65535 after the colon; write \"127.0.0.1:5200\"");
    row("127.0.0.1:0", "\"127.0.0.1:0\" needs a port from 1 to 65535 after the colon; write \"127.0.0.1:5200\"");
    row("10.0.0.1:65536", "\"10.0.0.1:65536\" needs a port from 1 to 65535 after the colon; write \"10.0.0.1:5200\"");
    row("127.0.0.1:http", "\"127.0.0.1:http\" needs a port from 1 to 65535 after the colon; write \"127.0.0.1:5200\"");
    row("127.0.0.1:+80", "\"127.0.0.1:+80\" needs a port from 1 to 65535 after the colon; write \"127.0.0.1:5200\"");
    row("127.0.0.1: 80", "\"127.0.0.1: 80\" needs a port from 1 to 65535 after the colon; write \"127.0.0.1:5200\"");
    row("[::1]:-1", "\"[::1]:-1\" needs a port from 1 to 65535 after the colon; write \"[::1]:5200\"");
    row(":80", "\":80\" names no address; write \"0.0.0.0:80\"");
    row("*:80", "\"*:80\" names no address; write \"0.0.0.0:80\"");
    row("localhost:80", "\"localhost:80\" names a host instead of an IP address; write \"127.0.0.1:80\"");
    row("[127.0.0.1]:80", "\"[127.0.0.1]:80\" names a host instead of an IP address; write \"127.0.0.1:80\"");
    row("127.1:80", "\"127.1:80\" names a host instead of an IP address; write \"127.0.0.1:80\"");
    row("256.0.0.1:80", "\"256.0.0.1:80\" names a host instead of an IP address; write \"127.0.0.1:80\"");
    row("http://127.0.0.1:80", "\"http://127.0.0.1:80\" names a host instead of an IP address; write \"127.0.0.1:80\"");
    row("tls:0.0.0.0", "\"tls:0.0.0.0\" has no port; write \"tls:0.0.0.0:5200\"");
    row("tls:localhost:443",
        "\"tls:localhost:443\" names a host instead of an IP address; write \"tls:127.0.0.1:443\"");
    row("tls:", "\"tls:\" has no port; write \"tls:127.0.0.1:5200\"");
    row("tls:tls:[::1]:443",
        "\"tls:tls:[::1]:443\" names a host instead of an IP address; write \"tls:127.0.0.1:443\"");
    row("ssl:0.0.0.0:443", "\"ssl:0.0.0.0:443\" says TLS in another way; write \"tls:0.0.0.0:443\"");
    row("TLS:0.0.0.0:443", "\"TLS:0.0.0.0:443\" says TLS in another way; write \"tls:0.0.0.0:443\"");
    row("tls://[::1]:443", "\"tls://[::1]:443\" says TLS in another way; write \"tls:[::1]:443\"");
    row("https:[::1]:443", "\"https:[::1]:443\" says TLS in another way; write \"tls:[::1]:443\"");
    row("https://0.0.0.0:443/", "\"https://0.0.0.0:443\" says TLS in another way; write \"tls:0.0.0.0:443\"");
    row("wss:0.0.0.0:443", "\"wss:0.0.0.0:443\" says TLS in another way; write \"tls:0.0.0.0:443\"");
    row("wss://unix:/a", "\"wss://unix:/a\" says TLS in another way; write \"tls:unix:/a\"");
    row("ssl:localhost:443",
        "\"ssl:localhost:443\" names a host instead of an IP address; write \"tls:127.0.0.1:443\"");
    row("https://0.0.0.0", "\"https://0.0.0.0\" has no port; write \"tls:0.0.0.0:5200\"");
    row("tls:unix:", "\"tls:unix:\" has no path; write \"tls:unix:/run/quern.sock\"");
    row("unix:", "\"unix:\" has no path; write \"unix:/run/quern.sock\"");
    row("unix:/run/\na", "\"unix:/run/\\na\" has a control character; write \"unix:/run/quern.sock\"");
}

void tst_ListenAddress::refuses()
{
    QFETCH(QString, text);
    QFETCH(QString, message);
    const Result<ListenAddress> address = ListenAddress::parse(text, QStringLiteral("/srv"));
    QVERIFY(!address);
    QCOMPARE(address.error().code(), Error::Invalid);
    QCOMPARE(address.error().message(), message);
}

QTEST_GUILESS_MAIN(tst_ListenAddress)
#include "tst_listenaddress.moc"
