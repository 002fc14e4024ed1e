#include "tablesupport.h"

#include <QElapsedTimer>
#include <QSet>

#include <thread>
#include <tuple>

using namespace Quern;

namespace {

const QString count = QStringLiteral("count");
const QString small = QStringLiteral("small");
const QString rate = QStringLiteral("rate");
const QString title = QStringLiteral("title");

} // namespace

class TestTableThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pagesBesideWriters();
    void nothingTorn();
    void everyIncrementCounts();
    void lastPlaceIsForWhoNeedsIt();
    void everyTakeOnce();
    void whatIsThereIsFound();
};

void TestTableThreads::pagesBesideWriters()
{
    TableFixture fixture(sampleTable(2000));
    Table &table = fixture.table;
    for (int i = 0; i < 1000; ++i)
        QVERIFY(table.set(keyOf(i), {{count, i}}).ok());
    std::atomic<bool> isOver = false;
    std::thread writer([&] {
        Table own = fixture.table;
        for (int i = 0; !isOver; ++i) {
            std::ignore = own.increment(keyOf(i % 1000), small, i % 2 == 0 ? 1 : -1);
            own.set(keyOf(1000 + i % 500), {});
            std::ignore = own.remove(keyOf(1000 + (i + 250) % 500));
        }
    });
    for (int round = 0; round < 20; ++round) {
        QSet<QByteArray> seen;
        qsizetype visits = 0;
        table.forEach([&](const QByteArray &key, const Row &row) {
            const int number = row.value(count).toInt();
            if (key == keyOf(number)) {
                seen.insert(key);
                ++visits;
            }
            return true;
        });
        if (seen.size() != 1000 || visits != 1000) {
            isOver = true;
            writer.join();
            QCOMPARE(seen.size(), 1000);
            QCOMPARE(visits, 1000);
        }
    }
    isOver = true;
    writer.join();
}

void TestTableThreads::nothingTorn()
{
    TableFixture fixture(sampleTable(4));
    const IntColumn countColumn = *fixture.table.intColumn(count);
    const FloatColumn rateColumn = *fixture.table.floatColumn(rate);
    const StringColumn titleColumn = *fixture.table.stringColumn(title);
    std::atomic<bool> isOver = false;
    const auto write = [&](int number) {
        Table table = fixture.table;
        for (int i = number; !isOver; i += 2) {
            const QByteArray text(1 + i % 20, char('a' + i % 26));
            table.set(keyOf(i % 2), {{countColumn, i}, {rateColumn, double(i)}, {titleColumn, text}});
            table.set("other", {{countColumn, i}, {rateColumn, double(i)}, {titleColumn, text}});
            if (i % 16 < 2)
                std::ignore = table.remove("other");
        }
    };
    std::thread first(write, 0);
    std::thread second(write, 1);
    int torn = 0;
    int seen = 0;
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; timer.elapsed() < 1000; ++i) {
        const Result<std::optional<Row>> row = fixture.table.read(i % 3 == 2 ? QByteArray("other") : keyOf(i % 3));
        if (!row || !*row)
            continue;
        ++seen;
        const auto number = int((*row)->value(countColumn));
        if ((*row)->value(rateColumn) != double(number) ||
            (*row)->value(titleColumn) != QByteArray(1 + number % 20, char('a' + number % 26)))
            ++torn;
    }
    isOver = true;
    first.join();
    second.join();
    QCOMPARE(torn, 0);
    QVERIFY(seen > 1000);
}

void TestTableThreads::everyIncrementCounts()
{
    TableFixture fixture(sampleTable(2));
    constexpr int times = 50'000;
    std::atomic<int> failures = 0;
    const auto add = [&] {
        Table table = fixture.table;
        const IntColumn column = *table.intColumn(count);
        for (int i = 0; i < times; ++i)
            failures += table.increment(i % 2 == 0 ? "even" : "odd", column).ok() ? 0 : 1;
    };
    std::thread first(add);
    std::thread second(add);
    std::thread third(add);
    first.join();
    second.join();
    third.join();
    QCOMPARE(failures, 0);
    QCOMPARE(**fixture.table.get("even", count), QVariant(qlonglong(3 * times / 2)));
    QCOMPARE(**fixture.table.get("odd", count), QVariant(qlonglong(3 * times / 2)));
    QCOMPARE(fixture.core().records().takenCount(), 2U);
}

void TestTableThreads::everyTakeOnce()
{
    constexpr int rows = 20'000;
    TableFixture fixture(sampleTable(rows));
    for (int i = 0; i < rows; ++i)
        QVERIFY(fixture.table.set(keyOf(i), {{count, i}}).ok());
    std::atomic<int> taken = 0;
    std::atomic<qint64> sum = 0;
    std::atomic<int> ready = 0;
    const auto takeAll = [&] {
        Table table = fixture.table;
        ++ready;
        while (ready < 2)
            std::this_thread::yield();
        for (int i = 0; i < rows; ++i) {
            const Result<std::optional<Row>> row = table.take(keyOf(i));
            if (row && *row) {
                ++taken;
                sum += (*row)->value(count).toLongLong();
            }
        }
    };
    std::thread first(takeAll);
    std::thread second(takeAll);
    first.join();
    second.join();
    QCOMPARE(taken, rows);
    QCOMPARE(sum, qint64(rows) * (rows - 1) / 2);
    QCOMPARE(fixture.table.count(), 0U);
    QCOMPARE(fixture.core().records().takenCount(), 0U);
}

void TestTableThreads::whatIsThereIsFound()
{
    // Of a row that changes all the time, but not in this column.
    TableFixture fixture(sampleTable(4));
    const IntColumn countColumn = *fixture.table.intColumn(count);
    const IntColumn smallColumn = *fixture.table.intColumn(small);
    QVERIFY(fixture.table.set("here", {{smallColumn, 1}}).ok());
    std::atomic<bool> isOver = false;
    std::thread writer([&] {
        Table own = fixture.table;
        while (!isOver) {
            std::ignore = own.increment("here", countColumn);
            own.set("elsewhere", {{smallColumn, 2}}); // in the record that was the row's
            std::ignore = own.remove("elsewhere");
        }
    });
    int misses = 0;
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < 1000 || timer.elapsed() < 1500; ++i) {
        const Result<bool> isSame = fixture.table.compareAndSet("here", {{smallColumn, 1}}, {});
        misses += isSame.valueOr(false) ? 0 : 1;
        // Nothing of it is changed: it is only looked at.
        misses += *fixture.table.compareAndSet("here", {{smallColumn, 2}}, {}) ? 1 : 0;
        misses += fixture.table.insert("here", {}).ok() ? 1 : 0;
    }
    isOver = true;
    writer.join();
    QCOMPARE(misses, 0);
}

void TestTableThreads::lastPlaceIsForWhoNeedsIt()
{
    // Of those who make the same row at once, one needs a place, and the others give theirs back.
    for (int round = 0; round < 300; ++round) {
        TableFixture fixture(sampleTable(2));
        std::atomic<int> ready = 0;
        std::atomic<int> failures = 0;
        const auto insert = [&] {
            Table table = fixture.table;
            ++ready;
            while (ready < 3)
                std::this_thread::yield();
            failures += table.set("even", {}).ok() ? 0 : 1;
            failures += table.set("odd", {}).ok() ? 0 : 1;
        };
        std::thread first(insert);
        std::thread second(insert);
        std::thread third(insert);
        first.join();
        second.join();
        third.join();
        QCOMPARE(failures, 0);
        QCOMPARE(fixture.table.count(), 2U);
        QCOMPARE(fixture.table.set("third", {}).error().code(), Error::Busy);
    }
}

QTEST_GUILESS_MAIN(TestTableThreads)
#include "tst_tablethreads.moc"
