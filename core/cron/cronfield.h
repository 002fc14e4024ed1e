#pragma once

#include <Quern/result.h>

#include <QString>

namespace Quern::cron {

/// Which of the fields of a cron expression one is.
enum class FieldKind { Second, Minute, Hour, DayOfMonth, Month, DayOfWeek };

/// One field of a cron expression, read. A value type; any thread.
struct CronField
{
    quint64 values = 0;         ///< bit n: n is one of them; of days of the week Sunday is 0
    bool beginsWithStar = true; ///< "*" or "*/n": it restricts nothing, or keeps a pace
};

/// Reads one field: numbers, names (jan … dec, sun … sat, in any case), "a-b", "*", each of the last two with "/n"
/// behind if it likes, and lists of these with commas between. Error::Invalid names the field and the mend.
Result<CronField> parseCronField(FieldKind kind, const QString &text);

} // namespace Quern::cron
