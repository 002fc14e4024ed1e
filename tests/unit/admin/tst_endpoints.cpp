#include "admin/protocol/access.h"
#include "admin/protocol/auditmessages.h"
#include "admin/protocol/configmessages.h"
#include "admin/protocol/connectionmessages.h"
#include "admin/protocol/cronmessages.h"
#include "admin/protocol/endpointrequest.h"
#include "admin/protocol/endpoints.h"
#include "admin/protocol/logmessages.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/openapi.h"
#include "admin/protocol/operation.h"
#include "admin/protocol/servermessages.h"
#include "admin/protocol/tablemessages.h"
#include "admin/protocol/taskmessages.h"

#include <QJsonArray>
#include <QJsonDocument>
#include <QRegularExpression>
#include <QSet>
#include <QTest>

#include <functional>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;

/// The endpoints, the methods that they are for, and the document that describes them: none may lack in another.
class tst_Endpoints : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyMethodHasAWay();
    void everyEndpointIsWhole();
    void everyPlaceIsAParameter();
    void defaultsAreWhatMethodsTake();
    void limitsAreToldAndHeld();
    void parameters_data();
    void parameters();
    void refusals_data();
    void refusals();
    void closestPathWins();
    void bodiesMayLeaveOutWhatHasADefault();
    void documentHasEveryEndpoint();
    void everyReferenceLeadsSomewhere();
    void schemasAreThoseOfTheStructs();
};

namespace {

Target targetOf(const QByteArray &text)
{
    const Result<Target> target = Target::parse(text);
    if (!target)
        qFatal("%s", qPrintable(target.error().message()));
    return *target;
}

/// What is asked for, or the error.
QByteArray askedFor(const QByteArray &method, const QByteArray &target, const QByteArray &body = {})
{
    const Result<Target> parsed = Target::parse(target);
    if (!parsed)
        return parsed.error().message().toUtf8();
    const EndpointMatch match = findEndpoint(endpoints(), method, *parsed);
    if (!match.endpoint)
        return match.allowed.isEmpty() ? QByteArray("nothing") : "only " + match.allowed.join(' ');
    const Result<QJsonObject> parameters = methodParameters(*match.endpoint, *parsed, body);
    if (!parameters)
        return parameters.error().message().toUtf8();
    return QByteArray(match.endpoint->method.data()) + ' ' + QJsonDocument(*parameters).toJson(QJsonDocument::Compact);
}

QJsonObject document()
{
    return openApiDocument(endpoints(), u"1.2.3"_s);
}

QJsonObject querySchema()
{
    const QJsonObject any;
    return {{u"type"_s, u"object"_s},
            {u"properties"_s, QJsonObject{{u"lines"_s, any}, {u"level"_s, any}}},
            {u"required"_s, QJsonArray{u"lines"_s, u"level"_s}}};
}

/// Calls \a visit with each object in \a value.
void walk(const QJsonValue &value, const std::function<void(const QJsonObject &)> &visit)
{
    if (value.isArray()) {
        const QJsonArray array = value.toArray();
        for (const QJsonValue element : array)
            walk(element, visit);
    } else if (value.isObject()) {
        const QJsonObject object = value.toObject();
        visit(object);
        for (const QJsonValue member : object)
            walk(member, visit);
    }
}

} // namespace

void tst_Endpoints::everyMethodHasAWay()
{
    QSet<QString> reached = {metricsEndpoint(u"/m"_s, true).method};
    for (const Endpoint &endpoint : endpoints())
        reached.insert(endpoint.method);
    for (const QLatin1StringView method : streamMethods()) {
        QVERIFY2(!reached.contains(method), method.data());
        reached.insert(method);
    }
    QSet<QString> known;
    for (const MethodAccess &access : methodAccess())
        known.insert(access.method);
    QCOMPARE(reached, known);
}

void tst_Endpoints::everyEndpointIsWhole()
{
    QSet<QString> seen;
    for (const Endpoint &endpoint : endpoints()) {
        const QString name = verbName(endpoint.verb) + QString(u' ') + endpoint.path;
        QVERIFY2(!seen.contains(name), qPrintable(name));
        seen.insert(name);
        QVERIFY2(endpoint.path.startsWith(u'/') && !endpoint.path.endsWith(u'/'), qPrintable(name));
        QVERIFY2(endpoint.summary.endsWith(u'.'), qPrintable(name));
        const bool hasResult = endpoint.result.schema && !endpoint.result.name.isEmpty();
        QVERIFY2(endpoint.answer == Endpoint::Answer::Text ? !endpoint.contentType.isEmpty() : hasResult,
                 qPrintable(name));
        const MethodAccess *access = findMethodAccess(QString(endpoint.method));
        // What changes something is no GET, which a browser or a cache may repeat; and nobody does it without a token.
        // What takes a text to look at is no GET either.
        const bool isQuestion = endpoint.method == Methods::configCheck;
        QVERIFY2((access->isChange || isQuestion) == (endpoint.verb != Endpoint::Verb::Get), qPrintable(name));
        QVERIFY2(!endpoint.isPublic || (access->role == Role::Viewer && !access->isChange), qPrintable(name));
    }
}

void tst_Endpoints::everyPlaceIsAParameter()
{
    static const QRegularExpression form(u"\\{([a-z]+)\\}"_s);
    for (const Endpoint &endpoint : endpoints()) {
        QStringList places;
        for (auto it = form.globalMatch(endpoint.path); it.hasNext();)
            places += it.next().captured(1);
        QStringList declared;
        for (const EndpointParameter &parameter : endpoint.parameters) {
            if (parameter.place == EndpointParameter::Place::Path)
                declared += QString(parameter.name);
        }
        QCOMPARE(declared, places);
    }
}

/// Without a query, each method that takes parameters gets all that its message wants.
void tst_Endpoints::defaultsAreWhatMethodsTake()
{
    const auto parametersOf = [](const QByteArray &method, const QByteArray &target, const QByteArray &body = {}) {
        const EndpointMatch match = findEndpoint(endpoints(), method, targetOf(target));
        return *methodParameters(*match.endpoint, targetOf(target), body);
    };
    QVERIFY(*LogQuery::fromJson(parametersOf("GET", "/api/v1/logs")) == LogQuery());
    QVERIFY(AuditQuery::fromJson(parametersOf("GET", "/api/v1/audit")));
    QVERIFY(*DeadLetterQuery::fromJson(parametersOf("GET", "/api/v1/tasks/dead-letters")) == DeadLetterQuery());
    QVERIFY(OperationNumber::fromJson(parametersOf("GET", "/api/v1/operations/3")));
    QVERIFY(!ReloadRequest::fromJson(parametersOf("POST", "/api/v1/reload"))->taskWorkers);
    QVERIFY(ReloadRequest::fromJson(parametersOf("POST", "/api/v1/reload", "{\"taskWorkers\":true}"))->taskWorkers);
    QVERIFY(ScaleRequest::fromJson(parametersOf("POST", "/api/v1/scale", "{\"workers\":3}")));
    QCOMPARE(RestartRequest::fromJson(parametersOf("POST", "/api/v1/restart", "{\"environment\":\"a\"}"))->environment,
             QStringLiteral("a"));
    QVERIFY(WatchRequest::fromJson(parametersOf("POST", "/api/v1/watch", "{\"on\":true}"))->on);
    QVERIFY(DrainRequest::fromJson(parametersOf("POST", "/api/v1/drain", "{\"on\":true}"))->on);
    QVERIFY(ConfigCandidate::fromJson(parametersOf("POST", "/api/v1/config/check", "{\"text\":\"\"}")));
    QVERIFY(ProcessReference::fromJson(parametersOf("DELETE", "/api/v1/processes/worker%201")));
    QCOMPARE(ProcessReference::fromJson(parametersOf("DELETE", "/api/v1/processes/worker%201?pid=4711"))->pid, 4711);
    QVERIFY(TableListQuery::fromJson(parametersOf("GET", "/api/v1/tables")));
    QVERIFY(*TableRowQuery::fromJson(parametersOf("GET", "/api/v1/tables/a/rows")) ==
            (TableRowQuery{u"a"_s, 100, {}, {}}));
    QVERIFY(TableRowChange::fromJson(parametersOf("PUT", "/api/v1/tables/a/rows/k", "{\"values\":{}}")));
    QVERIFY(TableRowReference::fromJson(parametersOf("DELETE", "/api/v1/tables/a/rows/k")));
    QVERIFY(AtomicValue::fromJson(parametersOf("PUT", "/api/v1/atomics/a", "{\"value\":3}")));
    QVERIFY(*ConnectionQuery::fromJson(parametersOf("GET", "/api/v1/connections")) == ConnectionQuery());
    QVERIFY(ConnectionClosing::fromJson(parametersOf("DELETE", "/api/v1/connections/5")));
    QVERIFY(ConnectionMessage::fromJson(parametersOf("POST", "/api/v1/connections/5/push", "{\"text\":\"hi\"}")));
    QVERIFY(CronJobReference::fromJson(parametersOf("POST", "/api/v1/cron/a/run")));
    QVERIFY(LogLevelChange::fromJson(parametersOf("PUT", "/api/v1/log-levels", "{\"levels\":\"debug\"}")));
    QVERIFY(DeadLetterReference::fromJson(parametersOf("GET", "/api/v1/tasks/dead-letters/1")));
    for (const char *path : {"/api/v1/tasks/dead-letters/1/retry", "/api/v1/tasks/dead-letters/retry?all=true"})
        QVERIFY(DeadLetterSelection::fromJson(parametersOf("POST", path)));
}

void tst_Endpoints::limitsAreToldAndHeld()
{
    const QJsonObject paths = document()["paths"_L1].toObject();
    const auto holds = [&](const QString &path, int most, const auto &read) {
        const QJsonArray parameters = paths[path]["get"_L1]["parameters"_L1].toArray();
        const auto limit = std::find_if(parameters.begin(), parameters.end(),
                                        [](const QJsonValue &value) { return value["name"_L1] == "limit"_L1; });
        const auto takes = [&](int number) {
            return read(QJsonObject{{u"table"_s, u"a"_s}, {u"limit"_s, number}}).ok();
        };
        return limit != parameters.end() && (*limit)["schema"_L1]["minimum"_L1] == 1 &&
               (*limit)["schema"_L1]["maximum"_L1] == most && !takes(0) && takes(1) && takes(most) && !takes(most + 1);
    };
    QVERIFY(holds(u"/api/v1/audit"_s, AuditQuery::MostEntries, AuditQuery::fromJson));
    QVERIFY(holds(u"/api/v1/tasks/dead-letters"_s, DeadLetterQuery::MostLetters, DeadLetterQuery::fromJson));
    QVERIFY(holds(u"/api/v1/tables/{table}/rows"_s, TableRowQuery::MostRows, TableRowQuery::fromJson));
    QVERIFY(holds(u"/api/v1/connections"_s, ConnectionQuery::MostConnections, ConnectionQuery::fromJson));
}

void tst_Endpoints::parameters_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *method, const char *target, const char *expected) {
        QTest::newRow(target) << QByteArray(method) << QByteArray(target) << QByteArray(expected);
    };
    row("GET", "/healthz", "server.health {}");
    row("HEAD", "/api/v1/status", "server.status {}");
    row("GET", "/api/v1/access", "server.access {}");
    row("GET", "/api/v1/operations/9007199254740991", "operation.read {\"operation\":9007199254740991}");
    row("GET", "/api/v1/logs?lines=3&role=worker+2&level=info",
        "log.read {\"before\":0,\"level\":\"info\",\"lines\":3,\"role\":\"worker 2\"}");
    row("GET", "/api/v1/logs?&role=%C3%A4%26%3D&&",
        "log.read {\"before\":0,\"level\":\"debug\",\"lines\":100,\"role\":\"ä&=\"}");
    row("GET", "/api/v1/logs?role", "log.read {\"before\":0,\"level\":\"debug\",\"lines\":100,\"role\":\"\"}");
    row("POST", "/api/v1/cron/a%2Fb%20c/run", "cron.run {\"job\":\"a/b c\"}");
    row("POST", "/api/v1/cron/a+b/pause", "cron.pause {\"job\":\"a+b\"}");
    row("DELETE", "/api/v1/tasks/dead-letters/7", "task.drop {\"id\":\"7\",\"name\":\"\",\"scope\":\"one\"}");
    row("DELETE", "/api/v1/tasks/dead-letters?name=mail",
        "task.drop {\"id\":\"\",\"name\":\"mail\",\"scope\":\"named\"}");
    row("DELETE", "/api/v1/tables/t/rows/a%2Fb", "table.delete {\"key\":\"a/b\",\"table\":\"t\"}");
    row("DELETE", "/api/v1/tables/t/rows/%2FwA%3D?encoding=base64",
        "table.delete {\"key\":{\"base64\":\"/wA=\"},\"table\":\"t\"}");
    row("POST", "/api/v1/tasks/dead-letters/retry?all=true",
        "task.retry {\"id\":\"\",\"name\":\"\",\"scope\":\"all\"}");
    row("GET", "/api/v1/tasks/dead-letters/retry", "only POST");
    row("PATCH", "/api/v1/tasks/dead-letters", "only GET HEAD DELETE");
    row("GET", "/api/v1/../../healthz", "nothing");
    row("GET", "/api/v1/./status", "nothing");
    row("GET", "/api/v1/%73tatus", "server.status {}");
    row("GET", "//healthz", "nothing");
}

void tst_Endpoints::parameters()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, expected);
    QCOMPARE(askedFor(method, target), expected);
}

void tst_Endpoints::refusals_data()
{
    QTest::addColumn<QByteArray>("method");
    QTest::addColumn<QByteArray>("target");
    QTest::addColumn<QByteArray>("body");
    QTest::addColumn<QByteArray>("expected");
    const auto row = [](const char *method, const QByteArray &target, const QByteArray &expected,
                        const QByteArray &body = {}) {
        QTest::newRow((target + ' ' + body.left(20)).constData()) << QByteArray(method) << target << body << expected;
    };
    row("GET", "/api/v1/operations/x", "operation: must be an integer from 0 to 9007199254740991, not \"x\"");
    row("GET", "/api/v1/operations/9007199254740992", "operation: must be an integer from 0 to");
    row("GET", "/api/v1/operations/99999999999999999999", "operation: must be an integer from 0 to");
    row("GET", "/api/v1/operations/-1", "operation: must be an integer from 0 to");
    row("GET", "/api/v1/logs?lines=", "lines: must be an integer from 0 to 9007199254740991, not \"\"");
    row("GET", "/api/v1/logs?lines=1&lines=2", "lines: is given twice");
    row("GET", "/api/v1/logs?linse=1", "linse: unknown parameter; there are: lines, level, role, before");
    row("GET", "/api/v1/status?x", "x: unknown parameter; there are none here");
    row("GET", "/api/v1/logs?role=%", "the target has a '%' without two hexadecimal digits behind it");
    row("GET", "/api/v1/logs?role=%zz", "the target has a '%' without");
    row("GET", "/api/v1/logs?role=%ff", "the target is not UTF-8");
    row("GET", "/api/v1/logs?role=%00", "the target has a control character");
    row("GET", "/%0d%0a", "the target has a control character");
    row("DELETE", "/api/v1/tasks/dead-letters", "give either name=");
    row("DELETE", "/api/v1/tasks/dead-letters?name=a&all=true", "give either name=");
    row("DELETE", "/api/v1/tasks/dead-letters?all=yes", "all: must be true or false, not \"yes\"");
    row("DELETE", "/api/v1/tables/t/rows/%ff", "the target is not UTF-8");
    row("DELETE", "/api/v1/tables/t/rows/a?encoding=hex", "encoding: must be text or base64");
    row("DELETE", "/api/v1/tables/t/rows/a%20b?encoding=base64", "key: must be base64");
    row("PUT", "/api/v1/log-levels", "the body is missing");
    row("PUT", "/api/v1/log-levels", "the body is wrong: not JSON at byte", "{");
    row("PUT", "/api/v1/log-levels", "the body is wrong: a message must be a JSON object", "[]");
    row("POST", "/api/v1/stop", "the body must be empty", "{\"now\":true}");
    row("POST", "/api/v1/reload", "now: there is no such member", "{\"now\":true}");
}

void tst_Endpoints::refusals()
{
    QFETCH(QByteArray, method);
    QFETCH(QByteArray, target);
    QFETCH(QByteArray, body);
    QFETCH(QByteArray, expected);
    const QByteArray found = askedFor(method, target, body);
    QVERIFY2(found.startsWith(expected), found.constData());
}

void tst_Endpoints::closestPathWins()
{
    const std::vector<Endpoint> list = {{.path = u"/a/{x}"_s, .method = "any"_L1},
                                        {.path = u"/a/b"_s, .method = "one"_L1}};
    QCOMPARE(findEndpoint(list, "GET", targetOf("/a/b")).endpoint->method, "one"_L1);
    QCOMPARE(findEndpoint(list, "GET", targetOf("/a/c")).endpoint->method, "any"_L1);
    QVERIFY(!findEndpoint(list, "GET", targetOf("/a/")).endpoint);
}

void tst_Endpoints::bodiesMayLeaveOutWhatHasADefault()
{
    const Endpoint endpoint = {
        .path = u"/a/{id}"_s,
        .parameters = {{.name = "id"_L1, .place = EndpointParameter::Place::Path, .otherwise = QJsonValue::Undefined}},
        .fixed = {{u"kind"_s, u"x"_s}},
        .body = {"Change"_L1, &querySchema},
        .defaults = {{u"lines"_s, 5}}};
    const QJsonObject brief = *methodParameters(endpoint, targetOf("/a/7"), "{\"level\":\"info\"}");
    QCOMPARE(brief, (QJsonObject{{u"level"_s, u"info"_s}, {u"kind"_s, u"x"_s}, {u"id"_s, u"7"_s}, {u"lines"_s, 5}}));
    // Neither what is fixed nor what stands in the path may come twice, nor what is not known at all.
    for (const char *body : {"{\"kind\":\"y\"}", "{\"id\":\"8\"}", "{\"Level\":\"info\"}"})
        QVERIFY2(!methodParameters(endpoint, targetOf("/a/7"), body), body);
    const QJsonObject whole = *methodParameters(endpoint, targetOf("/a/7"), "{\"lines\":6}");
    QCOMPARE(whole["lines"_L1].toInt(), 6);
    const QJsonObject schema =
        openApiDocument(std::span(&endpoint, 1), {})["components"_L1]["schemas"_L1]["Change"_L1].toObject();
    QVERIFY(schema["properties"_L1].toObject().contains(u"lines"_s));
    QVERIFY(!schema["required"_L1].toArray().contains(u"lines"_s));
    QVERIFY(schema["required"_L1].toArray().contains(u"level"_s));
}

void tst_Endpoints::documentHasEveryEndpoint()
{
    const QJsonObject whole = document();
    QCOMPARE(whole["openapi"_L1].toString(), u"3.1.0"_s);
    QCOMPARE(whole["info"_L1]["version"_L1].toString(), u"1.2.3"_s);
    const QJsonObject paths = whole["paths"_L1].toObject();
    qsizetype described = 0;
    for (const QJsonValue path : paths)
        described += path.toObject().size();
    QCOMPARE(described, qsizetype(endpoints().size()));
    for (const Endpoint &endpoint : endpoints()) {
        const QJsonObject operation = paths[endpoint.path][QString(verbName(endpoint.verb)).toLower()].toObject();
        QCOMPARE(operation["summary"_L1].toString(), endpoint.summary);
        QCOMPARE(operation["parameters"_L1].toArray().size(), qsizetype(endpoint.parameters.size()));
        QCOMPARE(operation.contains(u"requestBody"_s), endpoint.body.schema != nullptr);
        QCOMPARE(operation.contains(u"security"_s), endpoint.isPublic);
        const bool isOperation = endpoint.answer == Endpoint::Answer::Operation;
        QVERIFY(operation["responses"_L1].toObject().contains(isOperation ? u"202"_s : u"200"_s));
    }
}

void tst_Endpoints::everyReferenceLeadsSomewhere()
{
    const QJsonObject whole = document();
    QSet<QString> used;
    walk(whole, [&](const QJsonObject &object) {
        if (object.contains(u"$ref"_s))
            used.insert(object["$ref"_L1].toString());
    });
    QVERIFY(!used.isEmpty());
    for (const QString &reference : used) {
        const QStringList path = reference.split(u'/');
        QCOMPARE(path.size(), 4);
        QVERIFY2(whole[path.at(1)][path.at(2)].toObject().contains(path.at(3)), qPrintable(reference));
    }
    for (const QString &name : whole["components"_L1]["schemas"_L1].toObject().keys())
        QVERIFY2(used.contains(u"#/components/schemas/"_s + name), qPrintable(name));
}

void tst_Endpoints::schemasAreThoseOfTheStructs()
{
    const QJsonObject schema = LogPage::schema();
    QCOMPARE(schema["required"_L1].toArray(), (QJsonArray{u"lines"_s, u"before"_s, u"dropped"_s}));
    const QJsonObject line = schema["properties"_L1]["lines"_L1]["items"_L1]["properties"_L1].toObject();
    QCOMPARE(line["time"_L1].toObject(), (QJsonObject{{u"type"_s, u"string"_s}, {u"format"_s, u"date-time"_s}}));
    QCOMPARE(line["level"_L1]["enum"_L1].toArray(), (QJsonArray{u"debug"_s, u"info"_s, u"warning"_s, u"error"_s}));
    QCOMPARE(line["pid"_L1]["type"_L1].toString(), u"integer"_s);
}

QTEST_APPLESS_MAIN(tst_Endpoints)
#include "tst_endpoints.moc"
