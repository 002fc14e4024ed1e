#include "protocol/http/responseencoder.h"

#include <QDateTime>
#include <QLocale>
#include <QTest>
#include <QTimeZone>

#include <ctime>
#include <limits>
#include <thread>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;

/// The bytes of a response, written out.
class ResponseEncoderTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void head_data();
    void head();
    void headIsAppended();
    void reasonPhrases_data();
    void reasonPhrases();
    void dateIsNow();
    void dateOfEachThread();
};

namespace {

constexpr char date[] = "Sun, 06 Nov 1994 08:49:37 GMT";

}

void ResponseEncoderTest::head_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("headerBlock");
    QTest::addColumn<quint64>("contentLength");
    QTest::addColumn<int>("minorVersion");
    QTest::addColumn<bool>("keepAlive");
    QTest::addColumn<QByteArray>("server");
    QTest::addColumn<QByteArray>("expected");
    const quint64 most = std::numeric_limits<quint64>::max();

    QTest::newRow("200 with header block")
        << 200 << "Content-Type: text/plain\r\nX-A: b\r\n"_ba << quint64(13) << 1 << true << "Quern"_ba
        << "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Quern\r\nContent-Length: 13\r\n"
           "Content-Type: text/plain\r\nX-A: b\r\n\r\n"_ba;
    QTest::newRow("no server, no header block")
        << 200 << ""_ba << quint64(0) << 1 << true << ""_ba
        << "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"_ba;
    QTest::newRow("RFC 9112 9.6: close")
        << 404 << ""_ba << quint64(1) << 1 << false << "Quern"_ba
        << "HTTP/1.1 404 Not Found\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Quern\r\nContent-Length: 1\r\n"
           "Connection: close\r\n\r\n"_ba;
    QTest::newRow("RFC 9110 7.8: upgrade")
        << 426 << "Upgrade: websocket\r\n"_ba << quint64(1) << 1 << true << ""_ba
        << "HTTP/1.1 426 Upgrade Required\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 1\r\n"
           "Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"_ba;
    QTest::newRow("RFC 9112 9.3: keep-alive to HTTP/1.0")
        << 200 << ""_ba << quint64(1) << 0 << true << ""_ba
        << "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 1\r\n"
           "Connection: keep-alive\r\n\r\n"_ba;
    QTest::newRow("RFC 9112 9.6: close to HTTP/1.0")
        << 200 << ""_ba << quint64(1) << 0 << false << ""_ba
        << "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 1\r\n"
           "Connection: close\r\n\r\n"_ba;
    QTest::newRow("longest phrase, largest length")
        << 431 << ""_ba << most << 0 << true << "Quern"_ba
        << "HTTP/1.1 431 Request Header Fields Too Large\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nServer: Quern\r\n"
           "Content-Length: 18446744073709551615\r\nConnection: keep-alive\r\n\r\n"_ba;
    QTest::newRow("RFC 9112 4: no phrase")
        << 599 << ""_ba << quint64(0) << 1 << true << ""_ba
        << "HTTP/1.1 599 \r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\n\r\n"_ba;
    QTest::newRow("RFC 9110 8.6: 204")
        << 204 << "A: b\r\n"_ba << quint64(5) << 1 << true << ""_ba
        << "HTTP/1.1 204 No Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nA: b\r\n\r\n"_ba;
    QTest::newRow("RFC 9110 15.3.6: 205")
        << 205 << "A: b\r\n"_ba << quint64(5) << 1 << true << ""_ba
        << "HTTP/1.1 205 Reset Content\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 0\r\nA: b\r\n\r\n"_ba;
    QTest::newRow("RFC 9110 8.6: 304")
        << 304 << "ETag: \"x\"\r\n"_ba << quint64(5) << 1 << true << ""_ba
        << "HTTP/1.1 304 Not Modified\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nETag: \"x\"\r\n\r\n"_ba;
    QTest::newRow("RFC 9110 8.6: 101") << 101 << "Upgrade: websocket\r\nConnection: Upgrade\r\n"_ba << quint64(0) << 1
                                       << true << ""_ba
                                       << "HTTP/1.1 101 Switching Protocols\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
                                          "Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n"_ba;
}

void ResponseEncoderTest::head()
{
    QFETCH(int, status);
    QFETCH(QByteArray, headerBlock);
    QFETCH(quint64, contentLength);
    QFETCH(int, minorVersion);
    QFETCH(bool, keepAlive);
    QFETCH(QByteArray, server);
    QFETCH(QByteArray, expected);
    QByteArray out;
    appendHead(out, status, headerBlock, contentLength, {quint8(minorVersion), keepAlive}, date, server);
    QCOMPARE(out, expected);
}

void ResponseEncoderTest::headIsAppended()
{
    const QByteArray one = "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\nContent-Length: 2\r\n\r\n"_ba;
    QByteArray out = "before"_ba;
    const QByteArray sharesTheBytes = out;
    appendHead(out, 200, {}, 2, {}, date, {});
    out.append("ab");
    appendHead(out, 200, {}, 2, {}, date, {});
    QCOMPARE(out, "before" + one + "ab" + one);
    QCOMPARE(sharesTheBytes, "before"_ba);
}

void ResponseEncoderTest::reasonPhrases_data()
{
    QTest::addColumn<int>("status");
    QTest::addColumn<QByteArray>("phrase");
    // RFC 9110 §15, RFC 6585, RFC 8297, RFC 8470, RFC 7725, and the registry for WebDAV's.
    const std::pair<int, const char *> phrases[] = {{100, "Continue"},
                                                    {103, "Early Hints"},
                                                    {206, "Partial Content"},
                                                    {302, "Found"},
                                                    {308, "Permanent Redirect"},
                                                    {400, "Bad Request"},
                                                    {408, "Request Timeout"},
                                                    {413, "Content Too Large"},
                                                    {414, "URI Too Long"},
                                                    {417, "Expectation Failed"},
                                                    {422, "Unprocessable Content"},
                                                    {425, "Too Early"},
                                                    {429, "Too Many Requests"},
                                                    {431, "Request Header Fields Too Large"},
                                                    {451, "Unavailable For Legal Reasons"},
                                                    {500, "Internal Server Error"},
                                                    {501, "Not Implemented"},
                                                    {502, "Bad Gateway"},
                                                    {504, "Gateway Timeout"},
                                                    {505, "HTTP Version Not Supported"},
                                                    {511, "Network Authentication Required"},
                                                    {299, ""},
                                                    {418, ""},
                                                    {0, ""}};
    for (const auto &[status, phrase] : phrases)
        QTest::addRow("%d", status) << status << QByteArray(phrase);
}

void ResponseEncoderTest::reasonPhrases()
{
    QFETCH(int, status);
    QFETCH(QByteArray, phrase);
    QCOMPARE(reasonPhrase(status), QByteArrayView(phrase));
}

void ResponseEncoderTest::dateIsNow()
{
    const auto asText = [](qint64 second) {
        return QLocale::c()
            .toString(QDateTime::fromSecsSinceEpoch(second, QTimeZone::utc()), u"ddd, dd MMM yyyy HH:mm:ss 'GMT'"_s)
            .toLatin1();
    };
    const auto isNow = [&asText] {
        // The same clock as the encoder's: others run a few milliseconds ahead of it.
        const std::time_t before = std::time(nullptr);
        const QByteArray now = currentDate().toByteArray();
        const std::time_t after = std::time(nullptr);
        return now == asText(before) || now == asText(after);
    };
    QVERIFY(isNow());
    const QByteArray first = currentDate().toByteArray();
    QTRY_VERIFY_WITH_TIMEOUT(currentDate() != QByteArrayView(first), 3000);
    QVERIFY(isNow());
}

void ResponseEncoderTest::dateOfEachThread()
{
    const char *here = currentDate().data();
    const char *there = nullptr;
    std::thread([&there] { there = currentDate().data(); }).join();
    QVERIFY(here != there);
}

QTEST_GUILESS_MAIN(ResponseEncoderTest)
#include "tst_responseencoder.moc"
