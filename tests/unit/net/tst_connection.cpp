#include "net/connection.h"
#include "netsupport.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <functional>
#include <memory>

using namespace Quern;

namespace {

class Recorder final : public net::ConnectionEvents
{
public:
    void bytesReceived(QByteArrayView bytes) override
    {
        input.append(bytes);
        if (onBytes)
            onBytes();
    }
    void inputEnded() override { ++ends; }
    void outputProgressed(qint64 pending) override
    {
        progress.append(pending);
        if (onProgress)
            onProgress();
    }
    void connectionLost() override { ++losses; }

    QByteArray input;
    QList<qint64> progress;
    int ends = 0;
    int losses = 0;
    std::function<void()> onBytes;
    std::function<void()> onProgress;
};

QByteArray readAvailable(int fd)
{
    QByteArray bytes;
    char buffer[64 * 1024];
    for (ssize_t count; (count = ::recv(fd, buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
        bytes.append(buffer, count);
    return bytes;
}

/// Bytes of which each piece tells its place.
QByteArray pattern(qsizetype size)
{
    QByteArray bytes;
    for (int i = 0; bytes.size() < size; ++i)
        bytes.append(QByteArray::number(i)).append(',');
    return bytes.first(size);
}

} // namespace

class TestConnection : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void bytesArrive();
    void smallOutputLeavesAtOnce();
    void heldUntilFlushed();
    void heldBehindWhatWaits();
    void outputWaitsInOrder();
    void writtenWhileOutputWaits();
    void writtenFromProgress();
    void oneTurnIsBounded();
    void inputEndsOnce();
    void outputAfterTheEndOfInput();
    void lostByReset();
    void lostWhileWriting();
    void notReading();
    void endIsSeenAfterReadingAgain();
    void closedWithinACall();
    void closedWhileOutputWaits();
    void shutdownOutput();

private:
    void send(QByteArrayView bytes)
    {
        QCOMPARE(::write(m_far.get(), bytes.data(), size_t(bytes.size())), bytes.size());
    }
    QByteArray fill();

    Recorder m_events;
    std::unique_ptr<net::Connection> m_connection;
    base::FileDescriptor m_far;
    int m_near = -1; ///< the connection's own end
};

void TestConnection::init()
{
    std::array<int, 2> ends = {-1, -1};
    QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    m_events = {};
    m_connection = std::make_unique<net::Connection>(base::FileDescriptor(ends[0]), &m_events);
    m_far = base::FileDescriptor(ends[1]);
    m_near = ends[0];
}

void TestConnection::cleanup()
{
    m_connection.reset();
}

/// Writes until some output has to wait, and returns all that was written.
QByteArray TestConnection::fill()
{
    const QByteArray bytes = pattern(2'000'000);
    m_connection->write(bytes);
    return bytes;
}

void TestConnection::bytesArrive()
{
    const QByteArray bytes = pattern(150'000); // more than one read takes
    send(bytes.first(100'000));
    QTRY_COMPARE(m_events.input.size(), 100'000);
    send(bytes.sliced(100'000));
    QTRY_COMPARE(m_events.input, bytes);
    QCOMPARE(m_events.ends + m_events.losses, 0);
}

void TestConnection::smallOutputLeavesAtOnce()
{
    m_connection->write("hello");
    m_connection->write({});
    QCOMPARE(m_connection->pendingOutput(), 0);
    QCOMPARE(readAvailable(m_far.get()), QByteArray("hello"));
    QVERIFY(m_events.progress.isEmpty());
}

void TestConnection::heldUntilFlushed()
{
    m_connection->hold("one ");
    m_connection->hold("two ", "three");
    QCOMPARE(readAvailable(m_far.get()), QByteArray());
    QCOMPARE(m_connection->pendingOutput(), 13);
    m_connection->flush();
    QCOMPARE(readAvailable(m_far.get()), QByteArray("one two three"));
    QVERIFY(!m_connection->hasOutput());
    QVERIFY(m_events.progress.isEmpty());
    m_connection->flush(); // nothing is there
    m_connection->hold("four ");
    m_connection->write("five"); // leaves with it, and in order
    QByteArray arrived;
    QTRY_VERIFY((arrived += readAvailable(m_far.get())).size() == 9);
    QCOMPARE(arrived, QByteArray("four five"));
}

void TestConnection::heldBehindWhatWaits()
{
    QByteArray written = fill();
    QVERIFY(m_connection->hasOutput());
    m_connection->hold("held");
    m_connection->flush();
    written += "held";
    QByteArray arrived;
    QTRY_VERIFY((arrived += readAvailable(m_far.get())).size() >= written.size());
    QCOMPARE(arrived, written);
}

void TestConnection::outputWaitsInOrder()
{
    const QByteArray written = fill();
    QVERIFY(m_connection->pendingOutput() > 0);
    QByteArray read;
    const auto complete = [&] {
        read += readAvailable(m_far.get());
        return read.size() >= written.size();
    };
    QTRY_VERIFY(complete());
    QCOMPARE(read, written);
    QTRY_COMPARE(m_connection->pendingOutput(), 0);
    QCOMPARE(m_events.progress.last(), 0);
    QVERIFY(std::is_sorted(m_events.progress.crbegin(), m_events.progress.crend()));
    QVERIFY(m_events.progress.size() > 1);
}

void TestConnection::writtenWhileOutputWaits()
{
    QByteArray written = fill();
    QByteArray read;
    for (int i = 0; i < 50; ++i) {
        const QByteArray more = "<" + QByteArray::number(i) + ">";
        m_connection->write(more);
        written += more;
        read += readAvailable(m_far.get());
        QCoreApplication::processEvents();
    }
    const auto complete = [&] {
        read += readAvailable(m_far.get());
        return read.size() >= written.size();
    };
    QTRY_VERIFY(complete());
    QCOMPARE(read, written);
}

void TestConnection::writtenFromProgress()
{
    QByteArray written = fill();
    int more = 20;
    m_events.onProgress = [&] {
        if (more-- > 0) {
            m_connection->write("again");
            written += "again";
        }
    };
    QByteArray read;
    const auto complete = [&] {
        read += readAvailable(m_far.get());
        return m_connection->pendingOutput() == 0 && read.size() >= written.size();
    };
    QTRY_VERIFY(complete());
    QCOMPARE(read, written);
}

void TestConnection::oneTurnIsBounded()
{
    using Connection = net::Connection;
    // A kernel that takes all of it at once, as it does for a peer that reads quickly; for others than root a little
    // less.
    const qsizetype size = 16 * Connection::MaxMemoryTurn;
    const int room = int(4 * size);
    if (::setsockopt(m_near, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof room) != 0)
        QCOMPARE(::setsockopt(m_near, SOL_SOCKET, SO_SNDBUF, &room, sizeof room), 0);
    m_connection->hold(pattern(size));
    m_connection->flush();
    qint64 last = size;
    QByteArray arrived;
    while (last > 0) {
        QVERIFY(last - m_connection->pendingOutput() < Connection::MaxMemoryTurn + 2 * net::OutputQueue::MaxBlock);
        last = m_connection->pendingOutput();
        arrived += readAvailable(m_far.get());
        QCoreApplication::processEvents();
        QCOMPARE(m_events.losses, 0);
    }
    QCOMPARE(arrived + readAvailable(m_far.get()), pattern(size));
}

void TestConnection::inputEndsOnce()
{
    send("last");
    ::shutdown(m_far.get(), SHUT_WR);
    QTRY_COMPARE(m_events.ends, 1);
    QCOMPARE(m_events.input, QByteArray("last"));
    QVERIFY(m_connection->hasInputEnded());
    QVERIFY(m_connection->isOpen());
    // A closed direction stays readable; it must be neither reported again nor keep the loop awake.
    m_connection->setReading(false);
    m_connection->setReading(true);
    while (QCoreApplication::eventDispatcher()->processEvents(QEventLoop::AllEvents)) {
    }
    QCOMPARE(m_events.ends, 1);
}

void TestConnection::outputAfterTheEndOfInput()
{
    ::shutdown(m_far.get(), SHUT_WR);
    QTRY_COMPARE(m_events.ends, 1);
    m_connection->write("answer");
    QCOMPARE(readAvailable(m_far.get()), QByteArray("answer"));
}

void TestConnection::lostByReset()
{
    m_connection->write("unread"); // a Unix socket that is closed with unread input resets its peer
    m_far.reset();
    QTRY_COMPARE(m_events.losses, 1);
    QVERIFY(!m_connection->isOpen());
    m_connection->write("nobody reads this");
    m_connection->shutdownOutput();
    QCOMPARE(m_connection->pendingOutput(), 0);
    QCOMPARE(m_events.losses, 1);
}

void TestConnection::lostWhileWriting()
{
    m_connection->setReading(false);
    fill();
    m_far.reset();
    QTRY_COMPARE(m_events.losses, 1);
    QVERIFY(!m_connection->isOpen());
}

void TestConnection::notReading()
{
    m_connection->setReading(false);
    send("waiting");
    while (QCoreApplication::eventDispatcher()->processEvents(QEventLoop::AllEvents)) {
    }
    QCOMPARE(m_events.input, QByteArray());
    m_connection->setReading(true);
    QTRY_COMPARE(m_events.input, QByteArray("waiting"));

    // Paused from within the call.
    m_events.onBytes = [this] { m_connection->setReading(false); };
    send("one");
    QTRY_COMPARE(m_events.input, QByteArray("waitingone"));
    send("two");
    while (QCoreApplication::eventDispatcher()->processEvents(QEventLoop::AllEvents)) {
    }
    QCOMPARE(m_events.input, QByteArray("waitingone"));
}

void TestConnection::endIsSeenAfterReadingAgain()
{
    m_connection->setReading(false);
    send("last");
    m_far.reset();
    m_connection->setReading(true);
    QTRY_COMPARE(m_events.ends, 1);
    QCOMPARE(m_events.input, QByteArray("last"));
}

void TestConnection::closedWithinACall()
{
    m_events.onBytes = [this] { m_connection->close(); };
    send("close yourself");
    QTRY_VERIFY(!m_connection->isOpen());
    char byte;
    QCOMPARE(::read(m_far.get(), &byte, 1), ssize_t(0));
    QCOMPARE(m_events.ends + m_events.losses, 0);
}

void TestConnection::closedWhileOutputWaits()
{
    fill();
    m_events.onProgress = [this] { m_connection->close(); };
    const auto closed = [&] {
        readAvailable(m_far.get());
        return !m_connection->isOpen();
    };
    QTRY_VERIFY(closed());
    QCOMPARE(m_events.progress.size(), 1);
    QCOMPARE(m_events.losses, 0);
}

void TestConnection::shutdownOutput()
{
    m_connection->write("last");
    m_connection->shutdownOutput();
    char buffer[16];
    QCOMPARE(::read(m_far.get(), buffer, sizeof buffer), ssize_t(4));
    QCOMPARE(::read(m_far.get(), buffer, sizeof buffer), ssize_t(0));
    send("still heard");
    QTRY_COMPARE(m_events.input, QByteArray("still heard"));
}

QUERN_EPOLL_TEST_MAIN(TestConnection)
#include "tst_connection.moc"
