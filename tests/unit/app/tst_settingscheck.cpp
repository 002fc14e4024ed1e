#include "app/server/settingscheck.h"
#include "app/server/tablesettings.h"
#include "config/loader.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <sys/stat.h>
#include <unistd.h>

using namespace Quern;

/// What the settings say about files of this machine.
class TestSettingsCheck : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase();
    void cleanupTestCase();
    void init();
    void logs_data();
    void logs();
    void secretPlugin();
    void memoryOfTables();

private:
    QString path(const QString &name) const { return m_folder->filePath(name); }

    std::unique_ptr<QTemporaryDir> m_folder;
    config::Settings m_settings;
    uid_t m_user = 0;
};

void TestSettingsCheck::initTestCase()
{
    // Root may write anywhere, so the test steps down.
    constexpr uid_t nobody = 65534;
    m_user = ::geteuid();
    if (m_user == 0)
        QCOMPARE(::seteuid(nobody), 0);
}

void TestSettingsCheck::cleanupTestCase()
{
    m_folder.reset();
    if (m_user == 0)
        QCOMPARE(::seteuid(0), 0);
}

void TestSettingsCheck::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = config::defaults(m_folder->path());
}

void TestSettingsCheck::logs_data()
{
    QTest::addColumn<int>("fileMode"); // -1: there is none
    QTest::addColumn<int>("folderMode");
    QTest::addColumn<QString>("said"); // empty: it is right
    const QString file = QStringLiteral("logs/quern.log cannot be written");
    const QString folder = QStringLiteral("logs");
    QTest::newRow("new file") << -1 << 0700 << QString();
    QTest::newRow("new file, folder that is not writable") << -1 << 0500 << folder;
    QTest::newRow("file that is writable, folder that is not") << 0600 << 0500 << QString();
    QTest::newRow("file that is not writable") << 0400 << 0700 << file;
}

void TestSettingsCheck::logs()
{
    QFETCH(const int, fileMode);
    QFETCH(const int, folderMode);
    QFETCH(const QString, said);
    QVERIFY(QDir().mkdir(path(QStringLiteral("logs"))));
    const QString log = path(QStringLiteral("logs/quern.log"));
    const QByteArray name = QFile::encodeName(log);
    if (fileMode >= 0) {
        QFile file(log);
        QVERIFY(file.open(QIODevice::WriteOnly));
        QCOMPARE(::chmod(name.constData(), mode_t(fileMode)), 0);
    }
    const QByteArray folder = QFile::encodeName(path(QStringLiteral("logs")));
    QCOMPARE(::chmod(folder.constData(), mode_t(folderMode)), 0);
    for (const char *key : {"log_file", "access_log"}) {
        config::Settings settings = m_settings;
        (qstrcmp(key, "log_file") == 0 ? settings.server.logFile : settings.server.accessLog) = log;
        const Result<void> checked = app::checkSettings(settings);
        const QString message = checked ? QString() : checked.error().message();
        const bool isTold = message.contains(QStringLiteral("server.%1: ").arg(QLatin1StringView(key)));
        QVERIFY2(isTold == !said.isEmpty() && message.contains(said), qPrintable(message));
    }
    ::chmod(folder.constData(), 0700);
}

void TestSettingsCheck::secretPlugin()
{
    m_settings.plugins = {config::PluginSettings{{}, path(QStringLiteral("sesame/libx.so")), true, {}}};
    const Result<QList<ipc::BootMessage::Plugin>> open = app::pluginFiles(m_settings);
    QVERIFY(!open && open.error().message().contains(u"sesame"));
    m_settings.secrets.insert(QStringLiteral("plugin[0].file"));
    const Result<QList<ipc::BootMessage::Plugin>> masked = app::pluginFiles(m_settings);
    QVERIFY(!masked);
    QVERIFY2(masked.error().message().contains(u"there is no plugin file ***; "), qPrintable(masked.error().message()));
}

void TestSettingsCheck::memoryOfTables()
{
    const config::ColumnSettings column{QStringLiteral("title"), config::ColumnSettings::Type::String, 1000};
    m_settings.tables = {{QStringLiteral("small"), 10, {column}}, {QStringLiteral("large"), 100'000, {column}}};
    m_settings.origins.insert(QStringLiteral("table[1].size"), QStringLiteral("quern.toml:7"));
    QVERIFY(app::checkTableMemory(m_settings, 1U << 30).ok());
    const Result<void> checked = app::checkTableMemory(m_settings, 64U << 20);
    QVERIFY(!checked);
    QCOMPARE(checked.error().code(), Error::Invalid);
    QCOMPARE(checked.error().message(),
             QStringLiteral("quern.toml:7: table.size: the tables take 123 MiB when they are full, 123 MiB of it table "
                            "\"large\", and 64 MiB can be had; make it smaller, or give the server more memory"));
    // More than any machine has, unless a server leaves it.
    m_settings.tables[1].size = 1U << 24;
    m_settings.tables[1].columns = QList<config::ColumnSettings>(1000, column);
    QVERIFY(!app::checkSettings(m_settings));
    QVERIFY(!app::checkSettings(m_settings, 1));
    const Result<void> replaced = app::checkSettings(m_settings, quint64(1) << 60);
    QVERIFY2(replaced.ok(), replaced ? "" : qPrintable(replaced.error().message()));
    m_settings.tables.clear();
    QVERIFY(app::checkTableMemory(m_settings, 0).ok());
}

QTEST_GUILESS_MAIN(TestSettingsCheck)
#include "tst_settingscheck.moc"
