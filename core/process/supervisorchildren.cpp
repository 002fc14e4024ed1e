// The half of Supervisor that looks after single children: their start, their end, and their replacement.

#include "process/log.h"
#include "process/supervisor.h"

#include <algorithm>

namespace Quern::process {

namespace {

QString stepText(const ChildExit &exit)
{
    if (exit.step.isEmpty())
        return {};
    return (exit.isStepHook() ? QStringLiteral(" while it called ") : QStringLiteral(" while it loaded ")) + exit.step;
}

/// A custom process has come to its end.
bool hasReturned(const ChildExit &exit)
{
    return exit.who.role == ipc::ChildRole::Process && exit.isSuccess;
}

RestartReason reasonOf(const ChildExit &exit)
{
    if (!exit.hasStarted)
        return RestartReason::Failed;
    if (hasReturned(exit))
        return RestartReason::Returned;
    if (exit.wasKilled)
        return RestartReason::Stuck;
    if (exit.isCrash)
        return exit.isFault ? RestartReason::Crashed : RestartReason::Killed;
    return RestartReason::Exited;
}

} // namespace

bool isCompanion(ipc::ChildRole role)
{
    return role == ipc::ChildRole::Timer || role == ipc::ChildRole::Process;
}

ChildSpec Supervisor::specOf(const Generation &generation, const ipc::ChildIdentity &who)
{
    const SupervisorSettings &settings = generation.settings;
    ChildSpec spec;
    spec.who = who;
    spec.generation = generation.number;
    spec.reactorCount = settings.reactorCount;
    spec.program = settings.workerProgram;
    spec.answers = settings.answers;
    spec.copies = generation.pluginsOf(who.role);
    spec.plugins = spec.copies->plugins();
    spec.ports = settings.ports;
    spec.tasks = settings.tasks;
    spec.plan = settings.plan;
    spec.confinement = settings.confinement;
    spec.cron = settings.cron;
    spec.maxWaitTime = settings.maxWaitTime;
    spec.hookTimeout = settings.hookTimeout;
    spec.connectionsFd = settings.connectionsFd;
    spec.tablesFd = settings.tablesFd;
    spec.bootTimeout = settings.startTimeout;
    spec.environment = settings.environment;
    return spec;
}

void Supervisor::startChild(Generation &generation, ChildPlace &place, ChildPlace::Slot slot)
{
    ChildSpec spec = specOf(generation, place.who);
    spec.childId = ++m_childSerial;
    spec.redirect = place.redirect;
    if (slot == &ChildPlace::successor && isInTaskReload(place)) {
        spec.copies = m_taskCopies;
        spec.plugins = spec.copies->plugins();
    }
    place.*slot = std::make_unique<ChildProcess>(spec);
    ChildProcess *child = (place.*slot).get();
    connect(child, &ChildProcess::loaded, this, [this, child] { hasLoaded(child); });
    connect(child, &ChildProcess::hooksDone, this,
            [this, child](ipc::Hook kind, const QString &problem) { startHooksDone(child, kind, problem); });
    connect(child, &ChildProcess::ready, this, [this, child] { becameReady(child); });
    connect(child, &ChildProcess::exited, this, [this, child](const ChildExit &exit) { hasExited(child, exit); });
    connect(child, &ChildProcess::bootFailed, this, [this, child](const QString &reason) {
        // The first of a new generation speaks for all: what hinders it hinders the others.
        ChildPlace *own = placeOf(m_active, child);
        if (placeOf(m_next, child)) {
            failNext(reason);
        } else if (own && own->successor.get() == child) {
            dropSuccessor(*own, reason);
            successorFailed(*own, reason);
        } else if (own && own->isNew) {
            failGrowth(reason);
        } else if (own) {
            m_killed.emplace(child->spec().childId, RestartReason::Failed);
            qCCritical(logProcess).noquote() << child->spec().role() << "cannot serve:" << reason;
        }
    });
    connect(child, &ChildProcess::printed, this,
            [this, who = spec.who](const QByteArray &bytes) { Q_EMIT childPrinted(who, bytes); });
    connect(child, &ChildProcess::cronStateReceived, this, &Supervisor::cronStateReceived);
    const Result<void> begun = child->start();
    if (begun)
        Q_EMIT childStarted(spec.childId, {spec.who, spec.generation, child->pid(), child->page()});
    Q_EMIT processesChanged();
    if (!begun) {
        qCCritical(logProcess).noquote() << spec.role() + QStringLiteral(":") << begun.error().message();
        discard(std::move(place.*slot));
        if (&generation == m_next.get()) {
            failNext(begun.error().message());
        } else if (slot == &ChildPlace::successor) {
            successorFailed(place, begun.error().message());
        } else if (place.isNew) {
            failGrowth(begun.error().message());
        } else {
            ChildExit exit;
            exit.text = begun.error().message();
            replaceEnded(place, exit, RestartReason::Failed);
        }
    }
}

void Supervisor::becameReady(ChildProcess *child)
{
    ChildPlace *place = placeOf(m_active, child);
    if (place && place->successor.get() == child) {
        successorReady(*place);
    } else if (place) {
        place->restarts.becameReady(std::chrono::steady_clock::now());
        announce(child);
        child->runHooks({ipc::Hook::Ready, 0, {}, {}});
        takeBack(place->who);
        rollBackOn();
        updateAvailability();
        beginFree();
        checkGrown();
        // One that was to wait for this.
        replaceDue();
    } else if (ChildPlace *nextPlace = placeOf(m_next, child)) {
        nextPlace->restarts.becameReady(std::chrono::steady_clock::now());
        if (m_active) {
            Q_EMIT reloadProgressed(QStringLiteral("%1 of generation %2 is ready (pid %3)")
                                        .arg(child->spec().role())
                                        .arg(m_next->number)
                                        .arg(child->pid()));
        }
        if (child->manifest().hasCron && !m_next->hasTimer() && !m_companionsLeave)
            startChild(*m_next, m_next->addTimer());
        if (m_next && m_next->settings.isRolling)
            rollOn();
        else if (m_next && m_next->allReady())
            nextIsReady();
    }
}

void Supervisor::beginFree()
{
    beginFreeOf(m_active.get());
    if (m_isRolling)
        beginFreeOf(m_next.get());
}

void Supervisor::beginFreeOf(Generation *generation)
{
    if (!generation || m_companionsLeave)
        return;
    for (ChildPlace &place : generation->places) {
        ChildProcess *child = place.child.get();
        const bool isServing = generation == m_active.get() || place.isAnnounced;
        if (!child || !isServing || !isCompanion(place.who.role) || !child->isReady() || child->hasBegun())
            continue;
        const bool isFree = std::none_of(m_retiring.begin(), m_retiring.end(), [&place](const Retiring &retiring) {
            return retiring.child->spec().who == place.who && retiring.child->hasBegun();
        });
        if (!isFree)
            continue;
        place.restarts.becameReady(std::chrono::steady_clock::now());
        child->begin(place.who.role == ipc::ChildRole::Timer ? m_cronMemory : QByteArray());
    }
}

void Supervisor::retire(std::unique_ptr<ChildProcess> child, const QString &reason, Retire why)
{
    ChildProcess *leaving = child.get();
    const bool announced = leaving->isReady();
    const ipc::ChildRole role = leaving->spec().who.role;
    base::MonotonicTime killAt = std::chrono::steady_clock::now() + m_settings.maxWaitTime;
    if (why == Retire::InService && !isCompanion(role)) {
        // What takes longer than it may is ended by the dispatcher, or the broker: of tasks each has its own time.
        const bool isBounded = role == ipc::ChildRole::Worker && m_settings.longestRequest.count() > 0;
        killAt = isBounded ? killAt + m_settings.longestRequest : base::MonotonicTime::max();
    }
    // The reactors and the broker.
    m_retiring.push_back({std::move(child), m_settings.reactorCount + 1, killAt, why == Retire::InService});
    armDrainTimer();
    if (announced)
        leaving->runHooks({ipc::Hook::Drain, 0, {}, {}});
    if (!announced) {
        m_retiring.back().killAt = base::MonotonicTime::max();
        leaving->kill(reason);
    } else if (isCompanion(role)) {
        leaving->leave(true);
    } else {
        leaving->setDraining();
        Q_EMIT drainRequested(leaving->spec().childId);
    }
}

quint64 Supervisor::childNamed(const QString &name) const
{
    if (!m_active)
        return 0;
    for (const ChildPlace &place : m_active->places) {
        if (place.child && place.who.text() == name)
            return place.child->spec().childId;
    }
    return 0;
}

quint64 Supervisor::sendCronCommand(const QByteArray &command)
{
    quint64 taker = 0;
    for (const Generation *generation : {m_active.get(), m_next.get()}) {
        if (!generation || taker != 0)
            continue;
        generation->forEachChild([&](ChildProcess &child) {
            if (child.spec().who.role != ipc::ChildRole::Timer || !child.hasBegun())
                return;
            child.sendCronCommand(command);
            taker = child.spec().childId;
        });
    }
    return taker;
}

void Supervisor::drained(quint64 childId)
{
    for (Retiring &retiring : m_retiring) {
        if (retiring.child->spec().childId == childId && --retiring.drainsLeft == 0)
            retiring.child->stop(m_settings.maxWaitTime);
    }
}

void Supervisor::killOverdue()
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    for (Retiring &retiring : m_retiring) {
        if (retiring.killAt > now)
            continue;
        retiring.killAt = base::MonotonicTime::max();
        const QString work = retiring.child->presentWork();
        retiring.child->kill(QStringLiteral("it did not finish within max_wait_time (%1 s)%2")
                                 .arg(std::chrono::duration<double>(m_settings.maxWaitTime).count())
                                 .arg(work.isEmpty() ? QString() : QStringLiteral(": busy with ") + work));
    }
    armDrainTimer();
}

void Supervisor::armDrainTimer()
{
    base::MonotonicTime first = base::MonotonicTime::max();
    for (const Retiring &retiring : m_retiring)
        first = std::min(first, retiring.killAt);
    if (first == base::MonotonicTime::max()) {
        m_drainTimer.stop();
        return;
    }
    const auto wait = std::chrono::ceil<std::chrono::milliseconds>(first - std::chrono::steady_clock::now());
    m_drainTimer.start(int(std::max<qint64>(wait.count(), 0)), this);
}

void Supervisor::hasExited(ChildProcess *child, ChildExit exit)
{
    exit.who = child->spec().who;
    exit.pid = child->pid();
    exit.generation = child->spec().generation;
    const quint64 childId = child->spec().childId;
    const auto killed = m_killed.extract(childId);
    const QString who = QStringLiteral("%1 (pid %2)").arg(child->spec().role()).arg(child->pid());
    Q_EMIT childExited(childId, exit);

    if (ChildPlace *place = placeOf(m_active, child); place && place->successor.get() == child) {
        discard(std::move(place->successor));
        if (!m_stopping && !m_companionsLeave)
            successorFailed(*place, startFailure(*child, exit));
    } else if (place && place->isNew) {
        discard(std::move(place->child));
        if (!m_stopping)
            failGrowth(startFailure(*child, exit));
    } else if (place) {
        discard(std::move(place->child));
        const bool isExpected = m_stopping || (m_companionsLeave && isCompanion(place->who.role));
        if (!isExpected)
            tellOfEnd(exit);
        else if (exit.wasKilled)
            qCWarning(logProcess).noquote() << who << "ended:" << exit.text + stepText(exit);
        if (!isExpected)
            replaceEnded(*place, exit, killed ? killed.mapped() : reasonOf(exit));
    } else if (ChildPlace *dismissed = placeOf(m_dismissed, child)) {
        if (!m_stopping)
            qCWarning(logProcess).noquote() << who << "ended:" << exit.text + stepText(exit);
        discard(std::move(dismissed->child));
        updateAvailability();
        checkDismissed();
    } else if (ChildPlace *nextPlace = placeOf(m_next, child)) {
        discard(std::move(nextPlace->child));
        const bool hasServed = std::exchange(nextPlace->isAnnounced, false);
        const bool isForgiven = hasServed && (isCompanion(nextPlace->who.role) || !exit.isFault);
        if (!m_stopping && !m_companionsLeave && isForgiven) {
            tellOfEnd(exit);
            replaceEnded(*nextPlace, exit, killed ? killed.mapped() : reasonOf(exit));
        } else if (!m_stopping && !m_companionsLeave) {
            failNext(hasServed ? QStringLiteral("%1 ended after it had taken over: %2").arg(who, exit.text)
                               : startFailure(*child, exit));
        }
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
        m_shrinking.remove(childId);
        if (!m_stopping) {
            checkRetired();
            beginFree();
            checkScaled();
            replaceDue();
            if (m_isRolling)
                rollOn();
        }
    }
    rollBackOn();
    Q_EMIT processesChanged();
    checkCompanions();
    checkStopped();
}

void Supervisor::tellOfEnd(const ChildExit &exit)
{
    const QString who = QStringLiteral("%1 (pid %2)").arg(exit.who.text()).arg(exit.pid);
    if (hasReturned(exit))
        qCInfo(logProcess).noquote() << who << "has returned";
    else
        qCWarning(logProcess).noquote() << who << "ended:" << exit.text + stepText(exit);
}

void Supervisor::replaceEnded(ChildPlace &place, const ChildExit &exit, RestartReason reason)
{
    if (exit.pid != 0 && (!isCompanion(place.who.role) || exit.wasKilled || exit.isCrash))
        place.lastFailure = {ipc::Hook::WorkerError, quint64(exit.pid), place.who.text(), exit.text};
    ++m_restarts[{place.who.role, reason}];
    place.lastReason = reason;
    place.replacement.reset();
    restartLater(place, exit);
    updateAvailability();
}

void Supervisor::restartLater(ChildPlace &place, const ChildExit &exit)
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    const std::chrono::milliseconds delay = place.restarts.died(now, exit.isFault && exit.blamedRoutes.isEmpty());
    place.lastExit = exit.text;
    if (place.restarts.hasGivenUp()) {
        qCCritical(logProcess).noquote() << place.who.text()
                                         << "has ended too often as soon as it began: it is FATAL, "
                                            "and not started again before the next reload; last:"
                                         << exit.text;
        return;
    }
    if (place.successor && !isInTaskReload(place)) {
        place.child = std::move(place.successor); // it is on its way already
        return;
    }
    place.restartAt = now + delay;
    place.restartDue = true;
    if (place.restarts.isBreakerOpen()) {
        qCCritical(logProcess).noquote() << place.who.text() << "crashes as soon as it starts: next try in"
                                         << std::chrono::duration_cast<std::chrono::seconds>(delay).count() << "s";
    }
    restartDue();
}

void Supervisor::restartDue()
{
    if (!m_active || m_stopping)
        return;
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    // A successor is on its way: what becomes of it tells what follows.
    const auto isAwaited = [this](const ChildPlace &place) {
        return place.restartDue && !place.successor && !(m_companionsLeave && isCompanion(place.who.role));
    };
    // The next generation may be rolled back by one that cannot be started.
    for (const auto generation : {&Supervisor::m_active, &Supervisor::m_next}) {
        for (std::size_t i = 0; this->*generation && i < (this->*generation)->places.size(); ++i) {
            ChildPlace &place = (this->*generation)->places[i];
            if (!isAwaited(place) || place.restartAt > now)
                continue;
            place.restartDue = false;
            startChild(*(this->*generation), place);
        }
    }
    // One that could not be started is due again.
    base::MonotonicTime next = base::MonotonicTime::max();
    for (const Generation *generation : {m_active.get(), m_next.get()}) {
        for (std::size_t i = 0; generation && i < generation->places.size(); ++i) {
            if (isAwaited(generation->places[i]))
                next = std::min(next, generation->places[i].restartAt);
        }
    }
    if (next == base::MonotonicTime::max()) {
        m_restartTimer.stop();
        return;
    }
    const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(next - now);
    m_restartTimer.start(int(std::max<qint64>(wait.count(), 1)), this);
}

void Supervisor::killStuck(quint64 childId, const QString &reason)
{
    if (ChildProcess *child = childWith(childId))
        child->kill(reason);
}

void Supervisor::kill(quint64 childId, const QString &reason)
{
    killFor(childId, RestartReason::Killed, reason);
}

void Supervisor::killFor(quint64 childId, RestartReason reason, const QString &text)
{
    if (ChildProcess *child = childWith(childId)) {
        m_killed.emplace(childId, reason);
        child->kill(text);
    }
}

void Supervisor::childUnreachable(quint64 childId)
{
    if (ChildProcess *child = childWith(childId))
        child->expectEnd();
}

ChildPlace *Supervisor::placeOf(const std::unique_ptr<Generation> &generation, const ChildProcess *child)
{
    return generation ? generation->placeOf(child) : nullptr;
}

ChildProcess *Supervisor::childWith(quint64 childId) const
{
    for (const Generation *generation : {m_active.get(), m_next.get(), m_dismissed.get()}) {
        if (ChildProcess *child = generation ? generation->childWith(childId) : nullptr)
            return child;
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

} // namespace Quern::process
