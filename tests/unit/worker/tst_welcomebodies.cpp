#include "welcomesupport.h"

#include <QCryptographicHash>
#include <QFile>
#include <QFileInfo>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QTemporaryFile>
#include <QTest>

using namespace Quern;

/// What the welcome plugin does with forms, cookies, streams and files.
class tst_WelcomeBodies : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { m_welcome = std::make_unique<WelcomeServer>(); }
    void cleanup() { m_welcome.reset(); }
    void uploadUrlEncoded();
    void uploadMultipart();
    void uploadOfAnotherType_data();
    void uploadOfAnotherType();
    void cookies_data();
    void cookies();
    void cookiesCleared();
    void badNumbers_data();
    void badNumbers();
    void stream_data();
    void stream();
    void streamHoldsBack();
    void streamsStopWhenTheClientLeaves_data();
    void streamsStopWhenTheClientLeaves();
    void events_data();
    void events();
    void noEventsLeft();
    void sampleFile();
    void filesOfSizes();
    void filesAreBoundedInNumber();
    void filesAreMadeAgain();
    void filesGoWithTheWorker();

private:
    QJsonObject json() const { return QJsonDocument::fromJson(m_welcome->client.body).object(); }
    QString fileFor(const QByteArray &target);

    std::unique_ptr<WelcomeServer> m_welcome;
};

void tst_WelcomeBodies::uploadUrlEncoded()
{
    m_welcome->run({"POST", "/upload", "application/x-www-form-urlencoded; charset=utf-8", "a=1&b=%C3%BC+x&a=2&c"});
    QCOMPARE(m_welcome->client.status, 200);
    QCOMPARE(m_welcome->client.body,
             QByteArray("{\"fields\":{\"a\":\"1\",\"b\":\"\xc3\xbc x\",\"c\":\"\"},\"files\":[]}"));
}

void tst_WelcomeBodies::uploadMultipart()
{
    QTemporaryFile spooled;
    const QByteArray content = QByteArray("0123456789").repeated(50'000);
    QVERIFY(spooled.open() && spooled.write(content) == content.size() && spooled.flush());
    BodyPart note;
    note.name = "note";
    note.size = 4;
    BodyPart first;
    first.name = "first";
    first.fileName = "a.txt";
    first.contentType = "text/plain";
    first.offset = 4;
    first.size = 5;
    first.isFile = true;
    BodyPart second;
    second.name = "second";
    second.fileName = QStringLiteral("../Grüße.bin").toUtf8();
    second.size = quint64(content.size());
    second.path = QFile::encodeName(spooled.fileName());
    second.isFile = true;
    m_welcome->run({.method = "POST",
                    .target = "/upload",
                    .contentType = "multipart/form-data; boundary=x",
                    .body = "Ganzhello",
                    .parts = {note, first, second}});
    QCOMPARE(m_welcome->client.status, 200);
    QCOMPARE(json().value(u"fields").toObject(), QJsonObject({{QStringLiteral("note"), QStringLiteral("Ganz")}}));
    const QJsonArray files = json().value(u"files").toArray();
    QCOMPARE(files.size(), 2);
    const auto sha256 = [](const QByteArray &bytes) {
        return QString::fromLatin1(QCryptographicHash::hash(bytes, QCryptographicHash::Sha256).toHex());
    };
    const QJsonObject small = {{QStringLiteral("field"), QStringLiteral("first")},
                               {QStringLiteral("name"), QStringLiteral("a.txt")},
                               {QStringLiteral("type"), QStringLiteral("text/plain")},
                               {QStringLiteral("size"), 5},
                               {QStringLiteral("sha256"), sha256("hello")},
                               {QStringLiteral("spooled"), false}};
    QCOMPARE(files.at(0).toObject(), small);
    const QJsonObject large = {{QStringLiteral("field"), QStringLiteral("second")},
                               {QStringLiteral("name"), QStringLiteral("Grüße.bin")},
                               {QStringLiteral("type"), QString()},
                               {QStringLiteral("size"), 500'000},
                               {QStringLiteral("sha256"), sha256(content)},
                               {QStringLiteral("spooled"), true}};
    QCOMPARE(files.at(1).toObject(), large);
}

void tst_WelcomeBodies::uploadOfAnotherType_data()
{
    QTest::addColumn<QByteArray>("type");
    QTest::newRow("none") << QByteArray();
    QTest::newRow("JSON") << QByteArray("application/json");
    QTest::newRow("longer name") << QByteArray("multipart/form-data-x");
}

void tst_WelcomeBodies::uploadOfAnotherType()
{
    QFETCH(QByteArray, type);
    m_welcome->run({"POST", "/upload", type, "a=b"});
    QCOMPARE(m_welcome->client.status, 415);
    QVERIFY(m_welcome->client.body.contains("multipart/form-data"));
}

void tst_WelcomeBodies::cookies_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("visits");
    QTest::newRow("none") << QByteArray() << QByteArray("{}") << QByteArray("1");
    QTest::newRow("first visit") << QByteArray("a=b") << QByteArray("{\"a\":\"b\"}") << QByteArray("1");
    QTest::newRow("later visit") << QByteArray("visits=41; a=b") << QByteArray("{\"a\":\"b\",\"visits\":\"41\"}")
                                 << QByteArray("42");
    QTest::newRow("no number") << QByteArray("visits=x") << QByteArray("{\"visits\":\"x\"}") << QByteArray("1");
    QTest::newRow("negative") << QByteArray("visits=-5") << QByteArray("{\"visits\":\"-5\"}") << QByteArray("1");
    QTest::newRow("largest") << QByteArray("visits=4294967295") << QByteArray("{\"visits\":\"4294967295\"}")
                             << QByteArray("4294967296");
    QTest::newRow("too large") << QByteArray("visits=4294967296") << QByteArray("{\"visits\":\"4294967296\"}")
                               << QByteArray("1");
}

void tst_WelcomeBodies::cookies()
{
    QFETCH(QByteArray, sent);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, visits);
    m_welcome->run({.target = "/cookies", .headers = {{"Cookie", sent}}});
    QCOMPARE(m_welcome->client.body, body);
    QCOMPARE(m_welcome->client.answer.value("Set-Cookie").toByteArray(),
             "visits=" + visits + "; Path=/; HttpOnly; SameSite=Lax");
}

void tst_WelcomeBodies::cookiesCleared()
{
    m_welcome->run({.target = "/cookies?clear", .headers = {{"Cookie", "visits=3"}}});
    QCOMPARE(m_welcome->client.body, QByteArray("{\"visits\":\"3\"}"));
    const QByteArray cookie = m_welcome->client.answer.value("Set-Cookie").toByteArray();
    QVERIFY2(cookie.startsWith("visits=;") && cookie.contains("Max-Age=0") && cookie.contains("Path=/"), cookie);
}

void tst_WelcomeBodies::badNumbers_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("text");
    const QByteArray pieces("n is a whole number from 0 to 100000, for instance");
    QTest::newRow("too many pieces") << QByteArray("/stream?n=100001") << pieces;
    QTest::newRow("negative") << QByteArray("/stream?n=-1") << pieces;
    QTest::newRow("empty") << QByteArray("/stream?n=") << pieces;
    QTest::newRow("word") << QByteArray("/stream?n=ten") << pieces;
    QTest::newRow("beyond 32 bit") << QByteArray("/stream?n=4294967297") << pieces;
    QTest::newRow("pause too long") << QByteArray("/stream?ms=60001")
                                    << QByteArray("ms is a whole number from 0 to 60000, for instance");
    QTest::newRow("pieces too large") << QByteArray("/stream?size=1048577")
                                      << QByteArray("size is a whole number from 0 to 1048576, for instance");
    QTest::newRow("too many events") << QByteArray("/events?n=100001") << pieces;
    QTest::newRow("events too far apart")
        << QByteArray("/events?ms=60001") << QByteArray("ms is a whole number from 0 to 60000, for instance");
    QTest::newRow("file too large") << QByteArray("/file?size=67108865")
                                    << QByteArray("size is a whole number from 0 to 67108864, for instance");
}

void tst_WelcomeBodies::badNumbers()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, text);
    m_welcome->run({.target = target});
    QCOMPARE(m_welcome->client.status, 400);
    QVERIFY2(m_welcome->client.body.startsWith(text), m_welcome->client.body.constData());
}

void tst_WelcomeBodies::stream_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("count");
    QTest::newRow("none") << QByteArray("/stream?n=0") << QByteArray() << QByteArray("0");
    QTest::newRow("one") << QByteArray("/stream?n=1&size=12") << QByteArray("piece 1....\n") << QByteArray("1");
    QTest::newRow("shorter than their text")
        << QByteArray("/stream?n=2&ms=1&size=3") << QByteArray("piece 1\npiece 2\n") << QByteArray("2");
    QTest::newRow("no size") << QByteArray("/stream?n=1&size=0") << QByteArray("piece 1\n") << QByteArray("1");
    QTest::newRow("without a pause") << QByteArray("/stream?n=3&ms=0&size=10")
                                     << QByteArray("piece 1..\npiece 2..\npiece 3..\n") << QByteArray("3");
}

void tst_WelcomeBodies::stream()
{
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, count);
    m_welcome->run({.target = target});
    QCOMPARE(m_welcome->client.answer.value("Content-Type").toByteArray(), QByteArray("text/plain; charset=utf-8"));
    QCOMPARE(m_welcome->client.answer.value("Trailer").toByteArray(), QByteArray("Stream-Pieces"));
    QTRY_VERIFY(m_welcome->client.ended);
    QCOMPARE(m_welcome->client.body, body);
    QCOMPARE(m_welcome->client.trailer, "Stream-Pieces: " + count + "\r\n");
}

void tst_WelcomeBodies::streamHoldsBack()
{
    Client &client = m_welcome->client;
    client.reads = false;
    m_welcome->run({.target = "/stream?n=1000&ms=0&size=10000"});
    QCoreApplication::processEvents();
    QCoreApplication::processEvents();
    QCOMPARE(client.body.size(), 20'000); // the first piece that goes over ResponseStream::HighMark
    client.reads = true;
    client.read();
    QTRY_VERIFY(client.ended);
    QCOMPARE(client.body.size(), 10'000'000);
    QVERIFY(client.body.endsWith("....\n"));
    QCOMPARE(client.body.count("piece "), 1000);
}

void tst_WelcomeBodies::streamsStopWhenTheClientLeaves_data()
{
    QTest::addColumn<QByteArray>("target");
    QTest::newRow("stream") << QByteArray("/stream?n=100000&ms=60000");
    QTest::newRow("events") << QByteArray("/events?n=100000&ms=60000");
}

void tst_WelcomeBodies::streamsStopWhenTheClientLeaves()
{
    QFETCH(QByteArray, target);
    m_welcome->run({.target = target});
    QCOMPARE(m_welcome->client.status, 200);
    const std::weak_ptr<ResponseStreamPrivate> stream = m_welcome->client.answer.stream;
    m_welcome->client.leave();
    m_welcome->client.answer = {};
    m_welcome->response().stream.reset();
    QTRY_VERIFY(stream.expired()); // nobody is left who would write
}

void tst_WelcomeBodies::events_data()
{
    QTest::addColumn<QByteArray>("seen");
    QTest::addColumn<int>("first");
    QTest::newRow("from the start") << QByteArray() << 1;
    QTest::newRow("behind the first") << QByteArray("1") << 2;
    QTest::newRow("before the last") << QByteArray("2") << 3;
    QTest::newRow("an id of someone else's") << QByteArray("x1") << 1;
    QTest::newRow("negative") << QByteArray("-7") << 1;
}

void tst_WelcomeBodies::events()
{
    QFETCH(QByteArray, seen);
    QFETCH(int, first);
    m_welcome->run({.target = "/events?n=3&ms=1", .headers = {{"Last-Event-ID", seen}}});
    QCOMPARE(m_welcome->client.answer.value("Content-Type").toByteArray(), QByteArray("text/event-stream"));
    QTRY_VERIFY(m_welcome->client.ended);
    QByteArray expected("retry: 2000\n\n");
    for (int number = first; number <= 3; ++number) {
        const QByteArray text = QByteArray::number(number);
        expected += "event: tick\nid: " + text + "\ndata: {\"tick\":" + text + "}\n\n";
    }
    QCOMPARE(m_welcome->client.body, expected);
}

void tst_WelcomeBodies::noEventsLeft()
{
    m_welcome->run({.target = "/events?n=3", .headers = {{"Last-Event-ID", "3"}}});
    QCOMPARE(m_welcome->client.status, 204);
    QVERIFY(!m_welcome->client.answer.stream);
}

/// The file that answers a request.
QString tst_WelcomeBodies::fileFor(const QByteArray &target)
{
    m_welcome->run({.target = target});
    return m_welcome->client.answer.kind == Answer::Kind::File ? QFile::decodeName(m_welcome->client.answer.file.path)
                                                               : QString();
}

void tst_WelcomeBodies::sampleFile()
{
    QFile file(fileFor("/file"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    QCOMPARE(file.size(), 2048 * 40);
    QVERIFY(file.readAll().contains("\nline 2048 of 2048, at byte 81880."));
    QVERIFY(m_welcome->client.answer.value("Content-Disposition").isNull());
    const QDateTime modified = file.fileTime(QFileDevice::FileModificationTime);

    QCOMPARE(fileFor("/file?download=Gr%C3%BC%C3%9Fe.txt"), file.fileName());
    QVERIFY(m_welcome->client.answer.value("Content-Disposition").contains("filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt"));
    QCOMPARE(fileFor("/file?download"), file.fileName());
    QCOMPARE(m_welcome->client.answer.value("Content-Disposition").toByteArray(),
             QByteArray("attachment; filename=\"sample.txt\""));

    file.close();
    m_welcome.reset(); // the library has one instance for each process
    m_welcome = std::make_unique<WelcomeServer>();
    QCOMPARE(QFileInfo(fileFor("/file")).lastModified(), modified); // the ETag is made of it
}

void tst_WelcomeBodies::filesOfSizes()
{
    QCOMPARE(QFileInfo(fileFor("/file?size=0")).size(), 0);
    const QString path = fileFor("/file?size=67108864");
    QCOMPARE(QFileInfo(path).size(), 67'108'864);
    QCOMPARE(fileFor("/file?size=67108864"), path);
}

void tst_WelcomeBodies::filesAreBoundedInNumber()
{
    const QString sample = fileFor("/file");
    const QString first = fileFor("/file?size=1");
    const QString second = fileFor("/file?size=2");
    for (int size = 3; size <= 16; ++size)
        fileFor("/file?size=" + QByteArray::number(size));
    fileFor("/file?size=1");
    QVERIFY(QFile::exists(second));
    fileFor("/file?size=17");
    QVERIFY(!QFile::exists(second));
    QVERIFY(QFile::exists(first));
    QVERIFY(QFile::exists(sample));
}

void tst_WelcomeBodies::filesAreMadeAgain()
{
    const QString path = fileFor("/file?size=5");
    QVERIFY(QFile::remove(path));
    QCOMPARE(QFileInfo(fileFor("/file?size=5")).size(), 5);
    QVERIFY(QFile::remove(path));
    QVERIFY(QDir().rmdir(QFileInfo(path).path()));
    QCOMPARE(QFileInfo(fileFor("/file?size=5")).size(), 5);
}

void tst_WelcomeBodies::filesGoWithTheWorker()
{
    const QString path = fileFor("/file?size=5");
    QVERIFY(QFile::exists(path));
    m_welcome.reset();
    QVERIFY(!QFileInfo::exists(QFileInfo(path).path()));
}

QTEST_GUILESS_MAIN(tst_WelcomeBodies)
#include "tst_welcomebodies.moc"
