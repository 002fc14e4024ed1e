#include "process/supervisor.h"

#include "process/log.h"

#include <QTimerEvent>

#include <algorithm>

namespace Quern::process {

Q_LOGGING_CATEGORY(logProcess, "quern.process", QtInfoMsg)

namespace {

/// How long a reload waits for a plugin file that is being written.
constexpr std::chrono::milliseconds settleTimeout = std::chrono::seconds(5);
constexpr int settleCheckMilliseconds = 100;

} // namespace

Supervisor::Supervisor(const SupervisorSettings &settings, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_nextSettings(settings)
    , m_store(settings.generationsDirectory, settings.firstGeneration)
    , m_generationSerial(settings.firstGeneration - 1)
{
}

Supervisor::~Supervisor()
{
    m_store.clear();
}

void Supervisor::activate()
{
    m_isHeld = false;
    if (m_next && m_next->allReady())
        activateNext();
}

void Supervisor::nextIsReady()
{
    if (m_isHeld)
        Q_EMIT proven();
    else
        activateNext();
}

void Supervisor::start()
{
    if (OrphanReaper::inherits()) {
        m_orphans = std::make_unique<OrphanReaper>(
            [this](qint64 pid) { return ChildProcess::isOne(pid) || (m_isSpared && m_isSpared(pid)); });
    }
    m_isTaskReload = false;
    prepare();
}

void Supervisor::prepare()
{
    m_preparing = ++m_generationSerial;
    m_prepareUntil = std::chrono::steady_clock::now() + settleTimeout;
    m_prepareTimer.start(0, this); // the caller hears of nothing before this has returned
}

Result<void> Supervisor::reload(const SupervisorSettings &settings)
{
    if (m_stopping || m_companionsLeave)
        return Error(Error::Busy, QStringLiteral("the server is stopping"));
    if (m_reloadOpen || !m_active)
        return Error(Error::Busy, QStringLiteral("a reload is under way; wait for it to finish"));
    m_reloadOpen = true;
    m_nextSettings = settings;
    start();
    return {};
}

void Supervisor::prepareNext()
{
    const SupervisorSettings &settings = m_isTaskReload ? m_settings : m_nextSettings;
    const Result<QList<ipc::BootMessage::Plugin>> made = m_store.copy(settings.plugins, m_preparing);
    // What has been copied before something was missing goes with it as well.
    const auto copies =
        std::make_shared<const PluginCopies>(m_store, m_preparing, made ? *made : QList<ipc::BootMessage::Plugin>());
    const Result<void> copied = made ? Result<void>() : made.error();
    if (copied && m_isTaskReload) {
        startSuccessors(copies);
    } else if (copied) {
        startNext(copies);
    } else if (copied.error().code() == Error::Busy && std::chrono::steady_clock::now() < m_prepareUntil) {
        m_prepareTimer.start(settleCheckMilliseconds, this);
    } else {
        failNext(copied.error().message());
    }
}

void Supervisor::startNext(const std::shared_ptr<const PluginCopies> &copies)
{
    keepPoolSizes();
    m_next = std::make_unique<Generation>(std::exchange(m_preparing, 0), m_nextSettings, copies);
    if (m_active)
        Q_EMIT reloadProgressed(QStringLiteral("starting generation %1").arg(m_next->number));
    // One that has failed and is not gone yet takes the place that the next would need for that.
    m_next->settings.isRolling = m_next->settings.isRolling && m_active && !m_dismissed;
    if (m_next->settings.isRolling) {
        startFirstOfEach();
        return;
    }
    for (std::size_t i = 0; m_next && i < m_next->places.size(); ++i)
        startChild(*m_next, m_next->places[i]);
}

void Supervisor::keepPoolSizes()
{
    const ipc::PoolSizes present = poolSizes();
    SupervisorSettings &next = m_nextSettings;
    const ipc::PoolSizes wanted{next.workerNum, next.taskWorkerNum};
    next.workerNum = std::max(next.workerNum, std::min(present.workers, next.most.workers));
    next.taskWorkerNum = std::max(next.taskWorkerNum, std::min(present.taskWorkers, next.most.taskWorkers));
    m_keepsPoolSizes = wanted != ipc::PoolSizes{next.workerNum, next.taskWorkerNum};
    next.plan.workers = next.workerNum;
    next.plan.taskWorkers = next.tasks.taskWorkers = next.taskWorkerNum;
}

void Supervisor::announce(ChildProcess *child)
{
    auto handoff = std::make_shared<ChildHandoff>();
    handoff->childId = child->spec().childId;
    handoff->who = child->spec().who;
    handoff->generation = child->spec().generation;
    handoff->pid = child->pid();
    handoff->routes = child->manifest().routes;
    handoff->channels = child->takeReactorChannels();
    handoff->brokerChannel = child->takeBrokerChannel();
    handoff->page = child->page();
    Q_EMIT childReady(handoff);
}

void Supervisor::activateNext()
{
    Q_EMIT generationArriving();
    for (const ChildPlace &place : m_next->places) {
        if (place.child && !place.isAnnounced)
            announce(place.child.get());
    }
    m_settings = m_nextSettings;
    m_shrinking.clear();
    std::unique_ptr<Generation> old = std::exchange(m_active, std::move(m_next));
    Q_EMIT generationActivated(m_active->number);
    if (m_keepsPoolSizes) // others than the settings that hold from now on tell
        Q_EMIT poolsResized(poolSizes());
    updateAvailability();
    if (m_dismissed)
        retireGeneration(std::exchange(m_dismissed, nullptr));
    if (old) {
        Q_EMIT reloadProgressed(QStringLiteral("generation %1 serves; generation %2 finishes what it has begun")
                                    .arg(m_active->number)
                                    .arg(old->number));
        retireGeneration(std::move(old));
    } else {
        Q_EMIT started();
    }
    runReadyHooks(*m_active);
    beginFree();
    restartDue();
    if (m_scaleOpen) // this generation is as large as it is to be
        finishScale({});
}

void Supervisor::failNext(const QString &reason)
{
    if (m_isTaskReload) {
        failTaskReload(reason);
        return;
    }
    m_preparing = 0;
    if (m_next && m_isRolling) {
        m_rollError = reason;
        rollBack();
        return;
    }
    if (m_next) {
        const std::unique_ptr<Generation> failed = std::move(m_next);
        for (ChildPlace &place : failed->places) {
            if (!place.child)
                continue;
            place.child->kill(QStringLiteral("its generation failed to start"));
            m_retiring.push_back({std::move(place.child), 0, base::MonotonicTime::max()});
        }
    }
    if (!m_active) {
        Q_EMIT startFailed(reason);
        return;
    }
    reloadFailed(reason);
}

void Supervisor::reloadFailed(const QString &reason)
{
    if (m_companionsLeave)
        qCInfo(logProcess).noquote() << "the reload is given up:" << reason;
    else
        qCCritical(logProcess).noquote() << "reload failed, generation" << m_active->number << "goes on:" << reason;
    m_reloadOpen = false;
    checkRetired();
    Q_EMIT reloadFinished(reason);
    replaceDue();
}

void Supervisor::retireGeneration(std::unique_ptr<Generation> generation)
{
    for (ChildPlace &place : generation->places) {
        for (const ChildPlace::Slot slot : {&ChildPlace::child, &ChildPlace::successor}) {
            if (place.*slot)
                retire(std::move(place.*slot), QStringLiteral("a newer generation serves"));
        }
    }
    checkRetired();
}

void Supervisor::checkRetired()
{
    if (m_retiring.empty())
        m_drainTimer.stop();
    if (areSomeAwaited())
        return;
    if (m_reloadOpen && m_active && !m_next && m_rollError.isEmpty() && m_preparing == 0 && !m_taskCopies) {
        m_reloadOpen = false;
        Q_EMIT reloadFinished({});
    }
}

bool Supervisor::areSomeAwaited() const
{
    // Those that are replaced one by one meanwhile may take as long as they need.
    return std::any_of(m_retiring.begin(), m_retiring.end(),
                       [](const Retiring &retiring) { return !retiring.inService; });
}

void Supervisor::sendLogLevels()
{
    forEachChild([](ChildProcess &child) { child.sendLogLevels(); });
}

void Supervisor::leaveCompanions(Leave leave)
{
    m_companionsLeave = true;
    m_prepareTimer.stop();
    // Its companions would never begin, nor leave.
    if (m_active && (m_next || m_preparing != 0 || m_taskCopies))
        failNext(QStringLiteral("the server stops"));
    for (std::size_t i = 0; m_active && i < m_active->places.size(); ++i)
        dropSuccessor(m_active->places[i], QStringLiteral("the server stops"));
    if (m_scaleOpen)
        breakOffScale(QStringLiteral("the server is stopping"));
    forEachChild([leave](ChildProcess &child) {
        const ipc::ChildRole role = child.spec().who.role;
        const bool hears = role != ipc::ChildRole::Worker || leave == Leave::All;
        if (child.isReady() && hears && role != ipc::ChildRole::Boot)
            child.runHooks({ipc::Hook::Drain, 0, {}, {}});
        if (!isCompanion(child.spec().who.role))
            return;
        if (child.isReady())
            child.leave(false);
        else if (child.state() == ChildProcess::State::Starting)
            child.kill(QStringLiteral("the server stops"));
    });
    // The caller hears of nothing before this has returned.
    QMetaObject::invokeMethod(this, &Supervisor::checkCompanions, Qt::QueuedConnection);
}

void Supervisor::drainWorkers()
{
    forEachChild([](ChildProcess &child) {
        if (child.isReady() && child.spec().who.role == ipc::ChildRole::Worker)
            child.runHooks({ipc::Hook::Drain, 0, {}, {}});
    });
}

void Supervisor::killLeaving(const QString &reason)
{
    forEachChild([&reason](ChildProcess &child) {
        const bool isBusy = child.spec().who.role == ipc::ChildRole::TaskWorker && !child.presentWork().isEmpty();
        if (isCompanion(child.spec().who.role) || isBusy)
            child.kill(reason);
    });
}

void Supervisor::returnCompanions()
{
    m_companionsLeave = false;
    m_companionsHaveLeft = false;
    for (std::size_t i = 0; m_active && i < m_active->places.size(); ++i) {
        ChildPlace &place = m_active->places[i];
        if (isCompanion(place.who.role) && !place.child && !place.restartDue && !place.hasGivenUp() &&
            !place.isHandedOver)
            startChild(*m_active, place);
    }
    restartDue();
    replaceDue();
    checkDismissed();
    rollBackOn();
}

void Supervisor::checkCompanions()
{
    if (!m_companionsLeave || m_companionsHaveLeft)
        return;
    bool someAreLeft = false;
    forEachChild([&](const ChildProcess &child) { someAreLeft = someAreLeft || isCompanion(child.spec().who.role); });
    m_companionsHaveLeft = !someAreLeft;
    if (m_companionsHaveLeft)
        Q_EMIT companionsLeft();
}

void Supervisor::stop(std::chrono::milliseconds grace, std::chrono::milliseconds hooksGrace)
{
    m_hooksGrace = hooksGrace;
    m_stopping = true;
    m_restartTimer.stop();
    m_prepareTimer.stop();
    m_replaceTimer.stop();
    m_rollTimer.stop();
    m_drainTimer.stop();
    forEachChild([grace](ChildProcess &child) {
        if (grace.count() == 0 || child.state() == ChildProcess::State::Starting)
            child.kill(QStringLiteral("the server stops"));
        else
            child.stop(grace);
    });
    checkStopped();
}

void Supervisor::checkStopped()
{
    bool someAreLeft = false;
    forEachChild([&](const ChildProcess &) { someAreLeft = true; });
    if (m_stopping && !someAreLeft && !runsStopHooks() && !std::exchange(m_stopped, true))
        Q_EMIT stopped();
}

void Supervisor::updateAvailability()
{
    const auto canServe = [](const ChildPlace &place) {
        return place.who.role == ipc::ChildRole::Worker &&
               (!place.restarts.isBreakerOpen() || (place.child && place.child->isReady()));
    };
    // Of another generation those that work beside these.
    const auto helps = [](const ChildPlace &place) {
        return place.isAnnounced && place.who.role == ipc::ChildRole::Worker && place.child && place.child->isReady();
    };
    bool available = std::any_of(m_active->places.begin(), m_active->places.end(), canServe);
    for (const Generation *other : {m_next.get(), m_dismissed.get()})
        available = available || (other && std::any_of(other->places.begin(), other->places.end(), helps));
    if (std::exchange(m_available, available) != available)
        Q_EMIT availabilityChanged(available);
}

void Supervisor::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_restartTimer.timerId()) {
        restartDue();
    } else if (event->timerId() == m_prepareTimer.timerId()) {
        m_prepareTimer.stop();
        prepareNext();
    } else if (event->timerId() == m_replaceTimer.timerId()) {
        replaceDue();
    } else if (event->timerId() == m_rollTimer.timerId()) {
        tellRolledBack();
    } else if (event->timerId() == m_hookTimer.timerId()) {
        stopHooksOverdue();
    } else if (event->timerId() == m_drainTimer.timerId()) {
        killOverdue();
    }
}

} // namespace Quern::process
