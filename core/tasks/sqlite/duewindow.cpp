#include "tasks/sqlite/duewindow.h"

#include <iterator>

namespace Quern::tasks {

void DueWindow::offer(std::unique_ptr<TaskRecord> record)
{
    const Place place = placeOf(*record);
    if (place > m_end)
        return;
    m_bytes += record->payload.size();
    m_tasks.insert_or_assign(place, std::move(record));
    while (m_tasks.size() > MostTasks || (m_bytes > MostBytes && m_tasks.size() > 1)) {
        const auto last = std::prev(m_tasks.end());
        m_bytes -= last->second->payload.size();
        m_tasks.erase(last);
        m_end = m_tasks.rbegin()->first;
    }
}

std::unique_ptr<TaskRecord> DueWindow::takeFirst()
{
    auto node = m_tasks.extract(m_tasks.begin());
    m_bytes -= node.mapped()->payload.size();
    return std::move(node.mapped());
}

bool DueWindow::load(std::unique_ptr<TaskRecord> record)
{
    m_end = placeOf(*record);
    m_bytes += record->payload.size();
    m_tasks.emplace_hint(m_tasks.end(), m_end, std::move(record));
    return !isFull();
}

void DueWindow::reset()
{
    m_tasks.clear();
    m_bytes = 0;
    m_end = theBeginning();
}

} // namespace Quern::tasks
