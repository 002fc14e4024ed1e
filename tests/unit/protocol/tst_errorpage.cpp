#include "protocol/http/errorpage.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// The answers that the server itself gives.
class ErrorPageTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void json_data();
    void json();
    void html_data();
    void html();
    void response_data();
    void response();
};

void ErrorPageTest::json_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("requestId");
    QTest::addColumn<QByteArray>("detail");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("status alone") << 404 << ""_ba
                                  << ""_ba
                                  << "{\"error\":{\"status\":404,\"message\":\"Not Found\"}}\n"_ba;
    QTest::newRow("all members") << 500 << "0-17"_ba
                                 << "a"_ba
                                 << "{\"error\":{\"status\":500,\"message\":\"Internal Server Error\","
                                    "\"requestId\":\"0-17\",\"detail\":\"a\"}}\n"_ba;
    QTest::newRow("no phrase") << 599 << ""_ba
                               << ""_ba
                               << "{\"error\":{\"status\":599,\"message\":\"Error\"}}\n"_ba;
    QTest::newRow("RFC 8259 7: escapes") << 500 << ""_ba
                                         << "\"\\\n\0\x1f</\xc3\xa9"_ba
                                         << "{\"error\":{\"status\":500,\"message\":\"Internal Server Error\","
                                            "\"detail\":\"\\\"\\\\\\u000A\\u0000\\u001F</\xc3\xa9\"}}\n"_ba;
    QTest::newRow("RFC 3629 3: invalid UTF-8")
        << 500 << ""_ba
        << "a\xff\xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80 \xe0\x9f\xbf \xc3"_ba
        << "{\"error\":{\"status\":500,\"message\":\"Internal Server Error\",\"detail\":\"a" +
               QByteArray("\xef\xbf\xbd").repeated(3) + ' ' + QByteArray("\xef\xbf\xbd").repeated(3) + ' ' +
               QByteArray("\xef\xbf\xbd").repeated(4) + ' ' + QByteArray("\xef\xbf\xbd").repeated(3) +
               " \xef\xbf\xbd\"}}\n";
    QTest::newRow("RFC 3629 3: all lengths")
        << 500 << ""_ba
        << "\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"_ba
        << "{\"error\":{\"status\":500,\"message\":\"Internal Server Error\",\"detail\":\""
           "\xc2\x80\xe0\xa0\x80\xed\x9f\xbf\xef\xbf\xbf\xf0\x90\x80\x80\xf4\x8f\xbf\xbf\"}}\n"_ba;
}

void ErrorPageTest::json()
{
    QFETCH(int, status);
    QFETCH(QByteArray, requestId);
    QFETCH(QByteArray, detail);
    QFETCH(QByteArray, expected);
    const ErrorBody body = errorBody({status, "application/json", requestId, detail});
    QCOMPARE(body.contentType, QByteArrayView("application/json"));
    QCOMPARE(body.bytes, expected);
    QVERIFY(QJsonDocument::fromJson(body.bytes).object().contains(u"error"_s));
}

void ErrorPageTest::html_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("requestId");
    QTest::addColumn<QByteArray>("detail");
    QTest::addColumn<QByteArray>("expected"); // the inside of <body>
    QTest::newRow("status alone") << 404 << ""_ba
                                  << ""_ba
                                  << "<h1>404 Not Found</h1>\n"_ba;
    QTest::newRow("all members") << 500 << "0-17"_ba
                                 << "a\nb"_ba
                                 << "<h1>500 Internal Server Error</h1>\n<p>Request 0-17</p>\n<pre>a\nb</pre>\n"_ba;
    QTest::newRow("no phrase") << 599 << ""_ba
                               << ""_ba
                               << "<h1>599</h1>\n"_ba;
    QTest::newRow("markup") << 400 << "<b>"_ba
                            << "</pre><script>\"&'"_ba
                            << "<h1>400 Bad Request</h1>\n<p>Request &lt;b&gt;</p>\n"
                               "<pre>&lt;/pre&gt;&lt;script&gt;&quot;&amp;&#39;</pre>\n"_ba;
    QTest::newRow("control characters and invalid UTF-8")
        << 400 << ""_ba
        << "\0\x1b\xff\xc3\xa9"_ba
        << "<h1>400 Bad Request</h1>\n<pre>\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\xc3\xa9</pre>\n"_ba;
}

void ErrorPageTest::html()
{
    QFETCH(int, status);
    QFETCH(QByteArray, requestId);
    QFETCH(QByteArray, detail);
    QFETCH(QByteArray, expected);
    const ErrorBody body = errorBody({status, "text/html,*/*;q=0.8", requestId, detail});
    QCOMPARE(body.contentType, QByteArrayView("text/html; charset=utf-8"));
    const qsizetype start = body.bytes.indexOf("<body>\n") + 7;
    QCOMPARE(body.bytes.mid(start, body.bytes.indexOf("</body>") - start), expected);
    QVERIFY(body.bytes.startsWith("<!DOCTYPE html>\n"));
    for (const char *outside : {"src=", "href=", "url(", "@import", "Quern"})
        QVERIFY2(!body.bytes.contains(outside), outside);
}

void ErrorPageTest::response_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("extraHeaders");
    QTest::addColumn<bool>("isHead");
    QTest::addColumn<QByteArray>("expected");
    const QByteArray date = "Date: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Quern\r\n"_ba;
    const QByteArray unavailable = "{\"error\":{\"status\":503,\"message\":\"Service Unavailable\"}}\n"_ba;
    const QByteArray head = "HTTP/1.1 503 Service Unavailable\r\n" + date +
                            "Content-Length: " + QByteArray::number(unavailable.size()) +
                            "\r\nConnection: close\r\nContent-Type: application/json\r\nCache-Control: no-store\r\n"
                            "Retry-After: 1\r\n\r\n";
    QTest::newRow("503 with Retry-After") << 503 << "Retry-After: 1\r\n"_ba << false << head + unavailable;
    QTest::newRow("RFC 9110 9.3.2: HEAD has the length but no body") << 503 << "Retry-After: 1\r\n"_ba << true << head;
    QTest::newRow("RFC 9110 15.3.5: 204 has no body")
        << 204 << "A: b\r\n"_ba << false << "HTTP/1.1 204 No Content\r\n" + date + "Connection: close\r\nA: b\r\n\r\n";
}

void ErrorPageTest::response()
{
    QFETCH(int, status);
    QFETCH(QByteArray, extraHeaders);
    QFETCH(bool, isHead);
    QFETCH(QByteArray, expected);
    QByteArray out = "before"_ba;
    appendErrorResponse(out, {status, "application/json", {}, {}}, extraHeaders, {1, false},
                        "Sun, 06 Nov 1994 08:49:37 GMT", "Quern", isHead);
    QCOMPARE(out, "before" + expected);
}

QTEST_APPLESS_MAIN(ErrorPageTest)
#include "tst_errorpage.moc"
