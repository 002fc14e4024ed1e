#include "app/server/doctor/limitchecks.h"
#include "config/loader.h"
#include "fakesystem.h"

#include <QTest>

#include <algorithm>

using namespace Quern;
using app::doctor::Check;
using app::doctor::Checks;
using app::doctor::limitChecks;

Q_DECLARE_METATYPE(Quern::app::doctor::Check::Outcome)

class TestLimitChecks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void plenty();
    void finding_data();
    void finding();
    void aRunningServersOwnLimits();
    void childrenOfEachKind();
    void aMeasuredWorker();
    void groupsAboveCountAsWell();
    void whatIsGivenBackRaisesNoLimit();
    void chosenWorkersAreLeftAlone();
};

namespace {

config::Settings settings()
{
    config::Settings settings = config::defaults(QStringLiteral("/srv"));
    settings.server.workerNum = 2;
    settings.server.reactorNum = 1;
    settings.server.maxConn = 10'000;
    return settings;
}

Check named(const Checks &checks, const char *name)
{
    const auto it = std::find_if(checks.begin(), checks.end(),
                                 [name](const Check &check) { return check.name == QLatin1StringView(name); });
    return it == checks.end() ? Check{} : *it;
}

} // namespace

void TestLimitChecks::plenty()
{
    const FakeSystem system;
    const Checks checks = limitChecks(settings(), app::Machine(system.roots()), false, 0);
    QCOMPARE(checks.size(), 6);
    for (const Check &check : checks) {
        QVERIFY2(check.outcome == Check::Outcome::Ok && check.mend.isEmpty(), qPrintable(check.name + check.found));
        QVERIFY(!check.found.isEmpty());
    }
}

void TestLimitChecks::finding_data()
{
    QTest::addColumn<QString>("file");
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QByteArray>("name");
    QTest::addColumn<Check::Outcome>("outcome");
    QTest::addColumn<QString>("found");
    QTest::addColumn<QString>("mend");

    const auto row = [](const char *title, const char *file, const QByteArray &text, const char *name,
                        Check::Outcome outcome, const char *found, const char *mend) {
        QTest::newRow(title) << QString::fromLatin1(file) << text << QByteArray(name) << outcome
                             << QString::fromUtf8(found) << QString::fromUtf8(mend);
    };
    constexpr auto ok = Check::Outcome::Ok;
    constexpr auto warning = Check::Outcome::Warning;
    constexpr auto error = Check::Outcome::Error;
    // 64 for the master, 3 for its reactor, 2 × 4 × (1 + 5) for workers, timer and hooks, 64 for refused clients: 179.
    // A quarter of the rest is for files.
    row("too few files", "proc/self/limits", FakeSystem::limits("100", "276"), "open files", warning,
        "276 may be open, enough for 73 connections", "ulimit -n 13512");
    row("max_conn that fits", "proc/self/limits", FakeSystem::limits("100", "276"), "open files", warning, "276",
        "max_conn = 73");
    row("just enough files", "proc/self/limits", FakeSystem::limits("100", "13512"), "open files", ok, "13512", "");
    row("one file short", "proc/self/limits", FakeSystem::limits("100", "13511"), "open files", warning, "9999",
        "13512");
    row("no room for any client", "proc/self/limits", FakeSystem::limits("100", "179"), "open files", error,
        "179 without any client", "LimitNOFILE=13512");
    row("any number of files", "proc/self/limits", FakeSystem::limits("100", "unlimited"), "open files", ok,
        "any number of", "");
    row("no limits to read", "proc/self/limits", "", "open files", warning, "does not tell", "ulimit");
    row("short backlog", "proc/sys/net/core/somaxconn", "128\n", "backlog", warning, "cuts it to 128",
        "sysctl -w net.core.somaxconn=512");
    row("no cookies", "proc/sys/net/ipv4/tcp_syncookies", "0\n", "backlog", warning, "SYN cookies",
        "net.ipv4.tcp_syncookies=1");
    row("one core", "proc/self/status", "Cpus_allowed_list:\t5\n", "worker_num", warning, "2 for 1 cores",
        "worker_num = 1");
    row("a range of cores", "proc/self/status", "Cpus_allowed_list:\t0-2,5-9\n", "worker_num", ok, "2 for 8 cores", "");
    row("half a core granted", "sys/fs/cgroup/system.slice/quern.service/cpu.max", "50000 100000\n", "worker_num",
        warning, "the time of 0.5 cores, of 2", "worker_num = 1");
    row("all cores granted", "sys/fs/cgroup/system.slice/quern.service/cpu.max", "max 100000\n", "worker_num", ok,
        "2 for 2 cores", "");
    row("little memory left", "proc/meminfo", "MemAvailable:  100000 kB\n", "memory", warning, "97.7 MiB available",
        "worker_num = 1");
    row("a small group", "sys/fs/cgroup/system.slice/quern.service/memory.max", "100000000\n", "memory", warning,
        "95.4 MiB allowed (control group)", "worker_num = 1");
    row("a group without a limit", "sys/fs/cgroup/system.slice/quern.service/memory.max", "max\n", "memory", ok,
        "7.6 GiB available", "");
}

void TestLimitChecks::finding()
{
    QFETCH(const QString, file);
    QFETCH(const QByteArray, text);
    QFETCH(const QByteArray, name);
    QFETCH(const Check::Outcome, outcome);
    QFETCH(const QString, found);
    QFETCH(const QString, mend);

    const FakeSystem system;
    system.write(file, text);
    const Check check = named(limitChecks(settings(), app::Machine(system.roots()), false, 0), name.constData());
    QVERIFY2(check.outcome == outcome, qPrintable(check.found));
    QVERIFY2(check.found.contains(found), qPrintable(check.found));
    QVERIFY2(check.mend.contains(mend) && check.mend.isEmpty() == mend.isEmpty(), qPrintable(check.mend));
}

void TestLimitChecks::aRunningServersOwnLimits()
{
    const FakeSystem system;
    // A running server has raised its limit as far as it goes: what counts is where it stands.
    system.write(QStringLiteral("proc/77/limits"), FakeSystem::limits("276", "20000"));
    const Check check = named(limitChecks(settings(), app::Machine(system.roots(), 77), true, 0), "open files");
    QCOMPARE(check.outcome, Check::Outcome::Warning);
    QVERIFY2(check.found.contains(u"73 connections"), qPrintable(check.found));
}

void TestLimitChecks::childrenOfEachKind()
{
    const FakeSystem system;
    system.write(QStringLiteral("proc/self/limits"), FakeSystem::limits("100", "276"));
    config::Settings more = settings();
    const auto found = [&] {
        return named(limitChecks(more, app::Machine(system.roots()), false, 0), "open files").found;
    };
    // Two of them take 24 more.
    more.server.taskWorkerMaxNum = 2;
    QVERIFY2(found().contains(u"enough for 55 connections"), qPrintable(found()));
    more.server.taskWorkerMaxNum = 0;
    more.processes = {config::ProcessSettings(), config::ProcessSettings()};
    more.processes[0].num = 2;
    more.processes[1].enable = false;
    QVERIFY2(found().contains(u"enough for 55 connections"), qPrintable(found()));
}

void TestLimitChecks::aMeasuredWorker()
{
    const FakeSystem system;
    // Of a running server the workers of the next generation alone are to come: 2 × 4 GiB of 7.6.
    const Checks checks = limitChecks(settings(), app::Machine(system.roots()), true, qint64(4) << 30);
    const Check check = named(checks, "memory");
    QCOMPARE(check.outcome, Check::Outcome::Warning);
    QVERIFY2(check.found.contains(u"8.0 GiB"), qPrintable(check.found));
    const Checks smaller = limitChecks(settings(), app::Machine(system.roots()), true, qint64(3) << 30);
    QCOMPARE(named(smaller, "memory").outcome, Check::Outcome::Ok);
}

void TestLimitChecks::groupsAboveCountAsWell()
{
    const FakeSystem system;
    system.write(QStringLiteral("sys/fs/cgroup/system.slice/cpu.max"), "100000 100000\n");
    const Check unified = named(limitChecks(settings(), app::Machine(system.roots()), false, 0), "worker_num");
    QCOMPARE(unified.outcome, Check::Outcome::Warning);
    // Version 1 of control groups.
    system.write(QStringLiteral("proc/self/cgroup"), "5:memory:/a/b\n4:cpu,cpuacct:/a\n0::/\n");
    system.write(QStringLiteral("sys/fs/cgroup/cpu/a/cpu.cfs_quota_us"), "50000\n");
    system.write(QStringLiteral("sys/fs/cgroup/cpu/a/cpu.cfs_period_us"), "100000\n");
    system.write(QStringLiteral("sys/fs/cgroup/memory/a/memory.limit_in_bytes"), "100000000\n");
    const Checks checks = limitChecks(settings(), app::Machine(system.roots()), false, 0);
    QVERIFY2(named(checks, "worker_num").found.contains(u"0.5"), qPrintable(named(checks, "worker_num").found));
    QVERIFY2(named(checks, "memory").found.contains(u"95.4 MiB"), qPrintable(named(checks, "memory").found));
}

void TestLimitChecks::whatIsGivenBackRaisesNoLimit()
{
    const FakeSystem system;
    const app::Machine machine(system.roots());
    constexpr qint64 available = 8'000'000LL * 1024;
    QCOMPARE(machine.memory(1000)->bytes, available + 1000);
    const QString limit = QStringLiteral("sys/fs/cgroup/system.slice/quern.service/memory.max");
    system.write(limit, QByteArray::number(available + 500) + '\n');
    QCOMPARE(machine.memory()->bytes, available);
    QCOMPARE(machine.memory(1000)->bytes, available + 500);
    system.write(limit, "100000000\n");
    QCOMPARE(machine.memory(1000)->bytes, 100'000'000);
}

void TestLimitChecks::chosenWorkersAreLeftAlone()
{
    const FakeSystem system;
    system.write(QStringLiteral("proc/self/status"), "Cpus_allowed_list:\t5\n");
    config::Settings chosen = settings();
    chosen.origins.insert(QStringLiteral("server.worker_num"), QStringLiteral("quern.toml:2"));
    QCOMPARE(named(limitChecks(chosen, app::Machine(system.roots()), false, 0), "worker_num").outcome,
             Check::Outcome::Ok);
    chosen.server.workerNum = 17;
    QCOMPARE(named(limitChecks(chosen, app::Machine(system.roots()), false, 0), "worker_num").outcome,
             Check::Outcome::Warning);
}

QTEST_GUILESS_MAIN(TestLimitChecks)
#include "tst_limitchecks.moc"
