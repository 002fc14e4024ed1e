// The part of Master that has the program take its own place: beside this one without a gap, or, where the process has
// to stay the same, after its stop.

#include "app/host/childidentity.h"
#include "app/server/addresscheck.h"
#include "app/server/controldesk.h"
#include "app/server/log.h"
#include "app/server/master.h"
#include "app/server/predecessor.h"
#include "app/server/settingscheck.h"
#include "app/server/successor.h"
#include "app/server/tablesettings.h"
#include "app/server/tasksettings.h"
#include "app/server/tlssettings.h"
#include "base/processtitle.h"
#include "base/systemerror.h"

#include <QCoreApplication>
#include <QFile>

#include <fcntl.h>
#include <unistd.h>
#include <utility>

namespace Quern::app {

namespace {

/// Plugins that are being written are waited for, as at a reload.
constexpr std::chrono::milliseconds provingMargin = std::chrono::seconds(10);
/// The next server opens its database and says so.
constexpr std::chrono::milliseconds takeOverTimeout = std::chrono::seconds(20);
/// Those that have been killed are gone by then.
constexpr std::chrono::milliseconds killTimeout = std::chrono::seconds(5);
/// Of what somebody has sent, in characters.
constexpr qsizetype longestOption = 100;
/// This one may begin so many until the next one does.
constexpr qint64 operationsMeanwhile = 100;
/// How often it is looked whether connections are left.
constexpr std::chrono::milliseconds lastLookInterval(100);
/// Connections that are still there then have so long for their closing handshake.
constexpr std::chrono::milliseconds closingTime = std::chrono::seconds(1);

std::chrono::milliseconds provingTime(const config::Settings &settings)
{
    return settings.server.workerStartTimeout + settings.server.hookTimeout + provingMargin;
}

} // namespace

Result<admin::OperationReference> Master::restart(const admin::RestartRequest &request)
{
    if (const Result<void> same = checkOptions(request); !same)
        return same.error();
    const Result<config::Settings> loaded = m_options.settingsSource();
    if (!loaded)
        return loaded.error();
    // The next one proves what it changes; the rest is tried as the program does when it starts.
    if (const Result<void> checked = checkSettings(*loaded, memoryOf(*m_tables)); !checked)
        return checked.error();
    if (const Result<void> checked = checkCertificates(*loaded); !checked)
        return checked.error();
    if (const Result<void> free = checkAddresses(*loaded, QCoreApplication::applicationPid(), listenersOf(m_settings));
        !free)
        return free.error();
    // Nobody else may have it, nor is there time to wait for him.
    if (const Result<void> database = tryTaskDatabase(*loaded, false, {}); !database)
        return database.error();
    if (loaded->server.runtimeDir != m_settings.server.runtimeDir) {
        return errorAtPath(
            *loaded, QStringLiteral("server.runtime_dir"),
            Error(Error::Invalid, QStringLiteral("is another one: stop the server before you change it")));
    }
    if (::access(m_options.program.constData(), X_OK) != 0)
        return base::systemError(QStringLiteral("cannot start %1 anew").arg(QFile::decodeName(m_options.program)));
    return beginHandover(*loaded, whyInPlace(*loaded));
}

Result<void> Master::checkOptions(const admin::RestartRequest &request) const
{
    const auto check = [](const QString &asked, const QString &own, const char *option) -> Result<void> {
        if (asked.isEmpty() || asked == own)
            return {};
        return Error(Error::Invalid,
                     QStringLiteral("the server was started %1, and is started anew in the same way; stop "
                                    "it, and start it with %2 %3")
                         .arg(own.isEmpty() ? QStringLiteral("without %1").arg(QLatin1StringView(option))
                                            : QStringLiteral("with %1 %2").arg(QLatin1StringView(option), own),
                              QLatin1StringView(option), asked.left(longestOption)));
    };
    const Result<void> environment = check(request.environment, m_options.environment, "-e");
    return environment ? check(request.versionLabel, m_options.versionLabel, "-x") : environment;
}

QString Master::whyInPlace(const config::Settings &next) const
{
    if (qEnvironmentVariableIsSet("SUPERVISOR_ENABLED"))
        return QStringLiteral("supervisord looks after this process, which has to stay the same");
    if (::getpid() == 1)
        return QStringLiteral("this process is the first one of its container, and has to stay");
    if (!m_options.daemonize && m_options.service.socket.isEmpty())
        return QStringLiteral("whoever has started this process in the foreground waits for it");
    if (!checkAddresses(next, 0, listenersOf(m_settings)))
        return QStringLiteral("this process has a part of an address that the next one wants");
    return {};
}

Result<admin::OperationReference> Master::beginHandover(const config::Settings &next, const QString &inPlace)
{
    if (m_state != State::Running)
        return Error(Error::Busy, QStringLiteral("the server is not running yet, or no more"));
    if (const Result<void> none = checkNoRestart(); !none)
        return none.error();
    if (m_supervisor->isReloadOpen() || m_supervisor->isScaling())
        return Error(Error::Busy, QStringLiteral("a reload is under way; wait for it to finish"));
    if (m_broker->isResuming())
        return Error(Error::Busy, QStringLiteral("the database of tasks is not open again since the last restart"));
    m_handover = Handover::Proving;
    m_reloadOperation = m_operations.begin(admin::Operation::Kind::Restart);
    qCInfo(logMaster) << "restart begins";
    m_inPlace = inPlace;
    m_provingTime = provingTime(next);
    if (!inPlace.isEmpty())
        restartStep(QStringLiteral("%1: it will stop and start anew, and who connects meanwhile waits").arg(inPlace));
    // When whoever asked has his answer, and the audit log knows of it.
    QMetaObject::invokeMethod(this, &Master::startSuccessor, Qt::QueuedConnection);
    // One in place loads its plugins twice.
    return admin::OperationReference{m_reloadOperation, 2 * provingTime(next) + m_settings.server.maxWaitTime +
                                                            killTimeout + takeOverTimeout + patienceMargin};
}

RestartHandover Master::describe()
{
    RestartHandover handover;
    handover.operation = m_reloadOperation;
    handover.lastOperation = m_operations.last() + operationsMeanwhile;
    handover.begun = m_control->begunBy(m_reloadOperation);
    handover.isDraining = m_leaving;
    handover.sockets = m_reactors->sockets().own + m_control->apiSockets();
    handover.lent = m_reactors->sockets().lent;
    handover.lock = m_pidFile.descriptor();
    handover.tables = m_tables->descriptor();
    handover.generation = m_supervisor->lastGeneration();
    return handover;
}

void Master::startSuccessor()
{
    if (m_handover != Handover::Proving)
        return;
    m_successor = std::make_unique<Successor>();
    // Queued where it may be destroyed. That it has taken over is true at once.
    connect(m_successor.get(), &Successor::proven, this, &Master::successorProven, Qt::QueuedConnection);
    connect(m_successor.get(), &Successor::takenOver, this, &Master::successorTookOver);
    connect(m_successor.get(), &Successor::failed, this, &Master::successorFailed, Qt::QueuedConnection);
    connect(m_successor.get(), &Successor::endWanted, this, &Master::successorStops);
    RestartHandover next = describe();
    next.isTrial = !m_inPlace.isEmpty();
    const Result<void> started = m_successor->start(
        {m_options.program, m_options.arguments, m_options.service.environment()}, next, m_provingTime);
    if (!started) {
        successorFailed(started.error().message());
        return;
    }
    restartStep((next.isTrial ? QStringLiteral("the new program is tried (pid %1)")
                              : QStringLiteral("the new server starts (pid %1)"))
                    .arg(m_successor->pid()));
}

void Master::restartStep(const QString &text)
{
    qCInfo(logMaster).noquote() << "restart:" << text;
    m_operations.addStep(m_reloadOperation, text);
}

void Master::successorProven()
{
    if (m_handover != Handover::Proving)
        return;
    if (!m_inPlace.isEmpty()) {
        stopForRestart();
        return;
    }
    restartStep(QStringLiteral("the new server is ready; timers, custom processes and tasks of this one come to their "
                               "end"));
    m_handover = Handover::Quieting;
    m_isQuietForced = false;
    m_stopParts = Tasks | Companions;
    m_drainDeadline.start(int(m_settings.server.maxWaitTime.count()), this);
    m_broker->stop();
    m_supervisor->leaveCompanions(process::Supervisor::Leave::AllButWorkers);
}

void Master::stopForRestart()
{
    m_handover = Handover::None;
    m_successor.reset();
    restartStep(QStringLiteral("it could serve: this server stops, and is started anew"));
    keepForRestart();
    m_isToRestart = true;
    stop(QStringLiteral("to be started anew"));
}

void Master::quietOverdue()
{
    if (std::exchange(m_isQuietForced, true)) {
        successorFailed(QStringLiteral("the timers and tasks of this server did not come to their end"));
        return;
    }
    const QStringList work = m_supervisor->presentWork();
    for (const QString &each : work)
        restartStep(QStringLiteral("still busy after max_wait_time, and killed: %1").arg(each));
    m_drainDeadline.start(int(killTimeout.count()), this);
    m_supervisor->killLeaving(QStringLiteral("it did not finish within max_wait_time, and a new server takes over"));
}

void Master::giveWay()
{
    m_drainDeadline.stop();
    m_handover = Handover::TakingOver;
    m_cron->save();
    m_broker->suspend();
    m_successor->takeOver(takeOverTimeout);
}

void Master::successorTookOver()
{
    if (m_handover != Handover::TakingOver)
        return;
    m_handover = Handover::Leaving;
    m_state = State::Stopping;
    base::setProcessTitle("quern: master (leaving)");
    m_reloadOnChange.end();
    m_keeper->end();
    m_broker->forward(m_successor->takeTaskChannel());
    m_supervisor->handOver();
    m_supervisor->drainWorkers();
    Q_EMIT gaveWay(m_successor->pid());
    m_reactors->leaveSocketFiles(true);
    m_reactors->handOver();
    m_runtimeFiles->leave();
    m_control->leaveFile();
    m_control.reset();
    m_pidFile.release();
    qCInfo(logMaster).noquote() << QStringLiteral("the new server (pid %1) serves; what is connected here may stay for "
                                                  "max_wait_time, %2 s")
                                       .arg(m_successor->pid())
                                       .arg(std::chrono::duration<double>(m_settings.server.maxWaitTime).count());
    m_stopBy = QDeadlineTimer(m_settings.server.maxWaitTime);
    m_lastTimer.start(int(lastLookInterval.count()), this);
}

void Master::lookForLastConnection()
{
    if (!m_lastTimer.isActive())
        return;
    if (m_reactors->openConnections() > 0 && !m_stopBy.hasExpired())
        return;
    endLeaving(closingTime);
}

void Master::endLeaving(std::chrono::milliseconds within)
{
    m_lastTimer.stop();
    m_stopParts = Connections;
    m_drainDeadline.start(int(within.count()), this);
    m_reactors->drain();
}

void Master::successorStops()
{
    if (m_predecessor)
        m_predecessor->tellToEnd();
    // What has been begun has as long as before.
    if (m_lastTimer.isActive())
        endLeaving(std::max(std::chrono::milliseconds(m_stopBy.remainingTime()), closingTime));
}

void Master::successorFailed(const QString &reason)
{
    if (m_handover == Handover::None || m_handover == Handover::Leaving)
        return;
    const Handover reached = std::exchange(m_handover, Handover::None);
    m_drainDeadline.stop();
    m_supervisor->skipGenerations(m_supervisor->lastGeneration() + 1);
    m_successor.reset();
    if (reached != Handover::Proving) {
        m_broker->resume(m_settings);
        m_supervisor->returnCompanions();
    }
    if (reached == Handover::TakingOver) {
        // It may have come as far as that.
        if (const Result<void> passable = letChildrenPass(m_settings.server); !passable)
            qCWarning(logMaster).noquote() << passable.error().message();
        if (const Result<void> written = m_pidFile.write(); !written)
            qCWarning(logMaster).noquote() << written.error().message();
        if (const Result<void> listening = m_control->listen(controlPath(m_settings)); !listening)
            qCCritical(logMaster).noquote() << listening.error().message();
        m_runtimeFiles->writeSettings(m_settings);
    }
    qCCritical(logMaster).noquote() << "restart failed, this server goes on:" << reason;
    m_operations.finish(m_reloadOperation, reason);
    m_reloadOnChange.reloadEnded();
}

void Master::succeed()
{
    if (m_state != State::Starting || m_broker || m_hasFailed)
        return;
    Result<void> done = m_pidFile.adopt(base::FileDescriptor(m_options.handover.lock));
    done = done ? takeUp() : done;
    done = done ? m_control->listen(controlPath(m_settings)) : done;
    if (!done) {
        // The one before goes on with it.
        m_pidFile.release();
        Q_EMIT failed(done.error().message());
        return;
    }
    m_supervisor->activate();
    m_broker->addFormer(base::FileDescriptor(m_options.handover.tasks));
}

void Master::predecessorGone()
{
    if (!m_broker) {
        Q_EMIT failed(QStringLiteral("the server before this one has gone"));
        return;
    }
    m_predecessor.reset();
    if (const Result<void> passable = letChildrenPass(m_settings.server); !passable)
        qCWarning(logMaster).noquote() << passable.error().message();
    if (m_isStopped)
        Q_EMIT finished();
    else
        m_broker->endFormer();
}

void Master::keepForRestart()
{
    m_kept = describe();
    m_kept.owned = std::make_shared<std::vector<base::FileDescriptor>>();
    const auto keep = [this](int &fd) {
        fd = ::fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        m_kept.owned->emplace_back(fd);
    };
    for (int &fd : m_kept.sockets)
        keep(fd);
    for (int &fd : m_kept.lent)
        keep(fd);
    keep(m_kept.lock);
    keep(m_kept.tables);
    m_reactors->leaveSocketFiles(true);
}

void Master::giveUpRestart()
{
    if (!std::exchange(m_isToRestart, false))
        return;
    m_kept = {};
    m_reactors->leaveSocketFiles(false);
    Q_EMIT stopBegun(m_settings.server.maxWaitTime + patienceMargin);
    m_operations.finish(m_reloadOperation, QStringLiteral("somebody wants the server to stop"));
}

RestartHandover Master::handover()
{
    if (!m_isToRestart)
        return {};
    // Its lock is taken over by the next one.
    m_pidFile.release();
    m_kept.lastOperation = m_operations.last();
    m_kept.isDraining = m_leaving;
    return std::exchange(m_kept, {});
}

} // namespace Quern::app
