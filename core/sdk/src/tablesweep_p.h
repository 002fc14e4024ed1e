#pragma once

#include "tablecore_p.h"

#include <chrono>

namespace Quern {

/// Goes once through a table and puts in order what others have left. Whatever it does is done by one exact exchange,
/// so that all others go on meanwhile. In one thread at a time; there may be several of a table.
class QUERN_EXPORT TableSweep
{
public:
    enum class Aim {
        Expired, ///< removes the rows whose time is over
        All,     ///< that, and takes back what belongs to processes that are dead, or to nobody
    };

    /// \a core outlives it.
    TableSweep(TableCore &core, Aim aim);

    /// Goes on for about \a time. True when it is through.
    bool run(std::chrono::microseconds time);
    /// Goes on until it is through.
    void finish();

private:
    /// The next 64 of the pool; false if there are no more.
    bool stepRecords();
    bool stepPermits();
    void checkRecord(quint32 index);
    void checkPermit(quint32 index);
    void checkExpiry(quint32 index, const SharedWord *record);
    void end();

    TableCore &m_core;
    const Aim m_aim;
    quint64 m_nextExpiry; ///< of the rows that it has seen
    quint32 m_recordWord = 0;
    quint32 m_permitWord = 0;
    bool m_isOver = false;
};

} // namespace Quern
