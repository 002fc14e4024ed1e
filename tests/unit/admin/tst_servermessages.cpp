#include "admin/protocol/access.h"
#include "admin/protocol/configmessages.h"
#include "admin/protocol/message.h"
#include "admin/protocol/metricsmessages.h"
#include "admin/protocol/operation.h"
#include "admin/protocol/servermessages.h"

#include <QSet>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;

/// Messages that lead the server or tell of it, each with the bytes that it has on the wire.
class tst_ServerMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden_data();
    void golden();
    void malformed_data();
    void malformed();
    void methodsHaveOneAccessEach();
    void rolesHaveNames();
};

namespace {

using Again = std::function<Result<QJsonObject>(const QJsonObject &)>;

template <typename Message>
Again again()
{
    return [](const QJsonObject &json) -> Result<QJsonObject> {
        const Result<Message> read = Message::fromJson(json);
        if (!read)
            return read.error();
        return read->toJson();
    };
}

} // namespace

void tst_ServerMessages::golden_data()
{
    QTest::addColumn<QJsonObject>("json");
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<Again>("again");
    const auto row = [](const char *name, const auto &message, const QByteArray &bytes) {
        QTest::newRow(name) << message.toJson() << bytes + '\n' << again<std::decay_t<decltype(message)>>();
    };
    row("reload", ReloadRequest{true}, "{\"taskWorkers\":true}");
    row("scale", ScaleRequest{8, 0}, "{\"taskWorkers\":0,\"workers\":8}");
    row("restart", RestartRequest{QStringLiteral("production"), QStringLiteral("7")},
        "{\"environment\":\"production\",\"versionLabel\":\"7\"}");
    row("drain", DrainRequest{false}, "{\"on\":false}");
    row("watch", WatchRequest{false}, "{\"on\":false}");
    row("process", ProcessReference{QStringLiteral("worker 1"), 4711}, "{\"pid\":4711,\"process\":\"worker 1\"}");
    row("subscription", Subscription{true, std::chrono::milliseconds(500), false, true},
        "{\"intervalMs\":500,\"operations\":false,\"processes\":true,\"status\":true}");
    row("process event",
        ProcessEvent{QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC), QStringLiteral("timer"), 4711, 2,
                     ProcessEvent::What::Ended, QStringLiteral("exit code 3")},
        "{\"at\":\"2026-01-31T12:00:00.000Z\",\"generation\":2,\"pid\":4711,\"process\":\"timer\",\"reason\":\"exit "
        "code 3\",\"what\":\"ended\"}");
    row("config",
        ConfigReport{QStringLiteral("/srv/quern.toml"),
                     {QStringLiteral(".env")},
                     {{QStringLiteral("server.worker_num"), QStringLiteral("2"), QStringLiteral("default"),
                       QStringLiteral("2"), SettingStatus::Change::Reload, QStringLiteral("Workers.")}}},
        "{\"environmentFiles\":[\".env\"],\"file\":\"/srv/"
        "quern.toml\",\"settings\":[{\"change\":\"reload\",\"default\":"
        "\"2\",\"doc\":\"Workers.\",\"key\":\"server.worker_num\",\"origin\":\"default\",\"value\":\"2\"}]}");
    row("candidate", ConfigCandidate{QStringLiteral("[server]\n")}, "{\"text\":\"[server]\\n\"}");
    row("verdict", ConfigVerdict{false, {QStringLiteral("quern.toml:1: no")}, {}, {QStringLiteral("server.listen")}},
        "{\"problems\":[\"quern.toml:1: no\"],\"reload\":[],\"restart\":[\"server.listen\"],\"right\":false}");
    row("metrics", MetricsText{QStringLiteral("# HELP a b\n")}, "{\"text\":\"# HELP a b\\n\"}");
    row("number", OperationNumber{3}, "{\"operation\":3}");
    row("access", Access{Role::Operator, QStringLiteral("token deploy from 127.0.0.1")},
        "{\"name\":\"token deploy from 127.0.0.1\",\"role\":\"operator\"}");
    row("operations", OperationList{{Operation{1, Operation::Kind::Drain, Operation::State::Running, {}, {}}}},
        "{\"operations\":[{\"error\":\"\",\"id\":1,\"kind\":\"drain\",\"state\":\"running\",\"steps\":[]}]}");
}

void tst_ServerMessages::golden()
{
    QFETCH(QJsonObject, json);
    QFETCH(QByteArray, bytes);
    QFETCH(Again, again);
    QCOMPARE(encodeLine(json), bytes);
    const Result<QJsonObject> read = again(*decodeLine(bytes));
    QVERIFY2(read.ok(), read ? "" : qPrintable(read.error().message()));
    QCOMPARE(*read, json);
}

void tst_ServerMessages::malformed_data()
{
    QTest::addColumn<QByteArray>("bytes");
    QTest::addColumn<Again>("again");
    QTest::addColumn<QString>("mistake");
    const auto row = [](const char *name, const QByteArray &bytes, const Again &read, const QString &mistake) {
        QTest::newRow(name) << bytes << read << mistake;
    };
    row("half a worker", "{\"workers\":2.5,\"taskWorkers\":0}", again<ScaleRequest>(),
        QStringLiteral("workers: must be an integer from 0 to 2147483647, not 2.5"));
    row("an environment of a number", "{\"environment\":1}", again<RestartRequest>(),
        QStringLiteral("environment: must be a string, not 1"));
    row("nothing to watch or not", "{}", again<WatchRequest>(), QStringLiteral("on: is missing"));
    row("no flag", "{\"on\":1}", again<DrainRequest>(), QStringLiteral("on: must be true or false, not 1"));
    row("no name", "{\"process\":1}", again<ProcessReference>(), QStringLiteral("process: must be a string, not 1"));
    row("negative interval", "{\"status\":true,\"intervalMs\":-1,\"operations\":true,\"processes\":true}",
        again<Subscription>(), QStringLiteral("intervalMs: must be an integer from 0 to 9007199254740991, not -1"));
    row("a role of another server", "{\"role\":\"root\",\"name\":\"uid 0\"}", again<Access>(),
        QStringLiteral("role: must be one of \"viewer\", \"operator\", \"admin\", not the string \"root\""));
    row("no text", "{\"text\":null}", again<ConfigCandidate>(), QStringLiteral("text: must be a string, not null"));
}

void tst_ServerMessages::malformed()
{
    QFETCH(QByteArray, bytes);
    QFETCH(Again, again);
    QFETCH(QString, mistake);
    const Result<QJsonObject> read = again(*decodeLine(bytes));
    QVERIFY(!read);
    QCOMPARE(read.error().code(), Error::Protocol);
    QCOMPARE(read.error().message(), mistake);
}

void tst_ServerMessages::methodsHaveOneAccessEach()
{
    QSet<QString> seen;
    for (const MethodAccess &access : methodAccess()) {
        QVERIFY2(!seen.contains(access.method), access.method.data());
        seen.insert(access.method);
        QCOMPARE(findMethodAccess(QString(access.method)), &access);
        // Who may only look changes nothing.
        QVERIFY2(!access.isChange || access.role > Role::Viewer, access.method.data());
    }
    QVERIFY(seen.size() > 20);
    QVERIFY(!findMethodAccess(u"server.sail"));
}

void tst_ServerMessages::rolesHaveNames()
{
    for (const Role role : {Role::Viewer, Role::Operator, Role::Admin})
        QCOMPARE(roleOfName(roleName(role)), role);
    QCOMPARE(roleName(Role::Operator), QStringLiteral("operator"));
    QVERIFY(!roleOfName(u"root"));
    QVERIFY(Role::Viewer < Role::Operator && Role::Operator < Role::Admin);
}

QTEST_GUILESS_MAIN(tst_ServerMessages)
#include "tst_servermessages.moc"
