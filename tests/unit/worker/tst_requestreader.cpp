#include "fakemaster.h"

#include <QTemporaryDir>

using namespace Quern;
using namespace WorkerTest;

/// What a handler sees of what the master knows about a request.
class TestRequestReader : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void behindAProxy();
    void directly();
    void formAndFiles();
    void bodyInAFile();
    void partOutsideOfTheBody();
    void malformedLayout();
};

void TestRequestReader::behindAProxy()
{
    FakeMaster master;
    QStringList seen;
    master.application.get("/a", [&](const Request &request, Response &) {
        seen << request.remoteAddress() << request.peerAddress() << QString::fromLatin1(request.scheme())
             << QString::fromUtf8(request.host()) << request.url().toString();
    });
    master.startHost();
    QCOMPARE(master.answer(master.request({.target = "/a?b=1",
                                           .flags = ipc::SecureRequest | ipc::ProxiedRequest,
                                           .host = "me@example.org:8443",
                                           .peerAddress = "10.0.0.1"})),
             QByteArray("200 |"));
    QCOMPARE(seen.join(u' '),
             QStringLiteral("192.0.2.1 10.0.0.1 https example.org:8443 https://example.org:8443/a?b=1"));
}

void TestRequestReader::directly()
{
    FakeMaster master;
    QStringList seen;
    master.application.get("/a", [&](const Request &request, Response &) {
        seen << request.remoteAddress() << request.peerAddress() << request.url().toString();
    });
    master.startHost();
    QCOMPARE(master.answer(master.request({.target = "/a"})), QByteArray("200 |"));
    QCOMPARE(seen.join(u' '), QStringLiteral("192.0.2.1 192.0.2.1 http://x/a"));
}

void TestRequestReader::formAndFiles()
{
    FakeMaster master;
    const QTemporaryDir folder;
    QFile spooled(folder.filePath(QStringLiteral("part")));
    QVERIFY(spooled.open(QIODevice::WriteOnly) && spooled.write("large") == 5);
    spooled.close();
    QStringList seen;
    master.application.post("/up", [&](const Request &request, Response &) {
        seen << request.form("name") << QString::fromUtf8(request.file("small")->data())
             << QString::fromUtf8(request.file("big")->data()) << request.file("big")->fileName()
             << QString::fromUtf8(request.trailer("X-Sum"));
    });
    master.startHost();
    Order order{.method = "POST", .target = "/up", .body = "..bar..tiny"};
    order.layout.isForm = true;
    order.layout.trailers = "X-Sum: 9\r\n";
    order.layout.parts = {{"name", {}, {}, 2, 3, {}, false},
                          {"small", "s.txt", "text/plain", 7, 4, {}, true},
                          {"big", "../b.txt", "text/plain", 0, 5, QFile::encodeName(spooled.fileName()), true}};
    QCOMPARE(master.answer(master.request(order)), QByteArray("200 |"));
    QCOMPARE(seen.join(u' '), QStringLiteral("bar tiny large b.txt 9"));
}

void TestRequestReader::bodyInAFile()
{
    FakeMaster master;
    const QTemporaryDir folder;
    QFile spooled(folder.filePath(QStringLiteral("body")));
    QVERIFY(spooled.open(QIODevice::WriteOnly) && spooled.write("from disk") == 9);
    spooled.close();
    master.application.post("/", [&](const Request &request, Response &response) {
        response.send(request.body().toByteArray() + ' ' + QByteArray::number(*request.bodyLength()));
    });
    master.startHost();
    Order order{.method = "POST"};
    order.layout.path = QFile::encodeName(spooled.fileName());
    order.layout.size = 9;
    QCOMPARE(master.answer(master.request(order)), QByteArray("200 |from disk 9"));
}

void TestRequestReader::partOutsideOfTheBody()
{
    FakeMaster master;
    master.application.post("/", [](const Request &, Response &) {});
    master.startHost();
    Order order{.method = "POST", .body = "12345"};
    order.layout.isForm = true;
    order.layout.parts = {{"name", {}, {}, 3, 3, {}, false}};
    QTest::ignoreMessage(QtCriticalMsg,
                         "request 0-0 is answered 500: malformed body layout: a part lies outside of the body");
    QCOMPARE(master.answer(master.request(order)), QByteArray("500 |"));
    QCOMPARE(master.answer(master.request({.method = "POST"})), QByteArray("200 |"));
}

void TestRequestReader::malformedLayout()
{
    FakeMaster master;
    master.application.post("/", [](const Request &, Response &) {});
    master.startHost();
    ipc::RequestParts parts;
    const QByteArray head = "POST / HTTP/1.1\r\n\r\n";
    parts.head = head;
    parts.method = {0, 4};
    parts.target = {5, 1};
    parts.bodyLayout = "nonsense";
    QTest::ignoreMessage(QtCriticalMsg, "request 0-0 is answered 500: malformed body layout");
    master.send(FrameType::Request, 50, QByteArray(ipc::ClaimTicketSize, '\0') + ipc::encodeRequest(parts));
    QCOMPARE(master.answer(master.request({.method = "POST"})), QByteArray("200 |"));
}

QUERN_EPOLL_TEST_MAIN(TestRequestReader)
#include "tst_requestreader.moc"
