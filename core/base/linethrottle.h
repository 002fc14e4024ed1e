#pragma once

#include "base/clock.h"

#include <QString>

#include <optional>
#include <utility>

namespace Quern::base {

/// For a line of the log that may have many causes at once: one a second is written, and tells how many were not. Lives
/// in one thread.
class LineThrottle
{
public:
    static constexpr std::chrono::milliseconds Interval = std::chrono::seconds(1);

    /// How a line that may be written \a now is to end: empty, or "; and 3 others since the last line like this".
    /// nullopt: none may be, and it is counted.
    std::optional<QString> pass(MonotonicTime now = std::chrono::steady_clock::now())
    {
        if (m_last && now - *m_last < Interval) {
            ++m_untold;
            return std::nullopt;
        }
        m_last = now;
        const qint64 untold = std::exchange(m_untold, 0);
        if (untold == 0)
            return QString();
        return QStringLiteral("; and %1 since the last line like this")
            .arg(untold == 1 ? QStringLiteral("1 other") : QStringLiteral("%1 others").arg(untold));
    }

    /// Counts a line that is not written for a reason of the caller's.
    void leaveOut() { ++m_untold; }

private:
    std::optional<MonotonicTime> m_last;
    qint64 m_untold = 0;
};

} // namespace Quern::base
