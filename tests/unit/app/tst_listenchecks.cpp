#include "app/host/sockettable.h"
#include "app/server/doctor/listenchecks.h"
#include "fakesystem.h"
#include "net/endpoint.h"

#include <QHostAddress>
#include <QTcpServer>
#include <QTest>
#include <QUdpSocket>

#include <unistd.h>

using namespace Quern;
using app::Machine;
using app::doctor::Check;
using app::doctor::listenChecks;
using config::ListenAddress;

/// The ports are really free or taken; who has them is told by files.
class TestListenChecks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void free();
    void freeBesideARunningServer();
    void takenBySomebody();
    void takenByThisServer();
    void takenBySomebodyHidden();
    void wildcardInTheWay();
    void privilegedPort();
    void connectionsOfAListener();
    void portOfOutgoingConnections();
    void addressOfAnotherMachine();
    void unixSocket();
    void unixSocketOfTheRuntimeDirectory();
    void unixSocketTaken();
    void unixSocketThatLivesOrDoesNot();
    void theRealKernel();
    void portOfDatagrams();

private:
    Check check(const ListenAddress &address, qint64 serverPid = 0) const
    {
        config::Settings settings;
        settings.server.listen = {address};
        return listenChecks(settings, Machine(m_system->roots()), serverPid).value(0);
    }
    /// A listening socket in /proc/net/tcp.
    void showListener(const QByteArray &host, quint16 port, const QByteArray &state = "0A") const
    {
        const QByteArray hexPort = QByteArray::number(port, 16).toUpper().rightJustified(4, '0');
        m_system->write(QStringLiteral("proc/net/tcp"),
                        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout "
                        "inode\n   0: " +
                            host + ':' + hexPort + " 00000000:0000 " + state +
                            " 00000000:00000000 00:00000000 00000000  1001        0 4711 1 00 100 0 0 10 0\n");
    }
    ListenAddress here() const { return ListenAddress::tcp(QStringLiteral("127.0.0.1"), m_port); }
    void occupy()
    {
        m_other = std::make_unique<QTcpServer>();
        QVERIFY(m_other->listen(QHostAddress::LocalHost, m_port));
    }

    std::unique_ptr<FakeSystem> m_system;
    std::unique_ptr<QTcpServer> m_other;
    quint16 m_port = 0;
};

void TestListenChecks::init()
{
    m_system = std::make_unique<FakeSystem>();
    m_other.reset();
    QTcpServer finder;
    QVERIFY(finder.listen(QHostAddress::LocalHost));
    m_port = finder.serverPort();
    m_system->write(QStringLiteral("proc/sys/net/ipv4/ip_local_port_range"), "1 2\n");
}

void TestListenChecks::free()
{
    QCOMPARE(check(here()).outcome, Check::Outcome::Ok);
}

void TestListenChecks::freeBesideARunningServer()
{
    const Check found = check(here(), 77);
    QCOMPARE(found.outcome, Check::Outcome::Warning);
    QCOMPARE(found.mend, QStringLiteral("quern restart"));
}

void TestListenChecks::takenBySomebody()
{
    occupy();
    showListener("0100007F", m_port);
    m_system->openSocket(88, "nginx", "4711");
    const Check found = check(here(), 77);
    QCOMPARE(found.outcome, Check::Outcome::Error);
    QVERIFY2(found.found.contains(u"nginx (pid 88)"), qPrintable(found.found));
    QVERIFY2(found.mend.contains(u"kill 88"), qPrintable(found.mend));
}

void TestListenChecks::takenByThisServer()
{
    occupy();
    showListener("0100007F", m_port);
    m_system->openSocket(77, "quern", "4711");
    const Check found = check(here(), 77);
    QCOMPARE(found.outcome, Check::Outcome::Ok);
    QVERIFY2(found.found.contains(u"pid 77"), qPrintable(found.found));
}

void TestListenChecks::takenBySomebodyHidden()
{
    occupy();
    showListener("0100007F", m_port);
    const Check found = check(here());
    QCOMPARE(found.outcome, Check::Outcome::Error);
    QVERIFY2(found.found.contains(u"user 1001"), qPrintable(found.found));
    QVERIFY2(found.mend.contains(u"ss -ltnp"), qPrintable(found.mend));
}

void TestListenChecks::wildcardInTheWay()
{
    occupy();
    showListener("00000000", m_port, "01");
    m_system->openSocket(88, "curl", "4711");
    const Check found = check(here());
    QVERIFY2(found.found.contains(u"connection of curl (pid 88)"), qPrintable(found.found));
    // Another address with the same port is not.
    showListener("0200007F", m_port);
    QVERIFY2(check(here()).found.contains(u"does not tell"), qPrintable(check(here()).found));
}

void TestListenChecks::connectionsOfAListener()
{
    const QByteArray port = QByteArray::number(m_port, 16).toUpper().rightJustified(4, '0');
    const auto row = [&port](const QByteArray &state, const QByteArray &inode) {
        return "   0: 0100007F:" + port + " 00000000:0000 " + state +
               " 00000000:00000000 00:00000000 00000000  1001        0 " + inode + " 1 00 100 0 0 10 0\n";
    };
    m_system->write(QStringLiteral("proc/net/tcp"),
                    "headings\n" + row("01", "1") + row("0A", "4711") + row("01", "2") + row("06", "0"));
    m_system->openSocket(88, "nginx", "4711");
    m_system->openSocket(89, "sshd", "1");
    const QList<app::Occupant> found = app::occupantsOf(here(), app::Transport::Stream, m_system->roots());
    QCOMPARE(found.size(), 1);
    QCOMPARE(app::holdersText(found.constFirst()), QStringLiteral("nginx (pid 88)"));
}

void TestListenChecks::privilegedPort()
{
    const ListenAddress address = ListenAddress::tcp(QStringLiteral("127.0.0.1"), 80);
    const Check found = check(address);
    QCOMPARE(found.outcome, Check::Outcome::Error);
    QVERIFY2(found.found.contains(u"CAP_NET_BIND_SERVICE"), qPrintable(found.found));
    QVERIFY2(found.mend.contains(u"ip_unprivileged_port_start=80"), qPrintable(found.mend));
    m_system->write(QStringLiteral("proc/sys/net/ipv4/ip_unprivileged_port_start"), "80\n");
    QVERIFY2(!check(address).found.contains(u"CAP_NET_BIND_SERVICE"), qPrintable(check(address).found));
    m_system->write(QStringLiteral("proc/sys/net/ipv4/ip_unprivileged_port_start"), "1024\n");
    m_system->write(QStringLiteral("proc/self/status"), "CapEff:\t0000000000000400\n");
    QVERIFY2(!check(address).found.contains(u"CAP_NET_BIND_SERVICE"), qPrintable(check(address).found));
}

void TestListenChecks::portOfOutgoingConnections()
{
    const QByteArray port = QByteArray::number(m_port);
    m_system->write(QStringLiteral("proc/sys/net/ipv4/ip_local_port_range"), port + '\t' + port + '\n');
    m_system->write(QStringLiteral("proc/sys/net/ipv4/ip_local_reserved_ports"), "8080,9000-9010\n");
    const Check found = check(here());
    QCOMPARE(found.outcome, Check::Outcome::Warning);
    QVERIFY2(found.mend.contains(QStringLiteral("ip_local_reserved_ports=8080,9000-9010,%1").arg(m_port)),
             qPrintable(found.mend));
    m_system->write(QStringLiteral("proc/sys/net/ipv4/ip_local_reserved_ports"), "8080,1-65535\n");
    QCOMPARE(check(here()).outcome, Check::Outcome::Ok);
}

void TestListenChecks::addressOfAnotherMachine()
{
    const Check found = check(ListenAddress::tcp(QStringLiteral("192.0.2.1"), m_port));
    QCOMPARE(found.outcome, Check::Outcome::Error);
    QVERIFY2(found.mend.contains(u"ip address"), qPrintable(found.mend));
}

void TestListenChecks::unixSocket()
{
    const QString folder = m_system->path(QStringLiteral("sockets"));
    const ListenAddress address = ListenAddress::unixSocket(folder + QStringLiteral("/app.sock"));
    QVERIFY2(check(address).mend.contains(QStringLiteral("mkdir -p ") + folder), qPrintable(check(address).mend));
    m_system->write(QStringLiteral("sockets/app.sock"), "no socket");
    QVERIFY2(check(address).mend.contains(u"rm "), qPrintable(check(address).mend));
    QVERIFY(QFile::remove(address.path));
    QCOMPARE(check(address).outcome, Check::Outcome::Ok);
}

void TestListenChecks::unixSocketOfTheRuntimeDirectory()
{
    // The first start makes it; one made by hand, with the usual mode, would be refused.
    config::Settings settings;
    config::ServerSettings &server = settings.server;
    server.runtimeDir = m_system->path(QStringLiteral("run"));
    server.listen = {ListenAddress::unixSocket(server.runtimeDir + QStringLiteral("/http.sock"))};
    const Check found = listenChecks(settings, Machine(m_system->roots()), 0).value(0);
    QVERIFY2(found.outcome == Check::Outcome::Ok, qPrintable(found.found));
    server.listen = {ListenAddress::unixSocket(server.runtimeDir + QStringLiteral("/deeper/http.sock"))};
    QCOMPARE(listenChecks(settings, Machine(m_system->roots()), 0).value(0).outcome, Check::Outcome::Error);
}

void TestListenChecks::unixSocketTaken()
{
    const ListenAddress address = ListenAddress::unixSocket(m_system->path(QStringLiteral("app.sock")));
    m_system->write(QStringLiteral("proc/net/unix"), "Num       RefCount Protocol Flags    Type St Inode Path\n"
                                                     "0000000000000000: 00000002 00000000 00010000 0001 01 4711 " +
                                                         QFile::encodeName(address.path) + '\n');
    m_system->openSocket(88, "nginx", "4711");
    QVERIFY2(check(address).found.contains(u"nginx (pid 88)"), qPrintable(check(address).found));
    QCOMPARE(check(address, 88).outcome, Check::Outcome::Ok);
}

void TestListenChecks::unixSocketThatLivesOrDoesNot()
{
    // Its server has bound it by another name: the kernel does not list the path.
    const ListenAddress address = ListenAddress::unixSocket(m_system->path(QStringLiteral("app.sock")));
    for (const auto kind : {net::SocketKind::Stream, net::SocketKind::Datagram}) {
        const net::Endpoint endpoint{{}, 0, address.path};
        Result<base::FileDescriptor> other =
            kind == net::SocketKind::Stream ? net::listenOn(endpoint, {}) : net::bindDatagram(endpoint, {});
        QVERIFY(other);
        QCOMPARE(check(address).outcome, Check::Outcome::Error);
        QVERIFY2(check(address).found.startsWith(u"is taken"), qPrintable(check(address).found));
        other->reset();
        QCOMPARE(check(address).outcome, Check::Outcome::Ok);
        QVERIFY2(QFile::remove(address.path), "the doctor has removed it");
    }
}

void TestListenChecks::theRealKernel()
{
    occupy();
    config::Settings settings;
    settings.server.listen = {here()};
    const Check found = listenChecks(settings, Machine(), 0).value(0);
    QCOMPARE(found.outcome, Check::Outcome::Error);
    QVERIFY2(found.found.contains(QStringLiteral("(pid %1)").arg(::getpid())), qPrintable(found.found));
}

void TestListenChecks::portOfDatagrams()
{
    config::Settings settings;
    settings.server.listen.clear();
    config::SocketSettings socket;
    socket.name = QStringLiteral("bell");
    socket.type = config::SocketType::Udp;
    socket.listen = {here()};
    config::SocketSettings off = socket;
    off.enabled = false;
    settings.sockets = {socket, off};
    // TCP has ports of its own.
    occupy();
    QUdpSocket datagrams;
    const auto checks = [&settings] { return listenChecks(settings, Machine(), 0); };
    QCOMPARE(checks().size(), 1);
    QCOMPARE(checks().constFirst().name, QStringLiteral("listen udp 127.0.0.1:%1").arg(m_port));
    QVERIFY2(checks().constFirst().outcome != Check::Outcome::Error, qPrintable(checks().constFirst().found));
    QVERIFY(datagrams.bind(QHostAddress::LocalHost, m_port));
    QCOMPARE(checks().constFirst().outcome, Check::Outcome::Error);
    QVERIFY2(checks().constFirst().found.contains(QStringLiteral("is taken by")),
             qPrintable(checks().constFirst().found));
    QVERIFY(checks().constFirst().found.contains(QStringLiteral("(pid %1)").arg(::getpid())));
}

QTEST_GUILESS_MAIN(TestListenChecks)
#include "tst_listenchecks.moc"
