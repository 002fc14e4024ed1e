#include "tables/tablepage.h"

#include <QSet>
#include <QTest>

#include <atomic>
#include <thread>

using namespace Quern;
using namespace Quern::tables;
using namespace Qt::Literals::StringLiterals;

namespace {

SharedTables made(quint32 size)
{
    using Type = ColumnInfo::Type;
    Result<SharedTables> tables = SharedTables::create(
        {{{u"rows"_s, size, {{u"count"_s, Type::Int, 8}, {u"same"_s, Type::Int, 8}, {u"text"_s, Type::String, 65536}}}},
         {}});
    if (!tables)
        qFatal("%s", qUtf8Printable(tables.error().message()));
    return std::move(*tables);
}

QByteArray keyOf(int number)
{
    return "row " + QByteArray::number(number);
}

} // namespace

/// Pages of a table: each row once, whatever happens beside, and none takes long.
class TestTablePage : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void eachRowOnce_data();
    void eachRowOnce();
    void fullTable();
    void rowsComeAndGo();
    void theRowOfTheCursorIsDeleted();
    void writersBeside();
    void longRowsMakeShortPages();
    void workIsBounded();
    void anEmptyTable();
    void oneKey();
    void noPlace_data();
    void noPlace();
    void noTable();

private:
    static TablePage page(const SharedTables &tables, const QString &after, const PageBounds &bounds,
                          const QString &filter = {})
    {
        const Result<RowFilter> wanted = RowFilter::parse(filter, *tables.table(u"rows"_s));
        const Result<TablePage> found = TablePage::read(tables, u"rows"_s, after, *wanted, bounds);
        if (!found)
            qFatal("%s", qUtf8Printable(found.error().message()));
        return *found;
    }
    /// Calls \a visit with each page until the last. False if there are more pages than can be.
    template <typename Visit>
    static bool forEachPage(const SharedTables &tables, const PageBounds &bounds, const QString &filter, Visit visit)
    {
        QString after;
        for (int pages = 0; pages < 1'000'000; ++pages) {
            const TablePage found = page(tables, after, bounds, filter);
            visit(found);
            after = found.next;
            if (after.isEmpty())
                return true;
        }
        return false;
    }
    static QList<QByteArray> allKeys(const SharedTables &tables, const PageBounds &bounds, const QString &filter = {})
    {
        QList<QByteArray> keys;
        const bool hasEnded = forEachPage(tables, bounds, filter, [&](const TablePage &found) {
            if (found.rows.size() > bounds.rows)
                qFatal("more than were asked for");
            for (const KeyedRow &row : found.rows)
                keys.append(row.key);
        });
        if (!hasEnded)
            qFatal("pages without an end");
        return keys;
    }
    static void fill(const SharedTables &tables, int rows)
    {
        Table table = *tables.table(u"rows"_s);
        for (int i = 0; i < rows; ++i)
            QVERIFY(table.set(keyOf(i), {{u"count"_s, i}, {u"same"_s, i}}));
    }
};

void TestTablePage::eachRowOnce_data()
{
    QTest::addColumn<int>("rows");
    QTest::addColumn<int>("limit");
    QTest::addColumn<quint64>("work");
    const quint64 ample = PageBounds().work;
    QTest::newRow("one page") << 50 << 100 << ample;
    QTest::newRow("one row by one") << 500 << 1 << ample;
    QTest::newRow("as many as there is room for") << 100 << 100 << ample;
    QTest::newRow("some") << 997 << 10 << ample;
    QTest::newRow("hardly any work for each") << 500 << 100 << quint64(1);
}

void TestTablePage::eachRowOnce()
{
    QFETCH(const int, rows);
    QFETCH(const int, limit);
    QFETCH(const quint64, work);
    const SharedTables tables = made(1000);
    fill(tables, rows);
    PageBounds bounds;
    bounds.rows = limit;
    bounds.work = work;
    const QList<QByteArray> keys = allKeys(tables, bounds);
    QCOMPARE(keys.size(), rows);
    QCOMPARE(QSet<QByteArray>(keys.cbegin(), keys.cend()).size(), rows);
    const QList<QByteArray> some = allKeys(tables, bounds, u"count<10 key:row*"_s);
    QCOMPARE(some.size(), qMin(rows, 10));
}

void TestTablePage::fullTable()
{
    const SharedTables tables = made(2048);
    fill(tables, 2048);
    QVERIFY(!tables.table(u"rows"_s)->set("beyond", {{u"count"_s, 1}}));
    PageBounds bounds;
    bounds.rows = 7;
    const QList<QByteArray> keys = allKeys(tables, bounds);
    QCOMPARE(QSet<QByteArray>(keys.cbegin(), keys.cend()).size(), 2048);
    QCOMPARE(keys.size(), 2048);
}

void TestTablePage::rowsComeAndGo()
{
    const SharedTables tables = made(3000);
    fill(tables, 1000);
    Table table = *tables.table(u"rows"_s);
    PageBounds bounds;
    bounds.rows = 10;
    QList<QByteArray> keys;
    int round = 0;
    QVERIFY(forEachPage(tables, bounds, QString(), [&](const TablePage &found) {
        for (const KeyedRow &row : found.rows)
            keys.append(row.key);
        // Odd ones go and come, new ones come, all others are changed.
        for (int i = 0; i < 20; ++i) {
            const int odd = 2 * ((round * 20 + i) % 500) + 1;
            QVERIFY(round % 2 == 0 ? table.remove(keyOf(odd)).ok() : bool(table.set(keyOf(odd), {{u"count"_s, 1}})));
            QVERIFY(table.set("new " + QByteArray::number((round * 20 + i) % 1000), {{u"count"_s, 1}}));
            QVERIFY(table.set(keyOf(odd - 1), {{u"count"_s, round}}));
        }
        ++round;
    }));
    const QSet<QByteArray> all(keys.cbegin(), keys.cend());
    for (int i = 0; i < 1000; i += 2) {
        QVERIFY2(all.contains(keyOf(i)), keyOf(i));
        QCOMPARE(keys.count(keyOf(i)), 1);
    }
}

void TestTablePage::theRowOfTheCursorIsDeleted()
{
    const SharedTables tables = made(1000);
    fill(tables, 1000);
    Table table = *tables.table(u"rows"_s);
    PageBounds bounds;
    bounds.rows = 1;
    QList<QByteArray> keys;
    QVERIFY(forEachPage(tables, bounds, QString(), [&](const TablePage &found) {
        for (const KeyedRow &row : found.rows) {
            keys.append(row.key);
            QVERIFY(*table.remove(row.key));
        }
    }));
    QCOMPARE(keys.size(), 1000);
    QCOMPARE(table.count(), 0);
}

void TestTablePage::writersBeside()
{
    const SharedTables tables = made(4000);
    fill(tables, 2000);
    std::atomic<bool> isOver = false;
    std::vector<std::thread> writers;
    for (int number = 0; number < 2; ++number) {
        writers.emplace_back([&tables, &isOver, number] {
            Table table = *tables.table(u"rows"_s);
            for (int i = number; !isOver; i += 2) {
                // Both columns say the same, so that a torn row shows.
                table.set(keyOf(i % 2000), {{u"count"_s, i}, {u"same"_s, i}});
                table.set("new " + keyOf(i % 1000), {{u"count"_s, i}, {u"same"_s, i}});
                std::ignore = table.remove("new " + keyOf((i * 7) % 1000));
            }
        });
    }
    PageBounds bounds;
    bounds.rows = 50;
    int torn = 0;
    int missed = 0;
    for (int round = 0; round < 20; ++round) {
        QList<QByteArray> keys;
        forEachPage(tables, bounds, u"key:row*"_s, [&](const TablePage &found) {
            for (const KeyedRow &row : found.rows) {
                keys.append(row.key);
                torn += row.row.value(u"count"_s) == row.row.value(u"same"_s) ? 0 : 1;
            }
        });
        missed += keys.size() == 2000 && QSet<QByteArray>(keys.cbegin(), keys.cend()).size() == 2000 ? 0 : 1;
    }
    isOver = true;
    for (std::thread &writer : writers)
        writer.join();
    QCOMPARE(torn, 0);
    QCOMPARE(missed, 0);
}

void TestTablePage::longRowsMakeShortPages()
{
    const SharedTables tables = made(100);
    Table table = *tables.table(u"rows"_s);
    for (int i = 0; i < 20; ++i)
        QVERIFY(table.set(keyOf(i), {{u"text"_s, QByteArray(60'000, 'x')}}));
    QList<QByteArray> keys;
    QVERIFY(forEachPage(tables, PageBounds(), QString(), [&](const TablePage &found) {
        QVERIFY(found.rows.size() <= 2);
        for (const KeyedRow &row : found.rows)
            keys.append(row.key);
    }));
    QCOMPARE(keys.size(), 20);
    // One that is longer than a page stands alone.
    PageBounds bounds;
    bounds.bytes = 100;
    QCOMPARE(allKeys(tables, bounds).size(), 20);
    QCOMPARE(page(tables, {}, bounds).rows.size(), 1);
}

void TestTablePage::workIsBounded()
{
    const SharedTables tables = made(1 << 16);
    fill(tables, 50'000);
    // Nothing of it is wanted: each page is empty, and says where to go on.
    int pages = 0;
    qsizetype found = 0;
    QVERIFY(forEachPage(tables, PageBounds(), u"nothing"_s, [&](const TablePage &each) {
        ++pages;
        found += each.rows.size();
    }));
    QCOMPARE(found, 0);
    QVERIFY2(pages > 10 && pages < 100, qPrintable(QString::number(pages)));
}

void TestTablePage::anEmptyTable()
{
    const SharedTables tables = made(1 << 20);
    const TablePage found = page(tables, {}, PageBounds());
    QVERIFY(found.rows.isEmpty());
    QVERIFY(found.next.isEmpty());
}

void TestTablePage::oneKey()
{
    const SharedTables tables = made(1 << 16);
    fill(tables, 50'000);
    PageBounds bounds;
    bounds.work = 1;
    const TablePage found = page(tables, {}, bounds, u"key:\"row 4711\""_s);
    QCOMPARE(found.rows.size(), 1);
    QCOMPARE(found.rows[0].key, "row 4711");
    QVERIFY(found.next.isEmpty());
    QVERIFY(page(tables, {}, bounds, u"key:\"row 4711\" count=3"_s).rows.isEmpty());
    QVERIFY(page(tables, {}, bounds, u"key:nothing"_s).rows.isEmpty());
    QVERIFY(page(tables, {}, bounds, u"key:"_s + QString(65, u'x')).rows.isEmpty());
}

void TestTablePage::noPlace_data()
{
    QTest::addColumn<int>("nothing");
    for (const char *after :
         {"x", "-1", "+1", " 1", "01", "1.", "1.x", "1.7", "1.7F", "4294967296", "99999999", ".", "1.61.62", "1e3"})
        QTest::newRow(after) << 0;
}

void TestTablePage::noPlace()
{
    const SharedTables tables = made(100);
    const QString after = QString::fromLatin1(QTest::currentDataTag());
    const Result<RowFilter> all = RowFilter::parse({}, *tables.table(u"rows"_s));
    const Result<TablePage> found = TablePage::read(tables, u"rows"_s, after, *all, PageBounds());
    QVERIFY(!found);
    QCOMPARE(found.error().code(), Error::Invalid);
    QCOMPARE(found.error().message(), u"\"%1\" is no place in table \"rows\": give what the page before gave as next, "
                                      "or nothing for the first page"_s.arg(after));
}

void TestTablePage::noTable()
{
    const SharedTables tables = made(100);
    const Result<RowFilter> all = RowFilter::parse({}, *tables.table(u"rows"_s));
    const Result<TablePage> found = TablePage::read(tables, u"row"_s, {}, *all, PageBounds());
    QCOMPARE(found.error().code(), Error::NotFound);
    QCOMPARE(found.error().message(), u"there is no table \"row\"; there is: rows"_s);
    QCOMPARE(tables.atomic(u"row"_s).error().message(), u"there is no atomic \"row\"; there is none"_s);
}

QTEST_GUILESS_MAIN(TestTablePage)
#include "tst_tablepage.moc"
