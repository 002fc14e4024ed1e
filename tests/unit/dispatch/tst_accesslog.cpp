#include "dispatch/accesslog.h"

#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <cstring>

using namespace Quern;
using namespace std::chrono_literals;
using dispatch::AccessLog;
using dispatch::AccessLogFormat;
using dispatch::AccessLogSettings;

namespace {

dispatch::Exchange exchangeOf(const QByteArray &target, int status)
{
    const QByteArray head = "GET " + target + " HTTP/1.1\r\nUser-Agent: t\r\n\r\n";
    const base::HeaderSpan agent = {{quint32(head.indexOf("User-Agent")), 10}, {quint32(head.indexOf(": t") + 2), 1}};
    ipc::RequestParts parts;
    parts.remoteAddress = "192.0.2.1";
    parts.head = head;
    parts.method = {0, 3};
    parts.target = {4, quint32(target.size())};
    parts.headers = {&agent, 1};
    dispatch::Exchange exchange;
    exchange.payload = ipc::encodeRequest(parts);
    exchange.received = std::chrono::steady_clock::now();
    exchange.begun = exchange.received;
    exchange.status = status;
    exchange.bodyBytes = 100;
    return exchange;
}

net::Peer peer()
{
    net::Peer peer;
    std::strcpy(peer.address, "127.0.0.1");
    return peer;
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray("(cannot be read)");
}

} // namespace

class TestAccessLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void linesAreWrittenOnFlush();
    void aFullBufferIsWrittenAtOnce();
    void openedAnewAfterAMove();
    void unsentBytesDoNotCount();
    void clientThatLeftBeforeItWasAnswered();
    void formats_data();
    void formats();
    void slowRequestsAreTold();
    void quickRequestsAreNot();
    void cannotBeOpened();
};

void TestAccessLog::linesAreWrittenOnFlush()
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("a.log"));
    AccessLog log({path, AccessLogFormat::Common, {}});
    QVERIFY(log.open());
    log.note(exchangeOf("/a", 200), peer(), 0);
    log.note(exchangeOf("/b", 404), peer(), 0);
    QCOMPARE(contentOf(path), QByteArray());
    log.flush();
    const QByteArrayList lines = contentOf(path).split('\n');
    QCOMPARE(lines.size(), 3);
    QVERIFY(lines.at(0).startsWith("192.0.2.1 - - ["));
    QVERIFY(lines.at(0).endsWith("\"GET /a HTTP/1.1\" 200 100"));
    QVERIFY(lines.at(1).endsWith("\"GET /b HTTP/1.1\" 404 100"));
}

void TestAccessLog::aFullBufferIsWrittenAtOnce()
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("a.log"));
    AccessLog log({path, AccessLogFormat::Common, {}});
    QVERIFY(log.open());
    const dispatch::Exchange exchange = exchangeOf('/' + QByteArray(1000, 'x'), 200);
    for (int i = 0; i < 40; ++i)
        log.note(exchange, peer(), 0);
    QVERIFY(QFile(path).size() >= AccessLog::BufferSize);
}

void TestAccessLog::openedAnewAfterAMove()
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("a.log")), old = directory.filePath(QStringLiteral("old"));
    AccessLog log({path, AccessLogFormat::Common, {}});
    QVERIFY(log.open());
    log.note(exchangeOf("/before", 200), peer(), 0);
    QVERIFY(QFile::rename(path, old));
    QVERIFY(log.open());
    log.note(exchangeOf("/after", 200), peer(), 0);
    log.flush();
    QVERIFY(contentOf(old).contains("/before"));
    QVERIFY(contentOf(path).contains("/after"));
}

void TestAccessLog::unsentBytesDoNotCount()
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("a.log"));
    AccessLog log({path, AccessLogFormat::Common, {}});
    QVERIFY(log.open());
    log.note(exchangeOf("/a", 200), peer(), 30);
    log.note(exchangeOf("/a", 200), peer(), 1000);
    log.flush();
    QVERIFY(contentOf(path).contains(" 200 70\n"));
    QVERIFY(contentOf(path).contains(" 200 0\n"));
}

void TestAccessLog::clientThatLeftBeforeItWasAnswered()
{
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("a.log"));
    AccessLog log({path, AccessLogFormat::Common, {}});
    QVERIFY(log.open());
    log.note(exchangeOf("/a", 0), peer(), 0);
    log.flush();
    QVERIFY(contentOf(path).contains("\" 499 "));
}

void TestAccessLog::formats_data()
{
    QTest::addColumn<AccessLogFormat>("format");
    QTest::addColumn<QString>("line");
    QTest::newRow("common") << AccessLogFormat::Common << QStringLiteral("\" 200 100\n$");
    QTest::newRow("combined") << AccessLogFormat::Combined << QStringLiteral("\" 200 100 \"-\" \"t\"\n$");
    QTest::newRow("json") << AccessLogFormat::Json << QStringLiteral("^\\{.*\"status\":200.*\\}\n$");
}

void TestAccessLog::formats()
{
    QFETCH(const AccessLogFormat, format);
    QFETCH(const QString, line);
    const QTemporaryDir directory;
    const QString path = directory.filePath(QStringLiteral("a.log"));
    AccessLog log({path, format, {}});
    QVERIFY(log.open());
    log.note(exchangeOf("/a", 200), peer(), 0);
    log.flush();
    const QString written = QString::fromUtf8(contentOf(path));
    QVERIFY2(QRegularExpression(line).match(written).hasMatch(), qPrintable(written));
}

void TestAccessLog::slowRequestsAreTold()
{
    AccessLog log({{}, AccessLogFormat::Common, 100ms});
    QVERIFY(log.open());
    dispatch::Exchange exchange = exchangeOf("/slow?secret", 200);
    exchange.received -= 1s;
    exchange.begun = exchange.received + 1500ms;
    exchange.workerId = 3;
    QTest::ignoreMessage(
        QtWarningMsg, QRegularExpression(
                          QStringLiteral("slow request .*GET /slow was answered 200 after 1\\d\\d\\d ms by worker 3")));
    log.note(exchange, peer(), 0);
}

void TestAccessLog::quickRequestsAreNot()
{
    AccessLog log({{}, AccessLogFormat::Common, 1h});
    QTest::failOnWarning(QRegularExpression(QStringLiteral("slow")));
    log.note(exchangeOf("/quick", 200), peer(), 0);
    dispatch::Exchange stream = exchangeOf("/stream", 200); // begun at once, and long since
    stream.received -= 2h;
    stream.begun = stream.received;
    log.note(stream, peer(), 0);
}

void TestAccessLog::cannotBeOpened()
{
    AccessLog log({QStringLiteral("/nowhere/a.log"), AccessLogFormat::Common, {}});
    const Result<void> opened = log.open();
    QVERIFY(!opened);
    QCOMPARE(opened.error().message(), QStringLiteral("access_log /nowhere/a.log: No such file or directory"));
}

QTEST_APPLESS_MAIN(TestAccessLog)
#include "tst_accesslog.moc"
