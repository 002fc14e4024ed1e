#include "app/server/doctor/folderchecks.h"
#include "tasks/sqlite/taskdatabase.h"

#include <QDir>
#include <QFile>
#include <QTemporaryDir>
#include <QTest>

#include <unistd.h>

using namespace Quern;
using app::doctor::Check;
using app::doctor::Checks;
using app::doctor::folderChecks;
using app::doctor::Space;

Q_DECLARE_METATYPE(Quern::app::doctor::Check::Outcome)

class TestFolderChecks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void space_data();
    void space();
    void nothingIsMade();
    void runtimeDirectory();
    void longRuntimeDirectory();
    void logs();
    void logIntoAPipe();
    void uploads();
    void documentRoot();
    void taskDatabase();
    void taskDatabaseInMemory();

private:
    QString path(const char *name) const { return m_folder->filePath(QString::fromLatin1(name)); }
    void touch(const QString &name) const
    {
        QFile file(name);
        QVERIFY(file.open(QIODevice::WriteOnly));
    }
    /// The check of \a name; nothing else may be an error.
    Check named(const char *name) const
    {
        Check found;
        const Checks checks = folderChecks(m_server);
        for (const Check &check : checks) {
            if (check.name == QLatin1StringView(name))
                found = check;
            else if (check.outcome == Check::Outcome::Error)
                return Check{QStringLiteral("another"), check.outcome, check.name + check.found, {}};
        }
        return found;
    }

    std::unique_ptr<QTemporaryDir> m_folder;
    config::ServerSettings m_server;
};

void TestFolderChecks::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_server = {};
    m_server.runtimeDir = path("run");
}

void TestFolderChecks::space_data()
{
    QTest::addColumn<qint64>("bytes");
    QTest::addColumn<qint64>("files");
    QTest::addColumn<Check::Outcome>("outcome");
    QTest::addColumn<QString>("mend");
    constexpr qint64 mebibyte = 1 << 20;
    QTest::newRow("plenty") << 300 * mebibyte << qint64(1000) << Check::Outcome::Ok << QString();
    QTest::newRow("uncounted files") << 300 * mebibyte << qint64(-1) << Check::Outcome::Ok << QString();
    QTest::newRow("little") << 255 * mebibyte << qint64(1000) << Check::Outcome::Warning << QStringLiteral("df -h /x");
    QTest::newRow("hardly any") << 15 * mebibyte << qint64(1000) << Check::Outcome::Error << QStringLiteral("df -h /x");
    QTest::newRow("few files") << 300 * mebibyte << qint64(999) << Check::Outcome::Warning
                               << QStringLiteral("df -i /x");
    QTest::newRow("hardly any file") << 255 * mebibyte << qint64(49) << Check::Outcome::Error
                                     << QStringLiteral("df -i /x");
}

void TestFolderChecks::space()
{
    QFETCH(const qint64, bytes);
    QFETCH(const qint64, files);
    QFETCH(const Check::Outcome, outcome);
    QFETCH(const QString, mend);
    const QString x = QStringLiteral("/x");
    const Check check = app::doctor::spaceCheck(QStringLiteral("log_file"), x, x, {bytes, files});
    QCOMPARE(check.outcome, outcome);
    QVERIFY2(check.found.contains(u"MiB free"), qPrintable(check.found));
    QVERIFY2(check.mend.contains(mend) && check.mend.isEmpty() == mend.isEmpty(), qPrintable(check.mend));
}

void TestFolderChecks::nothingIsMade()
{
    m_server.logFile = path("run/logs/quern.log");
    const Checks checks = folderChecks(m_server);
    QCOMPARE(checks.size(), 2);
    for (const Check &check : checks)
        QVERIFY2(check.outcome == Check::Outcome::Ok, qPrintable(check.found));
    QVERIFY(QDir(m_folder->path()).isEmpty());
}

void TestFolderChecks::runtimeDirectory()
{
    QVERIFY(QDir().mkpath(m_server.runtimeDir));
    QVERIFY(QFile::setPermissions(m_server.runtimeDir, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner |
                                                           QFile::ReadGroup | QFile::ExeGroup));
    QCOMPARE(named("runtime_dir").outcome, Check::Outcome::Error);
    QVERIFY(named("runtime_dir").mend.contains(QStringLiteral("chmod 700 ") + m_server.runtimeDir));
    QVERIFY(QFile::setPermissions(m_server.runtimeDir, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner));
    QCOMPARE(named("runtime_dir").outcome, Check::Outcome::Ok);
    touch(path("file"));
    m_server.runtimeDir = path("file");
    QVERIFY2(named("runtime_dir").found.contains(u"no folder"), qPrintable(named("runtime_dir").found));
    m_server.runtimeDir = path("file/run");
    QCOMPARE(named("runtime_dir").outcome, Check::Outcome::Error);
}

void TestFolderChecks::longRuntimeDirectory()
{
    const qsizetype used = m_folder->path().size() + 1 + qsizetype(strlen("/control.sock"));
    const auto ofLength = [&](qsizetype length) { return m_folder->filePath(QString(length - used, u'x')); };
    m_server.runtimeDir = ofLength(107);
    QCOMPARE(named("runtime_dir").outcome, Check::Outcome::Ok);
    m_server.runtimeDir = ofLength(108);
    QVERIFY2(named("runtime_dir").found.contains(u"108 bytes of 107"), qPrintable(named("runtime_dir").found));
}

void TestFolderChecks::logs()
{
    m_server.accessLog = path("logs/access.log");
    QVERIFY2(named("access_log").mend.contains(QStringLiteral("mkdir -p ") + path("logs")),
             qPrintable(named("access_log").mend));
    QVERIFY(QDir().mkpath(path("logs")));
    QCOMPARE(named("access_log").outcome, Check::Outcome::Ok);
    m_server.accessLog = path("run/access.log"); // a start makes that folder
    QCOMPARE(named("access_log").outcome, Check::Outcome::Ok);
    m_server.accessLog = path("logs");
    QVERIFY2(named("access_log").found.contains(u"is a folder"), qPrintable(named("access_log").found));
    m_server.accessLog.clear();
    touch(path("file"));
    m_server.logFile = path("file/quern.log");
    QCOMPARE(named("log_file").outcome, Check::Outcome::Error);
    m_server.logFile = path("file");
    QCOMPARE(named("log_file").outcome, Check::Outcome::Ok);
    m_server.logFile = path("absent/quern.log");
    QVERIFY2(named("log_file").mend.contains(QStringLiteral("mkdir -p ") + path("absent")),
             qPrintable(named("log_file").mend));
    m_server.runtimeDir = path("absent");
    QCOMPARE(named("log_file").outcome, Check::Outcome::Ok);
}

void TestFolderChecks::logIntoAPipe()
{
    // As "/dev/stdout" often is one; it has no room that could be counted.
    int ends[2] = {};
    QCOMPARE(::pipe(ends), 0);
    m_server.logFile = QStringLiteral("/proc/self/fd/%1").arg(ends[1]);
    const Check found = named("log_file");
    ::close(ends[0]);
    ::close(ends[1]);
    QVERIFY2(found.outcome == Check::Outcome::Ok, qPrintable(found.found));
}

void TestFolderChecks::uploads()
{
    m_server.uploadTmpDir = path("uploads");
    QVERIFY2(named("upload_tmp_dir").mend.contains(QStringLiteral("mkdir -p ") + path("uploads")),
             qPrintable(named("upload_tmp_dir").mend));
    QVERIFY(QDir().mkpath(path("uploads")));
    QCOMPARE(named("upload_tmp_dir").outcome, Check::Outcome::Ok);
}

void TestFolderChecks::documentRoot()
{
    m_server.documentRoot = path("public");
    QCOMPARE(folderChecks(m_server).size(), 1);
    m_server.handleStatic = true;
    QCOMPARE(named("document_root").outcome, Check::Outcome::Error);
    QVERIFY(QDir().mkpath(path("public")));
    QCOMPARE(named("document_root").outcome, Check::Outcome::Ok);
}

void TestFolderChecks::taskDatabase()
{
    m_server.taskDatabase = path("data/tasks.db");
    QCOMPARE(folderChecks(m_server).size(), 1);
    m_server.taskWorkerNum = 1;
    QVERIFY2(named("tasks.database").mend.contains(QStringLiteral("mkdir -p ") + path("data")),
             qPrintable(named("tasks.database").mend));
    QVERIFY(QDir().mkpath(path("data")));
    QVERIFY2(named("tasks.database").found.startsWith(path("data/tasks.db")),
             qPrintable(named("tasks.database").found));
    QVERIFY(named("tasks.database").outcome != Check::Outcome::Error);
    touch(path("file"));
    m_server.taskDatabase = path("file/tasks.db");
    QCOMPARE(named("tasks.database").outcome, Check::Outcome::Error);
    m_server.taskDatabase = path("data");
    QVERIFY2(named("tasks.database").found.contains(u"is a folder"), qPrintable(named("tasks.database").found));
    m_server.taskDriver = config::TaskDriver::Memory;
    QCOMPARE(folderChecks(m_server).size(), 1);
    m_server.taskDriver = config::TaskDriver::Auto;
    QVERIFY(QFile::link(path("data"), path("data/tasks.db-payloads")));
    m_server.taskDatabase = path("data/tasks.db");
    QCOMPARE(named("tasks.database").outcome, Check::Outcome::Error);
    QVERIFY2(named("tasks.database").found.contains(path("data/tasks.db-payloads")),
             qPrintable(named("tasks.database").found));
    m_server.taskDatabase.clear(); // then it is in runtime_dir, which a start makes
    QVERIFY2(named("tasks.database").found.startsWith(path("run/tasks.db")), qPrintable(named("tasks.database").found));
}

void TestFolderChecks::taskDatabaseInMemory()
{
    const QString shared = QStringLiteral("/dev/shm");
    if (!tasks::isInMemory(shared))
        QSKIP("there is no file system in memory");
    m_server.taskWorkerNum = 1;
    m_server.taskDatabase = shared + QStringLiteral("/quern-tasks-of-a-test.db");
    const Check found = named("tasks.database");
    QCOMPARE(found.outcome, Check::Outcome::Warning);
    QVERIFY2(found.found.contains(u"lies in memory"), qPrintable(found.found));
}

QTEST_GUILESS_MAIN(TestFolderChecks)
#include "tst_folderchecks.moc"
