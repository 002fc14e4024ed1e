#include "tables/rowfilter.h"
#include "tables/sharedtables.h"

#include <QTest>

#include <limits>

using namespace Quern;
using namespace Quern::tables;
using namespace Qt::Literals::StringLiterals;

/// Which of some rows a filter wants, and what it is told that is none.
class TestRowFilter : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void matches_data();
    void matches();
    void onlyKey_data();
    void onlyKey();
    void refused_data();
    void refused();

private:
    QString matching(const RowFilter &filter) const;

    std::optional<SharedTables> m_tables;
    Table m_table;
};

void TestRowFilter::initTestCase()
{
    using Type = ColumnInfo::Type;
    const TableInfo goods{u"goods"_s,
                          100,
                          {{u"list price"_s, Type::Float, 8},
                           {u"price"_s, Type::Float, 8},
                           {u"stock"_s, Type::Int, 8},
                           {u"title"_s, Type::String, 64}}};
    Result<SharedTables> made = SharedTables::create({{goods}, {}});
    QVERIFY(made);
    m_tables.emplace(std::move(*made));
    m_table = *m_tables->table(u"goods"_s);
    const auto add = [this](const char *key, qint64 stock, double price, const QString &title, double listPrice = 0) {
        QVERIFY(m_table.set(
            key, {{u"stock"_s, stock}, {u"price"_s, price}, {u"title"_s, title}, {u"list price"_s, listPrice}}));
    };
    add("cup", -3, 4.25, u"a \"good\" \\ cup"_s);
    add("pot", std::numeric_limits<qint64>::max(), 30, QString(), 35.5);
    add("tea", 7, 2.5, u"Grüner Tee"_s);
    add("tea bag", 70, 0.1, u"stock>5 = many*"_s);
}

QString TestRowFilter::matching(const RowFilter &filter) const
{
    QStringList keys;
    m_table.forEach([&](const QByteArray &key, const Row &row) {
        if (filter.matches(key, row))
            keys.append(QString::fromUtf8(key));
        return true;
    });
    keys.sort();
    return keys.join(u',');
}

void TestRowFilter::matches_data()
{
    QTest::addColumn<QString>("wanted");
    const auto row = [](const char *filter, const char *wanted) { QTest::newRow(filter) << QString::fromUtf8(wanted); };
    row("", "cup,pot,tea,tea bag");
    row("  ", "cup,pot,tea,tea bag");
    row("tea", "tea,tea bag");
    row("Tee", "tea");
    row("tee", "");
    row("Grüner", "tea");
    row("4.25", "cup");
    row("-3", "cup");
    row("922337203685477580", "pot");
    row("  tea   stock  ", "tea bag");
    row("\"a bag\"", "tea bag");
    row("\"a  bag\"", "");
    row("\"tea bag\"", "tea bag");
    row("\"stock>5\"", "tea bag");
    row("\"\\\"good\\\" \\\\\"", "cup");
    row("a!", "");
    row("!", "");
    row("key:tea", "tea");
    row("key:tea*", "tea,tea bag");
    row("key:\"tea bag\"", "tea bag");
    row("key:\"tea b\"*", "tea bag");
    row("key:*", "cup,pot,tea,tea bag");
    row("key:\"tea*\"", "");
    row("key:t* key:te*", "tea,tea bag");
    row("key:tea key:cup", "");
    row("key:tea key:tea", "tea");
    row("key:tea stock=7", "tea");
    row("key:tea stock=8", "");
    row("stock>7", "pot,tea bag");
    row("stock>=7", "pot,tea,tea bag");
    row("stock<7", "cup");
    row("stock<=7", "cup,tea");
    row("stock=7", "tea");
    row("stock!=7", "cup,pot,tea bag");
    row("stock=-3", "cup");
    row("stock=\"7\"", "tea");
    row("stock=9223372036854775807", "pot");
    row("stock>9223372036854775806", "pot");
    row("stock>0 stock<10", "tea");
    row("price=0.1", "tea bag");
    row("price>2 price<5", "cup,tea");
    row("price>=3e1", "pot");
    row("title=\"\"", "pot");
    row("title!=\"\"", "cup,tea,tea bag");
    row("title=\"Grüner Tee\"", "tea");
    row("title>a", "cup,tea bag");
    row("title<a", "pot,tea");
    row("\"list price\">0", "pot");
    row("\"list price\"=35.5", "pot");
    row("title=a!b", "");
    row("1:2", "");
}

void TestRowFilter::matches()
{
    QFETCH(const QString, wanted);
    const Result<RowFilter> filter = RowFilter::parse(QString::fromUtf8(QTest::currentDataTag()), m_table);
    QVERIFY2(filter.ok(), filter ? "" : qPrintable(filter.error().message()));
    QCOMPARE(matching(*filter), wanted);
}

void TestRowFilter::onlyKey_data()
{
    QTest::addColumn<QString>("key");
    QTest::newRow("key:tea") << u"tea"_s;
    QTest::newRow("7 key:\"tea bag\"") << u"tea bag"_s;
    QTest::newRow("key:tea*") << QString();
    QTest::newRow("tea") << QString();
}

void TestRowFilter::onlyKey()
{
    QFETCH(const QString, key);
    const Result<RowFilter> filter = RowFilter::parse(QString::fromUtf8(QTest::currentDataTag()), m_table);
    QVERIFY(filter);
    QCOMPARE(filter->onlyKey(), key.isEmpty() ? std::nullopt : std::optional(key.toUtf8()));
}

void TestRowFilter::refused_data()
{
    QTest::addColumn<QString>("message");
    const auto row = [](const QByteArray &filter, const char *message) {
        QTest::newRow(filter.constData()) << u"the filter "_s + QString::fromUtf8(message);
    };
    row("stock>many", "has stock>many, and the column \"stock\" holds integers of 64 bits; write stock>5");
    row("stock>5.5", "has stock>5.5, and the column \"stock\" holds integers of 64 bits; write stock>5");
    row("stock=9223372036854775808",
        "has stock=9223372036854775808, and the column \"stock\" holds integers of 64 bits; write stock>5");
    row("price<cheap", "has price<cheap, and the column \"price\" holds numbers; write price>0.5");
    row("stocks>5", "asks for the column \"stocks\", which table \"goods\" has not; it has: list price, price, stock, "
                    "title; put \"stocks>5\" in quotes to look for that text");
    row("http://x?a=b", "asks for the column \"http://x?a\", which table \"goods\" has not; it has: list price, price, "
                        "stock, title; put \"http://x?a=b\" in quotes to look for that text");
    row("=5", "asks for the column \"\", which table \"goods\" has not; it has: list price, price, stock, title; put "
              "\"=5\" in quotes to look for that text");
    row("stock>",
        "has stock> without a value; an empty string is written \"\", and the text is looked for as \"stock>\"");
    row("key:", "has key: without a key; write key:tea, or key:tea* for those that begin with it");
    row("key:\"\"", "has key: without a key; write key:tea, or key:tea* for those that begin with it");
    row("key:\"tea\"x", "goes on behind the key \"tea\"; put a space there");
    row("\"tea", "has an opening quote and no closing one: write \\\" for a quote in a text");
    row("\"tea\\\"", "has an opening quote and no closing one: write \\\" for a quote in a text");
    row("title=\"tea", "has an opening quote and no closing one: write \\\" for a quote in a text");
    row("\"tea\"bag", "goes on behind the closing quote of \"tea\"; put a space there");
    row("title=\"tea\"bag", "goes on behind the closing quote of title=tea; put a space there");
    row("\"\"", "has \"\", which every row contains; leave it out");
    row(QByteArray("a ").repeated(RowFilter::MaxWords + 1), "has more than 32 words; leave some out");
    row(QByteArray(RowFilter::MaxLength + 1, 'a'), "has 1001 characters, and 1000 are read; make it shorter");
}

void TestRowFilter::refused()
{
    QFETCH(const QString, message);
    const Result<RowFilter> filter = RowFilter::parse(QString::fromUtf8(QTest::currentDataTag()), m_table);
    QVERIFY(!filter);
    QCOMPARE(filter.error().code(), Error::Invalid);
    QCOMPARE(filter.error().message(), message);
}

QTEST_GUILESS_MAIN(TestRowFilter)
#include "tst_rowfilter.moc"
