#include "watch/filenames.h"

#include <algorithm>

namespace Quern::watch {

namespace {

constexpr qsizetype mostNames = 5;

} // namespace

QString directoryOf(const QString &path)
{
    const qsizetype slash = path.lastIndexOf(u'/');
    return slash <= 0 ? QStringLiteral("/") : path.left(slash);
}

QString nameOf(const QString &path)
{
    return path.mid(path.lastIndexOf(u'/') + 1);
}

QString joined(const QString &directory, const QString &name)
{
    return directory == u"/" ? directory + name : directory + u'/' + name;
}

QString namesOf(const QStringList &paths, const QString &directory)
{
    QStringList names;
    for (const QString &path : paths.first(std::min(paths.size(), mostNames))) {
        const bool isInside = !directory.isEmpty() && path.startsWith(directory + u'/');
        names.append(isInside ? path.mid(directory.size() + 1) : path);
    }
    const qsizetype more = paths.size() - names.size();
    const QString last = more > 0 ? QStringLiteral("%1 more").arg(more) : names.takeLast();
    return names.isEmpty() ? last : names.join(QStringLiteral(", ")) + QStringLiteral(" and ") + last;
}

} // namespace Quern::watch
