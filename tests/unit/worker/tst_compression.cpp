#include "worker/compression.h"

#include <QTest>

#include <zlib.h>

#ifdef QUERN_HAVE_BROTLI
#include <brotli/decode.h>
#endif

using namespace Quern;
using namespace Quern::worker;
using base::ContentCoding;

namespace {

/// Decodes one gzip or brotli body, fed in pieces as they come.
class Decoder
{
public:
    explicit Decoder(ContentCoding coding) : m_coding(coding)
    {
        if (coding == ContentCoding::Gzip && ::inflateInit2(&m_gzip, 15 + 16) != Z_OK)
            qFatal("zlib");
#ifdef QUERN_HAVE_BROTLI
        m_brotli = ::BrotliDecoderCreateInstance(nullptr, nullptr, nullptr);
#endif
    }
    ~Decoder()
    {
        ::inflateEnd(&m_gzip);
#ifdef QUERN_HAVE_BROTLI
        ::BrotliDecoderDestroyInstance(m_brotli);
#endif
    }
    Q_DISABLE_COPY_MOVE(Decoder)

    QByteArray add(QByteArrayView bytes)
    {
        QByteArray out(8 * 1024 * 1024, Qt::Uninitialized);
        if (m_coding == ContentCoding::Gzip) {
            m_gzip.next_in = reinterpret_cast<Bytef *>(const_cast<char *>(bytes.data()));
            m_gzip.avail_in = uInt(bytes.size());
            m_gzip.next_out = reinterpret_cast<Bytef *>(out.data());
            m_gzip.avail_out = uInt(out.size());
            isFinished = ::inflate(&m_gzip, Z_SYNC_FLUSH) == Z_STREAM_END;
            out.chop(qsizetype(m_gzip.avail_out));
            return out;
        }
#ifdef QUERN_HAVE_BROTLI
        std::size_t inSize = std::size_t(bytes.size());
        const auto *in = reinterpret_cast<const uint8_t *>(bytes.data());
        std::size_t outSize = std::size_t(out.size());
        auto *place = reinterpret_cast<uint8_t *>(out.data());
        isFinished = ::BrotliDecoderDecompressStream(m_brotli, &inSize, &in, &outSize, &place, nullptr) ==
                     BROTLI_DECODER_RESULT_SUCCESS;
        out.chop(qsizetype(outSize));
#endif
        return out;
    }

    bool isFinished = false; ///< the end of the body has been seen

private:
    ContentCoding m_coding;
    z_stream m_gzip = {};
#ifdef QUERN_HAVE_BROTLI
    BrotliDecoderState *m_brotli;
#endif
};

const QByteArray longText = QByteArray("All work and no play makes Jack a dull boy.\n").repeated(100);

/// Bytes that no coding makes shorter.
QByteArray noise(qsizetype size)
{
    QByteArray bytes(size, Qt::Uninitialized);
    quint32 state = 1;
    for (char &byte : bytes) {
        state = state * 1664525 + 1013904223;
        byte = char(state >> 24);
    }
    return bytes;
}

QExplicitlySharedDataPointer<RequestPrivate> requestThatAccepts(QByteArrayView coding)
{
    QExplicitlySharedDataPointer<RequestPrivate> request(new RequestPrivate);
    request->headers.append({"Host", "x"});
    if (!coding.isEmpty())
        request->headers.append({"accept-encoding", coding});
    return request;
}

Answer textAnswer(const QByteArray &headers = "Content-Type: text/plain; charset=utf-8\r\n")
{
    return {.status = 200, .headerBlock = headers, .body = longText};
}

ipc::AnswerOptions someTypes()
{
    ipc::AnswerOptions options;
    options.compressionTypes = {u"text/*"_qs, u"application/json"_qs, u"image/svg+xml"_qs};
    return options;
}

void addCodings()
{
    QTest::addColumn<ContentCoding>("coding");
    QTest::addColumn<int>("level");
    for (const int level : {1, 5, 9}) {
        QTest::addRow("gzip %d", level) << ContentCoding::Gzip << level;
        if (hasBrotli)
            QTest::addRow("br %d", level) << ContentCoding::Brotli << level;
    }
}

} // namespace

class TestCompression : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void wholeBodies_data() { addCodings(); }
    void wholeBodies();
    void streams_data() { addCodings(); }
    void streams();
    void gathered_data() { addCodings(); }
    void gathered();
    void nothing_data() { addCodings(); }
    void nothing();
    void compressed();
    void brotliFirst();
    void qualifying_data();
    void qualifying();
    void types_data();
    void types();
    void lengths_data();
    void lengths();
    void vary_data();
    void vary();
    void entityTags_data();
    void entityTags();
    void severalFieldsOfTheClient();
    void neverLonger();
    void switchedOff();
    void streamsWithoutMinimum();
    void eventsOnlyWhenNamed();
};

void TestCompression::wholeBodies()
{
    QFETCH(ContentCoding, coding);
    QFETCH(int, level);
    for (const QByteArray &body :
         {QByteArray("x"), longText, noise(100'000), QByteArray(3'000'000, 'x'), noise(10).repeated(100'000)}) {
        const QByteArray encoded =
            ContentEncoder::forWhole(coding, level, body.size())->encode(body, ContentEncoder::Then::Finish);
        Decoder decoder(coding);
        QVERIFY(decoder.add(encoded) == body);
        QVERIFY(decoder.isFinished);
        QVERIFY(encoded.size() < body.size() + 1'000);
    }
}

void TestCompression::streams()
{
    QFETCH(ContentCoding, coding);
    QFETCH(int, level);
    const std::unique_ptr<ContentEncoder> encoder = ContentEncoder::forStream(coding, level);
    Decoder decoder(coding);
    // Each piece can be read when it has come.
    for (const QByteArray &piece : {QByteArray("first"), longText, QByteArray("x"), noise(200'000), longText})
        QVERIFY(decoder.add(encoder->encode(piece, ContentEncoder::Then::Flush)) == piece);
    QVERIFY(!decoder.isFinished);
    QCOMPARE(decoder.add(encoder->encode({}, ContentEncoder::Then::Finish)), QByteArray());
    QVERIFY(decoder.isFinished);
}

void TestCompression::gathered()
{
    QFETCH(ContentCoding, coding);
    QFETCH(int, level);
    const std::unique_ptr<ContentEncoder> encoder = ContentEncoder::forStream(coding, level);
    QByteArray encoded;
    for (int i = 0; i < 1'000; ++i)
        encoded += encoder->encode("a row of the table\n", ContentEncoder::Then::Gather);
    encoded += encoder->encode("the end", ContentEncoder::Then::Flush);
    Decoder decoder(coding);
    QCOMPARE(decoder.add(encoded), QByteArray("a row of the table\n").repeated(1'000) + "the end");
    QVERIFY2(encoded.size() < 300, QByteArray::number(encoded.size()).constData());
}

void TestCompression::nothing()
{
    QFETCH(ContentCoding, coding);
    QFETCH(int, level);
    Decoder decoder(coding);
    QCOMPARE(decoder.add(ContentEncoder::forStream(coding, level)->encode({}, ContentEncoder::Then::Finish)),
             QByteArray());
    QVERIFY(decoder.isFinished);
}

void TestCompression::compressed()
{
    Answer answer = textAnswer("Content-Type: text/plain; charset=utf-8\r\nX: y\r\n");
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(answer.headerBlock,
             QByteArray("Content-Type: text/plain; charset=utf-8\r\nX: y\r\nVary: Accept-Encoding\r\n"
                        "Content-Encoding: gzip\r\n"));
    QVERIFY(answer.body.size() < longText.size() / 10);
    QCOMPARE(Decoder(ContentCoding::Gzip).add(answer.body), longText);
}

void TestCompression::brotliFirst()
{
    Answer answer = textAnswer();
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts("gzip, deflate, br"));
    QCOMPARE(answer.value("Content-Encoding"), QByteArrayView(hasBrotli ? "br" : "gzip"));
    QCOMPARE(Decoder(hasBrotli ? ContentCoding::Brotli : ContentCoding::Gzip).add(answer.body), longText);
}

void TestCompression::qualifying_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("field");
    QTest::addColumn<bool>("qualifies");
    for (const int status : {200, 201, 203, 226})
        QTest::addRow("%d", status) << status << QByteArray() << true;
    for (const int status : {204, 206, 300, 302, 304, 404, 500})
        QTest::addRow("%d", status) << status << QByteArray() << false;
    const auto row = [](const char *title, const char *field, bool qualifies) {
        QTest::newRow(title) << 200 << QByteArray(field) + "\r\n" << qualifies;
    };
    row("coded by the handler", "content-encoding: zstd", false);
    row("a range", "Content-Range: bytes 0-1/2", false);
    row("no-transform", "Cache-Control: max-age=5, No-Transform", false);
    row("other directives", "Cache-Control: max-age=5, no-transformer", true);
    row("no-transform before another field", "Cache-Control: no-transform\r\nCache-Control: private", false);
}

void TestCompression::qualifying()
{
    QFETCH(int, status);
    QFETCH(QByteArray, field);
    QFETCH(bool, qualifies);
    const QByteArray block = "Content-Type: application/json\r\n" + field;
    Answer answer = {.status = status, .headerBlock = block, .body = longText};
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(answer.headerBlock, qualifies ? block + "Vary: Accept-Encoding\r\nContent-Encoding: gzip\r\n" : block);
    QCOMPARE(answer.body == longText, !qualifies);

    Answer stream = {.kind = Answer::Kind::Stream, .status = status, .headerBlock = block};
    QCOMPARE(Compression(someTypes()).applyToStream(stream, *requestThatAccepts("gzip")) != nullptr, qualifies);
    QCOMPARE(stream.headerBlock, answer.headerBlock);
}

void TestCompression::types_data()
{
    QTest::addColumn<QStringList>("listed");
    QTest::addColumn<QByteArray>("type");
    QTest::addColumn<bool>("qualifies");
    const auto row = [](const char *title, const QStringList &listed, const char *type, bool qualifies) {
        QTest::newRow(title) << listed << QByteArray(type) << qualifies;
    };
    const QStringList some = someTypes().compressionTypes;
    row("none listed", {}, "text/css", false);
    row("none listed, no type", {}, "", false);
    row("text", some, "text/css", true);
    row("JSON", some, "application/json", true);
    row("JSON with parameter", some, "application/json ; charset=utf-8", true);
    row("SVG", some, "image/svg+xml", true);
    row("picture", some, "image/png", false);
    row("unknown", some, "application/octet-stream", false);
    row("events", some, "text/event-stream", false);
    row("no type", some, "", false);
    row("family alone", some, "text/", false);
    row("letter case", {u"Application/X-Mine"_qs}, "APPLICATION/x-mine", true);
    row("only what is listed", {u"application/x-mine"_qs}, "text/plain", false);
    row("begins alike", {u"text/x"_qs}, "text/xml", false);
    row("family", {u"image/*"_qs}, "image/png", true);
    row("other family", {u"image/*"_qs}, "imagery/png", false);
    row("events named", {u"text/*"_qs, u"text/event-stream"_qs}, "text/event-stream", true);
}

void TestCompression::types()
{
    QFETCH(QStringList, listed);
    QFETCH(QByteArray, type);
    QFETCH(bool, qualifies);
    ipc::AnswerOptions options = someTypes();
    options.compressionTypes = listed;
    Answer answer = textAnswer(type.isEmpty() ? QByteArray() : "Content-Type: " + type + "\r\n");
    Compression(options).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(!answer.value("Content-Encoding").isNull(), qualifies);
    QCOMPARE(!answer.value("Vary").isNull(), qualifies);
}

void TestCompression::lengths_data()
{
    QTest::addColumn<quint32>("minLength");
    QTest::addColumn<qsizetype>("length");
    QTest::addColumn<bool>("qualifies");
    QTest::newRow("one byte short") << 1'024u << qsizetype(1'023) << false;
    QTest::newRow("just long enough") << 1'024u << qsizetype(1'024) << true;
    QTest::newRow("no minimum") << 0u << qsizetype(100) << true;
    QTest::newRow("no minimum, empty") << 0u << qsizetype(0) << false;
}

void TestCompression::lengths()
{
    QFETCH(quint32, minLength);
    QFETCH(qsizetype, length);
    QFETCH(bool, qualifies);
    ipc::AnswerOptions options = someTypes();
    options.compressionMinLength = minLength;
    Answer answer = textAnswer();
    answer.body = QByteArray(length, 'x');
    Compression(options).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(!answer.value("Content-Encoding").isNull(), qualifies);
    QCOMPARE(!answer.value("Vary").isNull(), qualifies);
}

void TestCompression::vary_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    const auto row = [](const char *title, const char *before, const char *after) {
        QTest::newRow(title) << QByteArray(before) << QByteArray(after);
    };
    row("none", "", "Vary: Accept-Encoding\r\n");
    row("another", "Vary: Cookie\r\n", "Vary: Cookie, Accept-Encoding\r\n");
    row("empty", "Vary: \r\n", "Vary: Accept-Encoding\r\n");
    row("there already", "vary: Cookie,accept-encoding\r\n", "vary: Cookie,accept-encoding\r\n");
    row("everything", "Vary: *\r\n", "Vary: *\r\n");
    row("part of a name", "Vary: X-Accept-Encoding\r\n", "Vary: X-Accept-Encoding, Accept-Encoding\r\n");
    row("there in the second", "Vary: A\r\nVary: Accept-Encoding\r\n", "Vary: A\r\nVary: Accept-Encoding\r\n");
    row("two others", "Vary: A\r\nVary: B\r\n", "Vary: B\r\nVary: A, Accept-Encoding\r\n");
}

void TestCompression::vary()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    Answer answer = textAnswer("Content-Type: text/plain\r\n" + before);
    // Caches must know it although this client gets the body as it is.
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts({}));
    QCOMPARE(answer.headerBlock, "Content-Type: text/plain\r\n" + after);
    QCOMPARE(answer.body, longText);
}

void TestCompression::entityTags_data()
{
    QTest::addColumn<QByteArray>("before");
    QTest::addColumn<QByteArray>("after");
    QTest::newRow("strong") << QByteArray("\"abc\"") << QByteArray("W/\"abc\"");
    QTest::newRow("weak") << QByteArray("W/\"abc\"") << QByteArray("W/\"abc\"");
    QTest::newRow("none") << QByteArray() << QByteArray();
}

void TestCompression::entityTags()
{
    QFETCH(QByteArray, before);
    QFETCH(QByteArray, after);
    QByteArray block = "Content-Type: text/plain\r\n";
    if (!before.isNull())
        block += "ETag: " + before + "\r\n";
    Answer answer = textAnswer(block);
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts("identity"));
    QCOMPARE(answer.value("ETag").toByteArray(), before);
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(answer.value("ETag").toByteArray(), after);
    Answer stream = {.kind = Answer::Kind::Stream, .headerBlock = block};
    QVERIFY(Compression(someTypes()).applyToStream(stream, *requestThatAccepts("gzip")));
    QCOMPARE(stream.value("ETag").toByteArray(), after);
}

void TestCompression::severalFieldsOfTheClient()
{
    const QExplicitlySharedDataPointer<RequestPrivate> request = requestThatAccepts("deflate");
    request->headers.append({"Accept-Encoding", "identity;q=0.5"});
    request->headers.append({"Accept-Encoding", "gzip"});
    Answer answer = textAnswer();
    Compression(someTypes()).applyToWhole(answer, *request);
    QCOMPARE(answer.value("Content-Encoding"), QByteArrayView("gzip"));
}

void TestCompression::neverLonger()
{
    Answer answer = textAnswer("Content-Type: text/plain\r\nETag: \"a\"\r\n");
    answer.body = noise(5'000);
    Compression(someTypes()).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(answer.headerBlock, QByteArray("Content-Type: text/plain\r\nETag: \"a\"\r\nVary: Accept-Encoding\r\n"));
    QCOMPARE(answer.body, noise(5'000));
}

void TestCompression::switchedOff()
{
    ipc::AnswerOptions options = someTypes();
    options.compression = false;
    Answer answer = textAnswer();
    Compression(options).applyToWhole(answer, *requestThatAccepts("gzip"));
    QCOMPARE(answer.headerBlock, textAnswer().headerBlock);
    QCOMPARE(answer.body, longText);
    QVERIFY(!Compression(options).applyToStream(answer, *requestThatAccepts("gzip")));
}

void TestCompression::streamsWithoutMinimum()
{
    Answer answer = {.kind = Answer::Kind::Stream, .headerBlock = "Content-Type: text/plain\r\n"};
    const std::unique_ptr<ContentEncoder> encoder =
        Compression(someTypes()).applyToStream(answer, *requestThatAccepts("gzip"));
    QVERIFY(encoder);
    QCOMPARE(Decoder(ContentCoding::Gzip).add(encoder->encode("x", ContentEncoder::Then::Finish)), QByteArray("x"));
}

void TestCompression::eventsOnlyWhenNamed()
{
    Answer answer = {.kind = Answer::Kind::Stream, .headerBlock = "Content-Type: text/event-stream\r\n"};
    QVERIFY(!Compression(someTypes()).applyToStream(answer, *requestThatAccepts("gzip")));
    ipc::AnswerOptions options = someTypes();
    options.compressionTypes = {u"text/event-stream"_qs};
    QVERIFY(Compression(options).applyToStream(answer, *requestThatAccepts("gzip")));
}

QTEST_GUILESS_MAIN(TestCompression)
#include "tst_compression.moc"
