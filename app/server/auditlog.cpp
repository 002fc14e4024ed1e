#include "app/server/auditlog.h"

#include "admin/protocol/message.h"
#include "app/server/log.h"
#include "base/systemerror.h"

#include <QFile>

#include <cstdio>
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>

namespace Quern::app {

namespace {

/// Of the entries of one page, in bytes: a reply has to fit one message.
constexpr qsizetype largestPage = admin::longestMessage / 2;

/// A line begins so, that its serial can be seen without reading the rest.
constexpr QByteArrayView beginning("{\"serial\":");

QByteArray lineOf(const admin::AuditEntry &entry)
{
    QJsonObject json = entry.toJson();
    json.remove(QLatin1StringView("serial"));
    return beginning.toByteArray() + QByteArray::number(entry.serial) + ',' + admin::encodeLine(json).mid(1);
}

/// 0 of a line that is none of ours, such as one that was cut short by a full disk.
qint64 serialOf(QByteArrayView line)
{
    if (!line.startsWith(beginning) || !line.endsWith('}'))
        return 0;
    const QByteArrayView rest = line.sliced(beginning.size());
    return rest.first(std::max<qsizetype>(0, rest.indexOf(','))).toLongLong();
}

QByteArray contentOf(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.readAll() : QByteArray();
}

/// Calls \a take with each line of \a content from the last to the first, while it returns true.
template <typename Take>
bool forEachBackwards(QByteArrayView content, Take take)
{
    while (!content.isEmpty()) {
        const qsizetype end = content.endsWith('\n') ? content.size() - 1 : content.size();
        const qsizetype before = content.first(end).lastIndexOf('\n');
        if (!take(content.sliced(before + 1, end - before - 1)))
            return false;
        content = content.first(before + 1);
    }
    return true;
}

} // namespace

AuditLog::AuditLog(QString path, qint64 largestFile) : m_path(std::move(path)), m_largestFile(largestFile) {}

AuditLog::~AuditLog() = default;

void AuditLog::append(const admin::AuditEntry &entry)
{
    if (m_serial < 0)
        m_serial = lastSerial();
    admin::AuditEntry numbered = entry;
    numbered.serial = ++m_serial;
    const Result<void> written = write(lineOf(numbered));
    if (!written && !m_hasFailed)
        qCWarning(logMaster).noquote() << "what is changed is not written down:" << written.error().message();
    m_hasFailed = !written;
}

Result<void> AuditLog::write(const QByteArray &line)
{
    if (m_file.isValid() && hasMoved())
        m_file.reset();
    if (m_file.isValid() && m_size + line.size() > m_largestFile)
        rotate();
    if (!m_file.isValid()) {
        if (const Result<void> opened = open(); !opened)
            return opened;
    }
    const ssize_t written = ::write(m_file.get(), line.constData(), size_t(line.size()));
    m_size += std::max<ssize_t>(written, 0);
    if (written == line.size())
        return {};
    const Error error = base::systemError(QStringLiteral("cannot write %1").arg(m_path));
    // The next line is not to be the end of this one.
    if (written > 0 && ::write(m_file.get(), "\n", 1) == 1)
        ++m_size;
    // Opened anew for it: somebody may have renamed or removed the file.
    m_file.reset();
    return error;
}

void AuditLog::rotate()
{
    const QByteArray name = QFile::encodeName(m_path);
    const bool isRenamed = ::rename(name.constData(), (name + ".1").constData()) == 0;
    if (!isRenamed && !m_cannotRotate)
        qCWarning(logMaster).noquote().nospace()
            << base::systemError(QStringLiteral("cannot rename %1 to %1.1").arg(m_path)).message() << "; it grows on";
    m_cannotRotate = !isRenamed;
    if (isRenamed)
        m_file.reset();
}

bool AuditLog::hasMoved() const
{
    struct stat own = {};
    struct stat named = {};
    return ::fstat(m_file.get(), &own) != 0 || ::stat(QFile::encodeName(m_path).constData(), &named) != 0 ||
           own.st_ino != named.st_ino || own.st_dev != named.st_dev;
}

Result<void> AuditLog::open()
{
    const QByteArray name = QFile::encodeName(m_path);
    m_file = base::FileDescriptor(::open(name.constData(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600));
    struct stat info = {};
    if (!m_file.isValid() || ::fstat(m_file.get(), &info) != 0) {
        const Error error = base::systemError(QStringLiteral("cannot open %1").arg(m_path));
        m_file.reset();
        return error;
    }
    const bool isOpenToOthers = (info.st_mode & 0077) != 0 && ::fchmod(m_file.get(), 0600) != 0;
    if (isOpenToOthers && !m_isOpenToOthers)
        qCWarning(logMaster).noquote()
            << base::systemError(QStringLiteral("cannot close %1 to others").arg(m_path)).message()
            << "(let it belong to the user of the server, or remove it)";
    m_isOpenToOthers = isOpenToOthers;
    m_size = info.st_size;
    return {};
}

qint64 AuditLog::lastSerial() const
{
    qint64 last = 0;
    const auto take = [&last](QByteArrayView line) {
        last = serialOf(line);
        return last == 0;
    };
    if (forEachBackwards(contentOf(m_path), take))
        forEachBackwards(contentOf(m_path + QStringLiteral(".1")), take);
    return last;
}

Result<admin::AuditPage> AuditLog::read(const admin::AuditQuery &query) const
{
    admin::AuditPage page;
    qsizetype bytes = 0;
    const auto take = [&](QByteArrayView line) {
        const qint64 serial = serialOf(line);
        if (serial == 0 || (query.before > 0 && serial >= query.before))
            return true;
        bytes += line.size();
        if (page.entries.size() >= query.limit || bytes > largestPage) {
            page.before = page.entries.isEmpty() ? serial : page.entries.constLast().serial;
            return false;
        }
        const Result<QJsonObject> json = admin::decodeLine(line.toByteArray());
        const Result<admin::AuditEntry> entry = json ? admin::AuditEntry::fromJson(*json) : json.error();
        if (entry)
            page.entries.append(*entry);
        return true;
    };
    if (forEachBackwards(contentOf(m_path), take))
        forEachBackwards(contentOf(m_path + QStringLiteral(".1")), take);
    return page;
}

} // namespace Quern::app
