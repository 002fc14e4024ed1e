#pragma once

#include <QString>
#include <QStringList>

namespace Quern::watch {

/// "/" of what lies in no other directory.
QString directoryOf(const QString &path);
QString nameOf(const QString &path);
/// \a name in \a directory.
QString joined(const QString &directory, const QString &name);
/// "a, b and 3 more": at most five by name, those in \a directory as seen from there. \a paths is not empty.
QString namesOf(const QStringList &paths, const QString &directory = {});

} // namespace Quern::watch
