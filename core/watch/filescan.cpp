#include "watch/filescan.h"

#include "watch/filenames.h"

#include <QFile>

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <optional>

namespace Quern::watch {

namespace {

/// As many as Linux follows (path_resolution(7)).
constexpr int mostLinks = 40;

QString joined(const QString &directory, const QString &name)
{
    return directory == u"/" ? directory + name : directory + u'/' + name;
}

bool isLeftOut(const QString &name)
{
    return name.startsWith(u'.') || name.endsWith(u'~');
}

/// Whether a system call that has just failed says something about the file, and not about the state of the system.
bool isAboutTheFile()
{
    return errno == ENOENT || errno == ENOTDIR || errno == EACCES || errno == ELOOP || errno == ENAMETOOLONG;
}

FileStamp stampOf(const struct stat &status)
{
    return {status.st_dev, status.st_ino, status.st_size,
            qint64(status.st_mtim.tv_sec) * 1'000'000'000 + status.st_mtim.tv_nsec};
}

QStringList partsOf(const QString &path)
{
    return path.split(u'/', Qt::SkipEmptyParts);
}

/// Each link on the way to \a path, where the way ends, and the first part of it that is not there.
QSet<QString> wayTo(const QString &path)
{
    QSet<QString> way;
    QStringList parts = partsOf(path);
    QString place = QStringLiteral("/");
    for (int links = 0; !parts.isEmpty();) {
        const QString part = parts.takeFirst();
        if (part == u".")
            continue;
        if (part == u"..") {
            place = directoryOf(place);
            continue;
        }
        const QString next = joined(place, part);
        const QByteArray name = QFile::encodeName(next);
        struct stat status = {};
        if (::lstat(name.constData(), &status) != 0) {
            way.insert(next);
            return way;
        }
        if (!S_ISLNK(status.st_mode)) {
            place = next;
            continue;
        }
        way.insert(next);
        if (++links > mostLinks)
            return way;
        const QString target = QFile::symLinkTarget(next); // absolute
        parts = partsOf(target) + parts;
        place = QStringLiteral("/");
    }
    way.insert(place);
    return way;
}

class Scanner
{
public:
    explicit Scanner(const WatchPlan &plan) : m_plan(plan) {}

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
        m_scan.entries += wayTo(path);
        const std::optional<struct stat> status = statOf(path);
        if (status && S_ISREG(status->st_mode))
            addFile(path, *status);
        else if (status && S_ISDIR(status->st_mode) && mayBeTree)
            addTree(path);
    }

    /// Of what \a path leads to, links followed; none: of nothing.
    std::optional<struct stat> statOf(const QString &path)
    {
        struct stat status = {};
        if (::stat(QFile::encodeName(path).constData(), &status) == 0)
            return status;
        m_scan.isSure = m_scan.isSure && isAboutTheFile();
        return std::nullopt;
    }

    void addFile(const QString &path, const struct stat &status)
    {
        if (m_scan.files.size() < FileScan::MostFiles || m_scan.files.contains(path))
            m_scan.files.insert(path, stampOf(status));
        else
            m_scan.isWhole = false;
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
        m_scan.isSure = m_scan.isSure && (open || isAboutTheFile());
        while (const dirent *entry = open ? ::readdir(open.get()) : nullptr) {
            const QString name = QFile::decodeName(entry->d_name);
            const QString path = joined(directory, name);
            const bool mayBeDirectory = entry->d_type == DT_DIR || entry->d_type == DT_UNKNOWN;
            if (!m_plan.takesFile(path) && !(mayBeDirectory && m_plan.takesDirectory(path)))
                continue;
            struct stat itself = {};
            if (::lstat(QFile::encodeName(path).constData(), &itself) != 0)
                continue;
            if (S_ISDIR(itself.st_mode)) {
                if (m_plan.takesDirectory(path))
                    directories.append(path);
                continue;
            }
            if (!m_plan.takesFile(path))
                continue;
            const std::optional<struct stat> status = statOf(path);
            if (status && S_ISREG(status->st_mode))
                addFile(path, *status);
        }
        return directories;
    }

    const WatchPlan &m_plan;
    FileScan m_scan;
};

} // namespace

bool WatchPlan::ignores(const QString &path) const
{
    return std::any_of(ignored.begin(), ignored.end(), [&path](const QString &name) {
        return path.startsWith(name) &&
               (path.size() == name.size() || QStringView(u"/.-").contains(path.at(name.size())));
    });
}

bool WatchPlan::takesFile(const QString &path) const
{
    const auto isItsType = [&path](const QString &type) { return path.endsWith(type); };
    return (types.isEmpty() || std::any_of(types.begin(), types.end(), isItsType)) && !isLeftOut(nameOf(path)) &&
           !ignores(path);
}

bool WatchPlan::takesDirectory(const QString &path) const
{
    const QString name = nameOf(path);
    return !excluded.contains(name) && !excluded.contains(path) && !isLeftOut(name) && !ignores(path);
}

QSet<QString> FileScan::directories() const
{
    QSet<QString> all = trees;
    for (const QString &entry : entries)
        all.insert(directoryOf(entry));
    return all;
}

bool FileScan::reaches(const QString &path) const
{
    return entries.contains(path) || trees.contains(directoryOf(path));
}

FileScan scanFiles(const WatchPlan &plan)
{
    return Scanner(plan).scan();
}

} // namespace Quern::watch
