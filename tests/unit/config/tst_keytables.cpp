#include "settingsfile.h"

#include "config/keytable.h"

#include <QHash>
#include <QSet>

#include <functional>

using namespace Quern;
using namespace Quern::config;
using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;

using KeyCheck = std::function<bool(const ServerSettings &)>;

/// The tables of keys beside [server]: each key is read, and none is forgotten.
class tst_KeyTables : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void everyKey_data();
    void everyKey();
    void everyKeyIsCovered();
};

namespace {

/// A line of a table, and whether it has been read.
struct KeyRow
{
    const char *line;
    KeyCheck isRead;
    bool isDefault = false; ///< the line says what holds without it

    QString key() const { return QString::fromUtf8(line).section(u' ', 0, 0); }
};

QList<KeyRow> tasksRows()
{
    return {
        {"driver = \"auto\"", [](const auto &s) { return s.taskDriver == TaskDriver::Auto; }, true},
        {"driver = \"memory\"", [](const auto &s) { return s.taskDriver == TaskDriver::Memory; }},
        {"driver = \"sqlite\"", [](const auto &s) { return s.taskDriver == TaskDriver::Sqlite; }},
        {"database = \"/var/lib/shop/tasks.db\"",
         [](const auto &s) { return s.taskDatabase == u"/var/lib/shop/tasks.db"; }},
        {"database = \"\"", [](const auto &s) { return s.taskDatabase.isEmpty(); }, true},
        {"queue_max = 1", [](const auto &s) { return s.taskQueueMax == 1; }},
        {"queue_memory = \"1G\"", [](const auto &s) { return s.taskQueueMemory == 1 << 30; }},
        {"durable_max = 1000000000", [](const auto &s) { return s.taskDurableMax == 1'000'000'000; }},
        {"tries = 5", [](const auto &s) { return s.taskTries == 5; }},
        {"timeout = 0", [](const auto &s) { return s.taskTimeout == 0ms; }},
        {"timeout = 1.5", [](const auto &s) { return s.taskTimeout == 1500ms; }},
        {"timeout = \"1m\"", [](const auto &s) { return s.taskTimeout == 60s; }, true},
        {"timeout = \"1500ms\"", [](const auto &s) { return s.taskTimeout == 1500ms; }},
        {"timeout = \"2d\"", [](const auto &s) { return s.taskTimeout == 48h; }},
        {"retry_delay = 300", [](const auto &s) { return s.taskRetryDelay == 300s; }},
        {"retry_delay_max = 1", [](const auto &s) { return s.taskRetryDelayMax == 1s; }},
        {"dead_letter_max = 0", [](const auto &s) { return s.taskDeadLetterMax == 0; }},
        {"spill_size = \"1M\"", [](const auto &s) { return s.taskSpillSize == 1 << 20; }},
    };
}

QList<KeyRow> adminRows()
{
    return {
        {"enable = true", [](const auto &s) { return s.adminEnable; }},
        {"listen = \"127.0.0.1:9000\"", [](const auto &s) { return s.adminListen.constFirst().port == 9000; }},
        {"listen = [\"127.0.0.1:9000\", \"[::1]:9000\"]", [](const auto &s) { return s.adminListen.size() == 2; }},
        {"insecure_remote = true", [](const auto &s) { return s.adminInsecureRemote; }},
        {"hosts = [\"ops.example.org\"]",
         [](const auto &s) { return s.adminHosts == QStringList(u"ops.example.org"_s); }},
        {"origins = \"https://ops.example.org:8443\"", [](const auto &s) { return s.adminOrigins.size() == 1; }},
        {"origins = []", [](const auto &s) { return s.adminOrigins.isEmpty(); }, true},
        {"tls_cert_file = \"/etc/a.pem\"", [](const auto &s) { return s.adminTlsCertFile == u"/etc/a.pem"; }},
        {"tls_key_file = \"/etc/a.key\"", [](const auto &s) { return s.adminTlsKeyFile == u"/etc/a.key"; }},
        {"token_file = \"/etc/tokens\"", [](const auto &s) { return s.adminTokenFile == u"/etc/tokens"; }},
        {"audit_log = \"/var/log/audit\"", [](const auto &s) { return s.adminAuditLog == u"/var/log/audit"; }},
        {"max_connections = 10000", [](const auto &s) { return s.adminMaxConnections == 10'000; }},
        {"max_body = \"64M\"", [](const auto &s) { return s.adminMaxBody == 64 << 20; }},
        {"request_timeout = \"500ms\"", [](const auto &s) { return s.adminRequestTimeout == 500ms; }},
    };
}

QList<KeyRow> metricsRows()
{
    return {
        {"enable = false", [](const auto &s) { return !s.metricsEnabled; }},
        {"path = \"/metrics\"", [](const auto &s) { return s.metricsPath == u"/metrics"; }},
        {"public = true", [](const auto &s) { return s.metricsPublic; }},
        {"token = false", [](const auto &s) { return !s.metricsToken; }},
        {"application = \"shop\"", [](const auto &s) { return s.metricsApplication == u"shop"; }},
        {"ignored_status = []", [](const auto &s) { return s.metricsIgnoredStatus.isEmpty(); }, true},
        {"ignored_status = [404, 400]",
         [](const auto &s) {
             return s.metricsIgnoredStatus == QList<int>{404, 400};
         }},
        {"buckets = [0.25, 1, 2.5]",
         [](const auto &s) {
             return s.metricsBuckets == QList<double>{0.25, 1, 2.5};
         }},
    };
}

QList<KeyRow> reloadRows()
{
    return {
        {"strategy = \"auto\"", [](const auto &s) { return s.reloadStrategy == ReloadStrategy::Auto; }, true},
        {"strategy = \"rolling\"", [](const auto &s) { return s.reloadStrategy == ReloadStrategy::Rolling; }},
        {"strategy = \"all\"", [](const auto &s) { return s.reloadStrategy == ReloadStrategy::All; }},
        {"watch = true", [](const auto &s) { return s.reloadWatch; }},
        {"paths = []", [](const auto &s) { return s.reloadPaths.isEmpty(); }, true},
        {"paths = \"templates\"",
         [](const auto &s) { return s.reloadPaths == QStringList{QStringLiteral("templates")}; }},
        {"paths = [\"/srv/data\", \"../shared\"]",
         [](const auto &s) {
             return s.reloadPaths == QStringList{QStringLiteral("/srv/data"), QStringLiteral("../shared")};
         }},
        {"file_types = []", [](const auto &s) { return s.reloadFileTypes.isEmpty(); }, true},
        {"file_types = [\".so\", \"toml\"]",
         [](const auto &s) {
             return s.reloadFileTypes == QStringList{QStringLiteral(".so"), QStringLiteral("toml")};
         }},
        {"excluded_dirs = []", [](const auto &s) { return s.reloadExcludedDirs.isEmpty(); }, true},
        {"excluded_dirs = [\"node_modules\", \"./build\"]",
         [](const auto &s) {
             return s.reloadExcludedDirs == QStringList{QStringLiteral("node_modules"), QStringLiteral("./build")};
         }},
        {"log = true", [](const auto &s) { return s.reloadLog; }, true},
        {"log = false", [](const auto &s) { return !s.reloadLog; }},
    };
}

QHash<QString, QList<KeyRow>> rowsByTable()
{
    return {{u"tasks"_s, tasksRows()},
            {u"admin"_s, adminRows()},
            {u"metrics"_s, metricsRows()},
            {u"reload"_s, reloadRows()}};
}

} // namespace

void tst_KeyTables::everyKey_data()
{
    QTest::addColumn<QString>("table");
    QTest::addColumn<KeyRow>("row");
    const auto all = rowsByTable();
    for (auto it = all.begin(); it != all.end(); ++it) {
        for (const KeyRow &row : it.value())
            QTest::addRow("%s: %s", qPrintable(it.key()), row.line) << it.key() << row;
    }
}

void tst_KeyTables::everyKey()
{
    QFETCH(QString, table);
    QFETCH(KeyRow, row);
    QCOMPARE(row.isRead(ServerSettings()), row.isDefault);
    const SettingsFile file;
    const auto settings = SettingsFile::load('[' + table.toUtf8() + "]\n" + row.line + '\n');
    QVERIFY2(settings.ok(), qPrintable(messageOf(settings)));
    QVERIFY(row.isRead(settings->server));
    QCOMPARE(settings->origins.value(table + u'.' + row.key()), u"quern.toml:2"_s);
}

void tst_KeyTables::everyKeyIsCovered()
{
    const auto all = rowsByTable();
    for (const KeyTable &table : keyTables()) {
        if (table.name == "server"_L1)
            continue; // tst_settings
        QSet<QString> covered;
        for (const KeyRow &row : all.value(table.name)) {
            if (!row.isDefault)
                covered += row.key();
        }
        const QStringList known = table.names();
        QCOMPARE(covered, QSet<QString>(known.begin(), known.end()));
    }
}

QTEST_GUILESS_MAIN(tst_KeyTables)
#include "tst_keytables.moc"
