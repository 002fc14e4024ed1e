#pragma once

#include "tables/sharedtables.h"

#include <QBasicTimer>
#include <QObject>

#include <chrono>
#include <deque>
#include <memory>

namespace Quern {
class TableSweep;
}

namespace Quern::tables {

/// Puts the tables in order in the master: removes rows whose time is over, and takes back what processes held that
/// have died. It does so in slices, so that its thread is never away for long. Lives in the main thread.
class TableSweeper final : public QObject
{
    Q_OBJECT
public:
    /// The longest that one slice takes, and what lies between two.
    static constexpr std::chrono::microseconds Slice{1000};
    static constexpr std::chrono::milliseconds Pause{5};
    /// How often it looks whether the time of any row is over.
    static constexpr std::chrono::milliseconds LookInterval{1000};
    /// How often all is put in order, though nobody is known to have died.
    static constexpr int LooksBetweenSweeps = 60;

    /// \a tables outlive it.
    explicit TableSweeper(const SharedTables &tables, QObject *parent = nullptr);
    ~TableSweeper() override;

    /// A process has died, and the kernel knows it no more: what it held is taken back soon.
    void processesChanged();
    bool isIdle() const { return !m_sweep && m_due.empty(); }

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Due
    {
        std::size_t table;
        bool isAll; ///< not only what has expired
    };

    void look();
    void addAll();
    bool isDue(std::size_t table) const;
    void goOn();

    const SharedTables &m_tables;
    std::deque<Due> m_due;
    std::unique_ptr<TableSweep> m_sweep; ///< the one under way
    QBasicTimer m_sliceTimer;
    QBasicTimer m_lookTimer;
    int m_looksUntilSweep = LooksBetweenSweeps;
};

} // namespace Quern::tables
