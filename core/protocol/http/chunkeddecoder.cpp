#include "protocol/http/chunkeddecoder.h"

#include "protocol/http/bytes.h"
#include "sdk/src/httpsyntax_p.h"

#include <algorithm>
#include <iterator>
#include <string_view>

namespace Quern::protocol::http {

namespace {

constexpr quint8 maxSizeDigits = 16;
constexpr quint32 maxExtensionBytes = 256;

/// Fields that mean something else, or open a hole, when they come after the content (RFC 9110 §6.5.1): framing,
/// routing, modifiers of the request, credentials, the form of the content, and what proxies say of the client. In
/// lower case.
constexpr std::string_view forbiddenTrailers[] = {
    "accept-encoding",
    "authorization",
    "cache-control",
    "connection",
    "content-encoding",
    "content-length",
    "content-range",
    "content-type",
    "cookie",
    "expect",
    "forwarded",
    "host",
    "if-match",
    "if-modified-since",
    "if-none-match",
    "if-range",
    "if-unmodified-since",
    "keep-alive",
    "max-forwards",
    "pragma",
    "proxy-authorization",
    "proxy-connection",
    "range",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-port",
    "x-forwarded-proto",
    "x-http-method-override",
    "x-real-ip",
};

bool isForbiddenTrailer(QByteArrayView name)
{
    return std::any_of(std::begin(forbiddenTrailers), std::end(forbiddenTrailers),
                       [name](std::string_view forbidden) { return isIgnoringCase(name, forbidden); });
}

} // namespace

ChunkedDecoder::Step ChunkedDecoder::feed(QByteArrayView bytes, QByteArray &body, const RequestLimits &limits)
{
    qsizetype at = 0;
    while (at < bytes.size() && m_state != State::Done) {
        if (m_state == State::Data) {
            const qsizetype take = sizeUpTo(m_chunkLeft, bytes.size() - at);
            body.append(bytes.sliced(at, take));
            at += take;
            m_chunkLeft -= static_cast<quint64>(take);
            if (m_chunkLeft == 0)
                m_state = State::DataCr;
        } else if (!feedFraming(bytes[at++], limits)) {
            return {at, Progress::Refused};
        }
    }
    return {at, m_state == State::Done ? Progress::Complete : Progress::Incomplete};
}

bool ChunkedDecoder::feedFraming(char byte, const RequestLimits &limits)
{
    if (m_state >= State::TrailerStart && ++m_overheadBytes > limits.headBytes)
        return refuse(431, "trailer section too large");
    switch (m_state) {
    case State::Size:
        return feedSize(byte);
    case State::Extension:
        return feedExtension(byte, limits);
    case State::SizeLf:
        return expect(byte, '\n', State::Data, "bare CR in chunk size line") && endSizeLine(limits);
    case State::DataCr:
        return expect(byte, '\r', State::DataLf, "chunk data longer than its size");
    case State::DataLf:
        return expect(byte, '\n', State::Size, "bare CR after chunk data");
    case State::TrailerLf:
        return expect(byte, '\n', State::TrailerStart, "bare CR in trailer section");
    case State::FinalLf:
        return expect(byte, '\n', State::Done, "bare CR in trailer section");
    default:
        return feedTrailer(byte, limits);
    }
}

bool ChunkedDecoder::feedSize(char byte)
{
    const int digit = hexDigit(byte);
    if (digit >= 0) {
        // Leading zeros count as well, so that the line is bounded.
        if (m_sizeDigits == maxSizeDigits)
            return refuse(400, "chunk size too long");
        ++m_sizeDigits;
        m_chunkLeft = m_chunkLeft * 16 + static_cast<quint64>(digit);
        return true;
    }
    if (m_sizeDigits == 0 || (byte != '\r' && byte != ';'))
        return refuse(400, "malformed chunk size");
    m_state = byte == '\r' ? State::SizeLf : State::Extension;
    return true;
}

bool ChunkedDecoder::feedExtension(char byte, const RequestLimits &limits)
{
    if (byte == '\r') {
        m_state = State::SizeLf;
        return true;
    }
    if (!isIn(ValueByte, byte))
        return refuse(400, "control character in chunk extension");
    if (++m_extensionBytes > maxExtensionBytes || ++m_overheadBytes > limits.headBytes)
        return refuse(400, "chunk extensions too long");
    return true;
}

bool ChunkedDecoder::endSizeLine(const RequestLimits &limits)
{
    if (m_chunkLeft == 0) {
        m_state = State::TrailerStart;
        return true;
    }
    if (m_chunkLeft > limits.bodyBytes - m_bodyBytes)
        return refuse(413, "chunked body too large");
    m_bodyBytes += m_chunkLeft;
    m_extensionBytes = 0;
    m_sizeDigits = 0;
    return true;
}

bool ChunkedDecoder::feedTrailer(char byte, const RequestLimits &limits)
{
    switch (m_state) {
    case State::TrailerStart:
        if (byte == '\r') {
            m_state = State::FinalLf;
            return true;
        }
        if (!isIn(TokenByte, byte))
            return refuse(400, "malformed trailer field");
        if (m_trailerCount == limits.headerCount)
            return refuse(431, "too many trailer fields");
        ++m_trailerCount;
        m_trailerStart = m_trailers.size();
        m_trailers.append(byte);
        m_state = State::TrailerName;
        return true;
    case State::TrailerName:
        if (byte == ':') {
            endTrailerName();
            m_state = State::TrailerValue;
            return true;
        }
        if (!isIn(TokenByte, byte))
            return refuse(400, "malformed trailer field");
        m_trailers.append(byte);
        return true;
    default:
        if (byte == '\r') {
            endTrailer();
            m_state = State::TrailerLf;
            return true;
        }
        if (!isIn(ValueByte, byte))
            return refuse(400, "control character in trailer field");
        if (m_keepsTrailer)
            m_trailers.append(byte);
        return true;
    }
}

void ChunkedDecoder::endTrailerName()
{
    m_keepsTrailer = !isForbiddenTrailer(QByteArrayView(m_trailers).sliced(m_trailerStart));
    if (m_keepsTrailer)
        m_trailers.append(": ");
    else
        m_trailers.truncate(m_trailerStart);
    m_trailerStart = m_trailers.size();
}

void ChunkedDecoder::endTrailer()
{
    if (!m_keepsTrailer)
        return;
    const QByteArray value = withoutSurroundingSpace(QByteArrayView(m_trailers).sliced(m_trailerStart)).toByteArray();
    m_trailers.truncate(m_trailerStart);
    m_trailers.append(value).append("\r\n");
}

bool ChunkedDecoder::expect(char byte, char expected, State next, const char *reason)
{
    m_state = next;
    return byte == expected || refuse(400, reason);
}

bool ChunkedDecoder::refuse(int status, const char *reason)
{
    m_refusal = {status, reason};
    return false;
}

} // namespace Quern::protocol::http
