#include "tablesupport.h"

#include <QElapsedTimer>
#include <QRandomGenerator>

#include <array>
#include <functional>
#include <thread>
#include <tuple>
#include <vector>

#include <csignal>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using namespace std::chrono_literals;

namespace {

constexpr int mostProcesses = 8;
constexpr int keyCount = 48;
constexpr quint32 tableSize = 64;

/// What the processes tell each other, in memory that they share.
struct Board
{
    struct Place
    {
        alignas(64) std::atomic<quint64> done; ///< operations
        std::atomic<quint64> torn;             ///< rows that were not whole
    };
    std::array<Place, mostProcesses> places;
    std::atomic<bool> isOver;
};

bool isLong()
{
    return qEnvironmentVariableIsSet("QUERN_LONG_TESTS");
}

/// Rows whose columns all say the same number.
class Writer
{
public:
    explicit Writer(const Table &table)
        : m_table(table)
        , m_count(*table.intColumn(QStringLiteral("count")))
        , m_small(*table.intColumn(QStringLiteral("small")))
        , m_rate(*table.floatColumn(QStringLiteral("rate")))
        , m_title(*table.stringColumn(QStringLiteral("title")))
    {
    }

    Outcome set(const QByteArray &key, qint64 number, TimeToLive timeToLive = {})
    {
        return m_table.set(key,
                           {{m_count, number},
                            {m_small, number % 100},
                            {m_rate, double(number)},
                            {m_title, QByteArrayView("abcdefghijklmnopqrst").first(number % 20)}},
                           timeToLive);
    }
    bool isWhole(const Row &row) const
    {
        const qint64 number = row.value(m_count);
        return row.value(m_small) == number % 100 && row.value(m_rate) == double(number) &&
               row.view(m_title) == QByteArrayView("abcdefghijklmnopqrst").first(number % 20);
    }
    /// One operation of any kind.
    void act(QRandomGenerator &random, qint64 number)
    {
        const QByteArray key = keyOf(random.bounded(keyCount));
        switch (random.bounded(8)) {
        case 0:
            std::ignore = m_table.remove(key);
            break;
        case 1:
            std::ignore = m_table.take(key);
            break;
        case 2:
            set(key, number, 5ms);
            break;
        case 3:
            std::ignore = m_table.expire(key, 0ms);
            break;
        default:
            set(key, number);
        }
    }

private:
    Table m_table;
    IntColumn m_count;
    IntColumn m_small;
    FloatColumn m_rate;
    StringColumn m_title;
};

/// Processes over one table.
class Crowd
{
public:
    Crowd()
        : m_board(static_cast<Board *>(
              ::mmap(nullptr, sizeof(Board), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0)))
    {
        if (m_board == MAP_FAILED)
            qFatal("no memory");
        m_pids.fill(0);
    }
    ~Crowd()
    {
        for (int i = 0; i < mostProcesses; ++i)
            kill(i);
        ::munmap(m_board, sizeof(Board));
    }
    Q_DISABLE_COPY_MOVE(Crowd)

    Board &board() const { return *m_board; }
    pid_t pid(int place) const { return m_pids[std::size_t(place)]; }
    Board::Place &place(int number) const { return m_board->places[std::size_t(number)]; }
    quint64 done(int number) const { return place(number).done; }

    void start(int number, const std::function<void(Board::Place &)> &work)
    {
        const pid_t pid = ::fork();
        if (pid == 0) {
            work(place(number));
            ::_exit(0);
        }
        m_pids[std::size_t(number)] = pid;
    }
    void kill(int number)
    {
        pid_t &pid = m_pids[std::size_t(number)];
        if (pid == 0)
            return;
        ::kill(pid, SIGKILL);
        ::waitpid(pid, nullptr, 0);
        pid = 0;
    }
    void join(int number) { ::waitpid(std::exchange(m_pids[std::size_t(number)], 0), nullptr, 0); }
    /// Whether all but \a except get on, within ten seconds.
    bool othersGoOn(int count, int except) const
    {
        for (int i = 0; i < count; ++i) {
            const quint64 before = done(i);
            if (i != except && !QTest::qWaitFor([&] { return done(i) > before + 10; }, 10'000))
                return false;
        }
        return true;
    }

private:
    Board *m_board;
    std::array<pid_t, mostProcesses> m_pids;
};

} // namespace

/// Tables that many processes use, some of which are stopped or killed. With QUERN_LONG_TESTS it takes some minutes.
class TestTableProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void nothingTorn();
    void killedAndStopped();
};

void TestTableProcesses::nothingTorn()
{
    const quint64 operations = isLong() ? 10'000'000 : 1'000'000;
    constexpr int readers = 3;
    TableFixture fixture(sampleTable(tableSize));
    Crowd crowd;
    crowd.start(readers, [&](Board::Place &place) {
        Writer writer(fixture.table);
        for (qint64 i = 0; !crowd.board().isOver; ++i) {
            writer.set(keyOf(int(i % 4)), i);
            ++place.done;
        }
    });
    QVERIFY(QTest::qWaitFor([&] { return crowd.done(readers) > 10; }, 10'000));
    for (int reader = 0; reader < readers; ++reader) {
        crowd.start(reader, [&, reader](Board::Place &place) {
            const Writer writer(fixture.table);
            for (quint64 i = quint64(reader); place.done < operations / readers + 1; ++i) {
                const Result<std::optional<Row>> row = fixture.table.read(keyOf(int(i % 4)));
                if (!row || !*row || !writer.isWhole(**row))
                    ++place.torn;
                ++place.done;
            }
        });
    }
    quint64 reads = 0;
    for (int reader = 0; reader < readers; ++reader) {
        crowd.join(reader);
        QCOMPARE(crowd.place(reader).torn, 0U);
        reads += crowd.done(reader);
    }
    crowd.board().isOver = true;
    crowd.join(readers);
    QVERIFY(reads >= operations);
    qInfo("%llu reads beside %llu writes", reads, crowd.done(readers));
}

void TestTableProcesses::killedAndStopped()
{
    const int kills = isLong() ? 200 : 30;
    const int stops = isLong() ? 20 : 5;
    constexpr int writers = 4;
    TableFixture fixture(sampleTable(tableSize));
    const Writer checker(fixture.table);
    Crowd crowd;
    const auto write = [&](Board::Place &place) {
        Writer writer(fixture.table);
        QRandomGenerator random(quint32(::getpid()));
        for (;; ++place.done)
            writer.act(random, qint64(place.done));
    };
    const auto look = [&] {
        quint64 rows = 0;
        fixture.table.forEach([&](const QByteArray &, const Row &row) {
            rows += checker.isWhole(row) ? 1 : 1'000'000;
            return true;
        });
        return rows;
    };
    for (int i = 0; i < writers; ++i)
        crowd.start(i, write);
    QVERIFY(crowd.othersGoOn(writers, -1));
    for (int round = 0; round < kills + stops; ++round) {
        const int victim = round % writers;
        // Anywhere: how far it gets by then differs each time.
        const quint64 until = crowd.done(victim) + QRandomGenerator::global()->bounded(3000U);
        QVERIFY(QTest::qWaitFor([&] { return crowd.done(victim) >= until; }, 10'000));
        if (round % (kills / stops + 1) == 0) {
            ::kill(crowd.pid(victim), SIGSTOP);
            QVERIFY2(crowd.othersGoOn(writers, victim), qPrintable(QStringLiteral("stopped in round %1").arg(round)));
            QVERIFY(look() <= tableSize);
            fixture.sweep();
            if (round % 2 == 0) {
                ::kill(crowd.pid(victim), SIGCONT);
                QVERIFY(crowd.othersGoOn(writers, -1));
                continue;
            }
        }
        crowd.kill(victim);
        QVERIFY2(crowd.othersGoOn(writers, victim), qPrintable(QStringLiteral("killed in round %1").arg(round)));
        fixture.sweep();
        QVERIFY(look() <= tableSize);
        crowd.start(victim, write);
    }
    for (int i = 0; i < writers; ++i)
        crowd.kill(i);
    // Nothing is lost, and nothing is there twice.
    QTRY_VERIFY([&] {
        fixture.sweep(); // what has a time to live, too
        return fixture.table.count() == look();
    }());
    QCOMPARE(fixture.core().records().takenCount(), fixture.table.count());
    for (int i = 0; fixture.table.count() < tableSize; ++i)
        QVERIFY(fixture.table.set("more " + QByteArray::number(i), {}).ok());
    QCOMPARE(fixture.table.set("beyond", {}).error().code(), Error::Busy);
    QCOMPARE(fixture.table.stats().rows, tableSize);
}

QTEST_GUILESS_MAIN(TestTableProcesses)
#include "tst_tableprocesses.moc"
