#include "watch/plan.h"

#include "watch/filenames.h"

#include <QFileInfo>

#include <algorithm>

namespace Quern::watch {

namespace {

bool isLeftOut(const QString &name)
{
    return name.startsWith(u'.') || name.endsWith(u'~');
}

bool isBelow(const QString &path, const QString &directory)
{
    return path.startsWith(directory) && path.size() > directory.size() && path.at(directory.size()) == u'/';
}

/// Without links, as far as \a path is there.
QString realPath(const QString &path)
{
    const QString real = QFileInfo(path).canonicalFilePath();
    if (!real.isEmpty() || path == u"/")
        return real;
    return joined(realPath(directoryOf(path)), nameOf(path));
}

QStringList withEveryName(const QStringList &names, const QStringList &directories)
{
    QStringList all = names;
    for (const QString &name : names) {
        const QString real = realPath(name);
        all.append(real);
        for (const QString &directory : directories) {
            if (const QString realDirectory = realPath(directory); isBelow(real, realDirectory))
                all.append(directory + real.mid(realDirectory.size()));
        }
    }
    all.removeDuplicates();
    return all;
}

} // namespace

bool WatchPlan::ignores(const QString &path) const
{
    const auto isNamedAfter = [&path](const QString &file) {
        return path.startsWith(file) &&
               (path.size() == file.size() || QStringView(u"/.-").contains(path.at(file.size())));
    };
    const auto isIn = [&path](const QString &directory) { return path == directory || isBelow(path, directory); };
    return std::any_of(ignored.begin(), ignored.end(), isNamedAfter) ||
           std::any_of(ignoredDirectories.begin(), ignoredDirectories.end(), isIn);
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

WatchPlan withEveryName(const WatchPlan &plan)
{
    WatchPlan every = plan;
    every.ignored = withEveryName(plan.ignored, plan.paths);
    every.ignoredDirectories = withEveryName(plan.ignoredDirectories, plan.paths);
    return every;
}

} // namespace Quern::watch
