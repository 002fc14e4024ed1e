#include <Quern/uploadedfile.h>

#include "contentdisposition_p.h"
#include "httpsyntax_p.h"
#include "request_p.h"

#include <QBuffer>
#include <QDir>
#include <QFile>
#include <QFileInfo>
#include <QTemporaryFile>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern {

namespace {

constexpr qsizetype longestName = 255; ///< bytes, what file systems take
constexpr qint64 copyStep = 256 * 1024;
constexpr mode_t ownersAlone = 0600;

const BodyPart &partOf(const QExplicitlySharedDataPointer<RequestPrivate> &request, qsizetype index)
{
    return request->rare->parts.at(index);
}

Error ioError(const QString &target, const QString &reason)
{
    return Error(Error::Io, QStringLiteral("the uploaded file cannot be moved to %1: %2").arg(target, reason));
}

Error systemError(const QString &target, int error)
{
    if (error == EEXIST)
        return Error(Error::Exists, QStringLiteral("the uploaded file cannot be moved to %1: something is there "
                                                   "already; choose another name, or pass Overwrite::Yes")
                                        .arg(target));
    return ioError(target, QString::fromStdString(std::generic_category().message(error)));
}

/// rename(2) that fails with EEXIST where something is at \a target. Returns 0, or errno.
int renameToNew(const char *source, const char *target)
{
    if (::renameat2(AT_FDCWD, source, AT_FDCWD, target, RENAME_NOREPLACE) == 0)
        return 0;
    if (errno != EINVAL && errno != ENOSYS)
        return errno;
    // Not every file system can do that; a hard link is as strict.
    if (::link(source, target) != 0)
        return errno;
    return ::unlink(source) == 0 ? 0 : errno;
}

/// Within a file system. Neither way follows a symbolic link at \a target. Returns 0, or errno.
int renameTo(const QByteArray &source, const QByteArray &target, UploadedFile::Overwrite overwrite)
{
    if (overwrite == UploadedFile::Overwrite::No)
        return renameToNew(source.constData(), target.constData());
    return std::rename(source.constData(), target.constData()) == 0 ? 0 : errno;
}

/// Writes all of \a source beside \a target, and gives it that name when it is complete.
Result<void> copyTo(const QString &target, QIODevice &source, UploadedFile::Overwrite overwrite)
{
    QTemporaryFile file(QFileInfo(target).path() + QStringLiteral("/.quern-upload-XXXXXX"));
    if (!file.open())
        return ioError(target, file.errorString());
    if (::fchmod(file.handle(), ownersAlone) != 0)
        return systemError(target, errno);
    while (!source.atEnd()) {
        const QByteArray piece = source.read(copyStep);
        if (piece.isEmpty())
            return ioError(target, source.errorString());
        if (file.write(piece) != piece.size())
            return ioError(target, file.errorString());
    }
    if (!file.flush())
        return ioError(target, file.errorString());
    if (::fsync(file.handle()) != 0)
        return systemError(target, errno);
    if (const int error = renameTo(QFile::encodeName(file.fileName()), QFile::encodeName(target), overwrite))
        return systemError(target, error);
    file.setAutoRemove(false); // its name is gone
    return {};
}

} // namespace

UploadedFile::UploadedFile(QExplicitlySharedDataPointer<RequestPrivate> request, qsizetype part)
    : d(std::move(request))
    , m_part(part)
{
}

UploadedFile::UploadedFile(const UploadedFile &other) = default;
UploadedFile &UploadedFile::operator=(const UploadedFile &other) = default;
UploadedFile::~UploadedFile() = default;

QString UploadedFile::fieldName() const
{
    return QString::fromUtf8(partOf(d, m_part).name);
}

QString UploadedFile::fileName() const
{
    QString name = clientFileName();
    // Some clients send a whole path, of their own system's kind.
    const qsizetype separator = qMax(name.lastIndexOf(u'/'), name.lastIndexOf(u'\\'));
    name = name.sliced(separator + 1);
    name.removeIf([](QChar c) { return c.category() == QChar::Other_Control || turnsDirection(c); });
    name = name.trimmed();
    const auto first = std::find_if(name.cbegin(), name.cend(), [](QChar c) { return c != u'.' && c != u' '; });
    QByteArray bytes = QStringView(first, name.cend()).toUtf8();
    truncateUtf8(bytes, longestName);
    return QString::fromUtf8(bytes);
}

QString UploadedFile::clientFileName() const
{
    return QString::fromUtf8(partOf(d, m_part).fileName);
}

QByteArray UploadedFile::contentType() const
{
    return partOf(d, m_part).contentType;
}

quint64 UploadedFile::size() const
{
    return partOf(d, m_part).size;
}

bool UploadedFile::isSpooled() const
{
    return !partOf(d, m_part).path.isEmpty();
}

QString UploadedFile::path() const
{
    return QFile::decodeName(partOf(d, m_part).path);
}

QByteArray UploadedFile::data() const
{
    if (!isSpooled())
        return d->bytesOf(partOf(d, m_part)).toByteArray();
    return open()->readAll();
}

std::unique_ptr<QIODevice> UploadedFile::open() const
{
    if (!isSpooled()) {
        auto buffer = std::make_unique<QBuffer>();
        buffer->setData(data());
        buffer->open(QIODevice::ReadOnly);
        return buffer;
    }
    auto file = std::make_unique<QFile>(path());
    if (!file->open(QIODevice::ReadOnly))
        throw std::runtime_error("the uploaded file cannot be read from " + path().toStdString() + ": " +
                                 file->errorString().toStdString());
    return file;
}

Result<void> UploadedFile::moveTo(const QString &target, Overwrite overwrite)
{
    if (!QDir::isAbsolutePath(target))
        return Error(Error::Invalid, QStringLiteral("\"%1\" is not absolute: the working directory of a worker is not "
                                                    "yours to rely on; write the whole path")
                                         .arg(target));
    BodyPart &part = d->rare->parts[m_part];
    const QByteArray encodedTarget = QFile::encodeName(target);
    if (part.path.isEmpty()) {
        QBuffer source;
        source.setData(data());
        source.open(QIODevice::ReadOnly);
        if (const Result<void> copied = copyTo(target, source, overwrite); !copied)
            return copied;
    } else if (::chmod(part.path.constData(), ownersAlone) != 0) {
        return systemError(target, errno);
    } else if (const int error = renameTo(part.path, encodedTarget, overwrite)) {
        if (error != EXDEV)
            return systemError(target, error);
        QFile source(path());
        if (!source.open(QIODevice::ReadOnly))
            return ioError(target, source.errorString());
        if (const Result<void> copied = copyTo(target, source, overwrite); !copied)
            return copied;
        source.remove();
    }
    part.path = encodedTarget;
    return {};
}

} // namespace Quern
