#pragma once

#include <Quern/result.h>

#include <QString>
#include <QStringList>

namespace Quern::config {

/// The words of \a text as a POSIX shell would see them (POSIX.1-2017, Shell Command Language, 2.2): between blanks,
/// in '…', in "…" with \\ before " and \\, and with \\ before any character outside quotes. There is no shell:
/// Error::Invalid with the mend for what only one would understand (variables, pipes, wild cards, …), for a quote that
/// does not end, and for no words at all.
Result<QStringList> splitCommand(const QString &text);

} // namespace Quern::config
