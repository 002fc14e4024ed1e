#include "app/server/logfilereader.h"

#include "base/systemerror.h"

#include <QFile>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {

namespace {

constexpr qint64 firstWindow = 64 * 1024;
/// What next() reads at once.
constexpr qint64 mostRead = 1024 * 1024;

qint64 sizeOf(int fd)
{
    struct stat present = {};
    return ::fstat(fd, &present) == 0 ? qint64(present.st_size) : 0;
}

} // namespace

LogFileReader::LogFileReader(const QString &path, const base::LogFilter &filter)
    : m_path(QFile::encodeName(path))
    , m_filter(filter)
{
}

Result<void> LogFileReader::open()
{
    base::FileDescriptor file(::open(m_path.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    struct stat present = {};
    if (!file.isValid() || ::fstat(file.get(), &present) != 0)
        return base::systemError(QStringLiteral("cannot read the log file %1").arg(QFile::decodeName(m_path)));
    if (!S_ISREG(present.st_mode)) {
        return Error(Error::Io, QStringLiteral("the log goes to %1, which is no file that can be read again")
                                    .arg(QFile::decodeName(m_path)));
    }
    m_file = std::move(file);
    m_place = 0;
    m_partial.clear();
    m_replaced = false;
    return {};
}

QList<base::LogRecord> LogFileReader::last(qsizetype count)
{
    const qint64 size = sizeOf(m_file.get());
    QList<base::LogRecord> records;
    for (qint64 window = firstWindow;; window *= 4) {
        const qint64 from = qMax<qint64>(size - qMin(window, MaxTail), 0);
        QByteArray bytes = read(from, size);
        // It begins within a line, unless it is the first.
        if (from > 0)
            bytes.remove(0, bytes.indexOf('\n') + 1);
        const qsizetype end = bytes.lastIndexOf('\n') + 1;
        m_previous = {};
        records = take(QByteArrayView(bytes).first(end));
        m_partial = bytes.mid(end);
        if (records.size() >= count || from == 0 || window >= MaxTail)
            break;
    }
    m_place = size;
    return records.mid(qMax<qsizetype>(records.size() - count, 0));
}

QList<base::LogRecord> LogFileReader::next()
{
    const qint64 size = sizeOf(m_file.get());
    if (size < m_place) { // emptied
        m_place = 0;
        m_partial.clear();
    }
    const QByteArray bytes = m_partial + read(m_place, qMin(size, m_place + mostRead));
    m_place += bytes.size() - m_partial.size();
    const qsizetype end = bytes.size() > mostRead ? bytes.size() : bytes.lastIndexOf('\n') + 1;
    const QList<base::LogRecord> records = take(QByteArrayView(bytes).first(end));
    m_partial = bytes.mid(end);
    // The server renames it first and writes to the next one a moment later: what it wrote meanwhile comes first.
    if (m_place == size && isReplaced() && std::exchange(m_replaced, true))
        (void)open();
    return records;
}

QByteArray LogFileReader::read(qint64 from, qint64 to) const
{
    QByteArray bytes(qsizetype(qMax<qint64>(to - from, 0)), Qt::Uninitialized);
    qsizetype done = 0;
    while (done < bytes.size()) {
        const ssize_t count = ::pread(m_file.get(), bytes.data() + done, size_t(bytes.size() - done), from + done);
        if (count <= 0)
            break;
        done += count;
    }
    bytes.truncate(done);
    return bytes;
}

QList<base::LogRecord> LogFileReader::take(QByteArrayView lines)
{
    QList<base::LogRecord> records;
    while (!lines.isEmpty()) {
        const qsizetype found = lines.indexOf('\n');
        const qsizetype end = found < 0 ? lines.size() : found;
        base::LogRecord foreign = m_previous;
        foreign.text = base::printable(lines.first(end));
        m_previous = base::parseLogLine(lines.first(end)).value_or(foreign);
        if (m_filter.accepts(m_previous))
            records.append(m_previous);
        lines = lines.sliced(qMin(end + 1, lines.size()));
    }
    return records;
}

bool LogFileReader::isReplaced() const
{
    struct stat mine = {};
    struct stat present = {};
    return ::fstat(m_file.get(), &mine) == 0 && ::stat(m_path.constData(), &present) == 0 &&
           (mine.st_ino != present.st_ino || mine.st_dev != present.st_dev);
}

} // namespace Quern::app
