#include <Quern/uploadedfile.h>

#include "request_p.h"

#include <QBuffer>
#include <QDir>
#include <QFile>
#include <QSaveFile>

#include <cerrno>
#include <cstdio>
#include <stdexcept>
#include <system_error>

namespace Quern {

namespace {

constexpr qsizetype longestName = 255; ///< bytes, what file systems take
constexpr qint64 copyStep = 256 * 1024;
constexpr QFileDevice::Permissions ownersAlone = QFileDevice::ReadOwner | QFileDevice::WriteOwner;

const BodyPart &partOf(const QExplicitlySharedDataPointer<RequestPrivate> &request, qsizetype index)
{
    return request->rare->parts.at(index);
}

Error ioError(const QString &target, const QString &reason)
{
    return Error(Error::Io, QStringLiteral("the uploaded file cannot be moved to %1: %2").arg(target, reason));
}

/// Writes all of \a source to \a target, which is replaced only when that is done.
Result<void> copyTo(const QString &target, QIODevice &source)
{
    QSaveFile file(target);
    if (!file.open(QIODevice::WriteOnly))
        return ioError(target, file.errorString());
    file.setPermissions(ownersAlone);
    while (!source.atEnd()) {
        const QByteArray piece = source.read(copyStep);
        if (piece.isEmpty())
            return ioError(target, source.errorString());
        if (file.write(piece) != piece.size())
            return ioError(target, file.errorString());
    }
    if (!file.commit())
        return ioError(target, file.errorString());
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
    name.removeIf([](QChar c) { return c.unicode() < 0x20 || (c.unicode() >= 0x7f && c.unicode() < 0xa0); });
    name = name.trimmed();
    while (name.toUtf8().size() > longestName)
        name.chop(name.size() > 1 && name.back().isLowSurrogate() ? 2 : 1);
    return name == u"." || name == u".." ? QString() : name;
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

Result<void> UploadedFile::moveTo(const QString &target)
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
        if (const Result<void> copied = copyTo(target, source); !copied)
            return copied;
    } else if (std::rename(part.path.constData(), encodedTarget.constData()) != 0) {
        const int error = errno;
        if (error != EXDEV)
            return ioError(target, QString::fromStdString(std::generic_category().message(error)));
        QFile source(path());
        if (!source.open(QIODevice::ReadOnly))
            return ioError(target, source.errorString());
        if (const Result<void> copied = copyTo(target, source); !copied)
            return copied;
        source.remove();
    } else {
        QFile::setPermissions(target, ownersAlone);
    }
    part.path = encodedTarget;
    return {};
}

} // namespace Quern
