#include "cron/runoutput.h"

#include "cron/log.h"
#include "cron/text.h"

#include <QLocale>

namespace Quern::cron {

void RunOutput::add(QByteArrayView bytes)
{
    const QByteArrayView taken = bytes.first(qMin(bytes.size(), m_room));
    m_room -= taken.size();
    m_leftOut += bytes.size() - taken.size();
    m_line += taken;
    qsizetype from = 0;
    for (;;) {
        const QByteArrayView rest = QByteArrayView(m_line).sliced(from);
        const qsizetype end = rest.indexOf('\n');
        if (end < 0 ? rest.size() <= longestLine : end <= longestLine) {
            if (end < 0)
                break;
            log(rest.first(end));
            from += end + 1;
        } else {
            log(rest.first(longestLine));
            from += longestLine;
        }
    }
    m_line.remove(0, from);
}

void RunOutput::finish()
{
    if (!m_line.isEmpty())
        log(m_line);
    m_line.clear();
    if (m_leftOut > 0)
        qCWarning(logCron).noquote()
            << Text::tr("cron job %1: %2 more that it has printed are left out; have it write them to a file")
                   .arg(m_job, QLocale::c().formattedDataSize(m_leftOut, 1, QLocale::DataSizeIecFormat));
}

void RunOutput::log(QByteArrayView line) const
{
    qCInfo(logCron).noquote() << m_job + QStringLiteral(": ") + QString::fromUtf8(line.trimmed());
}

} // namespace Quern::cron
