#pragma once

#include "admin/protocol/status.h"

#include <QString>

/// What the command line prints for people.
namespace Quern::app::terminal {

/// One line, or several, on standard output.
void say(const QString &text);
void sayJson(const QJsonObject &object);
/// False once something could not be written to standard output, for want of room say.
bool wroteAll();
/// "quern: text" on standard error.
void complain(const QString &text);
/// \a text without what would steer a terminal.
QString printable(const QString &text);
/// Background tasks: their queues, and what has happened since the start.
QStringList taskLines(const admin::TaskStatus &tasks);
/// One screen: health, listeners, processes, totals.
QString statusText(const admin::Status &status);
/// The cron jobs alone, as a table.
QString cronText(const QList<admin::CronJobStatus> &jobs);

} // namespace Quern::app::terminal
