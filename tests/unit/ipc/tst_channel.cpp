#include "channelsupport.h"

#include <fcntl.h>

using namespace Quern;
using namespace IpcTest;

class TestChannel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void pairIsCloseOnExecAndNonBlocking();
    void oneFrameEachWay();
    void manySendsAreOneWrite();
    void appendedInPlace();
    void flushLeavesAtOnce();
    void nothingToFlush();
    void batchIsFull();
    void splitAtEveryByte();
    void byteByByte();
    void manyFramesInOneBatch();
    void largestFrame();
    void slowReader();
    void nestedEventLoop();
    void urgentFramesAhead();
    void readAheadWithinReadAhead();
    void readAheadOutsideOfAFrame();
};

void TestChannel::pairIsCloseOnExecAndNonBlocking()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    for (const int fd : {pair->first, pair->second}) {
        const FileDescriptor owner(fd);
        QCOMPARE(::fcntl(fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
        QCOMPARE(::fcntl(fd, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
    }
}

void TestChannel::oneFrameEachWay()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink left, right;
    Channel one(pair->first, &left), other(pair->second, &right);
    QVERIFY(one.isOpen());
    one.sendWith([](QByteArray &out) { ipc::appendFrame(out, FrameType::Request, 0x1234, 7, "payload"); });
    other.send(FrameType::Deferred, 8);
    QVERIFY(turnUntil([&] { return !left.frames.isEmpty() && !right.frames.isEmpty(); }));
    QCOMPARE(right.frames, QList<ReceivedFrame>({{FrameType::Request, 0x1234, 7, "payload"}}));
    QCOMPARE(left.frames, QList<ReceivedFrame>({{FrameType::Deferred, 0, 8, {}}}));
    QCOMPARE(left.batches, 1);
    QCOMPARE(one.unsentBytes(), 0);
}

void TestChannel::manySendsAreOneWrite()
{
    RecordingSink sink;
    // A socket that keeps the borders of writes shows how many there were.
    int ends[2];
    QCOMPARE(::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends), 0);
    const FileDescriptor far(ends[1]);
    Channel channel(ends[0], &sink);
    QVERIFY(!channel.hasOutput());
    for (quint64 id = 0; id < 100; ++id)
        channel.send(FrameType::Request, id, "some payload");
    QVERIFY(channel.hasOutput());
    QCOMPARE(channel.unsentBytes(), 100 * (ipc::FrameHeaderSize + 12));
    char bytes[8192];
    QCOMPARE(::recv(far.get(), bytes, sizeof bytes, 0), ssize_t(-1));

    turnUntilBlocking();
    QVERIFY(!channel.hasOutput());
    const ssize_t count = ::recv(far.get(), bytes, sizeof bytes, 0);
    const QList<ReceivedFrame> frames = framesOf(QByteArrayView(bytes, qMax<ssize_t>(count, 0)));
    QCOMPARE(frames.size(), 100);
    for (qsizetype i = 0; i < frames.size(); ++i)
        QCOMPARE(frames[i].id, quint64(i));
    QCOMPARE(::recv(far.get(), bytes, sizeof bytes, 0), ssize_t(-1));
}

void TestChannel::appendedInPlace()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.channel->sendWith([](QByteArray &out) {
        ipc::appendFrame(out, FrameType::Cancel, 0, 1, {});
        ipc::appendFrame(out, FrameType::Cancel, 0, 2, {});
    });
    QVERIFY(end.channel->hasOutput());
    turnUntilBlocking();
    QCOMPARE(framesOf(end.receive()).size(), 2);
}

void TestChannel::flushLeavesAtOnce()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.channel->send(FrameType::Stop, 0);
    end.channel->flush();
    QCOMPARE(framesOf(end.receive()).size(), 1);
    QVERIFY(!end.channel->hasOutput());
    QCOMPARE(end.channel->unsentBytes(), 0);
}

void TestChannel::nothingToFlush()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.channel->flush();
    end.channel->flushWhileBusy();
    QVERIFY(end.receive().isEmpty());
    QVERIFY(end.channel->isOpen());
}

void TestChannel::batchIsFull()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.channel->send(FrameType::RequestBody, 1, QByteArray(Channel::MaxBatch - ipc::FrameHeaderSize - 1, 'x'));
    QVERIFY(!end.channel->isBatchFull());
    end.channel->flush();
    end.channel->send(FrameType::RequestBody, 1, QByteArray(Channel::MaxBatch - ipc::FrameHeaderSize, 'x'));
    QVERIFY(end.channel->isBatchFull());
    end.channel->flush();
    QVERIFY(!end.channel->isBatchFull());
}

void TestChannel::splitAtEveryByte()
{
    const QByteArray bytes = frameBytes(FrameType::RequestBody, 1, "first") + frameBytes(FrameType::Cancel, 2) +
                             frameBytes(FrameType::RequestBody, 3, "third");
    const QList<ReceivedFrame> expected = framesOf(bytes);
    for (qsizetype cut = 1; cut < bytes.size(); ++cut) {
        RecordingSink sink;
        BareEnd end(&sink);
        end.put(bytes.first(cut));
        QVERIFY(turnUntil([&] { return sink.batches == 1; }));
        QCOMPARE_LE(sink.frames.size(), 2);
        end.put(bytes.sliced(cut));
        QVERIFY(turnUntil([&] { return sink.frames.size() == 3; }));
        QCOMPARE(sink.frames, expected);
    }
}

void TestChannel::byteByByte()
{
    const QByteArray bytes = frameBytes(FrameType::RequestBody, 1, "first") + frameBytes(FrameType::Cancel, 2);
    RecordingSink sink;
    BareEnd end(&sink);
    for (qsizetype i = 0; i < bytes.size(); ++i) {
        end.put(bytes.sliced(i, 1));
        QVERIFY(turnUntil([&] { return sink.batches == i + 1; }));
    }
    QCOMPARE(sink.frames, framesOf(bytes));
}

void TestChannel::manyFramesInOneBatch()
{
    QByteArray bytes;
    for (quint64 id = 0; id < 1'000; ++id)
        bytes += frameBytes(FrameType::RequestBody, id, "x");
    RecordingSink sink;
    BareEnd end(&sink);
    end.put(bytes);
    QVERIFY(turnUntil([&] { return sink.batches > 0; }));
    QCOMPARE(sink.frames, framesOf(bytes));
    QCOMPARE(sink.batches, 1);
}

void TestChannel::largestFrame()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink left, right;
    Channel one(pair->first, &left), other(pair->second, &right);
    QByteArray payload(qsizetype(ipc::MaxFramePayload), Qt::Uninitialized);
    for (qsizetype i = 0; i < payload.size(); ++i)
        payload[i] = char(i * 7 + i / 256);
    one.send(FrameType::RequestBody, 1, payload);
    one.send(FrameType::Cancel, 2);
    QVERIFY(turnUntil([&] { return right.frames.size() == 2; }));
    QCOMPARE(right.frames[0].payload, payload);
    QCOMPARE(right.frames[1].id, quint64(2));
    QVERIFY(right.reasons.isEmpty());
}

void TestChannel::slowReader()
{
    RecordingSink sink;
    BareEnd end(&sink);
    const QByteArray payload(32 * 1024, 'x');
    constexpr quint64 count = 100;
    for (quint64 id = 0; id < count; ++id) {
        end.channel->send(FrameType::RequestBody, id, payload);
        end.channel->flush();
    }
    // Nobody reads: what the kernel does not take stays here, and is counted.
    const qint64 unsent = end.channel->unsentBytes();
    QCOMPARE_GT(unsent, qint64(count) * payload.size() / 2);
    end.channel->send(FrameType::Cancel, count);
    end.channel->flushWhileBusy();
    QCOMPARE(end.channel->unsentBytes(), unsent + ipc::FrameHeaderSize);
    QVERIFY(end.channel->hasOutput());
    turnUntilBlocking();
    QCOMPARE(end.channel->unsentBytes(), unsent + ipc::FrameHeaderSize);

    QByteArray received;
    QVERIFY(turnUntil([&] {
        received += end.receive();
        return end.channel->unsentBytes() == 0;
    }));
    received += end.receive();
    const QList<ReceivedFrame> frames = framesOf(received);
    QCOMPARE(frames.size(), qsizetype(count) + 1);
    for (qsizetype i = 0; i < frames.size(); ++i)
        QCOMPARE(frames[i].id, quint64(i));
    // Once all is gone, the next frame leaves from a busy thread again.
    QVERIFY(!end.channel->hasOutput());
    end.channel->send(FrameType::Cancel, count + 1);
    end.channel->flushWhileBusy();
    QVERIFY(!end.channel->hasOutput());
    QCOMPARE(framesOf(end.receive()).size(), 1);
}

void TestChannel::nestedEventLoop()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink left, right;
    Channel one(pair->first, &left), other(pair->second, &right);
    int depth = 0, deepest = 0;
    right.onFrame = [&](const Frame &frame) {
        deepest = qMax(deepest, ++depth);
        const quint64 id = frame.id;
        if (id <= 3) {
            // More arrives while this one is being handled, and is sent from within.
            one.send(FrameType::Request, id + 10, "from within");
            QEventLoop loop;
            QTimer::singleShot(5, &loop, &QEventLoop::quit);
            loop.exec();
        }
        // The payload survives what came meanwhile.
        if (frame.id != id || frame.payload != (id <= 3 ? QByteArrayView("outer") : QByteArrayView("from within")))
            qFatal("the frame changed while it was handled");
        --depth;
    };
    for (quint64 id = 1; id <= 3; ++id)
        one.send(FrameType::Request, id, "outer");
    QVERIFY(turnUntil([&] { return right.frames.size() == 6; }));
    QList<quint64> ids;
    for (const ReceivedFrame &frame : right.frames)
        ids.append(frame.id);
    QCOMPARE(ids, QList<quint64>({1, 2, 3, 11, 12, 13}));
    QCOMPARE(deepest, 1);
}

void TestChannel::urgentFramesAhead()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink left, right;
    Channel one(pair->first, &left), other(pair->second, &right);
    right.isUrgentFrame = [](const Frame &frame) { return frame.type == FrameType::Credit; };
    QByteArray heldPayload;
    bool came = false;
    right.onFrame = [&](const Frame &frame) {
        if (frame.id != 1)
            return;
        // The rest comes in pieces that end within a frame, as a socket may cut them.
        QByteArray bytes;
        for (quint64 id = 3; id < 6; ++id) {
            ipc::appendFrame(bytes, FrameType::RequestBody, 0, id, QByteArray(3'000, char('a' + id)));
            ipc::appendFrame(bytes, FrameType::Credit, 0, id, "1234");
        }
        for (const char byte : std::as_const(bytes))
            one.sendWith([byte](QByteArray &out) { out.append(byte); });
        one.flush();
        came = turnUntil([&] {
            other.readAhead();
            return right.frames.size() == 4;
        });
        heldPayload = frame.payload.toByteArray();
    };
    // The second frame has come in part when the first one is given out.
    one.sendWith([](QByteArray &out) {
        ipc::appendFrame(out, FrameType::Request, 0, 1, "first");
        ipc::appendFrame(out, FrameType::Request, 0, 2, "second");
        out.chop(3);
    });
    one.flush();
    one.sendWith([](QByteArray &out) { out.append("ond"); });
    QVERIFY(turnUntil([&] { return right.frames.size() == 8; }));
    QVERIFY(came);
    QCOMPARE(heldPayload, QByteArray("first"));
    QList<QPair<FrameType, quint64>> order;
    for (const ReceivedFrame &frame : std::as_const(right.frames))
        order.append({frame.type, frame.id});
    const QList<QPair<FrameType, quint64>> expected = {
        {FrameType::Request, 1}, {FrameType::Credit, 3},      {FrameType::Credit, 4},      {FrameType::Credit, 5},
        {FrameType::Request, 2}, {FrameType::RequestBody, 3}, {FrameType::RequestBody, 4}, {FrameType::RequestBody, 5}};
    QCOMPARE(order, expected);
    QCOMPARE(right.frames[4].payload, QByteArray("second"));
    QCOMPARE(right.frames[7].payload, QByteArray(3'000, 'f'));
}

void TestChannel::readAheadWithinReadAhead()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink left, right;
    Channel one(pair->first, &left), other(pair->second, &right);
    right.isUrgentFrame = [](const Frame &frame) { return frame.type == FrameType::Credit; };
    right.onFrame = [&](const Frame &frame) {
        if (frame.id < 3)
            turnUntil([&] {
                other.readAhead();
                return right.frames.size() >= 3;
            });
    };
    for (quint64 id = 1; id < 4; ++id)
        one.send(id == 1 ? FrameType::Request : FrameType::Credit, id, QByteArray::number(id));
    one.send(FrameType::Request, 4, "4");
    QVERIFY(turnUntil([&] { return right.frames.size() == 4; }));
    for (quint64 id = 1; id < 5; ++id)
        QCOMPARE(right.frames[qsizetype(id) - 1].payload, QByteArray::number(id));
}

void TestChannel::readAheadOutsideOfAFrame()
{
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    RecordingSink left, right;
    Channel one(pair->first, &left), other(pair->second, &right);
    right.isUrgentFrame = [](const Frame &) { return true; };
    one.send(FrameType::Credit, 1, "1");
    one.flush();
    other.readAhead();
    QVERIFY(right.frames.isEmpty());
    QVERIFY(turnUntil([&] { return right.frames.size() == 1; }));
}

QUERN_EPOLL_TEST_MAIN(TestChannel)
#include "tst_channel.moc"
