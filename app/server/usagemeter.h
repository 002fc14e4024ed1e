#pragma once

#include "app/server/processusage.h"
#include "base/clock.h"

#include <QHash>
#include <QList>

#include <deque>

namespace Quern::app {

/// How much the processes of the server have used lately, looked at now and then. A plain value; any one thread.
class UsageMeter
{
public:
    /// What a trend is drawn from.
    static constexpr std::chrono::minutes TrendWindow{5};
    /// How often memory is noted down for it.
    static constexpr std::chrono::seconds TrendInterval{10};

    struct Usage
    {
        double cpuPercent = 0;      ///< of one processor, between the last two looks
        double memoryPerMinute = 0; ///< bytes of resident memory won (or lost) per minute, over TrendWindow at most
    };

    /// To be called every few seconds with all pids of now. Those that are gone are forgotten.
    void record(base::MonotonicTime now, const QList<qint64> &pids);
    /// All 0 for one that has not been looked at twice.
    Usage usage(qint64 pid) const;

private:
    struct Sample
    {
        base::MonotonicTime time;
        qint64 bytes = 0;
    };
    struct Process
    {
        base::MonotonicTime looked;
        double cpuSeconds = 0;
        double cpuPercent = 0;
        std::deque<Sample> memory; ///< oldest first
    };

    QHash<qint64, Process> m_processes; ///< by pid
};

} // namespace Quern::app
