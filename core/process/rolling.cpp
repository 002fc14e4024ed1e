// The part of Supervisor that reloads in little memory: one child after the other, in place of all at once.
//
// One child of each kind of the next generation is started first, and the old ones are left alone until all of these
// are ready. Then each takes over from the one of its name, and the others follow one by one. While that goes on both
// generations serve, with the settings of the old one. If a child of the next one fails, those that have gone are
// started again with the old files in the same way: one by one, and each takes over from its counterpart.

#include "process/log.h"
#include "process/supervisor.h"

#include <algorithm>

namespace Quern::process {

void Supervisor::startFirstOfEach()
{
    Q_EMIT reloadProgressed(QStringLiteral("one child of each kind is tried first; the others follow one by one"));
    for (std::size_t i = 0; m_next && i < m_next->places.size(); ++i) {
        if (m_next->places[i].who.number == 0)
            startChild(*m_next, m_next->places[i]);
    }
}

void Supervisor::rollOn()
{
    std::vector<ChildPlace> &places = m_next->places;
    const auto isStarting = [](const ChildPlace &place) { return place.child && !place.child->isReady(); };
    if (std::any_of(places.begin(), places.end(), isStarting))
        return;
    if (!std::exchange(m_isRolling, true))
        Q_EMIT generationAdmitted(m_next->number);
    for (ChildPlace &place : places) {
        if (place.child && !place.isAnnounced)
            handOver(place);
    }
    // One that has ended since it took over follows in its own time.
    const auto isToCome = [](const ChildPlace &place) {
        return !place.child && !place.restartDue && !place.restarts.hasGivenUp();
    };
    const auto next = std::find_if(places.begin(), places.end(), isToCome);
    if (next != places.end()) {
        // There is to be room for it: hasExited() goes on.
        if (!areSomeAwaited())
            startChild(*m_next, *next);
        return;
    }
    m_isRolling = false;
    activateNext();
}

void Supervisor::handOver(ChildPlace &place)
{
    place.isAnnounced = true;
    announce(place.child.get());
    place.child->runHooks({ipc::Hook::Ready, 0, {}, {}});
    ChildPlace *old = m_active->placeFor(place.who);
    if (old) {
        old->isHandedOver = true;
        old->restartDue = false;
        old->replacement.reset();
        dropSuccessor(*old, QStringLiteral("a newer generation serves"));
        if (old->child)
            retire(std::move(old->child), QStringLiteral("a newer generation serves"));
    }
    updateAvailability();
    beginFree();
}

void Supervisor::rollBack()
{
    m_isRolling = false;
    m_dismissed = std::move(m_next);
    for (ChildPlace &place : m_dismissed->places) {
        if (!place.child || place.isAnnounced)
            continue;
        place.child->kill(QStringLiteral("its generation failed to start"));
        m_retiring.push_back({std::move(place.child), 0, base::MonotonicTime::max()});
    }
    if (m_companionsLeave) { // nobody is started again
        tellRolledBack();
        return;
    }
    qCWarning(logProcess) << "generation" << m_active->number << "is started again where it has gone";
    startRollTimer();
    checkDismissed();
    rollBackOn();
}

void Supervisor::startRollTimer()
{
    // For one that leaves, and one that takes its place.
    m_rollTimer.start(int((m_settings.maxWaitTime + m_settings.startTimeout).count()), this);
}

void Supervisor::rollBackOn()
{
    if (!m_active || m_isRolling || m_stopping || m_companionsLeave || areSomeAwaited())
        return;
    std::vector<ChildPlace> &places = m_active->places;
    const auto isStarting = [](const ChildPlace &place) { return place.child && !place.child->isReady(); };
    if (std::any_of(places.begin(), places.end(), isStarting))
        return;
    for (std::size_t i = 0; i < places.size(); ++i) {
        if (!std::exchange(places[i].isHandedOver, false))
            continue;
        if (m_rollTimer.isActive())
            startRollTimer();
        startChild(*m_active, places[i]);
        // Where that was in vain it is tried again later, and the next one need not wait for it.
        if (places[i].child)
            return;
    }
}

void Supervisor::takeBack(const ipc::ChildIdentity &who)
{
    if (!m_dismissed)
        return;
    ChildPlace *place = m_dismissed->placeFor(who);
    if (place && place->child)
        retire(std::move(place->child), QStringLiteral("its generation failed to start"));
    checkDismissed();
}

void Supervisor::checkDismissed()
{
    if (!m_dismissed || m_companionsLeave)
        return;
    // Those that have no counterpart are not needed; those that have one go on until it is ready.
    for (ChildPlace &place : m_dismissed->places) {
        if (place.child && !m_active->placeFor(place.who))
            retire(std::move(place.child), QStringLiteral("its generation failed to start"));
    }
    if (std::any_of(m_dismissed->places.begin(), m_dismissed->places.end(),
                    [](const ChildPlace &place) { return place.child != nullptr; }))
        return;
    m_dismissed.reset();
    Q_EMIT generationAdmitted(0);
    updateAvailability();
    tellRolledBack();
}

void Supervisor::tellRolledBack()
{
    m_rollTimer.stop();
    if (!m_rollError.isEmpty())
        reloadFailed(std::exchange(m_rollError, {}));
}

} // namespace Quern::process
