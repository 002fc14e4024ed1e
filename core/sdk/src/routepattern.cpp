#include "routepattern_p.h"

#include "httpsyntax_p.h"

#include <QRegularExpression>

#include <stdexcept>
#include <string>

namespace Quern {

namespace {

[[noreturn]] void refuse(QByteArrayView pattern, const std::string &reason)
{
    throw std::invalid_argument("route pattern " + quoted(pattern) + ' ' + reason);
}

bool isNameChar(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
}

bool isName(QByteArrayView name)
{
    return !name.isEmpty() && std::all_of(name.begin(), name.end(), isNameChar);
}

void checkCharacters(QByteArrayView pattern, QByteArrayView fixed)
{
    for (qsizetype i = 0; i < fixed.size(); ++i) {
        if (fixed[i] == '?' || fixed[i] == '#')
            refuse(pattern, "holds '?' or '#': a route matches the path alone; read the rest with Request::query()");
        if (fixed[i] == '%' && escapedByte(fixed, i) < 0)
            refuse(pattern, "holds a malformed percent-escape: write %25 for a percent sign");
    }
}

/// The place behind the parenthesis that closes the one at \a begin; -1 if none does. Escapes and character classes
/// may hold parentheses that close nothing.
qsizetype endOfParentheses(QByteArrayView text, qsizetype begin)
{
    int depth = 0;
    bool inClass = false;
    for (qsizetype i = begin; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '\\') {
            ++i;
        } else if (inClass) {
            inClass = c != ']';
        } else if (c == '[') {
            inClass = true;
            const bool negated = i + 1 < text.size() && text[i + 1] == '^';
            i += negated ? 1 : 0;
            if (i + 1 < text.size() && text[i + 1] == ']') // first in its class: it is a member
                ++i;
        } else if (c == '(') {
            ++depth;
        } else if (c == ')' && --depth == 0) {
            return i + 1;
        }
    }
    return -1;
}

void checkConstraint(QByteArrayView pattern, QByteArrayView constraint)
{
    if (constraint.isEmpty())
        refuse(pattern, "has an empty constraint: leave the parentheses away, or write an expression between them");
    const QRegularExpression expression(QString::fromUtf8(constraint));
    if (!expression.isValid())
        refuse(pattern, "has the constraint " + quoted(constraint) +
                            ", which is no regular expression: " + expression.errorString().toStdString() +
                            " at its character " + std::to_string(expression.patternErrorOffset() + 1));
    // What is right alone may be wrong in the group that anchors it: an (?x) comment swallows the closing parenthesis.
    if (!QRegularExpression(QRegularExpression::anchoredPattern(expression.pattern())).isValid())
        refuse(pattern, "has the constraint " + quoted(constraint) + ", which cannot be anchored: remove its comment");
}

/// Reads ":name" or ":name(constraint)", which begins at \a begin. Returns the place behind it.
qsizetype parseParameter(QByteArrayView pattern, qsizetype begin, PatternSegment &segment)
{
    qsizetype end = begin + 1;
    while (end < pattern.size() && isNameChar(pattern[end]))
        ++end;
    segment.kind = PatternSegment::Kind::Parameter;
    segment.name = pattern.sliced(begin + 1, end - begin - 1);
    if (end < pattern.size() && pattern[end] == '(') {
        const qsizetype close = endOfParentheses(pattern, end);
        if (close < 0)
            refuse(pattern, "has a constraint without an end: add the ')' that closes it");
        segment.constraint = pattern.sliced(end + 1, close - end - 2);
        if (segment.constraint.contains('/'))
            refuse(pattern, "has a constraint with '/': it is held against one segment, which never holds one");
        end = close;
        if (!segment.name.isEmpty())
            checkConstraint(pattern, segment.constraint);
    }
    if (segment.name.isEmpty() || (end < pattern.size() && pattern[end] != '/')) {
        const qsizetype slash = pattern.indexOf('/', end);
        refuse(pattern, "has the parameter " +
                            quoted(pattern.sliced(begin, (slash < 0 ? pattern.size() : slash) - begin)) +
                            ": its name fills the segment and holds letters, digits, '_' and '-' only; a constraint "
                            "in parentheses may follow");
    }
    return end;
}

void parseWildcard(QByteArrayView pattern, QByteArrayView text, bool isLast, PatternSegment &segment)
{
    segment.kind = PatternSegment::Kind::Wildcard;
    segment.name = text.sliced(1);
    if (!isName(segment.name))
        refuse(pattern, "has the wildcard " + quoted(text) +
                            ": give it a name of letters, digits, '_' and '-', as in \"*path\"; %2A is a plain star");
    if (!isLast)
        refuse(pattern,
               "has the wildcard " + quoted(text) + " before its end: it takes all the segments that are left");
}

} // namespace

QList<PatternSegment> parsePattern(QByteArrayView pattern)
{
    if (!pattern.startsWith('/'))
        refuse(pattern, "does not start with '/'");
    if (pattern.contains("//"))
        refuse(pattern, "holds an empty segment: write one '/' instead of two");
    if (std::any_of(pattern.begin(), pattern.end(),
                    [](char c) { return static_cast<unsigned char>(c) <= 0x20 || c == 0x7f; }))
        refuse(pattern, "holds a space or a control character: percent-encode it");

    QList<PatternSegment> segments;
    for (qsizetype begin = 1; begin <= pattern.size();) {
        PatternSegment segment;
        qsizetype end = pattern.indexOf('/', begin);
        end = end < 0 ? pattern.size() : end;
        const QByteArrayView text = pattern.sliced(begin, end - begin);
        if (text.startsWith(':')) {
            end = parseParameter(pattern, begin, segment);
        } else if (text.startsWith('*')) {
            parseWildcard(pattern, text, end == pattern.size(), segment);
        } else {
            checkCharacters(pattern, text);
            appendPercentDecoded(text, Plus::Literal, segment.fixed);
            if (segment.fixed == "." || segment.fixed == "..")
                refuse(pattern, "holds the segment " + quoted(text) + ": no request that has one is let in");
        }
        for (const PatternSegment &other : std::as_const(segments)) {
            if (segment.kind != PatternSegment::Kind::Fixed && other.name == segment.name)
                refuse(pattern,
                       "has two parameters " + quoted(QByteArray(":") + segment.name.toByteArray()) + ": rename one");
        }
        segments.append(segment);
        begin = end + 1;
    }
    return segments;
}

QByteArray patternShape(const QList<PatternSegment> &segments)
{
    QByteArray shape;
    for (const PatternSegment &segment : segments) {
        shape.append('/');
        switch (segment.kind) {
        case PatternSegment::Kind::Fixed:
            shape.append(segment.fixed.toPercentEncoding());
            break;
        case PatternSegment::Kind::Parameter:
            shape.append(':');
            if (!segment.constraint.isEmpty())
                shape.append('(').append(segment.constraint).append(')');
            break;
        case PatternSegment::Kind::Wildcard:
            shape.append('*');
            break;
        }
    }
    return shape;
}

} // namespace Quern
