#pragma once

#include "base/clock.h"
#include "config/settings.h"
#include "process/poolscaler.h"
#include "process/restartreason.h"

#include <QBasicTimer>
#include <QHash>
#include <QObject>

#include <functional>

namespace Quern::process {
class ChildProcess;
class Supervisor;
} // namespace Quern::process

namespace Quern::app {

/// Has workers replaced that have done enough or use too much memory, and pools made larger and smaller as they are
/// needed. Looks at them several times a second, as far as the settings want any of it. Lives in the main thread.
class PoolKeeper final : public QObject
{
    Q_OBJECT
public:
    /// What waits and runs in the whole server.
    struct Work
    {
        quint64 requestsWaiting = 0;
        quint64 tasksWaiting = 0;
        quint64 tasksRunning = 0;
    };

    PoolKeeper(process::Supervisor *supervisor, std::function<Work()> work, QObject *parent = nullptr);

    /// From now on these hold.
    void configure(const config::Settings &settings);
    /// Nobody is looked after any more.
    void end() { m_timer.stop(); }

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void replaceUsedUp();
    void checkMemory();
    quint64 memoryLimitOf(const process::ChildProcess &child) const;
    void scale();
    void scaled(const QString &error);

    process::Supervisor *const m_supervisor;
    const std::function<Work()> m_work;
    config::Settings m_settings;
    QBasicTimer m_timer;
    base::MonotonicTime m_memoryLooked;
    QHash<quint64, quint64> m_requestLimits; ///< drawn for each worker, by child
    QHash<quint64, base::MonotonicTime>
        m_fatSince; ///< children that were beyond their memory limit when looked at last
    process::PoolBounds m_workerBounds;
    process::PoolBounds m_taskWorkerBounds;
    process::PoolScaler m_workers;
    process::PoolScaler m_taskWorkers;
    bool m_isScaling = false; ///< what the supervisor changes is its wish
};

} // namespace Quern::app
