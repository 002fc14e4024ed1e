#include "tablesupport.h"

#include <array>
#include <functional>
#include <tuple>

#include <csignal>
#include <cstdlib>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;

namespace {

const QString count = QStringLiteral("count");
const QString title = QStringLiteral("title");

/// A whole row: all its columns say the same number.
bool isWhole(const QVariantMap &row)
{
    const auto number = row.value(count).toLongLong();
    return row.value(QStringLiteral("rate")).toDouble() == double(number) &&
           row.value(title).toString() == QString(int(number % 20), u'x');
}

QVariantMap rowOf(int number)
{
    return {{count, number}, {QStringLiteral("rate"), number}, {title, QString(number % 20, u'x')}};
}

/// At how many instructions it is stopped: every one takes half an hour.
int stride()
{
#if defined(__SANITIZE_ADDRESS__)
    constexpr int usual = 997;
#else
    constexpr int usual = 127;
#endif
    return qEnvironmentVariableIsSet("QUERN_LONG_TESTS") ? 1 : usual;
}

/// A child that is about to call \a work, and is stopped before each of its instructions in turn. \a warmUp is called
/// before, so that the dynamic linker has nothing left to do.
class SteppedChild
{
public:
    SteppedChild(const std::function<void()> &warmUp, const std::function<void()> &work) : m_pid(::fork())
    {
        if (m_pid == 0) {
            warmUp();
            if (::ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0)
                ::_exit(1);
            ::raise(SIGSTOP);
            work();
            ::_exit(0);
        }
        ::waitpid(m_pid, &m_status, 0);
    }
    ~SteppedChild()
    {
        if (!isThere())
            return;
        ::kill(m_pid, SIGKILL);
        ::waitpid(m_pid, &m_status, 0);
    }
    Q_DISABLE_COPY_MOVE(SteppedChild)

    bool isThere() const { return WIFSTOPPED(m_status); }
    /// So many instructions more. False when it has ended.
    bool step(int instructions)
    {
        for (int i = 0; i < instructions && isThere(); ++i) {
            if (::ptrace(PTRACE_SINGLESTEP, m_pid, nullptr, nullptr) != 0)
                return false;
            ::waitpid(m_pid, &m_status, 0);
        }
        return isThere();
    }

    /// Lets it go to its end.
    void finish()
    {
        if (isThere() && ::ptrace(PTRACE_CONT, m_pid, nullptr, nullptr) == 0)
            ::waitpid(m_pid, &m_status, 0);
    }

private:
    pid_t m_pid;
    int m_status = 0;
};

/// A table whose keys are all in one chain: what is done to one row has to do with the records of the others.
class ChainFixture : public TableFixture
{
public:
    static constexpr quint32 Size = 5;

    ChainFixture() : TableFixture(sampleTable(Size))
    {
        for (int i = 0; keys.size() < 4; ++i) {
            if (core().bucketOf(*core().keyOf(keyOf(i))) == 3)
                keys.append(keyOf(i));
        }
        reset();
    }

    /// The second one is there and in the middle, the last is not.
    void reset()
    {
        for (const QByteArray &key : keys)
            std::ignore = table.remove(key);
        for (int i = 0; i < 3; ++i)
            set(i, i);
    }

    /// By handles of columns: these are few instructions.
    Outcome set(int key, int number, TimeToLive timeToLive = {})
    {
        return table.set(keys.at(key), {{m_count, number}, {m_rate, number}, {m_title, titleOf(number)}}, timeToLive);
    }
    Result<bool> compareAndSet(int key, int expected, int number)
    {
        return table.compareAndSet(keys.at(key), {{m_count, expected}, {m_title, titleOf(expected)}},
                                   {{m_count, number}, {m_rate, number}, {m_title, titleOf(number)}});
    }

    /// Counts the row of a key up, all its columns at once.
    Result<void> countUp(int key)
    {
        for (;;) {
            const Result<std::optional<Row>> row = table.read(keys.at(key));
            const auto number = int((*row)->value(m_count));
            const Result<bool> isDone = compareAndSet(key, number, number + 1);
            if (!isDone)
                return isDone.error();
            if (*isDone)
                return {};
        }
    }

    QList<QByteArray> keys;

private:
    static QByteArrayView titleOf(int number) { return QByteArrayView("xxxxxxxxxxxxxxxxxxxx").first(number % 20); }

    IntColumn m_count = *table.intColumn(count);
    FloatColumn m_rate = *table.floatColumn(QStringLiteral("rate"));
    StringColumn m_title = *table.stringColumn(title);
};

} // namespace

using Change = std::function<void(ChainFixture &)>;
Q_DECLARE_METATYPE(Change)

/// What others find when a process was stopped, and then killed, at any one of the instructions of a change.
class TestTableSteps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stoppedAndKilledAnywhere_data();
    void stoppedAndKilledAnywhere();
    void everyChangeCounts();
    void everyExpiryIsNoted();

private:
    void othersGoOn(ChainFixture &fixture, int round);
    void fillUp(ChainFixture &fixture);
    void everythingIsThere(ChainFixture &fixture);
};

void TestTableSteps::stoppedAndKilledAnywhere_data()
{
    QTest::addColumn<Change>("change");
    QTest::newRow("insert") << Change([](ChainFixture &f) { f.set(3, 3); });
    QTest::newRow("update in the middle") << Change([](ChainFixture &f) { f.set(1, 5); });
    QTest::newRow("remove from the middle") << Change([](ChainFixture &f) { std::ignore = f.table.remove(f.keys[1]); });
    QTest::newRow("take the last") << Change([](ChainFixture &f) { std::ignore = f.table.take(f.keys[0]); });
    QTest::newRow("compare and set") << Change([](ChainFixture &f) { std::ignore = f.compareAndSet(1, 1, 7); });
    QTest::newRow("insert what expires") << Change([](ChainFixture &f) { f.set(3, 3, std::chrono::milliseconds(1)); });
    QTest::newRow("sweep") << Change([](ChainFixture &f) {
        // With something that a dead one has left.
        const PoolClaim left = *f.core().records().claim();
        f.core().records().publish(left);
        f.sweep();
    });
}

void TestTableSteps::othersGoOn(ChainFixture &fixture, int round)
{
    Table &table = fixture.table;
    for (const QByteArray &key : fixture.keys) {
        const Result<std::optional<QVariantMap>> before = table.get(key);
        QVERIFY(before.ok());
        QVERIFY(!*before || isWhole(**before));
        const Outcome set = table.set(key, rowOf(round));
        QVERIFY2(set.ok(), qPrintable(set ? QString() : set.error().message()));
        QVERIFY(isWhole(**table.get(key)));
        QCOMPARE(**table.get(key, count), QVariant(qlonglong(round)));
        QVERIFY(*table.remove(key));
        QVERIFY(!table.contains(key));
    }
    fixture.reset();
    QCOMPARE(table.stats().rows, 3U);
}

void TestTableSteps::fillUp(ChainFixture &fixture)
{
    for (int i = 0;; ++i) {
        const Outcome set = fixture.table.set("more " + QByteArray::number(i), rowOf(i));
        if (set)
            continue;
        QCOMPARE(set.error().code(), Error::Busy);
        return;
    }
}

void TestTableSteps::everythingIsThere(ChainFixture &fixture)
{
    Table &table = fixture.table;
    fixture.sweep();
    quint64 rows = 0;
    table.forEach([&](const QByteArray &, const Row &row) {
        rows += isWhole(row.toMap()) ? 1 : 1000;
        return true;
    });
    QCOMPARE(table.count(), rows);
    QCOMPARE(fixture.core().records().takenCount(), rows);
    // Not one place is lost, and none is there twice.
    fillUp(fixture);
    QCOMPARE(table.stats().rows, ChainFixture::Size);
}

void TestTableSteps::stoppedAndKilledAnywhere()
{
    QFETCH(Change, change);
    // A sweep is three times as long as any other, and much of it the same again and again.
    const int step = QByteArrayView(QTest::currentDataTag()) == "sweep" ? 3 * stride() : stride();
    int at = 0;
    for (bool isOver = false; !isOver; at += step) {
        for (const bool isKilled : {true, false}) {
            ChainFixture fixture;
            std::optional<SteppedChild> child;
            child.emplace(
                [&] {
                    change(fixture);
                    fixture.reset();
                },
                [&] { change(fixture); });
            if (!child->isThere())
                QSKIP("processes may not be traced here");
            isOver = !child->step(at);
            othersGoOn(fixture, 10 + at % 7);
            if (!isKilled) {
                // What it held, and has not given back yet, is another's by now.
                fixture.sweep();
                fillUp(fixture);
                child->finish();
            }
            child.reset();
            everythingIsThere(fixture);
            if (QTest::currentTestFailed()) {
                qInfo("stopped at instruction %d", at);
                return;
            }
        }
    }
    QVERIFY(at > 100);
    qInfo("%d instructions", at);
}

void TestTableSteps::everyChangeCounts()
{
    int at = 0;
    for (bool isOver = false; !isOver; at += stride() / 7 + 1) {
        ChainFixture fixture;
        SteppedChild child([&] { std::ignore = fixture.countUp(1); }, [&] { std::ignore = fixture.countUp(1); });
        if (!child.isThere())
            QSKIP("processes may not be traced here");
        isOver = !child.step(at);
        // An even number, so that the records go round and the row stands where it stood when the child has looked.
        for (int i = 0; i < 6; ++i)
            QVERIFY(fixture.countUp(1).ok());
        child.finish();
        QVERIFY(isWhole(**fixture.table.get(fixture.keys[1])));
        const QVariant sum = **fixture.table.get(fixture.keys[1], count);
        QVERIFY2(sum == QVariant(1 + 8LL), qPrintable(QStringLiteral("%1 at instruction %2").arg(sum.toInt()).arg(at)));
    }
    QVERIFY(at > 100);
}

void TestTableSteps::everyExpiryIsNoted()
{
    // A row that expires and is there is known to expire: its author may be dead from here on.
    ChainFixture fixture;
    const auto insert = [&] { fixture.set(3, 3, std::chrono::hours(1)); };
    SteppedChild child(
        [&] {
            insert();
            fixture.reset();
        },
        insert);
    if (!child.isThere())
        QSKIP("processes may not be traced here");
    const SharedWord &noted = fixture.core().nextExpiry();
    fixture.core().nextExpiry().store(0);
    int seen = 0;
    while (child.step(1)) {
        if (!fixture.table.contains(fixture.keys[3]))
            continue;
        ++seen;
        QVERIFY(noted != 0);
    }
    QVERIFY(seen > 10);
}

QTEST_GUILESS_MAIN(TestTableSteps)
#include "tst_tablesteps.moc"
