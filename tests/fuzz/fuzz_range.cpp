#include "fuzzsupport.h"

#include "protocol/http/conditional.h"
#include "protocol/http/httpdate.h"
#include "protocol/http/range.h"

#include <algorithm>
#include <cstring>

using namespace Quern::protocol::http;
using Quern::fuzz::fail;

namespace {

/// Takes one line off the front of \a input; a null view once there is none.
QByteArrayView takeLine(QByteArrayView &input)
{
    const qsizetype end = input.indexOf('\n');
    const QByteArrayView line = end < 0 ? input : input.first(end);
    input = end < 0 ? QByteArrayView() : input.sliced(end + 1);
    return line;
}

void checkRanges(QByteArrayView value, quint64 size)
{
    const RangeRequest request = parseRange(value, size);
    if (request.ranges.isEmpty() == (request.verdict == RangeVerdict::Satisfiable))
        fail("ranges without a verdict that says so", value);
    if (request.ranges.size() > MaxRanges)
        fail("too many ranges", value);
    ByteRanges sorted = request.ranges;
    std::sort(sorted.begin(), sorted.end(), [](auto left, auto right) { return left.offset < right.offset; });
    quint64 end = 0;
    for (const ByteRange &range : sorted) {
        if (range.length == 0 || range.offset < end || range.offset >= size || range.length > size - range.offset)
            fail("a range is empty, overlaps another, or leaves the representation", value);
        end = range.offset + range.length;
    }
}

void checkDate(QByteArrayView text, qint64 now)
{
    const std::optional<qint64> date = parseHttpDate(text, now);
    if (!date)
        return;
    const QByteArray written = httpDate(*date);
    // A leap second at the end of 9999 has no fifth digit for its year.
    if (parseHttpDate(written, now) != date && *date < 253402300800)
        fail("a date that was read is not read again", text);
}

void checkConditions(const ConditionFields &fields, const Validators &validators, qint64 now, QByteArrayView input)
{
    const ConditionVerdict verdict = judgeConditions(fields, validators, now);
    if (verdict == ConditionVerdict::NotModified && fields.ifNoneMatch.isNull() && fields.ifModifiedSince.isNull())
        fail("304 to a request that asked for none", input);
    if (verdict == ConditionVerdict::PreconditionFailed && fields.ifMatch.isNull() && fields.ifUnmodifiedSince.isNull())
        fail("412 to a request that asked for none", input);
    if (!fields.ifRange.isNull() && isEntityTag(fields.ifRange) &&
        isRangeWanted(fields.ifRange, validators, now) != isSameStrong(fields.ifRange, validators.entityTag))
        fail("If-Range is not compared strongly", input);
    if (isSameStrong(fields.ifRange, validators.entityTag) && !isSameWeak(fields.ifRange, validators.entityTag))
        fail("the strong comparison holds and the weak one does not", input);
}

} // namespace

/// The input: eight bytes each of size and time, then lines: Range, the entity tag, If-Match, If-None-Match,
/// If-Modified-Since, If-Unmodified-Since, If-Range.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    quint64 length = 0;
    qint64 now = 0;
    if (size < sizeof length + sizeof now)
        return 0;
    std::memcpy(&length, data, sizeof length);
    std::memcpy(&now, data + sizeof length, sizeof now);
    now &= 0xff'ffff'ffff; // the clock of a server, not that of a geologist
    const QByteArrayView input(data, static_cast<qsizetype>(size));
    QByteArrayView rest = input.sliced(static_cast<qsizetype>(sizeof length + sizeof now));

    const QByteArrayView range = takeLine(rest);
    checkRanges(range, length);
    checkRanges(range, length % 1000);
    Validators validators = {takeLine(rest), std::nullopt};
    if (!isEntityTag(validators.entityTag))
        validators.entityTag = {};
    ConditionFields fields;
    for (QByteArrayView *field :
         {&fields.ifMatch, &fields.ifNoneMatch, &fields.ifModifiedSince, &fields.ifUnmodifiedSince, &fields.ifRange}) {
        *field = takeLine(rest);
        checkDate(*field, now);
    }
    checkConditions(fields, validators, now, input);
    validators.lastModified = now - static_cast<qint64>(length % 3);
    checkConditions(fields, validators, now, input);
    return 0;
}
