#pragma once

#include "admin/protocol/tablemessages.h"

#include <QJsonValue>
#include <QString>

/// Keys and values of tables, as people read and write them. Numbers are data here, so they stand as the filter and the
/// settings have them: without the separators of a language.
namespace Quern::console::celltext {

/// Of the server: bytes.
constexpr qsizetype longestKey = 64;

/// Text as it is; "hex:00ff" for bytes that are none, that have control characters other than tabs and line ends, and
/// that would be read as such. No two have the same.
QString ofBytes(const QByteArray &bytes);
/// The other way. Error::Invalid if the hex digits are wrong, or it is no text.
Result<QByteArray> toBytes(const QString &text);
/// The same, for a key.
Result<QByteArray> toKey(const QString &text);
/// Whether ofBytes() is not the text itself.
bool isHex(const QByteArray &bytes);

/// The value of a column, empty if there is none.
QString ofValue(const QJsonValue &value, const admin::TableColumn &column);
/// What table.set takes. Error::Invalid says, for people, what the column takes instead.
Result<QJsonValue> toValue(const QString &text, const admin::TableColumn &column);
/// Bytes that the server has left out of a message since the row is too long; -1 if \a value is there.
qint64 omittedBytes(const QJsonValue &value);
/// Negative, 0, positive. NaN is less than any number, as in the order of the rows there has to be one.
int compare(const QJsonValue &a, const QJsonValue &b, admin::TableColumn::Type type);

/// In one line, for a table of tab-separated values: what is in the way there is written in hex.
QString inOneCell(const QByteArray &bytes);
/// "int, 4 bytes", "string, up to 64 bytes"
QString typeText(const admin::TableColumn &column);

} // namespace Quern::console::celltext
