#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <bit>

namespace Quern::protocol::websocket {

/// RFC 6455 §5.2; all others are reserved.
enum class Opcode : quint8 { Continuation = 0, Text = 1, Binary = 2, Close = 8, Ping = 9, Pong = 10 };

/// RFC 6455 §5.5.
constexpr bool isControl(Opcode opcode)
{
    return (static_cast<quint8>(opcode) & 8) != 0;
}

/// Bytes that the payload of a control frame may have (RFC 6455 §5.5).
inline constexpr qsizetype maxControlBytes = 125;

/// The registered close codes (RFC 6455 §7.4.1 and the IANA registry); applications have 3000–4999 besides.
enum CloseCode : quint16 {
    NormalClosure = 1000,
    GoingAway = 1001,
    ProtocolError = 1002,
    UnsupportedData = 1003,
    NoStatus = 1005,        ///< stands for a close frame without a code, and is never in one
    AbnormalClosure = 1006, ///< stands for a connection that ended without a close frame, and is never in one
    InvalidPayload = 1007,
    PolicyViolation = 1008,
    MessageTooBig = 1009,
    MandatoryExtension = 1010,
    InternalError = 1011,
    ServiceRestart = 1012,
    TryAgainLater = 1013,
    BadGateway = 1014,
};

/// Whether \a code may stand in a close frame (RFC 6455 §7.4.2).
constexpr bool mayStandInCloseFrame(quint16 code)
{
    return (code >= NormalClosure && code <= UnsupportedData) || (code >= InvalidPayload && code <= BadGateway) ||
           (code >= 3000 && code <= 4999);
}

/// Appends the header of a server's frame, 2 to 10 bytes and no mask, for a payload of \a length bytes. \a rsv1 marks
/// the first frame of a compressed message (RFC 7692 §6).
void appendFrameHeader(QByteArray &out, Opcode opcode, bool fin, bool rsv1, quint64 length);

/// Appends a server's close frame. \a reason is UTF-8 and cut to the 123 bytes that fit, at the border of a character.
/// A \a code that may not stand in a frame, such as NoStatus, makes one without code and reason.
void appendCloseFrame(QByteArray &out, quint16 code, QByteArrayView reason = {});

/// A masking key as a number: the byte that comes first on the wire is the lowest.
using MaskKey = quint32;

/// The key for what follows \a bytes bytes after the place that \a key is for.
constexpr MaskKey advanced(MaskKey key, qsizetype bytes)
{
    return std::rotr(key, static_cast<int>(bytes % 4) * 8);
}

/// Copies \a size bytes with \a key applied (RFC 6455 §5.3). \a to may be \a from, but not overlap it otherwise.
void copyUnmasked(char *to, const char *from, qsizetype size, MaskKey key);

} // namespace Quern::protocol::websocket
