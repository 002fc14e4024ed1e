#include "dispatch/spoolfile.h"

#include "base/descriptorceiling.h"
#include "base/systemerror.h"

#include <QDir>
#include <QFile>
#include <QRandomGenerator>

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

Error cannotMake(const QByteArray &folder)
{
    return base::systemError(QStringLiteral("a file for an upload in %1").arg(QFile::decodeName(folder)));
}

} // namespace

Result<SpoolFile> SpoolFile::create(const QString &directory, const QByteArray &owner,
                                    const std::optional<base::Identity> &user)
{
    const QByteArray folder = QFile::encodeName(directory);
    if (user)
        return createAs(*user, folder, owner);
    QByteArray path = folder + '/' + namePrefix(owner) + "XXXXXX";
    base::FileDescriptor fd(::mkostemp(path.data(), O_CLOEXEC));
    const bool isMade = fd.isValid();
    fd = base::onBehalfOfClient(std::move(fd));
    if (!fd.isValid()) {
        const int problem = errno;
        if (isMade)
            ::unlink(path.constData());
        errno = problem;
        return cannotMake(folder);
    }
    return SpoolFile(std::move(fd), path);
}

Result<SpoolFile> SpoolFile::createAs(const base::Identity &user, const QByteArray &folder, const QByteArray &owner)
{
    // The user need not be able to pass what lies above the folder, nor may the way there lead where he could not
    // write.
    const base::FileDescriptor place(::open(folder.constData(), O_PATH | O_DIRECTORY | O_CLOEXEC));
    if (!place.isValid())
        return cannotMake(folder);
    const base::ActingAs acting(user);
    if (!acting.isEffective())
        return base::systemError(QStringLiteral("acting as another user"), EPERM);
    constexpr int attempts = 100;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        const QByteArray name = namePrefix(owner) + QByteArray::number(QRandomGenerator::system()->generate64(), 36);
        base::FileDescriptor fd(
            ::openat(place.get(), name.constData(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
        const bool isMade = fd.isValid();
        fd = base::onBehalfOfClient(std::move(fd));
        if (fd.isValid())
            return SpoolFile(std::move(fd), folder + '/' + name);
        const int problem = errno;
        if (isMade)
            ::unlinkat(place.get(), name.constData(), 0);
        errno = problem;
        if (problem != EEXIST)
            break;
    }
    return cannotMake(folder);
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
