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
class Predecessor;
class Successor;

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
    /// Starts the program anew beside this one, which serves until that one has taken over, and then leaves. Where the
    /// process has to stay the same one, that is a trial, and if it succeeds a stop follows: then there is a
    /// handover(), unless somebody asks for a stop meanwhile.
    Result<admin::OperationReference> restart(const admin::RestartRequest &request);
    /// Has HTTP clients go elsewhere, or stay again.
    Result<admin::OperationReference> drain(bool on);
    /// Replaces the child that \a process names, which finishes what it has begun unless it is to be killed.
    Result<void> endProcess(const admin::ProcessReference &process, bool kill);
    /// After finished(): of the operation that wants the program started anew, if one does, without the log.
    RestartHandover handover();
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
    void reloadBegun();
    /// The reload is over, whatever has come of it, and the server goes on.
    void reloadSettled();
    /// It stops for good, which may take so long.
    void stopBegun(std::chrono::milliseconds atMost);
    /// Another process serves from now on, and this one leaves.
    void gaveWay(qint64 successor);
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

    /// How far the server that is to take the place of this one is.
    enum class Handover {
        None,
        Proving,    ///< it loads its plugins
        Quieting,   ///< it waits for the timers and tasks of this one to come to their end
        TakingOver, ///< it has the database
        Leaving     ///< it serves
    };

    Result<void> lock();
    /// Those of the server before this with all that is in them, unless they are defined otherwise now.
    Result<void> openTables();
    /// All that a server has before its children are ready, and that does not disturb the one before it.
    Result<void> prepare(const QList<ipc::BootMessage::Plugin> &plugins);
    /// The rest: tasks, timers, control. Only one server can have these.
    Result<void> takeUp();
    /// The server before this one has given way.
    void succeed();
    void predecessorGone();
    Result<admin::OperationReference> beginReload(admin::Operation::Kind kind, const Scale &scale);
    ReloadPlan reloadPlan(config::ReloadStrategy strategy) const;
    Result<Next> loadNext(const Scale &scale);
    /// Error::Busy while a restart is under way.
    Result<void> checkNoRestart() const;
    /// Whether the server was started as \a request says.
    Result<void> checkOptions(const admin::RestartRequest &request) const;
    /// Why a restart is one in place, for people; empty if it is not.
    QString whyInPlace(const config::Settings &next) const;
    /// \a inPlace as of whyInPlace().
    Result<admin::OperationReference> beginHandover(const config::Settings &next, const QString &inPlace);
    /// The next program has shown that it could serve: this one stops, and becomes it.
    void stopForRestart();
    void startSuccessor();
    void successorProven();
    /// The same before another server takes over.
    void quietOverdue();
    void giveWay();
    void successorTookOver();
    void successorFailed(const QString &reason);
    void lookForLastConnection();
    /// All that is connected ends, at most \a within.
    void endLeaving(std::chrono::milliseconds within);
    /// Whoever stops the next one does not want this one to stay.
    void successorStops();
    /// For the next program: sockets and the like, which are the same ones in the end.
    RestartHandover describe();
    /// The same, for this process: they outlive all that has them now.
    void keepForRestart();
    void restartStep(const QString &text);
    /// Whoever asks for a stop means it.
    void giveUpRestart();
    /// Whether the HTTP clients that were to go have gone.
    void lookForLeft();
    void openMetrics();
    PoolKeeper::Work workToDo() const;
    void applyReload();
    /// What the settings in effect are made of is what is watched, and the plugins of those that were read last.
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
    /// Those that finish what they have begun; the last are timer and custom processes.
    enum StopPart : quint8 { Connections = 1, Tasks = 2, Companions = 4 };
    void stopPartDone(StopPart part);
    /// What was to come to its end by itself at a stop has not.
    void drainOverdue();
    void childrenStopped();
    void handleSignal(int number);
    void stopStep(const QString &text);

    config::Settings m_settings; ///< in effect
    StartOptions m_options;
    std::unique_ptr<Next> m_next; ///< while a reload is under way
    QStringList m_pluginPaths;    ///< by the settings that were read last, in effect or not
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
    std::unique_ptr<Predecessor> m_predecessor; ///< until it has gone
    std::unique_ptr<Successor> m_successor;     ///< from the beginning of a handover
    RestartHandover m_kept;                     ///< by a restart in place
    QString m_inPlace;                          ///< why it is one; empty: it is not
    watch::ReloadOnChange m_reloadOnChange;
    QBasicTimer m_drainDeadline;
    QBasicTimer m_rateTimer;
    RateMeter m_rateMeter;
    UsageMeter m_usage;
    Scale m_scale;
    Scale m_scaleBefore; ///< while m_scale is being tried
    /// Which pools the command under way, or the last one, has named.
    struct
    {
        bool workers = false;
        bool taskWorkers = false;
    } m_isScaled;
    QBasicTimer m_leaveTimer;
    QDeadlineTimer m_stopBy; ///< max_wait_time from the beginning of the stop
    QDateTime m_startedAt;
    QElapsedTimer m_uptime;
    QString m_reloadFailure; ///< of the last one; empty if it did not fail
    qint64 m_reloadOperation = 0;
    qint64 m_stopOperation = 0;
    qint64 m_scaleOperation = 0; ///< 0: none is under way
    qint64 m_leaveOperation = 0;
    quint8 m_stopParts = 0; ///< of StopPart: that have not finished yet
    State m_state = State::Starting;
    Handover m_handover = Handover::None;
    std::chrono::milliseconds m_provingTime{0};
    bool m_hasFailed = false;     ///< it will not start
    bool m_isStopped = false;     ///< all but the server before this, perhaps
    bool m_isQuietForced = false; ///< what did not come to its end by itself has been killed
    QBasicTimer m_lastTimer;
    bool m_leaving = false; ///< HTTP clients are to go elsewhere
    bool m_isToRestart = false;
};

} // namespace Quern::app
