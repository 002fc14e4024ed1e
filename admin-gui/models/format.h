#pragma once

#include <QDateTime>
#include <QString>

#include <chrono>

/// Numbers as people read them, in their language.
namespace Quern::console::format {

/// "12,345"
QString count(qint64 value);
/// "1,234" above a hundred, else "12.3"
QString number(double value);
/// "12.3/s"
QString rate(double perSecond);
/// "0", "512 B", "1.5 MiB"
QString bytes(qint64 value);
/// "+1.5 MiB/min", "−20 KiB/min"; empty if it is too little to matter
QString memoryTrend(double bytesPerMinute);
/// "12 %"
QString percent(double percent);
/// "350 µs", "12 ms", "1.20 s", "3 min 20 s", "2 h 5 min", "3 d 4 h"
QString duration(std::chrono::microseconds value);
/// Local: "14:03:07" today, else "Jan 31 14:03:07"; empty if it is not valid.
QString moment(const QDateTime &time, const QDateTime &now = QDateTime::currentDateTime());
/// Local, to the millisecond, for tips: "2026-01-31 14:03:07.123"
QString exactMoment(const QDateTime &time);
/// \a text in one line of \a longest characters at most, for a cell.
QString oneLine(const QString &text, qsizetype longest = 200);

/// \a text for a tip, which would take it for markup if it looked like that.
QString tip(const QString &text);

} // namespace Quern::console::format
