#include "livesupport.h"

#include <QTest>

#include <array>
#include <vector>

using namespace Quern;
using namespace WorkerTest;

namespace {

/// A master that reads nothing until it is asked to.
struct SilentMaster
{
    SilentMaster()
    {
        auto page = ipc::ChildPage::create(1);
        auto table = ipc::ConnectionTable::create(1, 9);
        const auto ends = ipc::Channel::createPair();
        if (!page || !table || !ends)
            qFatal("a master");
        for (quint32 slot = 0; slot < ids.size(); ++slot) {
            ipc::ConnectionRecord record;
            record.id = ipc::ConnectionKey{table->epoch(), 0, slot, 1}.id();
            record.kind = ipc::ConnectionKind::WebSocket;
            ids[slot] = ConnectionId(record.id);
            ipc::ConnectionWriter(table->reactorSlots(0)[slot]).publish(record);
            table->usedSlots(0).store(slot + 1);
        }
        end = base::FileDescriptor(ends->second);
        live.emplace(std::move(*table), QList<ipc::BootMessage::Port>{{.name = QStringLiteral("main")}}, 0);
        host.emplace(nothing, std::move(*page), std::vector<int>{ends->first}, worker::HandlerHost::Identity(),
                     ipc::AnswerOptions(), &*live);
    }
    /// Messages of that many bytes for \a id that are taken until one is refused.
    static int pushUntilBusy(ConnectionId id, qsizetype size)
    {
        const QByteArray message(size, 'x');
        int sent = 0;
        while (sent < 1000 && server().push(id, message))
            ++sent;
        return sent;
    }

    std::array<ConnectionId, 2> ids;
    const ApplicationPrivate nothing;
    base::FileDescriptor end;
    std::optional<worker::LiveServer> live;
    std::optional<worker::HandlerHost> host;
};

} // namespace

/// When a sender is told to hold back.
class TestBusySender : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void theClientReadsTooSlowly();
    void theChannelIsHeldUp();
    void theMasterTakesNothing();
};

void TestBusySender::theClientReadsTooSlowly()
{
    constexpr quint32 mebibyte = 1 << 20;
    LiveMaster master; // its port takes 8 MiB
    master.start();
    const ConnectionId id(master.connection());
    std::atomic<quint32> &pending = master.table.reactorSlots(0)[ipc::ConnectionKey::of(id.value()).slot].pendingBytes;
    pending = 8 * mebibyte - 1;
    QVERIFY(server().push(id, "a"));
    pending = 8 * mebibyte;
    const Outcome sent = server().push(id, "a");
    QVERIFY(!sent);
    QCOMPARE(sent.error().code(), Error::Busy);
    QVERIFY(!server().push(id, "a"));
    // It is asked once to be told when there is room: after the message that was taken.
    QCOMPARE(master.awaitCommands(2).size(), 2);
    QCOMPARE(master.commands().last().message.kind, CommandKind::AwaitDrain);
    QCOMPARE(master.commands().last().id, id.value());
    pending = 0;
    QVERIFY(server().push(id, "b"));
    pending = 8 * mebibyte;
    QVERIFY(!server().push(id, "c"));
    QCOMPARE(master.awaitCommands(4).last().message.kind, CommandKind::AwaitDrain);
    QCOMPARE(server().info(id)->pendingBytes, quint64(8 * mebibyte));
}

void TestBusySender::theMasterTakesNothing()
{
    SilentMaster master;
    const QByteArray message(1 << 20, 'x');
    int sent = 0;
    Result<void> result;
    while (sent < 1000 && (result = server().broadcast(message)))
        ++sent;
    QVERIFY(!result);
    QCOMPARE(result.error().code(), Error::Busy);
    // The kernel has taken some of it: what waits leaves after a millisecond.
    constexpr int bound = int(worker::LiveServer::MaxUnsent >> 20);
    QVERIFY2(sent >= bound && sent <= bound + 2, QByteArray::number(sent));
}

void TestBusySender::theChannelIsHeldUp()
{
    SilentMaster master; // whose port takes 8 MiB for one client
    const auto [slow, other] = master.ids;
    const int sent = SilentMaster::pushUntilBusy(slow, 512 * 1024);
    QVERIFY2(sent >= 16 && sent <= 19, QByteArray::number(sent)); // what the kernel has taken does not count
    QCOMPARE(server().push(slow, QByteArray(512 * 1024, 'x')).error().code(), Error::Busy);
    QVERIFY(server().push(other, QByteArray(512 * 1024, 'x')));
    std::vector<char> bytes(1 << 20);
    QVERIFY(FakeMaster::turnUntil([&] {
        while (::recv(master.end.get(), bytes.data(), bytes.size(), MSG_DONTWAIT) > 0) {
        }
        return bool(server().push(slow, "a"));
    }));
}

QUERN_EPOLL_TEST_MAIN(TestBusySender)
#include "tst_busysender.moc"
