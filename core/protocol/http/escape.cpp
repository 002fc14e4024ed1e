#include "protocol/http/escape.h"

#include <algorithm>
#include <array>

namespace Quern::protocol::http {

namespace {

constexpr char hexDigits[] = "0123456789ABCDEF";

/// Which bytes stand for themselves: visible ASCII and space without \a special.
constexpr std::array<bool, 256> plainBytes(const char *special)
{
    std::array<bool, 256> plain{};
    for (size_t byte = 0x20; byte < 0x7f; ++byte)
        plain[byte] = true;
    for (; *special != '\0'; ++special)
        plain[static_cast<quint8>(*special)] = false;
    return plain;
}

constexpr std::array<bool, 256> plainInJson = plainBytes("\"\\");
constexpr std::array<bool, 256> plainInHtml = plainBytes("<>&\"'");

/// Length of the character of UTF-8 (RFC 3629 §4), one beyond ASCII, at the front of \a bytes; 0 if there is none.
qsizetype characterLength(QByteArrayView bytes)
{
    const auto byteAt = [bytes](qsizetype at) {
        return at < bytes.size() ? static_cast<quint8>(bytes[at]) : quint8(0);
    };
    const auto isContinuation = [&byteAt](qsizetype at) { return (byteAt(at) & 0xc0) == 0x80; };
    const quint8 first = byteAt(0);
    const quint8 second = byteAt(1);
    if (first >= 0xc2 && first <= 0xdf)
        return isContinuation(1) ? 2 : 0;
    if ((first & 0xf0) == 0xe0) {
        const bool isOverlong = first == 0xe0 && second < 0xa0;
        const bool isSurrogate = first == 0xed && second > 0x9f;
        return isContinuation(1) && isContinuation(2) && !isOverlong && !isSurrogate ? 3 : 0;
    }
    if (first >= 0xf0 && first <= 0xf4) {
        const bool isOverlong = first == 0xf0 && second < 0x90;
        const bool isTooLarge = first == 0xf4 && second > 0x8f;
        return isContinuation(1) && isContinuation(2) && isContinuation(3) && !isOverlong && !isTooLarge ? 4 : 0;
    }
    return 0;
}

char *put(char *to, QByteArrayView bytes)
{
    return std::copy(bytes.begin(), bytes.end(), to);
}

char *putHex(char *to, char byte)
{
    const auto value = static_cast<quint8>(byte);
    *to++ = hexDigits[value >> 4];
    *to++ = hexDigits[value & 0xf];
    return to;
}

constexpr char replacement[] = "\xef\xbf\xbd"; // U+FFFD

/// Writes \a text; \a putAscii does it for the ASCII bytes that are not in \a plain.
template <typename PutAscii>
char *putUtf8(char *to, QByteArrayView text, const std::array<bool, 256> &plain, PutAscii putAscii)
{
    for (qsizetype at = 0; at < text.size();) {
        const char byte = text[at];
        if (plain[static_cast<quint8>(byte)]) {
            *to++ = byte;
            ++at;
        } else if (static_cast<quint8>(byte) < 0x80) {
            to = putAscii(to, byte);
            ++at;
        } else if (const qsizetype length = characterLength(text.sliced(at)); length > 0) {
            to = put(to, text.sliced(at, length));
            at += length;
        } else {
            to = put(to, replacement);
            ++at;
        }
    }
    return to;
}

void appendWritten(QByteArray &out, QByteArrayView text, char *(*writer)(char *, QByteArrayView))
{
    const qsizetype start = out.size();
    out.resize(start + text.size() * maxEscapedBytes);
    const char *const end = writer(out.data() + start, text);
    out.truncate(end - out.constData());
}

} // namespace

char *putJsonText(char *to, QByteArrayView text)
{
    return putUtf8(to, text, plainInJson, [](char *at, char byte) {
        if (byte != '"' && byte != '\\')
            return putHex(put(at, "\\u00"), byte);
        *at++ = '\\';
        *at++ = byte;
        return at;
    });
}

char *putHtmlText(char *to, QByteArrayView text)
{
    return putUtf8(to, text, plainInHtml, [](char *at, char byte) {
        switch (byte) {
        case '<':
            return put(at, "&lt;");
        case '>':
            return put(at, "&gt;");
        case '&':
            return put(at, "&amp;");
        case '"':
            return put(at, "&quot;");
        case '\'':
            return put(at, "&#39;");
        case '\t':
        case '\n':
            *at++ = byte;
            return at;
        default: // may not stand in HTML in any form
            return put(at, replacement);
        }
    });
}

char *putLogText(char *to, QByteArrayView text)
{
    for (const char byte : text) {
        if (plainInJson[static_cast<quint8>(byte)])
            *to++ = byte;
        else
            to = putHex(put(to, "\\x"), byte);
    }
    return to;
}

void appendJsonText(QByteArray &out, QByteArrayView text)
{
    appendWritten(out, text, putJsonText);
}

void appendHtmlText(QByteArray &out, QByteArrayView text)
{
    appendWritten(out, text, putHtmlText);
}

} // namespace Quern::protocol::http
