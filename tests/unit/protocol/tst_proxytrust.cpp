#include "protocol/http/proxytrust.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// Lists of trusted proxies: what they match, and what is wrong with the others.
class ProxyTrustTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void matches_data();
    void matches();
    void refused_data();
    void refused();
    void emptiness();
};

void ProxyTrustTest::matches_data()
{
    QTest::addColumn<QStringList>("entries");
    QTest::addColumn<QByteArray>("address");
    QTest::addColumn<bool>("expected");
    const auto row = [](const QStringList &entries, const char *address, bool expected) {
        QTest::addRow("%s %s %s", qPrintable(entries.join(u' ')), expected ? "trusts" : "does not trust", address)
            << entries << QByteArray(address) << expected;
    };
    row({}, "127.0.0.1", false);
    row({}, "", false);
    row({u"127.0.0.1"_s}, "127.0.0.1", true);
    row({u"127.0.0.1"_s}, "127.0.0.2", false);
    row({u"127.0.0.1"_s}, "::ffff:127.0.0.1", true);
    row({u"127.0.0.1"_s}, "::1", false);
    row({u"127.0.0.1"_s}, "", false);
    row({u"127.0.0.1"_s}, "localhost", false);
    row({u"127.0.0.1"_s}, "127.0.0.1x", false);
    row({u"::ffff:127.0.0.1"_s}, "127.0.0.1", true);
    row({u"::1"_s}, "::1", true);
    row({u"::1"_s}, "0:0:0:0:0:0:0:1", true);
    row({u"::1"_s}, "::2", false);
    row({u"10.0.0.0/8"_s}, "10.255.0.1", true);
    row({u"10.0.0.0/8"_s}, "11.0.0.1", false);
    row({u"10.0.0.0/8"_s}, "a00::1", false);
    row({u"192.168.4.0/22"_s}, "192.168.7.255", true);
    row({u"192.168.4.0/22"_s}, "192.168.8.0", false);
    row({u"192.168.4.0/22"_s}, "192.168.3.255", false);
    row({u"192.0.2.1/32"_s}, "192.0.2.1", true);
    row({u"192.0.2.1/32"_s}, "192.0.2.0", false);
    row({u"0.0.0.0/0"_s}, "203.0.113.1", true);
    row({u"0.0.0.0/0"_s}, "2001:db8::1", false);
    row({u"fd00::/8"_s}, "fdff::1", true);
    row({u"fd00::/8"_s}, "fe00::1", false);
    row({u"2001:db8::/33"_s}, "2001:db8:7fff::1", true);
    row({u"2001:db8::/33"_s}, "2001:db8:8000::1", false);
    row({u"::/0"_s}, "2001:db8::1", true);
    row({u"::1"_s, u"10.0.0.0/8"_s}, "10.0.0.1", true);
    row({u"unix"_s}, "", true);
    row({u"unix"_s}, "127.0.0.1", false);
    row({u"*"_s}, "203.0.113.1", true);
    row({u"*"_s}, "2001:db8::1", true);
    row({u"*"_s}, "", true);
}

void ProxyTrustTest::matches()
{
    QFETCH(QStringList, entries);
    QFETCH(QByteArray, address);
    QFETCH(bool, expected);
    const auto trust = ProxyTrust::parse(entries);
    QVERIFY2(trust.ok(), trust.ok() ? "" : qPrintable(trust.error().message()));
    QCOMPARE(trust->trusts(address), expected);
}

void ProxyTrustTest::refused_data()
{
    QTest::addColumn<QString>("entry");
    QTest::addColumn<QString>("part"); // of the message
    const auto row = [](const QString &entry, const QString &part) {
        QTest::newRow(qPrintable(u"entry "_s + entry)) << entry << part;
    };
    row(u""_s, u"not a numeric address"_s);
    row(u"localhost"_s, u"not a numeric address"_s);
    row(u"127.0.0"_s, u"not a numeric address"_s);
    row(u"127.0.0.01"_s, u"not a numeric address"_s);
    row(u"[::1]"_s, u"not a numeric address"_s);
    row(u" 127.0.0.1"_s, u"not a numeric address"_s);
    row(u"127.0.0.1:80"_s, u"not a numeric address"_s);
    row(u"/8"_s, u"not a numeric address"_s);
    row(u"10.0.0.0/33"_s, u"from 0 to 32"_s);
    row(u"10.0.0.0/"_s, u"from 0 to 32"_s);
    row(u"10.0.0.0/-1"_s, u"from 0 to 32"_s);
    row(u"10.0.0.0/+8"_s, u"from 0 to 32"_s);
    row(u"10.0.0.0/255.0.0.0"_s, u"from 0 to 32"_s);
    row(u"10.0.0.0/8/8"_s, u"from 0 to 32"_s);
    row(u"fd00::/129"_s, u"from 0 to 128"_s);
    row(u"10.1.2.3/8"_s, u"write \"10.0.0.0/8\""_s);
    row(u"fd00::1/8"_s, u"write \"fd00::/8\""_s);
}

void ProxyTrustTest::refused()
{
    QFETCH(QString, entry);
    QFETCH(QString, part);
    const auto trust = ProxyTrust::parse({u"::1"_s, entry});
    QVERIFY(!trust.ok());
    QCOMPARE(trust.error().code(), Quern::Error::Invalid);
    QVERIFY2(trust.error().message().startsWith(u"trusted proxy \"%1\": "_s.arg(entry)),
             qPrintable(trust.error().message()));
    QVERIFY2(trust.error().message().contains(part), qPrintable(trust.error().message()));
}

void ProxyTrustTest::emptiness()
{
    QVERIFY(ProxyTrust().isEmpty());
    QVERIFY(ProxyTrust::parse({})->isEmpty());
    for (const QString &entry : {u"*"_s, u"unix"_s, u"::1"_s})
        QVERIFY(!ProxyTrust::parse({entry})->isEmpty());
}

QTEST_APPLESS_MAIN(ProxyTrustTest)
#include "tst_proxytrust.moc"
