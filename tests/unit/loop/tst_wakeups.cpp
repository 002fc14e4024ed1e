#include "loopsupport.h"

#include <QEventLoop>
#include <QScopeGuard>
#include <QSemaphore>
#include <QThread>

#include <atomic>
#include <thread>
#include <vector>

using namespace LoopTest;

namespace {

constexpr int threadCount = 4;

/// Runs \a work in four threads while it lives.
class Crowd
{
public:
    explicit Crowd(const std::function<void()> &work)
    {
        for (int i = 0; i < threadCount; ++i)
            m_threads.emplace_back(work);
    }

private:
    std::vector<std::jthread> m_threads;
};

} // namespace

class TestWakeUps : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void postedFromFourThreads();
    void conditionFromAnotherThread();
    void conditionWithoutSockets();
    void pingPongBetweenLoops();
    void callsThatBlockTheirSender();
    void beforeTheFirstTurn();
    void quitOfAThreadThatJustStarted();
    void wakeUpsOfOwnThread();
    void fourThreadsInterrupt();
};

void TestWakeUps::postedFromFourThreads()
{
    constexpr int perThread = 20'000;
    QEventLoop loop;
    int received = 0;
    const Crowd crowd([&] {
        for (int i = 0; i < perThread; ++i) {
            QMetaObject::invokeMethod(
                &loop,
                [&] {
                    if (++received == threadCount * perThread)
                        loop.quit();
                },
                Qt::QueuedConnection);
            // Pauses let the loop fall asleep in between, where a wake-up could be lost.
            if (i % 16 == 0)
                std::this_thread::yield();
        }
    });
    loop.exec();
    QCOMPARE(received, threadCount * perThread);
}

void TestWakeUps::conditionFromAnotherThread()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    constexpr int rounds = 20'000;
    std::atomic<int> value = 0;
    QSemaphore seen;
    std::jthread setter([&] {
        for (int i = 1; i <= rounds; ++i) {
            value = i;
            dispatcher->wakeUp();
            seen.acquire();
        }
    });
    for (int i = 1; i <= rounds; ++i) {
        while (value != i)
            dispatcher->processEvents(QEventLoop::WaitForMoreEvents);
        seen.release();
    }
    QCOMPARE(value.load(), rounds);
}

void TestWakeUps::conditionWithoutSockets()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    constexpr int rounds = 5'000;
    std::atomic<int> value = 0;
    QSemaphore seen;
    std::jthread setter([&] {
        for (int i = 1; i <= rounds; ++i) {
            value = i;
            dispatcher->wakeUp();
            seen.acquire();
        }
    });
    for (int i = 1; i <= rounds; ++i) {
        // In turn with and without, for each kind of sleep leaves its mark on the descriptor.
        auto flags = QEventLoop::ProcessEventsFlags(QEventLoop::WaitForMoreEvents);
        flags.setFlag(QEventLoop::ExcludeSocketNotifiers, i % 2);
        while (value != i)
            dispatcher->processEvents(flags);
        seen.release();
    }
    QCOMPARE(value.load(), rounds);
}

void TestWakeUps::pingPongBetweenLoops()
{
    constexpr int rounds = 20'000;
    QThread thread;
    thread.setEventDispatcher(new Quern::loop::EpollEventDispatcher);
    QObject there;
    there.moveToThread(&thread);
    thread.start();
    QEventLoop loop;
    int received = 0;
    std::function<void()> ping = [&] {
        QMetaObject::invokeMethod(
            &there,
            [&] {
                QMetaObject::invokeMethod(
                    &loop,
                    [&] {
                        if (++received == rounds)
                            loop.quit();
                        else
                            ping();
                    },
                    Qt::QueuedConnection);
            },
            Qt::QueuedConnection);
    };
    ping();
    loop.exec();
    thread.quit();
    QVERIFY(thread.wait(10'000));
    QCOMPARE(received, rounds);
}

void TestWakeUps::callsThatBlockTheirSender()
{
    constexpr int perThread = 500;
    QEventLoop loop;
    int received = 0;
    const Crowd crowd([&] {
        for (int i = 0; i < perThread; ++i) {
            // Its sender sends nothing else until it is served: a lost wake-up would stop all four for good.
            QMetaObject::invokeMethod(
                &loop, [&] { ++received; }, Qt::BlockingQueuedConnection);
        }
        QMetaObject::invokeMethod(
            &loop,
            [&] {
                if (received == threadCount * perThread)
                    loop.quit();
            },
            Qt::QueuedConnection);
    });
    loop.exec();
    QCOMPARE(received, threadCount * perThread);
}

void TestWakeUps::beforeTheFirstTurn()
{
    Quern::loop::Waker waker;
    waker.signal();
    waker.signal();
    waker.adopt();
    QVERIFY(!waker.beginSleep());
    QVERIFY(waker.take());
    QVERIFY(!waker.take());
    QVERIFY(waker.beginSleep());
    QVERIFY(!waker.take());
}

void TestWakeUps::quitOfAThreadThatJustStarted()
{
    for (int i = 0; i < 200; ++i) {
        QThread thread;
        thread.setEventDispatcher(new Quern::loop::EpollEventDispatcher);
        thread.start();
        thread.quit();
        QVERIFY(thread.wait(10'000));
    }
}

void TestWakeUps::wakeUpsOfOwnThread()
{
    auto *dispatcher = QAbstractEventDispatcher::instance();
    turn();
    dispatcher->wakeUp();
    QVERIFY(dispatcher->processEvents(QEventLoop::WaitForMoreEvents));
    QVERIFY(!turn());
}

void TestWakeUps::fourThreadsInterrupt()
{
    std::atomic<bool> done = false;
    QEventLoop loop;
    const Crowd crowd([&] {
        while (!done) {
            loop.exit(7);
            std::this_thread::yield();
        }
    });
    const auto finish = qScopeGuard([&] { done = true; });
    for (int i = 0; i < 2'000; ++i)
        QCOMPARE(loop.exec(), 7);
}

QUERN_EPOLL_TEST_MAIN(TestWakeUps)
#include "tst_wakeups.moc"
