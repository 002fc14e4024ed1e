#include "app/server/portholder.h"

#include <QDir>
#include <QFile>
#include <QSet>

#include <array>

#include <unistd.h>

namespace Quern::app {

namespace {

/// More than any sane machine has; the search ends there.
constexpr int mostDescriptors = 200'000;
constexpr qint64 longestTable = 16 << 20;

/// The sockets of the listeners, as the targets of their descriptors: "socket:[4711]".
void addListeners(const QString &table, quint16 port, QSet<QByteArray> &sockets)
{
    QFile file(table);
    if (!file.open(QIODevice::ReadOnly))
        return;
    const QByteArray wanted = ':' + QByteArray::number(port, 16).rightJustified(4, '0').toUpper();
    const QList<QByteArray> lines = file.read(longestTable).split('\n');
    for (const QByteArray &line : lines) {
        // proc(5): sl, local_address, rem_address, st, …, the inode is the tenth; state 0A is TCP_LISTEN.
        const QList<QByteArray> fields = line.simplified().split(' ');
        if (fields.size() > 9 && fields.at(1).endsWith(wanted) && fields.at(3) == "0A")
            sockets.insert("socket:[" + fields.at(9) + ']');
    }
}

QString nameOf(const QString &pid)
{
    QFile file(QStringLiteral("/proc/%1/comm").arg(pid));
    return file.open(QIODevice::ReadOnly) ? QString::fromLocal8Bit(file.read(64)).trimmed() : QString();
}

} // namespace

QString portHolder(quint16 port)
{
    QSet<QByteArray> sockets;
    addListeners(QStringLiteral("/proc/net/tcp"), port, sockets);
    addListeners(QStringLiteral("/proc/net/tcp6"), port, sockets);
    if (sockets.isEmpty())
        return {};
    int left = mostDescriptors;
    const QStringList processes = QDir(QStringLiteral("/proc")).entryList({QStringLiteral("[1-9]*")}, QDir::Dirs);
    for (const QString &pid : processes) {
        const QDir folder(QStringLiteral("/proc/%1/fd").arg(pid));
        // A link to a socket leads nowhere: for QDir it is a system file.
        const QStringList descriptors = folder.entryList(QDir::Files | QDir::System | QDir::NoDotAndDotDot);
        for (const QString &descriptor : descriptors) {
            std::array<char, 64> target = {};
            const QByteArray path = QFile::encodeName(folder.filePath(descriptor));
            const ssize_t length = ::readlink(path.constData(), target.data(), target.size());
            if (length > 0 && sockets.contains(QByteArray(target.data(), length)))
                return QStringLiteral("%1 (pid %2)").arg(nameOf(pid), pid);
            if (--left == 0)
                return {};
        }
    }
    return {};
}

} // namespace Quern::app
