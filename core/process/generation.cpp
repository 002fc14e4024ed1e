#include "process/generation.h"

namespace Quern::process {

namespace {

ChildPlace makePlace(ipc::ChildIdentity who, const RestartSettings &restarts = {})
{
    ChildPlace place;
    place.who = std::move(who);
    place.restarts = RestartPolicy(restarts);
    return place;
}

} // namespace

Generation::Generation(int ownNumber, const SupervisorSettings &ownSettings, std::shared_ptr<const PluginCopies> copies)
    : number(ownNumber)
    , settings(ownSettings)
    , plugins(copies)
    , taskPlugins(std::move(copies))
{
    grow(ipc::ChildRole::Worker, settings.workerNum);
    grow(ipc::ChildRole::TaskWorker, settings.taskWorkerNum);
    for (const ProcessPool &pool : std::as_const(settings.processes)) {
        for (int i = 0; i < pool.num; ++i) {
            places.push_back(makePlace({ipc::ChildRole::Process, i, pool.name}, pool.restarts));
            places.back().redirect = pool.redirect;
        }
    }
}

void Generation::grow(ipc::ChildRole role, int count, bool areNew)
{
    // Workers first, then task workers, as their numbers are.
    auto end =
        std::find_if(places.begin(), places.end(), [role](const ChildPlace &place) { return place.who.role > role; });
    for (int i = placesOf({role}); i < count; ++i) {
        end = places.insert(end, makePlace({role, i}));
        end->isNew = areNew;
        ++end;
    }
}

int Generation::placesOf(const ipc::ChildIdentity &who) const
{
    return int(std::count_if(places.begin(), places.end(), [&who](const ChildPlace &place) {
        return place.who.role == who.role && place.who.name == who.name;
    }));
}

ChildPlace &Generation::addTimer()
{
    places.push_back(makePlace({ipc::ChildRole::Timer}));
    return places.back();
}

bool Generation::hasTimer() const
{
    return std::any_of(places.begin(), places.end(),
                       [](const ChildPlace &place) { return place.who.role == ipc::ChildRole::Timer; });
}

ChildPlace *Generation::placeOf(const ChildProcess *child)
{
    const auto found = std::find_if(places.begin(), places.end(), [child](const ChildPlace &place) {
        return place.child.get() == child || place.successor.get() == child;
    });
    return found == places.end() ? nullptr : &*found;
}

ChildPlace *Generation::placeFor(const ipc::ChildIdentity &who)
{
    const auto found =
        std::find_if(places.begin(), places.end(), [&who](const ChildPlace &place) { return place.who == who; });
    return found == places.end() ? nullptr : &*found;
}

ChildProcess *Generation::childWith(quint64 childId) const
{
    ChildProcess *found = nullptr;
    forEachChild([&](ChildProcess &child) { found = child.spec().childId == childId ? &child : found; });
    return found;
}

} // namespace Quern::process
