#pragma once

#include "process/childprocess.h"
#include "process/pluginstore.h"
#include "process/restartpolicy.h"
#include "process/restartreason.h"
#include "process/supervisorsettings.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

namespace Quern::process {

/// That a child which works is to be replaced by another, and why.
struct Replacement
{
    RestartReason reason = RestartReason::Replaced;
    QString text = {}; ///< for people
    base::MonotonicTime notBefore = {};
    int failures = 0; ///< successors that could not start
};

/// One place in the pool: the child that fills it now, and when the next one may.
struct ChildPlace
{
    using Slot = std::unique_ptr<ChildProcess> ChildPlace::*;

    ipc::ChildIdentity who;
    RestartPolicy restarts;
    std::unique_ptr<ChildProcess> child;     ///< nullptr while a restart is delayed
    std::unique_ptr<ChildProcess> successor; ///< starts while the child goes on, whose place it takes when it is ready
    std::optional<Replacement> replacement;  ///< the child is to be replaced
    base::MonotonicTime restartAt;
    bool restartDue = false;
    bool redirect = false; ///< see ProcessPool
    QString lastExit;
    std::optional<RestartReason> lastReason; ///< of that
    bool isHandedOver = false;               ///< in a rolling reload: to its counterpart of the next generation
    bool isAnnounced = false;                ///< the other side of that
    int replacements = 0;                    ///< of children that worked, by their successors
    /// How many children in a row were beyond their memory limit as soon as they had begun, as those before them.
    int earlyReplacements = 0;
    bool isNew = false;               ///< the pool is made larger by it, once its first child is ready
    ipc::RunHooksMessage lastFailure; ///< for the WorkerError hooks of the next child; without a reason: none is due

    /// Nobody is there, and nobody will be.
    bool hasGivenUp() const { return !child && !restartDue && restarts.hasGivenUp(); }
};

/// The children that run with one set of settings, and one set of plugin files, unless the task workers have newer
/// ones. Plain data of the Supervisor, in the main thread.
struct Generation
{
    /// With an empty place for each child that \a settings want, workers first.
    Generation(int ownNumber, const SupervisorSettings &ownSettings, std::shared_ptr<const PluginCopies> copies);

    int number;
    SupervisorSettings settings;
    std::shared_ptr<const PluginCopies> plugins;
    std::shared_ptr<const PluginCopies> taskPlugins; ///< those of the task workers
    std::vector<ChildPlace> places;
    bool hasStopHooks = false; ///< ServerStop, as its children tell

    bool allReady() const
    {
        return std::all_of(places.begin(), places.end(),
                           [](const ChildPlace &place) { return place.child && place.child->isReady(); });
    }
    /// The copies that children of \a role load.
    const std::shared_ptr<const PluginCopies> &pluginsOf(ipc::ChildRole role) const
    {
        return role == ipc::ChildRole::TaskWorker ? taskPlugins : plugins;
    }
    /// How many places the pool of \a who has: of its role and its name.
    int placesOf(const ipc::ChildIdentity &who) const;
    /// Adds empty places, numbered after those there are, which make a pool as large as \a count.
    void grow(ipc::ChildRole role, int count, bool areNew = false);
    /// A place for a timer process, whose need the first children tell of.
    ChildPlace &addTimer();
    bool hasTimer() const;
    /// The place of \a child, or of the one that it is to succeed; nullptr if it is none of these.
    ChildPlace *placeOf(const ChildProcess *child);
    /// nullptr if there is none for \a who.
    ChildPlace *placeFor(const ipc::ChildIdentity &who);
    /// nullptr if there is none with this id.
    ChildProcess *childWith(quint64 childId) const;
    /// Calls \a visit with each child, and with each that is to succeed one.
    template <typename Visit>
    void forEachChild(Visit visit) const
    {
        for (const ChildPlace &place : places) {
            for (const ChildPlace::Slot slot : {&ChildPlace::child, &ChildPlace::successor}) {
                if (place.*slot)
                    visit(*(place.*slot));
            }
        }
    }
};

} // namespace Quern::process
