#pragma once

#include "admin/protocol/pluginlist.h"
#include "admin/protocol/servermessages.h"
#include "admin/protocol/status.h"
#include "admin/server/operationlog.h"
#include "app/server/apisettings.h"
#include "app/server/brokerthread.h"
#include "app/server/childmetrics.h"
#include "app/server/crondesk.h"
#include "app/server/metricsdesk.h"
#include "app/server/pidfile.h"
#include "app/server/poolkeeper.h"
#include "app/server/ratemeter.h"
#include "app/server/reactorpool.h"
#include "app/server/reloadplan.h"
#include "app/server/runtimefiles.h"
#include "app/server/signalwatcher.h"
#include "app/server/startcommand.h"
#include "app/server/usagemeter.h"
#include "config/settings.h"
#include "process/supervisor.h"
#include "tables/sharedtables.h"
#include "tables/tablesweeper.h"
#include "watch/reloadonchange.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QDateTime>
#include <QDeadlineTimer>
#include <QElapsedTimer>
#include <QObject>

#include <functional>
#include <memory>
#include <optional>

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
    /// Replaces the task workers alone, by others with the plugin files of now and the settings in effect.
    Result<admin::OperationReference> reloadTaskWorkers();
    /// Makes the pools larger or smaller; nothing is restarted, and no settings are applied.
    Result<admin::OperationReference> scale(const admin::ScaleRequest &request);
    /// A reload, and if that succeeds a stop: then there is a handover(), unless somebody asks for a stop meanwhile.
    Result<admin::OperationReference> restart();
    /// Has HTTP clients go elsewhere, or stay again.
    Result<admin::OperationReference> drain(bool on);
    /// Replaces the child that \a process names, which finishes what it has begun unless it is to be killed.
    Result<void> endProcess(const admin::ProcessReference &process, bool kill);
    /// After finished(): of the operation that wants the program started anew, if one does, without the log.
    RestartHandover handover() const;
    State state() const { return m_state; }
    /// Reloads by itself when files change, or no more, until the settings say something new.
    void watchFiles(bool on) { m_reloadOnChange.set(on); }
    /// HTTP clients are to go elsewhere.
    bool isLeaving() const { return m_leaving; }
    /// What is in effect.
    const config::Settings &settings() const { return m_settings; }
    /// What would be if the settings file said \a text.
    Result<config::Settings> candidate(const QByteArray &text) const { return m_options.candidateSource(text); }
    const process::Supervisor &supervisor() const { return *m_supervisor; }
    /// The log has other levels now: the children are to have them as well.
    void logLevelsChanged();

    admin::Status status() const;
    admin::PluginList plugins() const;
    admin::OperationLog &operations() { return m_operations; }
    CronDesk &cron() { return *m_cron; }
    const tables::SharedTables &tables() const { return *m_tables; }
    ReactorPool &reactors() { return *m_reactors; }
    /// Null if the settings want no metrics.
    MetricsDesk *metrics() { return m_metrics.get(); }

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
    /// What a stop or a reload may take besides the waits that the settings bound.
    static constexpr std::chrono::milliseconds patienceMargin = std::chrono::seconds(10);

    /// How many workers there are to be, whatever the file says, as long as it says what it said then.
    struct Scale
    {
        std::optional<int> workers;
        std::optional<int> taskWorkers;
        int fileWorkers = 0;
        int fileTaskWorkers = 0;

        /// Forgets what the file has made obsolete.
        void applyTo(config::Settings &settings);
    };

    /// What holds once the reload that is under way has succeeded.
    struct Next
    {
        config::Settings settings;
        Scale scale;
        process::SupervisorSettings workers;
        std::vector<dispatch::Port> ports;
        ApiCredentials credentials; ///< if there is an API
        ReloadPlan plan;
        QStringList needRestart; ///< keys whose new values do not hold
    };

    Result<admin::OperationReference> beginReload(admin::Operation::Kind kind, const Scale &scale);
    ReloadPlan reloadPlan(config::ReloadStrategy strategy) const;
    Result<Next> loadNext(const Scale &scale) const;
    /// Whoever asks for a stop means it.
    void giveUpRestart();
    /// Whether the HTTP clients that were to go have gone.
    void lookForLeft();
    void openMetrics();
    PoolKeeper::Work workToDo() const;
    void applyReload();
    /// What the settings in effect are made of is what is watched.
    void followFiles();
    Result<void> reloadForChange(const QString &reason);
    void reloadStep(const QString &text);
    void poolsResized(const ipc::PoolSizes &sizes);
    void scaleEnded(const QString &error);
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
    std::unique_ptr<ChildMetrics> m_childMetrics;
    std::unique_ptr<ReactorPool> m_reactors;
    std::unique_ptr<BrokerThread> m_broker;
    std::unique_ptr<CronDesk> m_cron;
    std::unique_ptr<PoolKeeper> m_keeper;
    std::unique_ptr<MetricsDesk> m_metrics; ///< null if none are wanted
    std::unique_ptr<ControlDesk> m_control;
    std::unique_ptr<SignalWatcher> m_signals;
    std::unique_ptr<RuntimeFiles> m_runtimeFiles;
    watch::ReloadOnChange m_reloadOnChange;
    QBasicTimer m_drainDeadline;
    QBasicTimer m_rateTimer;
    RateMeter m_rateMeter;
    UsageMeter m_usage;
    Scale m_scale;
    Scale m_scaleBefore; ///< while m_scale is being tried
    QBasicTimer m_leaveTimer;
    QDeadlineTimer m_stopBy; ///< max_wait_time from the beginning of the stop
    QDateTime m_startedAt;
    QElapsedTimer m_uptime;
    qint64 m_reloadOperation = 0;
    qint64 m_stopOperation = 0;
    qint64 m_scaleOperation = 0; ///< 0: none is under way
    qint64 m_leaveOperation = 0;
    int m_stopPartsLeft = 0;
    State m_state = State::Starting;
    bool m_leaving = false;        ///< HTTP clients are to go elsewhere
    bool m_restartFollows = false; ///< the reload that is under way
    bool m_isToRestart = false;
};

} // namespace Quern::app
