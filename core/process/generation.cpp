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

Generation::Generation(int ownNumber, const SupervisorSettings &ownSettings,
                       const QList<ipc::BootMessage::Plugin> &copies)
    : number(ownNumber)
    , settings(ownSettings)
    , plugins(copies)
{
    for (int i = 0; i < settings.workerNum; ++i)
        places.push_back(makePlace({ipc::ChildRole::Worker, i}));
    for (int i = 0; i < settings.taskWorkerNum; ++i)
        places.push_back(makePlace({ipc::ChildRole::TaskWorker, i}));
    for (const ProcessPool &pool : std::as_const(settings.processes)) {
        for (int i = 0; i < pool.num; ++i) {
            places.push_back(makePlace({ipc::ChildRole::Process, i, pool.name}, pool.restarts));
            places.back().redirect = pool.redirect;
        }
    }
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
    const auto found = std::find_if(places.begin(), places.end(),
                                    [child](const ChildPlace &place) { return place.child.get() == child; });
    return found == places.end() ? nullptr : &*found;
}

ChildProcess *Generation::childWith(quint64 childId) const
{
    for (const ChildPlace &place : places) {
        if (place.child && place.child->spec().childId == childId)
            return place.child.get();
    }
    return nullptr;
}

} // namespace Quern::process
