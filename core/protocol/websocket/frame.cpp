#include "protocol/websocket/frame.h"

#include "sdk/src/httpsyntax_p.h"

#include <QtEndian>

namespace Quern::protocol::websocket {

namespace {

template <typename Number>
void appendBigEndian(QByteArray &out, Number number)
{
    number = qToBigEndian(number);
    out.append(reinterpret_cast<const char *>(&number), sizeof number);
}

} // namespace

void appendFrameHeader(QByteArray &out, Opcode opcode, bool fin, bool rsv1, quint64 length)
{
    out.append(static_cast<char>((fin ? 0x80 : 0) | (rsv1 ? 0x40 : 0) | static_cast<int>(opcode)));
    if (length <= 125) {
        out.append(static_cast<char>(length));
    } else if (length <= 0xffff) {
        out.append(static_cast<char>(126));
        appendBigEndian(out, static_cast<quint16>(length));
    } else {
        out.append(static_cast<char>(127));
        appendBigEndian(out, length);
    }
}

void appendCloseFrame(QByteArray &out, quint16 code, QByteArrayView reason)
{
    QByteArray payload;
    if (mayStandInCloseFrame(code)) {
        appendBigEndian(payload, code);
        payload.append(reason);
        truncateUtf8(payload, maxControlBytes);
    }
    appendFrameHeader(out, Opcode::Close, true, false, static_cast<quint64>(payload.size()));
    out.append(payload);
}

void copyUnmasked(char *to, const char *from, qsizetype size, MaskKey key)
{
    const quint64 wideKey = quint64(key) << 32 | key;
    qsizetype at = 0;
    for (; at + 8 <= size; at += 8)
        qToLittleEndian(qFromLittleEndian<quint64>(from + at) ^ wideKey, to + at);
    for (; at < size; ++at)
        to[at] = static_cast<char>(static_cast<quint8>(from[at]) ^ static_cast<quint8>(key >> (at % 4 * 8)));
}

} // namespace Quern::protocol::websocket
