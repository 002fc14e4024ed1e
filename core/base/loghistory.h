#pragma once

#include "base/logrecord.h"

#include <QList>

#include <deque>
#include <functional>
#include <mutex>

namespace Quern::base {

/// Which lines somebody wants to see.
struct LogFilter
{
    LogLevel least = LogLevel::Debug;
    QByteArray role; ///< "worker 2"; empty: everybody's

    bool accepts(const LogRecord &record) const
    {
        return record.level >= least && (role.isEmpty() || role == record.role);
    }
};

/// The last messages of the log, in memory. Any thread. It logs nothing itself, and nothing that it calls may.
class LogHistory
{
public:
    static constexpr std::size_t MaxRecords = 2000;
    static constexpr qsizetype MaxBytes = 1024 * 1024; ///< of all texts
    static constexpr qsizetype MaxText = 8 * 1024;     ///< of one text; a longer one is cut
    /// What newest() and since() give at once, in bytes of texts, whatever they are asked for: a message of the
    /// management protocol has room for it. One record is given always.
    static constexpr qsizetype MaxPageBytes = 128 * 1024;

    /// Records in the order in which they came.
    struct Page
    {
        QList<LogRecord> records;
        quint64 from = 0; ///< where this page begins, and the one before it ends: for newest(); 0: at the very front
        quint64 next = 0; ///< the first serial that this page does not cover: for since()
        quint64 lost = 0; ///< how many were asked for and are no longer there, whatever the filter; for since()
    };

    void append(LogRecord record);

    /// The last \a count that \a filter accepts, of those before the serial \a before; 0: of all.
    Page newest(const LogFilter &filter, qsizetype count, quint64 before) const;
    /// Those that \a filter accepts, from the serial \a from on.
    Page since(const LogFilter &filter, quint64 from) const;
    /// From which serial on since() gives the last \a count that \a filter accepts, and what follows.
    quint64 serialOfLast(const LogFilter &filter, qsizetype count) const;

    /// \a listener is called, in whatever thread, for the first record after each arm(). It must neither wait nor log.
    /// An empty function ends it: none is under way afterwards.
    void setListener(std::function<void()> listener);
    void arm();

private:
    mutable std::mutex m_mutex;
    std::deque<LogRecord> m_records;
    qsizetype m_bytes = 0;
    quint64 m_nextSerial = 1;
    std::function<void()> m_listener;
    bool m_armed = false;
};

} // namespace Quern::base
