#include "dispatch/spoolfile.h"

#include "base/systemerror.h"

#include <QDir>
#include <QFile>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <unistd.h>

namespace Quern::dispatch {

namespace {

QByteArray namePrefix(const QByteArray &owner)
{
    return "quern-upload-" + owner + '-';
}

} // namespace

Result<SpoolFile> SpoolFile::create(const QString &directory, const QByteArray &owner,
                                    const std::optional<base::Identity> &user)
{
    QByteArray path = QFile::encodeName(directory) + '/' + namePrefix(owner) + "XXXXXX";
    base::FileDescriptor fd(::mkostemp(path.data(), O_CLOEXEC));
    if (!fd.isValid())
        return base::systemError(QStringLiteral("a file for an upload in %1").arg(directory));
    SpoolFile file(std::move(fd), path);
    if (user && ::fchown(file.m_fd.get(), user->uid, user->gid) != 0)
        return base::systemError(QStringLiteral("giving away a file for an upload in %1").arg(directory));
    return file;
}

SpoolFile::SpoolFile(SpoolFile &&other) noexcept
    : m_fd(std::move(other.m_fd))
    , m_path(std::exchange(other.m_path, {}))
    , m_size(other.m_size)
{
}

SpoolFile::~SpoolFile()
{
    if (!m_path.isEmpty())
        ::unlink(m_path.constData());
}

Result<void> SpoolFile::write(QByteArrayView bytes)
{
    while (!bytes.isEmpty()) {
        const ssize_t count = ::write(m_fd.get(), bytes.data(), size_t(bytes.size()));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0)
            return base::systemError(QStringLiteral("writing an upload to %1").arg(QFile::decodeName(m_path)));
        m_size += quint64(count);
        bytes = bytes.sliced(count);
    }
    return {};
}

void SpoolFile::removeLeftovers(const QString &directory, const QByteArray &owner)
{
    QDir dir(directory);
    const QString pattern = QString::fromLatin1(namePrefix(owner)) + u'*';
    const QStringList names = dir.entryList({pattern}, QDir::Files | QDir::Hidden);
    for (const QString &name : names)
        dir.remove(name);
}

} // namespace Quern::dispatch
