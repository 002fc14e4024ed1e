#include "protocol/http/httpdate.h"

#include <QTest>

using namespace Quern::protocol::http;

namespace {

constexpr qint64 example = 784111777;     // Sun, 06 Nov 1994 08:49:37 GMT, RFC 9110 §5.6.7
constexpr qint64 summer2026 = 1782907200; // 1 July 2026

} // namespace

class HttpDateTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void written_data();
    void written();
    void read_data();
    void read();
    void refused_data();
    void refused();
    void everyDayOfFourCenturies();
};

void HttpDateTest::written_data()
{
    QTest::addColumn<qint64>("seconds");
    QTest::addColumn<QByteArray>("text");
    QTest::newRow("RFC 9110 example") << example << QByteArray("Sun, 06 Nov 1994 08:49:37 GMT");
    QTest::newRow("epoch") << qint64(0) << QByteArray("Thu, 01 Jan 1970 00:00:00 GMT");
    QTest::newRow("before the epoch") << qint64(-1) << QByteArray("Wed, 31 Dec 1969 23:59:59 GMT");
    QTest::newRow("leap day") << qint64(951782400) << QByteArray("Tue, 29 Feb 2000 00:00:00 GMT");
    QTest::newRow("beyond 32 bits") << qint64(4102444800) << QByteArray("Fri, 01 Jan 2100 00:00:00 GMT");
}

void HttpDateTest::written()
{
    QFETCH(const qint64, seconds);
    QTEST(httpDate(seconds), "text");
}

void HttpDateTest::read_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<qint64>("seconds");
    const auto row = [](const char *name, const char *text, qint64 seconds) {
        QTest::newRow(name) << QByteArray(text) << seconds;
    };
    row("IMF-fixdate", "Sun, 06 Nov 1994 08:49:37 GMT", example);
    row("RFC 850", "Sunday, 06-Nov-94 08:49:37 GMT", example);
    row("asctime", "Sun Nov  6 08:49:37 1994", example);
    row("asctime with two digits", "Wed Nov 16 08:49:37 1994", example + 10 * 86400);
    row("wrong name of the day", "Mon, 06 Nov 1994 08:49:37 GMT", example);
    row("leap second", "Sat, 31 Dec 2016 23:59:60 GMT", 1483228800);
    row("RFC 850: 50 years ahead", "Wednesday, 01-Jan-76 00:00:00 GMT", 3345062400);
    row("RFC 850: 51 years ahead is the past", "Saturday, 01-Jan-77 00:00:00 GMT", 220924800);
    row("RFC 850: this year", "Thursday, 01-Jan-26 00:00:00 GMT", 1767225600);
}

void HttpDateTest::read()
{
    QFETCH(const QByteArray, text);
    QFETCH(const qint64, seconds);
    const auto date = parseHttpDate(text, summer2026);
    QVERIFY(date);
    QCOMPARE(*date, seconds);
}

void HttpDateTest::refused_data()
{
    QTest::addColumn<QByteArray>("text");
    for (const char *text : {"",
                             "Sun",
                             "Sun,",
                             "0",
                             "1994-11-06T08:49:37Z",
                             "06 Nov 1994 08:49:37 GMT",
                             "Sun, 6 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 94 08:49:37 GMT",
                             "Sun, 06 nov 1994 08:49:37 GMT",
                             "sun, 06 Nov 1994 08:49:37 GMT",
                             "Sun, 06 Nov 1994 08:49:37 UTC",
                             "Sun, 06 Nov 1994 08:49:37 +0100",
                             "Sun, 06 Nov 1994 08:49:37 GMT ",
                             "Sun, 06 Nov 1994 08:49:3 GMT",
                             "Sun, 06 Nov 1994 8:49:37 GMT",
                             "Sun, 00 Nov 1994 08:49:37 GMT",
                             "Sun, 31 Nov 1994 08:49:37 GMT",
                             "Tue, 29 Feb 1994 08:49:37 GMT",
                             "Thu, 29 Feb 2100 08:49:37 GMT",
                             "Sun, 06 Nov 1994 24:00:00 GMT",
                             "Sun, 06 Nov 1994 08:60:00 GMT",
                             "Sun, 06 Nov 1994 08:00:61 GMT",
                             "Sunday, 06 Nov 1994 08:49:37 GMT",
                             "Sunday, 06-Nov-1994 08:49:37 GMT",
                             "Sunday Nov  6 08:49:37 1994",
                             "Sun Nov 6 08:49:37 1994",
                             "Sun Nov  6 08:49:37 94",
                             "Sun Nov  6 08:49:37 1994 GMT"})
        QTest::newRow(text) << QByteArray(text);
}

void HttpDateTest::refused()
{
    QFETCH(const QByteArray, text);
    QVERIFY(!parseHttpDate(text, summer2026));
}

void HttpDateTest::everyDayOfFourCenturies()
{
    constexpr qint64 day = 86400;
    for (qint64 seconds = -100 * 365 * day; seconds < 300 * 365 * day; seconds += day + 1) {
        const auto date = parseHttpDate(httpDate(seconds), summer2026);
        QVERIFY(date);
        QCOMPARE(*date, seconds);
    }
}

QTEST_GUILESS_MAIN(HttpDateTest)
#include "tst_httpdate.moc"
