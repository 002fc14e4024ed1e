#include "dispatch/filesender.h"
#include "epolltestmain.h"
#include "filesupport.h"

#include <array>
#include <sys/socket.h>

using namespace FileTest;
using namespace Quern;
using namespace Quern::dispatch;

namespace {

class Driver final : public net::ConnectionEvents
{
public:
    explicit Driver(base::FileDescriptor fd) : connection(std::move(fd), this) {}

    void bytesReceived(QByteArrayView) override {}
    void inputEnded() override {}
    void outputProgressed(qint64) override
    {
        if (sender && !isGiven)
            isGiven = sender->goOn(connection);
    }
    void connectionLost() override { isLost = true; }

    net::Connection connection;
    std::optional<FileSender> sender;
    bool isGiven = false;
    bool isLost = false;
};

} // namespace

class FileSenderTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void sent_data();
    void sent();
};

void FileSenderTest::sent_data()
{
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<bool>("atOnce"); ///< the socket takes it all
    const auto row = [](const char *name, qsizetype size, const char *method, const char *fields, bool atOnce) {
        QTest::newRow(name) << size << QByteArray(method) << QByteArray(fields) << atOnce;
    };
    row("small", 10, "GET", "", true);
    row("empty", 0, "GET", "", true);
    row("HEAD", 10, "HEAD", "", true);
    row("not modified", 10, "GET", "If-None-Match: *\r\n", true);
    row("small pieces", 1000, "GET", "Range: bytes=0-9,500-509\r\n", true);
    row("big", 5'000'000, "GET", "", false);
    row("big piece", 5'000'000, "GET", "Range: bytes=1000000-\r\n", false);
    row("big pieces", 5'000'000, "GET", "Range: bytes=0-1999999,3000000-3999999,-3\r\n", false);
}

void FileSenderTest::sent()
{
    QFETCH(const qsizetype, size);
    QFETCH(const QByteArray, method);
    QFETCH(const QByteArray, fields);
    Folder folder;
    QByteArray content;
    content.reserve(size);
    for (int i = 0; content.size() < size; ++i)
        content += QByteArray::number(i);
    folder.add(QStringLiteral("file"), content.first(size));
    const Result<OpenFile> file = openFile(folder.path(QStringLiteral("file")));
    QVERIFY(file);

    std::array<int, 2> ends = {-1, -1};
    QCOMPARE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends.data()), 0);
    const base::FileDescriptor far(ends[1]);
    Driver driver{base::FileDescriptor(ends[0])};
    FileReply reply = makeFileReply(*file, Asked("/", fields, method).conditions(), 200, {}, "text/plain");
    const QByteArray expected = "head," + bodyOf(reply);
    if (method == "GET" && reply.status != 304)
        QCOMPARE(quint64(expected.size() - 5), reply.bodyLength);

    driver.sender.emplace(std::move(reply));
    driver.isGiven = driver.sender->start(driver.connection, "head,");
    QTEST(driver.isGiven && !driver.connection.hasOutput(), "atOnce");
    QCOMPARE(driver.sender->unbegunBytes() > 0, !driver.isGiven && fields.contains(','));
    QByteArray received;
    const auto receive = [&] {
        char buffer[64 * 1024];
        for (ssize_t count; (count = ::recv(far.get(), buffer, sizeof buffer, MSG_DONTWAIT)) > 0;)
            received.append(buffer, count);
        return received.size() >= expected.size();
    };
    QTRY_VERIFY(receive());
    QVERIFY(received == expected);
    QVERIFY(driver.isGiven);
    QTRY_VERIFY(!driver.connection.hasOutput());
    QVERIFY(!driver.isLost);
    QCOMPARE(file->descriptor.use_count(), 1);
}

QUERN_EPOLL_TEST_MAIN(FileSenderTest)

#include "tst_filesender.moc"
