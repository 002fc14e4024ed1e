#include "admin/server/requesthead.h"

#include <QTest>

using namespace Quern;
using admin::HeadReader;
using admin::Refusal;
using admin::RequestHead;

/// Heads of requests of the management API: strict where Qt's parser is lenient.
class tst_RequestHead : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyPartIsRead();
    void anyPiecesGiveTheSame();
    void nothingBehindTheHeadIsTaken();
    void emptyLinesBeforeARequest();
    void meanings_data();
    void meanings();
    void refusals_data();
    void refusals();
    void tooLong();
};

namespace {

using Read = std::variant<std::optional<RequestHead>, Refusal>;

Read readWhole(const QByteArray &bytes)
{
    HeadReader reader;
    reader.take(bytes);
    return reader.head();
}

const QByteArray get = "GET /api/v1/status HTTP/1.1\r\n";
const QByteArray host = "Host: localhost\r\n";

QByteArray shown(const RequestHead &head)
{
    QByteArray text = head.method + ' ' + head.target + ' ' + head.host;
    text += head.isVersion10 ? " 1.0" : "";
    text += head.isKeptAlive ? " kept" : "";
    text += head.isUpgrade ? " upgrade" : "";
    text += head.expectsContinue ? " continue" : "";
    text += head.contentLength > 0 ? " " + QByteArray::number(head.contentLength) : QByteArray();
    return text;
}

} // namespace

void tst_RequestHead::everyPartIsRead()
{
    const Read read =
        readWhole("PUT /api/v1/log-levels?x=1 HTTP/1.1\r\nHost: Ops.Example:5201\r\nAUTHORIZATION:\t Bearer x "
                  "\r\nContent-Length: 12\r\nExpect: 100-Continue\r\nX-A: 1\r\nx-a: 2\r\nX-Empty:\r\n\r\n");
    const auto &head = std::get<std::optional<RequestHead>>(read);
    QVERIFY(head);
    QCOMPARE(shown(*head), "PUT /api/v1/log-levels?x=1 ops.example:5201 kept continue 12");
    QCOMPARE(head->value("authorization"), "Bearer x");
    QCOMPARE(head->value("x-a"), "1, 2");
    QVERIFY(head->value("x-empty").isEmpty() && !head->value("x-empty").isNull());
    QVERIFY(head->value("none").isNull());
}

void tst_RequestHead::anyPiecesGiveTheSame()
{
    const QByteArray bytes = get + host + "\r\n";
    for (qsizetype cut = 1; cut < bytes.size(); ++cut) {
        HeadReader reader;
        QCOMPARE(reader.take(bytes.first(cut)), cut);
        const Read before = reader.head();
        QVERIFY(std::holds_alternative<std::optional<RequestHead>>(before));
        QVERIFY(!std::get<std::optional<RequestHead>>(before));
        QCOMPARE(reader.take(bytes.mid(cut)), bytes.size() - cut);
        const Read after = reader.head();
        QVERIFY(std::get<std::optional<RequestHead>>(after));
    }
}

void tst_RequestHead::nothingBehindTheHeadIsTaken()
{
    HeadReader reader;
    const QByteArray first = get + host;
    reader.take(first);
    QCOMPARE(reader.take("\r\n\x01GET"), 2);
    const Read read = reader.head();
    QVERIFY(std::get<std::optional<RequestHead>>(read));
}

void tst_RequestHead::emptyLinesBeforeARequest()
{
    HeadReader reader;
    QCOMPARE(reader.take("\r\n\r\n"), 4);
    QVERIFY(!reader.hasBegun());
    const QByteArray bytes = "\r\n" + get + host + "\r\n";
    QCOMPARE(reader.take(bytes), bytes.size());
    const Read read = reader.head();
    QVERIFY(std::get<std::optional<RequestHead>>(read));
}

void tst_RequestHead::meanings_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *name, const QByteArray &bytes, const QByteArray &expected) {
        QTest::newRow(name) << bytes + "\r\n" << expected;
    };
    row("the client closes", get + host + "Connection: Close\r\n", "GET /api/v1/status localhost");
    row("version 1.0 closes", "GET / HTTP/1.0\r\n" + host, "GET / localhost 1.0");
    row("an upgrade", get + host + "Connection: keep-alive, Upgrade\r\nUpgrade: WebSocket\r\n",
        "GET /api/v1/status localhost kept upgrade");
    row("an upgrade to something else", get + host + "Connection: Upgrade\r\nUpgrade: h2c\r\n",
        "GET /api/v1/status localhost kept");
    row("the absolute form", "GET HTTP://Ops:1/a?b HTTP/1.1\r\n" + host, "GET /a?b ops:1 kept");
    row("the absolute form without a path", "GET https://ops HTTP/1.1\r\n" + host, "GET / ops kept");
    row("1.0 has no 100", "GET / HTTP/1.0\r\n" + host + "Expect: 100-continue\r\n", "GET / localhost 1.0");
    row("an empty body", get + host + "Content-Length: 0\r\n", "GET /api/v1/status localhost kept");
    row("an unknown method is a method", "BREW / HTTP/1.1\r\n" + host, "BREW / localhost kept");
    row("bytes beyond ASCII in a value", get + host + "X: \xc3\xa4\r\n", "GET /api/v1/status localhost kept");
}

void tst_RequestHead::meanings()
{
    QFETCH(QByteArray, bytes);
    QFETCH(QByteArray, expected);
    const Read read = readWhole(bytes);
    if (const auto *refusal = std::get_if<Refusal>(&read))
        QFAIL(refusal->message.constData());
    QVERIFY(std::get<0>(read));
    QCOMPARE(shown(*std::get<0>(read)), expected);
}

void tst_RequestHead::refusals_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<int>("status");
    const auto row = [](const char *name, const QByteArray &bytes, int status = 400) {
        QTest::newRow(name) << bytes << status;
    };
    const QByteArray end = "\r\n";
    row("both kinds of length", get + host + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n" + end);
    row("both, the other way round", get + host + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n" + end);
    row("chunked", get + host + "Transfer-Encoding: chunked\r\n" + end, 411);
    row("two lengths", get + host + "Content-Length: 5\r\nContent-Length: 5\r\n" + end);
    row("two lengths in one field", get + host + "Content-Length: 5, 5\r\n" + end);
    row("a signed length", get + host + "Content-Length: +5\r\n" + end);
    row("a negative length", get + host + "Content-Length: -5\r\n" + end);
    row("no length", get + host + "Content-Length:\r\n" + end);
    row("a length beyond all", get + host + "Content-Length: 99999999999999999999\r\n" + end, 413);
    row("no host", get + end);
    row("an empty host", get + "Host:\r\n" + end);
    row("two hosts", get + host + host + end);
    row("two hosts, the first empty", get + "Host:\r\n" + host + end);
    row("two tokens", get + host + "Authorization: Bearer a\r\nauthorization: Bearer b\r\n" + end);
    row("a NUL in a value", get + host + QByteArray("X: a\0b\r\n", 8) + end);
    row("a bell in a value", get + host + "X: \a\r\n" + end);
    row("DEL in a value", get + host + "X: \x7f\r\n" + end);
    row("a control character in the target", "GET /\x01 HTTP/1.1\r\n" + host + end);
    row("a NUL before the end is seen at once", QByteArray("GET \0", 5));
    row("a bare LF, where Qt ends the head", "GET / HTTP/1.1\nHost: x\n\n");
    row("a bare LF in a field", get + host + "X: a\nY: b\r\n" + end);
    row("a bare CR in a field", get + host + "X: a\rY: b\r\n" + end);
    row("a folded field", get + host + "X: a\r\n b\r\n" + end);
    row("a blank before the colon", get + host + "X : a\r\n" + end);
    row("a field without a name", get + host + ": a\r\n" + end);
    row("a field without a colon", get + host + "X\r\n" + end);
    row("a blank in a name", get + host + "X Y: a\r\n" + end);
    row("version 9.9", "GET / HTTP/9.9\r\n" + host + end);
    row("version 2", "GET / HTTP/2.0\r\n" + host + end);
    row("a lower case version", "GET / http/1.1\r\n" + host + end);
    row("no version", "GET /\r\n" + host + end);
    row("two blanks", "GET  / HTTP/1.1\r\n" + host + end);
    row("a blank at the end", "GET / HTTP/1.1 \r\n" + host + end);
    row("a blank in the target", "GET /a b HTTP/1.1\r\n" + host + end);
    row("no path", "GET x HTTP/1.1\r\n" + host + end);
    row("a star", "OPTIONS * HTTP/1.1\r\n" + host + end);
    row("a fragment", "GET /a#b HTTP/1.1\r\n" + host + end);
    row("an odd method", "G(T / HTTP/1.1\r\n" + host + end);
    row("another expectation", get + host + "Expect: gold\r\n" + end, 417);
    row("TLS", "\x16\x03\x01\x02");
    QByteArray many = get + host;
    for (qsizetype i = 0; i < HeadReader::MostFields; ++i)
        many += "a: b\r\n";
    row("too many fields", many + end, 431);
}

void tst_RequestHead::refusals()
{
    QFETCH(QByteArray, bytes);
    QFETCH(int, status);
    const Read read = readWhole(bytes);
    QVERIFY(std::holds_alternative<Refusal>(read));
    QCOMPARE(std::get<Refusal>(read).status, status);
    QVERIFY(!std::get<Refusal>(read).message.isEmpty());
}

void tst_RequestHead::tooLong()
{
    const QByteArray beginning = get + host + "X: ";
    const QByteArray end = "\r\n\r\n";
    const qsizetype fill = HeadReader::LongestHead - beginning.size() - end.size();
    QVERIFY(std::holds_alternative<std::optional<RequestHead>>(readWhole(beginning + QByteArray(fill, 'a') + end)));
    const Read read = readWhole(beginning + QByteArray(fill + 1, 'a') + end);
    QVERIFY(std::holds_alternative<Refusal>(read));
    QCOMPARE(std::get<Refusal>(read).status, 431);
    // Also one that has no end yet.
    HeadReader reader;
    reader.take(beginning + QByteArray(reader.room() - beginning.size(), 'a'));
    QCOMPARE(reader.room(), 0);
    QVERIFY(std::holds_alternative<Refusal>(reader.head()));
}

QTEST_APPLESS_MAIN(tst_RequestHead)
#include "tst_requesthead.moc"
