#include "cron/runreports.h"

#include <algorithm>
#include <utility>

namespace Quern::cron {

void RunReports::add(RunReport report)
{
    const std::lock_guard lock(m_mutex);
    if (!m_receiver)
        return;
    m_reports.push_back(std::move(report));
    if (m_reports.size() == 1)
        QMetaObject::invokeMethod(m_receiver, m_wake, Qt::QueuedConnection);
}

std::vector<RunReport> RunReports::take()
{
    std::vector<RunReport> reports;
    {
        const std::lock_guard lock(m_mutex);
        std::swap(reports, m_reports);
    }
    std::stable_sort(reports.begin(), reports.end(), [](const RunReport &one, const RunReport &other) {
        return one.ended.monotonic < other.ended.monotonic;
    });
    return reports;
}

void RunReports::close()
{
    const std::lock_guard lock(m_mutex);
    m_receiver = nullptr;
    m_reports.clear();
}

} // namespace Quern::cron
