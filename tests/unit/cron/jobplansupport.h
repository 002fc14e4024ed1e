#pragma once

#include "cron/jobplan.h"

#include <QMetaType>

Q_DECLARE_METATYPE(Quern::MissedRuns)

namespace Quern::cron {

/// When the tests of plans begin, on the clock on the wall: 1 January 2024 00:00 UTC.
inline constexpr WallTime newYear{std::chrono::milliseconds(1'704'067'200'000)};

inline JobSettings every(std::chrono::milliseconds interval, MissedRuns missed = MissedRuns::Skip)
{
    return {.schedule = *Schedule::every(interval), .missed = missed};
}

} // namespace Quern::cron
