#include "admin-gui/actions/commandtext.h"

#include "admin/protocol/access.h"
#include "admin/protocol/endpoints.h"

#include <QJsonDocument>
#include <QTest>

using namespace Quern;
using namespace Quern::console;

class tst_commandtext : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void local_data();
    void local();
    void remote_data();
    void remote();
    void everyChangeHasOne();
};

namespace {

QJsonObject object(const char *json)
{
    return QJsonDocument::fromJson(json).object();
}

const ServerAddress socketAddress = ServerAddress::ofSocket(QStringLiteral("/run/control.sock"));
const ServerAddress api = *ServerAddress::parse(QStringLiteral("http://h:1"));

} // namespace

void tst_commandtext::local_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QByteArray>("params");
    QTest::addColumn<QString>("command");
    QTest::newRow("reload") << "server.reload" << QByteArray("{}") << "quern reload -c /srv/quern.toml";
    QTest::newRow("cron") << "cron.run" << QByteArray("{\"job\": \"clean up\"}")
                          << "quern cron run 'clean up' -c /srv/quern.toml";
    QTest::newRow("one dead letter") << "task.retry" << QByteArray("{\"scope\": \"one\", \"id\": \"4\"}")
                                     << "quern tasks retry 4 -c /srv/quern.toml";
    QTest::newRow("dead letters of a name") << "task.drop" << QByteArray("{\"scope\": \"named\", \"name\": \"mail\"}")
                                            << "quern tasks drop --all --name mail -c /srv/quern.toml";
    QTest::newRow("all dead letters") << "task.drop" << QByteArray("{\"scope\": \"all\"}")
                                      << "quern tasks drop --all -c /srv/quern.toml";
    QTest::newRow("levels") << "log.setLevel" << QByteArray("{\"levels\": \"debug\"}")
                            << "quern logs --set-level debug -c /srv/quern.toml";
    QTest::newRow("no command of its own") << "server.scale" << QByteArray("{\"workers\": 4}")
                                           << "quern call server.scale '{\"workers\":4}' -c /srv/quern.toml";
    QTest::newRow("quotes") << "connection.push" << QByteArray("{\"text\": \"it's\"}")
                            << "quern call connection.push '{\"text\":\"it'\\''s\"}' -c /srv/quern.toml";
}

void tst_commandtext::local()
{
    QFETCH(QString, method);
    QFETCH(QByteArray, params);
    QFETCH(QString, command);
    QCOMPARE(commandText(socketAddress, QStringLiteral("/srv/quern.toml"), method, object(params)), command);
}

void tst_commandtext::remote_data()
{
    QTest::addColumn<QString>("method");
    QTest::addColumn<QByteArray>("params");
    QTest::addColumn<QString>("end");
    QTest::newRow("without a body") << "server.reload" << QByteArray("{}") << " -X POST http://h:1/api/v1/reload";
    QTest::newRow("with a body") << "server.scale" << QByteArray("{\"workers\": 4}")
                                 << " -X POST -H 'Content-Type: application/json' -d '{\"workers\":4}' "
                                    "http://h:1/api/v1/scale";
    QTest::newRow("in the path") << "cron.run" << QByteArray("{\"job\": \"clean up\"}")
                                 << " -X POST http://h:1/api/v1/cron/clean%20up/run";
    QTest::newRow("look") << "config.read" << QByteArray("{}") << " http://h:1/api/v1/config";
}

void tst_commandtext::remote()
{
    QFETCH(QString, method);
    QFETCH(QByteArray, params);
    QFETCH(QString, end);
    QCOMPARE(commandText(api, {}, method, object(params)),
             QStringLiteral("curl -H \"Authorization: Bearer $TOKEN\"") + end);
}

void tst_commandtext::everyChangeHasOne()
{
    for (const admin::MethodAccess &access : admin::methodAccess()) {
        if (!access.isChange)
            continue;
        QJsonObject params;
        for (const admin::Endpoint &endpoint : admin::endpoints()) {
            if (endpoint.method == access.method)
                params = endpoint.fixed;
        }
        const QString method = access.method;
        QVERIFY2(commandText(socketAddress, {}, method, params).startsWith(QStringLiteral("quern ")),
                 qPrintable(method));
        QVERIFY2(commandText(api, {}, method, params).startsWith(QStringLiteral("curl ")), qPrintable(method));
    }
}

QTEST_MAIN(tst_commandtext)
#include "tst_commandtext.moc"
