#include "app/server/doctor/programchecks.h"
#include "app/server/doctor/serverchecks.h"
#include "fakesystem.h"

#include <QTest>

using namespace Quern;
using app::doctor::Check;
using app::doctor::Checks;
using app::doctor::foundationChecks;
using app::doctor::pluginChecks;
using app::doctor::serverChecks;
using app::doctor::ServerReport;

Q_DECLARE_METATYPE(Quern::app::doctor::Check::Outcome)

/// The checks of programs: the worker's, the plugins' files, and the server that runs.
class TestProgramChecks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void workerProgram_data();
    void workerProgram();
    void noWorkerProgram();
    void foundations();
    void plugins();
    void programsOfJobs();
    void serverThatDoesNotRun();
    void serverThatDoesNotAnswer();
    void server_data();
    void server();
    void mends();
};

void TestProgramChecks::workerProgram_data()
{
    QTest::addColumn<QByteArray>("script");
    QTest::addColumn<Check::Outcome>("outcome");
    QTest::addColumn<QString>("found");
    QTest::newRow("same") << QByteArray("echo quern-worker 1.2.3, Qt 6") << Check::Outcome::Ok
                          << QStringLiteral("1.2.3, Qt 6");
    QTest::newRow("longer") << QByteArray("echo quern-worker 1.2.30, Qt 6") << Check::Outcome::Error
                            << QStringLiteral("not of version 1.2.3");
    QTest::newRow("older, without --version") << QByteArray("echo is started by quern >&2; exit 2")
                                              << Check::Outcome::Error << QStringLiteral("is started by quern");
    QTest::newRow("crashes") << QByteArray("kill -SEGV $$") << Check::Outcome::Error << QStringLiteral("fails");
}

void TestProgramChecks::workerProgram()
{
    QFETCH(const QByteArray, script);
    QFETCH(const Check::Outcome, outcome);
    QFETCH(const QString, found);
    const FakeSystem system;
    system.write(QStringLiteral("quern-worker"), "#!/bin/sh\n" + script + '\n');
    const QString program = system.path(QStringLiteral("quern-worker"));
    QVERIFY(QFile::setPermissions(program, QFile::permissions(program) | QFile::ExeOwner | QFile::ExeUser));
    const Check check = app::doctor::workerProgramCheck(program, QStringLiteral("1.2.3"));
    QVERIFY2(check.outcome == outcome, qPrintable(check.found));
    QVERIFY2(check.found.contains(found), qPrintable(check.found));
}

void TestProgramChecks::noWorkerProgram()
{
    const FakeSystem system;
    const QString program = system.path(QStringLiteral("quern-worker"));
    QVERIFY(app::doctor::workerProgramCheck(program, {}).found.contains(u"is not there"));
    system.write(QStringLiteral("quern-worker"), "#!/bin/sh\n");
    QVERIFY(app::doctor::workerProgramCheck(program, {}).mend.contains(u"chmod 755"));
}

void TestProgramChecks::foundations()
{
    const FakeSystem system;
    const auto find = [&system] { return foundationChecks(app::Machine(system.roots())); };
    QCOMPARE(find().last().name, QStringLiteral("time zones"));
    QCOMPARE(find().last().mend, QStringLiteral("apt-get install tzdata"));
    system.write(QStringLiteral("zoneinfo/UTC"), "TZif");
    const Checks checks = find();
    for (const Check &check : checks)
        QVERIFY2(check.outcome == Check::Outcome::Ok, qPrintable(check.name + check.found));
    qputenv("TZ", "Europe/Nowhere");
    QCOMPARE(find().last().outcome, Check::Outcome::Warning);
    qunsetenv("TZ");
}

void TestProgramChecks::plugins()
{
    const FakeSystem system;
    const QList<app::doctor::PluginPlace> places = {
        {{}, system.path(QStringLiteral("libshop.so"))},
        {QStringLiteral("nowhere"), system.path(QStringLiteral("libnowhere.so"))}};
    const QStringList installed = {QStringLiteral("demo"), QStringLiteral("welcome")};
    Checks checks = pluginChecks(places, installed);
    QCOMPARE(checks.size(), 2);
    QCOMPARE(checks.at(0).outcome, Check::Outcome::Error);
    QVERIFY2(checks.at(0).mend.contains(u"build it"), qPrintable(checks.at(0).mend));
    QCOMPARE(checks.at(1).outcome, Check::Outcome::Error);
    QVERIFY2(checks.at(1).mend.contains(u"demo, welcome"), qPrintable(checks.at(1).mend));
    system.write(QStringLiteral("libshop.so"), "ELF");
    checks = pluginChecks(places, installed);
    QCOMPARE(checks.at(0).outcome, Check::Outcome::Ok);
}

void TestProgramChecks::programsOfJobs()
{
    const FakeSystem system;
    system.write(QStringLiteral("plain"), "text");
    const QString plain = system.path(QStringLiteral("plain"));
    const Checks checks =
        app::doctor::jobProgramChecks({{QStringLiteral("good"), QStringLiteral("sh")},
                                       {QStringLiteral("better"), QStringLiteral("/bin/sh")},
                                       {QStringLiteral("far"), QStringLiteral("/nowhere/backup")},
                                       {QStringLiteral("misspelt"), QStringLiteral("no-such-program")},
                                       {QStringLiteral("plain"), plain}});
    QStringList told;
    for (const Check &check : checks) {
        QVERIFY(check.outcome == Check::Outcome::Warning);
        told.append(check.name + QStringLiteral(": ") + check.found);
    }
    QCOMPARE(told, (QStringList{QStringLiteral("cron far: /nowhere/backup is not there"),
                                QStringLiteral("cron misspelt: no program is called no-such-program in PATH"),
                                QStringLiteral("cron plain: this user may not execute ") + plain}));
}

void TestProgramChecks::serverThatDoesNotRun()
{
    const Checks checks = serverChecks(ServerReport{}, QStringLiteral("1.0.0"));
    QCOMPARE(checks.size(), 1);
    QCOMPARE(checks.at(0).outcome, Check::Outcome::Ok);
}

void TestProgramChecks::serverThatDoesNotAnswer()
{
    const ServerReport silent = {77, Error(Error::Timeout, QStringLiteral("no answer within 5 s"))};
    const Check check = serverChecks(silent, {}).value(0);
    QCOMPARE(check.outcome, Check::Outcome::Error);
    QVERIFY2(check.found.contains(u"no answer within 5 s") && check.mend.contains(u"77"), qPrintable(check.found));
    const ServerReport hidden = {Error(Error::Permission, QStringLiteral("not yours")), silent.status};
    QCOMPARE(serverChecks(hidden, {}).value(0).found, QStringLiteral("not yours"));
}

void TestProgramChecks::server_data()
{
    QTest::addColumn<bool>("isDegraded");
    QTest::addColumn<bool>("hasReadyWorker");
    QTest::addColumn<int>("restarts");
    QTest::addColumn<QString>("version");
    QTest::addColumn<int>("count");
    QTest::addColumn<Check::Outcome>("worst");
    const QString same = QStringLiteral("1.0.0");
    QTest::newRow("well") << false << true << 2 << same << 1 << Check::Outcome::Ok;
    QTest::newRow("degraded") << true << true << 0 << same << 1 << Check::Outcome::Warning;
    QTest::newRow("no worker") << true << false << 0 << same << 1 << Check::Outcome::Error;
    QTest::newRow("restarts") << false << true << 3 << same << 2 << Check::Outcome::Warning;
    QTest::newRow("other version") << false << true << 0 << QStringLiteral("0.9.0") << 2 << Check::Outcome::Warning;
}

void TestProgramChecks::server()
{
    QFETCH(const bool, isDegraded);
    QFETCH(const bool, hasReadyWorker);
    QFETCH(const int, restarts);
    QFETCH(const QString, version);
    QFETCH(const int, count);
    QFETCH(const Check::Outcome, worst);
    admin::Status status;
    status.state = isDegraded ? admin::Status::State::Degraded : admin::Status::State::Running;
    status.version = version;
    admin::WorkerStatus worker;
    worker.state = hasReadyWorker ? admin::WorkerStatus::State::Ready : admin::WorkerStatus::State::Waiting;
    worker.restarts = restarts;
    worker.lastExit = QStringLiteral("signal 11");
    status.workers = {worker};
    const Checks checks = serverChecks({77, status}, QStringLiteral("1.0.0"));
    QCOMPARE(checks.size(), count);
    const Check &last = checks.last();
    QCOMPARE(last.outcome, worst);
    QCOMPARE(last.mend.isEmpty(), worst == Check::Outcome::Ok);
}

void TestProgramChecks::mends()
{
    admin::WorkerStatus ready;
    ready.state = admin::WorkerStatus::State::Ready;
    admin::Status status;
    status.state = admin::Status::State::Degraded;
    status.workers = {ready};
    const auto mend = [&status] { return serverChecks({77, status}, {}).first().mend; };
    // All are there: it can only be tasks that wait.
    QVERIFY2(mend().contains(u"write task_worker_num = 1"), qPrintable(mend()));
    status.tasks.failure = QStringLiteral("the disk is full");
    QVERIFY2(mend().contains(u"tries again by itself"), qPrintable(mend()));
    admin::WorkerStatus timer;
    timer.name = QStringLiteral("timer");
    timer.restarts = 5;
    timer.lastExit = QStringLiteral("signal 11");
    timer.state = admin::WorkerStatus::State::Waiting;
    status.processes = {timer};
    QVERIFY2(mend().contains(u"\"quern logs\" tells why they end"), qPrintable(mend()));
    const Check last = serverChecks({77, status}, {}).last();
    QCOMPARE(last.name, QStringLiteral("timer"));
    QCOMPARE(last.found, QStringLiteral("was restarted 5 times; last: signal 11"));
}

QTEST_GUILESS_MAIN(TestProgramChecks)
#include "tst_programchecks.moc"
