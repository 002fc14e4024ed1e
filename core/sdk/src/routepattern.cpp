#include "routepattern_p.h"

#include "httpsyntax_p.h"

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

[[noreturn]] void refuse(QByteArrayView pattern, const std::string &reason)
{
    throw std::invalid_argument("route pattern " + quoted(pattern) + ' ' + reason);
}

bool isParameterName(QByteArrayView name)
{
    return !name.isEmpty() && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
    });
}

void checkCharacters(QByteArrayView pattern)
{
    if (!pattern.startsWith('/'))
        refuse(pattern, "does not start with '/'");
    if (pattern.contains("//"))
        refuse(pattern, "holds an empty segment: write one '/' instead of two");
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        const auto byte = static_cast<unsigned char>(pattern[i]);
        if (byte == '?' || byte == '#')
            refuse(pattern, "holds '?' or '#': a route matches the path alone; read the rest with Request::query()");
        if (byte <= 0x20 || byte == 0x7f)
            refuse(pattern, "holds a space or a control character: percent-encode it");
        if (byte == '%' && escapedByte(pattern, i) < 0)
            refuse(pattern, "holds a malformed percent-escape: write %25 for a percent sign");
    }
}

} // namespace

QList<PatternSegment> parsePattern(QByteArrayView pattern)
{
    checkCharacters(pattern);
    QList<PatternSegment> segments;
    for (qsizetype begin = 1; begin <= pattern.size();) {
        const qsizetype slash = pattern.indexOf('/', begin);
        const qsizetype end = slash < 0 ? pattern.size() : slash;
        const QByteArrayView text = pattern.sliced(begin, end - begin);
        begin = end + 1;

        PatternSegment segment;
        if (text.startsWith(':')) {
            segment.parameter = text.sliced(1);
            if (!isParameterName(segment.parameter))
                refuse(pattern, "has the parameter " + quoted(text) +
                                    ": its name fills the segment and holds letters, digits, '_' and '-' only");
            for (const PatternSegment &other : std::as_const(segments)) {
                if (other.parameter == segment.parameter)
                    refuse(pattern, "has two parameters " + quoted(text) + ": rename one");
            }
        } else {
            appendPercentDecoded(text, Plus::Literal, segment.fixed);
        }
        segments.append(segment);
    }
    return segments;
}

QByteArray patternShape(const QList<PatternSegment> &segments)
{
    QByteArray shape;
    for (const PatternSegment &segment : segments)
        shape.append('/').append(segment.isParameter() ? QByteArrayLiteral(":") : segment.fixed.toPercentEncoding());
    return shape;
}

} // namespace Quern
