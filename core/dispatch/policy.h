#pragma once

#include "dispatch/pendingrequest.h"
#include "dispatch/reactorplace.h"
#include "dispatch/workerentry.h"

#include <memory>
#include <span>

namespace Quern::dispatch {

enum class DispatchMode {
    RoundRobin = 1,   ///< the workers in turn
    ByConnection = 2, ///< all requests of one connection by the same worker
    Idle = 3,         ///< the least busy worker
    ByAddress = 4,    ///< all requests of one client address by the same worker
    ByUser = 5,       ///< as ByConnection; events of a connection that is bound to a user by the worker of that user
};

/// Chooses a worker. Lives in its reactor thread.
class Policy
{
public:
    virtual ~Policy() = default;

    /// The worker for \a order, or nullptr if it must wait. \a workers are sorted by worker number; inactive ones are
    /// among them.
    virtual WorkerEntry *choose(std::span<const std::unique_ptr<WorkerEntry>> workers, const RequestOrder &order) = 0;

    /// The worker number that \a order belongs to, from 0; −1 if any will do. Requests that belong to different workers
    /// do not wait for each other.
    virtual int pinnedTo(const RequestOrder &order) const
    {
        Q_UNUSED(order)
        return -1;
    }

    /// For the reactor at \a place; \a workerNum is the number of workers that should be there.
    static std::unique_ptr<Policy> create(DispatchMode mode, int workerNum, const ReactorPlace &place = {});
};

} // namespace Quern::dispatch
