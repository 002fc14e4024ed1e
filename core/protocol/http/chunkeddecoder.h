#pragma once

#include "protocol/http/requestdecoder.h"

namespace Quern::protocol::http {

/// Removes the chunked transfer coding (RFC 9112 §7.1) from one body, byte by byte and strictly: every line ends with
/// CRLF, nothing but an extension may follow a size, and extensions and trailers are checked, bounded and dropped.
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
    bool endSizeLine(const RequestLimits &limits);
    bool expect(char byte, char expected, State next, const char *reason);
    bool refuse(int status, const char *reason);

    Refusal m_refusal;
    quint64 m_chunkLeft = 0;      ///< bytes of data still to come in this chunk
    quint64 m_bodyBytes = 0;      ///< bytes of data announced so far, this chunk's included
    quint32 m_extensionBytes = 0; ///< in this chunk
    quint32 m_discardedBytes = 0; ///< of all extensions and trailers
    quint16 m_trailerCount = 0;
    quint8 m_sizeDigits = 0;
    State m_state = State::Size;
};

} // namespace Quern::protocol::http
