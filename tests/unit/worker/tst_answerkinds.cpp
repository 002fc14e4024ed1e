#include "streamsupport.h"

#include <QFile>
#include <QRegularExpression>
#include <QTemporaryFile>

#include <stdexcept>
#include <sys/stat.h>

using namespace Quern;
using namespace WorkerTest;

/// What reaches the master of answers that are not sent as they are: files and compressed ones.
class TestAnswerKinds : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void file();
    void wholeCompressed_data();
    void wholeCompressed();
    void wholeNotCompressed();
    void bigCompressedByCredits();
    void streamCompressed();
    void streamLosesItsLength();
    void streamOfHeadIsLikeGet();
    void longErrorIsCut();
};

namespace {

const QByteArray longText = QByteArray("All work and no play makes Jack a dull boy.\n").repeated(100);

} // namespace

void TestAnswerKinds::file()
{
    QTemporaryFile file;
    QVERIFY(file.open());
    FakeMaster master;
    master.application.get("/", [&](const Request &, Response &response) {
        response.setHeader("X", "y");
        QVERIFY(response.file(file.fileName()));
    });
    master.startHost();
    const quint64 id = master.request({.acceptEncoding = "gzip"});
    const Result<ipc::ResponseMessage> head = headOf(master, id);
    QVERIFY(head);
    QCOMPARE(head->kind, ipc::ResponseKind::File);
    QCOMPARE(head->status, 200);
    QCOMPARE(head->headerBlock.toByteArray(), QByteArray("X: y\r\n"));
    QCOMPARE(head->bodyLength, quint64(head->bodyPart.size()));
    const Result<ipc::FileAnswer> answer = ipc::FileAnswer::decode(head->bodyPart);
    QVERIFY(answer);
    struct stat status = {};
    QCOMPARE(::stat(QFile::encodeName(file.fileName()).constData(), &status), 0);
    QCOMPARE(answer->path, QFile::encodeName(file.fileName()));
    QCOMPARE(answer->device, quint64(status.st_dev));
    QCOMPARE(answer->inode, quint64(status.st_ino));
}

void TestAnswerKinds::wholeCompressed_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::newRow("GET") << QByteArray("GET");
    QTest::newRow("HEAD") << QByteArray("HEAD");
}

void TestAnswerKinds::wholeCompressed()
{
    QFETCH(QByteArray, method);
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [&](const Request &, Response &response) {
        response.setHeader("ETag", "\"1\"");
        response.send(longText, "text/plain");
    });
    master.startHost();
    const Result<ipc::ResponseMessage> head =
        headOf(master, master.request({.method = method, .acceptEncoding = "gzip"}));
    QVERIFY(head);
    QCOMPARE(head->headerBlock.toByteArray(),
             QByteArray("Content-Type: text/plain\r\nVary: Accept-Encoding\r\nETag: W/\"1\"\r\n"
                        "Content-Encoding: gzip\r\n"));
    QVERIFY(head->bodyLength < quint64(longText.size() / 10));
    QCOMPARE(head->bodyLength, quint64(head->bodyPart.size()));
    QVERIFY(head->bodyPart.startsWith("\x1f\x8b"));
}

void TestAnswerKinds::wholeNotCompressed()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [&](const Request &, Response &response) { response.send(longText, "text/plain"); });
    master.options.compressionMinLength = quint32(longText.size());
    master.startHost();
    const Result<ipc::ResponseMessage> head = headOf(master, master.request({}));
    QVERIFY(head);
    QCOMPARE(head->headerBlock.toByteArray(), QByteArray("Content-Type: text/plain\r\nVary: Accept-Encoding\r\n"));
    QCOMPARE(head->bodyPart.toByteArray(), longText);
}

void TestAnswerKinds::bigCompressedByCredits()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    QByteArray body(600'000, Qt::Uninitialized); // six bits of eight: a quarter is won
    quint32 state = 1;
    for (char &byte : body) {
        state = state * 1664525 + 1013904223;
        byte = char(32 + (state >> 26));
    }
    master.application.get("/", [&](const Request &, Response &response) { response.send(body, "text/plain"); });
    master.startHost();
    const quint64 id = master.request({.credit = quint32(ipc::MaxBodyPart), .acceptEncoding = "gzip"});
    const Result<ipc::ResponseMessage> head = headOf(master, id);
    QVERIFY(head);
    const auto length = qsizetype(head->bodyLength);
    QVERIFY(length > 400'000 && length < 500'000);
    master.grant(id, 1'000'000);
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).size() == length; }));
}

void TestAnswerKinds::streamCompressed()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    std::optional<ResponseStream> kept;
    master.application.get("/", [&](const Request &, Response &response) { kept = response.stream("text/plain"); });
    master.startHost();
    const quint64 id = master.request({.acceptEncoding = "gzip"});
    QVERIFY(master.awaitReply(id));
    QCOMPARE(headOf(master, id)->headerBlock.toByteArray(),
             QByteArray("Content-Type: text/plain\r\nVary: Accept-Encoding\r\nContent-Encoding: gzip\r\n"));
    kept->write(longText);
    // It has left although the stream goes on: the empty block of a flush is at its end (RFC 1951 §3.2.4).
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).endsWith(QByteArray("\0\0\xff\xff", 4)); }));
    QVERIFY(master.bodyOf(id).size() < longText.size() / 10);
    kept->end();
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    // The last four bytes of gzip are the length of what was encoded (RFC 1952 §2.3.1).
    QCOMPARE(qFromLittleEndian<quint32>(master.bodyOf(id).last(4).constData()), quint32(longText.size()));
}

void TestAnswerKinds::streamLosesItsLength()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [&](const Request &, Response &response) {
        const ResponseStream stream = response.stream("text/plain", quint64(longText.size()));
        stream.write(longText);
        stream.end();
    });
    master.startHost();
    const quint64 id = master.request({.acceptEncoding = "gzip"});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(headOf(master, id)->bodyLength, ipc::UnknownLength);
    const quint64 plain = master.request({});
    QVERIFY(master.awaitReply(plain, FrameType::ResponseEnd));
    QCOMPARE(headOf(master, plain)->bodyLength, quint64(longText.size()));
    QCOMPARE(master.bodyOf(plain), longText);
}

void TestAnswerKinds::streamOfHeadIsLikeGet()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [&](const Request &, Response &response) {
        const ResponseStream stream = response.stream("text/plain", 3);
        stream.write("abc");
        stream.end();
    });
    master.startHost();
    for (const char *accepted : {"", "gzip"}) {
        const quint64 get = master.request({.acceptEncoding = accepted});
        QVERIFY(master.awaitReply(get, FrameType::ResponseEnd));
        const quint64 head = master.request({.method = "HEAD", .acceptEncoding = accepted});
        QVERIFY(master.awaitReply(head, FrameType::ResponseEnd));
        QCOMPARE(master.bodyOf(head), QByteArray());
        const quint64 length = headOf(master, get)->bodyLength;
        const QByteArray block = headOf(master, get)->headerBlock.toByteArray();
        QCOMPARE(headOf(master, head)->headerBlock.toByteArray(), block);
        QCOMPARE(headOf(master, head)->bodyLength, length);
    }
}

void TestAnswerKinds::longErrorIsCut()
{
    // An error page crosses as a whole, whatever the exception holds.
    FakeMaster master;
    master.options.debug = true;
    master.application.get("/",
                           [](const Request &, Response &) { throw std::runtime_error(std::string(300'000, 'e')); });
    master.startHost();
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("threw: e+ …")));
    const quint64 id = master.request({});
    const Result<ipc::ResponseMessage> head = headOf(master, id);
    QVERIFY(head);
    QCOMPARE(head->kind, ipc::ResponseKind::Error);
    QCOMPARE(quint64(head->bodyPart.size()), head->bodyLength);
    QVERIFY(head->bodyPart.startsWith("eeee"));
    QVERIFY(head->bodyPart.size() < 16 * 1024);
}

QUERN_EPOLL_TEST_MAIN(TestAnswerKinds)
#include "tst_answerkinds.moc"
