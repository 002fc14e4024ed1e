#include "protocol/http/escape.h"

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

/// Appends \a text; \a escapeAscii does it for the ASCII bytes that are not in \a plain.
template <typename Escape>
void appendUtf8(QByteArray &out, QByteArrayView text, const std::array<bool, 256> &plain, Escape escapeAscii)
{
    qsizetype runStart = 0;
    for (qsizetype at = 0; at < text.size();) {
        const char byte = text[at];
        if (plain[static_cast<quint8>(byte)]) {
            ++at;
            continue;
        }
        if (const qsizetype length = characterLength(text.sliced(at)); length > 0) {
            at += length;
            continue;
        }
        out.append(text.sliced(runStart, at - runStart));
        if (static_cast<quint8>(byte) < 0x80)
            escapeAscii(byte);
        else
            out.append("\xef\xbf\xbd"); // U+FFFD
        runStart = ++at;
    }
    out.append(text.sliced(runStart));
}

} // namespace

void appendJsonString(QByteArray &out, QByteArrayView text)
{
    out.append('"');
    appendUtf8(out, text, plainInJson, [&out](char byte) {
        if (byte == '"' || byte == '\\') {
            out.append('\\').append(byte);
            return;
        }
        const auto value = static_cast<quint8>(byte);
        out.append("\\u00").append(hexDigits[value >> 4]).append(hexDigits[value & 0xf]);
    });
    out.append('"');
}

void appendHtmlText(QByteArray &out, QByteArrayView text)
{
    appendUtf8(out, text, plainInHtml, [&out](char byte) {
        switch (byte) {
        case '<':
            out.append("&lt;");
            break;
        case '>':
            out.append("&gt;");
            break;
        case '&':
            out.append("&amp;");
            break;
        case '"':
            out.append("&quot;");
            break;
        case '\'':
            out.append("&#39;");
            break;
        case '\t':
        case '\n':
            out.append(byte);
            break;
        default:
            out.append("\xef\xbf\xbd"); // other control characters may not stand in HTML in any form
        }
    });
}

void appendLogText(QByteArray &out, QByteArrayView text)
{
    qsizetype runStart = 0;
    for (qsizetype at = 0; at < text.size(); ++at) {
        const auto byte = static_cast<quint8>(text[at]);
        if (plainInJson[byte])
            continue;
        out.append(text.sliced(runStart, at - runStart));
        out.append("\\x").append(hexDigits[byte >> 4]).append(hexDigits[byte & 0xf]);
        runStart = at + 1;
    }
    out.append(text.sliced(runStart));
}

} // namespace Quern::protocol::http
