#include "process/pluginstore.h"

#include "base/openforwriting.h"

#include <QDateTime>
#include <QDir>
#include <QFile>
#include <QFileInfo>

#include <vector>

namespace Quern::process {

namespace {

/// A file that changed this short a time ago may still be written to.
constexpr qint64 settleMilliseconds = 200;

struct FileState
{
    qint64 size = 0;
    QDateTime changed;
    bool operator==(const FileState &) const = default;
};

FileState stateOf(const QString &path)
{
    const QFileInfo info(path);
    return {info.size(), info.lastModified()};
}

Error cannotWrite(const QFile &file)
{
    return Error(Error::Io, QStringLiteral("cannot write %1: %2; make room there, or let runtime_dir name a directory "
                                           "elsewhere")
                                .arg(file.fileName(), file.errorString()));
}

/// A disk that is almost full takes a part first, and gives its reason the next time.
bool writeAll(QFile &file, const char *data, qint64 size)
{
    while (size > 0) {
        const qint64 written = file.write(data, size);
        if (written <= 0)
            return false;
        data += written;
        size -= written;
    }
    return true;
}

Result<void> copyFile(const QString &from, const QString &to)
{
    const FileState before = stateOf(from);
    const qint64 age = before.changed.msecsTo(QDateTime::currentDateTime());
    const Error busy(Error::Busy, QStringLiteral("%1 is still being written").arg(from));
    if ((age >= 0 && age < settleMilliseconds) || base::isOpenForWriting(from).value_or(false))
        return busy;
    QFile source(from);
    if (!source.open(QIODevice::ReadOnly | QIODevice::Unbuffered))
        return Error(Error::Io, QStringLiteral("cannot read plugin %1: %2").arg(from, source.errorString()));
    QFile target(to);
    // Unbuffered: an error shows, with its reason, where it arises.
    if (!target.open(QIODevice::WriteOnly | QIODevice::Unbuffered))
        return cannotWrite(target);
    std::vector<char> chunk(1024 * 1024);
    while (true) {
        const qint64 count = source.read(chunk.data(), qint64(chunk.size()));
        if (count < 0)
            return Error(Error::Io, QStringLiteral("cannot read plugin %1: %2").arg(from, source.errorString()));
        if (count == 0)
            break;
        if (!writeAll(target, chunk.data(), count))
            return cannotWrite(target);
    }
    if (!(stateOf(from) == before))
        return busy;
    return {};
}

} // namespace

PluginStore::PluginStore(const QString &directory, int first) : m_directory(directory), m_first(first)
{
    if (first == 1)
        clear();
}

QString PluginStore::folderOf(int generation) const
{
    return m_directory + u'/' + QString::number(generation);
}

Result<QList<ipc::BootMessage::Plugin>> PluginStore::copy(const QList<ipc::BootMessage::Plugin> &plugins,
                                                          int generation) const
{
    const QString folder = folderOf(generation);
    if (!QDir().mkpath(folder))
        return Error(Error::Io, QStringLiteral("cannot make the folder %1").arg(folder));
    // Whatever the umask says: who could write there would be loaded.
    QFile::setPermissions(m_directory, QFile::ReadOwner | QFile::WriteOwner | QFile::ExeOwner);
    QList<ipc::BootMessage::Plugin> copies;
    for (qsizetype i = 0; i < plugins.size(); ++i) {
        const QFileInfo original(plugins.at(i).file);
        if (!original.exists())
            return Error(Error::NotFound, QStringLiteral("plugin file %1 does not exist").arg(plugins.at(i).file));
        if (!original.isFile())
            return Error(Error::NotFound, QStringLiteral("plugin %1 is no regular file").arg(plugins.at(i).file));
        // Two plugins may have files of the same name in different folders.
        const QString copyFolder = QStringLiteral("%1/%2").arg(folder).arg(i);
        QDir().mkpath(copyFolder);
        ipc::BootMessage::Plugin copied = plugins.at(i);
        copied.file = copyFolder + u'/' + original.fileName();
        if (const Result<void> done = copyFile(original.filePath(), copied.file); !done)
            return done.error();
        copies.append(copied);
    }
    return copies;
}

void PluginStore::remove(int generation) const
{
    QDir(folderOf(generation)).removeRecursively();
}

void PluginStore::clear() const
{
    // Only what is ours: the directory may have been named by mistake.
    const QStringList names = QDir(m_directory).entryList(QDir::Dirs | QDir::NoDotAndDotDot);
    for (const QString &name : names) {
        bool isNumber = false;
        const int generation = name.toInt(&isNumber);
        if (isNumber && generation >= m_first && generation <= m_last)
            remove(generation);
    }
    QDir().rmdir(m_directory);
}

} // namespace Quern::process
