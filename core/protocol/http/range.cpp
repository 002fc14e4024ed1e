#include "protocol/http/range.h"

#include "protocol/http/bytes.h"

#include <algorithm>
#include <limits>
#include <optional>

namespace Quern::protocol::http {

namespace {

/// Ranges with a smaller gap than this are joined, in bytes: about what the head of a part takes.
constexpr quint64 minGap = 80;

/// A number beyond 64 bits is as good as the largest one: nothing is that long. nullopt if it is none.
std::optional<quint64> numberOf(QByteArrayView digits)
{
    constexpr quint64 most = std::numeric_limits<quint64>::max();
    if (digits.isEmpty())
        return std::nullopt;
    quint64 number = 0;
    for (const char each : digits) {
        if (!isDigit(each))
            return std::nullopt;
        const auto digit = static_cast<quint64>(each - '0');
        number = number > (most - digit) / 10 ? most : number * 10 + digit;
    }
    return number;
}

/// Whether \a spec is a range-spec (RFC 9110 §14.1.1); appends it to \a ranges if some of it exists.
bool addRange(QByteArrayView spec, quint64 size, ByteRanges &ranges)
{
    const qsizetype dash = spec.indexOf('-');
    if (dash < 0)
        return false;
    const std::optional<quint64> last = numberOf(spec.sliced(dash + 1));
    if (dash == 0) {
        if (!last)
            return false;
        const quint64 length = std::min(*last, size);
        if (length > 0)
            ranges.append({size - length, length});
        return true;
    }
    const std::optional<quint64> first = numberOf(spec.first(dash));
    const bool isOpen = dash == spec.size() - 1;
    if (!first || (!isOpen && (!last || *last < *first)))
        return false;
    if (*first < size)
        ranges.append({*first, (isOpen ? size - 1 : std::min(*last, size - 1)) - *first + 1});
    return true;
}

bool isClose(const ByteRange &left, const ByteRange &right)
{
    const quint64 end = left.offset + left.length;
    return right.offset <= end || right.offset - end < minGap;
}

ByteRanges joined(const ByteRanges &sorted)
{
    ByteRanges result;
    for (const ByteRange &range : sorted) {
        if (result.isEmpty() || !isClose(result.last(), range)) {
            result.append(range);
            continue;
        }
        ByteRange &former = result.last();
        former.length = std::max(former.last(), range.last()) - former.offset + 1;
    }
    return result;
}

} // namespace

RangeRequest parseRange(QByteArrayView value, quint64 size)
{
    RangeRequest request;
    const qsizetype equals = value.indexOf('=');
    if (size == 0 || equals < 0 || !isIgnoringCase(value.first(equals), "bytes"))
        return request;

    int count = 0;
    ByteRanges ranges;
    for (QByteArrayView rest = value.sliced(equals + 1); !rest.isNull();) {
        const qsizetype comma = rest.indexOf(',');
        const QByteArrayView spec = withoutSurroundingSpace(comma < 0 ? rest : rest.first(comma));
        rest = comma < 0 ? QByteArrayView() : rest.sliced(comma + 1);
        if (spec.isEmpty()) // a list may have empty elements (RFC 9110 §5.6.1.2)
            continue;
        if (++count > MaxRanges || !addRange(spec, size, ranges))
            return request;
    }
    if (count == 0)
        return request;
    if (ranges.isEmpty()) {
        request.verdict = RangeVerdict::Unsatisfiable;
        return request;
    }
    request.verdict = RangeVerdict::Satisfiable;
    ByteRanges sorted = ranges;
    std::sort(sorted.begin(), sorted.end(),
              [](const ByteRange &left, const ByteRange &right) { return left.offset < right.offset; });
    sorted = joined(sorted);
    request.ranges = sorted.size() < ranges.size() ? sorted : ranges;
    return request;
}

} // namespace Quern::protocol::http
