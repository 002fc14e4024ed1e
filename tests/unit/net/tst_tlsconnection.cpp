#include "tlssupport.h"

#include <algorithm>
#include <sys/mman.h>

using namespace Quern;
using namespace NetTest;
using net::Connection;

namespace {

std::shared_ptr<base::FileDescriptor> fileOf(const QByteArray &bytes)
{
    auto file = std::make_shared<base::FileDescriptor>(::memfd_create("file", MFD_CLOEXEC));
    if (::write(file->get(), bytes.data(), size_t(bytes.size())) != bytes.size())
        file->reset();
    return file;
}

} // namespace

/// What a connection promises of its output without TLS, with it; and its input.
class TestTlsConnection : public TlsTest
{
    Q_OBJECT

private Q_SLOTS:
    void echo();
    void bytesOfOneReadInManyRecords();
    void dribbledHandshake();
    void writtenBeforeTheHandshake();
    void headAndBodyShareARecord();
    void bigOutputToASlowReader();
    void bigInputWhileOutputWaits();
    void writtenFromProgress();
    void noProgressWithoutAReader();
    void smallFile();
    void bigFile();
    void writtenWhileAFileIsSent();
    void oneTurnIsBounded();
    void fileThatShrinks();
    void fileThatIsTooShort();
    void keyUpdates();
};

void TestTlsConnection::echo()
{
    QVERIFY(!m_pair->connection->tlsInfo());
    shakeHands();
    QVERIFY(m_pair->client.write("hello"));
    QTRY_COMPARE(m_pair->events.input, QByteArray("hello"));
    m_pair->connection->write("and ", "you");
    QCOMPARE(m_pair->connection->pendingOutput(), 0);
    QCOMPARE(m_pair->client.read(), QByteArray("and you"));
    QVERIFY(m_pair->events.progress.isEmpty());
    QVERIFY(m_pair->connection->tlsInfo());
    QCOMPARE(m_pair->connection->tlsInfo()->version, QByteArray(SSL_get_version(m_pair->client.ssl())));
    QCOMPARE(m_pair->connection->tlsInfo()->cipher, QByteArray(SSL_get_cipher_name(m_pair->client.ssl())));
    QCOMPARE(m_pair->events.ends + m_pair->events.losses, 0);
}

void TestTlsConnection::bytesOfOneReadInManyRecords()
{
    // All of them lie in the kernel before the loop turns; the loop hears of the kernel alone.
    shakeHands();
    QByteArray written;
    for (int i = 0; i < 500; ++i) {
        const QByteArray bytes = pattern(i % 50 + 1);
        QVERIFY(m_pair->client.write(bytes));
        written += bytes;
    }
    QTRY_COMPARE(m_pair->events.input, written);
}

void TestTlsConnection::dribbledHandshake()
{
    // The client's bytes pass through here one by one, and its first request comes right behind its last word.
    BIO *fromServer = BIO_new(BIO_s_mem());
    BIO *fromClient = BIO_new(BIO_s_mem());
    BIO_set_mem_eof_return(fromServer, -1);
    SSL_set_bio(m_pair->client.ssl(), fromServer, fromClient);
    bool isWritten = false;
    const auto step = [&] {
        char buffer[8192];
        for (ssize_t count; (count = ::recv(m_pair->client.fd(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
            BIO_write(fromServer, buffer, int(count));
        if (m_pair->client.handshake() && !isWritten)
            isWritten = m_pair->client.write("request");
        if (char byte; BIO_read(fromClient, &byte, 1) == 1)
            ::send(m_pair->client.fd(), &byte, 1, MSG_NOSIGNAL);
        letTheLoopTurn();
        return m_pair->events.input == "request";
    };
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            for (int i = 0; i < 100 && !step(); ++i) {
            }
            return m_pair->events.input == "request";
        }(),
        20000);
    QCOMPARE(m_pair->events.established, 1);
    QCOMPARE(m_pair->events.losses, 0);
}

void TestTlsConnection::writtenBeforeTheHandshake()
{
    m_pair->connection->write("welcome");
    QCOMPARE(m_pair->connection->pendingOutput(), 7);
    QVERIFY(m_pair->connection->hasOutput());
    letTheLoopTurn(); // ends: the loop does not spin until the client speaks
    QCOMPARE(m_pair->connection->pendingOutput(), 7);
    shakeHands();
    QTRY_COMPARE(m_pair->client.read(), QByteArray("welcome"));
    QCOMPARE(m_pair->connection->pendingOutput(), 0);
    QCOMPARE(m_pair->events.progress, QList<qint64>{0});
}

void TestTlsConnection::headAndBodyShareARecord()
{
    shakeHands();
    m_pair->client.read(); // tickets
    m_pair->connection->write("head,", "body");
    char buffer[64];
    QCOMPARE(SSL_read(m_pair->client.ssl(), buffer, sizeof buffer), 9);

    const QByteArray head = pattern(10'000);
    const QByteArray body = pattern(100'000);
    m_pair->connection->write(head, body);
    QTRY_COMPARE(m_pair->client.read().size(), 110'000);
    QVERIFY(m_pair->client.input() == head + body);
}

void TestTlsConnection::bigOutputToASlowReader()
{
    shakeHands();
    const QByteArray bytes = pattern(16 * 1024 * 1024);
    m_pair->connection->write(bytes);
    QVERIFY(m_pair->connection->pendingOutput() > 0);
    QByteArray read;
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            // 30 KB at a time: the records never fit.
            char buffer[30'000];
            const int count = SSL_read(m_pair->client.ssl(), buffer, sizeof buffer);
            read.append(buffer, qMax(count, 0));
            for (int i = 0; i < 40 && read.size() < bytes.size(); ++i) {
                QCoreApplication::processEvents();
                const int more = SSL_read(m_pair->client.ssl(), buffer, sizeof buffer);
                read.append(buffer, qMax(more, 0));
            }
            return read.size() >= bytes.size();
        }(),
        30000);
    QVERIFY(read == bytes);
    QTRY_COMPARE(m_pair->connection->pendingOutput(), 0);
    QVERIFY(m_pair->events.progress.size() > 1);
    QVERIFY(std::is_sorted(m_pair->events.progress.crbegin(), m_pair->events.progress.crend()));
    QCOMPARE(m_pair->events.progress.last(), 0);
}

void TestTlsConnection::bigInputWhileOutputWaits()
{
    shakeHands();
    const QByteArray bytes = pattern(16 * 1024 * 1024);
    m_pair->connection->write(bytes);
    QVERIFY(m_pair->connection->pendingOutput() > 0);
    bool isWritten = false;
    QTRY_VERIFY_WITH_TIMEOUT(isWritten = isWritten || m_pair->client.write(bytes), 20000);
    QTRY_COMPARE(m_pair->events.input.size(), bytes.size());
    QVERIFY(m_pair->events.input == bytes);
    QTRY_COMPARE_WITH_TIMEOUT(m_pair->client.read().size(), bytes.size(), 20000);
    QVERIFY(m_pair->client.input() == bytes);
}

void TestTlsConnection::writtenFromProgress()
{
    shakeHands();
    QByteArray written = pattern(8'000'000);
    m_pair->connection->write(written);
    QVERIFY(m_pair->connection->hasOutput());
    int more = 20;
    m_pair->events.onProgress = [&] {
        if (more-- > 0) {
            m_pair->connection->write("again");
            written += "again";
        }
    };
    QTRY_VERIFY(m_pair->client.read().size() >= written.size() && !m_pair->connection->hasOutput());
    QVERIFY(m_pair->client.input() == written);
}

void TestTlsConnection::noProgressWithoutAReader()
{
    shakeHands();
    m_pair->connection->write(pattern(8'000'000));
    letTheLoopTurn();
    const qint64 pending = m_pair->connection->pendingOutput();
    const auto calls = m_pair->events.progress.size();
    QVERIFY(pending > 0);
    letTheLoopTurn();
    QCOMPARE(m_pair->connection->pendingOutput(), pending);
    QCOMPARE(m_pair->events.progress.size(), calls);
}

void TestTlsConnection::smallFile()
{
    shakeHands();
    const auto file = fileOf(pattern(1000));
    m_pair->connection->write("head,", {}, Connection::Next::File);
    m_pair->connection->sendFile(file, 100, 50);
    QVERIFY(!m_pair->connection->hasOutput());
    QCOMPARE(file.use_count(), 1);
    QTRY_COMPARE(m_pair->client.read(), "head," + pattern(1000).sliced(100, 50));
}

void TestTlsConnection::bigFile()
{
    shakeHands();
    const QByteArray bytes = pattern(9'000'000);
    m_pair->connection->write("head,", {}, Connection::Next::File);
    m_pair->connection->sendFile(fileOf(bytes), 0, quint64(bytes.size()));
    QCOMPARE(m_pair->connection->pendingOutput(), 0); // the file takes no memory here
    QVERIFY(m_pair->connection->pendingFile() > 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_pair->client.read().size(), bytes.size() + 5, 20000);
    QVERIFY(m_pair->client.input() == "head," + bytes);
    QTRY_VERIFY(!m_pair->connection->hasOutput());
    QCOMPARE(m_pair->events.losses, 0);
}

void TestTlsConnection::writtenWhileAFileIsSent()
{
    const QByteArray body = pattern(4'000'000);
    m_pair->connection->write("head,");
    m_pair->connection->sendFile(fileOf(body), 0, quint64(body.size())); // before the handshake, even
    m_pair->connection->write("be", "hind");
    QCOMPARE(m_pair->connection->pendingOutput(), 11);
    shakeHands();
    QTRY_COMPARE(m_pair->client.read().size(), body.size() + 11);
    QVERIFY(m_pair->client.input() == "head," + body + "behind");
    QTRY_VERIFY(!m_pair->connection->hasOutput());
}

void TestTlsConnection::oneTurnIsBounded()
{
    shakeHands();
    const auto file = fileOf({});
    const quint64 size = 8 * Connection::MaxFileTurn;
    QCOMPARE(::ftruncate(file->get(), off_t(size)), 0);
    m_pair->connection->sendFile(file, 0, size);
    quint64 last = m_pair->connection->pendingFile();
    QVERIFY(size - last <= Connection::MaxFileTurn);
    QTRY_VERIFY_WITH_TIMEOUT(
        [&] {
            m_pair->client.read();
            m_pair->client.input().clear();
            QCoreApplication::processEvents();
            const bool isBounded = last - m_pair->connection->pendingFile() <= Connection::MaxFileTurn;
            last = m_pair->connection->pendingFile();
            return !isBounded || !m_pair->connection->hasOutput();
        }(),
        20000);
    QVERIFY(!m_pair->connection->hasOutput());
    QCOMPARE(m_pair->events.losses, 0);
}

void TestTlsConnection::fileThatShrinks()
{
    shakeHands();
    const QByteArray body = pattern(8'000'000);
    const auto file = fileOf(body);
    m_pair->connection->sendFile(file, 0, quint64(body.size()));
    QVERIFY(m_pair->connection->pendingFile() > 0);
    QCOMPARE(::ftruncate(file->get(), 1000), 0);
    QTRY_VERIFY((m_pair->client.read(), m_pair->events.losses == 1));
    QVERIFY(!m_pair->connection->isOpen());
    QVERIFY(!m_pair->client.isEnded()); // the client sees that something is missing
}

void TestTlsConnection::fileThatIsTooShort()
{
    shakeHands();
    m_pair->connection->sendFile(fileOf("short"), 0, 6);
    QCOMPARE(m_pair->events.losses, 0); // not within the call
    QTRY_COMPARE(m_pair->events.losses, 1);
    QTRY_COMPARE(m_pair->client.read(), QByteArray("short"));
}

void TestTlsConnection::keyUpdates()
{
    shakeHands();
    if (SSL_version(m_pair->client.ssl()) != TLS1_3_VERSION) {
        QCOMPARE(SSL_renegotiate(m_pair->client.ssl()), 1); // refused
        m_pair->client.handshake();
        letTheLoopTurn();
        QTRY_VERIFY((m_pair->client.read(), !m_pair->client.failure().isEmpty()));
        QCOMPARE(m_pair->client.failure(), QByteArray("no renegotiation"));
        return;
    }
    // While output waits: neither side may lose its place.
    const QByteArray bytes = pattern(8'000'000);
    m_pair->connection->write(bytes);
    QVERIFY(m_pair->connection->hasOutput());
    for (int i = 0; i < 10; ++i) {
        QCOMPARE(SSL_key_update(m_pair->client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
        QVERIFY(m_pair->client.write("hello"));
    }
    QTRY_COMPARE(m_pair->events.input.size(), 50);
    QTRY_COMPARE(m_pair->client.read().size(), bytes.size());
    QVERIFY(m_pair->client.input() == bytes);
    QCOMPARE(m_pair->events.losses, 0);
}

QUERN_EPOLL_TEST_MAIN(TestTlsConnection)
#include "tst_tlsconnection.moc"
