#pragma once

#include "process/childprocess.h"
#include "process/restartpolicy.h"
#include "process/supervisorsettings.h"

#include <memory>
#include <vector>

namespace Quern::process {

/// One place in the pool: the child that fills it now, and when the next one may.
struct WorkerPlace
{
    int workerId = 0;
    std::unique_ptr<ChildProcess> child; ///< nullptr while a restart is delayed
    RestartPolicy restarts;
    base::MonotonicTime restartAt;
    bool restartDue = false;
    QString lastExit;
};

/// The workers that run one set of plugin files with one set of settings. Plain data of the Supervisor, in the main
/// thread.
struct Generation
{
    int number = 0;
    SupervisorSettings settings;
    QList<ipc::BootMessage::Plugin> plugins; ///< the private copies
    std::vector<WorkerPlace> places;

    bool allReady() const
    {
        for (const WorkerPlace &place : places) {
            if (!place.child || !place.child->isReady())
                return false;
        }
        return true;
    }
};

} // namespace Quern::process
