#include "config/readfile.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"
#include "config/text.h"

#include <QDeadlineTimer>
#include <QFile>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>

namespace Quern::config {

namespace {

constexpr std::chrono::seconds pipeDeadline(2);

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

/// Whether there is something to read, or the end of the file.
bool waitForInput(int fd, const QDeadlineTimer &deadline)
{
    pollfd waiting = {fd, POLLIN, 0};
    int ready = 0;
    do
        ready = ::poll(&waiting, 1, int(deadline.remainingTime()));
    while (ready < 0 && errno == EINTR);
    return ready != 0;
}

} // namespace

Result<QByteArray> readFile(const QString &path, qint64 longest)
{
    // A pipe may have no writer: neither opening nor reading it waits without a deadline.
    constexpr int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK;
    const base::FileDescriptor file(::open(QFile::encodeName(path).constData(), flags));
    if (!file.isValid())
        return cannotRead(path, errno);
    // One byte more tells a file that is too long, also where no size is known: pipes, /proc.
    QByteArray bytes(longest + 1, Qt::Uninitialized);
    qsizetype filled = 0;
    const QDeadlineTimer deadline(pipeDeadline);
    while (filled < bytes.size()) {
        if (!waitForInput(file.get(), deadline)) {
            return Error(Error::Timeout, Text::tr("%1: is a pipe that nothing has written to the end within %2 "
                                                  "seconds; start what writes it first, or name a plain file")
                                             .arg(path)
                                             .arg(pipeDeadline.count()));
        }
        const ssize_t count = ::read(file.get(), bytes.data() + filled, size_t(bytes.size() - filled));
        if (count < 0 && (errno == EINTR || errno == EAGAIN))
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
