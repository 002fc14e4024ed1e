#include "recordingsink.h"

#include <QTest>

#include <memory>
#include <stdexcept>

using namespace Quern;

class tst_Response : public QObject
{
    Q_OBJECT
private Q_SLOTS:
    void init() { m_sink = std::make_unique<RecordingSink>(); }
    void statusRange_data();
    void statusRange();
    void refusedFields_data();
    void refusedFields();
    void refusalNamesTheField();
    void acceptedValues_data();
    void acceptedValues();
    void setAndAddHeader();
    void headerOfSeveral();
    void manyHeaders();
    void valueOfTheResponseItself();
    void contentTypes();
    void utf8Bodies();
    void jsonOfClientBytes();
    void jsonOfOtherTypes();
    void contentTypeOfTheAuthorStays();
    void laterBodyReplacesImpliedType();
    void addedContentTypeReplaces();
    void sendRefusesInjection();
    void plainAnswerSharesItsHeaderBlock();

private:
    Response make(quint64 id = 1)
    {
        m_data = new ResponsePrivate(id, m_sink.get());
        return Response(m_data.get());
    }

    std::unique_ptr<RecordingSink> m_sink;
    QExplicitlySharedDataPointer<ResponsePrivate> m_data;
};

void tst_Response::statusRange_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<bool>("accepted");
    for (const int status : {200, 204, 304, 404, 599})
        QTest::addRow("%d", status) << status << true;
    for (const int status : {-1, 0, 100, 101, 199, 600, 1000})
        QTest::addRow("%d", status) << status << false;
}

void tst_Response::statusRange()
{
    QFETCH(int, status);
    QFETCH(bool, accepted);
    Response response = make();
    QCOMPARE(response.status(), 200);
    if (accepted) {
        QCOMPARE(response.setStatus(status).status(), status);
    } else {
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, response.setStatus(status));
        QCOMPARE(response.status(), 200);
    }
}

void tst_Response::refusedFields_data()
{
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<QByteArray>("value");
    const auto row = [](const char *title, const QByteArray &name, const QByteArray &value) {
        QTest::newRow(title) << name << value;
    };
    row("empty name", "", "x");
    row("space in name", "X Y", "x");
    row("colon in name", "X:", "x");
    row("CR LF in name", "X\r\nY", "x");
    row("NUL in name", QByteArray("X\0", 2), "x");
    row("UTF-8 in name", "X\xc3\xa9", "x");
    row("CR LF in value", "X", "a\r\nSet-Cookie: b=c");
    row("CR in value", "X", "a\rb");
    row("LF in value", "X", "a\nb");
    row("LF at the end", "X", "a\n");
    row("CR LF at the front", "X", "\r\na");
    row("NUL in value", "X", QByteArray("a\0b", 3));
    row("escape character", "X", "a\x1b");
    row("vertical tab at the end", "X", "a\v");
    row("DEL", "X", "a\x7f");
    row("Content-Length", "Content-Length", "1");
    row("content-length", "content-length", "1");
    row("Transfer-Encoding", "Transfer-Encoding", "chunked");
    row("Connection", "Connection", "close");
    row("Keep-Alive", "keep-alive", "timeout=5");
    row("Date", "DATE", "now");
}

void tst_Response::refusedFields()
{
    QFETCH(QByteArray, name);
    QFETCH(QByteArray, value);
    Response response = make();
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, response.setHeader(name, value));
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, response.addHeader(name, value));
    QCOMPARE(m_data->headerBlock, QByteArray());
}

void tst_Response::refusalNamesTheField()
{
    Response response = make();
    try {
        response.setHeader("X-Name", "a\nb");
        QFAIL("not refused");
    } catch (const std::invalid_argument &refused) {
        QVERIFY2(QByteArray(refused.what()).contains("\"X-Name\""), refused.what());
    }
}

void tst_Response::acceptedValues_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<QByteArray>("kept");
    QTest::newRow("empty") << QByteArrayLiteral("") << QByteArrayLiteral("");
    QTest::newRow("spaces inside") << QByteArrayLiteral("a b") << QByteArrayLiteral("a b");
    QTest::newRow("tab inside") << QByteArrayLiteral("a\tb") << QByteArrayLiteral("a\tb");
    QTest::newRow("surrounding space") << QByteArrayLiteral(" \t a ") << QByteArrayLiteral("a");
    QTest::newRow("space alone") << QByteArrayLiteral("  ") << QByteArrayLiteral("");
    QTest::newRow("obs-text") << QByteArrayLiteral("\xc3\xa9") << QByteArrayLiteral("\xc3\xa9");
    QTest::newRow("colon") << QByteArrayLiteral("a: b") << QByteArrayLiteral("a: b");
}

void tst_Response::acceptedValues()
{
    QFETCH(QByteArray, value);
    QFETCH(QByteArray, kept);
    Response response = make();
    response.setHeader("X-Field", value);
    QCOMPARE(m_data->headerBlock, "X-Field: " + kept + "\r\n");
    QVERIFY(!response.header("X-Field").isNull());
    QCOMPARE(response.header("x-field").toByteArray(), kept);
}

void tst_Response::setAndAddHeader()
{
    Response response = make();
    response.addHeader("Set-Cookie", "a=1").addHeader("X", "1").addHeader("set-cookie", "b=2");
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("Set-Cookie: a=1\r\nX: 1\r\nset-cookie: b=2\r\n"));
    response.setHeader("SET-COOKIE", "c=3");
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("X: 1\r\nSET-COOKIE: c=3\r\n"));
    response.setHeader("Y", "2");
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("X: 1\r\nSET-COOKIE: c=3\r\nY: 2\r\n"));
}

void tst_Response::headerOfSeveral()
{
    Response response = make();
    QVERIFY(response.header("A").isNull());
    response.addHeader("A-B", "0").addHeader("A", "1").addHeader("a", "2");
    QCOMPARE(response.header("A"), QByteArrayView("1"));
    QCOMPARE(response.header("B"), QByteArrayView());
    QVERIFY(response.header("B").isNull());
}

void tst_Response::manyHeaders()
{
    Response response = make();
    for (int i = 0; i < 200; ++i)
        response.addHeader("X-" + QByteArray::number(i), QByteArray(i, 'v'));
    for (int i = 0; i < 200; ++i)
        QCOMPARE(response.header("x-" + QByteArray::number(i)).size(), i);
}

void tst_Response::valueOfTheResponseItself()
{
    Response response = make();
    const QByteArray tag = '"' + QByteArray(500, 't') + '"';
    response.setHeader("ETag", "W/" + tag);
    response.setHeader("ETag", response.header("ETag").sliced(2));
    QCOMPARE(response.header("ETag"), QByteArrayView(tag));
    // Often enough for the block to grow on the way.
    for (int i = 0; i < 20; ++i)
        response.addHeader("X", response.header("ETag"));
    QCOMPARE(m_data->headerBlock, "ETag: " + tag + "\r\n" + ("X: " + tag + "\r\n").repeated(20));
}

void tst_Response::contentTypes()
{
    Response response = make();
    response.text(u"é"_qs);
    QCOMPARE(response.header("Content-Type"), QByteArrayView("text/plain; charset=utf-8"));
    QCOMPARE(response.body(), QByteArrayView("\xc3\xa9"));

    response = make();
    response.html(u"<p>"_qs);
    QCOMPARE(response.header("Content-Type"), QByteArrayView("text/html; charset=utf-8"));
    QCOMPARE(response.body(), QByteArrayView("<p>"));

    response = make();
    response.json(QJsonObject{{u"a"_qs, u"é"_qs}});
    QCOMPARE(response.header("Content-Type"), QByteArrayView("application/json"));
    QCOMPARE(response.body(), QByteArrayView("{\"a\":\"\xc3\xa9\"}"));

    response = make();
    response.json({{u"a"_qs, 1}, {u"b"_qs, u"c"_qs}});
    QCOMPARE(response.body(), QByteArrayView("{\"a\":1,\"b\":\"c\"}"));
    response.json({{u"a"_qs, 1}});
    QCOMPARE(response.body(), QByteArrayView("{\"a\":1}"));
    response.json({});
    QCOMPARE(response.body(), QByteArrayView("{}"));
    response.json({1, 2, 3});
    QCOMPARE(response.body(), QByteArrayView("[1,2,3]"));

    response = make();
    response.json(QJsonArray{1, 2});
    QCOMPARE(response.header("Content-Type"), QByteArrayView("application/json"));
    QCOMPARE(response.body(), QByteArrayView("[1,2]"));

    response = make();
    response.send("x", "image/png");
    QCOMPARE(response.header("Content-Type"), QByteArrayView("image/png"));

    response = make();
    response.send("x");
    QVERIFY(response.header("Content-Type").isNull());
    QCOMPARE(response.body(), QByteArrayView("x"));
}

void tst_Response::utf8Bodies()
{
    Response response = make();
    response.text("\xc3\xa9");
    QCOMPARE(response.body(), QByteArrayView("\xc3\xa9"));
    QCOMPARE(response.header("Content-Type"), QByteArrayView("text/plain; charset=utf-8"));
    response.text(QByteArrayView("a field"));
    QCOMPARE(response.body(), QByteArrayView("a field"));
    response.text(QLatin1String("\xe9"));
    QCOMPARE(response.body(), QByteArrayView("\xc3\xa9"));

    response = make();
    response.html(QByteArray("<p>"));
    QCOMPARE(response.body(), QByteArrayView("<p>"));
    QCOMPARE(response.header("Content-Type"), QByteArrayView("text/html; charset=utf-8"));
}

template <typename Value>
constexpr bool isMember = std::is_constructible_v<JsonMember, const char *, Value>;

void tst_Response::jsonOfOtherTypes()
{
    // What C++ would convert to true, or to a number.
    static_assert(!isMember<int *> && !isMember<const void *> && !isMember<QObject *> && !isMember<void (*)()>);
    static_assert(!isMember<const char16_t *> && !isMember<int QObject::*>);
    static_assert(!isMember<char> && !isMember<char16_t> && !isMember<char32_t> && !isMember<wchar_t>);
    static_assert(isMember<const char *> && isMember<char *> && isMember<QChar> && isMember<signed char>);

    Response response(m_data.data());
    response.json({{"none", nullptr}, {"yes", true}, {"half", 0.5F}, {"utf8", "\xc3\xa9"}, {"zero", 0}});
    QCOMPARE(response.body(), QByteArrayView(R"({"none":null,"yes":true,"half":0.5,"utf8":"é","zero":0})"));
}

void tst_Response::jsonOfClientBytes()
{
    Response response = make();
    response.json({{"method", QByteArrayView("GET")}, {"id", QByteArray("0-17")}, {"none", QByteArrayView()}});
    QCOMPARE(response.body(), QByteArrayView("{\"method\":\"GET\",\"id\":\"0-17\",\"none\":\"\"}"));
    response.json({{"quoted", QByteArrayView("\"\xc3\xa9\\\n")}});
    QCOMPARE(response.body(), QByteArrayView("{\"quoted\":\"\\\"\xc3\xa9\\\\\\u000a\"}"));
    // A field may hold any bytes; JSON holds UTF-8 alone (RFC 8259 §8.1).
    response.json({{"field", QByteArrayView("a\xff")}});
    QCOMPARE(response.body(), QByteArrayView("{\"field\":\"a\xef\xbf\xbd\"}"));
}

void tst_Response::contentTypeOfTheAuthorStays()
{
    Response response = make();
    response.setHeader("content-type", "text/csv");
    response.text(u"a,b"_qs);
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("content-type: text/csv\r\n"));
    response.send("x", "image/png");
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("content-type: text/csv\r\n"));
}

void tst_Response::laterBodyReplacesImpliedType()
{
    Response response = make();
    response.setHeader("X", "1");
    response.text(u"a"_qs);
    response.json(QJsonObject());
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("X: 1\r\nContent-Type: application/json\r\n"));
    response.send("b");
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("X: 1\r\n"));
    QCOMPARE(response.body(), QByteArrayView("b"));
}

void tst_Response::addedContentTypeReplaces()
{
    Response response = make();
    response.text(u"a"_qs);
    response.addHeader("Content-Type", "text/csv").addHeader("Content-Type", "text/markdown");
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("Content-Type: text/markdown\r\n"));
    response.html(u"b"_qs);
    QCOMPARE(m_data->headerBlock, QByteArrayLiteral("Content-Type: text/markdown\r\n"));
}

void tst_Response::sendRefusesInjection()
{
    Response response = make();
    QVERIFY_THROWS_EXCEPTION(std::invalid_argument, response.send("x", "text/plain\r\nX: y"));
    QCOMPARE(m_data->headerBlock, QByteArray());
    QCOMPARE(response.body(), QByteArrayView());
}

void tst_Response::plainAnswerSharesItsHeaderBlock()
{
    const Response first = make();
    Response(first).text(u"a"_qs);
    const char *block = m_data->headerBlock.constData();
    const Response second = make();
    Response(second).text(u"b"_qs);
    QCOMPARE(m_data->headerBlock.constData(), block);
}

QTEST_APPLESS_MAIN(tst_Response)
#include "tst_response.moc"
