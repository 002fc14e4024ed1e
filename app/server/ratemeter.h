#pragma once

#include "admin/protocol/status.h"
#include "base/clock.h"

#include <deque>

namespace Quern::app {

/// Makes rates of counters that are looked at now and then. A plain value; any one thread.
class RateMeter
{
public:
    /// The windows that rates are told of.
    static constexpr std::chrono::seconds ShortWindow{10};
    static constexpr std::chrono::seconds LongWindow{60};
    /// How often record() should be called.
    static constexpr std::chrono::seconds Interval{2};

    void record(base::MonotonicTime now, const admin::Totals &totals);
    /// What has happened within each window up to \a now, when the counters are \a totals. A window that is longer than
    /// what was recorded is cut to it, and not told twice; none is told as long as nothing was.
    QList<admin::Rates> rates(base::MonotonicTime now, const admin::Totals &totals) const;

private:
    struct Sample
    {
        base::MonotonicTime time;
        admin::Totals totals;
    };
    std::deque<Sample> m_samples; ///< oldest first; one at most is older than the long window
};

} // namespace Quern::app
