#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QHashFunctions>
#include <QString>

#include <cstddef>

class QDebug;

namespace Quern {

/// The number of one WebSocket or stream connection: positive as a signed 64-bit number, and never used for another
/// connection, not even by a server that was started anew. So it may be kept anywhere for as long as one likes: what is
/// sent to a connection that has gone fails with Error::NotFound. JavaScript would round it: in JSON it is a string.
/// A value type; any thread.
class ConnectionId
{
public:
    /// No connection.
    constexpr ConnectionId() = default;
    /// What value() was.
    constexpr explicit ConnectionId(quint64 value) : m_value(value) {}

    constexpr quint64 value() const { return m_value; }    ///< 0 if it is none
    constexpr bool isNull() const { return m_value == 0; } ///< no connection

    /// In decimal digits; and read back. Error::Invalid if \a text is no such number.
    QByteArray text() const { return QByteArray::number(m_value); }
    static Result<ConnectionId> fromText(QByteArrayView text)
    {
        bool ok = false;
        const quint64 value = text.toByteArray().toULongLong(&ok);
        // Neither a sign nor space, which toULongLong() lets pass: two texts would name one connection.
        if (!ok || value == 0 || value >> 63 != 0 || QByteArray::number(value) != text)
            return Error(Error::Invalid, QStringLiteral("a connection id is a positive number in decimal digits"));
        return ConnectionId(value);
    }
    /// text() for JSON and for messages.
    QString toString() const { return QString::number(m_value); }

    constexpr bool operator==(const ConnectionId &) const = default;  ///< the same connection
    constexpr auto operator<=>(const ConnectionId &) const = default; ///< some order

private:
    quint64 m_value = 0;
};

/// For QHash and QSet.
inline std::size_t qHash(ConnectionId id, std::size_t seed = 0)
{
    return ::qHash(id.value(), seed);
}

/// The number in decimal digits, as the server's log has it.
QUERN_EXPORT QDebug operator<<(QDebug debug, ConnectionId id);

} // namespace Quern

/// For std::unordered_map.
template <>
struct std::hash<Quern::ConnectionId>
{
    std::size_t operator()(Quern::ConnectionId id) const noexcept { return Quern::qHash(id); } ///< of its value
};
