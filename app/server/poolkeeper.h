#pragma once

#include "base/clock.h"
#include "config/settings.h"
#include "ipc/childrole.h"
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
        quint64 eventsUnderWay = 0; ///< messages of connections that wait or are at work
        quint64 tasksWaiting = 0;
        quint64 tasksRunning = 0;
    };

    PoolKeeper(process::Supervisor *supervisor, std::function<Work()> work, QObject *parent = nullptr);

    /// Why there is no room for \a count more children of \a role that take as much memory as those of now: see
    /// app::lackOfMemory().
    static QString lackOfMemory(const process::Supervisor &supervisor, ipc::ChildRole role, int count);

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
    struct Pool
    {
        ipc::ChildRole role = ipc::ChildRole::Worker;
        process::PoolBounds bounds;
        process::PoolScaler scaler;
    };
    /// False if it may stay as it is. \a waiting tells what waits: "5 tasks".
    bool scale(Pool &pool, const process::PoolLook &look, const QString &waiting);
    void scaled(const QString &error);

    process::Supervisor *const m_supervisor;
    const std::function<Work()> m_work;
    config::Settings m_settings;
    QBasicTimer m_timer;
    base::MonotonicTime m_memoryLooked;
    QHash<quint64, quint64> m_requestLimits; ///< drawn for each worker, by child
    /// Since when a child is to go that is beyond its memory limit, and how far it was beyond it when it was found.
    struct Excess
    {
        base::MonotonicTime since;
        quint64 bytes = 0;
    };
    QHash<quint64, Excess> m_excess; ///< of those that were when looked at last
    Pool m_workers{ipc::ChildRole::Worker, {}, {}};
    Pool m_taskWorkers{ipc::ChildRole::TaskWorker, {}, {}};
    Pool *m_scaling = nullptr; ///< what the supervisor changes is the keeper's wish
    bool m_isGrowing = false;
};

} // namespace Quern::app
