#include "protocol/http/range.h"

#include <QTest>

#include <limits>

using namespace Quern::protocol::http;

using Pieces = QList<std::pair<quint64, quint64>>; ///< offset and length

class RangeTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void satisfiable_data();
    void satisfiable();
    void unsatisfiable_data();
    void unsatisfiable();
    void ignored_data();
    void ignored();
    void emptyRepresentation();
    void hugeRepresentation();
    void asManyAsAllowed();
    void oneTooMany();
    void neverMoreThanTheWhole();
};

void RangeTest::satisfiable_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<Pieces>("pieces");
    const auto row = [](const char *name, const char *value, const Pieces &pieces) {
        QTest::newRow(name) << QByteArray(value) << pieces;
    };
    // Of 10000 bytes, as in RFC 9110 §14.1.2.
    row("first 500", "bytes=0-499", {{0, 500}});
    row("second 500", "bytes=500-999", {{500, 500}});
    row("last 500", "bytes=-500", {{9500, 500}});
    row("from 9500 on", "bytes=9500-", {{9500, 500}});
    row("first and last byte", "bytes=0-0,-1", {{0, 1}, {9999, 1}});
    row("three pieces", "bytes= 0-999, 4500-5499, -1000", {{0, 1000}, {4500, 1000}, {9000, 1000}});
    row("one byte", "bytes=9999-9999", {{9999, 1}});
    row("all of it", "bytes=0-", {{0, 10000}});
    row("end beyond the size", "bytes=9000-99999", {{9000, 1000}});
    row("suffix beyond the size", "bytes=-20000", {{0, 10000}});
    row("end beyond 64 bits", "bytes=1-99999999999999999999999", {{1, 9999}});
    row("suffix beyond 64 bits", "bytes=-99999999999999999999999", {{0, 10000}});
    row("unit in capitals", "BYTES=0-1", {{0, 2}});
    row("empty elements", "bytes=,,0-1,\t, 500-501 ,", {{0, 2}, {500, 2}});
    row("one of two beyond the end", "bytes=10000-,0-1", {{0, 2}});
    row("order of the request", "bytes=5000-5009,100-109", {{5000, 10}, {100, 10}});
    row("overlapping", "bytes=0-100,50-200", {{0, 201}});
    row("one within the other", "bytes=0-1000,50-60", {{0, 1001}});
    row("the same twice", "bytes=5-6,5-6", {{5, 2}});
    row("adjacent", "bytes=0-99,100-199", {{0, 200}});
    row("gap of 79", "bytes=0-99,179-199", {{0, 200}});
    row("gap of 80", "bytes=0-99,180-199", {{0, 100}, {180, 20}});
    row("joined ones are in the order of the bytes", "bytes=5000-5009,100-109,105-120", {{100, 21}, {5000, 10}});
}

void RangeTest::satisfiable()
{
    QFETCH(const QByteArray, value);
    const RangeRequest request = parseRange(value, 10000);
    QCOMPARE(request.verdict, RangeVerdict::Satisfiable);
    Pieces pieces;
    for (const ByteRange &range : request.ranges)
        pieces.append({range.offset, range.length});
    QTEST(pieces, "pieces");
}

void RangeTest::unsatisfiable_data()
{
    QTest::addColumn<QByteArray>("value");
    for (const char *value : {"bytes=10000-", "bytes=10000-10000", "bytes=99999999999999999999999-", "bytes=-0",
                              "bytes=10000-,20000-30000", "bytes=-0, 10000-"})
        QTest::newRow(value) << QByteArray(value);
}

void RangeTest::unsatisfiable()
{
    QFETCH(const QByteArray, value);
    const RangeRequest request = parseRange(value, 10000);
    QCOMPARE(request.verdict, RangeVerdict::Unsatisfiable);
    QVERIFY(request.ranges.isEmpty());
}

void RangeTest::ignored_data()
{
    QTest::addColumn<QByteArray>("value");
    for (const char *value : {"",
                              "bytes",
                              "bytes=",
                              "bytes=,",
                              "bytes=-",
                              "bytes=a-b",
                              "bytes=1",
                              "bytes=2-1",
                              "bytes=0-1,2-1",
                              "bytes=0-1,x",
                              "bytes=+1-2",
                              "bytes=1-+2",
                              "bytes=--1",
                              "bytes=0x1-2",
                              "bytes=1-2-3",
                              "bytes=1 - 2",
                              "bytes =0-1",
                              "items=0-1",
                              "bytes:0-1",
                              "0-1",
                              "bytes=0-1;2-3",
                              "bytes=99999999999999999999999-5"})
        QTest::newRow(value) << QByteArray(value);
    QTest::newRow("absent") << QByteArray();
}

void RangeTest::ignored()
{
    QFETCH(const QByteArray, value);
    const RangeRequest request = parseRange(value, 10000);
    QCOMPARE(request.verdict, RangeVerdict::Ignored);
    QVERIFY(request.ranges.isEmpty());
}

void RangeTest::emptyRepresentation()
{
    for (const char *value : {"bytes=0-", "bytes=-1", "bytes=0-0"})
        QCOMPARE(parseRange(value, 0).verdict, RangeVerdict::Ignored);
}

void RangeTest::hugeRepresentation()
{
    constexpr quint64 most = std::numeric_limits<quint64>::max();
    const RangeRequest request = parseRange("bytes=0-18446744073709551613,-1", most);
    QCOMPARE(request.verdict, RangeVerdict::Satisfiable);
    QCOMPARE(request.ranges.size(), 1);
    QCOMPARE(request.ranges[0], (ByteRange{0, most}));
}

void RangeTest::asManyAsAllowed()
{
    QByteArray value = "bytes=";
    for (int i = 0; i < MaxRanges; ++i)
        value += QByteArray::number(i * 200) + '-' + QByteArray::number(i * 200 + 9) + ',';
    QCOMPARE(parseRange(value, 10000).ranges.size(), MaxRanges);
}

void RangeTest::oneTooMany()
{
    const QByteArray value = "bytes=" + QByteArray("0-1,").repeated(MaxRanges + 1);
    QCOMPARE(parseRange(value, 10000).verdict, RangeVerdict::Ignored);
    // CVE-2011-3192: overlapping pieces, each nearly the whole.
    QByteArray killer = "bytes=0-";
    for (int i = 0; i < 1300; ++i)
        killer += ",5-" + QByteArray::number(i);
    QCOMPARE(parseRange(killer, 10000).verdict, RangeVerdict::Ignored);
}

void RangeTest::neverMoreThanTheWhole()
{
    const QByteArray value = "bytes=" + QByteArray("0-,").repeated(MaxRanges - 1) + "-9999";
    const RangeRequest request = parseRange(value, 10000);
    QCOMPARE(request.ranges.size(), 1);
    QCOMPARE(request.ranges[0], (ByteRange{0, 10000}));
}

QTEST_GUILESS_MAIN(RangeTest)
#include "tst_range.moc"
