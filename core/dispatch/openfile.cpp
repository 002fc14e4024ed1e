#include "dispatch/openfile.h"

#include "base/descriptorceiling.h"
#include "base/systemerror.h"

#include <QFile>
#include <QVarLengthArray>

#include <cerrno>
#include <cstdlib>
#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/stat.h>
#include <sys/syscall.h>

namespace Quern::dispatch {

namespace {

/// Without O_NONBLOCK a FIFO without a writer would stop the thread; without O_NOCTTY a terminal would become ours.
constexpr int readFlags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
constexpr int folderFlags = O_PATH | O_DIRECTORY | O_CLOEXEC;

base::FileDescriptor openByKernel(int folder, const char *path, quint64 resolve = RESOLVE_BENEATH)
{
    open_how how{};
    how.flags = readFlags;
    how.resolve = resolve | RESOLVE_NO_MAGICLINKS;
    // EAGAIN: something was renamed while ".." of a symbolic link was looked up.
    constexpr int attempts = 4;
    long fd = -1;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        fd = ::syscall(SYS_openat2, folder, path, &how, sizeof how);
        if (fd >= 0 || (errno != EAGAIN && errno != EINTR))
            break;
    }
    return base::FileDescriptor(static_cast<int>(fd));
}

/// Why openByKernel() has failed: old kernels lack openat2(), and some containers forbid what they do not know.
bool cannotLookUp()
{
    return errno == ENOSYS || errno == EPERM;
}

base::FileDescriptor openBySegments(int folder, QByteArrayView path)
{
    base::FileDescriptor parent;
    for (;;) {
        const int from = parent.isValid() ? parent.get() : folder;
        const qsizetype slash = path.indexOf('/');
        if (slash < 0)
            return base::FileDescriptor(::openat(from, path.data(), readFlags | O_NOFOLLOW));
        QVarLengthArray<char, 256> segment(path.begin(), path.begin() + slash);
        segment.append('\0');
        base::FileDescriptor next(::openat(from, segment.constData(), folderFlags | O_NOFOLLOW));
        if (!next.isValid())
            return next;
        parent = std::move(next);
        path = path.sliced(slash + 1);
    }
}

/// Where the kernel cannot: the path without links is that of a file, which is opened with the rights of whoever asks.
/// What a link in /proc leads to by itself would be opened whatever it is.
base::FileDescriptor openWithoutLinks(const QByteArray &path)
{
    const std::unique_ptr<char, decltype(&std::free)> whole(::realpath(path.constData(), nullptr), std::free);
    if (!whole)
        return {};
    const base::FileDescriptor root(::open("/", folderFlags));
    return openBySegments(root.get(), QByteArrayView(whole.get()).sliced(1));
}

OpenFile describe(base::FileDescriptor fd, const struct stat &status)
{
    return {std::make_shared<const base::FileDescriptor>(std::move(fd)), static_cast<quint64>(status.st_size),
            status.st_mtim};
}

/// \a fd is what opening \a path has given, errno included.
Result<OpenFile> regularFile(base::FileDescriptor fd, const QString &path)
{
    fd = base::onBehalfOfClient(std::move(fd));
    struct stat status = {};
    if (!fd.isValid() || ::fstat(fd.get(), &status) != 0)
        return base::systemError(path);
    if (!S_ISREG(status.st_mode))
        return Error(Error::Invalid, path + QStringLiteral(": not a regular file; name one"));
    return describe(std::move(fd), status);
}

} // namespace

Result<OpenFile> openFile(const QString &path)
{
    base::FileDescriptor fd = openByKernel(AT_FDCWD, QFile::encodeName(path).constData(), 0);
    return !fd.isValid() && cannotLookUp() ? openFile(path, RootFolder::Lookup::Segments)
                                           : regularFile(std::move(fd), path);
}

Result<OpenFile> openFile(const QString &path, RootFolder::Lookup lookup)
{
    return lookup == RootFolder::Lookup::Kernel ? openFile(path)
                                                : regularFile(openWithoutLinks(QFile::encodeName(path)), path);
}

Result<HandlerFiles> HandlerFiles::create(const base::Identity &user, const QString &root)
{
    base::FileDescriptor fd;
    if (!root.isEmpty()) {
        fd = base::FileDescriptor(::open(QFile::encodeName(root).constData(), folderFlags));
        if (!fd.isValid())
            return base::systemError(root);
    }
    return HandlerFiles(user, std::move(fd));
}

Result<OpenFile> HandlerFiles::open(const QString &path) const
{
    const base::ActingAs user(m_user);
    if (!user.isEffective())
        return Error(Error::Permission, path + QStringLiteral(": the server may not act as its children's user; start "
                                                              "it as root, with CAP_SETUID and CAP_SETGID"));
    if (!m_root.isValid())
        return openFile(path);
    return regularFile(openByKernel(m_root.get(), QFile::encodeName(path).constData(), RESOLVE_IN_ROOT), path);
}

Result<RootFolder> RootFolder::open(const QString &path)
{
    Result<RootFolder> root = open(path, Lookup::Kernel);
    if (root && !openByKernel(root->m_fd.get(), ".").isValid() && cannotLookUp())
        root->m_lookup = Lookup::Segments;
    return root;
}

Result<RootFolder> RootFolder::open(const QString &path, Lookup lookup)
{
    base::FileDescriptor fd(::open(QFile::encodeName(path).constData(), folderFlags));
    if (!fd.isValid()) {
        const Error error = base::systemError(path);
        return Error(error.code(), error.message() + QStringLiteral(": name a folder that this user may enter"));
    }
    return RootFolder(std::move(fd), lookup);
}

RootFolder::RootFolder(base::FileDescriptor fd, Lookup lookup)
    : m_fd(std::move(fd))
    , m_names(TopNames::of(m_fd.get()))
    , m_lookup(lookup)
{
}

base::FileDescriptor RootFolder::openBeneath(QByteArrayView path) const
{
    return m_lookup == Lookup::Kernel ? openByKernel(m_fd.get(), path.data()) : openBySegments(m_fd.get(), path);
}

RootFolder::Entry RootFolder::entry(QByteArrayView path) const
{
    Entry found;
    base::FileDescriptor fd = base::onBehalfOfClient(openBeneath(path));
    if (!fd.isValid()) {
        if (errno == EMFILE || errno == ENFILE)
            found.kind = Entry::Kind::OutOfDescriptors;
        return found;
    }
    struct stat status = {};
    if (::fstat(fd.get(), &status) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
        return found;
    found.kind = S_ISREG(status.st_mode) ? Entry::Kind::File : Entry::Kind::Folder;
    found.file = describe(std::move(fd), status);
    return found;
}

} // namespace Quern::dispatch
