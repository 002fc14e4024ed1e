#pragma once

#include <QtGlobal>

#include <chrono>

namespace Quern::config {

/// The keys of the [server] table that say when workers are replaced, and how many there may be: one member a key, with
/// its default. It is a part of ServerSettings, so that the same rules read all.
struct SupervisionSettings
{
    int workerMaxNum = 0;                             ///< workers under load; 0: as many as always
    int taskWorkerMaxNum = 0;                         ///< the same of task workers
    std::chrono::milliseconds workerIdleTime{60'000}; ///< after which those that are not needed leave
    int maxRequest = 0;                               ///< requests after which a worker is replaced; 0: never
    int maxRequestGrace = 0;                          ///< so many more at most, drawn for each worker
    int taskMaxRequest = 0;                           ///< tasks after which a task worker is replaced; 0: never
    int taskMaxRequestGrace = 0;                      ///< as maxRequestGrace
    quint64 workerMemoryLimit = 0;                    ///< bytes of a worker's own memory; 0: none
    quint64 taskWorkerMemoryLimit = 0;                ///< the same of task workers

    bool operator==(const SupervisionSettings &) const = default;
};

} // namespace Quern::config
