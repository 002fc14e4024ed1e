#include "config/readfile.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"
#include "config/text.h"

#include <QFile>

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>

namespace Quern::config {

namespace {

Error cannotRead(const QString &path, int errorNumber)
{
    const Error error = base::systemError(Text::tr("%1: cannot be read").arg(path), errorNumber);
    QString mend;
    if (error.code() == Error::NotFound)
        mend = Text::tr("; correct the path, or make the file");
    else if (error.code() == Error::Permission)
        mend = Text::tr("; let the user who runs Quern read it");
    return Error(error.code(), error.message() + mend);
}

} // namespace

Result<QByteArray> readFile(const QString &path, qint64 longest)
{
    const base::FileDescriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC));
    if (!file.isValid())
        return cannotRead(path, errno);
    // One byte more tells a file that is too long, also where no size is known: pipes, /proc.
    QByteArray bytes(longest + 1, Qt::Uninitialized);
    qsizetype filled = 0;
    while (filled < bytes.size()) {
        const ssize_t count = ::read(file.get(), bytes.data() + filled, size_t(bytes.size() - filled));
        if (count < 0 && errno == EINTR)
            continue;
        if (count < 0 && errno == EISDIR)
            return Error(Error::Invalid, Text::tr("%1: is a directory; name the settings file in it").arg(path));
        if (count < 0)
            return cannotRead(path, errno);
        if (count == 0) {
            bytes.truncate(filled);
            return bytes;
        }
        filled += count;
    }
    return Error(
        Error::TooLarge,
        Text::tr("%1: has more than %2 bytes; is it really a settings file?").arg(path, QString::number(longest)));
}

} // namespace Quern::config
