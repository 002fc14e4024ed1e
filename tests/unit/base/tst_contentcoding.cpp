#include "base/contentcoding.h"

#include <QByteArray>
#include <QTest>

using namespace Quern::base;

class TestContentCoding : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void best_data();
    void best();
    void accepted();
};

void TestContentCoding::best_data()
{
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<QByteArray>("withBrotli");
    QTest::addColumn<QByteArray>("withoutBrotli");
    const auto row = [](const char *title, const char *field, const char *with, const char *without) {
        QTest::newRow(title) << QByteArray(field) << QByteArray(with) << QByteArray(without);
    };
    row("no field", nullptr, "", "");
    row("empty field", "", "", "");
    row("only commas", ", ,", "", "");
    row("gzip", "gzip", "gzip", "gzip");
    row("old name of gzip", "x-gzip", "gzip", "gzip");
    row("upper case", "GZIP", "gzip", "gzip");
    row("br", "br", "br", "");
    row("of a browser", "gzip, deflate, br, zstd", "br", "gzip");
    row("unknown ones", "deflate, zstd, compress", "", "");
    row("name that begins alike", "gzipped, brotli", "", "");
    row("gzip liked better", "gzip;q=1.0, br;q=0.9", "gzip", "gzip");
    row("br liked better", "gzip;q=0.8, br;q=0.9", "br", "gzip");
    row("alike", "gzip;q=0.5, br;q=0.5", "br", "gzip");
    row("third decimal", "gzip;q=0.501, br;q=0.500", "gzip", "gzip");
    row("all three decimals", "br;q=0.099, gzip;q=0.1", "gzip", "gzip");
    row("spaces", " gzip ; q = 0.5 ,\tbr ; q=0.6 ", "br", "gzip");
    row("upper case weight", "br;Q=0, gzip", "gzip", "gzip");
    row("refused", "gzip;q=0", "", "");
    row("refused in full", "gzip;q=0.000, br;q=0.", "", "");
    row("wildcard", "*", "br", "gzip");
    row("wildcard refuses", "*;q=0", "", "");
    row("wildcard but no br", "br;q=0, *", "gzip", "gzip");
    row("wildcard but no gzip", "gzip;q=0, *", "br", "");
    row("named over wildcard", "gzip, *;q=0.5", "gzip", "gzip");
    row("wildcard refuses, gzip named", "gzip, *;q=0", "gzip", "gzip");
    row("identity alone", "identity", "", "");
    row("identity liked better", "identity, gzip;q=0.5, br;q=0.9", "", "");
    row("identity liked as much", "identity;q=0.5, gzip;q=0.5", "gzip", "gzip");
    row("identity refused", "identity;q=0, gzip;q=0.1", "gzip", "gzip");
    row("everything refused", "identity;q=0, *;q=0", "", "");
    row("identity by name, rest by wildcard", "identity;q=0.5, *;q=0.1", "", "");
    row("weight over 1", "gzip;q=1.001", "", "");
    row("weight of four decimals", "gzip;q=0.0001", "", "");
    row("negative weight", "gzip;q=-1", "", "");
    row("weight of 2", "gzip;q=2", "", "");
    row("no weight", "gzip;q=", "", "");
    row("no number", "gzip;q=0.x", "", "");
    row("comma in the weight", "gzip;q=0,5", "", "");
    row("other parameter", "gzip;level=1", "", "");
    row("malformed beside a good one", "br;q=high, gzip", "gzip", "gzip");
    row("named twice: the last counts", "gzip, gzip;q=0", "", "");
}

void TestContentCoding::best()
{
    QFETCH(QByteArray, field);
    QFETCH(QByteArray, withBrotli);
    QFETCH(QByteArray, withoutBrotli);
    QCOMPARE(nameOf(bestCoding(field, true)).toByteArray(), withBrotli);
    QCOMPARE(nameOf(bestCoding(field, false)).toByteArray(), withoutBrotli);
}

void TestContentCoding::accepted()
{
    QVERIFY(isAccepted("gzip", ContentCoding::Gzip));
    QVERIFY(!isAccepted("gzip", ContentCoding::Brotli));
    QVERIFY(!isAccepted("gzip;q=0, *", ContentCoding::Gzip));
    QVERIFY(isAccepted("gzip;q=0, *", ContentCoding::Brotli));
    QVERIFY(!isAccepted({}, ContentCoding::Gzip));
    QVERIFY(isAccepted({}, ContentCoding::Identity));
    QVERIFY(!isAccepted("identity;q=0", ContentCoding::Identity));
}

QTEST_GUILESS_MAIN(TestContentCoding)
#include "tst_contentcoding.moc"
