// The part of Supervisor that has life-cycle hooks called.

#include "process/log.h"
#include "process/supervisor.h"

#include <utility>

namespace Quern::process {

using ipc::Hook;

void Supervisor::hasLoaded(ChildProcess *child)
{
    Generation *generation = placeOf(m_next, child) ? m_next.get() : m_active.get();
    if (generation && generation->placeOf(child) && child->spec().copies == generation->plugins)
        generation->hasStopHooks = child->manifest().hasHook(Hook::ServerStop);
    if (m_active || m_hasStarted) {
        runStartHooks(child);
    } else if (!child->manifest().hasHook(Hook::ServerStart)) {
        m_hasStarted = true;
        runStartHooks(child);
    } else if (!m_hookRunner && m_next) {
        // The first child that knows what there is; the others wait with it.
        startHookRunner(*m_next, Hook::ServerStart);
    }
}

void Supervisor::runStartHooks(ChildProcess *child)
{
    ChildPlace *place = placeOf(m_active, child);
    if (place && !place->lastFailure.reason.isEmpty())
        child->runHooks(std::exchange(place->lastFailure, {}));
    if (child->manifest().hasHook(Hook::WorkerStart))
        child->runHooks({Hook::WorkerStart, 0, {}, {}});
    else
        checkHealth(child);
}

void Supervisor::startHooksDone(ChildProcess *child, Hook kind, const QString &problem)
{
    if (kind == Hook::WorkerStart)
        checkHealth(child);
    else if (kind == Hook::HealthCheck && problem.isEmpty())
        child->setReady();
    else if (kind == Hook::HealthCheck)
        child->failStart(problem);
}

void Supervisor::checkHealth(ChildProcess *child)
{
    if (child->manifest().hasHook(Hook::HealthCheck))
        child->runHooks({Hook::HealthCheck, 0, {}, {}});
    else
        child->setReady();
}

void Supervisor::startHookRunner(const Generation &generation, Hook kind)
{
    m_serverHook = kind;
    m_hookRunner = std::make_unique<ChildProcess>(specOf(generation, {ipc::ChildRole::Boot}));
    ChildProcess *child = m_hookRunner.get();
    connect(child, &ChildProcess::loaded, this, [this, child] {
        child->setReady();
        child->runHooks({m_serverHook, 0, {}, {}});
    });
    connect(child, &ChildProcess::hooksDone, this, [this, child](Hook, const QString &problem) {
        serverHooksDone(problem);
        child->stop(m_settings.hookTimeout);
    });
    connect(child, &ChildProcess::bootFailed, this, &Supervisor::serverHooksDone);
    connect(child, &ChildProcess::exited, this, [this](const ChildExit &exit) {
        std::unique_ptr<ChildProcess> ended = std::move(m_hookRunner);
        serverHooksDone(startFailure(*ended, exit));
        discard(std::move(ended));
        checkStopped();
        Q_EMIT processesChanged();
    });
    if (const Result<void> begun = child->start(); !begun) {
        discard(std::move(m_hookRunner));
        serverHooksDone(begun.error().message());
    }
    Q_EMIT processesChanged();
}

void Supervisor::serverHooksDone(const QString &problem)
{
    if (m_serverHook == Hook::ServerStop) {
        if (!std::exchange(m_stopHooksDone, true) && !problem.isEmpty())
            qCCritical(logProcess).noquote() << problem;
        return;
    }
    if (std::exchange(m_hasStarted, true) || m_stopping)
        return;
    if (!problem.isEmpty()) {
        failNext(problem);
        return;
    }
    for (std::size_t i = 0; m_next && i < m_next->places.size(); ++i) {
        if (ChildProcess *child = m_next->places[i].child.get(); child && child->hasLoaded())
            runStartHooks(child);
    }
}

void Supervisor::runReadyHooks(const Generation &generation)
{
    for (const ChildPlace &place : generation.places) {
        if (place.child && !place.isAnnounced)
            place.child->runHooks({Hook::Ready, 0, {}, {}});
    }
}

bool Supervisor::runsStopHooks()
{
    if (!m_hookRunner && m_active && m_active->hasStopHooks && m_hooksGrace.count() > 0 && !m_stopHooksDone) {
        startHookRunner(*m_active, Hook::ServerStop);
        m_hookTimer.start(int(m_hooksGrace.count()), this);
    }
    return m_hookRunner != nullptr;
}

void Supervisor::stopHooksOverdue()
{
    m_hookTimer.stop();
    if (m_hookRunner)
        m_hookRunner->kill(QStringLiteral("the server has no more time for its ServerStop hooks"));
}

} // namespace Quern::process
