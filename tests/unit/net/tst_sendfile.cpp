#include "net/connection.h"
#include "netsupport.h"

#include <algorithm>
#include <array>
#include <csignal>
#include <fcntl.h>
#include <functional>
#include <memory>
#include <netinet/tcp.h>
#include <sys/mman.h>

using namespace Quern;
using net::Connection;

namespace {

class Recorder final : public net::ConnectionEvents
{
public:
    void bytesReceived(QByteArrayView bytes) override { input.append(bytes); }
    void inputEnded() override { ++ends; }
    void outputProgressed(qint64 pending) override
    {
        pendingOutput.append(pending);
        pendingFile.append(connection->pendingFile());
        if (onProgress)
            onProgress();
    }
    void connectionLost() override { ++losses; }

    Connection *connection = nullptr;
    QByteArray input;
    QList<qint64> pendingOutput;
    QList<quint64> pendingFile;
    int ends = 0;
    int losses = 0;
    std::function<void()> onProgress;
};

/// Bytes of which each piece tells its place.
QByteArray pattern(qsizetype size)
{
    QByteArray bytes;
    for (int i = 0; bytes.size() < size; ++i)
        bytes.append(QByteArray::number(i)).append(',');
    return bytes.first(size);
}

std::shared_ptr<base::FileDescriptor> fileOf(const QByteArray &bytes)
{
    auto file = std::make_shared<base::FileDescriptor>(::memfd_create("file", MFD_CLOEXEC));
    if (::write(file->get(), bytes.data(), size_t(bytes.size())) != bytes.size())
        file->reset();
    return file;
}

bool isOpen(int fd)
{
    return ::fcntl(fd, F_GETFD) != -1;
}

void letTheLoopTurn()
{
    while (QCoreApplication::eventDispatcher()->processEvents(QEventLoop::AllEvents)) {
    }
}

} // namespace

class TestSendFile : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void init();
    void cleanup();
    void smallFileLeavesAtOnce();
    void pieceOfAFile();
    void emptyPiece();
    void headAndFileShareAPacket();
    void bigFile();
    void fileBehindWaitingOutput();
    void writtenWhileAFileIsSent();
    void oneFileAfterTheOther();
    void oneTurnIsBounded();
    void noProgressWithoutAReader();
    void fileThatShrinks();
    void fileThatIsTooShort();
    void peerGoesAway();
    void closedWhileAFileIsSent();
    void closedFromProgress();
    void afterClose();

private:
    /// Reads until \a size bytes have come, or nothing more comes for five seconds.
    QByteArray readAll(qsizetype size);
    QByteArray readAvailable();

    Recorder m_events;
    std::unique_ptr<Connection> m_connection;
    base::FileDescriptor m_far;
};

void TestSendFile::initTestCase()
{
    ::signal(SIGPIPE, SIG_IGN); // as the server does: sendfile() has no flag against it
}

void TestSendFile::init()
{
    std::array<int, 2> ends = {-1, -1};
    if (qstrcmp(QTest::currentTestFunction(), "headAndFileShareAPacket") == 0) {
        const base::FileDescriptor listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        QCOMPARE(::listen(listener.get(), 1), 0);
        m_far = NetTest::connectTo(NetTest::portOf(listener.get()));
        ends[0] = ::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK);
        QVERIFY(ends[0] >= 0);
    } else {
        QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
        m_far = base::FileDescriptor(ends[1]);
    }
    m_events = {};
    m_connection = std::make_unique<Connection>(base::FileDescriptor(ends[0]), &m_events);
    m_events.connection = m_connection.get();
}

void TestSendFile::cleanup()
{
    m_connection.reset();
}

QByteArray TestSendFile::readAvailable()
{
    QByteArray bytes;
    char buffer[64 * 1024];
    for (ssize_t count; (count = ::recv(m_far.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
        bytes.append(buffer, count);
    return bytes;
}

QByteArray TestSendFile::readAll(qsizetype size)
{
    QByteArray bytes;
    [&] { QTRY_VERIFY((bytes += readAvailable()).size() >= size); }();
    return bytes;
}

void TestSendFile::smallFileLeavesAtOnce()
{
    auto file = fileOf("hello");
    const int fd = file->get();
    m_connection->write("head,", {}, Connection::Next::File);
    m_connection->sendFile(std::move(file), 0, 5);
    QVERIFY(!m_connection->hasOutput());
    QCOMPARE(m_connection->pendingFile(), quint64(0));
    QVERIFY(!isOpen(fd));
    QCOMPARE(readAvailable(), QByteArray("head,hello"));
    letTheLoopTurn();
    QVERIFY(m_events.pendingOutput.isEmpty());
}

void TestSendFile::pieceOfAFile()
{
    const auto file = fileOf(pattern(1000));
    m_connection->sendFile(file, 100, 50);
    m_connection->sendFile(file, 990, 10);
    QCOMPARE(readAvailable(), pattern(1000).sliced(100, 50) + pattern(1000).sliced(990));
    QCOMPARE(::lseek(file->get(), 0, SEEK_CUR), off_t(1000)); // several replies may share the descriptor
}

void TestSendFile::emptyPiece()
{
    m_connection->sendFile(fileOf({}), 0, 0);
    QVERIFY(!m_connection->hasOutput());
    m_connection->write("next");
    QCOMPARE(readAvailable(), QByteArray("next"));
}

void TestSendFile::headAndFileShareAPacket()
{
    const int on = 1;
    QCOMPARE(::setsockopt(m_far.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on), 0);
    m_connection->write("head,", {}, Connection::Next::File);
    QCOMPARE(readAvailable(), QByteArray());
    m_connection->sendFile(fileOf("hello"), 0, 5);
    char buffer[32];
    QCOMPARE(::recv(m_far.get(), buffer, sizeof buffer, 0), ssize_t(10)); // the first packet holds both
}

void TestSendFile::bigFile()
{
    const QByteArray bytes = pattern(9'000'000);
    m_connection->write("head,", {}, Connection::Next::File);
    m_connection->sendFile(fileOf(bytes), 0, quint64(bytes.size()));
    QVERIFY(m_connection->hasOutput());
    QCOMPARE(m_connection->pendingOutput(), 0); // the file takes no memory here
    QVERIFY(m_connection->pendingFile() > 0);
    const QByteArray read = readAll(bytes.size() + 5);
    QVERIFY(read == "head," + bytes);
    QTRY_VERIFY(!m_connection->hasOutput());
    QVERIFY(m_events.pendingFile.size() > 1);
    QVERIFY(std::is_sorted(m_events.pendingFile.crbegin(), m_events.pendingFile.crend()));
    QCOMPARE(m_events.pendingFile.last(), quint64(0));
    QCOMPARE(m_events.losses, 0);
}

void TestSendFile::fileBehindWaitingOutput()
{
    const QByteArray head = pattern(2'000'000);
    const QByteArray body = pattern(500'000);
    m_connection->write(head, {}, Connection::Next::File);
    QVERIFY(m_connection->pendingOutput() > 0);
    m_connection->sendFile(fileOf(body), 0, quint64(body.size()));
    QCOMPARE(m_connection->pendingFile(), quint64(body.size()));
    QVERIFY(readAll(head.size() + body.size()) == head + body);
    QTRY_VERIFY(!m_connection->hasOutput());
}

void TestSendFile::writtenWhileAFileIsSent()
{
    const QByteArray body = pattern(2'000'000);
    m_connection->sendFile(fileOf(body), 0, quint64(body.size()));
    QVERIFY(m_connection->pendingFile() > 0);
    m_connection->write("be", "hind");
    m_connection->write(",");
    QCOMPARE(m_connection->pendingOutput(), 7);
    QVERIFY(readAll(body.size() + 7) == body + "behind,");
    QTRY_VERIFY(!m_connection->hasOutput());
    QCOMPARE(m_connection->pendingOutput(), 0);
}

void TestSendFile::oneFileAfterTheOther()
{
    const QByteArray body = pattern(800'000);
    const auto file = fileOf(body);
    int left = 5;
    QByteArray expected;
    const auto sendNext = [&] {
        if (m_connection->hasOutput() || left-- <= 0)
            return;
        const QByteArray head = "piece " + QByteArray::number(left);
        m_connection->write(head, {}, Connection::Next::File);
        m_connection->sendFile(file, 0, quint64(body.size()));
        expected += head + body;
    };
    m_events.onProgress = sendNext;
    sendNext();
    QByteArray read;
    QTRY_VERIFY((read += readAvailable()).size() == 5 * (7 + body.size()));
    QVERIFY(read == expected);
    QCOMPARE(file.use_count(), 1);
}

void TestSendFile::oneTurnIsBounded()
{
    // A file with a hole: the size costs nothing. The peer takes whatever comes, as another thread would.
    const auto file = fileOf({});
    const quint64 size = 4 * Connection::MaxFileTurn;
    QCOMPARE(::ftruncate(file->get(), off_t(size)), 0);
    m_connection->sendFile(file, 0, size);
    quint64 last = m_connection->pendingFile();
    QVERIFY(size - last <= Connection::MaxFileTurn);
    while (m_connection->hasOutput()) {
        readAvailable();
        QCoreApplication::processEvents();
        QCOMPARE(m_events.losses, 0);
        QVERIFY(last - m_connection->pendingFile() <= Connection::MaxFileTurn);
        last = m_connection->pendingFile();
    }
}

void TestSendFile::noProgressWithoutAReader()
{
    const QByteArray body = pattern(4'000'000);
    m_connection->sendFile(fileOf(body), 0, quint64(body.size()));
    letTheLoopTurn();
    const quint64 pending = m_connection->pendingFile();
    const auto calls = m_events.pendingFile.size();
    QVERIFY(pending > 0);
    letTheLoopTurn();
    QCOMPARE(m_connection->pendingFile(), pending);
    QCOMPARE(m_events.pendingFile.size(), calls); // a deadline for sending must not be put off
}

void TestSendFile::fileThatShrinks()
{
    const QByteArray body = pattern(4'000'000);
    const auto file = fileOf(body);
    m_connection->sendFile(file, 0, quint64(body.size()));
    QVERIFY(m_connection->pendingFile() > 0);
    QCOMPARE(::ftruncate(file->get(), 1000), 0);
    QTRY_VERIFY_WITH_TIMEOUT((readAvailable(), m_events.losses == 1), 5000);
    QVERIFY(!m_connection->isOpen());
    QVERIFY(!m_connection->hasOutput());
}

void TestSendFile::fileThatIsTooShort()
{
    m_connection->sendFile(fileOf("short"), 0, 6);
    QCOMPARE(m_events.losses, 0); // not within the call
    QTRY_COMPARE(m_events.losses, 1);
    QCOMPARE(readAvailable(), QByteArray("short"));
}

void TestSendFile::peerGoesAway()
{
    m_connection->setReading(false);
    const QByteArray body = pattern(4'000'000);
    const auto file = fileOf(body);
    m_connection->sendFile(file, 0, quint64(body.size()));
    m_far.reset();
    QTRY_COMPARE(m_events.losses, 1);
    QVERIFY(!m_connection->isOpen());
    QCOMPARE(file.use_count(), 1);
}

void TestSendFile::closedWhileAFileIsSent()
{
    const QByteArray body = pattern(4'000'000);
    const auto file = fileOf(body);
    m_connection->sendFile(file, 0, quint64(body.size()));
    m_connection->close();
    QCOMPARE(file.use_count(), 1);
    letTheLoopTurn();
    QCOMPARE(m_events.losses, 0);
}

void TestSendFile::closedFromProgress()
{
    const QByteArray body = pattern(4'000'000);
    m_events.onProgress = [this] { m_connection->close(); };
    m_connection->sendFile(fileOf(body), 0, quint64(body.size()));
    QTRY_VERIFY_WITH_TIMEOUT((readAvailable(), !m_connection->isOpen()), 5000);
    QCOMPARE(m_events.pendingFile.size(), 1);
    QCOMPARE(m_events.losses, 0);
}

void TestSendFile::afterClose()
{
    m_connection->close();
    const auto file = fileOf("hello");
    m_connection->sendFile(file, 0, 5);
    QVERIFY(!m_connection->hasOutput());
    QCOMPARE(file.use_count(), 1);
}

QUERN_EPOLL_TEST_MAIN(TestSendFile)
#include "tst_sendfile.moc"
