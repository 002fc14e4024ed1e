#include "tables/tablesweeper.h"

#include "sdk/src/tablesweep_p.h"

#include <QTimerEvent>

#include <algorithm>

namespace Quern::tables {

TableSweeper::TableSweeper(const SharedTables &tables, QObject *parent) : QObject(parent), m_tables(tables)
{
    if (!tables.area().tables().empty())
        m_lookTimer.start(int(LookInterval.count()), Qt::CoarseTimer, this);
}

TableSweeper::~TableSweeper() = default;

void TableSweeper::processesChanged()
{
    addAll();
    // Once more a little later: somebody who lives may have been in the middle of what the dead one had begun.
    m_looksUntilSweep = std::min(m_looksUntilSweep, 2);
}

void TableSweeper::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_lookTimer.timerId())
        look();
    else if (event->timerId() == m_sliceTimer.timerId())
        goOn();
}

void TableSweeper::look()
{
    if (--m_looksUntilSweep <= 0) {
        m_looksUntilSweep = LooksBetweenSweeps;
        addAll();
        return;
    }
    const auto &all = m_tables.area().tables();
    for (std::size_t i = 0; i < all.size(); ++i) {
        if (!isDue(i) && TableCore::isExpired(all[i]->nextExpiry().load(std::memory_order_acquire)))
            m_due.push_back({i, false});
    }
    goOn();
}

void TableSweeper::addAll()
{
    // Those that wait keep their place: else, when processes die often, none but the first would have its turn.
    for (Due &due : m_due)
        due.isAll = true;
    for (std::size_t i = 0; i < m_tables.area().tables().size(); ++i) {
        if (!isDue(i))
            m_due.push_back({i, true});
    }
    goOn();
}

bool TableSweeper::isDue(std::size_t table) const
{
    return std::any_of(m_due.begin(), m_due.end(), [table](const Due &due) { return due.table == table; });
}

void TableSweeper::goOn()
{
    if (!m_sweep && !m_due.empty()) {
        const Due due = m_due.front();
        m_due.pop_front();
        m_sweep = std::make_unique<TableSweep>(*m_tables.area().tables()[due.table],
                                               due.isAll ? TableSweep::Aim::All : TableSweep::Aim::Expired);
    }
    if (m_sweep && m_sweep->run(Slice))
        m_sweep.reset();
    if (isIdle())
        m_sliceTimer.stop();
    else if (!m_sliceTimer.isActive())
        m_sliceTimer.start(int(Pause.count()), Qt::PreciseTimer, this);
}

} // namespace Quern::tables
