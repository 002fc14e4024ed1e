#include "protocol/http/conditional.h"

#include "protocol/http/bytes.h"
#include "protocol/http/httpdate.h"

#include <algorithm>

namespace Quern::protocol::http {

namespace {

constexpr QByteArrayView weakMark("W/");

QByteArrayView opaquePart(QByteArrayView tag)
{
    return tag.startsWith(weakMark) ? tag.sliced(weakMark.size()) : tag;
}

/// etagc: RFC 9110 §8.8.3.
bool isTagByte(char byte)
{
    const auto code = static_cast<quint8>(byte);
    return code == 0x21 || (code >= 0x23 && code != 0x7f);
}

/// The length of the entity tag at the front of \a text; 0 if there is none.
qsizetype entityTagLength(QByteArrayView text)
{
    const QByteArrayView opaque = opaquePart(text);
    if (!opaque.startsWith('"'))
        return 0;
    const auto *end = std::find_if_not(opaque.begin() + 1, opaque.end(), isTagByte);
    if (end == opaque.end() || *end != '"')
        return 0;
    return end + 1 - text.begin();
}

using SameTag = bool (*)(QByteArrayView left, QByteArrayView right);

/// Whether \a list, the value of If-Match or If-None-Match, names \a tag; "*" names everything that exists.
bool isListed(QByteArrayView list, QByteArrayView tag, SameTag isSame)
{
    list = withoutSurroundingSpace(list);
    if (list == "*")
        return true;
    if (tag.isEmpty())
        return false;
    while (!list.isEmpty()) {
        if (const char byte = list.front(); byte == ',' || byte == ' ' || byte == '\t') {
            list = list.sliced(1);
            continue;
        }
        const qsizetype length = entityTagLength(list);
        if (length == 0)
            return false;
        if (isSame(list.first(length), tag))
            return true;
        list = list.sliced(length);
    }
    return false;
}

} // namespace

bool isEntityTag(QByteArrayView text)
{
    return !text.isEmpty() && entityTagLength(text) == text.size();
}

bool isSameStrong(QByteArrayView left, QByteArrayView right)
{
    return left == right && !left.startsWith(weakMark);
}

bool isSameWeak(QByteArrayView left, QByteArrayView right)
{
    return opaquePart(left) == opaquePart(right);
}

ConditionVerdict judgeConditions(const ConditionFields &fields, const Validators &validators, qint64 now)
{
    const auto isModifiedSince = [&](QByteArrayView text) -> std::optional<bool> {
        const std::optional<qint64> date = parseHttpDate(text, now);
        if (!date || !validators.lastModified)
            return std::nullopt;
        return *validators.lastModified > *date;
    };
    if (!fields.ifMatch.isNull()) {
        if (!isListed(fields.ifMatch, validators.entityTag, isSameStrong))
            return ConditionVerdict::PreconditionFailed;
    } else if (isModifiedSince(fields.ifUnmodifiedSince).value_or(false)) {
        return ConditionVerdict::PreconditionFailed;
    }
    if (!fields.ifNoneMatch.isNull()) {
        if (isListed(fields.ifNoneMatch, validators.entityTag, isSameWeak))
            return ConditionVerdict::NotModified;
    } else if (!isModifiedSince(fields.ifModifiedSince).value_or(true)) {
        return ConditionVerdict::NotModified;
    }
    return ConditionVerdict::Proceed;
}

bool isRangeWanted(QByteArrayView ifRange, const Validators &validators, qint64 now)
{
    if (ifRange.isNull())
        return true;
    if (isEntityTag(ifRange))
        return isSameStrong(ifRange, validators.entityTag);
    const std::optional<qint64> date = parseHttpDate(ifRange, now);
    return date && validators.lastModified == date && *date < now;
}

} // namespace Quern::protocol::http
