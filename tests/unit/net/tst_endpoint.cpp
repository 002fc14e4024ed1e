#include "net/endpoint.h"
#include "net/socketaddress.h"
#include "netsupport.h"

#include <QFile>
#include <QTemporaryDir>

#include <array>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <vector>

using namespace NetTest;
using namespace Quern;
using net::bindDatagram;
using net::checkFree;
using net::Endpoint;
using net::listenOn;
using net::SocketKind;

class TestEndpoint : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void text_data();
    void text();
    void badAddress();
    void portInUse_data();
    void portInUse();
    void sharedPort();
    void ipv6BesideIpv4();
    void descriptorFlags();
    void unixPath();
    void unixPathHasItsMode();
    void optionsOfOneThatIsBound();
    void unixPathOfADeadServer();
    void unixPathOfALivingServer();
    void unixPathIsAFile();
    void unixPathTooLong();
    void unixPathWithoutFolder();
    void datagramPortInUse_data();
    void datagramPortInUse();
    void datagramsOfOneSenderStayTogether();
    void datagramsBesideConnections();
    void datagramDescriptor();
    void datagramPathOfADeadServer();
    void pathOfALivingServer_data();
    void pathOfALivingServer();
    void datagramErrorsNameTheEndpoint();
};

void TestEndpoint::text_data()
{
    QTest::addColumn<Endpoint>("endpoint");
    QTest::addColumn<QString>("text");
    QTest::newRow("IPv4") << Endpoint{QStringLiteral("127.0.0.1"), 5200, {}} << QStringLiteral("127.0.0.1:5200");
    QTest::newRow("IPv6") << Endpoint{QStringLiteral("::1"), 80, {}} << QStringLiteral("[::1]:80");
    QTest::newRow("Unix") << Endpoint{{}, 0, QStringLiteral("/run/app.sock")} << QStringLiteral("unix:/run/app.sock");
}

void TestEndpoint::text()
{
    QFETCH(const Endpoint, endpoint);
    QTEST(endpoint.text(), "text");
}

void TestEndpoint::badAddress()
{
    for (const char *host : {"localhost", "1.2.3", "", "::g"}) {
        const Endpoint endpoint = {QString::fromLatin1(host), 80, {}};
        const Result<void> checked = checkFree(endpoint);
        QVERIFY(!checked);
        QCOMPARE(checked.error().code(), Error::Invalid);
        QVERIFY(!listenOn(endpoint, {}));
    }
}

void TestEndpoint::portInUse_data()
{
    QTest::addColumn<bool>("shared");
    QTest::newRow("by a server alone") << false;
    QTest::newRow("by a server that shares its port") << true;
}

void TestEndpoint::portInUse()
{
    QFETCH(const bool, shared);
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    net::ListenOptions options;
    options.sharedPort = shared;
    Result<base::FileDescriptor> listener = listenOn(endpoint, options);
    QVERIFY(listener);
    endpoint.port = portOf(listener->get());
    const Result<void> checked = checkFree(endpoint);
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Exists);
    QVERIFY(checked.error().message().contains(endpoint.text()));
    listener->reset();
    QVERIFY(checkFree(endpoint));
    QVERIFY(listenOn(endpoint, {})); // the check has left nothing behind
}

void TestEndpoint::sharedPort()
{
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    net::ListenOptions options;
    options.sharedPort = true;
    const Result<base::FileDescriptor> first = listenOn(endpoint, options);
    QVERIFY(first);
    endpoint.port = portOf(first->get());
    QVERIFY(listenOn(endpoint, options));
    QVERIFY(!listenOn(endpoint, {}));
}

void TestEndpoint::ipv6BesideIpv4()
{
    Endpoint any4 = {QStringLiteral("0.0.0.0"), 0, {}};
    const Result<base::FileDescriptor> first = listenOn(any4, {});
    QVERIFY(first);
    const Endpoint any6 = {QStringLiteral("::"), portOf(first->get()), {}};
    const Result<base::FileDescriptor> second = listenOn(any6, {});
    if (!QFile::exists(QStringLiteral("/proc/net/if_inet6"))) {
        // A kernel without IPv6 must refuse, and the refusal says what.
        QVERIFY(!second);
        QVERIFY2(second.error().message().contains(any6.text()), qPrintable(second.error().message()));
        return;
    }
    QVERIFY2(second, second ? "" : qPrintable(second.error().message()));
    QVERIFY(!checkFree(any6));
}

void TestEndpoint::descriptorFlags()
{
    const Result<base::FileDescriptor> listener = listenOn({QStringLiteral("127.0.0.1"), 0, {}}, {});
    QVERIFY(listener);
    QVERIFY(::fcntl(listener->get(), F_GETFD) & FD_CLOEXEC);
    QVERIFY(::fcntl(listener->get(), F_GETFL) & O_NONBLOCK);
}

void TestEndpoint::unixPath()
{
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("s"))};
    QVERIFY(checkFree(endpoint));
    const Result<base::FileDescriptor> listener = listenOn(endpoint, {});
    QVERIFY(listener);
    QVERIFY(QFile::exists(endpoint.unixPath));
}

void TestEndpoint::unixPathHasItsMode()
{
    const QTemporaryDir folder;
    const mode_t before = ::umask(022);
    const auto modeOf = [](const Endpoint &endpoint) {
        struct stat info = {};
        return ::lstat(QFile::encodeName(endpoint.unixPath).constData(), &info) == 0 ? info.st_mode & 07777 : 0;
    };
    // Wider than the umask allows, and narrower.
    for (const quint16 mode : {quint16(0666), quint16(0600)}) {
        const Endpoint stream = {{}, 0, folder.filePath(QStringLiteral("s%1").arg(mode))};
        const Endpoint datagrams = {{}, 0, folder.filePath(QStringLiteral("d%1").arg(mode))};
        QVERIFY(listenOn(stream, {.unixMode = mode}));
        QVERIFY(bindDatagram(datagrams, {.unixMode = mode}));
        QCOMPARE(modeOf(stream), mode_t(mode));
        QCOMPARE(modeOf(datagrams), mode_t(mode));
    }
    const Endpoint plain = {{}, 0, folder.filePath(QStringLiteral("s"))};
    QVERIFY(listenOn(plain, {}));
    QCOMPARE(modeOf(plain), mode_t(0755));
    ::umask(before);
}

void TestEndpoint::optionsOfOneThatIsBound()
{
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("s"))};
    const Result<base::FileDescriptor> listener = listenOn(endpoint, {.backlog = 0, .unixMode = 0600});
    QVERIFY(listener);
    std::vector<base::FileDescriptor> clients;
    const auto connects = [&] {
        const Result<net::SocketAddress> address = net::SocketAddress::of(endpoint);
        clients.emplace_back(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0));
        return ::connect(clients.back().get(), address->get(), address->length()) == 0;
    };
    QVERIFY(connects());
    QVERIFY(!connects());
    QVERIFY(applyOptions(listener->get(), endpoint, SocketKind::Stream, {.backlog = 5, .unixMode = 0640}));
    QVERIFY(connects());
    struct stat info = {};
    QCOMPARE(::stat(QFile::encodeName(endpoint.unixPath).constData(), &info), 0);
    QCOMPARE(info.st_mode & 07777, 0640u);
    // A link that somebody has put in its place is not followed.
    QVERIFY(QFile::remove(endpoint.unixPath));
    QVERIFY(QFile::link(folder.path(), endpoint.unixPath));
    QVERIFY(!applyOptions(listener->get(), endpoint, SocketKind::Stream, {.unixMode = 0600}));
}

void TestEndpoint::unixPathOfADeadServer()
{
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("s"))};
    QVERIFY(listenOn(endpoint, {})); // closed at once; its file stays
    QVERIFY(QFile::exists(endpoint.unixPath));
    QVERIFY(!listenOn(endpoint, {}));
    QVERIFY(checkFree(endpoint));
    QVERIFY(!QFile::exists(endpoint.unixPath));
    QVERIFY(listenOn(endpoint, {}));
}

void TestEndpoint::unixPathOfALivingServer()
{
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("s"))};
    net::ListenOptions options;
    options.backlog = 0;
    const Result<base::FileDescriptor> listener = listenOn(endpoint, options);
    QVERIFY(listener);
    // More often than its backlog holds: a server that is slow to accept lives as well.
    for (int i = 0; i < 5; ++i) {
        const Result<void> checked = checkFree(endpoint);
        QVERIFY(!checked);
        QCOMPARE(checked.error().code(), Error::Exists);
        QVERIFY(QFile::exists(endpoint.unixPath));
    }
}

void TestEndpoint::unixPathIsAFile()
{
    const QTemporaryDir folder;
    QFile file(folder.filePath(QStringLiteral("precious")));
    QVERIFY(file.open(QIODevice::WriteOnly));
    const Endpoint endpoint = {{}, 0, file.fileName()};
    const Result<void> checked = checkFree(endpoint);
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Exists);
    QVERIFY(!listenOn(endpoint, {}));
    QVERIFY(file.exists());
}

void TestEndpoint::unixPathTooLong()
{
    const QTemporaryDir folder;
    const QString prefix = folder.path() + u'/';
    const Endpoint longest = {{}, 0, prefix + QString(107 - prefix.size(), u'x')};
    QVERIFY(checkFree(longest));
    QVERIFY(listenOn(longest, {}));
    const Endpoint tooLong = {{}, 0, longest.unixPath + u'x'};
    const Result<void> checked = checkFree(tooLong);
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Invalid);
    QVERIFY(!listenOn(tooLong, {}));
    // The kernel counts bytes, not characters.
    const Endpoint wide = {{}, 0, prefix + QString(107 - prefix.size() - 1, u'x') + QChar(0x00e9)};
    QVERIFY(!checkFree(wide));
}

void TestEndpoint::unixPathWithoutFolder()
{
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("absent/s"))};
    const Result<base::FileDescriptor> listener = listenOn(endpoint, {});
    QVERIFY(!listener);
    QVERIFY(listener.error().message().contains(endpoint.text()));
}

void TestEndpoint::datagramPortInUse_data()
{
    portInUse_data();
}

void TestEndpoint::datagramPortInUse()
{
    QFETCH(const bool, shared);
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    net::DatagramOptions options;
    options.sharedPort = shared;
    Result<base::FileDescriptor> socket = bindDatagram(endpoint, options);
    QVERIFY(socket);
    endpoint.port = portOf(socket->get());
    const Result<void> checked = checkFree(endpoint, SocketKind::Datagram);
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Exists);
    QVERIFY(!bindDatagram(endpoint, {}));
    QCOMPARE(bindDatagram(endpoint, options).ok(), shared);
    socket->reset();
    QVERIFY(checkFree(endpoint, SocketKind::Datagram));
    QVERIFY(bindDatagram(endpoint, {}));
}

void TestEndpoint::datagramsOfOneSenderStayTogether()
{
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    net::DatagramOptions options;
    options.sharedPort = true;
    std::array<base::FileDescriptor, 3> sockets;
    for (base::FileDescriptor &socket : sockets) {
        socket = bindDatagram(endpoint, options).value();
        endpoint.port = portOf(socket.get());
    }
    sockaddr_in address = {};
    address.sin_family = AF_INET;
    address.sin_port = htons(endpoint.port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const base::FileDescriptor sender(::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    for (int i = 0; i < 20; ++i)
        QCOMPARE(::sendto(sender.get(), "x", 1, 0, reinterpret_cast<sockaddr *>(&address), sizeof address), 1);
    std::array<pollfd, 3> waiting = {};
    for (std::size_t i = 0; i < sockets.size(); ++i)
        waiting[i] = {sockets[i].get(), POLLIN, 0};
    int received = 0;
    int receiver = -1;
    while (received < 20) {
        QVERIFY(::poll(waiting.data(), waiting.size(), 5'000) > 0);
        for (const pollfd &one : waiting) {
            char byte = 0;
            if (::recv(one.fd, &byte, 1, 0) != 1)
                continue;
            ++received;
            QVERIFY(receiver < 0 || receiver == one.fd);
            receiver = one.fd;
        }
    }
}

void TestEndpoint::datagramsBesideConnections()
{
    Endpoint endpoint = {QStringLiteral("127.0.0.1"), 0, {}};
    const Result<base::FileDescriptor> listener = listenOn(endpoint, {});
    QVERIFY(listener);
    endpoint.port = portOf(listener->get());
    QVERIFY(checkFree(endpoint, SocketKind::Datagram));
    QVERIFY(bindDatagram(endpoint, {}));
}

void TestEndpoint::datagramDescriptor()
{
    net::DatagramOptions options;
    options.receiveBuffer = 10'000;
    const Result<base::FileDescriptor> socket = bindDatagram({QStringLiteral("127.0.0.1"), 0, {}}, options);
    QVERIFY(socket);
    QVERIFY(::fcntl(socket->get(), F_GETFD) & FD_CLOEXEC);
    QVERIFY(::fcntl(socket->get(), F_GETFL) & O_NONBLOCK);
    int size = 0;
    socklen_t length = sizeof size;
    QCOMPARE(::getsockopt(socket->get(), SOL_SOCKET, SO_RCVBUF, &size, &length), 0);
    QCOMPARE(size, 20'000); // socket(7): the kernel doubles it
}

void TestEndpoint::datagramPathOfADeadServer()
{
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("s"))};
    QVERIFY(bindDatagram(endpoint, {})); // closed at once; its file stays
    QVERIFY(!bindDatagram(endpoint, {}));
    QVERIFY(checkFree(endpoint, SocketKind::Datagram));
    QVERIFY(!QFile::exists(endpoint.unixPath));
    QVERIFY(bindDatagram(endpoint, {}));
}

void TestEndpoint::pathOfALivingServer_data()
{
    QTest::addColumn<SocketKind>("living");
    QTest::addColumn<SocketKind>("asked");
    QTest::newRow("datagrams, asked for datagrams") << SocketKind::Datagram << SocketKind::Datagram;
    QTest::newRow("datagrams, asked for connections") << SocketKind::Datagram << SocketKind::Stream;
    QTest::newRow("connections, asked for datagrams") << SocketKind::Stream << SocketKind::Datagram;
}

void TestEndpoint::pathOfALivingServer()
{
    QFETCH(const SocketKind, living);
    QFETCH(const SocketKind, asked);
    const QTemporaryDir folder;
    const Endpoint endpoint = {{}, 0, folder.filePath(QStringLiteral("s"))};
    const Result<base::FileDescriptor> socket =
        living == SocketKind::Stream ? listenOn(endpoint, {}) : bindDatagram(endpoint, {});
    QVERIFY(socket);
    const Result<void> checked = checkFree(endpoint, asked);
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Exists);
    QVERIFY(QFile::exists(endpoint.unixPath));
}

void TestEndpoint::datagramErrorsNameTheEndpoint()
{
    const QTemporaryDir folder;
    const Endpoint absent = {{}, 0, folder.filePath(QStringLiteral("absent/s"))};
    const Endpoint tooLong = {{}, 0, folder.path() + u'/' + QString(107 - folder.path().size(), u'x')};
    const Endpoint longest = {{}, 0, tooLong.unixPath.chopped(1)};
    QVERIFY(bindDatagram(longest, {}));
    QCOMPARE(bindDatagram(tooLong, {}).error().code(), Error::Invalid);
    QCOMPARE(checkFree(tooLong, SocketKind::Datagram).error().code(), Error::Invalid);
    QCOMPARE(bindDatagram({QStringLiteral("localhost"), 1, {}}, {}).error().code(), Error::Invalid);
    const Error error = bindDatagram(absent, {}).error();
    QVERIFY2(error.message().startsWith(QStringLiteral("cannot receive datagrams on ") + absent.text()),
             qPrintable(error.message()));
    const Error foreign = bindDatagram({QStringLiteral("192.0.2.1"), 9, {}}, {}).error();
    QVERIFY2(foreign.message().startsWith(u"cannot receive UDP on 192.0.2.1:9: "), qPrintable(foreign.message()));
}

QUERN_EPOLL_TEST_MAIN(TestEndpoint)
#include "tst_endpoint.moc"
