#include "admin-gui/models/celltext.h"

#include <QJsonObject>
#include <QTest>

#include <limits>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

Q_DECLARE_METATYPE(Quern::admin::TableColumn)

class tst_CellText : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void bytes_data();
    void bytes();
    void notBytes_data();
    void notBytes();
    void keys_data();
    void keys();
    void values_data();
    void values();
    void refused_data();
    void refused();
    void absentAndOmitted();
    void order();
};

namespace {

const TableColumn byteColumn{u"n"_s, TableColumn::Type::Int, 1};
const TableColumn wideColumn{u"n"_s, TableColumn::Type::Int, 8};
const TableColumn floatColumn{u"f"_s, TableColumn::Type::Float, 8};
const TableColumn stringColumn{u"s"_s, TableColumn::Type::String, 4};

} // namespace

void tst_CellText::bytes_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QString>("text");
    QTest::newRow("none") << QByteArray() << QString();
    QTest::newRow("text") << QByteArray("tea") << u"tea"_s;
    QTest::newRow("beyond ASCII") << "茶"_ba << u"茶"_s;
    QTest::newRow("a line end") << QByteArray("a\nb") << u"a\nb"_s;
    QTest::newRow("no UTF-8") << QByteArray("\xff\x00", 2) << u"hex:ff00"_s;
    QTest::newRow("cut off") << QByteArray("a\xe8\x8c") << u"hex:61e88c"_s;
    QTest::newRow("a control character") << QByteArray("a\x1b") << u"hex:611b"_s;
    QTest::newRow("a byte order mark, which QString drops") << QByteArray("\xef\xbb\xbf"
                                                                          "a")
                                                            << u"hex:efbbbf61"_s;
    QTest::newRow("looks like hex") << QByteArray("hex:") << u"hex:6865783a"_s;
}

void tst_CellText::bytes()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const QString, text);
    QCOMPARE(celltext::ofBytes(bytes), text);
    const Result<QByteArray> back = celltext::toBytes(text);
    QVERIFY(back);
    QCOMPARE(*back, bytes);
}

void tst_CellText::notBytes_data()
{
    QTest::addColumn<QString>("text");
    QTest::newRow("an odd digit") << u"hex:abc"_s;
    QTest::newRow("no digit") << u"hex:zz"_s;
    QTest::newRow("a digit that Latin-1 has not") << u"hex:4ā"_s;
    QTest::newRow("half a character") << QString(QChar(0xd800));
}

void tst_CellText::notBytes()
{
    QFETCH(const QString, text);
    const Result<QByteArray> bytes = celltext::toBytes(text);
    QVERIFY(!bytes);
    QCOMPARE(bytes.error().code(), Error::Invalid);
}

void tst_CellText::keys_data()
{
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isKey");
    QTest::newRow("empty") << QString() << false;
    QTest::newRow("empty, in hex") << u"hex:"_s << false;
    QTest::newRow("the longest") << QString(64, u'x') << true;
    QTest::newRow("one byte too many") << QString(65, u'x') << false;
    QTest::newRow("too long in bytes alone") << QString(22, u'茶') << false;
    QTest::newRow("in hex") << u"hex:00"_s << true;
}

void tst_CellText::keys()
{
    QFETCH(const QString, text);
    QFETCH(const bool, isKey);
    QCOMPARE(bool(celltext::toKey(text)), isKey);
}

void tst_CellText::values_data()
{
    QTest::addColumn<TableColumn>("column");
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QString>("text");
    QTest::newRow("the least of a byte") << byteColumn << QJsonValue(-128) << u"-128"_s;
    QTest::newRow("the greatest of a byte") << byteColumn << QJsonValue(127) << u"127"_s;
    QTest::newRow("beyond what JSON carries")
        << wideColumn << QJsonValue(u"9223372036854775807"_s) << u"9223372036854775807"_s;
    QTest::newRow("the least") << wideColumn << QJsonValue(u"-9223372036854775808"_s) << u"-9223372036854775808"_s;
    QTest::newRow("without separators") << wideColumn << QJsonValue(1234567) << u"1234567"_s;
    QTest::newRow("float") << floatColumn << QJsonValue(0.1) << u"0.1"_s;
    QTest::newRow("NaN") << floatColumn << QJsonValue(u"NaN"_s) << u"NaN"_s;
    QTest::newRow("minus infinity") << floatColumn << QJsonValue(u"-Infinity"_s) << u"-Infinity"_s;
    QTest::newRow("string") << stringColumn << QJsonValue(u"tea"_s) << u"tea"_s;
    QTest::newRow("spaces stay") << stringColumn << QJsonValue(u" a "_s) << u" a "_s;
    QTest::newRow("bytes") << stringColumn << QJsonValue(QJsonObject{{u"base64"_s, u"AP8="_s}}) << u"hex:00ff"_s;
    QTest::newRow("no text at all") << stringColumn << QJsonValue(QString()) << QString();
}

void tst_CellText::values()
{
    QFETCH(const TableColumn, column);
    QFETCH(const QJsonValue, value);
    QFETCH(const QString, text);
    QCOMPARE(celltext::ofValue(value, column), text);
    const Result<QJsonValue> back = celltext::toValue(text, column);
    QVERIFY(back);
    QCOMPARE(*back, value);
}

void tst_CellText::refused_data()
{
    QTest::addColumn<TableColumn>("column");
    QTest::addColumn<QString>("text");
    QTest::newRow("above a byte") << byteColumn << u"128"_s;
    QTest::newRow("below a byte") << byteColumn << u"-129"_s;
    QTest::newRow("above 64 bits") << wideColumn << u"9223372036854775808"_s;
    QTest::newRow("no integer") << wideColumn << u"1.5"_s;
    QTest::newRow("with separators") << wideColumn << u"1,000"_s;
    QTest::newRow("no number") << wideColumn << QString();
    QTest::newRow("a plus sign") << wideColumn << u"+1"_s;
    QTest::newRow("no float") << floatColumn << QString();
    QTest::newRow("nan as C has it") << floatColumn << u"nan"_s;
    QTest::newRow("inf as C has it") << floatColumn << u"inf"_s;
    QTest::newRow("beyond a double") << floatColumn << u"1e999"_s;
    QTest::newRow("too long") << stringColumn << u"abcde"_s;
    QTest::newRow("too long in bytes alone") << stringColumn << u"茶茶"_s;
    QTest::newRow("hex that is none") << stringColumn << u"hex:0"_s;
}

void tst_CellText::refused()
{
    QFETCH(const TableColumn, column);
    QFETCH(const QString, text);
    const Result<QJsonValue> value = celltext::toValue(text, column);
    QVERIFY(!value);
    QCOMPARE(value.error().code(), Error::Invalid);
    QVERIFY(!value.error().message().isEmpty());
}

void tst_CellText::absentAndOmitted()
{
    QCOMPARE(celltext::ofValue(QJsonValue(QJsonValue::Undefined), wideColumn), QString());
    const QJsonValue omitted = QJsonObject{{u"bytes"_s, 65536}};
    QCOMPARE(celltext::omittedBytes(omitted), 65536);
    QCOMPARE(celltext::omittedBytes(QJsonObject{{u"base64"_s, u"AP8="_s}}), -1);
    QCOMPARE(celltext::omittedBytes(u"tea"_s), -1);
    QVERIFY(celltext::ofValue(omitted, stringColumn).contains(u"64"_s));
}

void tst_CellText::order()
{
    using Type = TableColumn::Type;
    QVERIFY(celltext::compare(9, 10, Type::Int) < 0);
    QVERIFY(celltext::compare(u"9223372036854775807"_s, u"9223372036854775806"_s, Type::Int) > 0);
    QVERIFY(celltext::compare(u"NaN"_s, u"-Infinity"_s, Type::Float) < 0);
    QVERIFY(celltext::compare(u"Infinity"_s, 1e300, Type::Float) > 0);
    QCOMPARE(celltext::compare(u"NaN"_s, u"NaN"_s, Type::Float), 0);
    QVERIFY(celltext::compare(u"a"_s, u"b"_s, Type::String) < 0);
    QVERIFY(celltext::compare(u"z"_s, QJsonObject{{u"bytes"_s, 1}}, Type::String) < 0);
}

QTEST_GUILESS_MAIN(tst_CellText)
#include "tst_celltext.moc"
