#include "process/childoutput.h"

#include "base/log.h"
#include "base/logrecord.h"

#include <utility>

namespace Quern::process {

ChildOutput::ChildOutput(QString role, std::function<void(const QByteArray &)> printed)
    : m_role(std::move(role))
    , m_printed(std::move(printed))
{
}

void ChildOutput::add(const QByteArray &bytes, qint64 pid)
{
    m_partialLine += bytes;
    if (m_printed)
        passOn(pid);
    else
        logLines(pid);
}

void ChildOutput::finish(qint64 pid)
{
    const QByteArray rest = std::exchange(m_partialLine, QByteArray());
    if (rest.isEmpty())
        return;
    if (m_printed)
        m_printed(rest);
    else
        logLine(pid, rest);
}

void ChildOutput::passOn(qint64 pid)
{
    QByteArray out;
    qsizetype start = 0;
    while (start < m_partialLine.size()) {
        const QByteArrayView rest = QByteArrayView(m_partialLine).sliced(start);
        const qsizetype end = rest.indexOf('\n');
        const QByteArrayView line = end < 0 ? rest : rest.first(end + 1);
        // It may become a line of the log.
        if (end < 0 && !m_isWithinLine && line.startsWith('<') && line.size() <= base::MaxChildLine)
            break;
        if (end >= 0 && !m_isWithinLine && base::isLogLine(line.chopped(1)))
            logLine(pid, line.chopped(1));
        else
            out += line;
        m_isWithinLine = end < 0;
        start += line.size();
    }
    m_partialLine.remove(0, start);
    if (!out.isEmpty())
        m_printed(out);
}

void ChildOutput::logLines(qint64 pid)
{
    qsizetype start = 0;
    while (true) {
        const qsizetype end = m_partialLine.indexOf('\n', start);
        if (end < 0)
            break;
        logLine(pid, QByteArrayView(m_partialLine).sliced(start, end - start));
        start = end + 1;
    }
    m_partialLine.remove(0, start);
    if (m_partialLine.size() > base::MaxChildLine)
        logLine(pid, std::exchange(m_partialLine, QByteArray()));
}

void ChildOutput::logLine(qint64 pid, QByteArrayView line) const
{
    base::logChildLine(m_role, pid, line);
}

} // namespace Quern::process
