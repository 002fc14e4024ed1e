#pragma once

#include "ipc/livemessages.h"
#include "protocol/websocket/deflate.h"
#include "protocol/websocket/frame.h"

#include <QByteArray>
#include <QByteArrayView>

#include <array>

namespace Quern::dispatch {

/// What is to be sent to one connection, or to thousands: whatever has to be made of it is made once. Lives no longer
/// than the bytes it was given.
class Outgoing
{
public:
    /// \a deflate outlives it.
    Outgoing(ipc::Payload payload, QByteArrayView bytes, protocol::websocket::SharedDeflate *deflate)
        : m_bytes(bytes)
        , m_deflate(deflate)
        , m_payload(payload)
    {
    }

    QByteArrayView bytes() const { return m_bytes; }
    protocol::websocket::Opcode opcode() const;

    /// One WebSocket frame, as two pieces to be written in a row; the second may be empty.
    struct Frame
    {
        QByteArrayView head;
        QByteArrayView rest;
    };
    Frame plainFrame();
    /// Compressed without context, for clients that take \a windowBits.
    Frame compressedFrame(int windowBits);

private:
    static Frame makeFrame(QByteArray &head, protocol::websocket::Opcode opcode, bool compressed,
                           QByteArrayView payload);

    struct Compressed
    {
        QByteArray payload;
        QByteArray head;
    };

    QByteArrayView m_bytes;
    protocol::websocket::SharedDeflate *m_deflate;
    QByteArray m_plainHead;
    std::array<Compressed, 16> m_compressed; ///< by window bits
    ipc::Payload m_payload;
};

} // namespace Quern::dispatch
