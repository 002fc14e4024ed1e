#pragma once

#include <QByteArrayView>
#include <QList>

namespace Quern::protocol::http {

/// A piece of a representation, in bytes; never empty.
struct ByteRange
{
    quint64 offset = 0;
    quint64 length = 0;

    quint64 last() const { return offset + length - 1; }
    bool operator==(const ByteRange &) const = default;
};

/// No QVarLengthArray: that of Qt 6.4 leaks its heap when another one on the heap is moved into it.
using ByteRanges = QList<ByteRange>;

enum class RangeVerdict : quint8 {
    Ignored,       ///< absent, malformed, of another unit, or unreasonable: answer with the whole (200)
    Unsatisfiable, ///< nothing asked for exists: 416
    Satisfiable,   ///< at least one range: 206
};

struct RangeRequest
{
    RangeVerdict verdict = RangeVerdict::Ignored;
    ByteRanges ranges; ///< if satisfiable: within the size and apart from each other
};

/// More ranges than this in one request are ignored altogether.
inline constexpr int MaxRanges = 32;

/// Reads the value of a Range field for a representation of \a size bytes (RFC 9110 §14.1.1, §14.2).
///
/// Many small or overlapping ranges are the known way to make a server send, or keep in mind, far more than it has
/// (CVE-2011-3192, RFC 9110 §17.15). So there are at most MaxRanges of them; ranges that overlap or lie closer together
/// than the head of a part is long are joined, whereby the sum of all never exceeds \a size. Joined ranges are in the
/// order of the bytes, others in the order asked for (RFC 9110 §15.3.7.2). A Range on an empty representation is
/// ignored: no Content-Range could describe the answer.
RangeRequest parseRange(QByteArrayView value, quint64 size);

} // namespace Quern::protocol::http
