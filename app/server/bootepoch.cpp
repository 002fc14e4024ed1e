#include "app/server/bootepoch.h"

#include "app/server/privatefile.h"
#include "ipc/connectiontable.h"

#include <QDateTime>
#include <QFile>

#include <algorithm>

namespace Quern::app {

namespace {

/// As many seconds make one epoch, so that the bits of an id last for 34 years from 2026 on.
constexpr qint64 secondsPerEpoch = 1024;
constexpr qint64 beginning = 1767225600; // 2026-01-01
constexpr quint64 epochs = quint64(1) << ipc::ConnectionKey::EpochBits;
/// A file that somebody else has written is not read for longer.
constexpr qint64 longestFile = 32;

quint64 lastEpoch(const QString &path)
{
    QFile file(path);
    return file.open(QIODevice::ReadOnly) ? file.read(longestFile).trimmed().toULongLong() : 0;
}

} // namespace

Result<quint32> nextBootEpoch(const QString &runtimeDirectory)
{
    const QString path = runtimeDirectory + QStringLiteral("/epoch");
    const qint64 elapsed = QDateTime::currentSecsSinceEpoch() - beginning;
    const quint64 byClock = quint64(std::max<qint64>(elapsed, 0) / secondsPerEpoch);
    const quint64 epoch = std::max(lastEpoch(path) + 1, byClock);
    if (const Result<void> written = writePrivateFile(path, QByteArray::number(epoch) + '\n', Lasting::Yes); !written)
        return written.error();
    return quint32(epoch % epochs);
}

} // namespace Quern::app
