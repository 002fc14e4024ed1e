#include "loopsupport.h"

#include <QDeadlineTimer>
#include <QEventLoop>
#include <QPointer>
#include <QSemaphore>
#include <QSignalSpy>
#include <QTimer>

#include <csignal>
#include <thread>

using namespace LoopTest;

namespace {

QAbstractEventDispatcher *dispatcher()
{
    return QAbstractEventDispatcher::instance();
}

void post(QObject *context, std::function<void()> action)
{
    QMetaObject::invokeMethod(context, std::move(action), Qt::QueuedConnection);
}

} // namespace

class TestTurns : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void nothingToDo();
    void postedEventsCountOnce();
    void postedBeforeAWaitEndsIt();
    void timerEndsAWait();
    void socketEndsAWait();
    void waitWithoutSockets();
    void signalsOfATurn();
    void noAnnouncementWithoutAWait();
    void postedWhenAboutToBlock();
    void timerStartedWhenAboutToBlock();
    void notifierEnabledWhenAboutToBlock();
    void nestedTurnWhenAboutToBlock();
    void quitWhenAboutToBlock();
    void announcedInSpiteOfAZeroTimer();
    void announcedInSpiteOfEndlessWakeUps();
    void interruptEndsTheTurn();
    void interruptFromAnotherThread();
    void nestedLoopsEndInTurn();
    void outerLoopLeftFromWithin();
    void deferredDeleteAfterNestedLoop();
    void unixSignalDoesNotEndAWait();
    void eventsPostedByPostedEvents();
    void postedByANestedLoopThatEnds();
    void postedEventsDoNotStarveOthers();
};

void TestTurns::init()
{
    while (turn()) {
    }
}

void TestTurns::nothingToDo()
{
    QVERIFY(!turn());
}

void TestTurns::postedEventsCountOnce()
{
    bool called = false;
    post(this, [&] { called = true; });
    QVERIFY(turn());
    QVERIFY(called);
    QVERIFY(!turn());
}

void TestTurns::postedBeforeAWaitEndsIt()
{
    bool called = false;
    post(this, [&] { called = true; });
    QVERIFY(turn(QEventLoop::WaitForMoreEvents));
    QVERIFY(called);
}

void TestTurns::timerEndsAWait()
{
    bool fired = false;
    QTimer::singleShot(5, this, [&] { fired = true; });
    QVERIFY(turn(QEventLoop::WaitForMoreEvents));
    QVERIFY(fired);
}

void TestTurns::socketEndsAWait()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    std::jthread writer([&] { put(pair.far.get()); });
    QVERIFY(turn(QEventLoop::WaitForMoreEvents));
    QCOMPARE(notifier.count, 1);
}

void TestTurns::waitWithoutSockets()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    put(pair.far.get());
    bool fired = false;
    QTimer::singleShot(5, this, [&] { fired = true; });
    turn(QEventLoop::WaitForMoreEvents | QEventLoop::ExcludeSocketNotifiers);
    QVERIFY(fired);
    // Twice, for the descriptor that ends the sleep must not stay readable.
    for (int i = 0; i < 2; ++i) {
        bool called = false;
        std::jthread poster([&] { post(this, [&] { called = true; }); });
        const QDeadlineTimer deadline(10'000);
        int turns = 0;
        for (; !called && !deadline.hasExpired(); ++turns)
            turn(QEventLoop::WaitForMoreEvents | QEventLoop::ExcludeSocketNotifiers);
        QVERIFY(called);
        QCOMPARE_LE(turns, 3);
    }
    QCOMPARE(notifier.count, 0);
    turn();
    QCOMPARE(notifier.count, 1);
}

void TestTurns::signalsOfATurn()
{
    QStringList order;
    const auto note = [&](const QString &what) { return [&order, what] { order << what; }; };
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, note(QStringLiteral("socket")));
    put(pair.far.get());
    QTimer timer;
    connect(&timer, &QTimer::timeout, note(QStringLiteral("timer")));
    timer.start(0);
    QObject context;
    connect(dispatcher(), &QAbstractEventDispatcher::awake, &context, note(QStringLiteral("awake")));
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &context, note(QStringLiteral("about to block")));
    post(&context, note(QStringLiteral("posted")));
    turn(QEventLoop::WaitForMoreEvents | QEventLoop::EventLoopExec);
    QCOMPARE(order.join(u", "), QStringLiteral("awake, posted, about to block, socket, timer"));
}

void TestTurns::noAnnouncementWithoutAWait()
{
    QSignalSpy blocking(dispatcher(), &QAbstractEventDispatcher::aboutToBlock);
    QSignalSpy awake(dispatcher(), &QAbstractEventDispatcher::awake);
    turn();
    QCOMPARE(awake.count(), 1);
    QCOMPARE(blocking.count(), 0);
    dispatcher()->wakeUp();
    turn(QEventLoop::WaitForMoreEvents);
    QCOMPARE(blocking.count(), 0);
}

void TestTurns::postedWhenAboutToBlock()
{
    QEventLoop loop;
    bool posted = false;
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] {
        if (!std::exchange(posted, true))
            post(&loop, [&] { loop.exit(7); });
    });
    QCOMPARE(loop.exec(), 7);
}

void TestTurns::timerStartedWhenAboutToBlock()
{
    QEventLoop loop;
    QTimer timer;
    connect(&timer, &QTimer::timeout, &loop, [&] { loop.exit(7); });
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] {
        if (!timer.isActive())
            timer.start(3);
    });
    QCOMPARE(loop.exec(), 7);
}

void TestTurns::notifierEnabledWhenAboutToBlock()
{
    SocketPair pair;
    QEventLoop loop;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, [&] { loop.exit(7); });
    notifier.setEnabled(false);
    put(pair.far.get());
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] { notifier.setEnabled(true); });
    QCOMPARE(loop.exec(), 7);
}

void TestTurns::nestedTurnWhenAboutToBlock()
{
    QEventLoop loop;
    bool nested = false;
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] {
        if (std::exchange(nested, true))
            return;
        // The nested turn takes the interrupt; the loop below must end all the same.
        post(&loop, [&] { loop.exit(7); });
        turn();
        turn();
    });
    QCOMPARE(loop.exec(), 7);
}

void TestTurns::quitWhenAboutToBlock()
{
    QEventLoop loop;
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] { loop.exit(7); });
    QCOMPARE(loop.exec(), 7);
}

void TestTurns::announcedInSpiteOfAZeroTimer()
{
    QEventLoop loop;
    QTimer zero;
    zero.start(0);
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] { loop.exit(7); });
    QCOMPARE(loop.exec(), 7);
}

void TestTurns::announcedInSpiteOfEndlessWakeUps()
{
    QEventLoop loop;
    int turns = 0, announced = 0;
    // Another thread wakes each turn up after it has begun, the worst moment for it.
    connect(dispatcher(), &QAbstractEventDispatcher::awake, &loop, [&] {
        std::thread([d = dispatcher()] { d->wakeUp(); }).join();
        if (++turns == 10)
            loop.quit();
    });
    connect(dispatcher(), &QAbstractEventDispatcher::aboutToBlock, &loop, [&] { ++announced; });
    loop.exec();
    QCOMPARE_GE(announced, 4);
    QCOMPARE_LE(announced, 6);
}

void TestTurns::interruptEndsTheTurn()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    put(pair.far.get());
    post(this, [] { dispatcher()->interrupt(); });
    QVERIFY(!turn(QEventLoop::WaitForMoreEvents));
    QCOMPARE(notifier.count, 0);
    QVERIFY(turn());
    QCOMPARE(notifier.count, 1);
}

void TestTurns::interruptFromAnotherThread()
{
    for (int i = 0; i < 200; ++i) {
        QEventLoop loop;
        QSemaphore running;
        connect(dispatcher(), &QAbstractEventDispatcher::awake, &loop, [&] { running.release(); });
        const std::jthread quitter([&] {
            running.acquire();
            loop.exit(i);
        });
        QCOMPARE(loop.exec(), i);
    }
}

void TestTurns::nestedLoopsEndInTurn()
{
    QEventLoop outer, middle, inner;
    QList<int> results;
    post(this, [&] {
        post(this, [&] {
            post(this, [&] { inner.exit(3); });
            results << inner.exec();
            middle.exit(2);
        });
        results << middle.exec();
        outer.exit(1);
    });
    results << outer.exec();
    QCOMPARE(results, QList<int>({3, 2, 1}));
}

void TestTurns::outerLoopLeftFromWithin()
{
    QEventLoop outer, inner;
    QTimer::singleShot(1, this, [&] {
        QTimer::singleShot(1, this, [&] {
            outer.exit(1);
            inner.exit(2);
        });
        QCOMPARE(inner.exec(), 2);
    });
    QCOMPARE(outer.exec(), 1);
}

void TestTurns::deferredDeleteAfterNestedLoop()
{
    QPointer<QObject> object = new QObject;
    bool aliveAfterNested = false;
    QEventLoop outer;
    QTimer::singleShot(0, this, [&] {
        object->deleteLater();
        QEventLoop nested;
        QTimer::singleShot(5, &nested, &QEventLoop::quit);
        nested.exec();
        aliveAfterNested = !object.isNull();
    });
    connect(object, &QObject::destroyed, &outer, &QEventLoop::quit);
    outer.exec();
    QVERIFY(aliveAfterNested);
    QVERIFY(!object);
}

void TestTurns::unixSignalDoesNotEndAWait()
{
    struct sigaction action = {}, previous = {};
    action.sa_handler = [](int) {};
    QCOMPARE(::sigaction(SIGUSR1, &action, &previous), 0);
    const pthread_t self = ::pthread_self();
    int turns = 0;
    QEventLoop loop;
    connect(dispatcher(), &QAbstractEventDispatcher::awake, &loop, [&] { ++turns; });
    QTimer::singleShot(50, Qt::PreciseTimer, &loop, &QEventLoop::quit);
    std::jthread sender([&](const std::stop_token &stop) {
        while (!stop.stop_requested()) {
            ::pthread_kill(self, SIGUSR1);
            std::this_thread::yield();
        }
    });
    loop.exec();
    sender.request_stop();
    sender.join();
    QCOMPARE(::sigaction(SIGUSR1, &previous, nullptr), 0);
    QCOMPARE_LE(turns, 3);
}

void TestTurns::eventsPostedByPostedEvents()
{
    QEventLoop loop;
    int links = 0;
    std::function<void()> link = [&] {
        if (++links == 1'000)
            loop.exit(7);
        else
            post(&loop, link);
    };
    post(&loop, link);
    QCOMPARE(loop.exec(), 7);
    QCOMPARE(links, 1'000);
}

void TestTurns::postedByANestedLoopThatEnds()
{
    QEventLoop outer;
    post(&outer, [&] {
        QEventLoop nested;
        post(&nested, [&] {
            nested.quit();
            post(&outer, [&] { outer.exit(7); });
        });
        nested.exec();
    });
    QCOMPARE(outer.exec(), 7);
}

void TestTurns::postedEventsDoNotStarveOthers()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, [&] { take(pair.near.get()); });
    QTimer timer;
    int fired = 0;
    connect(&timer, &QTimer::timeout, this, [&] { ++fired; });
    timer.start(0);
    QObject context;
    int links = 0;
    std::function<void()> link = [&] {
        ++links;
        post(&context, link);
    };
    post(&context, link);
    for (int i = 1; i <= 20; ++i) {
        put(pair.far.get());
        turn(QEventLoop::WaitForMoreEvents);
        QCOMPARE(notifier.count, i);
        QCOMPARE(fired, i);
        QCOMPARE(links, i);
    }
}

QUERN_EPOLL_TEST_MAIN(TestTurns)
#include "tst_turns.moc"
