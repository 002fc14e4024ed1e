#include "channelsupport.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

using namespace Quern;
using namespace IpcTest;

namespace {

/// Forks a child that speaks frames over its end of the pair by plain system calls, and returns this side's end.
template <typename Speak>
std::pair<FileDescriptor, pid_t> forkPeer(Speak speak)
{
    const auto pair = Channel::createPair();
    if (!pair)
        qFatal("socketpair");
    const pid_t child = ::fork();
    if (child == 0) {
        ::close(pair->first);
        // Blocking: this process has no event loop.
        ::fcntl(pair->second, F_SETFL, 0);
        speak(pair->second);
        ::_exit(0);
    }
    ::close(pair->second);
    return {FileDescriptor(pair->first), child};
}

void reap(pid_t child, int expectedSignal)
{
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(WIFSIGNALED(status) ? WTERMSIG(status) : 0, expectedSignal);
}

} // namespace

class TestChannelProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void echo();
    void killedChild();
};

void TestChannelProcesses::echo()
{
    auto [fd, child] = forkPeer([](int peer) {
        char bytes[4096];
        for (ssize_t count; (count = ::read(peer, bytes, sizeof bytes)) > 0;) {
            if (::write(peer, bytes, size_t(count)) != count)
                ::_exit(1);
        }
    });
    RecordingSink sink;
    {
        Channel channel(fd.release(), &sink);
        QList<ReceivedFrame> sent;
        for (quint64 id = 0; id < 500; ++id) {
            const QByteArray payload(qsizetype(id * 3), char(id));
            channel.send(FrameType::Request, id, payload);
            sent.append({FrameType::Request, 0, id, payload});
        }
        QVERIFY(turnUntil([&] { return sink.frames.size() == sent.size(); }));
        QCOMPARE(sink.frames, sent);
    }
    reap(child, 0);
}

void TestChannelProcesses::killedChild()
{
    auto [fd, child] = forkPeer([](int peer) {
        const QByteArray bytes = frameBytes(FrameType::Response, 1, "one") + frameBytes(FrameType::Response, 2, "two");
        if (::write(peer, bytes.constData(), size_t(bytes.size() - 1)) == bytes.size() - 1)
            ::raise(SIGKILL);
    });
    reap(child, SIGKILL);
    RecordingSink sink;
    Channel channel(fd.release(), &sink);
    QVERIFY(turnUntil([&] { return !sink.reasons.isEmpty(); }));
    QCOMPARE(sink.frames, QList<ReceivedFrame>({{FrameType::Response, 0, 1, "one"}}));
    QCOMPARE(sink.framesBeforeClose, 1);
}

QUERN_EPOLL_TEST_MAIN(TestChannelProcesses)
#include "tst_channelprocesses.moc"
