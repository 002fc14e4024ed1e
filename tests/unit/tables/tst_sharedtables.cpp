#include "tables/sharedtables.h"
#include "tables/tablesweeper.h"

#include "sdk/src/tablecore_p.h"
#include "sdk/src/tablesweep_p.h"

#include <Quern/server.h>

#include <QElapsedTimer>
#include <QTest>
#include <QTimer>

#include <tuple>

#include <csignal>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using namespace Quern::tables;
using namespace std::chrono_literals;

namespace {

const QString count = QStringLiteral("count");

SharedTablesSettings wanted(quint32 size = 100)
{
    return {{{QStringLiteral("rows"), size, {{count, ColumnInfo::Type::Int, 8}}},
             {QStringLiteral("other"), 5, {{QStringLiteral("title"), ColumnInfo::Type::String, 9}}}},
            {{QStringLiteral("visits"), 7}}};
}

SharedTables made(quint32 size = 100)
{
    Result<SharedTables> tables = SharedTables::create(wanted(size));
    if (!tables)
        qFatal("%s", qUtf8Printable(tables.error().message()));
    return std::move(*tables);
}

Table tableOf(const SharedTables &tables)
{
    return Table(tables.area().tables().front());
}

} // namespace

class TestSharedTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void adoptedByAChild();
    void nothingToAdopt();
    void inheritedByTheNextMaster();
    void otherwiseThanTheNextMasterWants_data();
    void otherwiseThanTheNextMasterWants();
    void impossible_data();
    void impossible();
    void fill();
    void sweptAfterADeath();
    void marksOfProcesses();
    void sweptThoughThePidIsAnothers();
    void expiredRowsGo();
    void slicesAreShort();
    void everyTableHasItsTurn();
};

void TestSharedTables::adoptedByAChild()
{
    const SharedTables tables = made();
    QVERIFY(tableOf(tables).set("tea", {{count, 12}}).ok());
    // As a child gets it: the descriptor, and nothing else.
    QVERIFY(SharedTables::adopt(::fcntl(tables.descriptor(), F_DUPFD_CLOEXEC, 0)).ok());
    Table adopted = *server().table(QStringLiteral("rows"));
    QCOMPARE(adopted.info(), tableOf(tables).info());
    QCOMPARE(**adopted.get("tea", count), QVariant(12LL));
    QVERIFY(adopted.set("tea", {{count, 13}}).ok());
    QCOMPARE(**tableOf(tables).get("tea", count), QVariant(13LL));
    QCOMPARE(server().table(QStringLiteral("other"))->info().columns[0].bytes, 9);
    QCOMPARE(server().atomic(QStringLiteral("visits"))->get(), 7);
    const Result<Table> none = server().table(QStringLiteral("nothing"));
    QCOMPARE(none.error().code(), Error::NotFound);
    QCOMPARE(none.error().message(), QStringLiteral("there is no table \"nothing\": add a [[table]] of that name to "
                                                    "quern.toml; there is: rows, other"));
    setSharedArea(nullptr);
    // A handle keeps the memory.
    QCOMPARE(**adopted.get("tea", count), QVariant(13LL));
}

void TestSharedTables::nothingToAdopt()
{
    Result<base::SharedMemory> memory = base::SharedMemory::create("quern-test", 8192);
    QVERIFY(memory.ok());
    const Result<void> adopted = SharedTables::adopt(::fcntl(memory->descriptor(), F_DUPFD_CLOEXEC, 0));
    QCOMPARE(adopted.error().code(), Error::Invalid);
    QVERIFY(!SharedTables::adopt(-1));
}

void TestSharedTables::inheritedByTheNextMaster()
{
    const SharedTables before = made();
    QVERIFY(tableOf(before).set("a", {{count, 3}}));
    before.atomic(QStringLiteral("visits"))->add(1);
    // What an atomic begins with is no longer of interest.
    SharedTablesSettings settings = wanted();
    settings.atomics.first().value = 100;
    const Result<SharedTables> next = SharedTables::inherit(::fcntl(before.descriptor(), F_DUPFD_CLOEXEC, 0), settings);
    QVERIFY(next);
    QCOMPARE(**tableOf(*next).get("a", count), QVariant(3LL));
    QCOMPARE(next->atomic(QStringLiteral("visits"))->get(), 8);
    QVERIFY(tableOf(*next).set("b", {{count, 4}}));
    QCOMPARE(**tableOf(before).get("b", count), QVariant(4LL));
}

void TestSharedTables::otherwiseThanTheNextMasterWants_data()
{
    QTest::addColumn<SharedTablesSettings>("settings");
    const auto row = [](const char *name, const auto &change) {
        SharedTablesSettings settings = wanted();
        change(settings);
        QTest::newRow(name) << settings;
    };
    row("another size", [](SharedTablesSettings &settings) { settings.tables.first().size = 101; });
    row("another name", [](SharedTablesSettings &settings) { settings.tables.first().name = QStringLiteral("rose"); });
    row("another column", [](SharedTablesSettings &settings) { settings.tables.first().columns.first().bytes = 4; });
    row("one more", [](SharedTablesSettings &settings) { settings.tables.append(settings.tables.first()); });
    row("another order", [](SharedTablesSettings &settings) { settings.tables.swapItemsAt(0, 1); });
    row("another atomic",
        [](SharedTablesSettings &settings) { settings.atomics.first().name = QStringLiteral("visitors"); });
    row("no atomic", [](SharedTablesSettings &settings) { settings.atomics.clear(); });
}

void TestSharedTables::otherwiseThanTheNextMasterWants()
{
    QFETCH(const SharedTablesSettings, settings);
    const SharedTables before = made();
    const Result<SharedTables> next = SharedTables::inherit(::fcntl(before.descriptor(), F_DUPFD_CLOEXEC, 0), settings);
    QVERIFY(!next);
    QCOMPARE(next.error().code(), Error::Invalid);
}

void TestSharedTables::impossible_data()
{
    QTest::addColumn<TableInfo>("table");
    QTest::addColumn<QString>("part");
    const ColumnInfo column{count, ColumnInfo::Type::Int, 8};
    const QString name = QStringLiteral("rows");
    QTest::newRow("no rows") << TableInfo{name, 0, {column}} << QStringLiteral("size");
    QTest::newRow("too many rows") << TableInfo{name, MaxTableSize + 1, {column}} << QStringLiteral("size");
    QTest::newRow("no columns") << TableInfo{name, 1, {}} << QStringLiteral("columns");
    QTest::newRow("a column twice") << TableInfo{name, 1, {column, column}} << QStringLiteral("\"count\"");
    QTest::newRow("three bytes") << TableInfo{name, 1, {{count, ColumnInfo::Type::Int, 3}}}
                                 << QStringLiteral("3 bytes");
    QTest::newRow("no name") << TableInfo{{}, 1, {column}} << QStringLiteral("name");
    QTest::newRow("a long name") << TableInfo{QString(65, u'x'), 1, {column}} << QStringLiteral("name");
}

void TestSharedTables::impossible()
{
    QFETCH(TableInfo, table);
    QFETCH(QString, part);
    const Result<SharedTables> tables = SharedTables::create({{table}, {}});
    QVERIFY(!tables);
    QCOMPARE(tables.error().code(), Error::Invalid);
    QVERIFY2(tables.error().message().contains(part), qPrintable(tables.error().message()));
}

void TestSharedTables::fill()
{
    const SharedTables tables = made();
    for (int i = 0; i < 3; ++i)
        QVERIFY(tableOf(tables).set(QByteArray::number(i), {}).ok());
    const QList<TableFill> fill = tables.fill();
    QCOMPARE(fill.size(), 2);
    QCOMPARE(fill[0].name, QStringLiteral("rows"));
    QCOMPARE(fill[0].rows, 3U);
    QCOMPARE(fill[0].size, 100U);
    QVERIFY(fill[0].memory > 0 && fill[0].memory <= fill[0].memoryLimit);
    QCOMPARE(fill[1].rows, 0U);
}

void TestSharedTables::sweptAfterADeath()
{
    const SharedTables tables = made();
    TableCore &core = *tables.area().tables().front();
    TableSweeper sweeper(tables);
    const pid_t child = ::fork();
    if (child == 0) {
        // What a process holds that dies in the middle of changes.
        for (int i = 0; i < 40; ++i)
            std::ignore = core.permits().claim();
        for (int i = 0; i < 60; ++i)
            std::ignore = core.records().claim();
        ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    QCOMPARE(core.count(), 40U);
    sweeper.processesChanged();
    QTRY_VERIFY(sweeper.isIdle());
    QCOMPARE(core.count(), 0U);
    QCOMPARE(core.records().takenCount(), 0U);
    // What the living hold they keep.
    QVERIFY(core.permits().claim());
    sweeper.processesChanged();
    QTRY_VERIFY(sweeper.isIdle());
    QCOMPARE(core.count(), 1U);
}

void TestSharedTables::marksOfProcesses()
{
    int ends[2] = {-1, -1};
    QCOMPARE(::pipe(ends), 0);
    QVERIFY(!isProcessGone(processMark()));
    const pid_t child = ::fork();
    if (child == 0) {
        const quint32 own = processMark();
        ::_exit(::write(ends[1], &own, sizeof(own)) == sizeof(own) && !isProcessGone(own) ? ::pause() : 1);
    }
    quint32 mark = 0;
    QCOMPARE(::read(ends[0], &mark, sizeof(mark)), ssize_t(sizeof(mark)));
    ::close(ends[0]);
    ::close(ends[1]);
    QVERIFY(mark != processMark());
    QVERIFY(!isProcessGone(mark));
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    QVERIFY(isProcessGone(mark));
}

void TestSharedTables::sweptThoughThePidIsAnothers()
{
    const SharedTables tables = made();
    TableCore &core = *tables.area().tables().front();
    // What somebody has held who started at another time, and had the pid of this process.
    const quint32 start = processMark() >> 22;
    if (start == 0)
        QSKIP("there is no /proc");
    const quint32 another = (start % 255 + 1) << 22 | quint32(::getpid());
    for (TablePool *pool : {&core.records(), &core.permits()}) {
        const PoolClaim claim = *pool->claim();
        pool->header(claim.index).store(PoolHeader::made(claim.version, another, PoolHeader::Held));
        QVERIFY(pool->claim());
        QCOMPARE(pool->takenCount(), 2U);
    }
    TableSweep(core, TableSweep::Aim::All).finish();
    QCOMPARE(core.records().takenCount(), 1U);
    QCOMPARE(core.permits().takenCount(), 1U);
}

void TestSharedTables::expiredRowsGo()
{
    const SharedTables tables = made();
    const TableSweeper sweeper(tables);
    Table table = tableOf(tables);
    QVERIFY(table.set("short", {}, 20ms).ok());
    QVERIFY(table.set("long", {}, 1h).ok());
    QTRY_COMPARE(table.count(), 1U);
    QVERIFY(table.contains("long"));
}

void TestSharedTables::slicesAreShort()
{
    const SharedTables tables = made(300'000);
    Table table = tableOf(tables);
    const IntColumn column = *table.intColumn(count);
    for (int i = 0; i < 300'000; ++i)
        QVERIFY(table.set(QByteArray::number(i), {{column, i}}).ok());
    TableSweeper sweeper(tables);
    QElapsedTimer timer;
    timer.start();
    sweeper.processesChanged();
    // The whole of it takes many times as long.
    QVERIFY(!sweeper.isIdle());
    QVERIFY2(timer.elapsed() < 100, qPrintable(QString::number(timer.elapsed())));
    QTRY_VERIFY_WITH_TIMEOUT(sweeper.isIdle(), 30'000);
    QCOMPARE(table.count(), 300'000U);
}

void TestSharedTables::everyTableHasItsTurn()
{
    // Processes die again before the sweep of the first table is through.
    const SharedTables tables = made(300'000);
    Table table = tableOf(tables);
    for (int i = 0; i < 300'000; ++i)
        QVERIFY(table.set(QByteArray::number(i), {}).ok());
    TableCore &other = *tables.area().tables().back();
    const pid_t child = ::fork();
    if (child == 0) {
        std::ignore = other.permits().claim();
        ::raise(SIGKILL);
    }
    ::waitpid(child, nullptr, 0);
    QCOMPARE(other.count(), 1U);
    TableSweeper sweeper(tables);
    QTimer deaths;
    connect(&deaths, &QTimer::timeout, &sweeper, &TableSweeper::processesChanged);
    deaths.start(10);
    QTRY_COMPARE_WITH_TIMEOUT(other.count(), 0U, 30'000);
}

QTEST_GUILESS_MAIN(TestSharedTables)
#include "tst_sharedtables.moc"
