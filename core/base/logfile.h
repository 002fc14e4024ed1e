#pragma once

#include "base/filedescriptor.h"
#include "base/loglevels.h"

#include <QByteArray>
#include <QList>

#include <chrono>

namespace Quern::base {

/// When the server begins a new log file by itself. The old ones are named as logrotate(8) does it: quern.log.1 is the
/// youngest, and so on.
struct LogRotation
{
    quint64 size = 0;                 ///< bytes that a file may have; 0: any
    std::chrono::milliseconds age{0}; ///< since the file's first line; zero: any
    int keep = 7;                     ///< how many old files are kept, 1 or more
};

/// The file that the log goes to. What hinders it is told by append(), once, and never stops anybody. Lives behind a
/// lock of its owner.
class LogFile
{
public:
    /// Something about the file itself, for the log.
    struct Notice
    {
        LogLevel level = LogLevel::Warning;
        QString text;
    };

    /// \a path is absolute. Error::NotFound, Error::Permission or Error::Io if it cannot be opened.
    Result<void> open(const QString &path, const LogRotation &rotation);
    /// After somebody else has renamed it.
    Result<void> reopen();
    bool isOpen() const { return m_file.isValid(); }
    /// Why the last append() was in vain, if it was.
    Result<void> state() const;

    /// Writes whole lines, into a new file if the rotation wants it; \a now: milliseconds since 1970. Lines that the
    /// disk does not take are lost.
    QList<Notice> append(const QByteArray &lines, qint64 now);

private:
    /// Invalid if it cannot be opened; errno tells why.
    FileDescriptor openPath() const;
    /// An errno value if that fails; the file is the old one then.
    int openAnew();
    void take();
    bool isRotationDue(qsizetype more, qint64 now) const;
    void rotate(qsizetype more, qint64 now, QList<Notice> &notices);
    /// Renames the files; an errno value if that fails.
    int shift() const;
    qsizetype takeBackPart(const QByteArray &written);
    void write(const QByteArray &lines, QList<Notice> &notices);
    QByteArray oldPath(int number) const { return m_path + '.' + QByteArray::number(number); }

    QByteArray m_path;
    LogRotation m_rotation;
    FileDescriptor m_file;
    quint64 m_size = 0;
    qint64 m_birth = 0;
    std::chrono::steady_clock::time_point m_nextRotation; ///< not before; after a failure
    int m_error = 0;                                      ///< of the last write
    quint64 m_lost = 0;                                   ///< lines
    bool m_midLine = false;                               ///< the last write ended within a line
    bool m_rotationFailed = false;
};

} // namespace Quern::base
