#include "net/outputqueue.h"

#include <QRandomGenerator>
#include <QTest>

using Quern::net::OutputQueue;

namespace {

constexpr qsizetype KiB = 1024;

/// Bytes that tell their place in the stream.
QByteArray streamFrom(qint64 place, qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    for (qsizetype i = 0; i < size; ++i)
        bytes[i] = char((place + i) * 31 / 7);
    return bytes;
}

} // namespace

class TestOutputQueue : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void empty();
    void smallMessagesLeaveTogether();
    void aHeadAndItsBodyShareABlock();
    void aLongMessageStandsInBlocks();
    void whatWaitsIsNotMoved();
    void sameBytesInTheSameOrder_data();
    void sameBytesInTheSameOrder();
};

void TestOutputQueue::empty()
{
    OutputQueue queue;
    queue.append({});
    QVERIFY(queue.isEmpty());
    QVERIFY(queue.first().isEmpty() && queue.second().isEmpty());
    queue.append("x");
    queue.removeFirst(1);
    QVERIFY(queue.isEmpty());
    QVERIFY(queue.first().isEmpty() && queue.second().isEmpty());
}

void TestOutputQueue::smallMessagesLeaveTogether()
{
    OutputQueue queue;
    for (int i = 0; i < 100; ++i)
        queue.append(streamFrom(i * 100, 100));
    QCOMPARE(queue.size(), qint64(10'000));
    QCOMPARE(queue.first().toByteArray(), streamFrom(0, 10'000));
    QVERIFY(queue.second().isEmpty());
}

void TestOutputQueue::aHeadAndItsBodyShareABlock()
{
    OutputQueue queue;
    queue.append(streamFrom(0, 10), streamFrom(10, 32 * KiB));
    QCOMPARE(queue.first().toByteArray(), streamFrom(0, 10 + 32 * KiB));
}

void TestOutputQueue::aLongMessageStandsInBlocks()
{
    OutputQueue queue;
    queue.append(streamFrom(0, 1000 * KiB));
    QCOMPARE(queue.first().size(), OutputQueue::MaxBlock);
    QCOMPARE(queue.second().size(), OutputQueue::MaxBlock);
    queue.removeFirst(OutputQueue::MaxBlock + 5);
    QCOMPARE(queue.first().toByteArray(), streamFrom(OutputQueue::MaxBlock + 5, OutputQueue::MaxBlock - 5));
}

void TestOutputQueue::whatWaitsIsNotMoved()
{
    OutputQueue queue;
    queue.append(streamFrom(0, 32 * KiB));
    const char *first = queue.first().data();
    for (int i = 1; i < 20; ++i)
        queue.append(streamFrom(i * 32 * KiB, 32 * KiB));
    QCOMPARE(queue.first().data(), first);
    QCOMPARE(queue.first().size(), 32 * KiB);
    // The room of what has left is given back, also within a block.
    queue.removeFirst(20 * KiB);
    QVERIFY(queue.first().data() != first + 20 * KiB);
    QCOMPARE(queue.first().toByteArray(), streamFrom(20 * KiB, 12 * KiB));
}

void TestOutputQueue::sameBytesInTheSameOrder_data()
{
    QTest::addColumn<int>("largest");
    for (const int largest : {3, 200, 5'000, 40'000, 300'000})
        QTest::addRow("up to %d", largest) << largest;
}

void TestOutputQueue::sameBytesInTheSameOrder()
{
    QFETCH(const int, largest);
    QRandomGenerator random{quint32(largest)};
    OutputQueue queue;
    qint64 written = 0, read = 0;
    for (int turn = 0; turn < 600; ++turn) {
        for (int i = int(random.bounded(4)); i > 0; --i) {
            const qsizetype head = random.bounded(largest), body = random.bounded(largest);
            queue.append(streamFrom(written, head), streamFrom(written + head, body));
            written += head + body;
        }
        QCOMPARE(queue.size(), written - read);
        const QByteArrayView first = queue.first(), second = queue.second();
        QCOMPARE(first.isEmpty(), queue.isEmpty());
        QVERIFY(first.toByteArray() + second.toByteArray() == streamFrom(read, first.size() + second.size()));
        const qsizetype offered = first.size() + second.size();
        const qsizetype count = random.bounded(4) == 0 ? offered : qsizetype(random.bounded(int(offered) + 1));
        queue.removeFirst(count);
        read += count;
    }
    while (!queue.isEmpty()) {
        QVERIFY(queue.first().toByteArray() == streamFrom(read, queue.first().size()));
        read += queue.first().size();
        queue.removeFirst(queue.first().size());
    }
    QCOMPARE(read, written);
}

QTEST_APPLESS_MAIN(TestOutputQueue)
#include "tst_outputqueue.moc"
