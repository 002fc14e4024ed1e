#pragma once

#include <QByteArray>
#include <QJsonValue>
#include <QString>

#include <optional>

namespace Quern::admin {

/// RFC 8259 §6: larger integers do not survive every JSON implementation.
inline constexpr qint64 largestJsonInteger = (qint64(1) << 53) - 1;

/// Of a text that somebody has sent, in messages for people: characters.
inline constexpr qsizetype longestShown = 80;

/// An integer of 64 bits. In JSON a number; a string of its digits if it is beyond what all read: "9007199254740993".
/// Both are read, whatever its size.
struct WideInteger
{
    qint64 value = 0;

    QJsonValue toJson() const;
    /// Nullopt if \a json is no integer, or is beyond 64 bits.
    static std::optional<WideInteger> fromJson(const QJsonValue &json);
    static QString expected(); ///< for messages: what fromJson() reads

    bool operator==(const WideInteger &) const = default;
};

/// Bytes, text as a rule. In JSON a string if they are UTF-8 without a byte order mark, else {"base64": "AP8="} (RFC
/// 4648 §4). Both are read.
struct TextOrBytes
{
    QByteArray bytes;

    QJsonValue toJson() const;
    static std::optional<TextOrBytes> fromJson(const QJsonValue &json);
    static QString expected(); ///< for messages: what fromJson() reads

    bool operator==(const TextOrBytes &) const = default;
};

/// A value in a message for people: "the string \"tea\"", "12", "null", "an array".
QString shownJson(const QJsonValue &value);

} // namespace Quern::admin
