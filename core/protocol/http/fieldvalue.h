#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace Quern::protocol::http {

/// Reads the members of a comma-separated field value (RFC 9110 §5.6.1) one by one. A comma in a quoted string does not
/// separate; a quoted string that is left open reaches to the end of the value.
class ListReader
{
public:
    /// \a value outlives the reader.
    explicit ListReader(QByteArrayView value) : m_rest(value) {}

    /// The next member that is not empty, without surrounding white space; nullopt at the end.
    std::optional<QByteArrayView> next();

private:
    QByteArrayView m_rest;
};

/// One name=value of a field value (RFC 9110 §5.6.6).
struct Parameter
{
    QByteArrayView name;
    QByteArrayView value;  ///< of a quoted string the bytes between the quotes, escapes and all
    bool isQuoted = false; ///< value may hold escapes
};

/// Reads name=value *( ";" name=value ) one by one, with or without a semicolon in front. A value that is no quoted
/// string may hold more than a token, as software in use sends it: any ValueByte but white space, quote and semicolon.
class ParameterReader
{
public:
    /// \a parameters outlives the reader.
    explicit ParameterReader(QByteArrayView parameters) : m_rest(parameters) {}

    /// nullopt at the end and when something else than a parameter comes: see isMalformed().
    std::optional<Parameter> next();
    bool isMalformed() const { return m_isMalformed; }

private:
    QByteArrayView m_rest;
    bool m_isMalformed = false;
};

/// \a quoted, the inside of a quoted string, with each quoted-pair "\x" (RFC 9110 §5.6.4) made x.
QByteArray unescaped(QByteArrayView quoted);

} // namespace Quern::protocol::http
