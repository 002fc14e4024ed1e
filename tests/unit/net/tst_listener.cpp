#include "net/endpoint.h"
#include "net/listener.h"
#include "netsupport.h"

#include <QTemporaryDir>

#include <cstring>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/un.h>
#include <vector>

using namespace NetTest;
using namespace Quern;

class TestListener : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void accepts();
    void acceptsManyAtOnce();
    void acceptsFromUnixSockets();
    void restsWithoutDescriptors();
};

namespace {

struct Accepted
{
    base::FileDescriptor fd;
    net::Peer peer;
};

base::FileDescriptor listening(const net::Endpoint &endpoint = {QStringLiteral("127.0.0.1"), 0, {}})
{
    Result<base::FileDescriptor> fd = net::listenOn(endpoint, {});
    if (!fd)
        qFatal("%s", qPrintable(fd.error().message()));
    return std::move(*fd);
}

} // namespace

void TestListener::accepts()
{
    base::FileDescriptor socket = listening();
    const quint16 port = portOf(socket.get());
    std::vector<Accepted> accepted;
    const net::Listener listener(std::move(socket), [&](base::FileDescriptor fd, const net::Peer &peer) {
        accepted.push_back({std::move(fd), peer});
    });
    const base::FileDescriptor client = connectTo(port);
    QVERIFY(client.isValid());
    QTRY_COMPARE(accepted.size(), std::size_t(1));
    QCOMPARE(accepted[0].peer.address, "127.0.0.1");
    QCOMPARE(accepted[0].peer.port, portOf(client.get()));
    QVERIFY(::fcntl(accepted[0].fd.get(), F_GETFD) & FD_CLOEXEC);
    QVERIFY(::fcntl(accepted[0].fd.get(), F_GETFL) & O_NONBLOCK);
}

void TestListener::acceptsManyAtOnce()
{
    base::FileDescriptor socket = listening();
    const quint16 port = portOf(socket.get());
    std::vector<base::FileDescriptor> accepted;
    const net::Listener listener(
        std::move(socket), [&](base::FileDescriptor fd, const net::Peer &) { accepted.push_back(std::move(fd)); });
    std::vector<base::FileDescriptor> clients;
    for (int i = 0; i < 200; ++i)
        clients.push_back(connectTo(port));
    QTRY_COMPARE(accepted.size(), std::size_t(200));
}

void TestListener::acceptsFromUnixSockets()
{
    const QTemporaryDir folder;
    const QByteArray path = folder.filePath(QStringLiteral("s")).toUtf8();
    std::vector<Accepted> accepted;
    const net::Listener listener(listening({{}, 0, QString::fromUtf8(path)}),
                                 [&](base::FileDescriptor fd, const net::Peer &peer) {
                                     accepted.push_back({std::move(fd), peer});
                                 });
    const base::FileDescriptor client(::socket(AF_UNIX, SOCK_STREAM, 0));
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    std::memcpy(address.sun_path, path.constData(), size_t(path.size()));
    QCOMPARE(::connect(client.get(), reinterpret_cast<sockaddr *>(&address), sizeof address), 0);
    QTRY_COMPARE(accepted.size(), std::size_t(1));
    QCOMPARE(accepted[0].peer.address, "");
}

void TestListener::restsWithoutDescriptors()
{
    base::FileDescriptor socket = listening();
    const quint16 port = portOf(socket.get());
    std::vector<base::FileDescriptor> accepted;
    const net::Listener listener(
        std::move(socket), [&](base::FileDescriptor fd, const net::Peer &) { accepted.push_back(std::move(fd)); });
    const base::FileDescriptor client = connectTo(port);
    QVERIFY(client.isValid());

    // The limit is where the next descriptor would be.
    rlimit before = {};
    QCOMPARE(::getrlimit(RLIMIT_NOFILE, &before), 0);
    const int next = ::dup(client.get());
    ::close(next);
    const rlimit none = {rlim_t(next), before.rlim_max};
    QTest::ignoreMessage(QtWarningMsg, "cannot accept connections for the moment: Too many open files");
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &none), 0);
    while (QCoreApplication::eventDispatcher()->processEvents(QEventLoop::AllEvents)) {
        // Ends only if it rests instead of spinning on the connection that goes on waiting.
    }
    const bool acceptedNone = accepted.empty();
    QCOMPARE(::setrlimit(RLIMIT_NOFILE, &before), 0);
    QVERIFY(acceptedNone);
    QTRY_COMPARE(accepted.size(), std::size_t(1));
}

QUERN_EPOLL_TEST_MAIN(TestListener)
#include "tst_listener.moc"
