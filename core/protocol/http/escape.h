#pragma once

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::protocol::http {

/// Appends \a text as a JSON string with its quotes (RFC 8259 §7). What is not UTF-8 becomes U+FFFD, one for each byte.
void appendJsonString(QByteArray &out, QByteArrayView text);

/// Appends \a text for HTML, in an element or in a quoted attribute. What is not UTF-8 becomes U+FFFD, one for each
/// byte.
void appendHtmlText(QByteArray &out, QByteArrayView text);

/// Appends \a text for a quoted string of a log line, as nginx does: control characters, '"', '\' and bytes from 0x7f
/// become \xHH.
void appendLogText(QByteArray &out, QByteArrayView text);

} // namespace Quern::protocol::http
