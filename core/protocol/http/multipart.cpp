#include "protocol/http/multipart.h"

#include "protocol/http/bytes.h"
#include "protocol/http/fieldvalue.h"

#include <algorithm>
#include <cstring>
#include <utility>

namespace Quern::protocol::http {

namespace {

constexpr qsizetype maxBoundaryBytes = 70;
constexpr qsizetype lineEndBytes = 2;

/// RFC 2046 §5.1.1: bchars.
bool isBoundary(QByteArrayView bytes)
{
    const auto isBoundaryByte = [](char byte) {
        return isDigit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
               (byte != '\0' && std::strchr("'()+_,-./:=? ", byte));
    };
    return !bytes.isEmpty() && bytes.size() <= maxBoundaryBytes && bytes.back() != ' ' &&
           std::all_of(bytes.begin(), bytes.end(), isBoundaryByte);
}

/// Index of the first \a delimiter in \a bytes, or of one that the end of \a bytes cuts; bytes.size() if there is none.
qsizetype delimiterIn(QByteArrayView bytes, QByteArrayView delimiter)
{
    for (qsizetype at = bytes.indexOf('\r'); at >= 0; at = bytes.indexOf('\r', at + 1)) {
        if (delimiter.startsWith(bytes.sliced(at, qMin(delimiter.size(), bytes.size() - at))))
            return at;
    }
    return bytes.size();
}

} // namespace

bool MultipartDecoder::isMultipartForm(QByteArrayView contentType)
{
    const qsizetype end = contentType.indexOf(';');
    return isIgnoringCase(withoutSurroundingSpace(end < 0 ? contentType : contentType.first(end)),
                          "multipart/form-data");
}

std::optional<QByteArray> MultipartDecoder::boundaryOf(QByteArrayView contentType)
{
    if (!isMultipartForm(contentType))
        return std::nullopt;
    const qsizetype typeEnd = contentType.indexOf(';');
    ParameterReader reader(typeEnd < 0 ? QByteArrayView() : contentType.sliced(typeEnd));
    std::optional<QByteArray> boundary;
    while (const std::optional<Parameter> parameter = reader.next()) {
        if (!isIgnoringCase(parameter->name, "boundary"))
            continue;
        if (boundary)
            return std::nullopt;
        boundary = parameter->isQuoted ? unescaped(parameter->value) : parameter->value.toByteArray();
    }
    if (reader.isMalformed() || !boundary || !isBoundary(*boundary))
        return std::nullopt;
    return boundary;
}

MultipartDecoder::MultipartDecoder(QByteArrayView boundary, const MultipartLimits &limits)
    : m_limits(limits)
    , m_delimiter("\r\n--" + boundary.toByteArray())
    , m_preambleLeft(limits.preambleBytes)
{
    Q_ASSERT(isBoundary(boundary));
}

MultipartDecoder::Progress MultipartDecoder::feed(QByteArrayView bytes, MultipartSink &sink)
{
    while (!bytes.isEmpty() && m_state < State::Epilogue) {
        switch (m_state) {
        case State::Preamble:
        case State::Data:
            feedContent(bytes, sink);
            break;
        case State::Head:
            feedHead(bytes, sink);
            break;
        default:
            feedDelimiterEnd(bytes.front());
            bytes = bytes.sliced(1);
        }
    }
    if (m_state == State::Refused)
        return Progress::Refused;
    return m_state == State::Epilogue ? Progress::Complete : Progress::Incomplete;
}

MultipartDecoder::Progress MultipartDecoder::finish()
{
    if (m_state < State::Epilogue)
        refuse(400, "multipart body without close delimiter");
    return m_state == State::Epilogue ? Progress::Complete : Progress::Refused;
}

/// Takes data and what may be a delimiter off the front of \a bytes. A delimiter holds one CR, its first byte: so where
/// it does not go on as it should, none can have begun among the bytes that did match.
void MultipartDecoder::feedContent(QByteArrayView &bytes, MultipartSink &sink)
{
    if (m_matched == 0) {
        const qsizetype end = delimiterIn(bytes, m_delimiter);
        emitContent(bytes.first(end), sink);
        bytes = bytes.sliced(end);
    }
    const qsizetype compared = qMin(m_delimiter.size() - m_matched, bytes.size());
    if (bytes.first(compared) != QByteArrayView(m_delimiter).sliced(m_matched, compared)) {
        const qsizetype before = std::exchange(m_matchedBefore, 0);
        emitContent(QByteArrayView(m_delimiter).sliced(before, std::exchange(m_matched, 0) - before), sink);
        return;
    }
    bytes = bytes.sliced(compared);
    m_matched += compared;
    if (m_matched < m_delimiter.size() || m_state == State::Refused)
        return;
    if (m_state == State::Data) {
        // The empty line cannot end the head and begin the delimiter as well; some readers would let it.
        if (m_matchedBefore > 0)
            return refuse(400, "multipart delimiter in the place of data");
        sink.partEnded();
    }
    m_matched = 0;
    m_matchedBefore = 0;
    m_state = State::DelimiterEnd;
}

void MultipartDecoder::emitContent(QByteArrayView bytes, MultipartSink &sink)
{
    if (m_state == State::Data) {
        if (!bytes.isEmpty())
            sink.partData(bytes);
        return;
    }
    if (quint64(bytes.size()) > m_preambleLeft)
        refuse(400, "multipart body without delimiter at its beginning");
    else
        m_preambleLeft -= quint64(bytes.size());
}

void MultipartDecoder::feedDelimiterEnd(char byte)
{
    switch (m_state) {
    case State::CloseHyphen:
        m_state = State::Epilogue;
        if (byte != '-')
            refuse(400, "malformed multipart delimiter");
        return;
    case State::DelimiterLf:
        if (byte != '\n')
            return refuse(400, "bare CR after multipart delimiter");
        if (m_partCount == m_limits.parts)
            return refuse(413, "too many parts");
        ++m_partCount;
        m_head = "\r\n";
        m_state = State::Head;
        return;
    default:
        if (byte == '\r')
            m_state = State::DelimiterLf;
        else if (byte == ' ' || byte == '\t')
            m_state = State::Padding;
        else if (byte == '-' && m_state == State::DelimiterEnd)
            m_state = State::CloseHyphen;
        else
            refuse(400, "malformed multipart delimiter");
    }
}

/// Takes one line of a part's head, or what has come of it, off the front of \a bytes.
void MultipartDecoder::feedHead(QByteArrayView &bytes, MultipartSink &sink)
{
    const qsizetype lf = bytes.indexOf('\n');
    const QByteArrayView line = bytes.first(lf < 0 ? bytes.size() : lf + 1);
    if (m_head.size() + line.size() > qsizetype(m_limits.partHeadBytes) + lineEndBytes)
        return refuse(400, "part head too large");
    m_head.append(line);
    bytes = bytes.sliced(line.size());
    if (lf < 0)
        return;
    if (!m_head.endsWith("\r\n"))
        return refuse(400, "bare LF in part head");
    if (!m_head.endsWith("\r\n\r\n"))
        return;
    PartHead head;
    const std::optional<Refusal> refusal =
        parsePartHead(QByteArrayView(m_head).sliced(lineEndBytes, m_head.size() - 2 * lineEndBytes), head);
    m_head.clear();
    if (refusal)
        return refuse(refusal->status, refusal->reason);
    m_state = State::Data;
    m_matched = lineEndBytes;
    m_matchedBefore = lineEndBytes;
    sink.partBegun(head);
}

void MultipartDecoder::refuse(int status, const char *reason)
{
    m_refusal = {status, reason};
    m_state = State::Refused;
}

} // namespace Quern::protocol::http
