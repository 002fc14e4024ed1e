#include "app/server/processusage.h"

#include <QFile>
#include <QList>

#include <unistd.h>

namespace Quern::app {

ProcessUsage usageOf(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/stat").arg(pid));
    if (pid <= 0 || !file.open(QIODevice::ReadOnly))
        return {};
    // proc(5): pid (comm) state …; the name may hold blanks and brackets. From the state on: utime is the 12th field,
    // stime the 13th, num_threads the 18th, rss the 22nd.
    const QByteArray line = file.readAll();
    const QList<QByteArray> fields = line.mid(line.lastIndexOf(')') + 2).split(' ');
    if (fields.size() < 22)
        return {};
    const double ticks = double(fields.at(11).toLongLong() + fields.at(12).toLongLong());
    return {fields.at(21).toLongLong() * ::sysconf(_SC_PAGESIZE), ticks / double(::sysconf(_SC_CLK_TCK)),
            fields.at(17).toLongLong()};
}

qint64 ownMemoryOf(qint64 pid)
{
    QFile file(QStringLiteral("/proc/%1/status").arg(pid));
    if (pid <= 0 || !file.open(QIODevice::ReadOnly))
        return 0;
    // proc(5): "RssAnon:\t    1234 kB".
    constexpr QByteArrayView field("\nRssAnon:");
    const QByteArray text = file.readAll();
    const qsizetype at = text.indexOf(field);
    if (at < 0)
        return 0;
    const qsizetype begin = at + field.size();
    return text.mid(begin, text.indexOf('k', begin) - begin).trimmed().toLongLong() * 1024;
}

} // namespace Quern::app
