#include "livesupport.h"

#include <QTest>

#include <algorithm>
#include <thread>

using namespace Quern;
using namespace WorkerTest;
using ipc::ConnectionKind;

/// What handlers ask about connections and ports, which they read from shared memory.
class TestLiveState : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void whatIsThere();
    void portsAndStats();
    void beforeAndAfterTheHost();
    void whatHooksAreRefused();
    void withoutAServer();
};

void TestLiveState::whatIsThere()
{
    LiveMaster master(2);
    master.ports = somePorts;
    master.start();
    QList<quint64> ids;
    for (int i = 0; i < 5; ++i)
        ids.append(master.connection(i == 1 ? ConnectionKind::Stream : ConnectionKind::WebSocket, i == 1 ? 2 : 0,
                                     i < 3 ? 0 : 1, quint32(i)));
    ipc::ConnectionWriter(master.table.reactorSlots(0)[1]).setUser("ann");
    QVERIFY(server().isEstablished(ConnectionId(ids[4])));
    QVERIFY(!server().isEstablished(ConnectionId()));
    const auto info = server().info(ConnectionId(ids[1]));
    QVERIFY(info);
    QCOMPARE(info->id.value(), ids[1]);
    QCOMPARE(info->kind, ConnectionInfo::Kind::Stream);
    QCOMPARE(info->port, QStringLiteral("telnet"));
    QCOMPARE(info->remoteAddress, QStringLiteral("192.0.2.7"));
    QCOMPARE(info->remotePort, quint16(99));
    QCOMPARE(info->user, QByteArray("ann"));
    QCOMPARE(info->pendingBytes, quint64(1));
    QCOMPARE(info->connectedAt, QDateTime::fromMSecsSinceEpoch(1000, Qt::UTC));
    QCOMPARE(info->lastReceivedAt, QDateTime::fromMSecsSinceEpoch(2000, Qt::UTC));

    QList<quint64> found;
    int pages = 0;
    ConnectionId next;
    do {
        const ConnectionPage page = server().connections(next, 2);
        for (const ConnectionInfo &each : page.connections)
            found.append(each.id.value());
        next = page.next;
        ++pages;
    } while (!next.isNull());
    QCOMPARE(found, ids);
    QCOMPARE(pages, 3);
    QVERIFY(server().connections({}, 5).next.isNull());
    QCOMPARE(server().connections({}, -3).connections.size(), 1); // at least one
    QCOMPARE(Connection(ConnectionId(ids[1])).info()->port, QStringLiteral("telnet"));
}

void TestLiveState::portsAndStats()
{
    LiveMaster master(2);
    master.ports = somePorts;
    master.start();
    master.connection();
    for (int reactor = 0; reactor < 2; ++reactor) {
        ipc::PortCounters &counters = master.table.portCounters(reactor, 2);
        counters.opened = 10;
        counters.closed = 4;
        counters.received = 5;
        counters.sent = 6;
        counters.bytesReceived = 50;
        counters.bytesSent = 60;
        master.table.portCounters(reactor, 0).opened = 1;
    }
    const QList<PortInfo> ports = server().ports();
    QCOMPARE(ports.size(), somePorts.size());
    QCOMPARE(ports[2].name, QStringLiteral("telnet"));
    QCOMPARE(ports[2].kind, PortInfo::Kind::Stream);
    QCOMPARE(ports[2].handler, QStringLiteral("telnet"));
    QCOMPARE(ports[2].connections, quint64(12));
    QCOMPARE(ports[2].accepted, quint64(20));
    QCOMPARE(ports[2].received, quint64(10));
    QCOMPARE(ports[2].bytesSent, quint64(120));
    QCOMPARE(ports[3].kind, PortInfo::Kind::Datagram);
    QCOMPARE(ports[0].kind, PortInfo::Kind::Http);
    QCOMPARE(ports[0].address, QStringLiteral("127.0.0.1:80"));
    const ServerStats stats = server().stats();
    QCOMPARE(stats.connections, quint64(14));
    QCOMPARE(stats.liveConnections, quint64(1));
    QCOMPARE(stats.accepted, quint64(22));
    QCOMPARE(stats.sent, quint64(12));
    QCOMPARE(stats.workerId, 4);
}

void TestLiveState::beforeAndAfterTheHost()
{
    auto table = ipc::ConnectionTable::create(1, 9);
    QVERIFY(table);
    worker::LiveServer live(std::move(*table), {{.name = QStringLiteral("main")}}, 3);
    QCOMPARE(server().stats().workerId, 3);
    QCOMPARE(server().broadcast("a").error().code(), Error::Unavailable);
    {
        auto page = ipc::ChildPage::create(1);
        const auto ends = ipc::Channel::createPair();
        QVERIFY(page && ends);
        const base::FileDescriptor far(ends->second);
        const ApplicationPrivate nothing;
        worker::HandlerHost host(nothing, std::move(*page), {ends->first}, {}, {}, &live);
        QVERIFY(server().broadcast("a"));
    }
    QCOMPARE(server().broadcast("a").error().code(), Error::Unavailable);
}

void TestLiveState::whatHooksAreRefused()
{
    auto table = ipc::ConnectionTable::create(1, 9);
    QVERIFY(table);
    worker::LiveServer live(std::move(*table), {}, 3);
    const auto errorOf = [](const auto &outcome) { return outcome ? QString() : outcome.error().message(); };
    const auto waiting = [&errorOf] {
        return QStringList{errorOf(server().deliverAndWait("mail")),
                           errorOf(server().process("mill").pushAndWait(QByteArray("grain")))};
    };
    const auto others = [&errorOf] {
        return QStringList{errorOf(server().deliver("mail")), errorOf(server().fire("mail")),
                           errorOf(server().sendMessage(ProcessAddress::worker(0), QByteArray("mail"))),
                           errorOf(server().process("mill").push(QByteArray("grain"))),
                           errorOf(server().broadcast("mail"))};
    };
    const auto areAll = [](const QStringList &errors, const char *text) {
        return std::all_of(errors.begin(), errors.end(),
                           [text](const QString &error) { return error.contains(QLatin1StringView(text)); });
    };
    constexpr const char *notServing = "has not begun to serve";
    QVERIFY(areAll(waiting() + others(), notServing));
    // While the master does not listen, nothing may wait for it in the thread that is to say that it is ready.
    live.setUnheard(true);
    QVERIFY(areAll(waiting(), "call deliver() and push() here"));
    QVERIFY(areAll(others(), notServing));
    QStringList elsewhere;
    std::thread([&] { elsewhere = waiting(); }).join();
    QVERIFY(areAll(elsewhere, notServing));
    live.setUnheard(false);
    QVERIFY(areAll(waiting(), notServing));
    live.refuseAll(Error(Error::Unavailable, QStringLiteral("it takes no part")));
    QVERIFY(areAll(waiting() + others(), "it takes no part"));
}

void TestLiveState::withoutAServer()
{
    QCOMPARE(server().broadcast("a").error().code(), Error::Unavailable);
    QCOMPARE(Connection(ConnectionId(1)).push("a").error().code(), Error::Unavailable);
    QVERIFY(!server().isEstablished(ConnectionId(1)));
    QVERIFY(server().ports().isEmpty());
    QCOMPARE(server().stats().workerId, -1);
}

QUERN_EPOLL_TEST_MAIN(TestLiveState)
#include "tst_livestate.moc"
