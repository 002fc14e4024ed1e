#include "multiparttranscript.h"
#include "requesttranscript.h"

#include <QRandomGenerator>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;
using Quern::tests::multipartTranscriptOf;
using Quern::tests::singleBytes;

/// multipart/form-data: boundaries, delimiters in every split, and what is refused.
class MultipartTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void boundary_data();
    void boundary();
    void multipartForm();
    void bodies_data();
    void bodies();
    void randomDataInRandomPieces();
    void dataIsNotCopied();
    void preamble_data();
    void preamble();
    void partHead_data();
    void partHead();
    void partCount_data();
    void partCount();

private:
    static void around(int bound);
};

void MultipartTest::boundary_data()
{
    QTest::addColumn<QByteArray>("contentType");
    QTest::addColumn<QByteArray>("expected"); // empty: none
    const auto row = [](const char *name, const QByteArray &contentType, const QByteArray &expected) {
        QTest::newRow(name) << contentType << expected;
    };
    const QByteArray form = "multipart/form-data; boundary="_ba;
    row("token", form + "abc", "abc"_ba);
    row("Chrome", form + "----WebKitFormBoundary7MA4YWxkTrZu0gW", "----WebKitFormBoundary7MA4YWxkTrZu0gW"_ba);
    row("quoted", form + "\"a b:c/d\"", "a b:c/d"_ba);
    row("RFC 9110 5.6.4: escape in quotes", form + "\"a\\bc\"", "abc"_ba);
    row("unquoted with a colon", form + "gc0p4Jq0M2Yt08jU534c0p:x", "gc0p4Jq0M2Yt08jU534c0p:x"_ba);
    row("type and name in capitals", "Multipart/FORM-Data;BOUNDARY=a"_ba, "a"_ba);
    row("other parameters", "multipart/form-data ; charset=\"a;b\" ;boundary=x; a=b"_ba, "x"_ba);
    row("seventy bytes", form + QByteArray(70, 'a'), QByteArray(70, 'a'));
    row("seventy-one bytes", form + QByteArray(71, 'a'), {});
    row("empty", form, {});
    row("empty in quotes", form + "\"\"", {});
    row("space at its end", form + "\"a \"", {});
    row("byte that RFC 2046 does not allow", form + "a@b", {});
    row("CR in an escape", form + "\"a\\\rb\"", {});
    row("two boundaries", form + "a; boundary=b", {});
    row("quote left open", form + "\"a", {});
    row("bytes after the quote", form + "\"a\"b", {});
    row("no boundary", "multipart/form-data"_ba, {});
    row("no value", "multipart/form-data; boundary"_ba, {});
    row("another multipart", "multipart/mixed; boundary=a"_ba, {});
    row("type with a tail", "multipart/form-datax; boundary=a"_ba, {});
    row("nothing", {}, {});
}

void MultipartTest::boundary()
{
    QFETCH(QByteArray, contentType);
    QFETCH(QByteArray, expected);
    QCOMPARE(MultipartDecoder::boundaryOf(contentType),
             expected.isEmpty() ? std::nullopt : std::optional<QByteArray>(expected));
}

void MultipartTest::multipartForm()
{
    QVERIFY(MultipartDecoder::isMultipartForm("multipart/form-data"));
    QVERIFY(MultipartDecoder::isMultipartForm("MULTIPART/form-data ; boundary"));
    QVERIFY(!MultipartDecoder::isMultipartForm("multipart/mixed; boundary=a"));
    QVERIFY(!MultipartDecoder::isMultipartForm(""));
}

void MultipartTest::bodies_data()
{
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &body, const QByteArray &expected) {
        QTest::newRow(name) << body << expected;
    };
    const auto part = [](const QByteArray &data) {
        return "--bound\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n" + data + "\r\n";
    };
    const QByteArray close = "--bound--\r\n"_ba;
    const QByteArray partA = "part \"a\": "_ba;

    row("one field", part("x") + close, partA + "x|\ncomplete");
    row("field and file",
        part("x") +
            "--bound\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a.txt\"\r\n"
            "Content-Type: text/plain\r\n\r\nline\r\n\r\nline\r\n" +
            close,
        partA + "x|\npart \"f\" file \"a.txt\" type \"text/plain\": line\r\n\r\nline|\ncomplete");
    row("empty data", part("") + close, partA + "|\ncomplete");
    row("data of one line end", part("\r\n") + close, partA + "\r\n|\ncomplete");
    row("data of CR", part("\r\r\r") + close, partA + "\r\r\r|\ncomplete");
    row("data of LF and NUL", part("\n\0\n"_ba) + close, partA + "\n\0\n|\ncomplete"_ba);
    row("beginnings of the delimiter", part("\r\n--boun\r\n--bou\r\n-\r\n-bound\r\n--boune") + close,
        partA + "\r\n--boun\r\n--bou\r\n-\r\n-bound\r\n--boune|\ncomplete");
    row("the delimiter twice begun", part("\r\r\n\r\n--\r\n--boun") + close,
        partA + "\r\r\n\r\n--\r\n--boun|\ncomplete");
    row("boundary without a line in front", part("--bound--").replace("--bound--\r\n", "x--bound--\r\n") + close,
        partA + "x--bound--|\ncomplete");
    row("RFC 2046 5.1.1: bare LF makes no delimiter", part("x\n--bound--") + close, partA + "x\n--bound--|\ncomplete");
    row("RFC 2046 5.1.1: padding after the boundary",
        "--bound \t \r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--bound--"_ba, partA + "x|\ncomplete");
    row("RFC 2046 5.1.1: preamble and epilogue", "pre\r\namble\r\n" + part("x") + "--bound--epilogue\r\n--bound\r\n",
        partA + "x|\ncomplete");
    row("preamble of one line end", "\r\n" + part("x") + close, partA + "x|\ncomplete");
    row("no part at all", close, "complete"_ba);
    row("no line end after the close delimiter", part("x") + "--bound--", partA + "x|\ncomplete");

    const char *const noClose = "refused 400: multipart body without close delimiter";
    row("nothing", {}, noClose);
    row("preamble alone", "x"_ba, noClose);
    row("cut in the data", part("x").chopped(2), partA + "x" + noClose);
    // What may be a delimiter's beginning is not told: the body is refused anyway.
    row("cut in the delimiter", part("x") + "--bou", partA + "x" + noClose);
    row("one hyphen short", part("x") + "--bound-", partA + "x|\n" + noClose);
    row("cut in a part's head", "--bound\r\nContent-Dis"_ba, noClose);

    const char *const badDelimiter = "refused 400: malformed multipart delimiter";
    row("boundary with a tail", part("x") + "--boundary\r\n", partA + "x|\n" + badDelimiter);
    row("bare LF after the boundary", "--bound\n"_ba, badDelimiter);
    row("hyphen after padding", "--bound --"_ba, badDelimiter);
    row("one hyphen", "--bound-\r\n"_ba, badDelimiter);
    row("bare CR after the boundary", "--bound\rx"_ba, "refused 400: bare CR after multipart delimiter");
    row("the empty line as the delimiter's line end",
        "--bound\r\nContent-Disposition: form-data; name=a\r\n\r\n--bound--\r\n"_ba,
        partA + "refused 400: multipart delimiter in the place of data");
    row("the same with a tail", "--bound\r\nContent-Disposition: form-data; name=a\r\n\r\n--boune\r\n--bound--"_ba,
        partA + "--boune|\ncomplete");

    const auto head = [&row](const char *name, const QByteArray &lines, const char *reason, int status = 400) {
        row(name, "--bound\r\n" + lines + "\r\n\r\nx\r\n--bound--",
            "refused " + QByteArray::number(status) + ": " + reason);
    };
    const QByteArray good = "Content-Disposition: form-data; name=a"_ba;
    head("RFC 7578 4.2: no Content-Disposition", "Content-Type: a/b"_ba, "part without Content-Disposition");
    row("no head", "--bound\r\n\r\nx\r\n--bound--"_ba, "refused 400: part without Content-Disposition"_ba);
    head("RFC 7578 4.2: no name", "Content-Disposition: form-data; filename=a"_ba, "part without a name");
    head("RFC 7578 4.2: nothing but the type", "Content-Disposition: form-data"_ba, "part without a name");
    head("RFC 7578 4.2: another type", "Content-Disposition: attachment; name=a"_ba,
         "Content-Disposition other than form-data");
    const char *const repeated = "repeated parameter in Content-Disposition";
    head("two names", good + "; name=b", repeated);
    head("two file names", good + "; filename=b; FILENAME=c", repeated);
    head("two extended file names", good + "; filename*=UTF-8''b; filename*=UTF-8''c", repeated);
    const char *const badDisposition = "malformed Content-Disposition";
    head("quote left open", "Content-Disposition: form-data; name=\"a"_ba, badDisposition);
    head("quote in a value", "Content-Disposition: form-data; name=a\"b\""_ba, badDisposition);
    head("parameter without value", good + "; filename", badDisposition);
    head("space before the equals sign", "Content-Disposition: form-data; name =a"_ba, badDisposition);
    head("two Content-Dispositions", good + "\r\n" + good, "more than one Content-Disposition");
    head("two Content-Types", good + "\r\nContent-Type: a/b\r\nContent-Type: a/b",
         "more than one Content-Type in part head");
    head("obs-fold", good + ";\r\n filename=b", "malformed part head");
    head("obs-fold of another field", good + "\r\nA: b\r\n c", "malformed part head");
    head("space before the colon", "Content-Disposition : form-data; name=a"_ba, "malformed part head");
    head("no colon", good + "\r\nabc", "malformed part head");
    head("NUL", "Content-Disposition: form-data; name=\"a\0\""_ba, "control character in part head");
    head("bare CR", good + "\rA: b", "control character in part head");
    head("bare LF", good + "\nA: b", "bare LF in part head");
    head("RFC 7578 4.7: base64", good + "\r\nContent-Transfer-Encoding: base64",
         "Content-Transfer-Encoding in part head", 415);
    row("RFC 7578 4.7: binary", "--bound\r\n" + good + "\r\nContent-Transfer-Encoding: BINARY\r\n\r\nx\r\n--bound--",
        partA + "x|\ncomplete");
    const char *const badExtended = "malformed filename* in Content-Disposition";
    head("RFC 8187: no charset", good + "; filename*=b", badExtended);
    head("RFC 8187: another charset", good + "; filename*=ISO-8859-1''b", badExtended);
    head("RFC 8187: bad escape", good + "; filename*=UTF-8''%4", badExtended);
    head("RFC 8187: not UTF-8", good + "; filename*=UTF-8''%ff", badExtended);
    head("RFC 8187: encoded NUL", good + "; filename*=UTF-8''a%00", badExtended);

    const auto named = [&row](const char *name, const QByteArray &parameters, const QByteArray &expected) {
        row(name, "--bound\r\ncontent-disposition:Form-Data;" + parameters + "\r\n\r\nx\r\n--bound--",
            "part " + expected + ": x|\ncomplete");
    };
    named("tokens", "name=a;filename=b.txt"_ba, "\"a\" file \"b.txt\""_ba);
    named("empty name", "name=\"\""_ba, "\"\""_ba);
    named("empty file name", "name=a; filename=\"\""_ba, "\"a\" file \"\""_ba);
    named("raw UTF-8", "name=\"\xc3\xa9\"; filename=\"\xe4\xb8\xad.txt\""_ba,
          "\"\xc3\xa9\" file \"\xe4\xb8\xad.txt\""_ba);
    named("escaped quote and backslash", "name=\"a\\\"b\\\\c\""_ba, "\"a\"b\\c\""_ba);
    named("quote as browsers send it", "name=\"a%22b%0D%25\""_ba, "\"a\"b%0D%25\""_ba);
    named("backslashes of an old browser", "name=a; filename=\"C:\\dir\\b.txt\""_ba,
          "\"a\" file \"C:\\dir\\b.txt\""_ba);
    named("semicolon in quotes", "name=\"a;b=c\""_ba, "\"a;b=c\""_ba);
    named("unknown parameter", "name=a; size=3"_ba, "\"a\""_ba);
    named("RFC 8187: alone", "name=a; filename*=utf-8'en'%e4%b8%ad%20.txt"_ba, "\"a\" file \"\xe4\xb8\xad .txt\""_ba);
    named("RFC 7578 4.2: filename wins", "name=a; filename*=UTF-8''x; filename=y"_ba, "\"a\" file \"y\""_ba);
}

void MultipartTest::bodies()
{
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, expected);
    QCOMPARE(multipartTranscriptOf({body}, "bound"), expected);
    QCOMPARE(multipartTranscriptOf(singleBytes(body), "bound"), expected);
    for (qsizetype cut = 1; cut < body.size(); ++cut) {
        const QByteArrayView view = body;
        QCOMPARE(multipartTranscriptOf({view.first(cut), view.sliced(cut)}, "bound"), expected);
    }
}

void MultipartTest::randomDataInRandomPieces()
{
    QRandomGenerator random(7578);
    for (int round = 0; round < 1000; ++round) {
        QByteArray data;
        const char *const bits[] = {"\r", "\n", "-", "--", "\r\n", "\r\n--b", "b", "\r\n--", "x"};
        for (int i = 0; i < 60; ++i)
            data += bits[random.bounded(int(std::size(bits)))];
        // The boundary does not occur: it ends with a byte that the data never has.
        const QByteArray body = "--bZ\r\nContent-Disposition: form-data; name=a\r\n\r\n" + data + "\r\n--bZ--\r\n";
        QList<QByteArrayView> pieces;
        for (qsizetype at = 0; at < body.size();) {
            const qsizetype length = qMin(qsizetype(random.bounded(1, 12)), body.size() - at);
            pieces.append(QByteArrayView(body).sliced(at, length));
            at += length;
        }
        QCOMPARE(multipartTranscriptOf(pieces, "bZ"), "part \"a\": " + data + "|\ncomplete");
    }
}

void MultipartTest::dataIsNotCopied()
{
    struct Sink final : MultipartSink
    {
        void partBegun(const PartHead &) override {}
        void partData(QByteArrayView bytes) override { data.append(bytes); }
        void partEnded() override {}
        QList<QByteArrayView> data;
    } sink;
    const QByteArray head = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\n"_ba;
    const QByteArray piece = "many \r bytes \r\n of data\r"_ba;
    MultipartDecoder decoder("b");
    decoder.feed(head, sink);
    decoder.feed(piece, sink);
    QCOMPARE(sink.data.size(), 1);
    QCOMPARE(sink.data[0].data(), piece.constData());
    QCOMPARE(sink.data[0].size(), piece.size() - 1);
}

void MultipartTest::around(int bound)
{
    QTest::addColumn<int>("size");
    QTest::addColumn<bool>("isOver");
    QTest::newRow("one below") << bound - 1 << false;
    QTest::newRow("at the bound") << bound << false;
    QTest::newRow("one over") << bound + 1 << true;
}

void MultipartTest::preamble_data()
{
    around(100);
}

void MultipartTest::preamble()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    // The line end before the delimiter belongs to the delimiter.
    const QByteArray body = QByteArray(size, 'x') + "\r\n--b--";
    const QByteArray expected =
        isOver ? "refused 400: multipart body without delimiter at its beginning"_ba : "complete"_ba;
    const MultipartLimits limits{.preambleBytes = 100};
    QCOMPARE(multipartTranscriptOf({body}, "b", limits), expected);
    QCOMPARE(multipartTranscriptOf(singleBytes(body), "b", limits), expected);
    QCOMPARE(multipartTranscriptOf({QByteArray(size, 'x')}, "b", limits),
             isOver ? expected : "refused 400: multipart body without close delimiter"_ba);
}

void MultipartTest::partHead_data()
{
    around(200);
}

void MultipartTest::partHead()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const QByteArray start = "Content-Disposition: form-data; name=a\r\nA: "_ba;
    const QByteArray head = start + QByteArray(size - start.size() - 4, 'x') + "\r\n\r\n";
    const QByteArray body = "--b\r\n" + head + "x\r\n--b--";
    const QByteArray expected = isOver ? "refused 400: part head too large"_ba : "part \"a\": x|\ncomplete"_ba;
    const MultipartLimits limits{.partHeadBytes = 200};
    QCOMPARE(multipartTranscriptOf({body}, "b", limits), expected);
    QCOMPARE(multipartTranscriptOf(singleBytes(body), "b", limits), expected);
}

void MultipartTest::partCount_data()
{
    around(5);
}

void MultipartTest::partCount()
{
    QFETCH(int, size);
    QFETCH(bool, isOver);
    const QByteArray part = "--b\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n"_ba;
    const QByteArray expected = QByteArray("part \"a\": x|\n").repeated(isOver ? 5 : size) +
                                (isOver ? "refused 413: too many parts" : "complete");
    const QByteArray body = part.repeated(size) + "--b--";
    const MultipartLimits limits{.parts = 5};
    QCOMPARE(multipartTranscriptOf({body}, "b", limits), expected);
    QCOMPARE(multipartTranscriptOf(singleBytes(body), "b", limits), expected);
}

QTEST_APPLESS_MAIN(MultipartTest)
#include "tst_multipart.moc"
