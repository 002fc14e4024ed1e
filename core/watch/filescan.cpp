#include "watch/filescan.h"

#include "watch/filenames.h"
#include "watch/way.h"

#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <QFile>

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <memory>
#include <optional>

namespace Quern::watch {

namespace {

class Scanner
{
public:
    Scanner(const WatchPlan &plan, const QSet<quint64> &remoteDevices, const QSet<QString> &doubtful)
        : m_plan(plan)
        , m_remoteDevices(remoteDevices)
        , m_doubtful(doubtful)
    {
    }

    FileScan scan()
    {
        for (const QString &file : m_plan.files)
            add(file, false);
        for (const QString &path : m_plan.paths)
            add(path, true);
        return std::move(m_scan);
    }

private:
    void add(const QString &path, bool mayBeTree)
    {
        m_scan.entries.insert(path);
        const Way way = wayTo(path);
        addWay(way);
        const std::optional<FileStatus> status = sureStatusOf(path);
        if (status && status->kind == FileStatus::Kind::Plain)
            addFile(path, *status, way.end);
        else if (status && status->kind == FileStatus::Kind::Directory && mayBeTree)
            addTree(path);
    }

    void addWay(const Way &way)
    {
        m_scan.entries.insert(way.end);
        m_scan.passed += way.passed;
    }

    /// Of what \a path leads to, links followed; none: of nothing, as far as anybody knows.
    std::optional<FileStatus> sureStatusOf(const QString &path)
    {
        std::optional<FileStatus> status = statusOf(path);
        if (!status)
            failedAt(path);
        return status;
    }

    /// A system call on \a path has just failed.
    void failedAt(const QString &path)
    {
        switch (errno) {
        case ENOENT:
        case ENOTDIR:
        case EACCES:
        case ELOOP:
        case ENAMETOOLONG:
            return; // it is not there
        case EMFILE:
        case ENFILE:
        case ENOMEM:
            m_scan.isSure = false;
            return;
        default:
            m_scan.unsure.insert(path, base::systemErrorText(errno));
        }
    }

    /// \a end is where the links on the way to it lead.
    void addFile(const QString &path, const FileStatus &status, const QString &end)
    {
        if (m_scan.files.size() >= FileScan::MostFiles && !m_scan.files.contains(path)) {
            m_scan.isWhole = false;
            return;
        }
        const bool isAsked = m_remoteDevices.contains(status.stamp.id.device) &&
                             (m_doubtful.contains(path) || m_plan.files.contains(path));
        m_scan.files.insert(path, isAsked ? askedStamp(path, status.stamp) : status.stamp);
        if (end != path)
            m_scan.ends.insert(path, end);
        if (const quint64 mount = mountOf(directoryOf(end)); mount != 0 && mount != status.mount)
            m_scan.mounted.insert(path);
    }

    FileStamp askedStamp(const QString &path, const FileStamp &known)
    {
        const base::FileDescriptor file(::open(QFile::encodeName(path).constData(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
        const std::optional<FileStatus> asked = file.isValid() ? statusOf(path) : std::nullopt;
        return asked ? asked->stamp : known;
    }

    quint64 mountOf(const QString &directory)
    {
        const auto known = m_mounts.constFind(directory);
        if (known != m_mounts.constEnd())
            return *known;
        const std::optional<FileStatus> status = statusOf(directory);
        return *m_mounts.insert(directory, status ? status->mount : 0);
    }

    void addTree(const QString &root)
    {
        QStringList open = {root};
        while (!open.isEmpty() && m_scan.isWhole) {
            const QString directory = open.takeFirst();
            if (m_scan.trees.contains(directory))
                continue;
            if (m_scan.trees.size() >= FileScan::MostDirectories) {
                m_scan.isWhole = false;
                return;
            }
            m_scan.trees.insert(directory);
            open += addEntries(directory);
        }
    }

    /// Returns the directories in \a directory.
    QStringList addEntries(const QString &directory)
    {
        QStringList directories;
        const std::unique_ptr<DIR, int (*)(DIR *)> open(::opendir(QFile::encodeName(directory).constData()),
                                                        ::closedir);
        if (!open) {
            failedAt(directory);
            return {};
        }
        while (const dirent *entry = nextOf(open.get())) {
            const QString path = joined(directory, QFile::decodeName(entry->d_name));
            const bool mayBeDirectory = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
            if (!m_plan.takesFile(path) && !(mayBeDirectory && m_plan.takesDirectory(path)))
                continue;
            if (isDirectoryAfter(path))
                directories.append(path);
        }
        if (errno != 0)
            failedAt(directory);
        return directories;
    }

    /// Null at the end, and then errno is not 0 if it was no end.
    static const dirent *nextOf(DIR *directory)
    {
        errno = 0;
        return ::readdir(directory);
    }

    /// Adds the entry \a path of a tree if it is a file; whether it is a directory that is looked into.
    bool isDirectoryAfter(const QString &path)
    {
        const std::optional<FileStatus> itself = statusOfEntry(path);
        if (!itself) {
            failedAt(path);
            return false;
        }
        if (itself->kind == FileStatus::Kind::Directory)
            return m_plan.takesDirectory(path);
        if (m_plan.takesFile(path) && itself->kind == FileStatus::Kind::Link)
            addLink(path);
        else if (m_plan.takesFile(path) && itself->kind == FileStatus::Kind::Plain)
            addFile(path, *itself, path);
        return false;
    }

    void addLink(const QString &path)
    {
        const std::optional<FileStatus> status = sureStatusOf(path);
        if (status && status->kind != FileStatus::Kind::Plain)
            return;
        const Way way = wayTo(path);
        if (m_plan.ignores(way.end))
            return;
        if (m_links < FileScan::MostLinks)
            addWay(way);
        else
            m_scan.hasAllLinks = false;
        ++m_links;
        if (status)
            addFile(path, *status, way.end);
    }

    const WatchPlan &m_plan;
    const QSet<quint64> &m_remoteDevices;
    const QSet<QString> &m_doubtful;
    FileScan m_scan;
    QHash<QString, quint64> m_mounts; ///< of directories
    qsizetype m_links = 0;            ///< in trees
};

} // namespace

QSet<QString> FileScan::directories() const
{
    QSet<QString> all = trees;
    for (const QString &entry : entries)
        all.insert(directoryOf(entry));
    return all;
}

QSet<QString> FileScan::ancestors() const
{
    QSet<QString> all;
    for (const QString &directory : passed)
        all.insert(directoryOf(directory));
    return all - directories();
}

bool FileScan::reaches(const QString &path) const
{
    return entries.contains(path) || trees.contains(directoryOf(path));
}

bool FileScan::covers(const QString &file, const WatchPlan &plan) const
{
    if (plan.files.contains(file) || plan.paths.contains(file))
        return true;
    if (!isWhole || !plan.takesFile(file))
        return false;
    QString directory = directoryOf(file);
    while (!trees.contains(directory)) {
        if (directory == u"/" || !plan.takesDirectory(directory))
            return false;
        directory = directoryOf(directory);
    }
    return true;
}

bool FileScan::isUnsure(const QString &path) const
{
    if (unsure.isEmpty())
        return false;
    for (QString part = path; part != u"/"; part = directoryOf(part)) {
        if (unsure.contains(part))
            return true;
    }
    return unsure.contains(QStringLiteral("/"));
}

void FileScan::keep(const FileScan &before)
{
    for (auto file = before.files.constBegin(); file != before.files.constEnd() && !unsure.isEmpty(); ++file) {
        if (isUnsure(file.key()) && !files.contains(file.key()))
            files.insert(file.key(), file.value());
    }
    for (const QString &tree : before.trees) {
        if (isUnsure(tree))
            trees.insert(tree);
    }
}

FileScan scanFiles(const WatchPlan &plan, const QSet<quint64> &remoteDevices, const QSet<QString> &doubtful)
{
    return Scanner(plan, remoteDevices, doubtful).scan();
}

} // namespace Quern::watch
