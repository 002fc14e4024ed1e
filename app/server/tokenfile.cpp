#include "app/server/tokenfile.h"

#include "app/server/privatefile.h"
#include "app/server/settingscheck.h"
#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QFile>
#include <QFileInfo>

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace Quern::app {

namespace {

constexpr qint64 longestFile = 1 << 20;

/// Others could read what is in it, or write it anew.
Result<void> checkOwner(const struct stat &info, const QString &path)
{
    if (!S_ISREG(info.st_mode))
        return Error(Error::Invalid, QStringLiteral("%1 is no file; name another").arg(path));
    if (info.st_uid != ::geteuid() && info.st_uid != 0)
        return Error(Error::Permission,
                     QStringLiteral("%1 belongs to another user; chown it, or name another file").arg(path));
    if ((info.st_mode & 077) != 0)
        return Error(Error::Permission,
                     QStringLiteral("others may read %1, and it holds tokens; write new ones into it "
                                    "after: chmod 600 %1")
                         .arg(path));
    return {};
}

/// Null if there is no such file.
Result<QByteArray> readTokens(const QString &path)
{
    const base::FileDescriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    if (!file.isValid() && errno == ENOENT)
        return QByteArray();
    struct stat info = {};
    if (!file.isValid() || ::fstat(file.get(), &info) != 0)
        return base::systemError(QStringLiteral("cannot read %1").arg(path));
    if (const Result<void> checked = checkOwner(info, path); !checked)
        return checked.error();
    if (info.st_size > longestFile)
        return Error(Error::TooLarge, QStringLiteral("%1 is too large for a file of tokens; name another").arg(path));
    QByteArray bytes(info.st_size, Qt::Uninitialized);
    if (::read(file.get(), bytes.data(), size_t(bytes.size())) != bytes.size())
        return base::systemError(QStringLiteral("cannot read %1").arg(path));
    return bytes.isNull() ? QByteArrayLiteral("") : bytes;
}

Error placed(const config::Settings &settings, const Error &error)
{
    return errorAtPath(settings, QStringLiteral("admin.token_file"), error);
}

} // namespace

QString tokenFile(const config::Settings &settings)
{
    const QString &file = settings.server.adminTokenFile;
    return file.isEmpty() ? settings.server.runtimeDir + QStringLiteral("/admin.tokens") : file;
}

Result<admin::AccessTokens> loadTokens(const config::Settings &settings)
{
    const QString path = tokenFile(settings);
    Result<QByteArray> bytes = readTokens(path);
    if (!bytes)
        return placed(settings, bytes.error());
    if (bytes->isNull()) {
        bytes = admin::AccessTokens::freshFile();
        if (const Result<void> written = writePrivateFile(path, *bytes, Lasting::Yes); !written)
            return placed(settings, written.error());
    }
    const Result<admin::AccessTokens> tokens = admin::AccessTokens::parse(*bytes, path);
    return tokens ? tokens : Result<admin::AccessTokens>(placed(settings, tokens.error()));
}

Result<void> checkTokens(const config::Settings &settings)
{
    const QString path = tokenFile(settings);
    const Result<QByteArray> bytes = readTokens(path);
    if (!bytes)
        return placed(settings, bytes.error());
    if (bytes->isNull()) {
        const QString folder = QFileInfo(path).path();
        if (folder == settings.server.runtimeDir || ::access(QFile::encodeName(folder).constData(), W_OK | X_OK) == 0)
            return {};
        return placed(settings, Error(Error::NotFound, QStringLiteral("%1 is not there and cannot be made; make its "
                                                                      "folder, or name another file")
                                                           .arg(path)));
    }
    const Result<admin::AccessTokens> tokens = admin::AccessTokens::parse(*bytes, path);
    return tokens ? Result<void>() : Result<void>(placed(settings, tokens.error()));
}

} // namespace Quern::app
