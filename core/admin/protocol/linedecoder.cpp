#include "admin/protocol/linedecoder.h"

namespace Quern::admin {

void LineDecoder::append(QByteArrayView bytes)
{
    m_bytes.remove(0, m_lineStart);
    m_searched -= m_lineStart;
    m_lineStart = 0;
    m_bytes.append(bytes);
}

Result<std::optional<QByteArray>> LineDecoder::next()
{
    const qsizetype lineEnd = m_bytes.indexOf('\n', m_searched);
    const qsizetype length = (lineEnd < 0 ? m_bytes.size() : lineEnd) - m_lineStart;
    if (length > m_longestLine)
        return Error(Error::TooLarge, QStringLiteral("a line has more than %1 bytes").arg(m_longestLine));
    if (lineEnd < 0) {
        m_searched = m_bytes.size();
        return std::optional<QByteArray>();
    }
    const QByteArray line = m_bytes.mid(m_lineStart, length);
    m_lineStart = m_searched = lineEnd + 1;
    return std::optional(line);
}

} // namespace Quern::admin
