#pragma once

#include <QByteArray>
#include <QByteArrayView>

#include <algorithm>
#include <iterator>
#include <string>
#include <string_view>

namespace Quern {

/// Whether \a c may stand in a token (RFC 9110 §5.6.2).
constexpr bool isTokenChar(char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    constexpr std::string_view marks("!#$%&'*+-.^_`|~");
    return marks.find(c) != std::string_view::npos;
}

/// The methods that requests may have, in upper case; all others are answered 501 before any handler sees them. Those
/// that llhttp knows, but for CONNECT: this is no proxy.
inline constexpr std::string_view knownMethods[] = {
    "ACL",       "BIND",     "CHECKOUT",   "COPY",       "DELETE", "GET",        "HEAD",   "LINK",    "LOCK",
    "M-SEARCH",  "MERGE",    "MKACTIVITY", "MKCALENDAR", "MKCOL",  "MOVE",       "NOTIFY", "OPTIONS", "PATCH",
    "POST",      "PROPFIND", "PROPPATCH",  "PURGE",      "PUT",    "REBIND",     "REPORT", "SEARCH",  "SOURCE",
    "SUBSCRIBE", "TRACE",    "UNBIND",     "UNLINK",     "UNLOCK", "UNSUBSCRIBE"};

inline bool isKnownMethod(QByteArrayView method)
{
    const std::string_view wanted(method.data(), static_cast<std::size_t>(method.size()));
    return std::find(std::begin(knownMethods), std::end(knownMethods), wanted) != std::end(knownMethods);
}

/// \a text in quotes for a message, with control characters as \\xNN: a NUL would end an exception's text.
inline std::string quoted(QByteArrayView text)
{
    constexpr std::string_view digits("0123456789abcdef");
    std::string result("\"");
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte < 0x20 || byte == 0x7f)
            result.append("\\x").append({digits[byte / 16], digits[byte % 16]});
        else
            result.push_back(c);
    }
    return result.append("\"");
}

inline bool isToken(QByteArrayView text)
{
    return !text.isEmpty() && std::all_of(text.begin(), text.end(), isTokenChar);
}

/// Whether \a text holds what may not stand in a field value or a target: all control characters but tab.
inline bool holdsControlCharacter(QByteArrayView text)
{
    return std::any_of(text.begin(), text.end(), [](char c) {
        const auto byte = static_cast<unsigned char>(c);
        return (byte < 0x20 && byte != '\t') || byte == 0x7f;
    });
}

inline bool equalsIgnoringCase(QByteArrayView left, QByteArrayView right)
{
    return left.size() == right.size() && left.compare(right, Qt::CaseInsensitive) == 0;
}

constexpr int hexDigit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/// The byte that the percent-escape at \a index of \a text stands for; -1 if none stands there, or a malformed one.
inline int escapedByte(QByteArrayView text, qsizetype index)
{
    if (text[index] != '%' || index + 2 >= text.size())
        return -1;
    const int high = hexDigit(text[index + 1]);
    const int low = hexDigit(text[index + 2]);
    return high < 0 || low < 0 ? -1 : high * 16 + low;
}

enum class Plus {
    Literal, ///< in a path
    Space,   ///< in a query string
};

/// Appends \a text to \a out with each percent-escape replaced by its byte; a malformed escape stays as it is.
template <typename Bytes>
void appendPercentDecoded(QByteArrayView text, Plus plus, Bytes &out)
{
    out.reserve(out.size() + text.size());
    for (qsizetype i = 0; i < text.size(); ++i) {
        const int byte = escapedByte(text, i);
        if (byte >= 0) {
            out.append(static_cast<char>(byte));
            i += 2;
        } else {
            out.append(text[i] == '+' && plus == Plus::Space ? ' ' : text[i]);
        }
    }
}

/// Appends \a c to \a out, as it is if \a plain, else as a percent-escape.
template <typename Bytes>
void appendPercentEncoded(Bytes &out, char c, bool plain)
{
    constexpr std::string_view digits("0123456789ABCDEF");
    if (plain) {
        out.append(c);
        return;
    }
    const auto byte = static_cast<unsigned char>(c);
    out.append('%');
    out.append(digits[byte / 16]);
    out.append(digits[byte % 16]);
}

/// Cuts \a text, which is UTF-8, to \a most bytes or the few less that end with a whole character.
inline void truncateUtf8(QByteArray &text, qsizetype most)
{
    if (text.size() <= most)
        return;
    const auto isContinuation = [&text](qsizetype at) { return (static_cast<quint8>(text[at]) & 0xc0) == 0x80; };
    for (int steps = 0; steps < 3 && isContinuation(most); ++steps)
        --most;
    text.truncate(most);
}

/// Why the server refuses \a path, which is percent-encoded as sent: an escape that is malformed (RFC 3986 §2.1), an
/// encoded NUL, or a segment that, decoded, is "." or ".."; nullptr if there is nothing against it. Dot segments are
/// refused rather than removed: a client that follows RFC 3986 §5.2.4 never sends one, and whoever does aims at a
/// server that removes it too late. An encoded slash separates no segments (RFC 3986 §2.2), but it may for whoever
/// decodes the path again, or makes the name of a file of it: both readings are refused.
inline const char *flawOfPath(QByteArrayView path)
{
    int dots = 0; // of the segment in progress
    bool hasOnlyDots = true;
    const auto isDotSegment = [&] { return hasOnlyDots && (dots == 1 || dots == 2); };
    for (qsizetype at = 0; at < path.size(); ++at) {
        char byte = path[at];
        if (byte == '%') {
            const int decoded = escapedByte(path, at);
            if (decoded < 0)
                return "malformed percent-escape in path";
            if (decoded == 0)
                return "encoded NUL in path";
            byte = static_cast<char>(decoded);
            at += 2;
        }
        if (byte == '/') {
            if (isDotSegment())
                return "dot segment in path";
            dots = 0;
            hasOnlyDots = true;
            continue;
        }
        dots += byte == '.' ? 1 : 0;
        hasOnlyDots &= byte == '.';
    }
    return isDotSegment() ? "dot segment in path" : nullptr;
}

/// The path of a valid request target (RFC 9112 §3.2), percent-encoded as sent: without the query string, and without
/// scheme and authority; "/" for a URI without a path, "*" for "*".
inline QByteArrayView pathOfTarget(QByteArrayView target)
{
    const qsizetype mark = target.indexOf('?');
    const QByteArrayView beforeQuery = mark < 0 ? target : target.first(mark);
    const qsizetype authority = beforeQuery.startsWith('/') ? -1 : beforeQuery.indexOf("://");
    if (authority < 0)
        return beforeQuery;
    const qsizetype slash = beforeQuery.indexOf('/', authority + 3);
    return slash < 0 ? QByteArrayView("/") : beforeQuery.sliced(slash);
}

} // namespace Quern
