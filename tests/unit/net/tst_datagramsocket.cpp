#include "net/datagramsocket.h"
#include "net/endpoint.h"
#include "netsupport.h"

#include <QFile>
#include <QTemporaryDir>

#include <cerrno>
#include <cstring>
#include <poll.h>
#include <sys/un.h>
#include <utility>
#include <vector>

using namespace NetTest;
using namespace Quern;
using net::DatagramSocket;
using net::SocketAddress;

namespace {

struct Packet
{
    QByteArray bytes;
    SocketAddress peer;
};

SocketAddress addressOf(int fd)
{
    SocketAddress address;
    socklen_t length = SocketAddress::Capacity;
    if (::getsockname(fd, address.data(), &length) != 0)
        qFatal("getsockname: %s", std::strerror(errno));
    address.setLength(length);
    return address;
}

base::FileDescriptor bound(const net::Endpoint &endpoint)
{
    Result<base::FileDescriptor> fd = net::bindDatagram(endpoint, {});
    if (!fd)
        qFatal("%s", qPrintable(fd.error().message()));
    return std::move(*fd);
}

const net::Endpoint anyPort = {QStringLiteral("127.0.0.1"), 0, {}};

/// A socket whose packets are kept, and its address.
class Server
{
public:
    explicit Server(base::FileDescriptor fd, const net::DatagramLimits &limits = {})
        : address(addressOf(fd.get()))
        , socket(std::move(fd), limits, [this](QByteArrayView bytes, const SocketAddress &peer) {
            packets.push_back({bytes.toByteArray(), peer});
        })
    {
    }

    const SocketAddress address;
    std::vector<Packet> packets;
    DatagramSocket socket;
};

bool send(const base::FileDescriptor &from, const SocketAddress &to, QByteArrayView bytes)
{
    return ::sendto(from.get(), bytes.data(), size_t(bytes.size()), 0, to.get(), to.length()) == bytes.size();
}

/// The next packet; null if none comes within \a milliseconds.
QByteArray receive(const base::FileDescriptor &fd, int milliseconds = 5'000)
{
    pollfd waiting = {fd.get(), POLLIN, 0};
    if (::poll(&waiting, 1, milliseconds) != 1)
        return {};
    QByteArray buffer(70'000, Qt::Uninitialized);
    const ssize_t count = ::recv(fd.get(), buffer.data(), size_t(buffer.size()), MSG_DONTWAIT);
    return count < 0 ? QByteArray() : QByteArray(buffer.constData(), count);
}

} // namespace

class TestDatagramSocket : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void exchange_data();
    void exchange();
    void unnamedPeerCannotBeAnswered();
    void sizes_data();
    void sizes();
    void limitOfTheOwner();
    void sendErrors_data();
    void sendErrors();
    void unixPeerIsNotThere();
    void floodStarvesNobody();
    void icmpErrorsStopNothing();
    void slowPeerBlocksNoOther();
    void queueIsBounded();
    void waitsNoLongerThanAllowed();
    void closedWithinACall();

private:
    QString path(const char *name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    net::Endpoint unixEndpoint(const char *name) const { return {{}, 0, path(name)}; }

    std::unique_ptr<QTemporaryDir> m_folder;
};

void TestDatagramSocket::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
}

void TestDatagramSocket::exchange_data()
{
    QTest::addColumn<QString>("host"); // empty: Unix
    QTest::newRow("IPv4") << QStringLiteral("127.0.0.1");
    QTest::newRow("IPv6") << QStringLiteral("::1");
    QTest::newRow("Unix path") << QString();
    QTest::newRow("abstract Unix name") << QStringLiteral("@");
}

void TestDatagramSocket::exchange()
{
    QFETCH(const QString, host);
    const bool isUnix = host.isEmpty() || host == u"@";
    if (host == u"::1" && !QFile::exists(QStringLiteral("/proc/net/if_inet6"))) {
        // A kernel without IPv6 must refuse, and the refusal says what.
        const Result<base::FileDescriptor> refused = net::bindDatagram({host, 9503, {}}, {});
        QVERIFY(!refused);
        QVERIFY2(refused.error().message().contains(u"UDP on [::1]:9503"), qPrintable(refused.error().message()));
        return;
    }
    Server server(bound(isUnix ? unixEndpoint("server") : net::Endpoint{host, 0, {}}));
    const QString abstractName = u'@' + m_folder->path();
    const base::FileDescriptor client = bound(!isUnix          ? net::Endpoint{host, 0, {}}
                                              : host.isEmpty() ? unixEndpoint("client")
                                                               : net::Endpoint{{}, 0, abstractName});
    QVERIFY(send(client, server.address, "hello"));
    QVERIFY(send(client, server.address, ""));
    QVERIFY(send(client, server.address, "again"));
    QTRY_COMPARE(server.packets.size(), size_t(3));
    QCOMPARE(server.packets[0].bytes, "hello");
    QCOMPARE(server.packets[1].bytes, "");
    QCOMPARE(server.packets[2].bytes, "again");

    const SocketAddress peer = server.packets[0].peer;
    QVERIFY(peer.isAnswerable());
    QCOMPARE(peer.port(), isUnix ? 0 : portOf(client.get()));
    QCOMPARE(QString::fromUtf8(peer.address()), !isUnix ? host : host.isEmpty() ? path("client") : abstractName);
    // The answer goes by the text alone: a worker knows no more.
    const Result<SocketAddress> again =
        isUnix ? SocketAddress::ofPath(peer.address()) : SocketAddress::ofHost(peer.address(), peer.port());
    QVERIFY(again);
    QVERIFY(server.socket.sendTo(*again, "answer"));
    QVERIFY(server.socket.sendTo(peer, ""));
    QCOMPARE(receive(client), "answer");
    QVERIFY(!receive(client).isNull());
    QCOMPARE(server.socket.counts().received, 3U);
    QCOMPARE(server.socket.counts().sent, 2U);
}

void TestDatagramSocket::unnamedPeerCannotBeAnswered()
{
    Server server(bound(unixEndpoint("server")));
    const base::FileDescriptor named = bound(unixEndpoint("client"));
    const base::FileDescriptor unnamed(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    QVERIFY(send(named, server.address, "a"));
    QVERIFY(send(unnamed, server.address, "b"));
    QTRY_COMPARE(server.packets.size(), size_t(2));
    const SocketAddress peer = server.packets[1].peer;
    QVERIFY(peer.isUnix());
    QVERIFY(!peer.isAnswerable());
    QCOMPARE(peer.address(), "");
    const Result<void> sent = server.socket.sendTo(peer, "answer");
    QVERIFY(!sent);
    QCOMPARE(sent.error().code(), Error::Invalid);
}

void TestDatagramSocket::sizes_data()
{
    QTest::addColumn<bool>("isUnix");
    QTest::addColumn<int>("size");
    QTest::addColumn<bool>("arrives");
    QTest::newRow("largest of UDP") << false << 65'507 << true;
    QTest::newRow("one byte more than UDP carries") << false << 65'508 << false;
    QTest::newRow("largest") << true << 65'536 << true;
    QTest::newRow("one byte more") << true << 65'537 << false;
}

void TestDatagramSocket::sizes()
{
    QFETCH(const bool, isUnix);
    QFETCH(const int, size);
    QFETCH(const bool, arrives);
    Server server(bound(isUnix ? unixEndpoint("server") : anyPort));
    Server other(bound(isUnix ? unixEndpoint("client") : anyPort));
    const QByteArray bytes(size, 'x');
    const Result<void> sent = other.socket.sendTo(server.address, bytes);
    if (!arrives) {
        QVERIFY(!sent);
        QCOMPARE(sent.error().code(), Error::TooLarge);
        return;
    }
    QVERIFY2(sent, sent ? "" : qPrintable(sent.error().message()));
    QTRY_COMPARE(server.packets.size(), size_t(1));
    QCOMPARE(server.packets[0].bytes, bytes);
}

void TestDatagramSocket::limitOfTheOwner()
{
    net::DatagramLimits limits;
    limits.packetBytes = 10;
    Server server(bound(anyPort), limits);
    const base::FileDescriptor client = bound(anyPort);
    for (const int size : {11, 10, 1000})
        QVERIFY(send(client, server.address, QByteArray(size, 'x')));
    QVERIFY(send(client, server.address, "last"));
    QTRY_COMPARE(server.packets.size(), size_t(2));
    QCOMPARE(server.packets[0].bytes, QByteArray(10, 'x'));
    QCOMPARE(server.packets[1].bytes, "last");
    QCOMPARE(server.socket.counts().tooLong, 2U);
}

void TestDatagramSocket::sendErrors_data()
{
    QTest::addColumn<bool>("isUnix"); // the socket
    QTest::addColumn<QByteArray>("peer");
    QTest::addColumn<Error::Code>("code");
    QTest::newRow("IPv6 from IPv4") << false << QByteArray("::1") << Error::Invalid;
    QTest::newRow("Unix from IPv4") << false << QByteArray("/tmp/x") << Error::Invalid;
    QTest::newRow("IPv4 from Unix") << true << QByteArray("127.0.0.1") << Error::Invalid;
    QTest::newRow("broadcast") << false << QByteArray("255.255.255.255") << Error::Permission;
    QTest::newRow("relative path") << true << QByteArray("x") << Error::Invalid;
    QTest::newRow("no such path") << true << QByteArray("/nonexistent/x") << Error::Unavailable;
    QTest::newRow("no such abstract name") << true << QByteArray("@quern/no such name") << Error::Unavailable;
    QTest::newRow("path through a file") << true << QByteArray("/etc/passwd/x") << Error::Invalid;
}

void TestDatagramSocket::sendErrors()
{
    QFETCH(const bool, isUnix);
    QFETCH(const QByteArray, peer);
    Server server(bound(isUnix ? unixEndpoint("server") : anyPort));
    const Result<SocketAddress> asHost = SocketAddress::ofHost(peer, 9);
    const Result<SocketAddress> address = asHost ? asHost : SocketAddress::ofPath(peer);
    QVERIFY(address);
    const Result<void> sent = server.socket.sendTo(*address, "hello");
    QVERIFY(!sent);
    QTEST(sent.error().code(), "code");
    if (address->isAnswerable())
        QVERIFY2(sent.error().message().contains(address->text()), qPrintable(sent.error().message()));
    QCOMPARE(server.socket.counts().sent, 0U);
}

void TestDatagramSocket::unixPeerIsNotThere()
{
    Server server(bound(unixEndpoint("server")));
    base::FileDescriptor client = bound(unixEndpoint("client"));
    const SocketAddress address = addressOf(client.get());
    QVERIFY(server.socket.sendTo(address, "hello"));
    client.reset(); // its file stays
    const Result<void> dead = server.socket.sendTo(address, "hello");
    QVERIFY(!dead);
    QCOMPARE(dead.error().code(), Error::Unavailable);
    const base::FileDescriptor stream = net::listenOn(unixEndpoint("stream"), {}).value();
    const Result<void> otherKind = server.socket.sendTo(addressOf(stream.get()), "hello");
    QVERIFY(!otherKind);
    QCOMPARE(otherKind.error().code(), Error::Invalid);
}

void TestDatagramSocket::floodStarvesNobody()
{
    // Each packet of the flood is followed by another, so that hundreds always wait and none has to be dropped.
    constexpr int total = 10'000;
    base::FileDescriptor fd = bound(anyPort);
    const SocketAddress flooded = addressOf(fd.get());
    const base::FileDescriptor flooder = bound(anyPort);
    const base::FileDescriptor quiet = bound(anyPort);
    int sent = 0;
    int flood = 0;
    int floodBeforeQuiet = -1;
    int floodBeforeOther = -1;
    const DatagramSocket socket(std::move(fd), {}, [&](QByteArrayView bytes, const SocketAddress &) {
        if (bytes == "quiet") {
            floodBeforeQuiet = flood;
            return;
        }
        ++flood;
        if (sent < total && send(flooder, flooded, "x"))
            ++sent;
    });
    base::FileDescriptor otherFd = bound(anyPort);
    const SocketAddress otherAddress = addressOf(otherFd.get());
    const DatagramSocket other(std::move(otherFd), {},
                               [&](QByteArrayView, const SocketAddress &) { floodBeforeOther = flood; });
    for (; sent < 100; ++sent)
        QVERIFY(send(flooder, flooded, "x"));
    QVERIFY(send(quiet, flooded, "quiet"));
    QVERIFY(send(quiet, otherAddress, "hello"));
    QTRY_COMPARE(flood, total);
    for (const int before : {floodBeforeQuiet, floodBeforeOther})
        QVERIFY2(before >= 0 && before < 1000, QByteArray::number(before).constData());
}

void TestDatagramSocket::icmpErrorsStopNothing()
{
    base::FileDescriptor fd = bound(anyPort);
    base::FileDescriptor client = bound(anyPort);
    const SocketAddress peer = addressOf(client.get());
    // Connected: only then does the kernel report that nobody is there.
    QCOMPARE(::connect(fd.get(), peer.get(), peer.length()), 0);
    client.reset();
    Server server(std::move(fd));
    QVERIFY(server.socket.sendTo(peer, "to nobody"));
    QVERIFY(server.socket.sendTo(peer, "the error of the first one is waiting now"));
    client = bound({QStringLiteral("127.0.0.1"), peer.port(), {}});
    QVERIFY(send(client, server.address, "hello"));
    QTRY_COMPARE(server.packets.size(), size_t(1));
    QVERIFY(server.socket.sendTo(peer, "answer"));
    QCOMPARE(receive(client), "answer");
}

void TestDatagramSocket::slowPeerBlocksNoOther()
{
    Server server(bound(unixEndpoint("server")));
    const base::FileDescriptor slow = bound(unixEndpoint("slow"));
    const base::FileDescriptor quick = bound(unixEndpoint("quick"));
    int number = 0;
    while (server.socket.waitingBytes() == 0)
        QVERIFY(server.socket.sendTo(addressOf(slow.get()), QByteArray::number(number++)));
    for (int i = 0; i < 100; ++i)
        QVERIFY(server.socket.sendTo(addressOf(slow.get()), QByteArray::number(number++)));
    QVERIFY(server.socket.sendTo(addressOf(quick.get()), "hello"));
    QCOMPARE(receive(quick), "hello");

    // Whatever waited comes, in order.
    int next = 0;
    const auto allCame = [&] {
        for (QByteArray bytes; !(bytes = receive(slow, 0)).isNull(); ++next) {
            if (bytes != QByteArray::number(next))
                return false;
        }
        return next == number;
    };
    QTRY_VERIFY2(allCame(), QByteArray::number(next).constData());
    QCOMPARE(server.socket.waitingBytes(), 0);
    QCOMPARE(server.socket.counts().sent, quint64(number) + 1);
    QCOMPARE(server.socket.counts().lost, 0U);
}

void TestDatagramSocket::queueIsBounded()
{
    net::DatagramLimits limits;
    limits.waitingBytes = 10'000;
    Server server(bound(unixEndpoint("server")), limits);
    const base::FileDescriptor slow = bound(unixEndpoint("slow"));
    const base::FileDescriptor quick = bound(unixEndpoint("quick"));
    const QByteArray bytes(1000, 'x');
    Result<void> sent;
    for (int i = 0; sent && i < 10'000; ++i)
        sent = server.socket.sendTo(addressOf(slow.get()), bytes);
    QVERIFY(!sent);
    QCOMPARE(sent.error().code(), Error::Busy);
    QVERIFY(server.socket.waitingBytes() <= 10'000);
    QVERIFY(server.socket.waitingBytes() > 10'000 - 2 * (1000 + net::DatagramQueue::Overhead));
    QVERIFY(server.socket.sendTo(addressOf(quick.get()), bytes)); // needs no room
    while (!receive(slow, 0).isNull()) {
        // Makes room in the kernel.
    }
    QTRY_COMPARE(server.socket.waitingBytes(), 0);
    QVERIFY(server.socket.sendTo(addressOf(slow.get()), bytes));
}

void TestDatagramSocket::waitsNoLongerThanAllowed()
{
    net::DatagramLimits limits;
    limits.maxWait = std::chrono::milliseconds(20);
    Server server(bound(unixEndpoint("server")), limits);
    const base::FileDescriptor slow = bound(unixEndpoint("slow"));
    quint64 taken = 0;
    for (; server.socket.waitingBytes() == 0; ++taken)
        QVERIFY(server.socket.sendTo(addressOf(slow.get()), "x"));
    QTRY_COMPARE(server.socket.waitingBytes(), 0);
    QCOMPARE(server.socket.counts().lost, 1U);
    QCOMPARE(server.socket.counts().sent, taken - 1);
}

void TestDatagramSocket::closedWithinACall()
{
    base::FileDescriptor fd = bound(anyPort);
    const SocketAddress address = addressOf(fd.get());
    DatagramSocket *open = nullptr;
    int calls = 0;
    DatagramSocket socket(std::move(fd), {}, [&](QByteArrayView, const SocketAddress &) {
        ++calls;
        open->close();
    });
    open = &socket;
    const base::FileDescriptor client = bound(anyPort);
    for (int i = 0; i < 3; ++i)
        QVERIFY(send(client, address, "x"));
    QTRY_COMPARE(calls, 1);
    QCoreApplication::processEvents();
    QCOMPARE(calls, 1);
    const Result<void> sent = socket.sendTo(addressOf(client.get()), "x");
    QVERIFY(!sent);
    QCOMPARE(sent.error().code(), Error::Unavailable);
}

QUERN_EPOLL_TEST_MAIN(TestDatagramSocket)
#include "tst_datagramsocket.moc"
