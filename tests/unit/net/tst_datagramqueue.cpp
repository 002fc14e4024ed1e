#include "net/datagramqueue.h"

#include <QTest>

using namespace Quern;
using net::DatagramQueue;
using Taken = DatagramQueue::Outcome;

class TestDatagramQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void inOrder();
    void blockedLaneBlocksNoOther();
    void blockedLanesTakeTurns();
    void noMoreThanAsked();
    void dropsWhatIsOverdue();
    void countsWhatItHolds();

private:
    void add(const QByteArray &lane, QByteArrayView bytes, int seconds = 10)
    {
        m_queue.append(lane, {}, bytes, m_start + std::chrono::seconds(seconds));
    }
    DatagramQueue::Flushed flush(int most = 100, int seconds = 0)
    {
        return m_queue.flush(m_start + std::chrono::seconds(seconds), most,
                             [this](const net::SocketAddress &, QByteArrayView bytes) {
                                 m_tried.append(bytes.toByteArray());
                                 if (bytes.startsWith('!'))
                                     return Taken::Blocked;
                                 return bytes.startsWith('?') ? Taken::Lost : Taken::Sent;
                             });
    }

    const base::MonotonicTime m_start{std::chrono::hours(1)};
    DatagramQueue m_queue;
    QByteArrayList m_tried;
};

void TestDatagramQueue::init()
{
    m_queue.clear();
    m_tried.clear();
}

void TestDatagramQueue::inOrder()
{
    add({}, "1");
    add({}, "?2");
    add({}, "");
    const auto flushed = flush();
    QCOMPARE(m_tried, QByteArrayList({"1", "?2", ""}));
    QCOMPARE(flushed.sent, 2U);
    QCOMPARE(flushed.lost, 1U);
    QVERIFY(m_queue.isEmpty());
}

void TestDatagramQueue::blockedLaneBlocksNoOther()
{
    add("a", "!a1");
    add("b", "b1");
    add("a", "a2");
    add("b", "b2");
    QCOMPARE(flush().sent, 2U);
    QCOMPARE(m_tried, QByteArrayList({"!a1", "b1", "b2"}));
    QVERIFY(m_queue.hasLane("a"));
    QVERIFY(!m_queue.hasLane("b"));
}

void TestDatagramQueue::blockedLanesTakeTurns()
{
    for (const char *lane : {"1", "2", "3"})
        add(lane, QByteArray("!") + lane);
    add("4", "4");
    for (int i = 0; i < 2; ++i)
        flush(2);
    QCOMPARE(m_tried, QByteArrayList({"!1", "!2", "!3", "4"}));
}

void TestDatagramQueue::noMoreThanAsked()
{
    for (int i = 0; i < 5; ++i)
        add({}, "x");
    QCOMPARE(flush(3).sent, 3U);
    QCOMPARE(flush(3).sent, 2U);
}

void TestDatagramQueue::dropsWhatIsOverdue()
{
    add("a", "!early", 1);
    add("a", "late", 3);
    add("b", "early", 1);
    const auto flushed = flush(100, 2);
    QCOMPARE(flushed.lost, 2U);
    QCOMPARE(flushed.sent, 1U);
    QCOMPARE(m_tried, QByteArrayList({"late"}));
    QVERIFY(m_queue.isEmpty());
}

void TestDatagramQueue::countsWhatItHolds()
{
    add("a", "12345");
    add("b", "");
    QCOMPARE(m_queue.cost(), 2 * DatagramQueue::Overhead + 5);
    flush();
    QCOMPARE(m_queue.cost(), 0);
    add("a", "!");
    m_queue.clear();
    QCOMPARE(m_queue.cost(), 0);
    QVERIFY(m_queue.isEmpty() && !m_queue.hasLane("a"));
}

QTEST_GUILESS_MAIN(TestDatagramQueue)
#include "tst_datagramqueue.moc"
