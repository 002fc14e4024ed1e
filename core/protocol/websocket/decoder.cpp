#include "protocol/websocket/decoder.h"

#include "protocol/http/bytes.h"
#include "protocol/websocket/deflate.h"

#include <QtEndian>

#include <cstring>
#include <utility>

namespace Quern::protocol::websocket {

namespace {

constexpr quint8 finBit = 0x80;
constexpr quint8 rsv1Bit = 0x40;
constexpr quint8 otherReservedBits = 0x30;
constexpr quint8 opcodeBits = 0x0f;
constexpr quint8 maskBit = 0x80;
constexpr quint8 lengthBits = 0x7f;

/// What a fragment carries on average in a message of very many, bytes: endless empty ones would cost time only.
constexpr quint64 bytesOfManyFragments = 16;

Opcode opcodeOf(quint8 firstByte)
{
    return static_cast<Opcode>(firstByte & opcodeBits);
}

/// Bytes that a message of \a bytes may take compressed: what cannot be compressed grows a little.
quint64 compressedBound(quint64 bytes)
{
    return bytes + bytes / 16 + 64;
}

} // namespace

Decoder::Decoder(const MessageLimits &limits, Inflater *inflater, Role role)
    : m_limits(limits)
    , m_inflater(inflater)
    , m_role(role)
{
}

bool Decoder::inMessage() const
{
    return m_phase == Phase::Payload ||
           (m_phase == Phase::Header && (m_headerBytes > 0 || m_messageType != Opcode::Continuation));
}

Decoder::Step Decoder::feed(QByteArrayView bytes)
{
    const qsizetype size = bytes.size();
    Step step;
    step.consumed = size;
    while (m_phase == Phase::Payload || (m_phase == Phase::Header && !bytes.isEmpty())) {
        Flaw flaw;
        if (m_phase == Phase::Header)
            flaw = takeHeader(bytes);
        if (m_phase == Phase::Payload) {
            flaw = takePayload(bytes);
            if (!flaw.reason) {
                if (m_left > 0)
                    break;
                m_phase = Phase::Header;
                flaw = endFrame(step);
            }
        }
        if (flaw.reason) {
            m_phase = Phase::Ended;
            m_message = {};
            m_control = {};
            step.event = Event::Failure;
            step.closeCode = flaw.code;
            step.payload = QByteArray::fromRawData(flaw.reason, qsizetype(qstrlen(flaw.reason)));
        } else if (step.event == Event::Close) {
            m_phase = Phase::Ended;
            m_message = {};
        } else if (step.event != Event::None) {
            step.consumed = size - bytes.size();
            break;
        }
    }
    return step;
}

/// Takes what belongs to a header off the front of \a bytes; with the whole of it a frame begins.
Decoder::Flaw Decoder::takeHeader(QByteArrayView &bytes)
{
    const qsizetype carried = m_headerBytes;
    QByteArrayView head = bytes;
    if (carried > 0) {
        const qsizetype more = qMin(bytes.size(), qsizetype(m_header.size()) - carried);
        std::memcpy(m_header.data() + carried, bytes.data(), static_cast<size_t>(more));
        head = QByteArrayView(m_header.data(), carried + more);
    }
    const Header header = read(head);
    if (header.flaw.reason)
        return header.flaw;
    if (header.size == 0) {
        if (carried == 0)
            std::memcpy(m_header.data(), bytes.data(), static_cast<size_t>(bytes.size()));
        m_headerBytes = static_cast<quint8>(head.size());
        bytes = {};
        return {};
    }
    bytes = bytes.sliced(header.size - carried);
    m_headerBytes = 0;
    return begin(header);
}

/// RFC 6455 §5.2. Tells of a flaw as soon as the bytes show it, so that it is the same however they come.
Decoder::Header Decoder::read(QByteArrayView bytes) const
{
    Header header;
    const auto first = static_cast<quint8>(bytes[0]);
    header.flaw = flawOfFirstByte(first);
    if (header.flaw.reason || bytes.size() < 2)
        return header;
    header.opcode = opcodeOf(first);
    header.isFinal = (first & finBit) != 0;
    header.isCompressed = (first & rsv1Bit) != 0;

    const auto second = static_cast<quint8>(bytes[1]);
    header.flaw = flawOfSecondByte(second, header.opcode);
    header.length = second & lengthBits;
    const qsizetype extended = header.length < 126 ? 0 : header.length == 126 ? 2 : 8;
    if (header.flaw.reason || bytes.size() < 2 + extended)
        return header;
    if (extended == 2)
        header.length = qFromBigEndian<quint16>(bytes.data() + 2);
    else if (extended == 8)
        header.length = qFromBigEndian<quint64>(bytes.data() + 2);
    header.flaw = flawOfLength(header.length, extended, header.opcode, header.isCompressed);
    const qsizetype size = 2 + extended + (m_role == Role::Server ? 4 : 0);
    if (header.flaw.reason || bytes.size() < size)
        return header;
    if (m_role == Role::Server)
        header.key = qFromLittleEndian<MaskKey>(bytes.data() + 2 + extended);
    header.size = size;
    return header;
}

Decoder::Flaw Decoder::flawOfFirstByte(quint8 byte) const
{
    const Opcode opcode = opcodeOf(byte);
    switch (opcode) {
    case Opcode::Continuation:
        if (m_messageType == Opcode::Continuation)
            return {ProtocolError, "continuation of no message"};
        break;
    case Opcode::Text:
    case Opcode::Binary:
        if (m_messageType != Opcode::Continuation)
            return {ProtocolError, "new message within a message"};
        break;
    case Opcode::Close:
    case Opcode::Ping:
    case Opcode::Pong:
        if ((byte & finBit) == 0)
            return {ProtocolError, "fragmented control frame"};
        break;
    default:
        return {ProtocolError, "reserved opcode"};
    }
    if ((byte & otherReservedBits) != 0)
        return {ProtocolError, "reserved bit"};
    // RFC 7692 §6: on the first frame of a message alone.
    if ((byte & rsv1Bit) != 0 && (!m_inflater || isControl(opcode) || opcode == Opcode::Continuation))
        return {ProtocolError, "reserved bit"};
    return {};
}

Decoder::Flaw Decoder::flawOfSecondByte(quint8 byte, Opcode opcode) const
{
    if (((byte & maskBit) != 0) != (m_role == Role::Server))
        return {ProtocolError, m_role == Role::Server ? "frame without a mask" : "frame with a mask"};
    if (isControl(opcode) && (byte & lengthBits) > maxControlBytes)
        return {ProtocolError, "control frame too large"};
    return {};
}

/// \a extended is how many bytes the length took besides its first.
Decoder::Flaw Decoder::flawOfLength(quint64 length, qsizetype extended, Opcode opcode, bool isCompressed) const
{
    if ((extended == 2 && length < 126) || (extended == 8 && length <= 0xffff))
        return {ProtocolError, "length in more bytes than it takes"};
    if (length >> 63 != 0)
        return {ProtocolError, "length of more than 63 bits"};
    if (isControl(opcode))
        return {};
    const quint64 bound =
        isCompressed || m_isCompressed ? compressedBound(m_limits.messageBytes) : m_limits.messageBytes;
    const auto filled = static_cast<quint64>(m_message.size());
    if (filled > bound || length > bound - filled)
        return {MessageTooBig, "message too large"};
    return {};
}

Decoder::Flaw Decoder::begin(const Header &header)
{
    m_phase = Phase::Payload;
    m_opcode = header.opcode;
    m_isFinal = header.isFinal;
    m_left = header.length;
    m_key = header.key;
    if (isControl(header.opcode))
        return {};
    if (header.opcode != Opcode::Continuation) {
        m_messageType = header.opcode;
        m_isCompressed = header.isCompressed;
        m_fragments = 0;
    }
    ++m_fragments;
    if (m_fragments > m_limits.fragments + static_cast<quint64>(m_message.size()) / bytesOfManyFragments) {
        m_phase = Phase::Ended;
        return {PolicyViolation, "too many fragments"};
    }
    return {};
}

/// Takes what belongs to the frame's payload off the front of \a bytes.
Decoder::Flaw Decoder::takePayload(QByteArrayView &bytes)
{
    const qsizetype take = http::sizeUpTo(m_left, bytes.size());
    if (take == 0)
        return {};
    QByteArray &payload = isControl(m_opcode) ? m_control : m_message;
    const qsizetype filled = payload.size();
    const qsizetype needed = filled + take;
    if (needed > payload.capacity()) {
        // Twice what has come, so that many pieces cost no more than few; not what is announced and may never come.
        const qsizetype ample = 2 * needed;
        payload.reserve(m_isFinal ? http::sizeUpTo(static_cast<quint64>(filled) + m_left, ample) : ample);
    }
    payload.resize(needed);
    char *const target = payload.data() + filled;
    copyUnmasked(target, bytes.data(), take, m_key);
    m_key = advanced(m_key, take);
    m_left -= static_cast<quint64>(take);
    bytes = bytes.sliced(take);
    if (!isControl(m_opcode) && m_messageType == Opcode::Text && !m_isCompressed && !m_utf8.feed({target, take}))
        return {InvalidPayload, "text is not UTF-8"};
    return {};
}

Decoder::Flaw Decoder::endFrame(Step &step)
{
    if (isControl(m_opcode))
        return endControlFrame(step);
    return m_isFinal ? endMessage(step) : Flaw{};
}

Decoder::Flaw Decoder::endControlFrame(Step &step)
{
    step.payload = std::exchange(m_control, {});
    if (m_opcode != Opcode::Close) {
        step.event = m_opcode == Opcode::Ping ? Event::Ping : Event::Pong;
        return {};
    }
    step.closeCode = NoStatus;
    if (step.payload.size() == 1)
        return {ProtocolError, "close code of one byte"};
    if (!step.payload.isEmpty()) {
        step.closeCode = qFromBigEndian<quint16>(step.payload.constData());
        if (!mayStandInCloseFrame(step.closeCode))
            return {ProtocolError, "invalid close code"};
        step.payload.remove(0, 2);
        Utf8Validator reason;
        if (!reason.feed(step.payload) || !reason.isComplete())
            return {InvalidPayload, "close reason is not UTF-8"};
    }
    step.event = Event::Close;
    return {};
}

Decoder::Flaw Decoder::endMessage(Step &step)
{
    const bool isText = std::exchange(m_messageType, Opcode::Continuation) == Opcode::Text;
    step.payload = std::exchange(m_message, {});
    if (std::exchange(m_isCompressed, false)) {
        const QByteArray compressed = std::exchange(step.payload, {});
        switch (m_inflater->inflate(compressed, m_limits.messageBytes, step.payload)) {
        case Inflater::Outcome::Malformed:
            return {InvalidPayload, "malformed compressed data"};
        case Inflater::Outcome::TooLarge:
            return {MessageTooBig, "message too large"};
        case Inflater::Outcome::Done:
            break;
        }
        if (isText && !m_utf8.feed(step.payload))
            return {InvalidPayload, "text is not UTF-8"};
    }
    if (isText && !m_utf8.isComplete())
        return {InvalidPayload, "text is not UTF-8"};
    step.event = isText ? Event::Text : Event::Binary;
    return {};
}

} // namespace Quern::protocol::websocket
