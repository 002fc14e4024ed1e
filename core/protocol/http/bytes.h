#pragma once

#include <QByteArrayView>

#include <array>
#include <cstring>
#include <string_view>

namespace Quern::protocol::http {

/// Where a byte may stand. The sets are those of RFC 9110 §5.6.2 and §5.5, RFC 9112 §3.2 and RFC 3986 §3.2.2.
enum ByteClass : quint8 {
    TokenByte = 1,     ///< method, field name
    ValueByte = 2,     ///< field value: visible, space, HTAB, and bytes from 0x80
    TargetByte = 4,    ///< request target: visible ASCII without '#'
    RegNameByte = 8,   ///< host name, with '%' of percent-encoding
    LiteralByte = 16,  ///< between the brackets of an IP literal
    PlainPathByte = 32 ///< in a request target's path with no meaning for its segments but to separate them
};

constexpr std::array<quint8, 256> makeByteClasses()
{
    std::array<quint8, 256> classes{};
    const auto add = [&classes](std::string_view bytes, quint8 byteClass) {
        for (const char byte : bytes)
            classes[static_cast<quint8>(byte)] |= byteClass;
    };
    const auto addRange = [&classes](unsigned first, unsigned last, unsigned byteClasses) {
        for (unsigned byte = first; byte <= last; ++byte)
            classes[byte] |= static_cast<quint8>(byteClasses);
    };
    addRange('0', '9', TokenByte | RegNameByte | LiteralByte);
    addRange('A', 'Z', TokenByte | RegNameByte | LiteralByte);
    addRange('a', 'z', TokenByte | RegNameByte | LiteralByte);
    add("!#$%&'*+-.^_`|~", TokenByte);
    add("-._~%!$&'()*+,;=", RegNameByte);
    add(":.-_~!$&'()*+,;=%", LiteralByte);
    addRange(0x21, 0x7e, TargetByte | ValueByte);
    classes['#'] &= static_cast<quint8>(~TargetByte);
    addRange(0x80, 0xff, ValueByte);
    add(" \t", ValueByte);
    addRange(0x21, 0x7e, PlainPathByte);
    for (const char byte : std::string_view("#%."))
        classes[static_cast<quint8>(byte)] &= static_cast<quint8>(~PlainPathByte);
    return classes;
}

inline constexpr std::array<quint8, 256> byteClasses = makeByteClasses();

constexpr bool isIn(ByteClass byteClass, char byte)
{
    return (byteClasses[static_cast<quint8>(byte)] & byteClass) != 0;
}

/// Index of the first byte of \a bytes from \a from on that is not in \a byteClass; its size if there is none.
inline qsizetype firstNotIn(ByteClass byteClass, QByteArrayView bytes, qsizetype from = 0)
{
    while (from < bytes.size() && isIn(byteClass, bytes[from]))
        ++from;
    return from;
}

/// The smaller of a length on the wire and a size in memory.
constexpr qsizetype sizeUpTo(quint64 length, qsizetype size)
{
    return length < static_cast<quint64>(size) ? static_cast<qsizetype>(length) : size;
}

/// Whether every byte of \a bytes is in ValueByte. Takes eight bytes at a time, as values make up most of a head.
inline bool areValueBytes(QByteArrayView bytes)
{
    constexpr quint64 ones = 0x0101010101010101;
    constexpr quint64 highBits = ones * 0x80;
    qsizetype at = 0;
    for (; at + 8 <= bytes.size(); at += 8) {
        quint64 word = 0;
        std::memcpy(&word, bytes.data() + at, sizeof word);
        const quint64 del = word ^ (ones * 0x7f);
        const quint64 suspects = ((word - ones * 0x20) & ~word) | ((del - ones) & ~del);
        // HTAB is the one suspect that may be innocent.
        if ((suspects & highBits) != 0 && firstNotIn(ValueByte, bytes.sliced(at, 8)) != 8)
            return false;
    }
    return firstNotIn(ValueByte, bytes, at) == bytes.size();
}

constexpr bool isDigit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/// \a bytes without optional white space (RFC 9110 §5.6.3) at its ends.
inline QByteArrayView withoutSurroundingSpace(QByteArrayView bytes)
{
    const auto isSpace = [](char byte) { return byte == ' ' || byte == '\t'; };
    qsizetype first = 0;
    qsizetype last = bytes.size();
    while (first < last && isSpace(bytes[first]))
        ++first;
    while (last > first && isSpace(bytes[last - 1]))
        --last;
    return bytes.sliced(first, last - first);
}

/// Whether \a bytes is \a lower without regard to ASCII case; \a lower holds no capitals.
inline bool isIgnoringCase(QByteArrayView bytes, std::string_view lower)
{
    if (bytes.size() != static_cast<qsizetype>(lower.size()))
        return false;
    for (size_t i = 0; i < lower.size(); ++i) {
        const char byte = bytes[static_cast<qsizetype>(i)];
        if ((byte >= 'A' && byte <= 'Z' ? static_cast<char>(byte | 0x20) : byte) != lower[i])
            return false;
    }
    return true;
}

} // namespace Quern::protocol::http
