#pragma once

#include <QString>
#include <QStringList>

namespace Quern::config {

/// The one of \a candidates that \a word was probably meant to be: the nearest by typing errors, or one that it begins
/// with or begins. Empty if none is near.
QString nearestWord(const QString &word, const QStringList &candidates);

} // namespace Quern::config
