#include "ipc/frame.h"

#include <QtEndian>

#include <cstring>

namespace Quern::ipc {

char *appendFrame(QByteArray &out, FrameType type, quint16 flags, quint64 id, qsizetype payloadSize, qsizetype tailSize)
{
    const qsizetype start = out.size();
    const qsizetype needed = start + FrameHeaderSize + payloadSize;
    if (out.capacity() < needed)
        out.reserve(qMax(needed, 2 * out.capacity()));
    out.resize(needed);
    char *header = out.data() + start;
    qToLittleEndian(quint32(payloadSize + tailSize), header);
    qToLittleEndian(quint16(type), header + 4);
    qToLittleEndian(flags, header + 6);
    qToLittleEndian(id, header + 8);
    return header + FrameHeaderSize;
}

void appendFrame(QByteArray &out, FrameType type, quint16 flags, quint64 id, QByteArrayView payload)
{
    char *place = appendFrame(out, type, flags, id, payload.size());
    if (!payload.isEmpty())
        std::memcpy(place, payload.data(), size_t(payload.size()));
}

Result<std::optional<Frame>> decodeFrame(QByteArrayView &bytes)
{
    if (bytes.size() < FrameHeaderSize)
        return std::optional<Frame>();
    const char *header = bytes.data();
    const auto length = qFromLittleEndian<quint32>(header);
    if (length > MaxFramePayload) {
        return Error(Error::Protocol,
                     QStringLiteral("frame of %1 bytes is over the limit of %2").arg(length).arg(MaxFramePayload));
    }
    const qsizetype whole = FrameHeaderSize + qsizetype(length);
    if (bytes.size() < whole)
        return std::optional<Frame>();
    Frame frame;
    frame.type = FrameType(qFromLittleEndian<quint16>(header + 4));
    frame.flags = qFromLittleEndian<quint16>(header + 6);
    frame.id = qFromLittleEndian<quint64>(header + 8);
    frame.payload = bytes.sliced(FrameHeaderSize, qsizetype(length));
    bytes = bytes.sliced(whole);
    return std::optional<Frame>(frame);
}

} // namespace Quern::ipc
