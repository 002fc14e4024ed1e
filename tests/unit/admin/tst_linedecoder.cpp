#include "admin/protocol/linedecoder.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;

class tst_LineDecoder : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesAtEverySplit_data();
    void linesAtEverySplit();
    void byteByByte();
    void longestLine();
    void lineOneByteTooLong();
    void unfinishedLineOneByteTooLong();
    void linesBeforeTheLongOneAreGiven();
    void boundOfAMessage();
};

namespace {

/// Every line that is complete now; the test fails on an error.
QList<QByteArray> drain(LineDecoder &decoder)
{
    QList<QByteArray> lines;
    while (true) {
        const auto line = decoder.next();
        if (!line) {
            QTest::qFail(qPrintable(line.error().message()), __FILE__, __LINE__);
            return lines;
        }
        if (!line->has_value())
            return lines;
        lines.append(**line);
    }
}

} // namespace

void tst_LineDecoder::linesAtEverySplit_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QList<QByteArray>>("lines");
    QTest::newRow("no byte") << QByteArray() << QList<QByteArray>();
    QTest::newRow("one line") << QByteArray("{}\n") << QList<QByteArray>{"{}"};
    QTest::newRow("no line end") << QByteArray("{}") << QList<QByteArray>();
    QTest::newRow("two and a half") << QByteArray("a\nbc\nd") << QList<QByteArray>{"a", "bc"};
    QTest::newRow("empty lines") << QByteArray("\n\na\n") << QList<QByteArray>{"", "", "a"};
    QTest::newRow("CR is a byte of the line") << QByteArray("a\r\n") << QList<QByteArray>{"a\r"};
    QTest::newRow("NUL is a byte of the line") << QByteArray("a\0b\n", 4) << QList<QByteArray>{QByteArray("a\0b", 3)};
}

void tst_LineDecoder::linesAtEverySplit()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QList<QByteArray>, lines);
    for (qsizetype split = 0; split <= bytes.size(); ++split) {
        LineDecoder decoder;
        decoder.append(bytes.left(split));
        QList<QByteArray> seen = drain(decoder);
        decoder.append(bytes.mid(split));
        seen += drain(decoder);
        QCOMPARE(seen, lines);
    }
}

void tst_LineDecoder::byteByByte()
{
    LineDecoder decoder;
    QList<QByteArray> seen;
    const QByteArray bytes("{\"id\":1}\n{\"id\":2}\n");
    for (const char byte : bytes) {
        decoder.append(QByteArrayView(&byte, 1));
        seen += drain(decoder);
    }
    QCOMPARE(seen, (QList<QByteArray>{"{\"id\":1}", "{\"id\":2}"}));
}

void tst_LineDecoder::longestLine()
{
    LineDecoder decoder(5);
    decoder.append("12345");
    QCOMPARE(drain(decoder), QList<QByteArray>());
    decoder.append("\n12345\n");
    QCOMPARE(drain(decoder), (QList<QByteArray>{"12345", "12345"}));
}

void tst_LineDecoder::lineOneByteTooLong()
{
    LineDecoder decoder(5);
    decoder.append("123456\n1\n");
    for (int call = 0; call < 2; ++call) {
        const auto line = decoder.next();
        QVERIFY(!line);
        QCOMPARE(line.error().code(), Error::TooLarge);
        QCOMPARE(line.error().message(), QStringLiteral("a line has more than 5 bytes"));
    }
}

void tst_LineDecoder::unfinishedLineOneByteTooLong()
{
    LineDecoder decoder(5);
    decoder.append("12345");
    QCOMPARE(drain(decoder), QList<QByteArray>());
    decoder.append("6");
    QVERIFY(!decoder.next());
    decoder.append("\n1\n");
    QVERIFY(!decoder.next());
}

void tst_LineDecoder::linesBeforeTheLongOneAreGiven()
{
    LineDecoder decoder(5);
    decoder.append("1\n2\n123456");
    QCOMPARE(**decoder.next(), QByteArray("1"));
    QCOMPARE(**decoder.next(), QByteArray("2"));
    QVERIFY(!decoder.next());
}

void tst_LineDecoder::boundOfAMessage()
{
    const QByteArray longest(1024 * 1024, 'x');
    LineDecoder decoder;
    decoder.append(longest + '\n');
    QCOMPARE(drain(decoder), QList<QByteArray>{longest});
    decoder.append(longest + 'x');
    QVERIFY(!decoder.next());
}

QTEST_GUILESS_MAIN(tst_LineDecoder)
#include "tst_linedecoder.moc"
