#pragma once

#include "protocol/http/requestdecoder.h"

namespace Quern::protocol::http {

/// What a request head says of its connection and of the body that follows it.
struct HeadFacts
{
    std::optional<quint64> contentLength; ///< bytes
    quint16 fieldCount = 0;
    quint8 minorVersion = 1;
    bool chunked = false;
    bool keepAlive = true;       ///< RFC 9112 §9.3
    bool expectContinue = false; ///< asked for by HTTP/1.1 and with a body to come
    bool isHead = false;

    bool hasBody() const { return chunked || contentLength.value_or(0) > 0; }
};

/// Checks one request head line by line while it arrives, and refuses everything that two servers could read in two
/// ways. Stricter than llhttp, which accepts folded lines, empty names, a bare CR, HTTP/2.0, codings before chunked and
/// any path.
///
/// Whether and why a head is refused depends on its bytes alone, not on the pieces in which they arrived.
class HeadScan
{
public:
    enum class Progress : quint8 { Incomplete, Complete, Refused };

    /// Scans on. \a head is everything received of the head so far, from the method's first byte; what follows the head
    /// is not looked at. Lines checked before are not read again.
    Progress advance(QByteArrayView head, const RequestLimits &limits);

    /// Bytes from the method's first byte through the empty line. Only after Complete.
    quint32 size() const { return m_lineStart; }
    const HeadFacts &facts() const { return m_facts; }
    /// Only after Refused.
    const Refusal &refusal() const { return m_refusal; }

private:
    bool scanStart(QByteArrayView line, const RequestLimits &limits);
    bool scanRequestLine(QByteArrayView line);
    bool scanVersion(QByteArrayView version);
    bool scanTarget(QByteArrayView method, QByteArrayView target);
    bool scanPath(QByteArrayView rest);
    bool scanField(QByteArrayView line, const RequestLimits &limits);
    bool interpretField(QByteArrayView name, QByteArrayView value);
    bool interpretContentLength(QByteArrayView value);
    void interpretConnection(QByteArrayView value);
    bool finish();
    bool refuse(int status, const char *reason);

    HeadFacts m_facts;
    Refusal m_refusal;
    quint32 m_lineStart = 0;    ///< where the line in progress begins
    quint32 m_searched = 0;     ///< bytes that hold no line end after m_lineStart
    quint32 m_startChecked = 0; ///< bytes of the request line that scanStart() has done with
    quint32 m_methodLength = 0; ///< 0 until the space after the method has come
    quint32 m_targetEnd = 0;    ///< 0 until the space after the target has come
    bool m_hasHost = false;
    bool m_expects100 = false;
    bool m_expectsMore = false;
    bool m_connectionClose = false;
    bool m_connectionKeepAlive = false;
};

} // namespace Quern::protocol::http
