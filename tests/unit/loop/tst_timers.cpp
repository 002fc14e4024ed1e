#include "loopsupport.h"

#include <QEventLoop>
#include <QTimer>
#include <QTimerEvent>

#include <algorithm>
#include <chrono>

using namespace LoopTest;
using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

namespace {

/// Late enough to be a defect even on a loaded machine.
constexpr auto tooLate = 2s;

/// Counts its timer events and then does what it was told.
class Receiver : public QObject
{
public:
    explicit Receiver(std::function<void(int)> action = {}) : m_action(std::move(action)) {}
    int count = 0;

protected:
    void timerEvent(QTimerEvent *event) override
    {
        ++count;
        if (m_action)
            m_action(event->timerId());
    }

private:
    std::function<void(int)> m_action;
};

/// Lets \a duration pass without a turn of the event loop.
void block(Clock::duration duration)
{
    const auto end = Clock::now() + duration;
    while (Clock::now() < end) {
    }
}

} // namespace

class TestTimers : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void notEarlyAndNotMuchLater_data();
    void notEarlyAndNotMuchLater();
    void preciseDoesNotDrift();
    void coarseStaysWithinItsShare();
    void coarseTimersShareWakeUps();
    void earliestFirst();
    void zeroFiresOnceATurn();
    void zeroDoesNotStarveSockets();
    void zeroIsNoReasonForAnotherTurn();
    void overdueFiresOnce();
    void killedInItsOwnCallback();
    void replacedInItsOwnCallback();
    void killedByAnEarlierTimer();
    void receiverDeletedByAnEarlierTimer();
    void startedByATimerWaitsForTheNextTurn();
    void runningTimerDoesNotFireInNestedLoop();
    void otherTimersFireInNestedLoopOnce();
    void singleShotInNestedLoop();
    void remainingTime();
    void registeredTimers();
    void unregisterTimers();
    void excludedTimersStayPut();
    void tenThousand();
    void centuriesAhead();
};

void TestTimers::notEarlyAndNotMuchLater_data()
{
    QTest::addColumn<Qt::TimerType>("type");
    QTest::addColumn<int>("interval");
    for (const int interval : {1, 7, 20, 60, 130}) {
        QTest::addRow("precise %d ms", interval) << Qt::PreciseTimer << interval;
        QTest::addRow("coarse %d ms", interval) << Qt::CoarseTimer << interval;
    }
    QTest::newRow("very coarse 300 ms") << Qt::VeryCoarseTimer << 300;
}

void TestTimers::notEarlyAndNotMuchLater()
{
    QFETCH(const Qt::TimerType, type);
    QFETCH(const int, interval);
    QEventLoop loop;
    Receiver receiver([&](int) { loop.quit(); });
    const auto start = Clock::now();
    receiver.startTimer(interval, type);
    loop.exec();
    const auto elapsed = Clock::now() - start;
    QCOMPARE_GE(elapsed, std::chrono::milliseconds(interval));
    QCOMPARE_LT(elapsed, std::chrono::milliseconds(interval) + tooLate);
}

void TestTimers::preciseDoesNotDrift()
{
    constexpr Clock::duration interval = 5ms;
    Quern::loop::TimerList timers;
    // Late by a part of the period, and by more than one.
    Receiver receiver([&](int) { block(receiver.count % 3 == 0 ? 12ms : 2ms); });
    const auto before = Clock::now();
    timers.add(1, 5ms, Qt::PreciseTimer, &receiver);
    auto slack = Clock::now() - before;
    while (receiver.count < 10) {
        block(*timers.untilNext() + 1ms);
        timers.activate();
        const auto asked = Clock::now();
        const auto remaining = *timers.remaining(1);
        slack = std::max(slack, Clock::now() - asked);
        if (remaining > 0ns)
            QCOMPARE_LE((asked + slack + remaining - before) % interval, 2 * slack);
    }
}

void TestTimers::coarseStaysWithinItsShare()
{
    Quern::loop::TimerList timers;
    Receiver receiver;
    for (const std::chrono::milliseconds interval : {20ms, 39ms, 100ms, 999ms, 5000ms, 19999ms, 20000ms, 3600000ms}) {
        const auto before = Clock::now();
        timers.add(1, interval, Qt::CoarseTimer, &receiver);
        const auto until = timers.untilNext();
        QVERIFY(until);
        QCOMPARE_GE(*until, interval - (Clock::now() - before));
        QCOMPARE_LE(*until, interval + interval / 20);
    }
}

void TestTimers::coarseTimersShareWakeUps()
{
    QEventLoop loop;
    int fired = 0;
    constexpr int size = 50;
    std::vector<std::unique_ptr<Receiver>> receivers;
    for (int i = 0; i < size; ++i) {
        receivers.push_back(std::make_unique<Receiver>([&](int id) {
            if (++fired == size)
                loop.quit();
            QAbstractEventDispatcher::instance()->unregisterTimer(id);
        }));
        receivers.back()->startTimer(400 + i / 5, Qt::CoarseTimer);
        block(100us);
    }
    int turns = 0;
    connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::awake, &loop, [&] { ++turns; });
    loop.exec();
    // 400 to 409 ms, on a grid of 16 ms.
    QCOMPARE_LE(turns, 12);
}

void TestTimers::earliestFirst()
{
    QList<int> order;
    Receiver receiver([&](int id) {
        order.append(id);
        receiver.killTimer(id);
    });
    const int late = receiver.startTimer(6, Qt::PreciseTimer);
    const int early = receiver.startTimer(2, Qt::PreciseTimer);
    const int middle = receiver.startTimer(4, Qt::PreciseTimer);
    block(10ms);
    turn();
    QCOMPARE(order, QList<int>({early, middle, late}));
}

void TestTimers::zeroFiresOnceATurn()
{
    Receiver first, second;
    first.startTimer(0);
    second.startTimer(0);
    for (int i = 1; i <= 3; ++i) {
        turn(QEventLoop::WaitForMoreEvents);
        QCOMPARE(first.count, i);
        QCOMPARE(second.count, i);
    }
}

void TestTimers::zeroDoesNotStarveSockets()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, [&] { take(pair.near.get()); });
    Receiver zero;
    zero.startTimer(0);
    for (int i = 1; i <= 10; ++i) {
        put(pair.far.get());
        turn();
        QCOMPARE(notifier.count, i);
        QCOMPARE(zero.count, i);
    }
}

void TestTimers::zeroIsNoReasonForAnotherTurn()
{
    Receiver zero;
    zero.startTimer(0);
    turn();
    QVERIFY(!turn());
    QCOMPARE(zero.count, 2);
}

void TestTimers::overdueFiresOnce()
{
    Receiver receiver;
    const int id = receiver.startTimer(3, Qt::PreciseTimer);
    block(20ms);
    turn();
    QCOMPARE(receiver.count, 1);
    const int remaining = QAbstractEventDispatcher::instance()->remainingTime(id);
    QCOMPARE_LE(remaining, 3);
}

void TestTimers::killedInItsOwnCallback()
{
    Receiver receiver([&](int id) { receiver.killTimer(id); });
    receiver.startTimer(0);
    turn();
    turn();
    QCOMPARE(receiver.count, 1);
    QVERIFY(QAbstractEventDispatcher::instance()->registeredTimers(&receiver).isEmpty());
}

void TestTimers::replacedInItsOwnCallback()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    Receiver receiver([&](int id) {
        if (receiver.count > 1)
            return;
        // The same id, as after killTimer() and startTimer() in a busy process.
        dispatcher->unregisterTimer(id);
        dispatcher->registerTimer(id, 0, Qt::PreciseTimer, &receiver);
    });
    const int id = receiver.startTimer(1, Qt::PreciseTimer);
    block(2ms);
    turn();
    QCOMPARE(receiver.count, 1);
    turn();
    turn();
    QCOMPARE(receiver.count, 3);
    const auto timers = dispatcher->registeredTimers(&receiver);
    QCOMPARE(timers.size(), 1);
    QCOMPARE(timers.first().timerId, id);
    QCOMPARE(timers.first().interval, 0);
}

void TestTimers::killedByAnEarlierTimer()
{
    Receiver second;
    int id = 0;
    Receiver first([&](int) { second.killTimer(id); });
    first.startTimer(1, Qt::PreciseTimer);
    id = second.startTimer(2, Qt::PreciseTimer);
    block(4ms);
    turn();
    QCOMPARE(first.count, 1);
    QCOMPARE(second.count, 0);
}

void TestTimers::receiverDeletedByAnEarlierTimer()
{
    bool fired = false;
    auto second = std::make_unique<Receiver>([&](int) { fired = true; });
    Receiver first([&](int) { second.reset(); });
    first.startTimer(1, Qt::PreciseTimer);
    second->startTimer(2, Qt::PreciseTimer);
    block(4ms);
    turn();
    QVERIFY(!second);
    QVERIFY(!fired);
}

void TestTimers::startedByATimerWaitsForTheNextTurn()
{
    Receiver second;
    Receiver first([&](int) {
        if (first.count == 1)
            second.startTimer(0);
    });
    first.startTimer(0);
    turn();
    QCOMPARE(second.count, 0);
    turn();
    QCOMPARE(second.count, 1);
}

void TestTimers::runningTimerDoesNotFireInNestedLoop()
{
    int depth = 0, deepest = 0;
    Receiver receiver([&](int) {
        deepest = std::max(deepest, ++depth);
        QEventLoop nested;
        QTimer::singleShot(20, Qt::PreciseTimer, &nested, &QEventLoop::quit);
        int turns = 0;
        connect(QAbstractEventDispatcher::instance(), &QAbstractEventDispatcher::awake, &nested, [&] { ++turns; });
        nested.exec();
        // It is overdue all the while: the nested loop must neither call it nor spin for it.
        QCOMPARE_LE(turns, 10);
        --depth;
    });
    receiver.startTimer(2, Qt::PreciseTimer);
    QTRY_COMPARE_GE(receiver.count, 2);
    QCOMPARE(deepest, 1);
}

void TestTimers::otherTimersFireInNestedLoopOnce()
{
    Receiver second;
    int seen = -1;
    Receiver first([&](int) {
        turn();
        seen = second.count;
    });
    first.startTimer(1000, Qt::PreciseTimer);
    second.startTimer(1001, Qt::PreciseTimer);
    block(1100ms);
    turn();
    QCOMPARE(first.count, 1);
    QCOMPARE(seen, 1);
    QCOMPARE(second.count, 1);
}

void TestTimers::singleShotInNestedLoop()
{
    bool outer = false, inner = false;
    QTimer::singleShot(0, this, [&] {
        QEventLoop nested;
        QTimer::singleShot(1, &nested, [&] {
            inner = true;
            nested.quit();
        });
        nested.exec();
        outer = true;
    });
    QTRY_VERIFY(outer);
    QVERIFY(inner);
}

void TestTimers::remainingTime()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    Receiver receiver;
    for (const auto type : {Qt::PreciseTimer, Qt::CoarseTimer, Qt::VeryCoarseTimer}) {
        const int id = receiver.startTimer(10'000, type);
        const int remaining = dispatcher->remainingTime(id);
        QCOMPARE_LE(remaining, 10'000);
        QCOMPARE_GT(remaining, 8'000);
        receiver.killTimer(id);
        QCOMPARE(dispatcher->remainingTime(id), -1);
    }
    const int id = receiver.startTimer(1, Qt::PreciseTimer);
    block(2ms);
    QCOMPARE(dispatcher->remainingTime(id), 0);
}

void TestTimers::registeredTimers()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    Receiver receiver, other;
    const int precise = receiver.startTimer(1000, Qt::PreciseTimer);
    const int coarse = receiver.startTimer(2000, Qt::CoarseTimer);
    other.startTimer(3000);
    auto timers = dispatcher->registeredTimers(&receiver);
    std::sort(timers.begin(), timers.end(), [](const auto &a, const auto &b) { return a.interval < b.interval; });
    QCOMPARE(timers.size(), 2);
    QCOMPARE(timers[0].timerId, precise);
    QCOMPARE(timers[0].interval, 1000);
    QCOMPARE(timers[0].timerType, Qt::PreciseTimer);
    QCOMPARE(timers[1].timerId, coarse);
    QCOMPARE(timers[1].timerType, Qt::CoarseTimer);
}

void TestTimers::unregisterTimers()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    Receiver receiver, other;
    const int first = receiver.startTimer(0);
    receiver.startTimer(0);
    other.startTimer(0);
    QVERIFY(dispatcher->unregisterTimers(&receiver));
    QVERIFY(!dispatcher->unregisterTimers(&receiver));
    QVERIFY(!dispatcher->unregisterTimer(first));
    turn();
    QCOMPARE(receiver.count, 0);
    QCOMPARE(other.count, 1);
}

void TestTimers::excludedTimersStayPut()
{
    Receiver receiver;
    receiver.startTimer(0);
    QVERIFY(!turn(QEventLoop::X11ExcludeTimers));
    QCOMPARE(receiver.count, 0);
    turn();
    QCOMPARE(receiver.count, 1);
}

void TestTimers::tenThousand()
{
    constexpr int size = 10'000;
    std::vector<std::unique_ptr<QTimer>> timers;
    int fired = 0;
    for (int i = 0; i < size; ++i) {
        timers.push_back(std::make_unique<QTimer>());
        timers.back()->setSingleShot(true);
        timers.back()->setTimerType(i % 2 ? Qt::PreciseTimer : Qt::CoarseTimer);
        connect(timers.back().get(), &QTimer::timeout, this, [&] { ++fired; });
        // Every third is stopped again, and every fifth moved to another time.
        timers.back()->start(1 + i % 100);
        if (i % 3 == 0)
            timers.back()->stop();
        else if (i % 5 == 0)
            timers.back()->start(1 + i % 50);
    }
    const int expected = size - (size + 2) / 3;
    QTRY_COMPARE(fired, expected);
    timers.clear();
    turn();
    QCOMPARE(fired, expected);
}

void TestTimers::centuriesAhead()
{
    Quern::loop::TimerList timers;
    Receiver receiver;
    timers.add(1, std::chrono::milliseconds::max(), Qt::PreciseTimer, &receiver);
    QCOMPARE_GT(*timers.untilNext(), std::chrono::years(99));
    QCOMPARE(Quern::loop::toMilliseconds(timers.untilNext()), std::numeric_limits<int>::max());
}

QUERN_EPOLL_TEST_MAIN(TestTimers)
#include "tst_timers.moc"
