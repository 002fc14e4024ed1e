#include "protocol/http/accessrecord.h"

#include <QJsonDocument>
#include <QJsonObject>
#include <QTest>

#include <cstdlib>
#include <ctime>

using namespace Qt::StringLiterals;
using namespace Quern::protocol::http;
using namespace std::chrono_literals;

/// Lines of access logs, and that no client can break or forge one.
class AccessRecordTest : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void common();
    void combined();
    void json();
    void whatIsMissing();
    void hostile_data();
    void hostile();
    void times_data();
    void times();

private:
    static AccessRecord record();
};

void AccessRecordTest::initTestCase()
{
    qputenv("TZ", "XXX+3:30"); // west of Greenwich, with minutes
    tzset();
}

AccessRecord AccessRecordTest::record()
{
    AccessRecord record;
    record.clientAddress = "203.0.113.9";
    record.peerAddress = "10.0.0.1";
    record.time = std::chrono::system_clock::from_time_t(971211336) + 42ms; // 2000-10-10T20:55:36Z
    record.method = "GET";
    record.target = "/a?b";
    record.status = 200;
    record.bodyBytes = 2326;
    record.referer = "https://example.com/";
    record.userAgent = "Mozilla/5.0";
    record.host = "example.org";
    record.duration = 1234us;
    record.requestId = "0-17";
    record.workerId = 1;
    record.isReusedConnection = true;
    return record;
}

void AccessRecordTest::common()
{
    QByteArray out = "before\n"_ba;
    appendCommon(out, record());
    QCOMPARE(out, "before\n203.0.113.9 - - [10/Oct/2000:17:25:36 -0330] \"GET /a?b HTTP/1.1\" 200 2326\n"_ba);
}

void AccessRecordTest::combined()
{
    QByteArray out;
    appendCombined(out, record());
    QCOMPARE(out, "203.0.113.9 - - [10/Oct/2000:17:25:36 -0330] \"GET /a?b HTTP/1.1\" 200 2326 "
                  "\"https://example.com/\" \"Mozilla/5.0\"\n"_ba);
}

void AccessRecordTest::json()
{
    QByteArray out;
    appendJson(out, record());
    QCOMPARE(out, "{\"time\":\"2000-10-10T20:55:36.042Z\",\"client\":\"203.0.113.9\",\"peer\":\"10.0.0.1\","
                  "\"method\":\"GET\",\"target\":\"/a?b\",\"minorVersion\":1,\"host\":\"example.org\",\"status\":200,"
                  "\"bodyBytes\":2326,\"referer\":\"https://example.com/\",\"userAgent\":\"Mozilla/5.0\","
                  "\"durationUs\":1234,\"requestId\":\"0-17\",\"worker\":1,\"reusedConnection\":true}\n"_ba);
}

void AccessRecordTest::whatIsMissing()
{
    AccessRecord refused;
    refused.time = std::chrono::system_clock::from_time_t(0);
    refused.status = 400;
    QByteArray out;
    appendCombined(out, refused);
    QCOMPARE(out, "unix: - - [31/Dec/1969:20:30:00 -0330] \"-\" 400 0 \"-\" \"-\"\n"_ba);
    out.clear();
    appendJson(out, refused);
    QCOMPARE(out, "{\"time\":\"1970-01-01T00:00:00.000Z\",\"client\":\"\",\"peer\":\"\",\"method\":\"\","
                  "\"target\":\"\",\"minorVersion\":1,\"host\":\"\",\"status\":400,\"bodyBytes\":0,\"referer\":\"\","
                  "\"userAgent\":\"\",\"durationUs\":0,\"requestId\":\"\",\"worker\":null,"
                  "\"reusedConnection\":false}\n"_ba);
}

void AccessRecordTest::hostile_data()
{
    QTest::addColumn<QByteArray>("sent");
    QTest::addColumn<QByteArray>("logged");
    QTest::newRow("quote") << "a\" \"b"_ba
                           << "a\\x22 \\x22b"_ba;
    QTest::newRow("backslash") << "a\\x22"_ba
                               << "a\\x5Cx22"_ba;
    QTest::newRow("line ends") << "a\r\n203.0.113.9 - -"_ba
                               << "a\\x0D\\x0A203.0.113.9 - -"_ba;
    QTest::newRow("NUL, escape, DEL") << "\0\x1b[2J\x7f"_ba
                                      << "\\x00\\x1B[2J\\x7F"_ba;
    QTest::newRow("UTF-8 and not") << "\xc3\xa9\xff"_ba
                                   << "\\xC3\\xA9\\xFF"_ba;
    QTest::newRow("tab") << "a\tb"_ba
                         << "a\\x09b"_ba;
}

void AccessRecordTest::hostile()
{
    QFETCH(QByteArray, sent);
    QFETCH(QByteArray, logged);
    AccessRecord bad = record();
    bad.target = bad.referer = bad.userAgent = bad.host = sent;
    QByteArray out;
    appendCombined(out, bad);
    QCOMPARE(out, "203.0.113.9 - - [10/Oct/2000:17:25:36 -0330] \"GET " + logged + " HTTP/1.1\" 200 2326 \"" + logged +
                      "\" \"" + logged + "\"\n");
    out.clear();
    appendJson(out, bad);
    QCOMPARE(out.count('\n'), 1);
    const QJsonObject object = QJsonDocument::fromJson(out).object();
    for (const QString &key : {u"target"_s, u"referer"_s, u"userAgent"_s, u"host"_s})
        QCOMPARE(object.value(key).toString(), QString::fromUtf8(sent));
}

void AccessRecordTest::times_data()
{
    QTest::addColumn<QByteArray>("zone");
    QTest::addColumn<QByteArray>("expected");
    QTest::newRow("UTC") << "UTC"_ba
                         << "[29/Feb/2024:23:59:59 +0000]"_ba;
    QTest::newRow("east") << "XXX-5:45"_ba
                          << "[01/Mar/2024:05:44:59 +0545]"_ba;
}

void AccessRecordTest::times()
{
    QFETCH(QByteArray, zone);
    QFETCH(QByteArray, expected);
    qputenv("TZ", zone);
    tzset();
    AccessRecord later = record();
    later.time = std::chrono::system_clock::from_time_t(1709251199);
    // A line of another second makes the thread forget what it made in the other zone.
    QByteArray out;
    appendCommon(out, record());
    out.clear();
    appendCommon(out, later);
    QVERIFY2(out.contains(expected), out.constData());
}

QTEST_APPLESS_MAIN(AccessRecordTest)
#include "tst_accessrecord.moc"
