#include "admin/protocol/message.h"
#include "admin/protocol/operation.h"

#include <QJsonArray>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;

class tst_Operation : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void reference();
    void messages_data();
    void messages();
    void timesAreSentInUtc();
    void malformed_data();
    void malformed();
};

namespace {

QDateTime at(int milliseconds)
{
    return QDateTime(QDate(2026, 1, 31), QTime(12, 0, 0, milliseconds), Qt::UTC);
}

} // namespace

Q_DECLARE_METATYPE(Quern::admin::Operation)

void tst_Operation::reference()
{
    QCOMPARE(encodeLine(OperationReference{3, std::chrono::seconds(13)}.toJson()),
             QByteArray("{\"operation\":3,\"patienceMs\":13000}\n"));
    const Result<OperationReference> read =
        OperationReference::fromJson({{QStringLiteral("operation"), 3}, {QStringLiteral("patienceMs"), 13000}});
    QVERIFY(read.ok());
    QCOMPARE(read->operation, 3);
    const Result<OperationReference> missing = OperationReference::fromJson({});
    QVERIFY(!missing);
    QCOMPARE(missing.error().message(), QStringLiteral("operation: is missing"));
}

void tst_Operation::messages_data()
{
    QTest::addColumn<Operation>("operation");
    QTest::addColumn<QByteArray>("golden");
    QTest::newRow("just begun")
        << Operation{1, Operation::Kind::Stop, Operation::State::Running, {}, {}}
        << QByteArray("{\"error\":\"\",\"id\":1,\"kind\":\"stop\",\"state\":\"running\",\"steps\":[]}\n");
    QTest::newRow("succeeded") << Operation{2,
                                            Operation::Kind::Reload,
                                            Operation::State::Succeeded,
                                            {{at(0), QStringLiteral("generation 2 starts")},
                                             {at(250), QStringLiteral("worker 0 is ready")}},
                                            {}}
                               << QByteArray(
                                      "{\"error\":\"\",\"id\":2,\"kind\":\"reload\",\"state\":\"succeeded\",\"steps\":["
                                      "{\"at\":\"2026-01-31T12:00:00.000Z\",\"text\":\"generation 2 starts\"},"
                                      "{\"at\":\"2026-01-31T12:00:00.250Z\",\"text\":\"worker 0 is ready\"}]}\n");
    QTest::newRow("failed")
        << Operation{3, Operation::Kind::Reload, Operation::State::Failed, {}, QStringLiteral("libshop.so: other ABI")}
        << QByteArray("{\"error\":\"libshop.so: other ABI\",\"id\":3,\"kind\":\"reload\","
                      "\"state\":\"failed\",\"steps\":[]}\n");
}

void tst_Operation::messages()
{
    QFETCH(Operation, operation);
    QFETCH(QByteArray, golden);
    QCOMPARE(encodeLine(operation.toJson()), golden);
    const Result<Operation> read = Operation::fromJson(*decodeLine(golden));
    QVERIFY2(read.ok(), read ? "" : qPrintable(read.error().message()));
    QVERIFY(*read == operation);
}

void tst_Operation::timesAreSentInUtc()
{
    const QDateTime east = at(5).toOffsetFromUtc(2 * 3600);
    const Operation operation{1, Operation::Kind::Stop, Operation::State::Running, {{east, QString()}}, {}};
    QVERIFY(encodeLine(operation.toJson()).contains("\"2026-01-31T12:00:00.005Z\""));
    const Result<Operation> read =
        Operation::fromJson(*decodeLine("{\"error\":\"\",\"id\":1,\"kind\":\"stop\",\"state\":\"running\",\"steps\":["
                                        "{\"at\":\"2026-01-31T14:00:00.005+02:00\",\"text\":\"\"}]}"));
    QVERIFY(read.ok());
    QCOMPARE(read->steps.constFirst().at, at(5));
    QCOMPARE(read->steps.constFirst().at.timeSpec(), Qt::UTC);
}

void tst_Operation::malformed_data()
{
    QTest::addColumn<QString>("member");
    QTest::addColumn<QJsonValue>("value");
    QTest::addColumn<QString>("message");
    const auto row = [](const char *member, const QJsonValue &value, const char *message) {
        QTest::newRow(message) << QString::fromLatin1(member) << value << QString::fromLatin1(message);
    };
    const QJsonValue absent(QJsonValue::Undefined);
    row("id", absent, "id: is missing");
    row("kind", absent, "kind: is missing");
    row("state", absent, "state: is missing");
    row("steps", absent, "steps: is missing");
    row("error", absent, "error: is missing");
    row("id", -1, "id: must be an integer from 0 to 9007199254740991, not -1");
    row("kind", QStringLiteral("sail"),
        "kind: must be one of \"reload\", \"stop\", \"scale\", \"drain\", \"restart\", not the string \"sail\"");
    row("kind", 1, "kind: must be one of \"reload\", \"stop\", \"scale\", \"drain\", \"restart\", not 1");
    row("state", QString(), "state: must be one of \"running\", \"succeeded\", \"failed\", not the string \"\"");
    row("steps", QJsonObject(), "steps: must be an array, not an object");
    row("steps", QJsonArray{5}, "steps[0]: must be an object, not 5");
    row("steps", QJsonArray{QJsonObject()}, "steps[0].at: is missing");
    row("error", QJsonValue(), "error: must be a string, not null");
    const auto step = [](const char *at) {
        return QJsonObject{{QStringLiteral("at"), QString::fromLatin1(at)}, {QStringLiteral("text"), QString()}};
    };
    row("steps", QJsonArray{step("2026-01-31T12:00:00Z"), step("noon")},
        "steps[1].at: must be a time such as \"2026-01-31T12:00:00.000Z\", not the string \"noon\"");
}

void tst_Operation::malformed()
{
    QFETCH(QString, member);
    QFETCH(QJsonValue, value);
    QFETCH(QString, message);
    QJsonObject json = Operation{1, Operation::Kind::Stop, Operation::State::Running, {}, {}}.toJson();
    json.insert(member, value); // an undefined value removes the member
    const Result<Operation> read = Operation::fromJson(json);
    QVERIFY(!read);
    QCOMPARE(read.error().code(), Error::Protocol);
    QCOMPARE(read.error().message(), message);
}

QTEST_GUILESS_MAIN(tst_Operation)
#include "tst_operation.moc"
