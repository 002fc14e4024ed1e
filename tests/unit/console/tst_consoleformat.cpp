#include "admin-gui/models/format.h"

#include <QLocale>
#include <QTest>

#include <limits>

using namespace Quern::console;

class tst_consoleformat : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase() { QLocale::setDefault(QLocale(QStringLiteral("en_US"))); }
    void durations_data();
    void durations();
    void sizes_data();
    void sizes();
    void numbers();
    void trends();
    void moments();
    void oneLine();
    void tips();
};

void tst_consoleformat::durations_data()
{
    QTest::addColumn<qint64>("us");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << qint64(0) << "0 µs";
    QTest::newRow("microseconds") << qint64(999) << "999 µs";
    QTest::newRow("a millisecond") << qint64(1000) << "1.00 ms";
    QTest::newRow("milliseconds") << qint64(123'456) << "123 ms";
    QTest::newRow("seconds") << qint64(1'234'567) << "1.23 s";
    QTest::newRow("a minute") << qint64(61'000'000) << "1 min 1 s";
    QTest::newRow("an hour") << qint64(3'660'000'000) << "1 h 1 min";
    QTest::newRow("days") << qint64(2 * 86'400'000'000LL + 3'600'000'000LL) << "2 d 1 h";
}

void tst_consoleformat::durations()
{
    QFETCH(qint64, us);
    QFETCH(QString, text);
    QCOMPARE(format::duration(std::chrono::microseconds(us)), text);
}

void tst_consoleformat::sizes_data()
{
    QTest::addColumn<qint64>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << qint64(0) << "0";
    QTest::newRow("bytes") << qint64(512) << "512 bytes";
    QTest::newRow("KiB") << qint64(1536) << "1.5 KiB";
    QTest::newRow("MiB") << qint64(1 << 20) << "1.0 MiB";
    QTest::newRow("GiB") << (qint64(5) << 30) << "5.0 GiB";
}

void tst_consoleformat::sizes()
{
    QFETCH(qint64, bytes);
    QFETCH(QString, text);
    QCOMPARE(format::bytes(bytes), text);
}

void tst_consoleformat::numbers()
{
    QCOMPARE(format::count(1234567), QStringLiteral("1,234,567"));
    QCOMPARE(format::number(0), QStringLiteral("0"));
    QCOMPARE(format::number(0.123), QStringLiteral("0.12"));
    QCOMPARE(format::number(12.34), QStringLiteral("12.3"));
    QCOMPARE(format::number(1234.4), QStringLiteral("1,234"));
    QCOMPARE(format::number(std::numeric_limits<double>::infinity()), QStringLiteral("∞"));
    QCOMPARE(format::number(std::numeric_limits<double>::quiet_NaN()), QStringLiteral("–"));
    QCOMPARE(format::rate(12), QStringLiteral("12/s"));
    QCOMPARE(format::percent(0), QStringLiteral("0 %"));
    QCOMPARE(format::percent(3.14), QStringLiteral("3.1 %"));
    QCOMPARE(format::percent(99.6), QStringLiteral("100 %"));
}

void tst_consoleformat::trends()
{
    QCOMPARE(format::memoryTrend(1000), QString());
    QCOMPARE(format::memoryTrend(2 * 1024 * 1024), QStringLiteral("+2.0 MiB/min"));
    QCOMPARE(format::memoryTrend(-20 * 1024), QStringLiteral("−20.0 KiB/min"));
}

void tst_consoleformat::moments()
{
    const QDateTime now(QDate(2026, 1, 31), QTime(15, 0));
    QCOMPARE(format::moment(QDateTime(QDate(2026, 1, 31), QTime(14, 3, 7)), now), QStringLiteral("14:03:07"));
    QCOMPARE(format::moment(QDateTime(QDate(2026, 1, 30), QTime(14, 3, 7)), now), QStringLiteral("Jan 30 14:03:07"));
    QCOMPARE(format::moment({}, now), QString());
}

void tst_consoleformat::oneLine()
{
    QCOMPARE(format::oneLine(QStringLiteral("a\nb")), QStringLiteral("a b"));
    QCOMPARE(format::oneLine(QStringLiteral("abcdef"), 4), QStringLiteral("abc…"));
    QCOMPARE(format::oneLine(QStringLiteral("abcd"), 4), QStringLiteral("abcd"));
}

void tst_consoleformat::tips()
{
    QCOMPARE(format::tip(QStringLiteral("a & b")), QStringLiteral("a & b"));
    QCOMPARE(format::tip(QStringLiteral("<img src=\"x\">\nand more")),
             QStringLiteral("<qt>&lt;img src=&quot;x&quot;&gt;<br>and more</qt>"));
}

QTEST_MAIN(tst_consoleformat)
#include "tst_consoleformat.moc"
