#include "channelsupport.h"

using namespace Quern;
using namespace IpcTest;

namespace {

/// What is wrong with a header of 0xff bytes.
QString oversizedReason()
{
    return QStringLiteral("frame of 4294967295 bytes is over the limit of %1").arg(ipc::MaxFramePayload);
}

} // namespace

class TestChannelEnd : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void peerCloses();
    void framesBeforeTheEnd();
    void manyFramesBeforeTheEnd();
    void framesBeforeTheEndWhileWriting();
    void incompleteFrameAtTheEnd();
    void oversizedFrame();
    void oversizedAfterGoodFrames();
    void sinkSendsWhenClosed();
    void peerClosesWhileOutputIsStuck();
    void closedWithinANestedLoop();
    void deletedWhileOpen();
    void usedAfterTheEnd();
};

void TestChannelEnd::peerCloses()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.far.reset();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    turnUntilBlocking();
    QCOMPARE(sink.reasons, QStringList({QString()}));
    QVERIFY(!end.channel->isOpen());
}

void TestChannelEnd::framesBeforeTheEnd()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.put(frameBytes(FrameType::Response, 1, "answer") + frameBytes(FrameType::Response, 2, "answer"));
    end.far.reset();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    QCOMPARE(sink.frames.size(), 2);
    QCOMPARE(sink.framesBeforeClose, 2);
    QCOMPARE(sink.reasons.size(), 1);
}

void TestChannelEnd::manyFramesBeforeTheEnd()
{
    RecordingSink sink;
    BareEnd end(&sink);
    const QByteArray one = frameBytes(FrameType::ResponseBody, 1, QByteArray(1'000, 'x'));
    qsizetype count = 0;
    while (::send(end.far.get(), one.constData(), size_t(one.size()), MSG_DONTWAIT) == one.size())
        ++count;
    QCOMPARE_GT(count, 50);
    end.far.reset();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    QCOMPARE_GE(sink.framesBeforeClose, count);
}

void TestChannelEnd::framesBeforeTheEndWhileWriting()
{
    // A process answers and dies while more is on its way to it: its answers count.
    RecordingSink sink;
    BareEnd end(&sink);
    end.put(frameBytes(FrameType::Response, 1, "answer"));
    end.far.reset();
    end.channel->send(FrameType::Request, 2, "too late");
    end.channel->flush();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    QCOMPARE(sink.framesBeforeClose, 1);
    QCOMPARE(sink.reasons, QStringList({QString()}));
}

void TestChannelEnd::incompleteFrameAtTheEnd()
{
    RecordingSink sink;
    BareEnd end(&sink);
    const QByteArray bytes = frameBytes(FrameType::Response, 1, "answer");
    end.put(bytes + bytes.chopped(1));
    end.far.reset();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    QCOMPARE(sink.frames.size(), 1);
    QCOMPARE(sink.reasons, QStringList({QString()}));
}

void TestChannelEnd::oversizedFrame()
{
    RecordingSink sink;
    BareEnd end(&sink);
    const QString reason = oversizedReason();
    QTest::ignoreMessage(QtWarningMsg, qPrintable(QStringLiteral("channel closed: ") + reason));
    end.put(QByteArray(32, '\xff'));
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    turnUntilBlocking();
    QCOMPARE(sink.reasons, QStringList({reason}));
    QVERIFY(sink.frames.isEmpty());
    QVERIFY(!end.channel->isOpen());
    char byte;
    QCOMPARE(::recv(end.far.get(), &byte, 1, 0), ssize_t(0));
}

void TestChannelEnd::oversizedAfterGoodFrames()
{
    RecordingSink sink;
    BareEnd end(&sink);
    QTest::ignoreMessage(QtWarningMsg, qPrintable(QStringLiteral("channel closed: ") + oversizedReason()));
    end.put(frameBytes(FrameType::Response, 1, "good") + QByteArray(16, '\xff') + frameBytes(FrameType::Response, 2));
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    turnUntilBlocking();
    QCOMPARE(sink.frames.size(), 1);
    QCOMPARE(sink.framesBeforeClose, 1);
    QCOMPARE(sink.reasons.size(), 1);
}

void TestChannelEnd::sinkSendsWhenClosed()
{
    // As a dispatcher may that settles what was in flight; the write is what finds the end.
    RecordingSink sink;
    BareEnd end(&sink);
    sink.onClosed = [&] {
        end.channel->send(FrameType::Request, 2);
        end.channel->flush();
        QCOMPARE(end.channel->unsentBytes(), 0);
    };
    end.far.reset();
    end.channel->send(FrameType::Request, 1);
    end.channel->flush();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    QCOMPARE(sink.reasons.size(), 1);
}

void TestChannelEnd::peerClosesWhileOutputIsStuck()
{
    RecordingSink sink;
    BareEnd end(&sink);
    for (quint64 id = 0; id < 20; ++id)
        end.channel->send(FrameType::RequestBody, id, QByteArray(64 * 1024, 'x'));
    end.channel->flush();
    QCOMPARE_GT(end.channel->unsentBytes(), 0);
    end.put(frameBytes(FrameType::Response, 1, "answer"));
    end.far.reset();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    turnUntilBlocking();
    QCOMPARE(sink.framesBeforeClose, 1);
    QCOMPARE(sink.reasons, QStringList({QString()}));
}

void TestChannelEnd::closedWithinANestedLoop()
{
    RecordingSink sink;
    BareEnd end(&sink);
    bool inFrame = false, closedInFrame = false;
    sink.onClosed = [&] { closedInFrame = inFrame; };
    sink.onFrame = [&](const Frame &frame) {
        if (frame.id != 1)
            return;
        inFrame = true;
        end.put(frameBytes(FrameType::Request, 3));
        end.far.reset();
        QEventLoop loop;
        QTimer::singleShot(10, &loop, &QEventLoop::quit);
        loop.exec();
        inFrame = false;
    };
    end.put(frameBytes(FrameType::Request, 1) + frameBytes(FrameType::Request, 2));
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    turnUntilBlocking();
    QVERIFY(!closedInFrame);
    QCOMPARE(sink.framesBeforeClose, 3);
    QCOMPARE(sink.frames.size(), 3);
    QCOMPARE(sink.reasons.size(), 1);
}

void TestChannelEnd::deletedWhileOpen()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.channel->send(FrameType::Request, 1);
    end.channel.reset();
    char byte;
    QCOMPARE(::recv(end.far.get(), &byte, 1, 0), ssize_t(0));
    turnUntilBlocking();
    QVERIFY(sink.reasons.isEmpty());
}

void TestChannelEnd::usedAfterTheEnd()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.far.reset();
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    end.channel->send(FrameType::Request, 1, "lost");
    end.channel->flushWhileBusy();
    end.channel->flush();
    QCOMPARE(end.channel->unsentBytes(), 0);
    turnUntilBlocking();
    QCOMPARE(sink.reasons.size(), 1);
}

QUERN_EPOLL_TEST_MAIN(TestChannelEnd)
#include "tst_channelend.moc"
