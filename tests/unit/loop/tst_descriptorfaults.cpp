#include "loopsupport.h"

#include <QRegularExpression>
#include <QSet>
#include <QTemporaryFile>
#include <QTimer>

#include <fcntl.h>

using namespace LoopTest;

class TestDescriptorFaults : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void hangUpReachesEachType_data();
    void hangUpReachesEachType();
    void hangUpUnwatchedDoesNotSpin();
    void errorReachesTheWriter();
    void regularFileIsAlwaysReady();
    void regularFileLeavesTurnsToOthers();
    void regularFileDisabledLetsTheLoopWait();
    void regularFileExceptionNeverComes();
    void closedBeforeTheFirstWait();
    void closedThenChanged();
    void closedAndReopenedThenChanged();
    void closedWhileADuplicateLivesOn();
    void duplicatedOntoItselfAgain();
    void twoNotifiersOfOneType();
    void twoNotifiersOfOneTypeAfterReopening();
    void descriptorsAreNotInherited();
};

namespace {

const QRegularExpression invalidSocket(QStringLiteral("^Invalid socket \\d+ with type Read \\(.*\\), disabling"));

/// True if a turn that may wait does so until the timer that guards it.
bool waits()
{
    QTimer guard;
    bool fired = false;
    QObject::connect(&guard, &QTimer::timeout, &guard, [&] { fired = true; });
    guard.setTimerType(Qt::PreciseTimer);
    guard.start(20);
    turn(QEventLoop::WaitForMoreEvents);
    return fired;
}

QSet<int> openDescriptors()
{
    QSet<int> open;
    for (int descriptor = 0; descriptor < 1024; ++descriptor) {
        if (::fcntl(descriptor, F_GETFD) >= 0)
            open.insert(descriptor);
    }
    return open;
}

} // namespace

void TestDescriptorFaults::hangUpReachesEachType_data()
{
    QTest::addColumn<QSocketNotifier::Type>("type");
    QTest::newRow("read") << QSocketNotifier::Read;
    QTest::newRow("write") << QSocketNotifier::Write;
    QTest::newRow("exception") << QSocketNotifier::Exception;
}

void TestDescriptorFaults::hangUpReachesEachType()
{
    QFETCH(const QSocketNotifier::Type, type);
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), type);
    turn();
    const int before = notifier.count;
    pair.far.reset();
    turn();
    QCOMPARE(notifier.count, before + 1);
}

void TestDescriptorFaults::hangUpUnwatchedDoesNotSpin()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    turn();
    pair.far.reset();
    turn();
    QCOMPARE(notifier.count, 1);
    notifier.setEnabled(false);
    QVERIFY(waits());
    notifier.setEnabled(true);
    turn();
    QCOMPARE(notifier.count, 2);
}

void TestDescriptorFaults::errorReachesTheWriter()
{
    std::array<int, 2> ends = {-1, -1};
    QCOMPARE(::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK), 0);
    Quern::base::FileDescriptor reader(ends[0]);
    const Quern::base::FileDescriptor writer(ends[1]);
    const QByteArray block(1 << 16, 'x');
    while (::write(writer.get(), block.constData(), size_t(block.size())) > 0) {
    }
    CountingNotifier notifier(writer.get(), QSocketNotifier::Write);
    turn();
    QCOMPARE(notifier.count, 0);
    reader.reset();
    turn();
    QCOMPARE(notifier.count, 1);
}

void TestDescriptorFaults::regularFileIsAlwaysReady()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    CountingNotifier read(file.handle(), QSocketNotifier::Read);
    CountingNotifier write(file.handle(), QSocketNotifier::Write);
    for (int i = 1; i <= 3; ++i) {
        turn(QEventLoop::WaitForMoreEvents);
        QCOMPARE(read.count, i);
        QCOMPARE(write.count, i);
    }
}

void TestDescriptorFaults::regularFileLeavesTurnsToOthers()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    SocketPair pair;
    CountingNotifier busy(file.handle(), QSocketNotifier::Read);
    CountingNotifier socket(pair.near.get(), QSocketNotifier::Read, [&] { take(pair.near.get()); });
    turn();
    put(pair.far.get());
    turn();
    QCOMPARE(socket.count, 1);
    QCOMPARE(busy.count, 2);
}

void TestDescriptorFaults::regularFileDisabledLetsTheLoopWait()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    CountingNotifier read(file.handle(), QSocketNotifier::Read);
    turn();
    QCOMPARE(read.count, 1);
    read.setEnabled(false);
    QVERIFY(waits());
    QCOMPARE(read.count, 1);
    read.setEnabled(true);
    turn();
    QCOMPARE(read.count, 2);
}

void TestDescriptorFaults::regularFileExceptionNeverComes()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    CountingNotifier exception(file.handle(), QSocketNotifier::Exception);
    QVERIFY(waits());
    QCOMPARE(exception.count, 0);
}

void TestDescriptorFaults::closedBeforeTheFirstWait()
{
    SocketPair pair;
    CountingNotifier notifier(pair.near.get(), QSocketNotifier::Read);
    pair.near.reset();
    QTest::ignoreMessage(QtWarningMsg, invalidSocket);
    turn();
    QVERIFY(!notifier.isEnabled());
    QVERIFY(waits());
}

void TestDescriptorFaults::closedThenChanged()
{
    SocketPair pair;
    CountingNotifier read(pair.near.get(), QSocketNotifier::Read);
    turn();
    const int number = pair.near.get();
    pair.near.reset();
    CountingNotifier exception(number, QSocketNotifier::Exception);
    QTest::ignoreMessage(QtWarningMsg, invalidSocket);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("type Exception")));
    turn();
    QVERIFY(!read.isEnabled());
    QVERIFY(!exception.isEnabled());
}

void TestDescriptorFaults::closedAndReopenedThenChanged()
{
    SocketPair old, fresh;
    CountingNotifier read(old.near.get(), QSocketNotifier::Read);
    turn();
    const int number = old.near.get();
    QCOMPARE(::dup3(fresh.near.get(), number, O_CLOEXEC), number);
    CountingNotifier exception(number, QSocketNotifier::Exception);
    put(fresh.far.get());
    turn();
    QCOMPARE(read.count, 1);
}

void TestDescriptorFaults::closedWhileADuplicateLivesOn()
{
    SocketPair pair;
    auto notifier = std::make_unique<CountingNotifier>(pair.near.get(), QSocketNotifier::Read);
    SocketPair bystander;
    CountingNotifier other(bystander.near.get(), QSocketNotifier::Read, [&] { take(bystander.near.get()); });
    turn();
    const Quern::base::FileDescriptor duplicate(::fcntl(pair.near.get(), F_DUPFD_CLOEXEC, 0));
    pair.near.reset();
    notifier.reset();
    put(pair.far.get());
    turn();
    QVERIFY(waits());
    put(bystander.far.get());
    turn();
    QCOMPARE(other.count, 1);
}

void TestDescriptorFaults::duplicatedOntoItselfAgain()
{
    SocketPair pair;
    const int number = pair.near.get();
    const Quern::base::FileDescriptor duplicate(::fcntl(number, F_DUPFD_CLOEXEC, 0));
    auto notifier = std::make_unique<CountingNotifier>(number, QSocketNotifier::Read);
    turn();
    pair.near.reset();
    notifier.reset();
    QCOMPARE(::dup3(duplicate.get(), number, O_CLOEXEC), number);
    pair.near = Quern::base::FileDescriptor(number);
    notifier = std::make_unique<CountingNotifier>(number, QSocketNotifier::Read, [&] { take(number); });
    put(pair.far.get());
    turn();
    QCOMPARE(notifier->count, 1);
    QVERIFY(waits());
}

void TestDescriptorFaults::twoNotifiersOfOneType()
{
    SocketPair pair;
    CountingNotifier first(pair.near.get(), QSocketNotifier::Read);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("Multiple socket notifiers for same socket")));
    CountingNotifier second(pair.near.get(), QSocketNotifier::Read);
    put(pair.far.get());
    turn();
    QCOMPARE(first.count, 0);
    QCOMPARE(second.count, 1);
    first.setEnabled(false);
    turn();
    QCOMPARE(second.count, 2);
}

void TestDescriptorFaults::twoNotifiersOfOneTypeAfterReopening()
{
    SocketPair old, fresh;
    CountingNotifier first(old.near.get(), QSocketNotifier::Read);
    turn();
    const int number = old.near.get();
    QCOMPARE(::dup3(fresh.near.get(), number, O_CLOEXEC), number);
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("Multiple socket notifiers for same socket")));
    CountingNotifier second(number, QSocketNotifier::Read);
    put(fresh.far.get());
    turn();
    QCOMPARE(first.count, 0);
    QCOMPARE(second.count, 1);
}

void TestDescriptorFaults::descriptorsAreNotInherited()
{
    const QSet<int> before = openDescriptors();
    const Quern::loop::EpollEventDispatcher dispatcher;
    const QSet<int> added = openDescriptors() - before;
    QCOMPARE(added.size(), 2);
    for (const int descriptor : added)
        QCOMPARE(::fcntl(descriptor, F_GETFD), FD_CLOEXEC);
}

QUERN_EPOLL_TEST_MAIN(TestDescriptorFaults)
#include "tst_descriptorfaults.moc"
