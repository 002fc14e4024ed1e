#include "app/server/privatefile.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QFile>
#include <QFileInfo>

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace Quern::app {

namespace {

bool writeAll(int file, const QByteArray &bytes, Lasting lasting)
{
    return ::write(file, bytes.constData(), size_t(bytes.size())) == bytes.size() &&
           (lasting == Lasting::No || ::fsync(file) == 0);
}

/// The name of a file lasts when its folder has been written.
bool syncFolderOf(const QString &path)
{
    const QByteArray folder = QFile::encodeName(QFileInfo(path).absolutePath());
    const base::FileDescriptor opened(::open(folder.constData(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    return opened.isValid() && ::fsync(opened.get()) == 0;
}

} // namespace

Result<void> writePrivateFile(const QString &path, const QByteArray &bytes, Lasting lasting)
{
    const QByteArray name = QFile::encodeName(path);
    const QByteArray draft = name + ".new";
    // One that somebody else has prepared, or a link, is not written to.
    ::unlink(draft.constData());
    const base::FileDescriptor file(
        ::open(draft.constData(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
    if (file.isValid() && writeAll(file.get(), bytes, lasting) && ::rename(draft.constData(), name.constData()) == 0 &&
        (lasting == Lasting::No || syncFolderOf(path)))
        return {};
    const Error error = base::systemError(QStringLiteral("cannot write %1").arg(path));
    ::unlink(draft.constData());
    return error;
}

} // namespace Quern::app
