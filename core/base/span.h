#pragma once

#include <QByteArrayView>

#include <QtGlobal>

namespace Quern::base {

/// A piece of a longer byte string, by place instead of by pointer, so that it survives a copy of the bytes.
struct Span
{
    quint32 offset = 0; ///< bytes from the front
    quint32 length = 0; ///< bytes

    QByteArrayView in(QByteArrayView bytes) const { return bytes.sliced(offset, length); }
    bool fits(qsizetype size) const { return quint64(offset) + length <= quint64(size); }
    bool operator==(const Span &) const = default;
};

/// One header field of a message head.
struct HeaderSpan
{
    Span name;
    Span value; ///< without surrounding white space
    bool operator==(const HeaderSpan &) const = default;
};

} // namespace Quern::base
