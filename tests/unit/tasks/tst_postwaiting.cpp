#include "tasks/mailbox.h"
#include "tasks/postpipe.h"
#include "tasks/postqueue.h"

#include <QTest>

using namespace Quern;
using namespace Quern::tasks;
using namespace Qt::Literals::StringLiterals;

namespace {

/// "7: hello #3" for each answer to child 7, with the item's number; "7: Busy" and the like for errors.
class Replies final : public PostReplies
{
public:
    void reply(const PostRequest &request, const PostReply &reply) override
    {
        QString line = u"%1: "_s.arg(request.childId);
        if (reply.outcome)
            line += QString::fromUtf8(*reply.outcome) + (reply.item > 0 ? u" #%1"_s.arg(reply.item) : QString());
        else
            line += u"error %1"_s.arg(int(reply.outcome.error().code()));
        m_lines.append(line);
    }
    QStringList take() { return std::exchange(m_lines, {}); }

private:
    QStringList m_lines;
};

PostRequest from(quint64 childId, quint64 id = 1)
{
    return {childId, id, base::MonotonicTime::max()};
}

ipc::ProcessEntry entry(ipc::QueueMode mode, int num = 1, qint64 capacity = 1000)
{
    ipc::ProcessEntry made;
    made.queue = mode;
    made.num = num;
    made.queueCapacity = capacity;
    return made;
}

void fill(PostQueue &queue, int count, int number = 0)
{
    for (int i = 1; i <= count; ++i)
        QVERIFY(queue.push(number, QByteArray::number(i), false).ok());
}

const QString timedOut = u"error %1"_s.arg(int(Error::Timeout));

} // namespace

/// Pipes, queues and mailboxes by themselves: what waits, for whom, in which order, within which bounds.
class TestPostWaiting : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void streamRunsTogether();
    void datagramsKeepTheirBounds();
    void fullPipeRefuses();
    void printedMakesRoom();
    void readersByTurns();
    void cancelledAndLate();
    void queueInOrder();
    void deathGivesBackInPlace();
    void returnedItemsKeepTheirOrder();
    void deadlyItemIsDropped();
    void addressedQueue();
    void fullQueueRefuses();
    void reconfiguredQueue();
    void mailboxWaitsForItsReceiver();
    void whatWasNotBegunGoesToTheSuccessor();
    void mailboxHasBounds();
};

void TestPostWaiting::streamRunsTogether()
{
    Replies replies;
    PostPipe pipe(ipc::PipeKind::Stream, 100, replies);
    QVERIFY(pipe.write("one ").ok());
    QVERIFY(pipe.write("").ok());
    QVERIFY(pipe.write("two").ok());
    QCOMPARE(pipe.waitingBytes(), 7);
    pipe.read(from(7));
    QCOMPARE(replies.take(), QStringList(u"7: one two"_s));
    QCOMPARE(pipe.waitingBytes(), 0);
}

void TestPostWaiting::datagramsKeepTheirBounds()
{
    Replies replies;
    PostPipe pipe(ipc::PipeKind::Datagram, 1000, replies);
    for (const char *datagram : {"one", "", "two"})
        QVERIFY(pipe.write(datagram).ok());
    for (int i = 0; i < 3; ++i)
        pipe.read(from(7));
    QCOMPARE(replies.take(), QStringList({u"7: one"_s, u"7: "_s, u"7: two"_s}));
}

void TestPostWaiting::fullPipeRefuses()
{
    Replies replies;
    PostPipe pipe(ipc::PipeKind::Stream, 10, replies);
    QVERIFY(pipe.write("0123456789").ok());
    const Result<void> refused = pipe.write("x");
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code(), Error::Busy);
    pipe.read(from(7));
    QCOMPARE(replies.take(), QStringList(u"7: 0123456789"_s));
    QVERIFY(pipe.write("x").ok());
    // Empty datagrams take room as well.
    PostPipe datagrams(ipc::PipeKind::Datagram, 1000, replies);
    int written = 0;
    while (written < 1000 && datagrams.write({}).ok())
        ++written;
    QCOMPARE_LT(written, 100);
}

void TestPostWaiting::printedMakesRoom()
{
    Replies replies;
    PostPipe pipe(ipc::PipeKind::Stream, 10, replies);
    QCOMPARE(pipe.print("aaaa"), 0);
    QCOMPARE(pipe.print("bbbb"), 0);
    QCOMPARE(pipe.print("cccc"), 4);
    QCOMPARE(pipe.print("longer than ten"), 5 + 8);
    pipe.read(from(7));
    QCOMPARE(replies.take(), QStringList(u"7: r than ten"_s));
}

void TestPostWaiting::readersByTurns()
{
    Replies replies;
    PostPipe pipe(ipc::PipeKind::Stream, 100, replies);
    pipe.read(from(7));
    pipe.read(from(8));
    QVERIFY(pipe.write("one").ok());
    QVERIFY(pipe.write("two").ok());
    QCOMPARE(replies.take(), QStringList({u"7: one"_s, u"8: two"_s}));
    pipe.read(from(7));
    pipe.read(from(8));
    pipe.waiters().forget(7);
    QVERIFY(pipe.write("three").ok());
    QCOMPARE(replies.take(), QStringList(u"8: three"_s));
}

void TestPostWaiting::cancelledAndLate()
{
    Replies replies;
    PostPipe pipe(ipc::PipeKind::Stream, 100, replies);
    const auto now = std::chrono::steady_clock::now();
    pipe.read(from(7, 1));
    pipe.read({8, 2, now});
    pipe.read({9, 3, now + std::chrono::hours(1)});
    QVERIFY(pipe.waiters().cancel(7, 1));
    QVERIFY(!pipe.waiters().cancel(7, 1));
    QCOMPARE(replies.take(), QStringList(u"7: error %1"_s.arg(int(Error::Unavailable))));
    QCOMPARE(pipe.waiters().nextDeadline(), std::optional(now));
    pipe.waiters().expire(now);
    QCOMPARE(replies.take(), QStringList(u"8: "_s + timedOut));
    QVERIFY(pipe.write("one").ok());
    QCOMPARE(replies.take(), QStringList(u"9: one"_s));
}

void TestPostWaiting::queueInOrder()
{
    Replies replies;
    PostQueue queue(entry(ipc::QueueMode::Shared), replies);
    fill(queue, 3);
    queue.pop(0, from(7), 0);
    queue.pop(1, from(8), 0);
    queue.pop(0, from(7), 1);
    QCOMPARE(replies.take(), QStringList({u"7: 1 #1"_s, u"8: 2 #2"_s, u"7: 3 #3"_s}));
    // Two are in hands, and one of these is done.
    QCOMPARE(queue.size(), 2);
    queue.done(8, 2);
    queue.done(8, 2);
    queue.done(7, 2);
    QCOMPARE(queue.size(), 1);
    QCOMPARE(queue.bytes(), 1);
}

void TestPostWaiting::deathGivesBackInPlace()
{
    Replies replies;
    PostQueue queue(entry(ipc::QueueMode::Shared), replies);
    fill(queue, 3);
    queue.pop(0, from(7), 0);
    QCOMPARE(replies.take(), QStringList(u"7: 1 #1"_s));
    QCOMPARE(queue.forget(7), 0);
    queue.pop(0, from(8), 0);
    queue.pop(0, from(8), 1);
    queue.pop(0, from(8), 2);
    QCOMPARE(replies.take(), QStringList({u"8: 1 #1"_s, u"8: 2 #2"_s, u"8: 3 #3"_s}));
}

void TestPostWaiting::returnedItemsKeepTheirOrder()
{
    Replies replies;
    PostQueue queue(entry(ipc::QueueMode::Shared), replies);
    fill(queue, 4);
    for (const quint64 child : {7, 8, 9})
        queue.pop(0, from(child), 0);
    replies.take();
    queue.forget(9);
    queue.forget(7);
    queue.forget(8);
    for (quint64 item = 0; item < 4; ++item)
        queue.pop(0, from(10), item);
    QCOMPARE(replies.take(), QStringList({u"10: 1 #1"_s, u"10: 2 #2"_s, u"10: 3 #3"_s, u"10: 4 #4"_s}));
}

void TestPostWaiting::deadlyItemIsDropped()
{
    Replies replies;
    PostQueue queue(entry(ipc::QueueMode::Shared), replies);
    fill(queue, 2);
    for (int death = 1; death <= PostQueue::MaxDeaths; ++death) {
        const quint64 child = 100 + quint64(death);
        queue.pop(0, from(child), 0);
        QCOMPARE(replies.take(), QStringList(u"%1: 1 #1"_s.arg(child)));
        QCOMPARE(queue.forget(child), death == PostQueue::MaxDeaths ? 1 : 0);
    }
    QCOMPARE(queue.size(), 1);
    queue.pop(0, from(7), 0);
    QCOMPARE(replies.take(), QStringList(u"7: 2 #2"_s));
}

void TestPostWaiting::addressedQueue()
{
    Replies replies;
    PostQueue queue(entry(ipc::QueueMode::Addressed, 2), replies);
    QVERIFY(queue.push(1, "for one", true).ok());
    QVERIFY(queue.push(0, "for nought", true).ok());
    const Result<void> refused = queue.push(2, "for nobody", true);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code(), Error::NotFound);
    queue.pop(0, from(7), 0);
    queue.pop(1, from(8), 0);
    QCOMPARE(replies.take(), QStringList({u"7: for nought #2"_s, u"8: for one #1"_s}));
    queue.forget(8);
    queue.pop(0, from(9), 0);
    QCOMPARE(replies.take(), QStringList());
    queue.pop(1, from(10), 0);
    QCOMPARE(replies.take(), QStringList(u"10: for one #1"_s));
    queue.pop(5, from(11), 0);
    QCOMPARE(replies.take(), QStringList(u"11: error %1"_s.arg(int(Error::Unavailable))));
}

void TestPostWaiting::fullQueueRefuses()
{
    Replies replies;
    ipc::ProcessEntry small = entry(ipc::QueueMode::Shared, 1, 2);
    small.queueMemory = 10;
    PostQueue queue(small, replies);
    QVERIFY(!queue.push(0, "more than ten bytes", false).ok());
    fill(queue, 2);
    const Result<void> refused = queue.push(0, "3", false);
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code(), Error::Busy);
    // What is in a hand counts until it is done.
    queue.pop(0, from(7), 0);
    QVERIFY(!queue.push(0, "3", false).ok());
    queue.done(7, 1);
    QVERIFY(queue.push(0, "3", false).ok());
}

void TestPostWaiting::reconfiguredQueue()
{
    Replies replies;
    PostQueue queue(entry(ipc::QueueMode::Addressed, 3), replies);
    fill(queue, 2, 1);
    QVERIFY(!queue.reconfigure(entry(ipc::QueueMode::Shared, 3)));
    QVERIFY(!queue.reconfigure(entry(ipc::QueueMode::Addressed, 1)));
    queue.pop(2, from(7), 0);
    QVERIFY(queue.reconfigure(entry(ipc::QueueMode::Addressed, 2, 2)));
    QCOMPARE(replies.take(), QStringList(u"7: error %1"_s.arg(int(Error::Unavailable))));
    QVERIFY(!queue.push(0, "3", false).ok());
    queue.pop(1, from(8), 0);
    QCOMPARE(replies.take(), QStringList(u"8: 1 #1"_s));
}

void TestPostWaiting::mailboxWaitsForItsReceiver()
{
    QStringList sent;
    Mailbox box([&sent](quint64 child, const Letter &letter) {
        sent.append(u"%1: %2"_s.arg(child).arg(QString::fromUtf8(letter.payload)));
    });
    QVERIFY(box.add({0, {}, "one", false}).ok());
    QCOMPARE(sent, QStringList());
    box.open(7);
    QVERIFY(box.add({0, {}, "two", false}).ok());
    QCOMPARE(sent, QStringList({u"7: one"_s, u"7: two"_s}));
    // Its successor gets none before it has begun with all of its own.
    box.open(8);
    QVERIFY(box.add({0, {}, "three", false}).ok());
    box.begun(7, 1);
    QCOMPARE(sent.size(), 2);
    box.begun(7, 2);
    QCOMPARE(sent.constLast(), u"8: three"_s);
    box.begun(8, 3);
    box.close(8);
    QVERIFY(box.add({0, {}, "four", false}).ok());
    QCOMPARE(sent.constLast(), u"7: four"_s);
}

void TestPostWaiting::whatWasNotBegunGoesToTheSuccessor()
{
    QStringList sent;
    Mailbox box([&sent](quint64 child, const Letter &letter) {
        sent.append(u"%1: %2"_s.arg(child).arg(QString::fromUtf8(letter.payload)));
    });
    box.open(7);
    for (const char *text : {"one", "two", "three"})
        QVERIFY(box.add({0, {}, text, false}).ok());
    box.begun(7, 1);
    sent.clear();
    box.forget(7);
    QVERIFY(box.add({0, {}, "four", false}).ok());
    box.open(8);
    QCOMPARE(sent, QStringList({u"8: two"_s, u"8: three"_s, u"8: four"_s}));
    box.begun(8, 4);
    QCOMPARE(box.size(), std::size_t(0));
}

void TestPostWaiting::mailboxHasBounds()
{
    int sent = 0;
    Mailbox box([&sent](quint64, const Letter &) { ++sent; });
    for (std::size_t i = 0; i < Mailbox::MaxLetters; ++i)
        QVERIFY(box.add({0, {}, "x", false}).ok());
    const Result<void> refused = box.add({0, {}, "x", false});
    QVERIFY(!refused.ok());
    QCOMPARE(refused.error().code(), Error::Busy);
    box.open(7);
    QCOMPARE(sent, int(Mailbox::Window));
    box.begun(7, 10);
    QCOMPARE(sent, int(Mailbox::Window) + 10);
    Mailbox large([](quint64, const Letter &) {});
    const QByteArray letter(ipc::MaxPost, 'x');
    for (qint64 bytes = 0; bytes < Mailbox::MaxBytes; bytes += letter.size())
        QVERIFY(large.add({0, {}, letter, false}).ok());
    QVERIFY(!large.add({0, {}, "x", false}).ok());
}

QTEST_GUILESS_MAIN(TestPostWaiting)
#include "tst_postwaiting.moc"
