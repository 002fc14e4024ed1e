#pragma once

#include <QtGlobal>

namespace Quern::dispatch {

/// One reactor among all of a server, and the workers that are its own as far as they go round. Connections that stay,
/// WebSockets and streams, go to these: what goes to one worker and comes from it in one turn of the loop is worth one
/// wake-up, and shared out among all workers it would be worth many. A plain value.
struct ReactorPlace
{
    int reactorId = 0;
    int reactorNum = 1;

    /// How many of \a workerNum workers are its own; it may have to share one with others.
    int ownWorkers(int workerNum) const { return qMax(1, (workerNum - reactorId + reactorNum - 1) / reactorNum); }
    /// The number of one of them; \a turn chooses.
    int ownWorker(quint64 turn, int workerNum) const
    {
        if (reactorId >= workerNum)
            return reactorId % workerNum;
        return reactorId + reactorNum * int(turn % quint64(ownWorkers(workerNum)));
    }
};

} // namespace Quern::dispatch
