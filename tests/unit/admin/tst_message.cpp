#include "admin/protocol/message.h"
#include "admin/protocol/methods.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;

class tst_Message : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void methodAndEventNames();
    void request();
    void requestWithoutParams();
    void reply();
    void errorReply();
    void errorCodes_data();
    void errorCodes();
    void unknownErrorCode();
    void eventMessage();
    void unknownMembersAreIgnored();
    void malformedLines_data();
    void malformedLines();
    void malformedRequests_data();
    void malformedRequests();
    void malformedServerMessages_data();
    void malformedServerMessages();
};

namespace {

QJsonObject object(const QByteArray &line)
{
    const Result<QJsonObject> json = decodeLine(line);
    if (!json)
        qFatal("%s", qPrintable(json.error().message()));
    return *json;
}

} // namespace

void tst_Message::methodAndEventNames()
{
    QCOMPARE(Methods::serverStatus, QLatin1StringView("server.status"));
    QCOMPARE(Methods::serverStop, QLatin1StringView("server.stop"));
    QCOMPARE(Methods::serverReload, QLatin1StringView("server.reload"));
    QCOMPARE(Methods::operationWatch, QLatin1StringView("operation.watch"));
    QCOMPARE(Events::operation, QLatin1StringView("operation"));
}

void tst_Message::request()
{
    const Request request{7, Methods::operationWatch, {{QStringLiteral("operation"), 3}}};
    const QByteArray golden("{\"id\":7,\"method\":\"operation.watch\",\"params\":{\"operation\":3}}\n");
    QCOMPARE(encodeLine(request.toJson()), golden);
    const Result<Request> read = Request::fromJson(object(golden));
    QVERIFY(read.ok());
    QCOMPARE(read->id, 7);
    QCOMPARE(read->method, QStringLiteral("operation.watch"));
    QCOMPARE(read->params, request.params);
}

void tst_Message::requestWithoutParams()
{
    const Result<Request> read = Request::fromJson(object("{\"method\":\"server.stop\",\"id\":9007199254740991}"));
    QVERIFY(read.ok());
    QCOMPARE(read->id, 9007199254740991);
    QVERIFY(read->params.isEmpty());
    QCOMPARE(encodeLine(read->toJson()),
             QByteArray("{\"id\":9007199254740991,\"method\":\"server.stop\",\"params\":{}}\n"));
}

void tst_Message::reply()
{
    const Reply reply{7, QJsonObject{{QStringLiteral("operation"), 3}}};
    const QByteArray golden("{\"id\":7,\"result\":{\"operation\":3}}\n");
    QCOMPARE(encodeLine(reply.toJson()), golden);
    const Result<ServerMessage> read = serverMessageFromJson(object(golden));
    QVERIFY(read.ok());
    const Reply *readReply = std::get_if<Reply>(&*read);
    QVERIFY(readReply);
    QCOMPARE(readReply->id, 7);
    QVERIFY(readReply->outcome.ok());
    QCOMPARE(*readReply->outcome, *reply.outcome);
}

void tst_Message::errorReply()
{
    const Reply reply{0, Error(Error::Busy, QStringLiteral("operation 3 („reload“) still runs"))};
    const QByteArray golden(
        "{\"error\":{\"code\":\"busy\",\"message\":\"operation 3 („reload“) still runs\"},\"id\":0}\n");
    QCOMPARE(encodeLine(reply.toJson()), golden);
    const Result<ServerMessage> read = serverMessageFromJson(object(golden));
    QVERIFY(read.ok());
    const Reply *readReply = std::get_if<Reply>(&*read);
    QVERIFY(readReply);
    QCOMPARE(readReply->id, 0);
    QVERIFY(!readReply->outcome);
    QCOMPARE(readReply->outcome.error().code(), Error::Busy);
    QCOMPARE(readReply->outcome.error().message(), reply.outcome.error().message());
}

void tst_Message::errorCodes_data()
{
    QTest::addColumn<Error::Code>("code");
    QTest::newRow("invalid") << Error::Invalid;
    QTest::newRow("protocol") << Error::Protocol;
    QTest::newRow("too-large") << Error::TooLarge;
    QTest::newRow("not-found") << Error::NotFound;
    QTest::newRow("exists") << Error::Exists;
    QTest::newRow("busy") << Error::Busy;
    QTest::newRow("unavailable") << Error::Unavailable;
    QTest::newRow("timeout") << Error::Timeout;
    QTest::newRow("permission") << Error::Permission;
    QTest::newRow("io") << Error::Io;
    QTest::newRow("internal") << Error::Internal;
}

void tst_Message::errorCodes()
{
    QFETCH(Error::Code, code);
    const QString name = QString::fromLatin1(QTest::currentDataTag());
    QCOMPARE(errorCodeName(code), name);
    const Result<Reply> read = Reply::fromJson(Reply{1, Error(code, name)}.toJson());
    QVERIFY(read.ok());
    QCOMPARE(read->outcome.error().code(), code);
}

void tst_Message::unknownErrorCode()
{
    const Result<Reply> read = Reply::fromJson(object("{\"id\":1,\"error\":{\"code\":\"gone\",\"message\":\"m\"}}"));
    QVERIFY(read.ok());
    QCOMPARE(read->outcome.error().code(), Error::Internal);
    QCOMPARE(read->outcome.error().message(), QStringLiteral("m"));
}

void tst_Message::eventMessage()
{
    const Event event{Events::operation, {{QStringLiteral("id"), 3}}};
    const QByteArray golden("{\"data\":{\"id\":3},\"event\":\"operation\"}\n");
    QCOMPARE(encodeLine(event.toJson()), golden);
    const Result<ServerMessage> read = serverMessageFromJson(object(golden));
    QVERIFY(read.ok());
    const Event *readEvent = std::get_if<Event>(&*read);
    QVERIFY(readEvent);
    QCOMPARE(readEvent->name, QStringLiteral("operation"));
    QCOMPARE(readEvent->data, event.data);
}

void tst_Message::unknownMembersAreIgnored()
{
    QVERIFY(Request::fromJson(object("{\"id\":1,\"method\":\"m\",\"token\":[1]}")).ok());
    QVERIFY(serverMessageFromJson(object("{\"id\":1,\"result\":{},\"took\":1.5}")).ok());
    QVERIFY(serverMessageFromJson(object("{\"event\":\"e\",\"data\":{},\"id\":null}")).ok());
}

void tst_Message::malformedLines_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<QString>("beginning");
    const QString notJson = QStringLiteral("not JSON at byte ");
    QTest::newRow("empty") << QByteArray() << notJson;
    QTest::newRow("no JSON") << QByteArray("status") << notJson;
    QTest::newRow("cut short") << QByteArray("{\"id\":1") << notJson + u'7';
    QTest::newRow("two objects") << QByteArray("{}{}") << notJson + u'2';
    QTest::newRow("not UTF-8") << QByteArray("{\"id\":\"\xff\"}") << notJson + u'7';
    QTest::newRow("too deep") << "{\"a\":" + QByteArray(2000, '[') << notJson;
    QTest::newRow("an array") << QByteArray("[{}]") << QStringLiteral("a message must be a JSON object, not an array");
}

void tst_Message::malformedLines()
{
    QFETCH(QByteArray, line);
    QFETCH(QString, beginning);
    const Result<QJsonObject> json = decodeLine(line);
    QVERIFY(!json);
    QCOMPARE(json.error().code(), Error::Protocol);
    QVERIFY2(json.error().message().startsWith(beginning), qPrintable(json.error().message()));
}

void tst_Message::malformedRequests_data()
{
    QTest::addColumn<QString>("message");
    const auto row = [](const char *line, const char *message) { QTest::newRow(line) << QString::fromLatin1(message); };
    row("{}", "id: is missing");
    row("{\"method\":\"m\"}", "id: is missing");
    row("{\"id\":0,\"method\":\"m\"}", "id: must be 1 or more");
    row("{\"id\":-1,\"method\":\"m\"}", "id: must be an integer from 0 to 9007199254740991, not -1");
    row("{\"id\":1.5,\"method\":\"m\"}", "id: must be an integer from 0 to 9007199254740991, not 1.5");
    row("{\"id\":9007199254740992,\"method\":\"m\"}",
        "id: must be an integer from 0 to 9007199254740991, not 9007199254740992");
    row("{\"id\":\"7\",\"method\":\"m\"}", "id: must be an integer from 0 to 9007199254740991, not the string \"7\"");
    row("{\"id\":null,\"method\":\"m\"}", "id: must be an integer from 0 to 9007199254740991, not null");
    row("{\"id\":1}", "method: is missing");
    row("{\"id\":1,\"method\":5}", "method: must be a string, not 5");
    row("{\"id\":1,\"method\":\"\"}", "method: is empty");
    row("{\"id\":1,\"method\":\"m\",\"params\":[]}", "params: must be an object, not an array");
    row("{\"id\":1,\"method\":\"m\",\"params\":true}", "params: must be an object, not true");
}

void tst_Message::malformedRequests()
{
    QFETCH(QString, message);
    const Result<Request> request = Request::fromJson(object(QTest::currentDataTag()));
    QVERIFY(!request);
    QCOMPARE(request.error().code(), Error::Protocol);
    QCOMPARE(request.error().message(), message);
}

void tst_Message::malformedServerMessages_data()
{
    QTest::addColumn<QString>("message");
    const auto row = [](const char *line, const char *message) { QTest::newRow(line) << QString::fromLatin1(message); };
    row("{}", "id: is missing");
    row("{\"id\":1}", "result: is missing");
    row("{\"result\":{}}", "id: is missing");
    row("{\"id\":1,\"result\":5}", "result: must be an object, not 5");
    row("{\"id\":1,\"result\":{},\"error\":{\"code\":\"io\",\"message\":\"\"}}", "error: stands beside a result");
    row("{\"id\":1,\"error\":\"no\"}", "error: must be an object, not the string \"no\"");
    row("{\"id\":1,\"error\":{\"message\":\"m\"}}", "error.code: is missing");
    row("{\"id\":1,\"error\":{\"code\":\"io\"}}", "error.message: is missing");
    row("{\"id\":1,\"error\":{\"code\":5,\"message\":\"m\"}}", "error.code: must be a string, not 5");
    row("{\"event\":5,\"data\":{}}", "event: must be a string, not 5");
    row("{\"event\":\"\",\"data\":{}}", "event: is empty");
    row("{\"event\":\"operation\"}", "data: is missing");
    row("{\"event\":\"operation\",\"data\":[]}", "data: must be an object, not an array");
}

void tst_Message::malformedServerMessages()
{
    QFETCH(QString, message);
    const Result<ServerMessage> read = serverMessageFromJson(object(QTest::currentDataTag()));
    QVERIFY(!read);
    QCOMPARE(read.error().code(), Error::Protocol);
    QCOMPARE(read.error().message(), message);
}

QTEST_GUILESS_MAIN(tst_Message)
#include "tst_message.moc"
