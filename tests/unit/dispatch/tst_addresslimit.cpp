#include "dispatch/addresslimit.h"

#include <QTest>

using Quern::dispatch::AddressLimit;

class TestAddressLimit : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneMoreThanTheLimit();
    void oneClientOrTwo_data();
    void oneClientOrTwo();
    void whatIsGivenBackCanBeTaken();
    void noLimit();
};

void TestAddressLimit::oneMoreThanTheLimit()
{
    AddressLimit limit(2);
    QVERIFY(limit.take("192.0.2.1"));
    QVERIFY(limit.take("192.0.2.1"));
    QVERIFY(!limit.take("192.0.2.1"));
}

void TestAddressLimit::oneClientOrTwo_data()
{
    QTest::addColumn<QByteArray>("first");
    QTest::addColumn<QByteArray>("second");
    QTest::addColumn<bool>("isOne");
    const auto row = [](const char *name, const char *first, const char *second, bool isOne) {
        QTest::newRow(name) << QByteArray(first) << QByteArray(second) << isOne;
    };
    row("the same IPv4 address", "192.0.2.1", "192.0.2.1", true);
    row("neighbours in IPv4", "192.0.2.1", "192.0.2.2", false);
    row("the same IPv6 address", "2001:db8::1", "2001:db8::1", true);
    row("neighbours in one network of 64 bits", "2001:db8:0:1::1", "2001:db8:0:1:ffff:ffff:ffff:ffff", true);
    row("the same network written in two ways", "2001:db8:0:1::1", "2001:DB8:0000:1:0:0:0:2", true);
    row("neighbours of 64 bits", "2001:db8:0:1::1", "2001:db8:0:2::1", false);
    row("loopback and another", "::1", "2001:db8::1", false);
}

void TestAddressLimit::oneClientOrTwo()
{
    QFETCH(QByteArray, first);
    QFETCH(QByteArray, second);
    AddressLimit limit(1);
    QVERIFY(limit.take(first));
    QTEST(!limit.take(second), "isOne");
}

void TestAddressLimit::whatIsGivenBackCanBeTaken()
{
    AddressLimit limit(1);
    QVERIFY(limit.take("2001:db8:0:1::1"));
    limit.give("2001:db8:0:1::2"); // another connection of the same client ends
    QVERIFY(limit.take("2001:db8:0:1::3"));
    QVERIFY(!limit.take("2001:db8:0:1::1"));
}

void TestAddressLimit::noLimit()
{
    AddressLimit limit(0);
    for (int i = 0; i < 100; ++i)
        QVERIFY(limit.take("192.0.2.1"));
}

QTEST_GUILESS_MAIN(TestAddressLimit)
#include "tst_addresslimit.moc"
