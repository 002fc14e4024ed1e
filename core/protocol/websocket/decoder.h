#pragma once

#include "protocol/websocket/frame.h"
#include "protocol/websocket/utf8.h"

#include <QByteArray>
#include <QByteArrayView>

#include <array>

namespace Quern::protocol::websocket {

class Inflater;

/// Bounds of one message.
struct MessageLimits
{
    quint32 messageBytes = 2 * 1024 * 1024; ///< payload of all its frames, inflated, bytes: 1009
    quint32 fragments = 1024; ///< frames of a message, beyond which they carry 16 bytes each on average: 1008
};

/// Bytes → WebSocket messages, strictly (RFC 6455 §5, RFC 7692). Knows no sockets. One per connection; lives in any one
/// thread. Holds memory while a message is under way, and none between messages.
///
/// The caller pushes what it read with feed(), which consumes bytes up to the end of one message or control frame at
/// most:
///
///     while (!bytes.isEmpty()) {
///         const auto step = decoder.feed(bytes);
///         bytes = bytes.sliced(step.consumed);
///         // act on step.event
///     }
class Decoder
{
public:
    enum class Role : quint8 {
        Server, ///< frames come from a client and are masked
        Client, ///< they come from a server and are not
    };
    enum class Event : quint8 {
        None,    ///< all bytes consumed, and nothing came to its end
        Text,    ///< payload is a message, and is valid UTF-8
        Binary,  ///< payload is a message
        Ping,    ///< to be answered with a pong of the same payload (RFC 6455 §5.5.2)
        Pong,    ///< payload is as sent
        Close,   ///< the peer closes; closeCode is NoStatus if it gave none, payload is its reason, valid UTF-8
        Failure, ///< the peer broke a rule: to be sent a close frame with closeCode; payload, a constant English phrase
                 ///< such as "frame without a mask", is its reason and for the log
    };
    struct Step
    {
        qsizetype consumed = 0;
        QByteArray payload;
        quint16 closeCode = 0; ///< after Close and Failure
        Event event = Event::None;
    };

    /// \a inflater, for a connection that agreed on permessage-deflate, outlives the decoder; several decoders of one
    /// thread may share one without context takeover, as messages are inflated when they are whole. Without, compressed
    /// messages are a breach.
    explicit Decoder(const MessageLimits &limits, Inflater *inflater = nullptr, Role role = Role::Server);
    Q_DISABLE_COPY_MOVE(Decoder)

    /// \a limits hold from the next frame on.
    void setLimits(const MessageLimits &limits) { m_limits = limits; }

    /// After Close or Failure all bytes are consumed and nothing comes of them (RFC 6455 §5.5.1, §7.1.7).
    [[nodiscard]] Step feed(QByteArrayView bytes);

    /// True from the first byte of a frame to the end of its message: what a timeout needs to know.
    bool inMessage() const;
    /// True after Close or Failure.
    bool hasEnded() const { return m_phase == Phase::Ended; }

private:
    enum class Phase : quint8 { Header, Payload, Ended };
    /// What breaks a rule; reason is null if nothing does.
    struct Flaw
    {
        quint16 code = ProtocolError;
        const char *reason = nullptr;
    };
    struct Header
    {
        qsizetype size = 0; ///< of the header itself, bytes; 0 while it is incomplete
        Flaw flaw;          ///< nothing else is valid if there is one
        quint64 length = 0; ///< of the payload, bytes
        MaskKey key = 0;
        Opcode opcode = Opcode::Continuation;
        bool isFinal = false;
        bool isCompressed = false;
    };

    Header read(QByteArrayView bytes) const;
    Flaw flawOfFirstByte(quint8 byte) const;
    Flaw flawOfSecondByte(quint8 byte, Opcode opcode) const;
    Flaw flawOfLength(quint64 length, qsizetype extended, Opcode opcode, bool isCompressed) const;
    Flaw takeHeader(QByteArrayView &bytes);
    Flaw begin(const Header &header);
    Flaw takePayload(QByteArrayView &bytes);
    Flaw endFrame(Step &step);
    Flaw endControlFrame(Step &step);
    Flaw endMessage(Step &step);

    MessageLimits m_limits;
    Inflater *m_inflater;
    QByteArray m_message; ///< what has come of it, still compressed if it is
    QByteArray m_control; ///< what has come of the control frame in progress
    quint64 m_left = 0;   ///< bytes to come of the frame's payload
    MaskKey m_key = 0;    ///< for the next byte of it
    quint32 m_fragments = 0;
    std::array<char, 14> m_header;               ///< the first m_headerBytes of a header that is incomplete
    quint8 m_headerBytes = 0;                    ///< 0 unless a feed() ended within a header
    Utf8Validator m_utf8;                        ///< of a text; at the border of a character between messages
    Opcode m_opcode = Opcode::Continuation;      ///< of the frame in progress
    Opcode m_messageType = Opcode::Continuation; ///< Text or Binary within a message, between its fragments too
    bool m_isCompressed = false;                 ///< the message
    bool m_isFinal = false;                      ///< the frame in progress
    const Role m_role;
    Phase m_phase = Phase::Header;
};

} // namespace Quern::protocol::websocket
