#include "tablesupport.h"

#include <Quern/server.h>

#include <QSet>

#include <limits>

using namespace Quern;
using namespace std::chrono_literals;

namespace {

const QString count = QStringLiteral("count");
const QString small = QStringLiteral("small");
const QString rate = QStringLiteral("rate");
const QString title = QStringLiteral("title");

} // namespace

class TestTable : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wholeAndPartial();
    void typedColumns();
    void wrongValues_data();
    void wrongValues();
    void widths_data();
    void widths();
    void keys();
    void increments();
    void compareAndSet();
    void insertRemoveTake();
    void timeToLive();
    void fullAtExactlyItsSize_data();
    void fullAtExactlyItsSize();
    void fullWithOneChain();
    void expiredRowsMakeRoom();
    void pages();
    void statistics();
    void memoryIsTakenAsUsed();
    void memoryOfLongStrings();
    void nullHandles();
};

void TestTable::wholeAndPartial()
{
    TableFixture fixture(sampleTable(10));
    Table &table = fixture.table;
    QVERIFY(!table.contains("tea"));
    QVERIFY(!table.get("tea")->has_value());
    QVERIFY(table.set("tea", {{title, QStringLiteral("Grüner Tee")}, {count, 7}}).ok());
    QCOMPARE(**table.get("tea"),
             (QVariantMap{{count, 7LL}, {small, 0LL}, {rate, 0.0}, {title, QStringLiteral("Grüner Tee")}}));
    QVERIFY(table.set(QStringLiteral("tea"), {{rate, 0.5}, {small, -128}}).ok());
    QCOMPARE(**table.get("tea"),
             (QVariantMap{{count, 7LL}, {small, -128LL}, {rate, 0.5}, {title, QStringLiteral("Grüner Tee")}}));
    QVERIFY(table.set("tea", {{title, QByteArray("\xff\0x", 3)}}).ok());
    QCOMPARE(**table.get("tea", title), QVariant(QByteArray("\xff\0x", 3)));
    QVERIFY(table.set("tea", {{title, QString()}}).ok());
    QCOMPARE(**table.get("tea", title), QVariant(QString()));
    QCOMPARE(table.count(), 1U);
}

void TestTable::typedColumns()
{
    TableFixture fixture(sampleTable(10));
    Table &table = fixture.table;
    const IntColumn countColumn = *table.intColumn(count);
    const FloatColumn rateColumn = *table.floatColumn(rate);
    const StringColumn titleColumn = *table.stringColumn(title);
    QVERIFY(table.set("tea", {{countColumn, 3}, {rateColumn, 2}, {titleColumn, "Assam"}}).ok());
    QCOMPARE(**table.get("tea", countColumn), 3);
    QCOMPARE(**table.get("tea", rateColumn), 2.0);
    QCOMPARE(**table.get("tea", titleColumn), "Assam");
    const Row row = **table.read("tea");
    QCOMPARE(row.value(countColumn), 3);
    QCOMPARE(row.view(titleColumn), "Assam");
    QVERIFY(table.set("tea", {{titleColumn, QStringLiteral("ä")}}).ok());
    QCOMPARE(**table.get("tea", titleColumn), "ä");
    QCOMPARE(row.value(titleColumn), "Assam");

    const Result<IntColumn> wrongType = table.intColumn(title);
    QVERIFY(!wrongType && wrongType.error().code() == Error::Invalid);
    QCOMPARE(wrongType.error().message(),
             QStringLiteral("column \"title\" of table \"sample\" is looked up by stringColumn()"));
    QVERIFY(table.intColumn(QStringLiteral("nothing")).error().message().contains(title));
    QCOMPARE(table.set("tea", {{countColumn, 1ULL << 63}}).error().code(), Error::TooLarge);
    QVERIFY(table.set("tea", {{rateColumn, 1ULL << 63}}).ok());
    QCOMPARE(**table.get("tea", rateColumn), 0x1p63);
    QVERIFY(table.set("tea", {{rate, 1ULL << 62}}).ok());
    QVERIFY(table.set("tea", {{rate, 1ULL << 63}}).ok());
    QCOMPARE(**table.get("tea", rateColumn), 0x1p63);
    QVERIFY(table.set("tea", {{rateColumn, qQNaN()}}).ok());
    QVERIFY(qIsNaN(**table.get("tea", rateColumn)));
    QVERIFY(*table.compareAndSet("tea", {{rateColumn, qQNaN()}}, {{rateColumn, 1}}));
    TableFixture other(sampleTable(10));
    QCOMPARE(other.table.set("tea", {{countColumn, 3}}).error().code(), Error::Invalid);
    QCOMPARE(other.table.get("tea", countColumn).error().code(), Error::Invalid);
    QCOMPARE(other.table.increment("tea", countColumn).error().code(), Error::Invalid);
    QVERIFY(other.table.set("tea", {}).ok());
    QCOMPARE((*other.table.read("tea"))->value(countColumn), 0);
}

void TestTable::wrongValues_data()
{
    QTest::addColumn<QString>("column");
    QTest::addColumn<QVariant>("value");
    QTest::addColumn<int>("code");

    QTest::newRow("text as a number") << count << QVariant(QStringLiteral("12")) << int(Error::Invalid);
    QTest::newRow("a fraction") << count << QVariant(1.5) << int(Error::Invalid);
    QTest::newRow("nothing") << count << QVariant() << int(Error::Invalid);
    QTest::newRow("no number") << count << QVariant(qQNaN()) << int(Error::Invalid);
    QTest::newRow("beyond 64 bits") << count << QVariant(1ULL << 63) << int(Error::TooLarge);
    QTest::newRow("beyond 8 bits, and 64") << small << QVariant(1ULL << 63) << int(Error::TooLarge);
    QTest::newRow("text as a float") << rate << QVariant(QStringLiteral("1.5")) << int(Error::Invalid);
    QTest::newRow("a number as text") << title << QVariant(5) << int(Error::Invalid);
    QTest::newRow("a list") << title << QVariant(QVariantList{1}) << int(Error::Invalid);
    QTest::newRow("one byte too long") << title << QVariant(QString(21, u'x')) << int(Error::TooLarge);
    QTest::newRow("UTF-8 too long") << title << QVariant(QString(11, u'ä')) << int(Error::TooLarge);
    QTest::newRow("no such column") << QStringLiteral("colour") << QVariant(1) << int(Error::Invalid);
}

void TestTable::wrongValues()
{
    QFETCH(QString, column);
    QFETCH(QVariant, value);
    QFETCH(int, code);
    TableFixture fixture(sampleTable(10));
    const Outcome outcome = fixture.table.set("tea", {{count, 1}, {column, value}});
    QVERIFY(!outcome);
    QCOMPARE(int(outcome.error().code()), code);
    QVERIFY2(outcome.error().message().contains(column), qPrintable(outcome.error().message()));
    QVERIFY(!fixture.table.contains("tea"));
}

void TestTable::widths_data()
{
    QTest::addColumn<int>("bytes");
    QTest::addColumn<qint64>("smallest");
    QTest::addColumn<qint64>("greatest");

    QTest::newRow("1") << 1 << qint64(-128) << qint64(127);
    QTest::newRow("2") << 2 << qint64(-32768) << qint64(32767);
    QTest::newRow("4") << 4 << qint64(std::numeric_limits<qint32>::min()) << qint64(std::numeric_limits<qint32>::max());
    QTest::newRow("8") << 8 << std::numeric_limits<qint64>::min() << std::numeric_limits<qint64>::max();
}

void TestTable::widths()
{
    QFETCH(int, bytes);
    QFETCH(qint64, smallest);
    QFETCH(qint64, greatest);
    TableFixture fixture({QStringLiteral("widths"), 2, {{count, ColumnInfo::Type::Int, bytes}}});
    Table &table = fixture.table;
    const IntColumn column = *table.intColumn(count);
    for (const qint64 value : {smallest, greatest}) {
        QVERIFY(table.set("a", {{count, value}}).ok());
        QCOMPARE(**table.get("a", column), value);
        QVERIFY(table.set("a", {{column, value}}).ok());
        QCOMPARE(**table.get("a", column), value);
    }
    QCOMPARE(table.increment("a", column).error().code(), Error::TooLarge);
    QCOMPARE(**table.get("a", column), greatest);
    QCOMPARE(*table.decrement("a", column), greatest - 1);
    QVERIFY(table.set("a", {{column, smallest}}).ok());
    QCOMPARE(table.decrement("a", column).error().code(), Error::TooLarge);
    QCOMPARE(table.increment("a", column, std::numeric_limits<qint64>::min()).error().code(), Error::TooLarge);
    QCOMPARE(**table.get("a", column), smallest);
    if (bytes == 8)
        return;
    QCOMPARE(table.set("a", {{column, greatest + 1}}).error().code(), Error::TooLarge);
    QCOMPARE(table.set("a", {{count, smallest - 1}}).error().code(), Error::TooLarge);
}

void TestTable::keys()
{
    TableFixture fixture(sampleTable(200));
    Table &table = fixture.table;
    QVERIFY(table.set(QByteArray(64, 'k'), {{count, 64}}).ok());
    for (int size = 1; size < 64; ++size)
        QVERIFY(table.set(QByteArray(size, 'k'), {{count, size}}).ok());
    // Zeros at the end are a part of it.
    QVERIFY(table.set(QByteArray("k\0", 2), {{count, 1000}}).ok());
    for (int size = 1; size <= 64; ++size)
        QCOMPARE(**table.get(QByteArray(size, 'k'), count), QVariant(qlonglong(size)));
    QCOMPARE(**table.get(QByteArray("k\0", 2), count), QVariant(1000LL));
    QCOMPARE(table.count(), 65U);
    const Outcome tooLong = table.set(QByteArray(65, 'k'), {});
    QCOMPARE(tooLong.error().code(), Error::Invalid);
    QVERIFY(tooLong.error().message().contains(QStringLiteral("hash")));
    QCOMPARE(table.set("", {}).error().code(), Error::Invalid);
    QCOMPARE(table.get(QByteArray(65, 'k')).error().code(), Error::Invalid);
    QVERIFY(!table.contains(QByteArray(65, 'k')));
}

void TestTable::increments()
{
    TableFixture fixture(sampleTable(10));
    Table &table = fixture.table;
    const FloatColumn rateColumn = *table.floatColumn(rate);
    QCOMPARE(*table.increment("new", *table.intColumn(count), 5), 5);
    QCOMPARE(*table.decrement("new", *table.intColumn(count), 7), -2);
    QCOMPARE(*table.increment("new", rateColumn, 0.5), 0.5);
    QCOMPARE(*table.decrement("new", rateColumn), -0.5);
    QCOMPARE(*table.increment("new", count), QVariant(-1LL));
    QCOMPARE(*table.decrement("new", rate, 0.5), QVariant(-1.0));
    QCOMPARE(table.increment("new", title).error().code(), Error::Invalid);
    QCOMPARE(table.increment("new", count, 0.5).error().code(), Error::Invalid);
    QCOMPARE(table.increment("new", QStringLiteral("colour")).error().code(), Error::Invalid);
    const Error text = table.increment("new", count, QStringLiteral("12")).error();
    QCOMPARE(text.code(), Error::Invalid);
    QCOMPARE(text.message(), QStringLiteral("column \"count\" of table \"sample\" takes an integer, not a string"));
    QCOMPARE(table.increment("new", rate, QVariantList()).error().code(), Error::Invalid);
    QCOMPARE(table.increment("new", count, 1ULL << 63).error().code(), Error::TooLarge);
    // What cannot be stored makes no row either.
    QCOMPARE(table.increment("newer", small, 128).error().code(), Error::TooLarge);
    QCOMPARE(table.count(), 1U);
}

void TestTable::compareAndSet()
{
    TableFixture fixture(sampleTable(10));
    Table &table = fixture.table;
    QVERIFY(!*table.compareAndSet("tea", {}, {{count, 1}}));
    QVERIFY(!table.contains("tea"));
    QVERIFY(table.set("tea", {{count, 1}, {title, QStringLiteral("Assam")}}).ok());
    QVERIFY(!*table.compareAndSet("tea", {{count, 1}, {title, QStringLiteral("Assan")}}, {{count, 2}}));
    QVERIFY(*table.compareAndSet("tea", {{count, 1}, {title, QStringLiteral("Assam")}}, {{count, 2}}));
    QCOMPARE(**table.get("tea", count), QVariant(2LL));
    const IntColumn column = *table.intColumn(count);
    QVERIFY(*table.compareAndSet("tea", {{column, 2}}, {{column, 3}}));
    QVERIFY(!*table.compareAndSet("tea", {{column, 2}}, {{column, 4}}));
    QCOMPARE(**table.get("tea", column), 3);
    QCOMPARE(table.compareAndSet("tea", {{count, QStringLiteral("x")}}, {}).error().code(), Error::Invalid);
}

void TestTable::insertRemoveTake()
{
    TableFixture fixture(sampleTable(10));
    Table &table = fixture.table;
    QVERIFY(table.insert("tea", {{count, 1}}).ok());
    QCOMPARE(table.insert("tea", {{count, 2}}).error().code(), Error::Exists);
    const std::optional<Row> taken = *table.take("tea");
    QCOMPARE(taken->value(count), QVariant(1LL));
    QVERIFY(!table.take("tea")->has_value());
    QVERIFY(!*table.remove("tea"));
    QVERIFY(table.insert("tea", {{*table.intColumn(count), 2}}).ok());
    QVERIFY(*table.remove("tea"));
    QCOMPARE(table.count(), 0U);
}

void TestTable::timeToLive()
{
    TableFixture fixture(sampleTable(10));
    Table &table = fixture.table;
    QVERIFY(table.set("short", {{count, 1}}, 50ms).ok());
    QVERIFY(table.set("long", {{count, 1}}, 1h).ok());
    QVERIFY(table.set("ever", {{count, 1}}).ok());
    QVERIFY((*table.read("long"))->timeToLive().value() > 59min);
    QVERIFY(!(*table.read("ever"))->timeToLive());
    // A change leaves it, and 0 takes it away.
    QVERIFY(table.increment("long", count).ok());
    QVERIFY((*table.read("long"))->timeToLive().value() > 59min);
    QVERIFY(*table.expire("long", 0ms));
    QVERIFY(!(*table.read("long"))->timeToLive());
    QTRY_VERIFY(!table.contains("short"));
    QVERIFY(!table.get("short")->has_value());
    QVERIFY(!table.take("short")->has_value());
    QVERIFY(table.set("short", {{small, 1}}, 50ms).ok());
    QCOMPARE(**table.get("short", count), QVariant(0LL));
    QTRY_VERIFY(!table.contains("short"));
    // Made anew over what has expired, without a place of its own.
    QVERIFY(table.insert("short", {{small, 1}}).ok());
    QCOMPARE(table.count(), 3U);
    QVERIFY(*table.expire("short", 1ms));
    QTRY_VERIFY(!table.contains("short"));
    QVERIFY(!*table.expire("short", 1h));
    fixture.sweep();
    QCOMPARE(table.count(), 2U);
    QCOMPARE(table.set("short", {}, -1ms).error().code(), Error::Invalid);
}

void TestTable::fullAtExactlyItsSize_data()
{
    QTest::addColumn<quint32>("size");
    QTest::newRow("1") << 1U;
    QTest::newRow("63") << 63U;
    QTest::newRow("1000") << 1000U;
    QTest::newRow("4097") << 4097U;
    QTest::newRow("131072") << 131072U;
}

void TestTable::fullAtExactlyItsSize()
{
    QFETCH(quint32, size);
    TableFixture fixture({QStringLiteral("prices"), size, {{count, ColumnInfo::Type::Int, 8}}});
    Table &table = fixture.table;
    const IntColumn column = *table.intColumn(count);
    for (int round = 0; round < 2; ++round) {
        for (quint32 i = 0; i < size; ++i)
            QVERIFY(table.set(keyOf(int(i)), {{column, i}}).ok());
        QCOMPARE(table.count(), size);
        const Outcome full = table.set("one more", {{column, 1}});
        QCOMPARE(full.error().code(), Error::Busy);
        QCOMPARE(full.error().message(),
                 QStringLiteral("table \"prices\" is full: it holds %1 rows; raise its size in [[table]]").arg(size));
        for (quint32 i = 0; i < size; ++i)
            QCOMPARE(*table.increment(keyOf(int(i)), column), i + 1);
        QVERIFY(*table.remove(keyOf(0)));
        QVERIFY(table.set("one more", {{column, 1}}).ok());
        QCOMPARE(table.set(keyOf(0), {{column, 1}}).error().code(), Error::Busy);
        QCOMPARE(table.stats().rows, size);
        for (quint32 i = 1; i < size; ++i)
            QVERIFY(*table.remove(keyOf(int(i))));
        QVERIFY(*table.remove("one more"));
        QCOMPARE(table.count(), 0U);
    }
}

void TestTable::fullWithOneChain()
{
    // Keys that all fall into one bucket, as an adversary who knew the seed would choose them.
    TableFixture fixture({QStringLiteral("prices"), 200, {{count, ColumnInfo::Type::Int, 8}}});
    Table &table = fixture.table;
    QList<QByteArray> chosen;
    for (int i = 0; chosen.size() < 201; ++i) {
        if (fixture.core().bucketOf(*fixture.core().keyOf(keyOf(i))) == 5)
            chosen.append(keyOf(i));
    }
    for (int i = 0; i < 200; ++i)
        QVERIFY(table.set(chosen[i], {{count, i}}).ok());
    QCOMPARE(table.set(chosen[200], {}).error().code(), Error::Busy);
    QCOMPARE(table.stats().longestChain, 200U);
    // Every place of the chain can be changed, and taken out.
    for (int i = 0; i < 200; i += 2)
        QCOMPARE(*table.increment(chosen[i], count, 1000), QVariant(qlonglong(i + 1000)));
    for (int i = 1; i < 200; i += 2)
        QVERIFY(*table.remove(chosen[i]));
    for (int i = 0; i < 200; ++i)
        QCOMPARE(table.contains(chosen[i]), i % 2 == 0);
    QCOMPARE(table.count(), 100U);
}

void TestTable::expiredRowsMakeRoom()
{
    TableFixture fixture(sampleTable(100));
    Table &table = fixture.table;
    for (int i = 0; i < 100; ++i)
        QVERIFY(table.set(keyOf(i), {}, i == 50 ? 20ms : 1h).ok());
    QTRY_VERIFY(table.set("one more", {}).ok());
    QCOMPARE(table.count(), 100U);
    QVERIFY(!table.contains(keyOf(50)));
    QCOMPARE(table.set("two more", {}).error().code(), Error::Busy);
}

void TestTable::pages()
{
    TableFixture fixture(sampleTable(5000));
    Table &table = fixture.table;
    for (int i = 0; i < 5000; ++i)
        QVERIFY(table.set(keyOf(i), {{count, i}}).ok());
    QVERIFY(*table.expire(keyOf(7), 1ms));
    QTRY_VERIFY(!table.contains(keyOf(7)));
    QSet<QByteArray> seen;
    int pageCount = 0;
    for (quint64 next = 0;; ++pageCount) {
        const RowPage page = table.rows(next, 100);
        QVERIFY(page.rows.size() < 120);
        for (const KeyedRow &each : page.rows) {
            QVERIFY(!seen.contains(each.key));
            QCOMPARE(each.key, keyOf(each.row.value(count).toInt()));
            seen.insert(each.key);
        }
        next = page.next;
        if (next == 0)
            break;
    }
    QCOMPARE(seen.size(), 4999);
    QVERIFY(pageCount > 40);
    int visited = 0;
    table.forEach([&visited](const QByteArray &, const Row &) { return ++visited < 10; });
    QCOMPARE(visited, 10);
}

void TestTable::statistics()
{
    TableFixture fixture(sampleTable(1000));
    for (int i = 0; i < 500; ++i)
        QVERIFY(fixture.table.set(keyOf(i), {}).ok());
    const TableStats stats = fixture.table.stats();
    QCOMPARE(stats.rows, 500U);
    QCOMPARE(stats.size, 1000U);
    QCOMPARE(stats.load, 0.5);
    QVERIFY(stats.collisions > 0 && stats.collisions < 150);
    QVERIFY(stats.longestChain >= 2 && stats.longestChain < 10);
    QVERIFY(stats.memory > 0 && stats.memory <= stats.memoryLimit);
}

void TestTable::memoryIsTakenAsUsed()
{
    TableFixture fixture(sampleTable(1 << 20));
    QVERIFY(fixture.table.set("tea", {}).ok());
    for (int i = 0; i < 1000; ++i)
        QVERIFY(!fixture.table.contains(keyOf(i)));
    fixture.table.forEach([](const QByteArray &, const Row &) { return true; });
    fixture.sweep();
    const TableStats stats = fixture.table.stats();
    QVERIFY2(stats.memory < 1 << 18, qPrintable(QString::number(stats.memory)));
    QVERIFY(stats.memoryLimit > 100 << 20);
}

void TestTable::memoryOfLongStrings()
{
    // Short texts in a wide column, in one chain, so that one change copies many rows.
    constexpr int rows = 50;
    constexpr int width = 65536;
    TableFixture fixture({QStringLiteral("texts"), rows, {{title, ColumnInfo::Type::String, width}}});
    QList<QByteArray> chosen;
    for (int i = 0; chosen.size() < rows; ++i) {
        if (fixture.core().bucketOf(*fixture.core().keyOf(keyOf(i))) == 5)
            chosen.append(keyOf(i));
    }
    for (const QByteArray &key : chosen)
        QVERIFY(fixture.table.set(key, {{title, QString::fromUtf8(key)}}).ok());
    for (const QByteArray &key : chosen)
        QVERIFY(fixture.table.set(key, {{title, QString::fromUtf8(key).toUpper()}}).ok());
    for (const QByteArray &key : chosen)
        QCOMPARE(**fixture.table.get(key, title), QVariant(QString::fromUtf8(key).toUpper()));
    const TableStats stats = fixture.table.stats();
    QVERIFY2(stats.memory < rows * width / 2, qPrintable(QString::number(stats.memory)));
}

void TestTable::nullHandles()
{
    Table table;
    QVERIFY(table.isNull());
    QCOMPARE(table.set("a", {}).error().code(), Error::Invalid);
    QCOMPARE(table.get("a").error().code(), Error::Invalid);
    QCOMPARE(table.get("a", IntColumn()).error().code(), Error::Invalid);
    QCOMPARE(table.increment("a", IntColumn()).error().code(), Error::Invalid);
    QCOMPARE(table.remove("a").error().code(), Error::Invalid);
    QCOMPARE(table.take("a").error().code(), Error::Invalid);
    QVERIFY(!table.contains("a"));
    QCOMPARE(table.count(), 0U);
    QVERIFY(table.rows().rows.isEmpty());
    QCOMPARE(server().table(QStringLiteral("a")).error().code(), Error::Unavailable);
    TableFixture fixture(sampleTable(1));
    QCOMPARE(fixture.table.set("a", {{IntColumn(), 1}}).error().code(), Error::Invalid);
    QCOMPARE(fixture.table.get("a", IntColumn()).error().message(),
             QStringLiteral("a null column was given to table \"sample\": look it up by intColumn(), floatColumn() or "
                            "stringColumn()"));
}

QTEST_GUILESS_MAIN(TestTable)
#include "tst_table.moc"
