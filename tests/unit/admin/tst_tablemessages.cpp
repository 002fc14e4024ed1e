#include "admin/protocol/tablemessages.h"
#include "messagechecks.h"

#include <QTest>

#include <limits>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;

class tst_TableMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden();
    void leftOut();
    void integers_data();
    void integers();
    void noIntegers_data();
    void noIntegers();
    void bytes_data();
    void bytes();
    void malformed_data();
    void malformed();
};

namespace {

QJsonValue valueOf(const QByteArray &json)
{
    return decodeLine("{\"value\":" + json + "}")->value(u"value"_s);
}

} // namespace

void tst_TableMessages::golden()
{
    compare(TableListQuery{u"prices"_s}, "{\"after\":\"prices\"}\n");
    using Type = TableColumn::Type;
    const TableDescription prices{
        u"prices"_s, 1024,
        3,           8192,
        212'992,     {{u"price"_s, Type::Float, 8}, {u"stock"_s, Type::Int, 4}, {u"title"_s, Type::String, 64}}};
    compare(TableList{{prices}, u"prices"_s},
            "{\"next\":\"prices\",\"tables\":[{\"columns\":[{\"bytes\":8,\"name\":\"price\",\"type\":\"float\"},"
            "{\"bytes\":4,\"name\":\"stock\",\"type\":\"int\"},{\"bytes\":64,\"name\":\"title\",\"type\":\"string\"}],"
            "\"memory\":8192,\"memoryLimit\":212992,\"name\":\"prices\",\"rows\":3,\"size\":1024}]}\n");
    compare(TableRowQuery{u"prices"_s, 7, u"812.746561"_s, u"stock>5"_s},
            "{\"after\":\"812.746561\",\"filter\":\"stock>5\",\"limit\":7,\"table\":\"prices\"}\n");
    compare(TableRowPage{{{{"tea"}, {{u"stock"_s, 7}}}, {{"\xff"}, {}}}, u"9"_s},
            "{\"next\":\"9\",\"rows\":[{\"key\":\"tea\",\"values\":{\"stock\":7}},{\"key\":{\"base64\":\"/w==\"},"
            "\"values\":{}}]}\n");
    compare(TableRowChange{u"prices"_s, {"tea"}, {{u"stock"_s, 7}}},
            "{\"key\":\"tea\",\"table\":\"prices\",\"values\":{\"stock\":7}}\n");
    compare(TableRowReference{u"prices"_s, {"tea"}}, "{\"key\":\"tea\",\"table\":\"prices\"}\n");
    compare(AtomicValue{u"visits"_s, {-7}}, "{\"name\":\"visits\",\"value\":-7}\n");
    compare(AtomicList{{{u"visits"_s, {std::numeric_limits<qint64>::min()}}}},
            "{\"atomics\":[{\"name\":\"visits\",\"value\":\"-9223372036854775808\"}]}\n");
}

void tst_TableMessages::leftOut()
{
    QCOMPARE(*TableRowQuery::fromJson(*decodeLine("{\"table\":\"prices\"}")),
             (TableRowQuery{u"prices"_s, 100, {}, {}}));
    QVERIFY(TableListQuery::fromJson({})->after.isEmpty());
    // Members that a newer client gives as well.
    QVERIFY(TableRowQuery::fromJson(*decodeLine("{\"table\":\"prices\",\"order\":\"key\"}")));
}

void tst_TableMessages::integers_data()
{
    QTest::addColumn<qint64>("value");
    QTest::addColumn<QByteArray>("written"); // empty: as it was read
    const auto row = [](const char *read, qint64 value, const char *written = "") {
        QTest::newRow(read) << value << QByteArray(written);
    };
    row("0", 0);
    row("-7", -7);
    row("9007199254740991", 9'007'199'254'740'991);
    row("-9007199254740991", -9'007'199'254'740'991);
    row("\"9007199254740992\"", 9'007'199'254'740'992);
    row("9007199254740993", 9'007'199'254'740'993, "\"9007199254740993\"");
    row("\"9223372036854775807\"", std::numeric_limits<qint64>::max());
    row("\"-9223372036854775808\"", std::numeric_limits<qint64>::min());
    row("\"12\"", 12, "12");
    row("12.0", 12, "12");
    row("1e3", 1000, "1000");
}

void tst_TableMessages::integers()
{
    QFETCH(const qint64, value);
    QFETCH(const QByteArray, written);
    const QByteArray json = QTest::currentDataTag();
    const auto read = WideInteger::fromJson(valueOf(json));
    QVERIFY(read);
    QCOMPARE(read->value, value);
    QCOMPARE(encodeLine({{u"value"_s, read->toJson()}}), "{\"value\":" + (written.isEmpty() ? json : written) + "}\n");
}

void tst_TableMessages::noIntegers_data()
{
    QTest::addColumn<int>("nothing");
    for (const char *json : {"0.5", "1e30", "-1e30", "\"\"", "\"x\"", "\" 1\"", "\"1 \"", "\"+1\"", "\"1.0\"",
                             "\"9223372036854775808\"", "null", "true", "[]", "{}"})
        QTest::newRow(json) << 0;
}

void tst_TableMessages::noIntegers()
{
    QVERIFY(!WideInteger::fromJson(valueOf(QTest::currentDataTag())));
}

void tst_TableMessages::bytes_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<bool>("isSame"); // written as it was read
    QTest::newRow("\"Grüner Tee\"") << QByteArray("Gr\xc3\xbcner Tee") << true;
    QTest::newRow("\"\"") << QByteArray() << true;
    QTest::newRow("{\"base64\":\"AP8=\"}") << QByteArray("\0\xff", 2) << true;
    QTest::newRow("{\"base64\":\"dGVh\"}") << QByteArray("tea") << false;
    QTest::newRow("{\"base64\":\"77u/YQ==\"}") << QByteArray("\xEF\xBB\xBF"
                                                             "a")
                                               << true; // a byte order mark
}

void tst_TableMessages::bytes()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const bool, isSame);
    const QByteArray json = QTest::currentDataTag();
    const auto read = TextOrBytes::fromJson(valueOf(json));
    QVERIFY(read);
    QCOMPARE(read->bytes, bytes);
    QCOMPARE(encodeLine({{u"value"_s, read->toJson()}}) == "{\"value\":" + json + "}\n", isSame);
}

void tst_TableMessages::malformed_data()
{
    QTest::addColumn<QString>("mistake");
    const auto row = [](const char *message, const QString &mistake) { QTest::newRow(message) << mistake; };
    row("table: is missing", mistakeOf<TableRowQuery>("{}"));
    row("table: must be a string, not 7", mistakeOf<TableRowQuery>("{\"table\":7}"));
    row("limit: must be an integer from 1 to 1000, not 0", mistakeOf<TableRowQuery>("{\"table\":\"a\",\"limit\":0}"));
    row("limit: must be an integer from 1 to 1000, not 1001",
        mistakeOf<TableRowQuery>("{\"table\":\"a\",\"limit\":1001}"));
    row("limit: must be an integer from 0 to 2147483647, not the string \"1\"",
        mistakeOf<TableRowQuery>("{\"table\":\"a\",\"limit\":\"1\"}"));
    row("after: must be a string, not null", mistakeOf<TableRowQuery>("{\"table\":\"a\",\"after\":null}"));
    row("filter: must be a string, not an array", mistakeOf<TableRowQuery>("{\"table\":\"a\",\"filter\":[]}"));
    row("after: must be a string, not 1", mistakeOf<TableListQuery>("{\"after\":1}"));
    row("key: is missing", mistakeOf<TableRowChange>("{\"table\":\"a\",\"values\":{}}"));
    row("key: must be a string, or an object such as {\"base64\": \"AP8=\"}, not 7",
        mistakeOf<TableRowReference>("{\"table\":\"a\",\"key\":7}"));
    row("key: must be a string, or an object such as {\"base64\": \"AP8=\"}, not an object",
        mistakeOf<TableRowReference>("{\"table\":\"a\",\"key\":{\"base64\":\"?\"}}"));
    row("values: must be an object, not null",
        mistakeOf<TableRowChange>("{\"table\":\"a\",\"key\":\"k\",\"values\":null}"));
    row("values: is missing", mistakeOf<TableRowChange>("{\"table\":\"a\",\"key\":\"k\"}"));
    row("name: is missing", mistakeOf<AtomicValue>("{\"value\":1}"));
    row("value: must be an integer of 64 bits, as a number or as a string of digits, not 0.5",
        mistakeOf<AtomicValue>("{\"name\":\"a\",\"value\":0.5}"));
    row("tables[0].columns[0].type: must be one of \"int\", \"float\", \"string\", not the string \"bool\"",
        mistakeOf<TableList>("{\"tables\":[{\"name\":\"a\",\"size\":1,\"rows\":0,\"memory\":0,\"memoryLimit\":0,"
                             "\"columns\":[{\"name\":\"b\",\"type\":\"bool\",\"bytes\":1}]}],\"next\":\"\"}"));
}

void tst_TableMessages::malformed()
{
    QFETCH(const QString, mistake);
    QCOMPARE(mistake, QString::fromLatin1(QTest::currentDataTag()));
}

QTEST_GUILESS_MAIN(tst_TableMessages)
#include "tst_tablemessages.moc"
