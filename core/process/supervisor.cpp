#include "process/supervisor.h"

#include <QLoggingCategory>
#include <QTimerEvent>

#include <algorithm>

namespace Quern::process {

Q_LOGGING_CATEGORY(logProcess, "quern.process", QtInfoMsg)

namespace {

/// How long a reload waits for a plugin file that is being written.
constexpr std::chrono::milliseconds settleTimeout = std::chrono::seconds(5);
constexpr int settleCheckMilliseconds = 100;

QString loadingText(const ChildExit &exit)
{
    return exit.whileLoading.isEmpty() ? QString() : QStringLiteral(" while it loaded ") + exit.whileLoading;
}

} // namespace

Supervisor::Supervisor(const SupervisorSettings &settings, QObject *parent)
    : QObject(parent)
    , m_settings(settings)
    , m_nextSettings(settings)
    , m_store(settings.generationsDirectory)
{
}

Supervisor::~Supervisor()
{
    m_store.clear();
}

void Supervisor::start()
{
    m_preparing = ++m_generationSerial;
    m_prepareUntil = std::chrono::steady_clock::now() + settleTimeout;
    m_prepareTimer.start(0, this); // the caller hears of nothing before this has returned
}

Result<void> Supervisor::reload(const SupervisorSettings &settings)
{
    if (m_stopping)
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
    const Result<QList<ipc::BootMessage::Plugin>> copies = m_store.copy(m_nextSettings.plugins, m_preparing);
    if (copies) {
        startNext(*copies);
    } else if (copies.error().code() == Error::Busy && std::chrono::steady_clock::now() < m_prepareUntil) {
        m_prepareTimer.start(settleCheckMilliseconds, this);
    } else {
        failNext(copies.error().message());
    }
}

void Supervisor::startNext(const QList<ipc::BootMessage::Plugin> &copies)
{
    m_next = std::make_unique<Generation>();
    m_next->number = m_preparing;
    m_next->settings = m_nextSettings;
    m_next->plugins = copies;
    m_next->places.resize(std::size_t(m_next->settings.workerNum));
    m_preparing = 0;
    if (m_active)
        Q_EMIT reloadProgressed(QStringLiteral("starting generation %1").arg(m_next->number));
    for (int i = 0; m_next && i < m_next->settings.workerNum; ++i) {
        WorkerPlace &place = m_next->places[std::size_t(i)];
        place.workerId = i;
        startChild(*m_next, place);
    }
}

void Supervisor::startChild(Generation &generation, WorkerPlace &place)
{
    ChildSpec spec;
    spec.childId = ++m_childSerial;
    spec.workerId = place.workerId;
    spec.generation = generation.number;
    spec.reactorCount = m_settings.reactorCount;
    spec.program = generation.settings.workerProgram;
    spec.answers = generation.settings.answers;
    spec.plugins = generation.plugins;
    spec.ports = generation.settings.ports;
    spec.connectionsFd = generation.settings.connectionsFd;
    spec.tablesFd = generation.settings.tablesFd;
    spec.bootTimeout = generation.settings.startTimeout;
    spec.environment = generation.settings.environment;
    place.child = std::make_unique<ChildProcess>(spec);
    ChildProcess *child = place.child.get();
    connect(child, &ChildProcess::ready, this, [this, child] { childReady(child); });
    connect(child, &ChildProcess::exited, this, [this, child](const ChildExit &exit) { childExited(child, exit); });
    connect(child, &ChildProcess::bootFailed, this, [this, child](const QString &reason) {
        // The first of a new generation speaks for all: what hinders it hinders the others.
        if (placeOf(m_next.get(), child))
            failNext(reason);
        else if (placeOf(m_active.get(), child))
            qCCritical(logProcess).noquote() << child->spec().role() << "cannot serve:" << reason;
    });
    const Result<void> begun = child->start();
    Q_EMIT processesChanged();
    if (!begun) {
        qCCritical(logProcess).noquote() << begun.error().message();
        discard(std::move(place.child));
        if (&generation == m_next.get()) {
            failNext(begun.error().message());
        } else {
            ChildExit exit;
            exit.text = begun.error().message();
            restartLater(place, exit);
            updateAvailability();
        }
    }
}

void Supervisor::childReady(ChildProcess *child)
{
    if (WorkerPlace *place = placeOf(m_active.get(), child)) {
        place->restarts.becameReady(std::chrono::steady_clock::now());
        announce(child);
        updateAvailability();
    } else if (WorkerPlace *nextPlace = placeOf(m_next.get(), child)) {
        nextPlace->restarts.becameReady(std::chrono::steady_clock::now());
        if (m_active) {
            Q_EMIT reloadProgressed(QStringLiteral("%1 of generation %2 is ready (pid %3)")
                                        .arg(child->spec().role())
                                        .arg(m_next->number)
                                        .arg(child->pid()));
        }
        if (m_next->allReady())
            activateNext();
    }
}

void Supervisor::announce(ChildProcess *child)
{
    auto handoff = std::make_shared<WorkerHandoff>();
    handoff->childId = child->spec().childId;
    handoff->workerId = child->spec().workerId;
    handoff->generation = child->spec().generation;
    handoff->pid = child->pid();
    handoff->routes = child->manifest().routes;
    handoff->channels = child->takeReactorChannels();
    handoff->page = child->page();
    Q_EMIT workerReady(handoff);
}

void Supervisor::activateNext()
{
    Q_EMIT generationArriving();
    for (const WorkerPlace &place : m_next->places)
        announce(place.child.get());
    m_settings = m_nextSettings;
    std::unique_ptr<Generation> old = std::exchange(m_active, std::move(m_next));
    Q_EMIT generationActivated(m_active->number);
    updateAvailability();
    if (!old) {
        Q_EMIT started();
        return;
    }
    Q_EMIT reloadProgressed(QStringLiteral("generation %1 serves; generation %2 finishes what it has begun")
                                .arg(m_active->number)
                                .arg(old->number));
    retire(std::move(old));
}

void Supervisor::failNext(const QString &reason)
{
    m_retiredGenerations.append(m_next ? m_next->number : m_preparing);
    m_preparing = 0;
    if (m_next) {
        const std::unique_ptr<Generation> failed = std::move(m_next);
        for (WorkerPlace &place : failed->places) {
            if (!place.child)
                continue;
            place.child->kill(QStringLiteral("its generation failed to start"));
            m_retiring.push_back({std::move(place.child), 0});
        }
    }
    if (!m_active) {
        Q_EMIT startFailed(reason);
        return;
    }
    qCCritical(logProcess).noquote() << "reload failed, generation" << m_active->number << "goes on:" << reason;
    m_reloadOpen = false;
    checkRetired();
    Q_EMIT reloadFinished(reason);
}

void Supervisor::retire(std::unique_ptr<Generation> generation)
{
    m_retiredGenerations.append(generation->number);
    for (WorkerPlace &place : generation->places) {
        if (!place.child)
            continue;
        ChildProcess *child = place.child.get();
        const bool announced = child->isReady();
        m_retiring.push_back({std::move(place.child), m_settings.reactorCount});
        if (announced) {
            child->setDraining();
            Q_EMIT drainRequested(child->spec().childId);
        } else {
            child->kill(QStringLiteral("a newer generation serves"));
        }
    }
    m_drainTimer.start(int(m_settings.maxWaitTime.count()), this);
    checkRetired();
}

void Supervisor::reactorDrained(quint64 childId)
{
    for (Retiring &retiring : m_retiring) {
        if (retiring.child->spec().childId == childId && --retiring.drainsLeft == 0)
            retiring.child->stop(m_settings.maxWaitTime);
    }
}

void Supervisor::checkRetired()
{
    if (!m_retiring.empty())
        return;
    m_drainTimer.stop();
    for (const int number : std::exchange(m_retiredGenerations, {}))
        m_store.remove(number);
    if (m_reloadOpen && m_active && !m_next && m_preparing == 0) {
        m_reloadOpen = false;
        Q_EMIT reloadFinished({});
    }
}

void Supervisor::childExited(ChildProcess *child, const ChildExit &exit)
{
    const quint64 childId = child->spec().childId;
    const QString who = QStringLiteral("%1 (pid %2)").arg(child->spec().role()).arg(child->pid());
    Q_EMIT workerExited(childId, exit);

    if (WorkerPlace *place = placeOf(m_active.get(), child)) {
        discard(std::move(place->child));
        if (!m_stopping || exit.wasKilled)
            qCWarning(logProcess).noquote() << who << "ended:" << exit.text + loadingText(exit);
        if (!m_stopping) {
            restartLater(*place, exit);
            updateAvailability();
        }
    } else if (WorkerPlace *nextPlace = placeOf(m_next.get(), child)) {
        discard(std::move(nextPlace->child));
        if (!m_stopping)
            failNext(startFailure(*child, exit));
    } else {
        const auto retiring = std::find_if(m_retiring.begin(), m_retiring.end(),
                                           [child](const Retiring &entry) { return entry.child.get() == child; });
        if (retiring != m_retiring.end()) {
            // Of a start that failed the reason is told, once.
            if (m_active) {
                qCInfo(logProcess).noquote()
                    << who << "of generation" << child->spec().generation << "has left:" << exit.text;
            }
            discard(std::move(retiring->child));
            m_retiring.erase(retiring);
        }
        if (!m_stopping)
            checkRetired();
    }
    Q_EMIT processesChanged();
    checkStopped();
}

void Supervisor::restartLater(WorkerPlace &place, const ChildExit &exit)
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    const std::chrono::milliseconds delay = place.restarts.died(now, exit.isFault && exit.blamedRoutes.isEmpty());
    place.lastExit = exit.text;
    place.restartAt = now + delay;
    place.restartDue = true;
    if (place.restarts.isBreakerOpen()) {
        qCCritical(logProcess) << "worker" << place.workerId << "crashes as soon as it starts: next try in"
                               << std::chrono::duration_cast<std::chrono::seconds>(delay).count() << "s";
    }
    restartDue();
}

void Supervisor::restartDue()
{
    if (!m_active || m_stopping)
        return;
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    base::MonotonicTime next = base::MonotonicTime::max();
    for (WorkerPlace &place : m_active->places) {
        if (!place.restartDue)
            continue;
        if (place.restartAt <= now) {
            place.restartDue = false;
            startChild(*m_active, place);
        }
        if (place.restartDue)
            next = std::min(next, place.restartAt);
    }
    if (next == base::MonotonicTime::max()) {
        m_restartTimer.stop();
        return;
    }
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next - now);
    m_restartTimer.start(int(std::max<qint64>(wait.count(), 1)), this);
}

void Supervisor::sendLogLevels()
{
    for (const Generation *generation : {m_active.get(), m_next.get()}) {
        if (!generation)
            continue;
        for (const WorkerPlace &place : generation->places) {
            if (place.child)
                place.child->sendLogLevels();
        }
    }
    for (const Retiring &retiring : m_retiring)
        retiring.child->sendLogLevels();
}

void Supervisor::killStuck(quint64 childId, const QString &reason)
{
    if (ChildProcess *child = childWith(childId))
        child->kill(reason);
}

void Supervisor::workerUnreachable(quint64 childId)
{
    if (ChildProcess *child = childWith(childId))
        child->expectEnd();
}

void Supervisor::stop(std::chrono::milliseconds grace)
{
    m_stopping = true;
    m_restartTimer.stop();
    m_prepareTimer.stop();
    m_drainTimer.stop();
    const auto stopChild = [grace](ChildProcess &child) {
        if (grace.count() == 0 || child.state() == ChildProcess::State::Starting)
            child.kill(QStringLiteral("the server stops"));
        else
            child.stop(grace);
    };
    for (const Generation *generation : {m_active.get(), m_next.get()}) {
        if (!generation)
            continue;
        for (const WorkerPlace &place : generation->places) {
            if (place.child)
                stopChild(*place.child);
        }
    }
    for (const Retiring &retiring : m_retiring)
        stopChild(*retiring.child);
    checkStopped();
}

void Supervisor::checkStopped()
{
    if (!m_stopping || !m_retiring.empty())
        return;
    const auto isEmpty = [](const Generation *generation) {
        return !generation || std::none_of(generation->places.begin(), generation->places.end(),
                                           [](const WorkerPlace &place) { return place.child != nullptr; });
    };
    if (!m_stopped && isEmpty(m_active.get()) && isEmpty(m_next.get())) {
        m_stopped = true;
        Q_EMIT stopped();
    }
}

void Supervisor::updateAvailability()
{
    const bool available = std::any_of(m_active->places.begin(), m_active->places.end(), [](const WorkerPlace &place) {
        return !place.restarts.isBreakerOpen() || (place.child && place.child->isReady());
    });
    if (std::exchange(m_available, available) != available)
        Q_EMIT availabilityChanged(available);
}

WorkerPlace *Supervisor::placeOf(Generation *generation, const ChildProcess *child) const
{
    if (!generation)
        return nullptr;
    for (WorkerPlace &place : generation->places) {
        if (place.child.get() == child)
            return &place;
    }
    return nullptr;
}

ChildProcess *Supervisor::childWith(quint64 childId) const
{
    for (const Generation *generation : {m_active.get(), m_next.get()}) {
        if (!generation)
            continue;
        for (const WorkerPlace &place : generation->places) {
            if (place.child && place.child->spec().childId == childId)
                return place.child.get();
        }
    }
    for (const Retiring &retiring : m_retiring) {
        if (retiring.child->spec().childId == childId)
            return retiring.child.get();
    }
    return nullptr;
}

void Supervisor::discard(std::unique_ptr<ChildProcess> child)
{
    child->disconnect();
    child.release()->deleteLater();
}

void Supervisor::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_restartTimer.timerId()) {
        restartDue();
    } else if (event->timerId() == m_prepareTimer.timerId()) {
        m_prepareTimer.stop();
        prepareNext();
    } else if (event->timerId() == m_drainTimer.timerId()) {
        m_drainTimer.stop();
        for (const Retiring &retiring : m_retiring) {
            const QString handler = retiring.child->runningHandler();
            retiring.child->kill(QStringLiteral("it did not finish within max_wait_time (%1 s)%2")
                                     .arg(std::chrono::duration<double>(m_settings.maxWaitTime).count())
                                     .arg(handler.isEmpty() ? QString() : QStringLiteral(": busy with ") + handler));
        }
    }
}

} // namespace Quern::process
