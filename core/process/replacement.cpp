// The part of Supervisor that replaces children which work: one by one, and the task workers all at once.

#include "process/log.h"
#include "process/supervisor.h"

#include <algorithm>

namespace Quern::process {

namespace {

/// A successor that could not start, or was of no use, is followed by another after so long, and twice as long each
/// time.
constexpr std::chrono::milliseconds firstRetry = std::chrono::seconds(1);
constexpr std::chrono::milliseconds longestRetry = std::chrono::minutes(1);
constexpr int mostDoublings = 6;
/// A child that is beyond its memory limit so soon would be so without any work.
constexpr std::chrono::seconds earlyUse(5);

/// After so many in a row before.
std::chrono::milliseconds retryDelay(int before)
{
    return std::min(firstRetry * (1 << std::min(before, mostDoublings)), longestRetry);
}

/// So many of a pool of \a size may be replaced at a time.
int mostAtOnce(int size)
{
    return std::max(1, size / 4);
}

bool isOfPool(const ipc::ChildIdentity &who, const ipc::ChildIdentity &pool)
{
    return who.role == pool.role && who.name == pool.name;
}

} // namespace

bool Supervisor::recycle(quint64 childId, RestartReason reason, const QString &text)
{
    ChildPlace *place = nullptr;
    if (ChildProcess *child = childWith(childId); child && child->isReady())
        place = placeOf(m_active, child);
    if (!place || m_stopping || m_companionsLeave || place->successor.get() == childWith(childId))
        return false;
    if (!place->replacement) {
        place->replacement = Replacement{.reason = reason, .text = text};
        restIfEarly(*place);
    }
    replaceDue();
    return true;
}

void Supervisor::restIfEarly(ChildPlace &place)
{
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    Replacement &replacement = *place.replacement;
    if (replacement.reason != RestartReason::Memory || place.lastReason != RestartReason::Memory ||
        place.restarts.hasLastedFor(earlyUse, now)) {
        place.earlyReplacements = 0;
        return;
    }
    const std::chrono::milliseconds delay = retryDelay(place.earlyReplacements++);
    replacement.notBefore = now + delay;
    qCWarning(logProcess).noquote() << place.who.text()
                                    << "is beyond its memory limit as soon as it begins:" << replacement.text
                                    << "- it is replaced in"
                                    << std::chrono::duration_cast<std::chrono::seconds>(delay).count() << "s";
}

std::optional<base::MonotonicTime> Supervisor::replacementRestsUntil(quint64 childId) const
{
    const ChildProcess *child = childWith(childId);
    const ChildPlace *place = child ? placeOf(m_active, child) : nullptr;
    if (!place || !place->replacement || place->replacement->failures != 0 || place->earlyReplacements == 0)
        return std::nullopt;
    return place->replacement->notBefore;
}

bool Supervisor::isTooLarge(const ChildPlace &place)
{
    return place.earlyReplacements > 0 &&
           (place.replacement || !place.restarts.hasLastedFor(earlyUse, std::chrono::steady_clock::now()));
}

bool Supervisor::mayReplace(const ChildPlace &place) const
{
    if (!place.replacement || place.successor || !place.child || !place.child->isReady())
        return false;
    const auto isUnderWay = [&place](const ChildPlace &other) {
        return other.successor && isOfPool(other.who, place.who);
    };
    const auto isLeaving = [&](const Retiring &retiring) {
        const ChildSpec &spec = retiring.child->spec();
        return spec.generation == m_active->number && isOfPool(spec.who, place.who);
    };
    const auto count = std::count_if(m_active->places.begin(), m_active->places.end(), isUnderWay) +
                       std::count_if(m_retiring.begin(), m_retiring.end(), isLeaving);
    return count < mostAtOnce(m_active->placesOf(place.who));
}

void Supervisor::replaceDue()
{
    m_replaceTimer.stop();
    // A reload replaces all of them.
    if (!m_active || m_next || m_preparing != 0 || m_taskCopies || m_stopping || m_companionsLeave)
        return;
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    base::MonotonicTime next = base::MonotonicTime::max();
    for (ChildPlace &place : m_active->places) {
        if (!mayReplace(place))
            continue;
        if (place.replacement->notBefore > now)
            next = std::min(next, place.replacement->notBefore);
        else
            startChild(*m_active, place, &ChildPlace::successor);
    }
    // One whose successor could not be started has begun it anew.
    if (next != base::MonotonicTime::max() && !m_replaceTimer.isActive()) {
        const auto wait = std::chrono::ceil<std::chrono::milliseconds>(next - now);
        m_replaceTimer.start(int(wait.count()), this);
    }
}

void Supervisor::successorReady(ChildPlace &place)
{
    if (!isInTaskReload(place)) {
        takeOver(place);
        replaceDue();
        return;
    }
    Q_EMIT reloadProgressed(QStringLiteral("%1 is ready (pid %2)").arg(place.who.text()).arg(place.successor->pid()));
    checkTaskReload();
}

bool Supervisor::isInTaskReload(const ChildPlace &place) const
{
    return m_taskCopies && place.who.role == ipc::ChildRole::TaskWorker;
}

void Supervisor::checkTaskReload()
{
    const std::vector<ChildPlace *> places = taskPlaces();
    if (!m_taskCopies || !std::all_of(places.begin(), places.end(), [](const ChildPlace *each) {
            return each->successor && each->successor->isReady();
        }))
        return;
    m_active->taskPlugins = std::exchange(m_taskCopies, nullptr);
    m_isTaskReload = false;
    Q_EMIT reloadProgressed(QStringLiteral("the new task workers serve; the old ones finish what they have begun"));
    for (ChildPlace *each : places) {
        each->replacement.reset();
        takeOver(*each);
    }
    checkGrown();
    checkRetired();
}

void Supervisor::takeOver(ChildPlace &place)
{
    std::unique_ptr<ChildProcess> old = std::exchange(place.child, std::move(place.successor));
    const Retire why = place.replacement ? Retire::InService : Retire::ByReload;
    if (old && place.replacement) {
        qCInfo(logProcess).noquote().nospace()
            << place.who.text() << " (pid " << old->pid() << ") is replaced: " << place.replacement->text;
        place.lastExit = QStringLiteral("replaced: %1").arg(place.replacement->text);
        place.lastReason = place.replacement->reason;
        ++m_restarts[{place.who.role, place.replacement->reason}];
        ++place.replacements;
    }
    place.replacement.reset();
    place.restartDue = false;
    place.restarts.becameReady(std::chrono::steady_clock::now());
    // The successor gets work before the other gets none.
    announce(place.child.get());
    place.child->runHooks({ipc::Hook::Ready, 0, {}, {}});
    if (old)
        retire(std::move(old), QStringLiteral("its successor is ready"), why);
    takeBack(place.who);
    updateAvailability();
    beginFree();
}

void Supervisor::successorFailed(ChildPlace &place, const QString &reason)
{
    if (isInTaskReload(place)) {
        failTaskReload(reason);
        return;
    }
    if (!place.replacement)
        return;
    Replacement &replacement = *place.replacement;
    const std::chrono::milliseconds delay = retryDelay(replacement.failures++);
    replacement.notBefore = std::chrono::steady_clock::now() + delay;
    qCCritical(logProcess).noquote() << place.who.text() << "goes on, though" << replacement.text
                                     << "since its successor cannot start:" << reason << "- next try in"
                                     << std::chrono::duration_cast<std::chrono::seconds>(delay).count() << "s";
    // Never from within a call that goes through the places.
    m_replaceTimer.start(0, this);
}

void Supervisor::dropSuccessor(ChildPlace &place, const QString &reason)
{
    if (!place.successor)
        return;
    place.successor->kill(reason);
    m_retiring.push_back({std::move(place.successor), 0, base::MonotonicTime::max()});
}

std::vector<ChildPlace *> Supervisor::taskPlaces() const
{
    std::vector<ChildPlace *> places;
    for (std::size_t i = 0; m_active && i < m_active->places.size(); ++i) {
        if (m_active->places[i].who.role == ipc::ChildRole::TaskWorker)
            places.push_back(&m_active->places[i]);
    }
    return places;
}

Result<void> Supervisor::reloadTaskWorkers()
{
    if (m_stopping || m_companionsLeave)
        return Error(Error::Busy, QStringLiteral("the server is stopping"));
    if (m_reloadOpen || !m_active)
        return Error(Error::Busy, QStringLiteral("a reload is under way; wait for it to finish"));
    if (taskPlaces().empty())
        return Error(Error::Invalid, QStringLiteral("there are no task workers: set task_worker_num in [server]"));
    m_reloadOpen = true;
    m_isTaskReload = true;
    prepare();
    return {};
}

void Supervisor::startSuccessors(const std::shared_ptr<const PluginCopies> &copies)
{
    m_preparing = 0;
    m_taskCopies = copies;
    Q_EMIT reloadProgressed(QStringLiteral("starting new task workers"));
    for (ChildPlace *place : taskPlaces()) {
        dropSuccessor(*place, QStringLiteral("a newer one is started"));
        if (m_taskCopies) // or one could not be started
            startChild(*m_active, *place, &ChildPlace::successor);
    }
}

void Supervisor::failTaskReload(const QString &reason)
{
    m_isTaskReload = false;
    m_preparing = 0;
    m_taskCopies.reset();
    for (ChildPlace *place : taskPlaces())
        dropSuccessor(*place, QStringLiteral("the new task workers failed to start"));
    reloadFailed(reason);
    // What was due meanwhile has waited.
    if (!m_companionsLeave)
        QMetaObject::invokeMethod(this, &Supervisor::restartDue, Qt::QueuedConnection);
}

} // namespace Quern::process
