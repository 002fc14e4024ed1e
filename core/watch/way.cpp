#include "watch/way.h"

#include "watch/filenames.h"
#include "watch/filestatus.h"

#include <QFile>
#include <QStringList>

#include <optional>

namespace Quern::watch {

namespace {

/// As many as Linux follows (path_resolution(7)).
constexpr int mostLinks = 40;

QStringList partsOf(const QString &path)
{
    return path.split(u'/', Qt::SkipEmptyParts);
}

} // namespace

Way wayTo(const QString &path)
{
    Way way;
    QStringList parts = partsOf(path);
    way.end = QStringLiteral("/");
    for (int links = 0; !parts.isEmpty();) {
        const QString part = parts.takeFirst();
        if (part == u".")
            continue;
        if (part == u"..") {
            way.end = directoryOf(way.end);
            continue;
        }
        const QString next = joined(way.end, part);
        const std::optional<FileStatus> status = statusOfEntry(next);
        if (!status || status->kind != FileStatus::Kind::Link) {
            if (status && !parts.isEmpty())
                way.passed.insert(next);
            way.end = next;
            if (!status)
                break;
            continue;
        }
        way.passed.insert(next);
        if (++links > mostLinks)
            break;
        parts = partsOf(QFile::symLinkTarget(next)) + parts; // absolute
        way.end = QStringLiteral("/");
    }
    return way;
}

} // namespace Quern::watch
