#pragma once

#include <QSet>
#include <QString>

namespace Quern::watch {

/// What is passed from the root to a file.
struct Way
{
    QSet<QString> passed; ///< the directories and links on it, without the root
    QString end;          ///< without links; the first part that is not there, if it leads to nothing
};

/// To \a path, which is absolute. Blocks as long as the file systems on the way do.
Way wayTo(const QString &path);

} // namespace Quern::watch
