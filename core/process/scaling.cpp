// The part of Supervisor that makes pools larger and smaller while they work.

#include "process/log.h"
#include "process/supervisor.h"

#include <algorithm>

namespace Quern::process {

using ipc::ChildRole;

Result<void> Supervisor::scale(const ipc::PoolSizes &sizes, ScaleReason reason, const QString &text)
{
    if (m_stopping || m_companionsLeave)
        return Error(Error::Busy, QStringLiteral("the server is stopping"));
    if (m_reloadOpen || !m_active)
        return Error(Error::Busy, QStringLiteral("a reload is under way; wait for it to finish"));
    if (m_scaleOpen)
        return Error(Error::Busy, QStringLiteral("the number of workers is being changed; wait for that to finish"));
    m_scaleOpen = true;
    m_growthError.clear();
    m_resizeDue = Resize{sizes, reason, text};
    // The caller hears of nothing before this has returned.
    QMetaObject::invokeMethod(this, &Supervisor::resize, Qt::QueuedConnection);
    return {};
}

void Supervisor::resize()
{
    if (m_stopping || !m_resizeDue)
        return;
    const Resize due = *std::exchange(m_resizeDue, std::nullopt);
    const ipc::PoolSizes before = poolSizes();
    const auto tell = [&](ChildRole role, int count, int countBefore) {
        if (count == countBefore)
            return;
        ++m_scales[{role, due.reason}];
        qCInfo(logProcess).noquote() << (role == ChildRole::Worker ? "workers:" : "task workers:") << count
                                     << "instead of" << countBefore << "-" << due.text;
    };
    tell(ChildRole::Worker, due.sizes.workers, before.workers);
    tell(ChildRole::TaskWorker, due.sizes.taskWorkers, before.taskWorkers);
    // Nobody is to hear of those that may not come.
    shrink(ChildRole::Worker, due.sizes.workers);
    shrink(ChildRole::TaskWorker, due.sizes.taskWorkers);
    m_active->grow(ChildRole::Worker, due.sizes.workers, true);
    m_active->grow(ChildRole::TaskWorker, due.sizes.taskWorkers, true);
    for (ChildPlace &place : m_active->places) {
        if (place.isNew && !place.child && m_growthError.isEmpty())
            startChild(*m_active, place);
    }
    checkGrown();
}

ipc::PoolSizes Supervisor::poolSizes() const
{
    if (!m_active)
        return {};
    return {m_active->placesOf({ChildRole::Worker}), m_active->placesOf({ChildRole::TaskWorker})};
}

void Supervisor::checkGrown()
{
    if (!m_scaleOpen || !m_growthError.isEmpty())
        return;
    std::vector<ChildPlace> &places = m_active->places;
    if (std::any_of(places.begin(), places.end(),
                    [](const ChildPlace &place) { return place.isNew && !(place.child && place.child->isReady()); }))
        return;
    bool hasGrown = false;
    for (ChildPlace &place : places)
        hasGrown = std::exchange(place.isNew, false) || hasGrown;
    if (hasGrown)
        tellPoolSizes();
    checkScaled();
}

void Supervisor::tellPoolSizes()
{
    const ipc::PoolSizes sizes = poolSizes();
    // Those that are started later are told the same.
    m_active->settings.workerNum = m_active->settings.plan.workers = sizes.workers;
    m_active->settings.taskWorkerNum = m_active->settings.plan.taskWorkers = sizes.taskWorkers;
    m_active->settings.tasks.taskWorkers = sizes.taskWorkers;
    m_settings = m_active->settings;
    Q_EMIT poolsResized(sizes);
    m_active->forEachChild([&sizes](ChildProcess &child) { child.sendPoolSizes(sizes); });
}

void Supervisor::shrink(ChildRole role, int count)
{
    std::vector<ChildPlace> &places = m_active->places;
    const auto isTooMany = [role, count](const ChildPlace &place) {
        return place.who.role == role && place.who.number >= count;
    };
    std::vector<std::unique_ptr<ChildProcess>> leaving;
    for (ChildPlace &place : places) {
        if (!isTooMany(place))
            continue;
        for (const ChildPlace::Slot slot : {&ChildPlace::child, &ChildPlace::successor}) {
            if (place.*slot)
                leaving.push_back(std::move(place.*slot));
        }
    }
    if (std::erase_if(places, isTooMany) == 0)
        return;
    // Before they leave: what belongs to them goes to others from now on.
    tellPoolSizes();
    for (std::unique_ptr<ChildProcess> &child : leaving) {
        m_shrinking.insert(child->spec().childId);
        retire(std::move(child), QStringLiteral("the pool becomes smaller"), Retire::InService);
    }
    checkDismissed();
    updateAvailability();
}

void Supervisor::failGrowth(const QString &reason)
{
    if (!m_growthError.isEmpty())
        return;
    m_growthError = reason;
    // Never from within a call that goes through the places.
    QMetaObject::invokeMethod(this, &Supervisor::dropNewPlaces, Qt::QueuedConnection);
}

void Supervisor::dropNewPlaces()
{
    for (ChildPlace &place : m_active->places) {
        if (!place.isNew || !place.child)
            continue;
        m_shrinking.insert(place.child->spec().childId);
        retire(std::move(place.child), QStringLiteral("the pool is not made larger"));
    }
    for (ChildPlace &place : m_active->places) {
        if (place.isNew)
            dropSuccessor(place, QStringLiteral("the pool is not made larger"));
    }
    std::erase_if(m_active->places, [](const ChildPlace &place) { return place.isNew; });
    checkTaskReload();
    checkDismissed();
    checkScaled();
}

void Supervisor::checkScaled()
{
    const bool isGrowing = m_active && std::any_of(m_active->places.begin(), m_active->places.end(),
                                                   [](const ChildPlace &place) { return place.isNew; });
    if (m_scaleOpen && !m_resizeDue && m_shrinking.isEmpty() && !isGrowing)
        finishScale(std::exchange(m_growthError, {}));
}

void Supervisor::breakOffScale(const QString &reason)
{
    m_growthError = reason;
    m_resizeDue.reset();
    dropNewPlaces();
    if (m_scaleOpen) // some are leaving
        finishScale(std::exchange(m_growthError, {}));
}

void Supervisor::finishScale(const QString &error)
{
    m_scaleOpen = false;
    m_resizeDue.reset();
    Q_EMIT scaleFinished(error);
}

} // namespace Quern::process
