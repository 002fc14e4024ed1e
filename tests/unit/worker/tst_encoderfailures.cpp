#include "streamsupport.h"

#include <new>

#include <dlfcn.h>
#include <zlib.h>

using namespace Quern;
using namespace WorkerTest;

namespace {

enum class Failing {
    Never,
    AtBegin,
    AtPieces,
};
Failing failing = Failing::Never;

template <typename Function>
Function *inLibrary(const char *name)
{
    return reinterpret_cast<Function *>(::dlsym(RTLD_NEXT, name));
}

const QByteArray longText = QByteArray("All work and no play makes Jack a dull boy.\n").repeated(100);

} // namespace

// These stand before those of zlib, which they call.

extern "C" int deflateInit2_(z_streamp stream, int level, int method, int windowBits, int memoryLevel, int strategy,
                             const char *version, int streamSize)
{
    if (failing == Failing::AtBegin)
        return Z_MEM_ERROR;
    return inLibrary<decltype(deflateInit2_)>("deflateInit2_")(stream, level, method, windowBits, memoryLevel, strategy,
                                                               version, streamSize);
}

extern "C" int deflate(z_streamp stream, int flush)
{
    if (failing == Failing::AtPieces)
        throw std::bad_alloc(); // as the output's buffer beside it
    return inLibrary<decltype(deflate)>("deflate")(stream, flush);
}

/// What becomes of answers when there is no memory to compress them.
class TestEncoderFailures : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void cleanup() { failing = Failing::Never; }
    void whole_data();
    void whole();
    void streamBegins();
    void streamGoesOn();
};

void TestEncoderFailures::whole_data()
{
    QTest::addColumn<Failing>("when");
    QTest::newRow("no encoder") << Failing::AtBegin;
    QTest::newRow("no output") << Failing::AtPieces;
}

void TestEncoderFailures::whole()
{
    QFETCH(Failing, when);
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [&](const Request &, Response &response) { response.send(longText, "text/plain"); });
    master.startHost();
    failing = when;
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("is answered without compression: .*alloc")));
    QCOMPARE(master.answer(master.request({.acceptEncoding = "gzip"})),
             "200 Content-Type: text/plain;Vary: Accept-Encoding;|" + longText);
    failing = Failing::Never;
    const QByteArray next = master.answer(master.request({.acceptEncoding = "gzip"}));
    QVERIFY2(next.contains("Content-Encoding: gzip;"), next.constData());
}

void TestEncoderFailures::streamBegins()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [](const Request &, Response &response) {
        const ResponseStream stream = response.stream("text/plain", 3);
        stream.write("abc");
        stream.end();
    });
    master.startHost();
    failing = Failing::AtBegin;
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("is answered without compression: .*alloc")));
    const quint64 id = master.request({.acceptEncoding = "gzip"});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(master.answer(id), QByteArray("200 Content-Type: text/plain;Vary: Accept-Encoding;|"));
    QCOMPARE(headOf(master, id)->bodyLength, quint64(3));
    QCOMPARE(master.bodyOf(id), QByteArray("abc"));
}

void TestEncoderFailures::streamGoesOn()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    std::optional<ResponseStream> kept;
    int closed = 0;
    master.application.get("/", [&](const Request &, Response &response) {
        kept = response.stream("text/plain");
        kept->onClose([&] { ++closed; });
    });
    master.startHost();
    const quint64 id = master.request({.acceptEncoding = "gzip"});
    QVERIFY(master.awaitReply(id));
    QVERIFY(kept->write("abc"));
    failing = Failing::AtPieces;
    QTest::ignoreMessage(QtCriticalMsg, QRegularExpression(QStringLiteral("its stream is broken off: .*alloc")));
    QVERIFY(!kept->write("def"));
    QVERIFY(!kept->isOpen());
    QCOMPARE(closed, 1);
    QVERIFY(master.awaitReply(id, FrameType::ResponseAbort));
    QVERIFY(master.answer(master.request({.target = "/none"})).startsWith("404 "));
}

QUERN_EPOLL_TEST_MAIN(TestEncoderFailures)
#include "tst_encoderfailures.moc"
