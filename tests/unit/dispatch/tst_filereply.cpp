#include "dispatch/filereply.h"
#include "filesupport.h"

#include "protocol/http/httpdate.h"

#include <ctime>

using namespace FileTest;
using namespace Quern;
using namespace Quern::dispatch;

namespace {

const QByteArray date = "Sun, 06 Nov 1994 08:49:37 GMT";
const QByteArray tag = "\"2ebc98a1.0-3e8\"";

/// A thousand bytes of which each piece tells its place.
QByteArray content()
{
    QByteArray bytes;
    for (int i = 0; bytes.size() < 1000; ++i)
        bytes += QByteArray::number(i) + ',';
    return bytes.first(1000);
}

} // namespace

class FileReplyTest : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void initTestCase();
    void whole();
    void head();
    void listsInSeveralFields();
    void emptyFile();
    void conditions_data();
    void conditions();
    void notModified();
    void preconditionFailed();
    void unsatisfiable();
    void oneRange();
    void severalRanges();
    void severalRangesOfAHead();
    void handlersFieldsStand();
    void handlersTagIsCompared();
    void handlersStatus();
    void otherMethods();
    void repeatedFields();
    void youngFile();
    void fileOfTheFuture();
    void fileWithoutTime();
    void nanosecondsCount();

private:
    FileReply ask(const QByteArray &fields, const QByteArray &method = "GET", int status = 200,
                  const QByteArray &block = {})
    {
        return makeFileReply(m_file, Asked("/", fields, method).conditions(), status, block, "text/plain");
    }

    Folder m_folder;
    OpenFile m_file;
};

void FileReplyTest::initTestCase()
{
    m_folder.add(QStringLiteral("file"), content());
    Result<OpenFile> file = openFile(m_folder.path(QStringLiteral("file")));
    QVERIFY(file);
    m_file = *file;
}

void FileReplyTest::whole()
{
    const FileReply reply = ask({});
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.bodyLength, quint64(1000));
    QCOMPARE(bodyOf(reply), content());
    QCOMPARE(reply.headerBlock, "Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"
                                "Accept-Ranges: bytes\r\nETag: " +
                                    tag + "\r\nLast-Modified: " + date + "\r\n");
}

void FileReplyTest::head()
{
    const FileReply reply = ask("Range: bytes=0-1\r\n", "HEAD");
    QCOMPARE(reply.status, 200); // RFC 9110 §14.2: Range is for GET
    QCOMPARE(reply.bodyLength, quint64(1000));
    QVERIFY(reply.pieces.isEmpty());
    QVERIFY(!reply.file);
    QCOMPARE(field(reply, "etag"), tag);
    QCOMPARE(ask("If-None-Match: " + tag + "\r\n", "HEAD").status, 304);
}

void FileReplyTest::listsInSeveralFields()
{
    QByteArray fields;
    for (int i = 0; i < 100; ++i)
        fields += "If-None-Match: \"" + QByteArray::number(i) + "\"\r\nAccept-Encoding: br;q=0." +
                  QByteArray::number(i) + "\r\n";
    const Asked asked("/", fields + "If-None-Match: " + tag + "\r\n");
    const FileConditions conditions = asked.conditions();
    QCOMPARE(conditions.joined.size(), 2); // each list is kept once
    QVERIFY(conditions.fields.ifNoneMatch.startsWith("\"0\", \"1\", "));
    QVERIFY(conditions.acceptEncoding.endsWith(", br;q=0.99"));
    QCOMPARE(makeFileReply(m_file, conditions, 200, {}, {}).status, 304);
}

void FileReplyTest::emptyFile()
{
    m_folder.add(QStringLiteral("empty"), {});
    const Result<OpenFile> empty = openFile(m_folder.path(QStringLiteral("empty")));
    QVERIFY(empty);
    const FileReply reply = makeFileReply(*empty, Asked("/", "Range: bytes=0-\r\n").conditions(), 200, {}, {});
    QCOMPARE(reply.status, 200);
    QCOMPARE(reply.bodyLength, quint64(0));
    QVERIFY(reply.pieces.isEmpty());
}

void FileReplyTest::conditions_data()
{
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<int>("status");
    const auto row = [](const char *name, const QByteArray &fields, int status) {
        QTest::newRow(name) << fields << status;
    };
    row("If-None-Match: the tag", "If-None-Match: " + tag + "\r\n", 304);
    row("If-None-Match: weak", "If-None-Match: W/" + tag + "\r\n", 304);
    row("If-None-Match: any", "If-None-Match: *\r\n", 304);
    row("If-None-Match: another", "If-None-Match: \"x\"\r\n", 200);
    row("If-None-Match: another, with a date that matches",
        "If-None-Match: \"x\"\r\nIf-Modified-Since: " + date + "\r\n", 200);
    row("If-Modified-Since: the date", "If-Modified-Since: " + date + "\r\n", 304);
    row("If-Modified-Since: a second before", "If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 200);
    row("If-Modified-Since: no date", "If-Modified-Since: x\r\n", 200);
    row("If-Match: the tag", "If-Match: " + tag + "\r\n", 200);
    row("If-Match: another", "If-Match: \"x\"\r\n", 412);
    row("If-Match: any", "If-Match: *\r\n", 200);
    row("If-Unmodified-Since: the date", "If-Unmodified-Since: " + date + "\r\n", 200);
    row("If-Unmodified-Since: a second before", "If-Unmodified-Since: Sun, 06 Nov 1994 08:49:36 GMT\r\n", 412);
    row("Range", "Range: bytes=1-2\r\n", 206);
    row("Range, but not modified", "Range: bytes=1-2\r\nIf-None-Match: " + tag + "\r\n", 304);
    row("Range beyond the end", "Range: bytes=1000-\r\n", 416);
    row("Range beyond the end, but precondition failed", "Range: bytes=1000-\r\nIf-Match: \"x\"\r\n", 412);
    row("Range of another unit", "Range: lines=1-2\r\n", 200);
    row("If-Range: the tag", "Range: bytes=1-2\r\nIf-Range: " + tag + "\r\n", 206);
    row("If-Range: another tag", "Range: bytes=1-2\r\nIf-Range: \"x\"\r\n", 200);
    row("If-Range: weak", "Range: bytes=1-2\r\nIf-Range: W/" + tag + "\r\n", 200);
    row("If-Range: the date", "Range: bytes=1-2\r\nIf-Range: " + date + "\r\n", 206);
    row("If-Range: another date", "Range: bytes=1-2\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT\r\n", 200);
    row("If-Range: another tag, Range beyond the end", "Range: bytes=1000-\r\nIf-Range: \"x\"\r\n", 200);
    row("If-Range without Range", "If-Range: " + tag + "\r\n", 200);
}

void FileReplyTest::conditions()
{
    QFETCH(const QByteArray, fields);
    QTEST(ask(fields).status, "status");
}

void FileReplyTest::notModified()
{
    const QByteArray block = "Content-Type: a/b\r\nContent-Disposition: inline\r\nCache-Control: max-age=9\r\nVary: "
                             "Cookie\r\nSet-Cookie: a=b\r\n";
    const FileReply reply = ask("If-None-Match: *\r\n", "GET", 200, block);
    QCOMPARE(reply.status, 304);
    QCOMPARE(reply.bodyLength, quint64(0));
    QVERIFY(reply.pieces.isEmpty());
    QVERIFY(!reply.file);
    QCOMPARE(reply.headerBlock, "Cache-Control: max-age=9\r\nVary: Cookie\r\nSet-Cookie: a=b\r\nETag: " + tag +
                                    "\r\nLast-Modified: " + date + "\r\n");
}

void FileReplyTest::preconditionFailed()
{
    const QByteArray block = "Content-Type: a/b\r\nCache-Control: max-age=9\r\nSet-Cookie: a=b\r\n";
    const FileReply reply = ask("If-Match: \"x\"\r\n", "GET", 200, block);
    QCOMPARE(reply.status, 412);
    QCOMPARE(reply.bodyLength, quint64(0));
    QVERIFY(!reply.file);
    QCOMPARE(reply.headerBlock, QByteArray("Set-Cookie: a=b\r\n"));
}

void FileReplyTest::unsatisfiable()
{
    const FileReply reply = ask("Range: bytes=1000-\r\n");
    QCOMPARE(reply.bodyLength, quint64(0));
    QVERIFY(!reply.file);
    QCOMPARE(reply.headerBlock, QByteArray("Content-Range: bytes */1000\r\n"));
}

void FileReplyTest::oneRange()
{
    const FileReply reply = ask("Range: bytes=100-199\r\n");
    QCOMPARE(reply.bodyLength, quint64(100));
    QCOMPARE(bodyOf(reply), content().sliced(100, 100));
    QCOMPARE(field(reply, "content-range"), QByteArray("bytes 100-199/1000"));
    QCOMPARE(field(reply, "content-type"), QByteArray("text/plain"));
    QCOMPARE(field(reply, "etag"), tag);
    QCOMPARE(bodyOf(ask("Range: bytes=-1\r\n")), content().last(1));
    QCOMPARE(field(ask("Range: bytes=990-5000\r\n"), "content-range"), QByteArray("bytes 990-999/1000"));
}

void FileReplyTest::severalRanges()
{
    const FileReply reply = ask("Range: bytes=500-509,0-9\r\n", "GET", 200, "Content-Type: a/b\r\nA: b\r\n");
    QCOMPARE(reply.status, 206);
    const QByteArray type = field(reply, "content-type");
    QVERIFY(type.startsWith("multipart/byteranges; boundary="));
    const QByteArray boundary = type.sliced(type.indexOf('=') + 1);
    QCOMPARE(boundary.size(), 32);
    const QByteArray expected = "\r\n--" + boundary +
                                "\r\nContent-Type: a/b\r\nContent-Range: bytes 500-509/1000\r\n\r\n" +
                                content().sliced(500, 10) + "\r\n--" + boundary +
                                "\r\nContent-Type: a/b\r\nContent-Range: bytes 0-9/1000\r\n\r\n" + content().first(10) +
                                "\r\n--" + boundary + "--\r\n";
    QCOMPARE(bodyOf(reply), expected);
    QCOMPARE(reply.bodyLength, quint64(expected.size()));
    QCOMPARE(reply.headerBlock.count("Content-Type:"), 1);
    QCOMPARE(field(reply, "content-range"), QByteArray()); // RFC 9110 §15.3.7.2
    QCOMPARE(field(reply, "a"), QByteArray("b"));
    QVERIFY(field(ask("Range: bytes=500-509,0-9\r\n"), "content-type") != type);
}

void FileReplyTest::severalRangesOfAHead()
{
    QCOMPARE(ask("Range: bytes=500-509,0-9\r\n", "HEAD").status, 200);
}

void FileReplyTest::handlersFieldsStand()
{
    const QByteArray block = "content-type: a/b\r\nETag: \"mine\"\r\nLast-Modified: Mon, 07 Nov 1994 00:00:00 GMT\r\n"
                             "Cache-Control: no-store\r\nAccept-Ranges: none\r\nX-Content-Type-Options: x\r\n";
    QCOMPARE(ask({}, "GET", 200, block).headerBlock, block);
    QCOMPARE(ask("Range: bytes=0-1\r\n", "GET", 200, block).status, 200);
    QCOMPARE(ask("Range: bytes=0-1\r\n", "GET", 200, "Accept-Ranges: bytes\r\n").status, 206);
}

void FileReplyTest::handlersTagIsCompared()
{
    const QByteArray block = "ETag: \"mine\"\r\nLast-Modified: Mon, 07 Nov 1994 00:00:00 GMT\r\n";
    QCOMPARE(ask("If-None-Match: \"mine\"\r\n", "GET", 200, block).status, 304);
    QCOMPARE(ask("If-None-Match: " + tag + "\r\n", "GET", 200, block).status, 200);
    QCOMPARE(ask("If-Modified-Since: " + date + "\r\n", "GET", 200, block).status, 200);
    QCOMPARE(ask("If-Modified-Since: Mon, 07 Nov 1994 00:00:00 GMT\r\n", "GET", 200, block).status, 304);
    // A tag that is none matches nothing.
    QCOMPARE(ask("If-None-Match: mine\r\n", "GET", 200, "ETag: mine\r\n").status, 200);
}

void FileReplyTest::handlersStatus()
{
    const FileReply reply = ask("Range: bytes=0-1\r\nIf-None-Match: *\r\n", "GET", 404);
    QCOMPARE(reply.status, 404);
    QCOMPARE(bodyOf(reply), content());
    QCOMPARE(reply.headerBlock, QByteArray("Content-Type: text/plain\r\nX-Content-Type-Options: nosniff\r\n"));
}

void FileReplyTest::otherMethods()
{
    const FileReply reply = ask("Range: bytes=0-1\r\nIf-Match: \"x\"\r\nContent-Length: 0\r\n", "POST");
    QCOMPARE(reply.status, 200);
    QCOMPARE(bodyOf(reply), content());
    QCOMPARE(field(reply, "etag"), QByteArray());
}

void FileReplyTest::repeatedFields()
{
    QCOMPARE(ask("If-None-Match: \"a\"\r\nIf-None-Match: \"b\"\r\nif-none-match: " + tag + "\r\n").status, 304);
    QCOMPARE(ask("If-Match: " + tag + "\r\nIf-Match: \"b\"\r\n").status, 200);
    QCOMPARE(ask("If-Modified-Since: " + date + "\r\nIf-Modified-Since: " + date + "\r\n").status, 200);
    QCOMPARE(ask("Range: bytes=0-1\r\nRange: bytes=0-1\r\n").status, 200);
    QCOMPARE(ask("Range: bytes=0-1\r\nIf-Range: " + tag + "\r\nIf-Range: " + tag + "\r\n").status, 200);
    QCOMPARE(ask("Range:\r\nIf-None-Match:\r\n").status, 200);
}

void FileReplyTest::youngFile()
{
    OpenFile young = m_file;
    young.modified.tv_sec = 1000;
    QVERIFY(entityTag(young, {}, 1000).startsWith("W/\""));
    QCOMPARE(entityTag(young, {}, 1001), entityTag(young, {}, 1000).sliced(2));
}

void FileReplyTest::fileOfTheFuture()
{
    const qint64 now = std::time(nullptr);
    OpenFile future = m_file;
    future.modified.tv_sec = now + 100000;
    const FileReply reply = makeFileReply(future, Asked("/").conditions(), 200, {}, {});
    const auto sent = protocol::http::parseHttpDate(field(reply, "last-modified"), now);
    QVERIFY(sent);
    QVERIFY(*sent >= now && *sent <= std::time(nullptr));
    QVERIFY(field(reply, "etag").startsWith("W/\""));
}

void FileReplyTest::fileWithoutTime()
{
    OpenFile file = m_file;
    for (const time_t seconds : {0, 1}) {
        file.modified.tv_sec = seconds;
        const FileReply reply = makeFileReply(file, Asked("/").conditions(), 200, {}, {});
        QCOMPARE(reply.headerBlock, QByteArray("X-Content-Type-Options: nosniff\r\nAccept-Ranges: bytes\r\n"));
    }
}

void FileReplyTest::nanosecondsCount()
{
    OpenFile other = m_file;
    other.modified.tv_nsec += 1;
    QVERIFY(entityTag(other, {}, changed + 10) != entityTag(m_file, {}, changed + 10));
    QCOMPARE(entityTag(m_file, "-gz", changed + 10), tag.chopped(1) + "-gz\"");
}

QTEST_GUILESS_MAIN(FileReplyTest)
#include "tst_filereply.moc"
