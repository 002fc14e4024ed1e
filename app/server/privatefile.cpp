#include "app/server/privatefile.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QFile>

#include <cstdio>
#include <fcntl.h>
#include <unistd.h>

namespace Quern::app {

Result<void> writePrivateFile(const QString &path, const QByteArray &bytes)
{
    const QByteArray name = QFile::encodeName(path);
    const QByteArray draft = name + ".new";
    const base::FileDescriptor file(::open(draft.constData(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
    if (file.isValid() && ::write(file.get(), bytes.constData(), size_t(bytes.size())) == bytes.size() &&
        ::rename(draft.constData(), name.constData()) == 0)
        return {};
    const Error error = base::systemError(QStringLiteral("cannot write %1").arg(path));
    ::unlink(draft.constData());
    return error;
}

} // namespace Quern::app
