#include "net/endpoint.h"
#include "netsupport.h"

#include <QFile>
#include <QTemporaryDir>

#include <fcntl.h>
#include <sys/un.h>

using namespace NetTest;
using namespace Quern;
using net::checkFree;
using net::Endpoint;
using net::listenOn;

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
    void unixPathOfADeadServer();
    void unixPathOfALivingServer();
    void unixPathIsAFile();
    void unixPathTooLong();
    void unixPathWithoutFolder();
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

QUERN_EPOLL_TEST_MAIN(TestEndpoint)
#include "tst_endpoint.moc"
