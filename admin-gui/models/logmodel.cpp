#include "admin-gui/models/logmodel.h"

#include "admin-gui/models/format.h"

#include <algorithm>

namespace Quern::console {

using admin::LogLine;

QString logLevelText(base::LogLevel level)
{
    switch (level) {
    case base::LogLevel::Debug:
        return LogModel::tr("debug");
    case base::LogLevel::Info:
        return LogModel::tr("info");
    case base::LogLevel::Warning:
        return LogModel::tr("warning");
    case base::LogLevel::Error:
        break;
    }
    return LogModel::tr("error");
}

Tone logLevelTone(base::LogLevel level)
{
    switch (level) {
    case base::LogLevel::Debug:
        return Tone::Faint;
    case base::LogLevel::Info:
        return Tone::Plain;
    case base::LogLevel::Warning:
        return Tone::Warning;
    case base::LogLevel::Error:
        break;
    }
    return Tone::Bad;
}

LogModel::LogModel(QObject *parent) : RecordModel([](const LogLine &line) { return line.serial; }, parent)
{
    const auto tone = [](const LogLine &line) { return logLevelTone(line.level); };
    Column<LogLine> time{tr("Time"), [](const LogLine &line) { return format::moment(line.time); },
                         by<LogLine>(&LogLine::serial)};
    time.toolTip = [](const LogLine &line) { return format::exactMoment(line.time); };
    Column<LogLine> level{tr("Level"), [](const LogLine &line) { return logLevelText(line.level); },
                          by<LogLine>(&LogLine::level)};
    level.tone = tone;
    Column<LogLine> role{tr("Process"), [](const LogLine &line) { return line.role; }};
    role.toolTip = [](const LogLine &line) { return tr("PID %1").arg(line.pid); };
    Column<LogLine> category{tr("Category"), [](const LogLine &line) { return line.category; }};
    Column<LogLine> message{tr("Message"), [](const LogLine &line) { return format::oneLine(line.message, 500); }};
    message.tone = tone;
    setColumns({time, level, role, category, message});
}

void LogModel::add(const QList<LogLine> &lines)
{
    if (lines.isEmpty())
        return;
    putRecords(lines);
    m_newest = totalCount() == lines.size() ? lines.constLast().serial : std::max(m_newest, lines.constLast().serial);
    if (totalCount() > Most)
        removeIf([oldest = m_newest - Most](const LogLine &line) { return line.serial <= oldest; });
}

qint64 LogModel::oldest() const
{
    qint64 oldest = 0;
    forEach([&oldest](const LogLine &line) { oldest = oldest == 0 ? line.serial : std::min(oldest, line.serial); });
    return oldest;
}

} // namespace Quern::console
