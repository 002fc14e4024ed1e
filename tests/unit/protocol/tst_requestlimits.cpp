#include "requesttranscript.h"

#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;
using Quern::tests::transcriptOf;
using Quern::tests::transcriptOfAnySplit;

/// Each bound of a request: one below it, at it, and one over it.
class RequestLimitsTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void headBytes_data();
    void headBytes();
    void endlessHead_data();
    void endlessHead();
    void targetBytes_data();
    void targetBytes();
    void targetLongerThanTheHeadMayBe();
    void headerCount_data();
    void headerCount();
    void contentLength_data();
    void contentLength();
    void contentLengthIsRefusedBeforeTheBody();
    void headOfARefusedBody();
    void headThatIsRefused_data();
    void headThatIsRefused();
    void chunkedBody_data();
    void chunkedBody();
    void chunkIsRefusedBeforeItsData();
    void chunkExtension_data();
    void chunkExtension();
    void chunkExtensionsInAll();
    void trailerBytes_data();
    void trailerBytes();
    void trailerCount_data();
    void trailerCount();
    void largeLengthReservesLittle();
    void defaults();

private:
    static void around(int bound);
    static QByteArray refused(int status, const char *reason);
};

namespace {

const QByteArray chunkedHead = "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"_ba;
const QByteArray chunkedText = "POST / HTTP/1.1 keep-alive\nHost: a\nTransfer-Encoding: chunked\n\n"_ba;

QByteArray repeated(QByteArrayView bytes, int count)
{
    return bytes.toByteArray().repeated(count);
}

} // namespace

void RequestLimitsTest::around(int bound)
{
    QTest::addColumn<int>("size");
    QTest::addColumn<bool>("isOver");
    QTest::newRow("one below") << bound - 1 << false;
    QTest::newRow("at the bound") << bound << false;
    QTest::newRow("one over") << bound + 1 << true;
}

QByteArray RequestLimitsTest::refused(int status, const char *reason)
{
    return "refused " + QByteArray::number(status) + ": " + reason;
}

void RequestLimitsTest::headBytes_data()
{
    around(200);
}

void RequestLimitsTest::headBytes()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.headBytes = 200};
    const QByteArray start = "GET / HTTP/1.1\r\nHost: a\r\nA: "_ba;
    const QByteArray value = repeated("x", size - int(start.size()) - 4);
    const QByteArray expected = isOver ? refused(431, "request head too large")
                                       : "GET / HTTP/1.1 keep-alive\nHost: a\nA: " + value + "\n\n\nidle";
    QCOMPARE(transcriptOfAnySplit(start + value + "\r\n\r\n", limits), expected);
}

void RequestLimitsTest::endlessHead_data()
{
    QTest::addColumn<QByteArray>("stream");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray tooLarge = refused(431, "request head too large");
    QTest::newRow("method") << repeated("A", 1000) << tooLarge;
    QTest::newRow("field name") << "GET / HTTP/1.1\r\n" + repeated("A", 1000) << tooLarge;
    QTest::newRow("field value") << "GET / HTTP/1.1\r\nA: " + repeated("\x01", 1000) << tooLarge;
    QTest::newRow("version") << "GET / HTTP/" + repeated("1", 1000) << tooLarge;
    QTest::newRow("many fields") << "GET / HTTP/1.1\r\n" + repeated("A: b\r\n", 90) << tooLarge;
    QTest::newRow("target") << "GET /" + repeated("a", 1000) << refused(414, "request target too long");
}

void RequestLimitsTest::endlessHead()
{
    QFETCH(QByteArray, stream);
    QFETCH(QByteArray, expected);
    const RequestLimits limits{.headBytes = 500, .targetBytes = 100};
    QCOMPARE(transcriptOfAnySplit(stream, limits), expected);
}

void RequestLimitsTest::targetBytes_data()
{
    around(50);
}

void RequestLimitsTest::targetBytes()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.targetBytes = 50};
    const QByteArray target = "/" + repeated("x", size - 1);
    const QByteArray expected =
        isOver ? refused(414, "request target too long") : "GET " + target + " HTTP/1.1 keep-alive\nHost: a\n\n\nidle";
    QCOMPARE(transcriptOfAnySplit("GET " + target + " HTTP/1.1\r\nHost: a\r\n\r\n", limits), expected);
    // The end of the line, with which a version is missing, is not taken for a part of the target.
    QCOMPARE(transcriptOfAnySplit("GET " + target + "\r\n", limits),
             isOver ? expected : refused(400, "malformed request line"));
}

void RequestLimitsTest::targetLongerThanTheHeadMayBe()
{
    const RequestLimits limits{.headBytes = 100, .targetBytes = 200};
    QCOMPARE(transcriptOfAnySplit("GET /" + repeated("x", 300) + " HTTP/1.1\r\nHost: a\r\n\r\n", limits),
             refused(431, "request head too large"));
}

void RequestLimitsTest::headerCount_data()
{
    around(20);
}

void RequestLimitsTest::headerCount()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.headerCount = 20};
    const QByteArray expected =
        isOver ? refused(431, "too many header fields")
               : "GET / HTTP/1.1 keep-alive\nHost: a\n" + repeated("A: b\n", size - 1) + "\n\nidle";
    QCOMPARE(transcriptOfAnySplit("GET / HTTP/1.1\r\nHost: a\r\n" + repeated("A: b\r\n", size - 1) + "\r\n", limits),
             expected);
}

void RequestLimitsTest::contentLength_data()
{
    around(10);
}

void RequestLimitsTest::contentLength()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.bodyBytes = 10};
    const QByteArray length = QByteArray::number(size);
    const QByteArray body = repeated("x", size);
    const QByteArray expected =
        isOver ? refused(413, "Content-Length too large")
               : "POST / HTTP/1.1 keep-alive\nHost: a\nContent-Length: " + length + "\n\n" + body + "\nidle";
    QCOMPARE(
        transcriptOfAnySplit("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: " + length + "\r\n\r\n" + body, limits),
        expected);
}

void RequestLimitsTest::contentLengthIsRefusedBeforeTheBody()
{
    const RequestLimits limits{.bodyBytes = 10};
    for (const char *length : {"11", "18446744073709551615"}) {
        QCOMPARE(transcriptOfAnySplit("POST / HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "_ba +
                                          length + "\r\n\r\n",
                                      limits),
                 refused(413, "Content-Length too large"));
    }
}

void RequestLimitsTest::chunkedBody_data()
{
    around(10);
}

void RequestLimitsTest::chunkedBody()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.bodyBytes = 10};
    const QByteArray expected =
        isOver ? refused(413, "chunked body too large") : chunkedText + repeated("x", size) + "\nidle";
    QCOMPARE(transcriptOfAnySplit(chunkedHead + repeated("1\r\nx\r\n", size) + "0\r\n\r\n", limits), expected);
    QCOMPARE(transcriptOfAnySplit(
                 chunkedHead + QByteArray::number(size, 16) + "\r\n" + repeated("x", size) + "\r\n0\r\n\r\n", limits),
             expected);
}

void RequestLimitsTest::chunkIsRefusedBeforeItsData()
{
    const RequestLimits limits{.bodyBytes = 10};
    QCOMPARE(transcriptOfAnySplit(chunkedHead + "5\r\nxxxxx\r\n6\r\n", limits), refused(413, "chunked body too large"));
}

void RequestLimitsTest::chunkExtension_data()
{
    around(256);
}

void RequestLimitsTest::chunkExtension()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const QByteArray extension = repeated("e", size);
    const QByteArray expected = isOver ? refused(400, "chunk extensions too long") : chunkedText + "ab\nidle";
    // The bound holds for each chunk by itself.
    QCOMPARE(transcriptOfAnySplit(chunkedHead + "1;" + extension + "\r\na\r\n1;" + extension + "\r\nb\r\n0\r\n\r\n"),
             expected);
}

void RequestLimitsTest::chunkExtensionsInAll()
{
    const RequestLimits limits{.headBytes = 400};
    const QByteArray chunk = "1;" + repeated("e", 200) + "\r\na\r\n";
    QCOMPARE(transcriptOfAnySplit(chunkedHead + chunk + chunk + "1\r\n", limits), "in body"_ba);
    QCOMPARE(transcriptOfAnySplit(chunkedHead + chunk + chunk + "1;e", limits),
             refused(400, "chunk extensions too long"));
}

void RequestLimitsTest::trailerBytes_data()
{
    around(300);
}

void RequestLimitsTest::trailerBytes()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.headBytes = 300};
    const QByteArray trailer = "A: " + repeated("x", size - 7) + "\r\n\r\n";
    const QByteArray expected = isOver ? refused(431, "trailer section too large")
                                       : chunkedText + "\ntrailer A: " + repeated("x", size - 7) + "\nidle";
    QCOMPARE(transcriptOfAnySplit(chunkedHead + "0\r\n" + trailer, limits), expected);
}

void RequestLimitsTest::trailerCount_data()
{
    around(20);
}

void RequestLimitsTest::trailerCount()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const RequestLimits limits{.headerCount = 20};
    const QByteArray expected = isOver ? refused(431, "too many trailer fields")
                                       : chunkedText + "\n" + repeated("trailer A: b\n", size) + "idle";
    QCOMPARE(transcriptOfAnySplit(chunkedHead + "0\r\n" + repeated("A: b\r\n", size) + "\r\n", limits), expected);
}

void RequestLimitsTest::largeLengthReservesLittle()
{
    RequestDecoder decoder({.bodyBytes = quint64(1) << 40});
    QCOMPARE(decoder.feed("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000000000000\r\n\r\nx").state,
             RequestDecoder::State::HeadComplete);
    const QByteArray body = decoder.takeBody();
    QCOMPARE(body, "x"_ba);
    QVERIFY2(body.capacity() <= 32 * 1024, QByteArray::number(body.capacity()).constData());
}

void RequestLimitsTest::defaults()
{
    const auto get = [](int targetSize, int fields) {
        return "GET /" + repeated("x", targetSize - 1) + " HTTP/1.1\r\nHost: a\r\n" + repeated("A: b\r\n", fields - 1) +
               "\r\n";
    };
    QVERIFY(transcriptOf({get(8192, 100)}).endsWith("\nidle"));
    QCOMPARE(transcriptOf({get(8193, 1)}), refused(414, "request target too long"));
    QCOMPARE(transcriptOf({get(1, 101)}), refused(431, "too many header fields"));
    QCOMPARE(transcriptOf({"GET / HTTP/1.1\r\nHost: a\r\nA: " + repeated("x", 16384)}),
             refused(431, "request head too large"));
    const QByteArray post = "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: "_ba;
    QCOMPARE(transcriptOf({post + "2097152\r\n\r\n"}), "in body"_ba);
    QCOMPARE(transcriptOf({post + "2097153\r\n\r\n"}), refused(413, "Content-Length too large"));
}

void RequestLimitsTest::headOfARefusedBody()
{
    for (const qsizetype piece : {qsizetype(1000), qsizetype(1)}) {
        RequestDecoder decoder({.bodyBytes = 1});
        const QByteArray bytes = "HEAD /a HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n";
        RequestDecoder::State state = RequestDecoder::State::Incomplete;
        for (qsizetype at = 0; at < bytes.size(); at += piece)
            state = decoder.feed(QByteArrayView(bytes).sliced(at, qMin(piece, bytes.size() - at))).state;
        QCOMPARE(state, RequestDecoder::State::Refused);
        QVERIFY(decoder.knownHead());
        QCOMPARE(decoder.knownHead()->targetBytes(), QByteArrayView("/a"));
        QVERIFY(decoder.isHeadRequest());
        QVERIFY(!decoder.inMessage() && !decoder.inHead());
    }
}

void RequestLimitsTest::headThatIsRefused_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("known"); ///< method, target and Accept, or empty
    const auto row = [](const char *name, const QByteArray &bytes, const QByteArray &known) {
        QTest::newRow(name) << bytes << known;
    };
    row("malformed field", "HEAD /a HTTP/1.1\r\nAccept: x/y \r\nHost : a\r\n\r\n", "HEAD /a x/y");
    row("malformed path", "GET /../b?c HTTP/1.1\r\n", "GET /../b?c ");
    row("unknown method", "BREW /pot HTTP/1.1\r\nHost: a\r\naccept:x/y\r\n\r\n", "BREW /pot x/y");
    row("version", "GET / HTTP/3.0\r\n", "GET / ");
    row("target that is too long", "GET /" + QByteArray(8192, 't'), "GET /" + QByteArray(8192, 't') + ' ');
    row("no request", "\x16\x03\x01 hello", {});
    row("method alone", "GET\r\n", {});
    row("method that is too long", QByteArray(40, 'M') + " / HTTP/1.1\r\nHost: a\r\n\r\n", {});
}

void RequestLimitsTest::headThatIsRefused()
{
    QFETCH(const QByteArray, bytes);
    QFETCH(const QByteArray, known);
    for (const qsizetype piece : {bytes.size(), qsizetype(1)}) {
        RequestDecoder decoder(RequestLimits{});
        RequestDecoder::State state = RequestDecoder::State::Incomplete;
        QByteArray found;
        for (qsizetype at = 0; at < bytes.size() && state == RequestDecoder::State::Incomplete; at += piece) {
            state = decoder.feed(QByteArrayView(bytes).sliced(at, qMin(piece, bytes.size() - at))).state;
            if (const RequestHead *head = decoder.knownHead())
                found = QByteArrayList{head->methodBytes().toByteArray(), head->targetBytes().toByteArray(),
                                       head->field("accept").toByteArray()}
                            .join(' ');
        }
        QCOMPARE(state, RequestDecoder::State::Refused);
        QCOMPARE(found, known);
        QCOMPARE(decoder.isHeadRequest(), bytes.startsWith("HEAD "));
    }
}

QTEST_APPLESS_MAIN(RequestLimitsTest)
#include "tst_requestlimits.moc"
