#pragma once

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::protocol::http {

/// The most bytes that any function here makes of one.
constexpr qsizetype maxEscapedBytes = 6;

// Each writes \a text to \a to, where there is room for maxEscapedBytes of each byte, and returns the end of what it
// wrote.

/// For the inside of a JSON string (RFC 8259 §7). What is not UTF-8 becomes U+FFFD, one for each byte.
char *putJsonText(char *to, QByteArrayView text);

/// For HTML, in an element or in a quoted attribute. What is not UTF-8 or a control character becomes U+FFFD.
char *putHtmlText(char *to, QByteArrayView text);

/// For a quoted string of a log line, as nginx does: control characters, '"', '\' and bytes from 0x7f become \xHH.
char *putLogText(char *to, QByteArrayView text);

/// Appends \a text as putJsonText() writes it.
void appendJsonText(QByteArray &out, QByteArrayView text);

/// Appends \a text as putHtmlText() writes it.
void appendHtmlText(QByteArray &out, QByteArrayView text);

} // namespace Quern::protocol::http
