#pragma once

#include "protocol/http/requestdecoder.h"

#include <utility>

namespace Quern::protocol::http {

/// Removes the chunked transfer coding (RFC 9112 §7.1) from one body, byte by byte and strictly: every line ends with
/// CRLF, nothing but an extension may follow a size, and extensions and trailers are checked and bounded. Extensions
/// are dropped, and of the trailers those that would change what has been done with the head (RFC 9110 §6.5.1).
class ChunkedDecoder
{
public:
    enum class Progress : quint8 { Incomplete, Complete, Refused };
    struct Step
    {
        qsizetype consumed = 0; ///< all bytes if Incomplete
        Progress progress = Progress::Incomplete;
    };

    /// Decodes on and appends the data to \a body.
    Step feed(QByteArrayView bytes, QByteArray &body, const RequestLimits &limits);
    /// The trailers that were kept, "name: value\r\n" …; once, after Complete.
    QByteArray takeTrailers() { return std::exchange(m_trailers, {}); }
    /// Only after Refused.
    const Refusal &refusal() const { return m_refusal; }

private:
    enum class State : quint8 {
        Size,
        Extension,
        SizeLf,
        Data,
        DataCr,
        DataLf,
        TrailerStart,
        TrailerName,
        TrailerValue,
        TrailerLf,
        FinalLf,
        Done
    };

    bool feedFraming(char byte, const RequestLimits &limits);
    bool feedSize(char byte);
    bool feedExtension(char byte, const RequestLimits &limits);
    bool feedTrailer(char byte, const RequestLimits &limits);
    void endTrailerName();
    void endTrailer();
    bool endSizeLine(const RequestLimits &limits);
    bool expect(char byte, char expected, State next, const char *reason);
    bool refuse(int status, const char *reason);

    Refusal m_refusal;
    QByteArray m_trailers;        ///< kept so far; ends with the one in progress unless it is dropped
    qsizetype m_trailerStart = 0; ///< in m_trailers, of the name in progress, later of its value
    quint64 m_chunkLeft = 0;      ///< bytes of data still to come in this chunk
    quint64 m_bodyBytes = 0;      ///< bytes of data announced so far, this chunk's included
    quint32 m_extensionBytes = 0; ///< in this chunk
    quint32 m_overheadBytes = 0;  ///< of all extensions and trailers
    quint16 m_trailerCount = 0;
    quint8 m_sizeDigits = 0;
    bool m_keepsTrailer = false; ///< the one in progress
    State m_state = State::Size;
};

} // namespace Quern::protocol::http
