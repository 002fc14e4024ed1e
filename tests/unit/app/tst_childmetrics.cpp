#include "app/server/childmetrics.h"

#include "epolltestmain.h"
#include "ipc/connectiontable.h"
#include "metricsupport.h"

#include <QLoggingCategory>
#include <QSignalSpy>
#include <QTemporaryDir>

#include <algorithm>
#include <csignal>
#include <optional>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;
using app::ChildMetrics;
using process::ChildReport;
using process::Supervisor;
using process::SupervisorSettings;

namespace {

/// What a child may take under sanitizers on a busy machine, in milliseconds.
constexpr int patience = 20000;

} // namespace

namespace Quern::app {

Q_LOGGING_CATEGORY(logMaster, "quern.master", QtInfoMsg)

} // namespace Quern::app

/// What real children of every role count, through their lives.
class TestChildMetrics : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void allRoles();
    void aDeadChildIsKept();
    void aReload();

private:
    void start();
    QStringList lines() { return linesOf(m_metrics->collect()); }
    QStringList lines(const QString &part) { return lines().filter(part); }
    qint64 pidOf(ipc::ChildRole role) const;

    std::unique_ptr<QTemporaryDir> m_folder;
    std::optional<ipc::ConnectionTable> m_connections;
    SupervisorSettings m_settings;
    std::unique_ptr<Supervisor> m_supervisor;
    std::unique_ptr<ChildMetrics> m_metrics;
};

void TestChildMetrics::init()
{
    m_folder = std::make_unique<QTemporaryDir>();
    Result<ipc::ConnectionTable> connections = ipc::ConnectionTable::create(1, 1);
    QVERIFY(connections.ok());
    m_connections.emplace(std::move(*connections));
    m_settings = {};
    m_settings.workerNum = 2;
    m_settings.taskWorkerNum = 1;
    m_settings.reactorCount = 1;
    process::ProcessPool pool;
    pool.name = u"counting"_s;
    m_settings.processes = {pool};
    ipc::ProcessEntry entry;
    entry.name = entry.handler = pool.name;
    m_settings.plan.processes = {entry};
    m_settings.workerProgram = QStringLiteral(WORKER_PROGRAM);
    m_settings.generationsDirectory = m_folder->filePath(u"generations"_s);
    m_settings.plugins = {{QStringLiteral(FIXTURE_DIR "/libcounting.so"), {}}};
    m_settings.connectionsFd = m_connections->descriptor();
    m_settings.maxWaitTime = std::chrono::milliseconds(patience);
}

void TestChildMetrics::cleanup()
{
    m_metrics.reset();
    m_supervisor.reset();
    m_connections.reset();
}

void TestChildMetrics::start()
{
    m_supervisor = std::make_unique<Supervisor>(m_settings);
    m_metrics = std::make_unique<ChildMetrics>(m_supervisor.get());
    Supervisor *supervisor = m_supervisor.get();
    connect(supervisor, &Supervisor::drainRequested, this, [supervisor](quint64 childId) {
        for (int i = 0; i < 2; ++i) // the reactor and the broker
            supervisor->drained(childId);
    });
    QSignalSpy started(supervisor, &Supervisor::started);
    supervisor->start();
    QTRY_COMPARE_WITH_TIMEOUT(started.size(), 1, patience);
}

qint64 TestChildMetrics::pidOf(ipc::ChildRole role) const
{
    const QList<ChildReport> report = m_supervisor->report();
    const auto found =
        std::find_if(report.begin(), report.end(), [role](const ChildReport &child) { return child.who.role == role; });
    return found == report.end() ? 0 : found->pid;
}

void TestChildMetrics::allRoles()
{
    start();
    QCOMPARE(lines(u"starts"_s), (QStringList{u"counting_starts_total{process=\"process counting 0\"} 1"_s,
                                              u"counting_starts_total{process=\"task worker 0\"} 1"_s,
                                              u"counting_starts_total{process=\"timer\"} 1"_s,
                                              u"counting_starts_total{process=\"worker 0\"} 1"_s,
                                              u"counting_starts_total{process=\"worker 1\"} 1"_s}));
    QCOMPARE(lines(u"processes"_s), QStringList(u"counting_processes 5"_s));
    QCOMPARE(lines(u"bytes"_s), QStringList(u"counting_body_bytes 10:0 100:0 inf:0 sum 0"_s));
}

void TestChildMetrics::aDeadChildIsKept()
{
    start();
    for (const ipc::ChildRole role : {ipc::ChildRole::Worker, ipc::ChildRole::TaskWorker, ipc::ChildRole::Timer}) {
        QSignalSpy exited(m_supervisor.get(), &Supervisor::childExited);
        const qint64 pid = pidOf(role);
        QVERIFY(pid > 0);
        ::kill(pid_t(pid), SIGKILL);
        QTRY_COMPARE_WITH_TIMEOUT(exited.size(), 1, patience);
        QTRY_COMPARE_WITH_TIMEOUT(lines(u"processes"_s), QStringList(u"counting_processes 5"_s), patience);
    }
    QCOMPARE(lines(u"starts"_s), (QStringList{u"counting_starts_total{process=\"process counting 0\"} 1"_s,
                                              u"counting_starts_total{process=\"task worker 0\"} 2"_s,
                                              u"counting_starts_total{process=\"timer\"} 2"_s,
                                              u"counting_starts_total{process=\"worker 0\"} 2"_s,
                                              u"counting_starts_total{process=\"worker 1\"} 1"_s}));
}

void TestChildMetrics::aReload()
{
    start();
    const auto reload = [this](bool isRight = true) {
        QSignalSpy reloaded(m_supervisor.get(), &Supervisor::reloadFinished);
        QVERIFY(m_supervisor->reload(m_settings).ok());
        QTRY_COMPARE_WITH_TIMEOUT(reloaded.size(), 1, patience);
        QCOMPARE(reloaded.first().first().toString().isEmpty(), isRight);
    };
    reload();
    QCOMPARE(lines(u"\"worker 0\""_s), QStringList(u"counting_starts_total{process=\"worker 0\"} 2"_s));
    QCOMPARE(lines(u"\"timer\""_s), QStringList(u"counting_starts_total{process=\"timer\"} 2"_s));
    QCOMPARE(lines(u"processes"_s), QStringList(u"counting_processes 5"_s));

    // One that fails changes nothing.
    const QStringList before = lines();
    const QList<ipc::BootMessage::Plugin> plugins =
        std::exchange(m_settings.plugins, {{QStringLiteral(FIXTURE_DIR "/libthrowing.so"), {}}});
    reload(false);
    QTRY_COMPARE_WITH_TIMEOUT(lines(), before, patience);

    // Without the plugin its metrics go.
    m_settings.plugins = {{QStringLiteral(FIXTURE_DIR "/libgood.so"), {}}};
    m_settings.processes.clear();
    m_settings.plan.processes.clear();
    reload();
    QCOMPARE(lines(), QStringList());
    m_settings.plugins = plugins;
    reload();
    QCOMPARE(lines(u"\"worker 0\""_s), QStringList(u"counting_starts_total{process=\"worker 0\"} 1"_s));
}

QUERN_EPOLL_TEST_MAIN(TestChildMetrics)
#include "tst_childmetrics.moc"
