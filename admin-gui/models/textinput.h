#pragma once

#include "admin/protocol/message.h"

#include <Quern/result.h>

#include <QString>

namespace Quern::console {

/// As many characters of a text, whatever they are, go into one message of the protocol: JSON makes six bytes of some.
inline constexpr qsizetype longestText = admin::longestMessage / 6 - 1000;

/// "This is 12 characters too long."; empty if \a length is not beyond longestText.
QString excessText(qsizetype length);

/// The text in the file at \a path, of \a most bytes at most: UTF-8, or what its byte order mark says. The errors are
/// for people; what is no plain file is not opened, since that could wait for somebody.
Result<QString> readTextFile(const QString &path, qint64 most);

} // namespace Quern::console
