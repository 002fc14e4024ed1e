#include "tlssupport.h"

#include <malloc.h>
#include <vector>

using namespace Quern;
using namespace NetTest;
using net::Connection;

/// How a connection with TLS pauses, ends and breaks.
class TestTlsEnds : public TlsTest
{
    Q_OBJECT

private Q_SLOTS:
    void notReading();
    void stoppedOnceEstablished();
    void endIsSeenAfterReadingAgain();
    void inputEndsOnce();
    void truncatedInput();
    void outputEndsAndInputGoesOn();
    void outputEndsBehindAFullBuffer();
    void closeSaysGoodbye();
    void closedWithOutputWaiting();
    void resetOnClose();
    void closedFromEvents();
    void lostByReset();
    void damagedRecord();
    void idleConnectionsAreSmall();
};

void TestTlsEnds::notReading()
{
    shakeHands();
    m_pair->connection->setReading(false);
    QVERIFY(m_pair->client.write("waiting"));
    letTheLoopTurn();
    QCOMPARE(m_pair->events.input, QByteArray());
    QTRY_VERIFY(m_pair->connection->hasUnreadInput());
    m_pair->connection->setReading(true);
    QTRY_COMPARE(m_pair->events.input, QByteArray("waiting"));
    QVERIFY(!m_pair->connection->hasUnreadInput());

    m_pair->events.onBytes = [this] { m_pair->connection->setReading(false); };
    QVERIFY(m_pair->client.write("one"));
    QTRY_COMPARE(m_pair->events.input, QByteArray("waitingone"));
    QVERIFY(m_pair->client.write("two"));
    letTheLoopTurn();
    QCOMPARE(m_pair->events.input, QByteArray("waitingone"));
}

void TestTlsEnds::stoppedOnceEstablished()
{
    // The request comes in one read with the end of the handshake: TLS holds it, and the kernel knows nothing of it.
    m_pair->events.onEstablished = [this] { m_pair->connection->setReading(false); };
    QTRY_VERIFY(m_pair->client.handshake());
    QVERIFY(m_pair->client.write("early"));
    QTRY_COMPARE(m_pair->events.established, 1);
    letTheLoopTurn();
    QCOMPARE(m_pair->events.input, QByteArray());
    QTRY_VERIFY(m_pair->connection->hasUnreadInput());
    m_pair->events.onBytes = [this] { m_pair->connection->setReading(false); };
    m_pair->connection->setReading(true);
    QTRY_COMPARE(m_pair->events.input, QByteArray("early"));
}

void TestTlsEnds::endIsSeenAfterReadingAgain()
{
    shakeHands();
    m_pair->events.onBytes = [this] { m_pair->connection->setReading(false); };
    QVERIFY(m_pair->client.write("last"));
    SSL_shutdown(m_pair->client.ssl()); // in the same read as the bytes
    QTRY_COMPARE(m_pair->events.input, QByteArray("last"));
    letTheLoopTurn();
    QCOMPARE(m_pair->events.ends, 0);
    m_pair->connection->setReading(true);
    QTRY_COMPARE(m_pair->events.ends, 1);
    QVERIFY(!m_pair->connection->isInputTruncated());
}

void TestTlsEnds::inputEndsOnce()
{
    shakeHands();
    QVERIFY(m_pair->client.write("last"));
    SSL_shutdown(m_pair->client.ssl());
    QTRY_COMPARE(m_pair->events.ends, 1);
    QCOMPARE(m_pair->events.input, QByteArray("last"));
    QVERIFY(m_pair->connection->hasInputEnded());
    QVERIFY(!m_pair->connection->isInputTruncated());
    ::shutdown(m_pair->client.fd(), SHUT_WR);
    m_pair->connection->setReading(false);
    m_pair->connection->setReading(true);
    letTheLoopTurn();
    QCOMPARE(m_pair->events.ends, 1);
    m_pair->connection->write("answer");
    QTRY_COMPARE(m_pair->client.read(), QByteArray("answer"));
}

void TestTlsEnds::truncatedInput()
{
    shakeHands();
    QVERIFY(m_pair->client.write("last"));
    ::shutdown(m_pair->client.fd(), SHUT_WR);
    QTRY_COMPARE(m_pair->events.ends, 1);
    QCOMPARE(m_pair->events.input, QByteArray("last"));
    QVERIFY(m_pair->connection->isInputTruncated());
    m_pair->connection->write("answer");
    QTRY_COMPARE(m_pair->client.read(), QByteArray("answer"));
    QCOMPARE(m_pair->events.losses, 0);
}

void TestTlsEnds::outputEndsAndInputGoesOn()
{
    shakeHands();
    m_pair->connection->write("last");
    m_pair->connection->shutdownOutput();
    QTRY_VERIFY((m_pair->client.read(), m_pair->client.isEnded()));
    QCOMPARE(m_pair->client.input(), QByteArray("last"));
    char byte;
    QTRY_COMPARE(::recv(m_pair->client.fd(), &byte, 1, MSG_DONTWAIT), ssize_t(0)); // TCP ends, too
    QVERIFY(m_pair->client.write("still heard"));
    QTRY_COMPARE(m_pair->events.input, QByteArray("still heard"));
}

void TestTlsEnds::outputEndsBehindAFullBuffer()
{
    // How many records the kernel takes, and then just as many: the last word has no room.
    m_pair->beginLocal(m_context);
    shakeHands();
    m_pair->client.read();
    int fitting = 0;
    while ((m_pair->connection->write(pattern(100)), m_pair->connection->pendingOutput() == 0))
        ++fitting;

    m_pair->beginLocal(m_context);
    shakeHands();
    m_pair->client.read();
    for (int i = 0; i < fitting; ++i)
        m_pair->connection->write(pattern(100));
    QVERIFY(!m_pair->connection->hasOutput());
    m_pair->connection->shutdownOutput();
    letTheLoopTurn();
    QTRY_VERIFY((m_pair->client.read(), m_pair->client.isEnded()));
    QCOMPARE(m_pair->client.input().size(), fitting * 100);
    char byte;
    QTRY_COMPARE(::recv(m_pair->client.fd(), &byte, 1, MSG_DONTWAIT), ssize_t(0));
    QCOMPARE(m_pair->events.losses, 0);
}

void TestTlsEnds::closeSaysGoodbye()
{
    shakeHands();
    m_pair->connection->write("last");
    m_pair->connection->close();
    QTRY_VERIFY((m_pair->client.read(), m_pair->client.isEnded()));
    QCOMPARE(m_pair->client.input(), QByteArray("last"));
    QVERIFY(!m_pair->connection->tlsInfo());
    letTheLoopTurn();
    QCOMPARE(m_pair->events.ends + m_pair->events.losses, 0);
}

void TestTlsEnds::closedWithOutputWaiting()
{
    shakeHands();
    m_pair->connection->write(pattern(8'000'000));
    QVERIFY(m_pair->connection->hasOutput());
    m_pair->connection->close();
    QTRY_VERIFY((m_pair->client.read(), !m_pair->client.failure().isEmpty()));
    QVERIFY(!m_pair->client.isEnded()); // it is to see that something is missing
    QCOMPARE(m_pair->client.failure(), QByteArray("unexpected eof while reading"));
}

void TestTlsEnds::resetOnClose()
{
    shakeHands();
    m_pair->client.read();
    m_pair->connection->resetOnClose();
    m_pair->connection->close();
    QTRY_VERIFY((m_pair->client.read(), !m_pair->client.failure().isEmpty()));
    QCOMPARE(m_pair->client.failure(), QByteArray("system call"));
}

void TestTlsEnds::closedFromEvents()
{
    m_pair->events.onEstablished = [this] { m_pair->connection->close(); };
    QTRY_VERIFY((m_pair->client.handshake(), m_pair->events.established == 1));
    QVERIFY(!m_pair->connection->isOpen());

    m_pair->begin(m_context);
    shakeHands();
    m_pair->events.onBytes = [this] { m_pair->connection->close(); };
    QVERIFY(m_pair->client.write("close yourself"));
    SSL_shutdown(m_pair->client.ssl());
    QTRY_VERIFY(!m_pair->connection->isOpen());

    m_pair->begin(m_context);
    shakeHands();
    m_pair->connection->write(pattern(8'000'000));
    m_pair->events.onProgress = [this] { m_pair->connection->close(); };
    QTRY_VERIFY((m_pair->client.read(), !m_pair->connection->isOpen()));
    QCOMPARE(m_pair->events.progress.size(), 1);
    letTheLoopTurn();
    QCOMPARE(m_pair->events.ends + m_pair->events.losses, 0);
}

void TestTlsEnds::lostByReset()
{
    shakeHands();
    const linger hard = {1, 0};
    ::setsockopt(m_pair->client.fd(), SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
    m_pair->client.drop();
    QTRY_COMPARE(m_pair->events.losses, 1);
    QCOMPARE(m_pair->events.failure, QStringLiteral("Connection reset by peer"));
    QVERIFY(!m_pair->connection->isOpen());
    m_pair->connection->write("nobody reads this");
    m_pair->connection->shutdownOutput();
    QCOMPARE(m_pair->connection->pendingOutput(), 0);
}

void TestTlsEnds::damagedRecord()
{
    shakeHands();
    QVERIFY(m_pair->client.write("good"));
    const QByteArray record("\x17\x03\x03\x00\x20 this was not encrypted, I fear..", 37);
    QCOMPARE(::send(m_pair->client.fd(), record.data(), size_t(record.size()), 0), record.size());
    QTRY_COMPARE(m_pair->events.losses, 1);
    QCOMPARE(m_pair->events.input, QByteArray("good"));
    QCOMPARE(m_pair->events.failure, QStringLiteral("decryption failed or bad record mac"));
    QTRY_VERIFY((m_pair->client.read(), !m_pair->client.failure().isEmpty()));
    QVERIFY2(m_pair->client.failure().contains("alert bad record mac"), m_pair->client.failure().constData());
}

void TestTlsEnds::idleConnectionsAreSmall()
{
    constexpr size_t limit = 24 * 1024; // bytes
    constexpr int count = 50;
    QFETCH_GLOBAL(int, version);
    std::vector<std::unique_ptr<TlsPair>> pairs;
    const size_t before = ::mallinfo2().uordblks;
    if (before == 0)
        QSKIP("another allocator does not tell");
    for (int i = 0; i < count; ++i) {
        TlsPair *pair = pairs.emplace_back(std::make_unique<TlsPair>()).get();
        SSL_CTX_set_max_proto_version(pair->client.context(), version);
        pair->begin(m_context);
        QTRY_VERIFY(pair->client.handshake() && pair->events.established == 1);
        QVERIFY(pair->client.write(pattern(1000)));
        QTRY_COMPARE(pair->events.input.size(), 1000);
        pair->connection->write(pattern(20'000));
        QTRY_COMPARE(pair->client.read().size(), 20'000);
        pair->events.input = {};
        pair->client.forget();
    }
    const size_t each = (::mallinfo2().uordblks - before) / count;
    qInfo("%zu bytes for an idle connection", each);
    QVERIFY(each > 1024);
    QVERIFY(each <= limit);
}

QUERN_EPOLL_TEST_MAIN(TestTlsEnds)
#include "tst_tlsends.moc"
