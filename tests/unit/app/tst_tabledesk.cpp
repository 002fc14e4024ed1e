#include "app/server/tabledesk.h"

#include "admin/protocol/methods.h"
#include "admin/protocol/tablemessages.h"
#include "tables/tablepage.h"

#include <QTest>

#include <limits>
#include <optional>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
namespace Methods = admin::Methods;

/// What the desk answers from real tables, and what it refuses.
class TestTableDesk : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void list();
    void manyWideTablesTakePages();
    void setAndRead_data();
    void setAndRead();
    void whatIsNotNamedStays();
    void pages();
    void remove();
    void aRowTooLongForAMessage();
    void everyPageFitsIntoAMessage();
    void atomics();
    void refused_data();
    void refused();

private:
    Result<QJsonObject> ask(QLatin1StringView method, const QJsonObject &params = {}) const
    {
        admin::Request request;
        request.method = method;
        request.params = params;
        return app::TableDesk(*m_tables).answer(request);
    }
    Result<QJsonObject> ask(QLatin1StringView method, const QByteArray &params) const
    {
        return ask(method, *admin::decodeLine(params));
    }
    void make(const tables::SharedTablesSettings &settings)
    {
        Result<tables::SharedTables> made = tables::SharedTables::create(settings);
        if (!made)
            qFatal("%s", qUtf8Printable(made.error().message()));
        m_tables.emplace(std::move(*made));
    }

    std::optional<tables::SharedTables> m_tables;
};

namespace {

QByteArray textOf(const Result<QJsonObject> &outcome)
{
    return outcome ? admin::encodeLine(*outcome).trimmed() : outcome.error().message().toUtf8();
}

} // namespace

void TestTableDesk::init()
{
    using Type = ColumnInfo::Type;
    make({{{u"goods"_s,
            4,
            {{u"price"_s, Type::Float, 8},
             {u"stock"_s, Type::Int, 2},
             {u"title"_s, Type::String, 16},
             {u"total"_s, Type::Int, 8}}},
           {u"other"_s, 1, {{u"count"_s, Type::Int, 8}}}},
          {{u"visits"_s, 100}, {u"big"_s, std::numeric_limits<qint64>::max()}}});
}

void TestTableDesk::list()
{
    QVERIFY(ask(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"tea\",\"values\":{}}"));
    const auto all = admin::TableList::fromJson(*ask(Methods::tableList));
    QVERIFY(all);
    QCOMPARE(all->tables.size(), 2);
    QVERIFY(all->next.isEmpty());
    const admin::TableDescription &goods = all->tables[0];
    QCOMPARE(goods.name, u"goods"_s);
    QCOMPARE(goods.size, 4);
    QCOMPARE(goods.rows, 1);
    QVERIFY(goods.memory > 0 && goods.memory <= goods.memoryLimit);
    using Type = admin::TableColumn::Type;
    const QList<admin::TableColumn> columns = {{u"price"_s, Type::Float, 8},
                                               {u"stock"_s, Type::Int, 2},
                                               {u"title"_s, Type::String, 16},
                                               {u"total"_s, Type::Int, 8}};
    QCOMPARE(goods.columns, columns);
    const auto rest = admin::TableList::fromJson(*ask(Methods::tableList, "{\"after\":\"goods\"}"));
    QCOMPARE(rest->tables.size(), 1);
    QCOMPARE(rest->tables[0].name, u"other"_s);
}

void TestTableDesk::manyWideTablesTakePages()
{
    TableInfo wide{{}, 1, {}};
    for (int i = 0; i < 256; ++i)
        wide.columns.append({QString(60, u'\1') + QString::number(i), ColumnInfo::Type::Int, 1});
    tables::SharedTablesSettings settings;
    for (int i = 0; i < 20; ++i) {
        wide.name = QString::number(i);
        settings.tables.append(wide);
    }
    make(settings);
    QStringList names;
    QString after;
    do {
        const QJsonObject reply = *ask(Methods::tableList, admin::TableListQuery{after}.toJson());
        QVERIFY(admin::encodeLine(reply).size() < admin::longestMessage);
        const auto page = admin::TableList::fromJson(reply);
        QVERIFY(!page->tables.isEmpty());
        for (const admin::TableDescription &table : page->tables)
            names.append(table.name);
        after = page->next;
    } while (!after.isEmpty() && names.size() <= 20);
    QCOMPARE(names.size(), 20);
    QCOMPARE(names[19], u"19"_s);
}

void TestTableDesk::setAndRead_data()
{
    QTest::addColumn<QByteArray>("read"); // empty: the same
    const auto row = [](const char *set, const char *read = "") { QTest::newRow(set) << QByteArray(read); };
    row("{\"price\":2.5,\"stock\":-7,\"title\":\"Tea\",\"total\":9007199254740991}");
    row("{\"price\":0,\"stock\":0,\"title\":\"\",\"total\":\"9007199254740993\"}");
    row("{\"price\":0,\"stock\":0,\"title\":\"\",\"total\":\"-9223372036854775808\"}");
    row("{\"price\":0,\"stock\":0,\"title\":\"\",\"total\":9007199254740993}",
        "{\"price\":0,\"stock\":0,\"title\":\"\",\"total\":\"9007199254740993\"}");
    row("{\"price\":0,\"stock\":0,\"title\":{\"base64\":\"AP8=\"},\"total\":0}");
    row("{\"price\":0,\"stock\":0,\"title\":\"\\u0000\\u0001\\\"\",\"total\":0}");
    row("{\"price\":\"NaN\",\"stock\":0,\"title\":\"\",\"total\":0}");
    row("{\"price\":\"-Infinity\",\"stock\":0,\"title\":\"\",\"total\":0}");
    row("{\"price\":\"Infinity\",\"stock\":0,\"title\":\"\",\"total\":0}");
    row("{\"stock\":\"12\"}", "{\"price\":0,\"stock\":12,\"title\":\"\",\"total\":0}");
    row("{}", "{\"price\":0,\"stock\":0,\"title\":\"\",\"total\":0}");
}

void TestTableDesk::setAndRead()
{
    QFETCH(QByteArray, read);
    const QByteArray values = QTest::currentDataTag();
    QCOMPARE(textOf(ask(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"tea\",\"values\":" + values + "}")), "{}");
    QCOMPARE(textOf(ask(Methods::tableRows, "{\"table\":\"goods\"}")),
             "{\"next\":\"\",\"rows\":[{\"key\":\"tea\",\"values\":" + (read.isEmpty() ? values : read) + "}]}");
}

void TestTableDesk::whatIsNotNamedStays()
{
    QVERIFY(ask(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"tea\",\"values\":{\"stock\":7,\"title\":\"Tea\"}}"));
    QVERIFY(ask(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"tea\",\"values\":{\"stock\":8}}"));
    QCOMPARE(textOf(ask(Methods::tableRows, "{\"table\":\"goods\",\"filter\":\"key:tea\"}")),
             "{\"next\":\"\",\"rows\":[{\"key\":\"tea\",\"values\":{\"price\":0,\"stock\":8,\"title\":\"Tea\","
             "\"total\":0}}]}");
}

void TestTableDesk::pages()
{
    for (const char *key : {"a", "b", "c", "d"})
        QVERIFY(ask(Methods::tableSet,
                    {{u"table"_s, u"goods"_s}, {u"key"_s, QString::fromLatin1(key)}, {u"values"_s, QJsonObject()}}));
    QStringList keys;
    admin::TableRowQuery query{u"goods"_s, 1, {}, {}};
    do {
        const auto page = admin::TableRowPage::fromJson(*ask(Methods::tableRows, query.toJson()));
        QVERIFY(page->rows.size() <= 1);
        for (const admin::TableRow &row : page->rows)
            keys.append(QString::fromUtf8(row.key.bytes));
        query.after = page->next;
    } while (!query.after.isEmpty() && keys.size() <= 4);
    keys.sort();
    QCOMPARE(keys.join(u','), u"a,b,c,d"_s);
}

void TestTableDesk::remove()
{
    QVERIFY(ask(Methods::tableSet, "{\"table\":\"goods\",\"key\":{\"base64\":\"/w==\"},\"values\":{}}"));
    const QByteArray row = "{\"table\":\"goods\",\"key\":{\"base64\":\"/w==\"}}";
    QCOMPARE(textOf(ask(Methods::tableDelete, row)), "{}");
    QCOMPARE(ask(Methods::tableDelete, row).error().code(), Error::NotFound);
    QCOMPARE(textOf(ask(Methods::tableDelete, "{\"table\":\"goods\",\"key\":\"tea\"}")),
             "there is no row \"tea\" in table \"goods\"");
    QCOMPARE(textOf(ask(Methods::tableRows, "{\"table\":\"goods\"}")), "{\"next\":\"\",\"rows\":[]}");
}

void TestTableDesk::aRowTooLongForAMessage()
{
    using Type = ColumnInfo::Type;
    make({{{u"long"_s,
            10,
            {{u"a"_s, Type::String, 65536},
             {u"b"_s, Type::String, 65536},
             {u"c"_s, Type::String, 65536},
             {u"d"_s, Type::Int, 8}}}},
          {}});
    const QString text(65536, u'\1');
    QVERIFY(m_tables->table(u"long"_s)->set("row", {{u"a"_s, text}, {u"b"_s, text}, {u"c"_s, text}, {u"d"_s, 7}}));
    const QJsonObject reply = *ask(Methods::tableRows, "{\"table\":\"long\"}");
    QVERIFY(admin::encodeLine(reply).size() < admin::longestMessage);
    const QJsonObject values = admin::TableRowPage::fromJson(reply)->rows[0].values;
    QCOMPARE(values[u"a"_s].toString(), text);
    QCOMPARE(values[u"b"_s].toString(), text);
    QCOMPARE(values[u"c"_s], QJsonValue(QJsonObject{{u"bytes"_s, 65536}}));
    QCOMPARE(values[u"d"_s].toInt(), 7);
}

void TestTableDesk::everyPageFitsIntoAMessage()
{
    // The worst that can be: what takes six characters in JSON, and long names with a number each.
    TableInfo info{u"wide"_s, 1000, {}};
    for (int i = 0; i < 256; ++i)
        info.columns.append({QString(60, u'\1') + QString::number(i), ColumnInfo::Type::Int, 8});
    info.columns[0].type = ColumnInfo::Type::String;
    info.columns[0].bytes = 65536;
    make({{info}, {}});
    Table table = *m_tables->table(u"wide"_s);
    for (int i = 0; i < 100; ++i) {
        QVariantMap values{{info.columns[0].name, QString(300 * i, u'\1')}};
        for (int column = 1; column < 256; ++column)
            values.insert(info.columns[column].name, std::numeric_limits<qint64>::min());
        QVERIFY(table.set(QByteArray::number(i), values));
    }
    qsizetype rows = 0;
    admin::TableRowQuery query{u"wide"_s, 1000, {}, {}};
    do {
        const QJsonObject reply = *ask(Methods::tableRows, query.toJson());
        QVERIFY(admin::encodeLine(reply).size() < admin::longestMessage);
        const auto page = admin::TableRowPage::fromJson(reply);
        rows += page->rows.size();
        query.after = page->next;
    } while (!query.after.isEmpty() && rows <= 100);
    QCOMPARE(rows, 100);
}

void TestTableDesk::atomics()
{
    QCOMPARE(textOf(ask(Methods::atomicList)), "{\"atomics\":[{\"name\":\"visits\",\"value\":100},{\"name\":\"big\","
                                               "\"value\":\"9223372036854775807\"}]}");
    QCOMPARE(textOf(ask(Methods::atomicSet, "{\"name\":\"visits\",\"value\":-3}")),
             "{\"name\":\"visits\",\"value\":100}");
    QCOMPARE(m_tables->atomic(u"visits"_s)->get(), -3);
    QCOMPARE(textOf(ask(Methods::atomicSet, "{\"name\":\"big\",\"value\":\"9007199254740993\"}")),
             "{\"name\":\"big\",\"value\":\"9223372036854775807\"}");
    QCOMPARE(m_tables->atomic(u"big"_s)->get(), 9'007'199'254'740'993);
}

void TestTableDesk::refused_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("params");
    QTest::addColumn<int>("code");
    const auto row = [](QLatin1StringView method, const char *params, Error::Code code, const char *message) {
        QTest::newRow(message) << QByteArray(method.data(), method.size()) << QByteArray(params) << int(code);
    };
    row("table.dance"_L1, "{}", Error::NotFound, "there is no method table.dance");
    row(Methods::tableList, "{\"after\":\"x\"}", Error::NotFound, "there is no table \"x\"; there is: goods, other");
    row(Methods::tableRows, "{}", Error::Protocol, "table: is missing");
    row(Methods::tableRows, "{\"table\":\"good\"}", Error::NotFound,
        "there is no table \"good\"; there is: goods, other");
    row(Methods::tableRows, "{\"table\":\"goods\",\"after\":\"x\"}", Error::Invalid,
        "\"x\" is no place in table \"goods\": give what the page before gave as next, or nothing for the first page");
    row(Methods::tableRows, "{\"table\":\"goods\",\"filter\":\"stock>x\"}", Error::Invalid,
        "the filter has stock>x, and the column \"stock\" holds integers of 64 bits; write stock>5");
    row(Methods::tableSet, "{\"table\":\"x\",\"key\":\"a\",\"values\":{}}", Error::NotFound,
        "there is no table \"x\"; there "
        "is: goods, other");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"\",\"values\":{}}", Error::Invalid,
        "a key of table \"goods\" has 1 to 64 bytes, not 0");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"colour\":1}}", Error::Invalid,
        "table \"goods\" has no column \"colour\"; it has: price, stock, title, total");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"stock\":2.5}}", Error::Invalid,
        "column \"stock\" of table \"goods\" takes an integer of 64 bits, as a number or as a string of digits, not "
        "2.5");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"stock\":true}}", Error::Invalid,
        "column \"stock\" of table \"goods\" takes an integer of 64 bits, as a number or as a string of digits, not "
        "true");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"stock\":40000}}", Error::TooLarge,
        "40000 does not fit into column \"stock\" of table \"goods\", an integer of 2 bytes");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"price\":\"1\"}}", Error::Invalid,
        "column \"price\" of table \"goods\" takes a number, \"NaN\", \"Infinity\" or \"-Infinity\", not the string "
        "\"1\"");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"title\":null}}", Error::Invalid,
        "column \"title\" of table \"goods\" takes a string, or an object such as {\"base64\": \"AP8=\"}, not null");
    row(Methods::tableSet, "{\"table\":\"goods\",\"key\":\"a\",\"values\":{\"title\":\"longer than it takes\"}}",
        Error::TooLarge, "20 bytes do not fit into column \"title\" of table \"goods\", which takes 16");
    row(Methods::tableSet, "{\"table\":\"other\",\"key\":\"b\",\"values\":{}}", Error::Busy,
        "table \"other\" is full: it holds 1 rows; raise its size in [[table]]");
    row(Methods::tableDelete, "{\"table\":\"goods\",\"key\":\"nothing\"}", Error::NotFound,
        "there is no row \"nothing\" in table \"goods\"");
    row(Methods::atomicSet, "{\"name\":\"x\",\"value\":1}", Error::NotFound,
        "there is no atomic \"x\"; there is: visits, "
        "big");
    row(Methods::atomicSet, "{\"name\":\"visits\",\"value\":null}", Error::Protocol,
        "value: must be an integer of 64 bits, as a number or as a string of digits, not null");
}

void TestTableDesk::refused()
{
    QFETCH(const QByteArray, method);
    QFETCH(const QByteArray, params);
    QFETCH(const int, code);
    QVERIFY(ask(Methods::tableSet, "{\"table\":\"other\",\"key\":\"a\",\"values\":{}}"));
    const Result<QJsonObject> outcome = ask(QLatin1StringView(method), params);
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().message(), QString::fromLatin1(QTest::currentDataTag()));
    QCOMPARE(int(outcome.error().code()), code);
}

QTEST_GUILESS_MAIN(TestTableDesk)
#include "tst_tabledesk.moc"
