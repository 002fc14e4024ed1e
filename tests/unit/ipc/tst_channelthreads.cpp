#include "channelsupport.h"

#include <poll.h>

#include <atomic>
#include <thread>

using namespace Quern;
using namespace IpcTest;

namespace {

/// Reads frames off a bare descriptor in a thread of its own, and checks that they come in order and whole.
class OrderedReader
{
public:
    OrderedReader(int fd, quint64 expected)
        : m_fd(fd)
        , m_expected(expected)
        , m_thread([this](const std::stop_token &stop) { read(stop); })
    {
    }

    quint64 received() const { return m_next; }
    bool isBroken() const { return m_broken; }
    bool isDone() const { return m_next == m_expected || m_broken; }

private:
    void read(const std::stop_token &stop)
    {
        QByteArray inbox;
        char bytes[16 * 1024];
        while (!stop.stop_requested() && !isDone()) {
            pollfd descriptor = {m_fd, POLLIN, 0};
            if (::poll(&descriptor, 1, 20) <= 0)
                continue;
            const ssize_t count = ::recv(m_fd, bytes, sizeof bytes, MSG_DONTWAIT);
            if (count <= 0)
                continue;
            inbox.append(bytes, count);
            QByteArrayView rest = inbox;
            for (;;) {
                const auto frame = ipc::decodeFrame(rest);
                if (!frame || (*frame && (*frame)->id != m_next))
                    m_broken = true;
                if (!frame || !*frame)
                    break;
                ++m_next;
            }
            inbox = rest.toByteArray();
        }
    }

    const int m_fd;
    const quint64 m_expected;
    std::atomic<quint64> m_next = 0;
    std::atomic<bool> m_broken = false;
    std::jthread m_thread;
};

} // namespace

class TestChannelThreads : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void busyFlushWhileTheOwnerBlocks();
    void sendFromManyThreads();
    void ownerAndWatcherFlushTogether();
};

void TestChannelThreads::busyFlushWhileTheOwnerBlocks()
{
    RecordingSink sink;
    BareEnd end(&sink);
    end.channel->send(FrameType::Response, 1, "early");
    // The owner is in here, and turns no loop.
    std::thread([&] { end.channel->flushWhileBusy(); }).join();
    QVERIFY(!end.channel->hasOutput());
    QCOMPARE(framesOf(end.receive()).size(), 1);
    end.channel->send(FrameType::Response, 2, "later");
    turnUntilBlocking();
    QCOMPARE(framesOf(end.receive()).value(0).id, quint64(2));
}

void TestChannelThreads::sendFromManyThreads()
{
    constexpr quint64 perThread = 2'000;
    RecordingSink sink, far;
    const auto pair = Channel::createPair();
    QVERIFY(pair);
    Channel channel(pair->first, &sink), other(pair->second, &far);
    std::vector<std::thread> threads;
    for (quint64 thread = 0; thread < 3; ++thread) {
        threads.emplace_back([&channel, thread] {
            for (quint64 number = 0; number < perThread; ++number)
                channel.send(FrameType::ResponseBody, thread << 32 | number, "payload");
        });
    }
    const bool all = turnUntil([&] { return far.frames.size() == qsizetype(3 * perThread); });
    for (std::thread &thread : threads)
        thread.join();
    QVERIFY(all);
    quint64 next[3] = {};
    for (const ReceivedFrame &frame : far.frames) {
        const quint64 thread = frame.id >> 32;
        QVERIFY(thread < 3);
        QCOMPARE(frame.id & 0xffffffff, next[thread]++);
        QCOMPARE(frame.payload, QByteArray("payload"));
    }
}

void TestChannelThreads::ownerAndWatcherFlushTogether()
{
    constexpr quint64 count = 30'000;
    RecordingSink sink;
    BareEnd end(&sink);
    const OrderedReader reader(end.far.get(), count);
    std::jthread watcher([&](const std::stop_token &stop) {
        while (!stop.stop_requested())
            end.channel->flushWhileBusy();
    });
    // Payloads of many sizes, and now and then enough of them to fill the kernel's buffer.
    const QByteArray payload(8 * 1024, 'x');
    for (quint64 id = 0; id < count; ++id) {
        const qsizetype size = id % 1'000 < 100 ? payload.size() : qsizetype(id % 97);
        end.channel->send(FrameType::ResponseBody, id, QByteArrayView(payload).first(size));
        if (id % 7 == 0)
            end.channel->flush();
        if (id % 300 == 0)
            QVERIFY(turnUntil([&] { return end.channel->unsentBytes() < 256 * 1024 || reader.isBroken(); }));
    }
    QVERIFY(turnUntil([&] { return reader.isDone(); }));
    QVERIFY(!reader.isBroken());
    QCOMPARE(reader.received(), count);
}

QUERN_EPOLL_TEST_MAIN(TestChannelThreads)
#include "tst_channelthreads.moc"
