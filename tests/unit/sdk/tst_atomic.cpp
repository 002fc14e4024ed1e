#include "sdk/src/tablelayout_p.h"

#include <Quern/server.h>

#include <QElapsedTimer>
#include <QFile>
#include <QScopeGuard>
#include <QTest>

#include <algorithm>
#include <functional>
#include <limits>
#include <thread>

#include <csignal>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using namespace std::chrono_literals;

namespace {

/// Whether a thread of this process sleeps.
bool isAsleep(pid_t thread)
{
    QFile file(QStringLiteral("/proc/self/task/%1/stat").arg(thread));
    if (!file.open(QIODevice::ReadOnly))
        return false;
    const QByteArray text = file.readAll();
    return text.sliced(text.lastIndexOf(')')).startsWith(") S");
}

} // namespace

using Change = std::function<void(Atomic &)>;
Q_DECLARE_METATYPE(Change)

class TestAtomic : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void arithmetic();
    void lookup();
    void waits();
    void wakes();
    void heardAtOnce_data();
    void heardAtOnce();
    void everyAddCounts();
    void sharedByProcesses();
    void authorThatDies();

private:
    std::shared_ptr<SharedArea> m_area;
    Atomic m_atomic;
};

void TestAtomic::init()
{
    auto made = SharedArea::createAnonymous({{}, {{QStringLiteral("visits"), 5}, {QStringLiteral("other"), -1}}});
    QVERIFY(made.ok());
    m_area = *made;
    setSharedArea(m_area);
    m_atomic = *server().atomic(QStringLiteral("visits"));
}

void TestAtomic::cleanup()
{
    setSharedArea(nullptr);
}

void TestAtomic::arithmetic()
{
    constexpr qint64 greatest = std::numeric_limits<qint64>::max();
    constexpr qint64 smallest = std::numeric_limits<qint64>::min();
    QCOMPARE(m_atomic.get(), 5);
    QCOMPARE(m_atomic.add(), 6);
    QCOMPARE(m_atomic.add(-10), -4);
    QCOMPARE(m_atomic.sub(), -5);
    QCOMPARE(m_atomic.set(greatest), -5);
    QCOMPARE(m_atomic.add(), smallest);
    QCOMPARE(m_atomic.sub(), greatest);
    QCOMPARE(m_atomic.sub(smallest), -1);
    QVERIFY(!m_atomic.compareAndSet(1, 2));
    QVERIFY(m_atomic.compareAndSet(-1, 2));
    QCOMPARE(m_atomic.get(), 2);
    QCOMPARE(server().atomic(QStringLiteral("other"))->get(), -1);
}

void TestAtomic::lookup()
{
    const Result<Atomic> none = server().atomic(QStringLiteral("nothing"));
    QCOMPARE(none.error().code(), Error::NotFound);
    QVERIFY(none.error().message().contains(QStringLiteral("visits, other")));
    setSharedArea(nullptr);
    QCOMPARE(server().atomic(QStringLiteral("visits")).error().code(), Error::Unavailable);
    Atomic null;
    QVERIFY(null.isNull());
    QCOMPARE(null.add(), 0);
    QCOMPARE(null.wait(0, 1s).error().code(), Error::Invalid);
}

void TestAtomic::waits()
{
    QCOMPARE(*m_atomic.wait(4, 1h), 5);
    QElapsedTimer timer;
    timer.start();
    QCOMPARE(m_atomic.wait(5, 30ms).error().code(), Error::Timeout);
    QVERIFY(timer.elapsed() >= 30);
    std::thread other([this] { m_atomic.add(); });
    QCOMPARE(*m_atomic.wait(5, 10s), 6);
    other.join();
}

void TestAtomic::wakes()
{
    std::atomic<int> waiting = 0;
    const auto wait = [&] {
        ++waiting;
        const Result<qint64> value = m_atomic.wait(5, 10s);
        return value.ok() && *value == 5;
    };
    std::array<std::atomic<bool>, 3> isWoken = {};
    std::vector<std::thread> threads;
    for (std::atomic<bool> &each : isWoken)
        threads.emplace_back([&] { each = wait(); });
    QTRY_COMPARE(waiting, 3);
    QTRY_VERIFY([&] {
        m_atomic.wake(); // again, since the last may not have begun yet
        return isWoken[0] && isWoken[1] && isWoken[2];
    }());
    for (std::thread &thread : threads)
        thread.join();
}

void TestAtomic::heardAtOnce_data()
{
    QTest::addColumn<Change>("change");
    QTest::newRow("add") << Change([](Atomic &atomic) { atomic.add(); });
    QTest::newRow("sub") << Change([](Atomic &atomic) { atomic.sub(); });
    QTest::newRow("set") << Change([](Atomic &atomic) { atomic.set(1); });
    QTest::newRow("compare and set") << Change([](Atomic &atomic) { atomic.compareAndSet(5, 1); });
    QTest::newRow("wake") << Change([](Atomic &atomic) { atomic.wake(); });
}

void TestAtomic::heardAtOnce()
{
    QFETCH(Change, change);
    // The quickest of some: a busy machine makes one slow, and who is not woken looks after 100 ms by itself.
    qint64 quickest = 1000;
    for (int round = 0; round < 5; ++round) {
        m_atomic.set(5);
        std::atomic<pid_t> thread = 0;
        std::atomic<bool> isOver = false;
        std::thread waiter([&] {
            thread = pid_t(::gettid());
            isOver = m_atomic.wait(5, 10s).ok();
        });
        const auto end = qScopeGuard([&] {
            m_atomic.set(6);
            waiter.join();
        });
        QElapsedTimer timer;
        timer.start();
        while (!isAsleep(thread) && timer.elapsed() < 5000)
            std::this_thread::yield();
        timer.restart();
        change(m_atomic);
        while (!isOver && timer.elapsed() < 5000)
            std::this_thread::yield();
        quickest = std::min(quickest, timer.elapsed());
    }
    QVERIFY2(quickest < 40, qPrintable(QString::number(quickest)));
}

void TestAtomic::everyAddCounts()
{
    const auto add = [this] {
        for (int i = 0; i < 100'000; ++i)
            m_atomic.add();
    };
    std::thread first(add);
    std::thread second(add);
    first.join();
    second.join();
    QCOMPARE(m_atomic.get(), 200'005);
}

void TestAtomic::sharedByProcesses()
{
    // Ping and pong: each waits for the other a thousand times.
    constexpr int rounds = 1000;
    m_atomic.set(0);
    const pid_t child = ::fork();
    if (child == 0) {
        for (int i = 0; i < rounds; ++i) {
            if (!m_atomic.wait(2 * i, 10s).ok())
                ::_exit(1);
            m_atomic.add();
        }
        ::_exit(0);
    }
    QElapsedTimer timer;
    timer.start();
    for (int i = 0; i < rounds; ++i) {
        QCOMPARE(m_atomic.add(), 2 * i + 1);
        QCOMPARE(*m_atomic.wait(2 * i + 1, 10s), 2 * i + 2);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(status, 0);
    // That each is woken, and none waits until it looks by itself.
    QVERIFY2(timer.elapsed() < rounds * 20, qPrintable(QString::number(timer.elapsed())));
}

void TestAtomic::authorThatDies()
{
    // Some die between the change and the wake. None may leave the waiter behind for good.
    for (int i = 0; i < 30; ++i) {
        m_atomic.set(0);
        const pid_t child = ::fork();
        if (child == 0) {
            for (;;)
                m_atomic.add();
        }
        const auto end = qScopeGuard([child] {
            ::kill(child, SIGKILL);
            ::waitpid(child, nullptr, 0);
        });
        QVERIFY(*m_atomic.wait(0, 10s) > 0);
    }
}

QTEST_GUILESS_MAIN(TestAtomic)
#include "tst_atomic.moc"
