#include "loopsupport.h"

#include <QEventLoop>
#include <QLocalServer>
#include <QLocalSocket>
#include <QSignalSpy>
#include <QTimer>

#include <sys/epoll.h>
#include <sys/syscall.h>

#include <thread>

using namespace LoopTest;

// What the loop asks of the kernel, counted on the way there: these stand before those of the C library.
namespace {

thread_local int controls = 0;
thread_local int waits = 0;

int counted(int &counter, long result)
{
    ++counter;
    return int(result);
}

} // namespace

extern "C" {

__attribute__((visibility("default"))) int epoll_ctl(int epoll, int operation, int descriptor,
                                                     epoll_event *event) noexcept
{
    return counted(controls, ::syscall(SYS_epoll_ctl, epoll, operation, descriptor, event));
}

__attribute__((visibility("default"))) int epoll_wait(int epoll, epoll_event *events, int capacity, int timeout)
{
    return counted(waits, ::syscall(SYS_epoll_pwait, epoll, events, capacity, timeout, nullptr, size_t(8)));
}
}

class TestSystemCalls : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void aPingCostsOneWait();
    void togglingWithinATurnIsFree();
    void twoTypesAreAddedAtOnce();
    void lastNotifierEndsTheWatchAtOnce();
    void neverWatchedCostsNothing();
    void writeAndFlushOfALocalSocketIsFree();
    void postedEventNeedsNoTurnOfItsOwn();
};

void TestSystemCalls::init()
{
    while (turn()) {
    }
    controls = 0;
    waits = 0;
}

void TestSystemCalls::aPingCostsOneWait()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, [&] { take(pair.near.get()); });
    turn();
    QCOMPARE(controls, 1);
    waits = 0;
    for (int i = 0; i < 10; ++i) {
        put(pair.far.get());
        turn();
    }
    QCOMPARE(notifier.count, 10);
    QCOMPARE(waits, 10);
    QCOMPARE(controls, 1);
}

void TestSystemCalls::togglingWithinATurnIsFree()
{
    SocketPair pair;
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read);
    CountingNotifier write(pair.near.get(), QSocketNotifier::Write);
    write.setEnabled(false);
    turn();
    controls = 0;
    for (int i = 0; i < 10; ++i) {
        write.setEnabled(true);
        write.setEnabled(false);
        turn();
    }
    QCOMPARE(controls, 0);
    write.setEnabled(true);
    QCOMPARE(controls, 0);
    turn();
    QCOMPARE(controls, 1);
    QCOMPARE(write.count, 1);
}

void TestSystemCalls::twoTypesAreAddedAtOnce()
{
    SocketPair pair;
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read);
    CountingNotifier write(pair.near.get(), QSocketNotifier::Write);
    turn();
    QCOMPARE(controls, 1);
}

void TestSystemCalls::lastNotifierEndsTheWatchAtOnce()
{
    SocketPair pair;
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read);
    CountingNotifier write(pair.near.get(), QSocketNotifier::Write);
    turn();
    controls = 0;
    read.setEnabled(false);
    QCOMPARE(controls, 0);
    write.setEnabled(false);
    QCOMPARE(controls, 1);
    turn();
    QCOMPARE(controls, 1);
}

void TestSystemCalls::neverWatchedCostsNothing()
{
    SocketPair pair;
    {
        CountingNotifier read(pair.near.get(), QSocketNotifier::Read);
    }
    turn();
    QCOMPARE(controls, 0);
}

void TestSystemCalls::writeAndFlushOfALocalSocketIsFree()
{
    QLocalServer server;
    QVERIFY(server.listen(QStringLiteral("quern-tst-systemcalls-%1").arg(::getpid())));
    QLocalSocket client;
    client.connectToServer(server.serverName());
    QTRY_VERIFY(server.hasPendingConnections() && client.state() == QLocalSocket::ConnectedState);
    QLocalSocket *peer = server.nextPendingConnection();
    turn();
    controls = 0;
    QByteArray received;
    connect(peer, &QLocalSocket::readyRead, this, [&] { received += peer->readAll(); });
    for (int i = 1; i <= 10; ++i) {
        client.write("ping");
        QVERIFY(client.flush());
        QTRY_COMPARE(received.size(), 4 * i);
    }
    QCOMPARE(controls, 0);
}

void TestSystemCalls::postedEventNeedsNoTurnOfItsOwn()
{
    // Each notifier's event posts another; both are dealt with in two turns and two waits.
    SocketPair pair;
    QEventLoop loop;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read, [&] {
        take(pair.near.get());
        QMetaObject::invokeMethod(
            &loop,
            [&] {
                if (notifier.count == 10)
                    loop.quit();
                else
                    put(pair.far.get());
            },
            Qt::QueuedConnection);
    });
    put(pair.far.get());
    loop.exec();
    QCOMPARE(notifier.count, 10);
    QCOMPARE(waits, 10);
}

QUERN_EPOLL_TEST_MAIN(TestSystemCalls)
#include "tst_systemcalls.moc"
