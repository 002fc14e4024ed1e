#include "base/logfile.h"

#include "base/logrecord.h"
#include "base/systemerror.h"

#include <QDateTime>
#include <QFile>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

namespace Quern::base {

namespace {

constexpr std::chrono::seconds rotationRetry(60);
/// More old files than anybody keeps are not looked for.
constexpr int mostOldFiles = 1000;

/// When the file began, in milliseconds since 1970: its first line tells, whoever has copied it since.
qint64 birthOf(const QByteArray &path, int fd)
{
    const qint64 now = QDateTime::currentMSecsSinceEpoch();
    const FileDescriptor file(::open(path.constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    char front[64];
    const ssize_t count = file.isValid() ? ::read(file.get(), front, sizeof front) : 0;
    const auto told = timeOfLogLine(QByteArrayView(front, qsizetype(std::max<ssize_t>(count, 0))));
    if (told)
        return std::min(*told, now);
    struct statx present = {};
    if (::statx(fd, "", AT_EMPTY_PATH, STATX_BTIME | STATX_MTIME, &present) != 0)
        return now;
    const statx_timestamp &time = (present.stx_mask & STATX_BTIME) != 0 ? present.stx_btime : present.stx_mtime;
    return std::min(qint64(time.tv_sec) * 1000, now);
}

Error cannotOpen(const QByteArray &path, int errorNumber)
{
    const QString what = QStringLiteral("cannot open the log file %1").arg(QFile::decodeName(path));
    if (errorNumber == ENXIO) // as the system says it, "No such device or address", it helps nobody
        return Error(Error::Io, what + QStringLiteral(": no program reads from this pipe or socket"));
    return systemError(what, errorNumber);
}

bool isSameFile(const struct stat &a, const struct stat &b)
{
    return a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}

bool exists(const QByteArray &path)
{
    struct stat present = {};
    return ::lstat(path.constData(), &present) == 0;
}

} // namespace

Result<void> LogFile::open(const QString &path, const LogRotation &rotation)
{
    m_path = QFile::encodeName(path);
    m_rotation = rotation;
    m_file = openPath();
    if (!m_file.isValid())
        return cannotOpen(m_path, errno);
    take();
    return {};
}

Result<void> LogFile::reopen()
{
    const int problem = openAnew();
    if (problem == 0)
        return {};
    return cannotOpen(m_path, problem);
}

FileDescriptor LogFile::openPath() const
{
    // A named pipe without a reader would keep open() waiting, and is ENXIO like this.
    constexpr int flags = O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC;
    FileDescriptor file(::open(m_path.constData(), flags | O_NONBLOCK, 0640));
    if (file.isValid() && ::fcntl(file.get(), F_SETFL, O_APPEND) != 0)
        return {};
    return file;
}

int LogFile::openAnew()
{
    const FileDescriptor file = openPath();
    // Under the same number, whoever holds it.
    if (!file.isValid() || ::dup3(file.get(), m_file.get(), O_CLOEXEC) < 0)
        return errno;
    m_midLine = false;
    take();
    return 0;
}

Result<void> LogFile::state() const
{
    if (m_error == 0)
        return {};
    return systemError(QStringLiteral("cannot write the log file %1").arg(QFile::decodeName(m_path)), m_error);
}

/// Begins to count for the file that is open now.
void LogFile::take()
{
    struct stat present = {};
    ::fstat(m_file.get(), &present);
    m_size = quint64(present.st_size);
    if (S_ISREG(present.st_mode))
        m_birth = birthOf(m_path, m_file.get());
    else
        m_rotation = {}; // a terminal or a pipe, whose bytes are for others to read
}

QList<LogFile::Notice> LogFile::append(const QByteArray &lines, qint64 now)
{
    QList<Notice> notices;
    if (isRotationDue(lines.size(), now))
        rotate(lines.size(), now, notices);
    if (m_size == 0)
        m_birth = now;
    write(lines, notices);
    return notices;
}

bool LogFile::isRotationDue(qsizetype more, qint64 now) const
{
    if (m_size == 0)
        return false;
    const bool isLarge = m_rotation.size > 0 && m_size + quint64(more) > m_rotation.size;
    const bool isOld = m_rotation.age.count() > 0 && now - m_birth >= m_rotation.age.count();
    return (isLarge || isOld) && std::chrono::steady_clock::now() >= m_nextRotation;
}

void LogFile::rotate(qsizetype more, qint64 now, QList<Notice> &notices)
{
    struct stat mine = {};
    struct stat present = {};
    ::fstat(m_file.get(), &mine);
    m_size = quint64(mine.st_size);
    if (!isRotationDue(more, now)) // somebody else has cut it
        return;
    // Whoever has renamed it already, such as logrotate or a server beside this one, has done the work.
    const bool isMine = ::stat(m_path.constData(), &present) == 0 && isSameFile(mine, present);
    int problem = isMine ? shift() : 0;
    // Until the next file is open, lines go on into the old one under its new name: none is lost.
    if (problem == 0)
        problem = openAnew();
    if (problem == 0 && isMine)
        ::fchmod(m_file.get(), mine.st_mode & 0777);
    const QString name = QFile::decodeName(m_path);
    if (problem == 0) {
        if (std::exchange(m_rotationFailed, false))
            notices.append({LogLevel::Info, QStringLiteral("the log file %1 is rotated again").arg(name)});
        return;
    }
    m_nextRotation = std::chrono::steady_clock::now() + rotationRetry;
    if (!std::exchange(m_rotationFailed, true)) {
        const Error error = systemError(QStringLiteral("cannot rotate the log file %1").arg(name), problem);
        notices.append(
            {LogLevel::Error, error.message() + QStringLiteral("; it grows until its folder can be written to")});
    }
}

int LogFile::shift() const
{
    // Only as far as a gap, so that what a crash has left between two renames costs no file.
    int free = 1;
    while (free < m_rotation.keep && exists(oldPath(free)))
        ++free;
    for (int number = free; number > 1; --number) {
        if (::rename(oldPath(number - 1).constData(), oldPath(number).constData()) != 0 && errno != ENOENT)
            return errno;
    }
    if (::rename(m_path.constData(), oldPath(1).constData()) != 0)
        return errno;
    // log_rotate_keep may have been more.
    for (int number = m_rotation.keep + 1; number <= mostOldFiles; ++number) {
        if (::unlink(oldPath(number).constData()) != 0)
            break;
    }
    return 0;
}

/// Half a line is no line: removes from the file what \a written ends with behind its last line end. Returns its size.
qsizetype LogFile::takeBackPart(const QByteArray &written)
{
    const qsizetype part = written.size() - (written.lastIndexOf('\n') + 1);
    struct stat info = {};
    const bool isDone = part > 0 && ::fstat(m_file.get(), &info) == 0 && S_ISREG(info.st_mode) &&
                        info.st_size >= part && ::ftruncate(m_file.get(), info.st_size - part) == 0;
    return isDone ? part : 0;
}

void LogFile::write(const QByteArray &lines, QList<Notice> &notices)
{
    const QByteArray whole = m_midLine ? '\n' + lines : lines;
    const qsizetype extra = whole.size() - lines.size();
    qsizetype done = 0;
    m_error = 0;
    while (done < whole.size() && m_error == 0) {
        const ssize_t written = ::write(m_file.get(), whole.constData() + done, size_t(whole.size() - done));
        if (written > 0)
            done += written;
        else if (written == 0 || errno != EINTR)
            m_error = written == 0 ? EIO : errno;
    }
    if (m_error != 0)
        done -= takeBackPart(whole.first(done));
    m_size += quint64(done);
    if (done > 0)
        m_midLine = whole.at(done - 1) != '\n';
    const QString name = QFile::decodeName(m_path);
    if (m_error != 0) {
        if (m_lost == 0)
            notices.append({LogLevel::Error, state().error().message() + QStringLiteral("; lines are lost")});
        const QByteArrayView lost = QByteArrayView(lines).sliced(qMax<qsizetype>(done - extra, 0));
        m_lost += quint64(std::count(lost.begin(), lost.end(), '\n'));
    } else if (const quint64 lost = std::exchange(m_lost, 0); lost > 0) {
        notices.append(
            {LogLevel::Warning, QStringLiteral("the log file %1 takes lines again; %2 were lost").arg(name).arg(lost)});
    }
}

} // namespace Quern::base
