#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QJsonValue>
#include <QString>

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <type_traits>

namespace Quern {

/// The name of a member: UTF-8 or a QString. A value type that lives no longer than the expression it stands in.
class JsonName
{
public:
    /// The name in UTF-8.
    JsonName(const char *utf8) : m_utf8(QByteArray::fromRawData(utf8, qsizetype(qstrlen(utf8)))) {}
    /// The same as a QString.
    JsonName(const QString &name) : m_utf8(name.toUtf8()) {}

    /// The name, without quotation marks and escapes.
    const QByteArray &utf8() const { return m_utf8; }

private:
    QByteArray m_utf8;
};

/// What is a number for C++ alone.
template <typename Value>
concept JsonCharacter = std::same_as<Value, char> || std::same_as<Value, wchar_t> || std::same_as<Value, char8_t> ||
    std::same_as<Value, char16_t> || std::same_as<Value, char32_t>;

/// A member of a JSON object that a handler writes in place, already as text: several times quicker than a QJsonObject.
/// A value type; any thread.
class QUERN_EXPORT JsonMember
{
public:
    /// \a value becomes a string.
    JsonMember(const JsonName &name, const QString &value);
    /// \a value is UTF-8.
    JsonMember(const JsonName &name, const char *value);
    /// \a value is UTF-8, or what a client has sent in its place: bytes that are none become U+FFFD.
    JsonMember(const JsonName &name, QByteArrayView value);
    /// The same.
    JsonMember(const JsonName &name, const QByteArray &value) : JsonMember(name, QByteArrayView(value)) {}
    /// true or false. Of a bool alone: pointers, and much else, can become one.
    template <std::same_as<bool> Bool>
    JsonMember(const JsonName &name, Bool value)
        : JsonMember(name, value ? QByteArrayLiteral("true") : QByteArrayLiteral("false"), Verbatim())
    {
    }
    /// null.
    JsonMember(const JsonName &name, std::nullptr_t);
    /// NaN and infinity become null, as JSON has no such numbers (RFC 8259 §6).
    template <std::floating_point Number>
    JsonMember(const JsonName &name, Number value) : JsonMember(name, QJsonValue(double(value)))
    {
    }
    /// Any JSON value; an integer beyond 2^53 keeps its digits only in the integer constructor.
    JsonMember(const JsonName &name, const QJsonValue &value);
    /// With all its digits.
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool> && !JsonCharacter<Integer>) JsonMember(const JsonName &name, Integer value)
        : JsonMember(name, QByteArray::number(value), Verbatim())
    {
    }
    /// A character is neither a number nor a text: write a string of it, or QChar.
    template <JsonCharacter Character>
    JsonMember(const JsonName &name, Character value) = delete;
    /// What a pointer points to is not sent: only text, by `const char *`.
    template <typename Pointee>
    requires(!std::same_as<std::remove_cv_t<Pointee>, char>) JsonMember(const JsonName &name, Pointee *value)
    = delete;
    template <typename Class, typename Member>
    JsonMember(const JsonName &name, Member Class::*value) = delete;

    /// "name":value
    const QByteArray &text() const { return m_text; }

private:
    struct Verbatim
    {
    };
    JsonMember(const JsonName &name, const QByteArray &number, Verbatim);

    QByteArray m_text;
};

/// Compact JSON text in UTF-8, for messages; see Response::json():
///
///     connection.push(jsonText({{"from", connection.user()}, {"count", 3}}));
QUERN_EXPORT QByteArray jsonText(const QJsonObject &object);
QUERN_EXPORT QByteArray jsonText(const QJsonArray &array);
QUERN_EXPORT QByteArray jsonText(std::initializer_list<JsonMember> members);

} // namespace Quern
