#pragma once

#include <QByteArray>

namespace Quern {

/// How the number of a request is made up: 7 bits reactor | 36 bits serial | 20 bits place. Positive as a signed
/// number, never 0, and unique while the server runs. Any thread.
namespace RequestId {

inline constexpr int PlaceBits = 20;  ///< width of the place
inline constexpr int SerialBits = 36; ///< width of the serial

/// \a reactor from 0; \a serial from 1, counted by each reactor; \a place for the reactor's own use.
constexpr quint64 make(int reactor, quint64 serial, quint32 place)
{
    return quint64(reactor) << (PlaceBits + SerialBits) | serial << PlaceBits | place;
}

/// The place that make() was given.
constexpr quint32 placeOf(quint64 id)
{
    return quint32(id & ((quint64(1) << PlaceBits) - 1));
}

/// "0-17" for the 17th request that reactor 0 has taken: so it stands in the log.
inline QByteArray text(quint64 id)
{
    const quint64 serial = id >> PlaceBits & ((quint64(1) << SerialBits) - 1);
    return QByteArray::number(id >> (PlaceBits + SerialBits)) + '-' + QByteArray::number(serial);
}

} // namespace RequestId

} // namespace Quern
