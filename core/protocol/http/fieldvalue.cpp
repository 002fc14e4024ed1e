#include "protocol/http/fieldvalue.h"

#include "protocol/http/bytes.h"

namespace Quern::protocol::http {

namespace {

/// Index of the quote that ends the quoted string which \a from is inside of; bytes.size() if it is left open.
qsizetype closingQuote(QByteArrayView bytes, qsizetype from)
{
    while (from < bytes.size() && bytes[from] != '"')
        from += bytes[from] == '\\' ? 2 : 1;
    return qMin(from, bytes.size());
}

} // namespace

std::optional<QByteArrayView> ListReader::next()
{
    while (!m_rest.isEmpty()) {
        qsizetype end = 0;
        while (end < m_rest.size() && m_rest[end] != ',')
            end = m_rest[end] == '"' ? qMin(closingQuote(m_rest, end + 1) + 1, m_rest.size()) : end + 1;
        const QByteArrayView member = withoutSurroundingSpace(m_rest.first(end));
        m_rest = m_rest.sliced(qMin(end + 1, m_rest.size()));
        if (!member.isEmpty())
            return member;
    }
    return std::nullopt;
}

std::optional<Parameter> ParameterReader::next()
{
    m_rest = withoutSurroundingSpace(m_rest);
    while (m_rest.startsWith(';'))
        m_rest = withoutSurroundingSpace(m_rest.sliced(1));
    if (m_rest.isEmpty() || m_isMalformed)
        return std::nullopt;
    m_isMalformed = true;

    const qsizetype nameEnd = firstNotIn(TokenByte, m_rest);
    if (nameEnd == 0 || nameEnd == m_rest.size() || m_rest[nameEnd] != '=')
        return std::nullopt;
    Parameter parameter;
    parameter.name = m_rest.first(nameEnd);
    m_rest = m_rest.sliced(nameEnd + 1);
    if (m_rest.startsWith('"')) {
        const qsizetype quote = closingQuote(m_rest, 1);
        if (quote == m_rest.size())
            return std::nullopt;
        parameter.value = m_rest.sliced(1, quote - 1);
        parameter.isQuoted = true;
        m_rest = m_rest.sliced(quote + 1);
    } else {
        qsizetype end = 0;
        while (end < m_rest.size() && isIn(ValueByte, m_rest[end]) && !QByteArrayView(" \t\";").contains(m_rest[end]))
            ++end;
        if (end == 0)
            return std::nullopt;
        parameter.value = m_rest.first(end);
        m_rest = m_rest.sliced(end);
    }
    m_rest = withoutSurroundingSpace(m_rest);
    if (!m_rest.isEmpty() && m_rest.front() != ';')
        return std::nullopt;
    m_isMalformed = false;
    return parameter;
}

QByteArray unescaped(QByteArrayView quoted)
{
    QByteArray bytes;
    bytes.reserve(quoted.size());
    for (qsizetype at = 0; at < quoted.size(); ++at) {
        if (quoted[at] == '\\' && at + 1 < quoted.size())
            ++at;
        bytes.append(quoted[at]);
    }
    return bytes;
}

} // namespace Quern::protocol::http
