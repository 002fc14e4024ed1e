#pragma once

#include "processsupport.h"

#include <algorithm>

namespace ProcessTest {

using namespace Quern;
using namespace std::chrono_literals;
using process::ChildHandoff;
using process::ChildReport;
using process::Supervisor;
using process::SupervisorSettings;

/// A supervisor with real workers. The reactors are played by the test, which keeps what is handed to them.
class SupervisorTest : public QObject
{
protected:
    void prepare();
    void end();
    void create(const SupervisorSettings &settings);
    void create() { create(m_settings); }
    /// One custom process, of the plugin with all kinds of work.
    void wantProcess();
    QList<qint64> pids() const;
    void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(patience));

    std::unique_ptr<QTemporaryDir> m_folder;
    SupervisorSettings m_settings;
    QList<std::shared_ptr<ChildHandoff>> m_handoffs;
    QList<quint64> m_drains;
    bool m_drainAtOnce = true; ///< both reactors answer drainRequested at once
    std::unique_ptr<Supervisor> m_supervisor;
    std::unique_ptr<QSignalSpy> m_started;
    std::unique_ptr<QSignalSpy> m_startFailed;
    std::unique_ptr<QSignalSpy> m_activated;
    std::unique_ptr<QSignalSpy> m_reloaded;
    std::unique_ptr<QSignalSpy> m_exited;
    std::unique_ptr<QSignalSpy> m_stopped;
};

inline void SupervisorTest::prepare()
{
    m_folder = std::make_unique<QTemporaryDir>();
    m_settings = {};
    m_settings.workerNum = 2;
    m_settings.reactorCount = 2;
    m_settings.workerProgram = QStringLiteral(WORKER_PROGRAM);
    m_settings.generationsDirectory = m_folder->filePath(QStringLiteral("generations"));
    m_settings.plugins = {welcomePlugin()};
    m_settings.maxWaitTime = std::chrono::milliseconds(patience);
    m_drainAtOnce = true;
}

inline void SupervisorTest::end()
{
    m_supervisor.reset();
    m_handoffs.clear();
    m_drains.clear();
}

inline void SupervisorTest::create(const SupervisorSettings &settings)
{
    m_supervisor = std::make_unique<Supervisor>(settings);
    Supervisor *supervisor = m_supervisor.get();
    m_started = std::make_unique<QSignalSpy>(supervisor, &Supervisor::started);
    m_startFailed = std::make_unique<QSignalSpy>(supervisor, &Supervisor::startFailed);
    m_activated = std::make_unique<QSignalSpy>(supervisor, &Supervisor::generationActivated);
    m_reloaded = std::make_unique<QSignalSpy>(supervisor, &Supervisor::reloadFinished);
    m_exited = std::make_unique<QSignalSpy>(supervisor, &Supervisor::childExited);
    m_stopped = std::make_unique<QSignalSpy>(supervisor, &Supervisor::stopped);
    connect(supervisor, &Supervisor::childReady, this,
            [this](const std::shared_ptr<ChildHandoff> &handoff) { m_handoffs.append(handoff); });
    connect(supervisor, &Supervisor::drainRequested, this, [this](quint64 childId) {
        m_drains.append(childId);
        for (int i = 0; m_drainAtOnce && i < 3; ++i) // both reactors and the broker
            m_supervisor->drained(childId);
    });
    supervisor->start();
}

inline QList<qint64> SupervisorTest::pids() const
{
    QList<qint64> pids;
    for (const ChildReport &report : m_supervisor->report()) {
        if (report.pid != 0)
            pids.append(report.pid);
    }
    return pids;
}

inline void SupervisorTest::stop(std::chrono::milliseconds grace)
{
    const QList<qint64> before = pids();
    m_supervisor->stop(grace, 1s);
    QTRY_COMPARE_WITH_TIMEOUT(m_stopped->size(), 1, patience);
    for (const qint64 pid : before)
        QVERIFY(!isAlive(pid));
}

inline void SupervisorTest::wantProcess()
{
    m_settings.workerNum = 1;
    m_settings.plugins = {{QStringLiteral(WORKLAB_PLUGIN), {}}};
    process::ProcessPool pool;
    pool.name = QStringLiteral("ticker");
    m_settings.processes = {pool};
    ipc::ProcessEntry entry;
    entry.name = entry.handler = pool.name;
    entry.parameters = {{QStringLiteral("pause"), 600'000}}; // there is no broker that would take what it writes
    m_settings.plan.processes = {entry};
}

} // namespace ProcessTest
