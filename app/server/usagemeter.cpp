#include "app/server/usagemeter.h"

namespace Quern::app {

void UsageMeter::record(base::MonotonicTime now, const QList<qint64> &pids)
{
    QHash<qint64, Process> present;
    for (const qint64 pid : pids) {
        const ProcessUsage usage = usageOf(pid);
        Process process = m_processes.take(pid);
        const double seconds = std::chrono::duration<double>(now - process.looked).count();
        const bool isKnown = !process.memory.empty() && usage.cpuSeconds >= process.cpuSeconds;
        process.cpuPercent = isKnown && seconds > 0 ? 100 * (usage.cpuSeconds - process.cpuSeconds) / seconds : 0;
        process.looked = now;
        process.cpuSeconds = usage.cpuSeconds;
        if (process.memory.empty() || now - process.memory.back().time >= TrendInterval)
            process.memory.push_back({now, usage.residentBytes});
        while (now - process.memory.front().time > TrendWindow)
            process.memory.pop_front();
        present.insert(pid, std::move(process));
    }
    m_processes = std::move(present);
}

UsageMeter::Usage UsageMeter::usage(qint64 pid) const
{
    const auto process = m_processes.constFind(pid);
    if (process == m_processes.cend())
        return {};
    Usage usage;
    usage.cpuPercent = process->cpuPercent;
    const Sample &first = process->memory.front();
    const Sample &last = process->memory.back();
    const double minutes = std::chrono::duration<double, std::ratio<60>>(last.time - first.time).count();
    if (minutes > 0)
        usage.memoryPerMinute = double(last.bytes - first.bytes) / minutes;
    return usage;
}

} // namespace Quern::app
