#include "protocol/http/headscan.h"

#include "protocol/http/authority.h"
#include "protocol/http/bytes.h"
#include "sdk/src/httpsyntax_p.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace Quern::protocol::http {

HeadScan::Progress HeadScan::advance(QByteArrayView head, const RequestLimits &limits)
{
    for (;;) {
        const void *found = head.size() > m_searched ? std::memchr(head.data() + m_searched, '\n',
                                                                   static_cast<size_t>(head.size() - m_searched))
                                                     : nullptr;
        const bool isRequestLine = m_lineStart == 0;
        const qsizetype lineEnd = found ? static_cast<const char *>(found) - head.data() : head.size();
        QByteArrayView line = head.sliced(m_lineStart, lineEnd - m_lineStart);
        const bool hasCr = line.endsWith('\r');
        if (hasCr)
            line.chop(1);
        // Before anything else, as it is also checked while the line is incomplete: garbage gets its answer at once.
        if (isRequestLine && !scanStart(line, limits))
            return Progress::Refused;
        if (!found) {
            m_searched = static_cast<quint32>(head.size());
            return Progress::Incomplete;
        }
        if (!hasCr) {
            refuse(400, "bare LF in head");
            return Progress::Refused;
        }
        m_lineStart = static_cast<quint32>(lineEnd + 1);
        m_searched = m_lineStart;
        if (isRequestLine) {
            if (!scanRequestLine(line))
                return Progress::Refused;
        } else if (line.isEmpty()) {
            return finish() ? Progress::Complete : Progress::Refused;
        } else if (!scanField(line, limits)) {
            return Progress::Refused;
        }
    }
}

bool HeadScan::scanStart(QByteArrayView line, const RequestLimits &limits)
{
    if (m_methodLength == 0) {
        const qsizetype end = firstNotIn(TokenByte, line, m_startChecked);
        m_startChecked = static_cast<quint32>(end);
        if (end == line.size())
            return true;
        if (end == 0 || line[end] != ' ')
            return refuse(400, "method is not a token");
        m_methodLength = m_startChecked++;
    }
    if (m_targetEnd == 0) {
        const qsizetype space = line.indexOf(' ', m_startChecked);
        m_startChecked = static_cast<quint32>(space < 0 ? line.size() : space);
        if (m_startChecked - (m_methodLength + 1) > limits.targetBytes)
            return refuse(414, "request target too long");
        if (space >= 0)
            m_targetEnd = m_startChecked;
    }
    return true;
}

bool HeadScan::scanRequestLine(QByteArrayView line)
{
    if (m_targetEnd == 0)
        return refuse(400, "malformed request line");
    const QByteArrayView method = line.first(m_methodLength);
    const QByteArrayView target = line.sliced(m_methodLength + 1, m_targetEnd - (m_methodLength + 1));
    m_facts.isHead = method == QByteArrayView("HEAD");
    return scanVersion(line.sliced(m_targetEnd + 1)) && scanTarget(method, target);
}

bool HeadScan::scanVersion(QByteArrayView version)
{
    // RFC 9112 §2.3: the name is case-sensitive, and each number is one digit.
    if (version.size() != 8 || !version.startsWith("HTTP/") || !isDigit(version[5]) || version[6] != '.' ||
        !isDigit(version[7]) || version[5] == '0')
        return refuse(400, "malformed HTTP version");
    if (version[5] != '1' || version[7] > '1')
        return refuse(505, "HTTP version not supported");
    m_facts.minorVersion = version[7] == '1' ? 1 : 0;
    return true;
}

bool HeadScan::scanTarget(QByteArrayView method, QByteArrayView target)
{
    if (method == QByteArrayView("CONNECT"))
        return refuse(501, "CONNECT not supported");
    if (firstNotIn(TargetByte, target) != target.size())
        return refuse(400, "invalid character in request target");
    if (target.startsWith('/'))
        return scanPath(target);
    if (target == QByteArrayView("*") && method == QByteArrayView("OPTIONS"))
        return true;
    const qsizetype schemeEnd = target.indexOf("://");
    const QByteArrayView scheme = target.first(qMax(schemeEnd, qsizetype(0)));
    if (!isIgnoringCase(scheme, "http") && !isIgnoringCase(scheme, "https"))
        return refuse(400, "request target is neither a path nor an http URI");
    const QByteArrayView rest = target.sliced(schemeEnd + 3);
    const auto authorityEnd = std::find_if(rest.begin(), rest.end(), [](char c) { return c == '/' || c == '?'; });
    const QByteArrayView authority = rest.first(authorityEnd - rest.begin());
    if (authority.isEmpty() || authority.startsWith(':') || !isHostAndPort(authority))
        return refuse(400, "invalid authority in request target");
    return scanPath(rest.sliced(authority.size()));
}

/// \a rest: path and query. The query is left to the application: browsers send a bare '%' there.
bool HeadScan::scanPath(QByteArrayView rest)
{
    const qsizetype query = rest.indexOf('?');
    const QByteArrayView path = query < 0 ? rest : rest.first(query);
    // Most paths have neither a dot nor an escape, and are done with here.
    if (firstNotIn(PlainPathByte, path) == path.size())
        return true;
    const char *const flaw = flawOfPath(path);
    return !flaw || refuse(400, flaw);
}

bool HeadScan::scanField(QByteArrayView line, const RequestLimits &limits)
{
    const qsizetype nameEnd = firstNotIn(TokenByte, line);
    if (nameEnd == line.size())
        return refuse(400, "header field without colon");
    if (line[nameEnd] != ':' || nameEnd == 0) {
        const bool isSpace = line[nameEnd] == ' ' || line[nameEnd] == '\t';
        if (isSpace && nameEnd == 0)
            return refuse(400, m_facts.fieldCount == 0 ? "white space before the first header field"
                                                       : "obs-fold in header section");
        if (isSpace)
            return refuse(400, "white space before the colon");
        return refuse(400, nameEnd == 0 && line[0] == ':' ? "empty header field name"
                                                          : "invalid character in header field name");
    }
    const QByteArrayView rawValue = line.sliced(nameEnd + 1);
    if (!areValueBytes(rawValue))
        return refuse(400, "control character in header field value");
    if (m_facts.fieldCount == limits.headerCount)
        return refuse(431, "too many header fields");
    ++m_facts.fieldCount;
    return interpretField(line.first(nameEnd), withoutSurroundingSpace(rawValue));
}

bool HeadScan::interpretField(QByteArrayView name, QByteArrayView value)
{
    switch (name.size()) {
    case 4:
        if (!isIgnoringCase(name, "host"))
            return true;
        if (m_hasHost)
            return refuse(400, "more than one Host");
        m_hasHost = true;
        return isHostAndPort(value) || refuse(400, "invalid Host");
    case 6:
        if (isIgnoringCase(name, "expect"))
            (isIgnoringCase(value, "100-continue") ? m_expects100 : m_expectsMore) = true;
        return true;
    case 10:
        if (isIgnoringCase(name, "connection"))
            interpretConnection(value);
        return true;
    case 14:
        return !isIgnoringCase(name, "content-length") || interpretContentLength(value);
    case 17:
        if (!isIgnoringCase(name, "transfer-encoding"))
            return true;
        if (m_facts.chunked)
            return refuse(400, "more than one Transfer-Encoding");
        m_facts.chunked = true;
        return isIgnoringCase(value, "chunked") || refuse(400, "Transfer-Encoding other than chunked");
    default:
        return true;
    }
}

bool HeadScan::interpretContentLength(QByteArrayView value)
{
    // RFC 9112 §6.3 lets a recipient merge equal values; a chain of servers that all refuse them is safer.
    if (m_facts.contentLength)
        return refuse(400, "more than one Content-Length");
    if (value.isEmpty())
        return refuse(400, "malformed Content-Length");
    quint64 length = 0;
    for (const char byte : value) {
        if (!isDigit(byte))
            return refuse(400, "malformed Content-Length");
        const quint64 digit = static_cast<quint64>(byte - '0');
        if (length > (std::numeric_limits<quint64>::max() - digit) / 10)
            return refuse(400, "Content-Length overflows");
        length = length * 10 + digit;
    }
    m_facts.contentLength = length;
    return true;
}

void HeadScan::interpretConnection(QByteArrayView value)
{
    for (qsizetype from = 0; from <= value.size();) {
        const qsizetype comma = value.indexOf(',', from);
        const qsizetype end = comma < 0 ? value.size() : comma;
        const QByteArrayView option = withoutSurroundingSpace(value.sliced(from, end - from));
        m_connectionClose |= isIgnoringCase(option, "close");
        m_connectionKeepAlive |= isIgnoringCase(option, "keep-alive");
        from = end + 1;
    }
}

bool HeadScan::finish()
{
    const bool isOld = m_facts.minorVersion == 0;
    if (!m_hasHost && !isOld)
        return refuse(400, "missing Host");
    if (m_facts.chunked && isOld)
        return refuse(400, "Transfer-Encoding in HTTP/1.0");
    if (m_facts.chunked && m_facts.contentLength)
        return refuse(400, "both Content-Length and Transfer-Encoding");
    // RFC 9110 §10.1.1: the expectation of an HTTP/1.0 client is ignored.
    if (m_expectsMore && !isOld)
        return refuse(417, "unknown expectation");
    m_facts.keepAlive = !m_connectionClose && (!isOld || m_connectionKeepAlive);
    m_facts.expectContinue = m_expects100 && !isOld && m_facts.hasBody();
    return true;
}

bool HeadScan::refuse(int status, const char *reason)
{
    m_refusal = {status, reason};
    return false;
}

} // namespace Quern::protocol::http
