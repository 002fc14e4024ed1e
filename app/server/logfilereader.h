#pragma once

#include "base/filedescriptor.h"
#include "base/loghistory.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QList>

namespace Quern::app {

/// Reads the log file of a server that cannot be asked, and stays with it when it is rotated. Any one thread.
class LogFileReader
{
public:
    /// No line farther from the end of the file, in bytes, is looked for.
    static constexpr qint64 MaxTail = 64 * 1024 * 1024;

    LogFileReader(const QString &path, const base::LogFilter &filter);

    /// Error::NotFound, Error::Permission or Error::Io.
    Result<void> open();
    /// The last \a count messages that the filter accepts, oldest first; next() gives what follows them.
    QList<base::LogRecord> last(qsizetype count);
    /// What has come since. Does not wait.
    QList<base::LogRecord> next();

private:
    QByteArray read(qint64 from, qint64 to) const;
    QList<base::LogRecord> take(QByteArrayView lines);
    /// False while the path names the file that is open, or none.
    bool isReplaced() const;

    QByteArray m_path;
    base::LogFilter m_filter;
    base::FileDescriptor m_file;
    qint64 m_place = 0;         ///< read up to here
    QByteArray m_partial;       ///< the beginning of a line
    base::LogRecord m_previous; ///< a line that is none of the log's belongs to the one before
    bool m_replaced = false;    ///< the file was found to be replaced, and may get a last line
};

} // namespace Quern::app
