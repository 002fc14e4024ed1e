#include "admin/protocol/endpoints.h"
#include "admin/server/requestjudge.h"

#include <QJsonDocument>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;

using Kind = Verdict::Kind;

/// Who may ask for what, by the head of a request.
class tst_RequestJudge : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyMethodForEveryRole();
    void verdicts_data();
    void verdicts();
    void hosts_data();
    void hosts();
    void origins_data();
    void origins();
    void statusOfEachError();
    void answersAreWhole();
};

namespace {

const QByteArray viewerToken(40, 'v');
const QByteArray operatorToken(40, 'o');
const QByteArray adminToken(40, 'a');

RequestJudge makeJudge()
{
    const HostRules rules = {{"ops.example.org"}, {"https://dash.example.org"}};
    RequestJudge judge(endpoints(), rules, 1000);
    judge.setTokens(*AccessTokens::parse(
        "viewer v " + viewerToken + "\noperator o " + operatorToken + "\nadmin a " + adminToken, u"t"_s));
    return judge;
}

RequestHead headOf(const QByteArray &line, const QByteArray &fields = {}, const QByteArray &host = "127.0.0.1:5201")
{
    HeadReader reader;
    reader.take(line + " HTTP/1.1\r\nHost: " + host + "\r\n" + fields + "\r\n");
    const auto head = reader.head();
    if (!std::holds_alternative<std::optional<RequestHead>>(head))
        qFatal("%s", std::get<Refusal>(head).message.constData());
    return *std::get<std::optional<RequestHead>>(head);
}

QByteArray bearer(const QByteArray &token)
{
    return "Authorization: Bearer " + token + "\r\n";
}

const QByteArray upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
                           "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

QString messageOf(const Verdict &verdict)
{
    return QJsonDocument::fromJson(verdict.answer.body)["error"_L1]["message"_L1].toString();
}

} // namespace

/// The whole table of endpoints against the whole table of roles.
void tst_RequestJudge::everyMethodForEveryRole()
{
    const RequestJudge judge = makeJudge();
    const QList<std::pair<Role, QByteArray>> tokens = {
        {Role::Viewer, viewerToken}, {Role::Operator, operatorToken}, {Role::Admin, adminToken}};
    for (const Endpoint &endpoint : endpoints()) {
        QByteArray path = endpoint.path.toUtf8();
        path.replace("{operation}", "1").replace("{id}", "1").replace("{job}", "j");
        const QByteArray line = QByteArray(verbName(endpoint.verb).data()) + ' ' + path;
        const Verdict stranger = judge.judge(headOf(line), false);
        QCOMPARE(stranger.kind, endpoint.isPublic ? Kind::Serve : Kind::Refuse);
        QCOMPARE(stranger.answer.status, endpoint.isPublic ? 200 : 401);
        for (const auto &[role, token] : tokens) {
            const Role needed = findMethodAccess(QString(endpoint.method))->role;
            const Verdict verdict = judge.judge(headOf(line, bearer(token)), false);
            const bool may = role >= needed || endpoint.isPublic;
            QVERIFY2((verdict.kind == Kind::Serve) == may, line.constData());
            QCOMPARE(verdict.endpoint, &endpoint);
            if (!may)
                QCOMPARE(verdict.answer.status, 403);
        }
    }
}

void tst_RequestJudge::verdicts_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QByteArray>("fields");
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("status");
    const auto row = [](const char *name, const QByteArray &line, const QByteArray &fields, Kind kind,
                        int status = 200) { QTest::newRow(name) << line << fields << int(kind) << status; };
    const QByteArray token = bearer(adminToken);
    const QByteArray json = "Content-Type: application/json; charset=utf-8\r\nContent-Length: 1000\r\n";
    row("a path that is not there", "GET /api/v1/x", token, Kind::Refuse, 404);
    row("the root", "GET /", {}, Kind::Refuse, 404);
    row("a slash too many", "GET /api/v1/status/", token, Kind::Refuse, 404);
    row("an empty place", "POST /api/v1/cron//run", token, Kind::Refuse, 404);
    row("another verb", "PUT /api/v1/status", token, Kind::Refuse, 405);
    row("no verb at all", "BREW /api/v1/status", token, Kind::Refuse, 405);
    row("a broken escape", "GET /api/v1/cron/%2", token, Kind::Refuse, 400);
    row("HEAD is as GET", "HEAD /api/v1/status", token, Kind::Serve);
    row("the document", "GET /api/v1/openapi.json", {}, Kind::Document);
    row("the document has one verb", "POST /api/v1/openapi.json", {}, Kind::Refuse, 405);
    row("a browser's question", "OPTIONS /api/v1/status", {}, Kind::Preflight, 204);
    row("a wrong token", "GET /api/v1/status", bearer(QByteArray(40, 'x')), Kind::Delay, 401);
    row("an empty token", "GET /api/v1/status", "Authorization: Bearer\r\n", Kind::Refuse, 401);
    row("another scheme", "GET /api/v1/status", "Authorization: Basic " + adminToken + "\r\n", Kind::Refuse, 401);
    row("the scheme in lower case", "GET /api/v1/status", "Authorization: bearer " + adminToken + "\r\n", Kind::Serve);
    row("a token in the query", "GET /api/v1/status?access_token=" + adminToken, {}, Kind::Refuse, 401);
    row("a body", "PUT /api/v1/log-levels", token + json, Kind::Serve);
    row("a large body", "PUT /api/v1/log-levels", token + "Content-Type: application/json\r\nContent-Length: 1001\r\n",
        Kind::Refuse, 413);
    row("a body of another type", "PUT /api/v1/log-levels", token + "Content-Type: text/plain\r\nContent-Length: 1\r\n",
        Kind::Refuse, 415);
    row("a body without a type", "PUT /api/v1/log-levels", token + "Content-Length: 1\r\n", Kind::Refuse, 415);
    row("an empty body where none is taken", "POST /api/v1/stop",
        token + "Content-Type: application/json\r\nContent-Length: 2\r\n", Kind::Serve);
    row("a body where none is taken", "POST /api/v1/stop", token + json, Kind::Refuse, 413);
    row("a body of a question", "GET /api/v1/status", token + json, Kind::Refuse, 413);
    row("a body of a stranger", "GET /healthz", json, Kind::Refuse, 413);
    row("a stream", "GET /api/v1/stream", token + upgrade, Kind::Stream);
    row("a stream with a token of a browser", "GET /api/v1/stream",
        upgrade + "Sec-WebSocket-Protocol: quern.v1, bearer." + viewerToken + "\r\n", Kind::Stream);
    row("a stream with a wrong token of a browser", "GET /api/v1/stream",
        upgrade + "Sec-WebSocket-Protocol: quern.v1, bearer.x\r\n", Kind::Delay, 401);
    row("a stream with a token and no protocol", "GET /api/v1/stream",
        upgrade + "Sec-WebSocket-Protocol: bearer." + viewerToken + "\r\n", Kind::Refuse, 400);
    row("a stream of another protocol", "GET /api/v1/stream", token + upgrade + "Sec-WebSocket-Protocol: soap\r\n",
        Kind::Refuse, 400);
    row("a stream without a token", "GET /api/v1/stream", upgrade, Kind::Refuse, 401);
    row("a stream that is none", "GET /api/v1/stream", token, Kind::Refuse, 426);
    row("a stream with a body", "GET /api/v1/stream", token + upgrade + "Content-Length: 1\r\n", Kind::Refuse, 426);
    row("a stream of an old version", "GET /api/v1/stream",
        token + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 8\r\n"
                "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        Kind::Refuse, 426);
    row("a stream with half a key", "GET /api/v1/stream",
        token + "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhl\r\n",
        Kind::Refuse, 426);
    row("a WebSocket elsewhere", "GET /api/v1/status", token + upgrade, Kind::Refuse, 400);
}

void tst_RequestJudge::verdicts()
{
    QFETCH(QByteArray, line);
    QFETCH(QByteArray, fields);
    QFETCH(int, kind);
    QFETCH(int, status);
    const Verdict verdict = makeJudge().judge(headOf(line, fields), false);
    QCOMPARE(int(verdict.kind), kind);
    QCOMPARE(verdict.answer.status, status);
    QVERIFY(!verdict.answer.body.contains(adminToken));
    const bool isError = status >= 400;
    QCOMPARE(!messageOf(verdict).isEmpty(), isError);
}

void tst_RequestJudge::hosts_data()
{
    QTest::addColumn<QByteArray>("host");
    QTest::addColumn<bool>("isRight");
    for (const char *host : {"127.0.0.1", "127.0.0.1:5201", "localhost", "LOCALHOST:1", "[::1]:5201", "[::1]",
                             "192.0.2.7:80", "ops.example.org", "Ops.Example.Org:5201"})
        QTest::newRow(host) << QByteArray(host) << true;
    for (const char *host : {"evil.example", "evil.example:5201", "localhost.evil.example", "127.0.0.1.evil.example",
                             "1", "0x7f.1", "127.1", "::1", "[127.0.0.1]", "localhost:", "localhost:x",
                             "localhost:123456", "user@localhost", "xops.example.org", "[::1"}) {
        const bool isRight = QByteArrayView(host) == "localhost:"; // RFC 3986 §3.2.3: an empty port is none
        QTest::newRow(host) << QByteArray(host) << isRight;
    }
}

void tst_RequestJudge::hosts()
{
    QFETCH(QByteArray, host);
    QFETCH(bool, isRight);
    const Verdict verdict = makeJudge().judge(headOf("GET /healthz", {}, host), false);
    QCOMPARE(verdict.kind == Kind::Serve, isRight);
    if (!isRight)
        QCOMPARE(verdict.answer.status, 421);
}

void tst_RequestJudge::origins_data()
{
    QTest::addColumn<QByteArray>("origin");
    QTest::addColumn<bool>("isEncrypted");
    QTest::addColumn<bool>("isRight");
    QTest::addColumn<bool>("isForeign");
    const auto row = [](const char *origin, bool isEncrypted, bool isRight, bool isForeign = false) {
        QTest::newRow(qPrintable(QString::fromLatin1(origin) + (isEncrypted ? u" over TLS"_s : QString())))
            << QByteArray(origin) << isEncrypted << isRight << isForeign;
    };
    row("http://127.0.0.1:5201", false, true);
    row("https://127.0.0.1:5201", true, true);
    row("https://127.0.0.1:5201", false, false);
    row("http://127.0.0.1:5200", false, false); // the application's own pages are others
    row("http://127.0.0.1", false, false);
    row("http://localhost:5201", false, false);
    row("https://dash.example.org", false, true, true);
    row("https://dash.example.org.evil", false, false);
    row("null", false, false);
    row("*", false, false);
    row("", false, false);
}

void tst_RequestJudge::origins()
{
    QFETCH(QByteArray, origin);
    QFETCH(bool, isEncrypted);
    QFETCH(bool, isRight);
    QFETCH(bool, isForeign);
    const RequestJudge judge = makeJudge();
    const Verdict verdict = judge.judge(headOf("GET /healthz", "Origin: " + origin + "\r\n"), isEncrypted);
    QCOMPARE(verdict.kind == Kind::Serve, isRight);
    QCOMPARE(verdict.origin, isForeign ? origin : QByteArray());
    const Verdict stream = judge.judge(
        headOf("GET /api/v1/stream", bearer(viewerToken) + upgrade + "Origin: " + origin + "\r\n"), isEncrypted);
    QCOMPARE(stream.kind == Kind::Stream, isRight);
    if (!isRight)
        QCOMPARE(stream.answer.status, 403);
}

void tst_RequestJudge::statusOfEachError()
{
    const QList<std::pair<Error::Code, int>> expected = {
        {Error::Invalid, 400},    {Error::Protocol, 400}, {Error::TooLarge, 413},    {Error::NotFound, 404},
        {Error::Exists, 409},     {Error::Busy, 503},     {Error::Unavailable, 503}, {Error::Timeout, 504},
        {Error::Permission, 403}, {Error::Io, 500},       {Error::Internal, 500}};
    for (const auto &[code, status] : expected) {
        QCOMPARE(statusOf(code), status);
        const QJsonObject error =
            QJsonDocument::fromJson(HttpAnswer::ofError(Error(code, u"why"_s)).body)["error"_L1].toObject();
        QCOMPARE(error["message"_L1].toString(), u"why"_s);
        QVERIFY(!error["code"_L1].toString().isEmpty());
    }
}

void tst_RequestJudge::answersAreWhole()
{
    HttpAnswer answer = HttpAnswer::ofJson({{u"a"_s, 1}}, 202);
    answer.addField("Location", "/x");
    const QByteArray whole = encodeAnswer(answer, {});
    QVERIFY(whole.startsWith("HTTP/1.1 202 Accepted\r\n"));
    for (const char *field :
         {"\r\nContent-Type: application/json\r\n", "\r\nContent-Length: 8\r\n", "\r\nCache-Control: no-store\r\n",
          "\r\nX-Content-Type-Options: nosniff\r\n", "\r\nLocation: /x\r\n", "\r\nConnection: keep-alive\r\n"})
        QVERIFY2(whole.contains(field), field);
    QVERIFY(whole.endsWith("\r\n\r\n{\"a\":1}\n"));
    const QByteArray head = encodeAnswer(answer, {.hasBody = false, .isLast = true, .origin = "https://d"});
    QVERIFY(head.contains("\r\nContent-Length: 8\r\n") && head.endsWith("\r\n\r\n"));
    QVERIFY(head.contains("\r\nConnection: close\r\n"));
    QVERIFY(head.contains("\r\nAccess-Control-Allow-Origin: https://d\r\nVary: Origin\r\n"));
}

QTEST_APPLESS_MAIN(tst_RequestJudge)
#include "tst_requestjudge.moc"
