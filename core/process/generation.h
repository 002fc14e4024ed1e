#pragma once

#include "process/childprocess.h"
#include "process/restartpolicy.h"
#include "process/supervisorsettings.h"

#include <algorithm>
#include <memory>
#include <vector>

namespace Quern::process {

/// One place in the pool: the child that fills it now, and when the next one may.
struct ChildPlace
{
    ipc::ChildIdentity who;
    RestartPolicy restarts;
    std::unique_ptr<ChildProcess> child; ///< nullptr while a restart is delayed
    base::MonotonicTime restartAt;
    bool restartDue = false;
    bool redirect = false; ///< see ProcessPool
    QString lastExit;
    ipc::RunHooksMessage lastFailure; ///< for the WorkerError hooks of the next child; without a reason: none is due

    /// Nobody is there, and nobody will be.
    bool hasGivenUp() const { return !child && !restartDue && restarts.hasGivenUp(); }
};

/// The children that run one set of plugin files with one set of settings. Plain data of the Supervisor, in the main
/// thread.
struct Generation
{
    /// With an empty place for each child that \a settings want, workers first.
    Generation(int ownNumber, const SupervisorSettings &ownSettings, const QList<ipc::BootMessage::Plugin> &copies);

    int number;
    SupervisorSettings settings;
    QList<ipc::BootMessage::Plugin> plugins; ///< the private copies
    std::vector<ChildPlace> places;
    bool hasStopHooks = false; ///< ServerStop, as its children tell

    bool allReady() const
    {
        return std::all_of(places.begin(), places.end(),
                           [](const ChildPlace &place) { return place.child && place.child->isReady(); });
    }
    /// A place for a timer process, whose need the first children tell of.
    ChildPlace &addTimer();
    bool hasTimer() const;
    /// nullptr if \a child is none of these.
    ChildPlace *placeOf(const ChildProcess *child);
    /// nullptr if there is none with this id.
    ChildProcess *childWith(quint64 childId) const;
};

} // namespace Quern::process
