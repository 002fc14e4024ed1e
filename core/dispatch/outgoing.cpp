#include "dispatch/outgoing.h"

namespace Quern::dispatch {

namespace {

/// A payload up to this size is copied behind its header, in bytes: cheaper than to let the kernel gather the two.
constexpr qsizetype joinedPayload = 2048;

} // namespace

protocol::websocket::Opcode Outgoing::opcode() const
{
    return m_payload == ipc::Payload::Text ? protocol::websocket::Opcode::Text : protocol::websocket::Opcode::Binary;
}

Outgoing::Frame Outgoing::makeFrame(QByteArray &head, protocol::websocket::Opcode opcode, bool compressed,
                                    QByteArrayView payload)
{
    const bool isJoined = payload.size() <= joinedPayload;
    if (head.isEmpty()) {
        head.reserve(isJoined ? payload.size() + 4 : 10);
        protocol::websocket::appendFrameHeader(head, opcode, true, compressed, quint64(payload.size()));
        if (isJoined)
            head.append(payload);
    }
    return {head, isJoined ? QByteArrayView() : payload};
}

Outgoing::Frame Outgoing::plainFrame()
{
    return makeFrame(m_plainHead, opcode(), false, m_bytes);
}

Outgoing::Frame Outgoing::compressedFrame(int windowBits)
{
    Compressed &made = m_compressed[std::size_t(windowBits)];
    if (made.head.isEmpty())
        made.payload = m_deflate->deflater(windowBits).compress(m_bytes);
    return makeFrame(made.head, opcode(), true, made.payload);
}

} // namespace Quern::dispatch
