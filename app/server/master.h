#pragma once

#include "admin/protocol/pluginlist.h"
#include "admin/protocol/status.h"
#include "admin/server/operationlog.h"
#include "app/server/apisettings.h"
#include "app/server/brokerthread.h"
#include "app/server/crondesk.h"
#include "app/server/pidfile.h"
#include "app/server/ratemeter.h"
#include "app/server/reactorpool.h"
#include "app/server/runtimefiles.h"
#include "app/server/signalwatcher.h"
#include "app/server/startcommand.h"
#include "config/settings.h"
#include "process/supervisor.h"
#include "tables/sharedtables.h"
#include "tables/tablesweeper.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QDateTime>
#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QObject>

#include <functional>
#include <memory>

namespace Quern::app {

class ControlDesk;

/// The master process: owns reactors, supervisor, control socket and pid lock, and leads them through start, reload and
/// stop. Lives in the main thread.
class Master final : public QObject
{
    Q_OBJECT
public:
    enum class State { Starting, Running, Stopping };

    Master(const config::Settings &settings, const StartOptions &options, QObject *parent = nullptr);
    ~Master() override;

    /// Locks, binds and starts the first workers; ready() or failed() follows. An error says what is in the way;
    /// nothing is left behind.
    Result<void> start();
    /// Both return the operation, whose progress can be watched. A reload reads the settings first: an error
    /// of theirs is returned at once, and all goes on as it was.
    Result<admin::OperationReference> reload();
    admin::OperationReference stop(const QString &reason);
    /// The log has other levels now: the children are to have them as well.
    void logLevelsChanged();

    admin::Status status() const;
    admin::PluginList plugins() const;
    admin::OperationLog &operations() { return m_operations; }
    CronDesk &cron() { return *m_cron; }

    static QString pidPath(const config::Settings &settings);
    static QString controlPath(const config::Settings &settings);

Q_SIGNALS:
    void ready();
    /// The first workers could not serve.
    void failed(const QString &reason);
    /// Everything has been stopped: the process may end.
    void finished();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    /// What holds once the reload that is under way has succeeded.
    struct Next
    {
        config::Settings settings;
        process::SupervisorSettings workers;
        std::vector<dispatch::Port> ports;
        ApiCredentials credentials; ///< if there is an API
        QStringList needRestart;    ///< keys whose new values do not hold
    };

    Result<admin::OperationReference> beginReload();
    Result<Next> loadNext() const;
    void applyReload();
    void reloadStep(const QString &text);
    void becomeReady();
    /// What ServerStop hooks may take now.
    std::chrono::milliseconds hooksGrace() const;
    void recordRates();
    void reloadEnded(const QString &error);
    /// One of those that finish what they have begun has: connections, tasks, timer and custom processes.
    void stopPartDone();
    void childrenStopped();
    void handleSignal(int number);
    void stopStep(const QString &text);

    config::Settings m_settings; ///< in effect
    StartOptions m_options;
    std::unique_ptr<Next> m_next; ///< while a reload is under way
    PidFile m_pidFile;
    admin::OperationLog m_operations;
    std::unique_ptr<tables::SharedTables> m_tables;
    std::unique_ptr<tables::TableSweeper> m_sweeper;
    std::unique_ptr<process::Supervisor> m_supervisor;
    std::unique_ptr<ReactorPool> m_reactors;
    std::unique_ptr<BrokerThread> m_broker;
    std::unique_ptr<CronDesk> m_cron;
    std::unique_ptr<ControlDesk> m_control;
    std::unique_ptr<SignalWatcher> m_signals;
    std::unique_ptr<RuntimeFiles> m_runtimeFiles;
    QBasicTimer m_drainDeadline;
    QBasicTimer m_rateTimer;
    RateMeter m_rateMeter;
    QDeadlineTimer m_stopBy; ///< max_wait_time from the beginning of the stop
    QDateTime m_startedAt;
    QElapsedTimer m_uptime;
    qint64 m_reloadOperation = 0;
    qint64 m_stopOperation = 0;
    int m_stopPartsLeft = 0;
    State m_state = State::Starting;
};

} // namespace Quern::app
