#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QList>
#include <QString>

namespace Quern::config {

/// The largest .env file that is read, in bytes.
inline constexpr qint64 longestDotenv = 256 << 10;

/// One NAME=value of a .env file.
struct DotenvEntry
{
    QString name;
    QString value;
    int line = 0; ///< from 1

    bool operator==(const DotenvEntry &) const = default;
};

/// Whether \a name may be one of a variable: letters, digits and '_', no digit first.
bool isVariableName(const QString &name);

/// Reads lines of the form NAME=value or export NAME=value; a byte order mark and CR LF line ends are fine.
///
///     LEVEL=debug            # a '#' after a blank begins a comment
///     MOTTO='as it is: \n $HOME'
///     LINES="first\nsecond"  # \n \r \t \" \\ \$ within double quotes; another backslash stays
///
/// A value ends in its line, and nothing in it is expanded. In the order of the file; a name may come again.
/// Error::Invalid names \a fileName, line and mend, one line a problem, and never a value.
Result<QList<DotenvEntry>> parseDotenv(const QByteArray &bytes, const QString &fileName);

} // namespace Quern::config
