#pragma once

#include <QByteArrayView>

#include <optional>

namespace Quern::protocol::http {

/// What tells one version of a representation from another.
struct Validators
{
    QByteArrayView entityTag;           ///< with its quotes and, if weak, its W/; empty: none
    std::optional<qint64> lastModified; ///< seconds since 1970
};

/// The condition fields of a request (RFC 9110 §13.1); a null view: the field is absent. Views into the request head.
struct ConditionFields
{
    QByteArrayView ifMatch{};
    QByteArrayView ifNoneMatch{};
    QByteArrayView ifModifiedSince{};
    QByteArrayView ifUnmodifiedSince{};
    QByteArrayView ifRange{};
};

enum class ConditionVerdict : quint8 {
    Proceed,            ///< all conditions hold, or there are none
    NotModified,        ///< 304: the client has it
    PreconditionFailed, ///< 412
};

/// Whether \a text is one entity tag and no more (RFC 9110 §8.8.3).
bool isEntityTag(QByteArrayView text);

/// Whether two entity tags are the same by the strong comparison: neither is weak (RFC 9110 §8.8.3.2).
bool isSameStrong(QByteArrayView left, QByteArrayView right);
/// … by the weak comparison: a leading W/ does not count.
bool isSameWeak(QByteArrayView left, QByteArrayView right);

/// Judges a GET or HEAD of an existing representation, in the order of RFC 9110 §13.2.2. A date that is none is ignored
/// (§13.1.3); a list of entity tags counts up to the first that is malformed. \a now: seconds since 1970.
ConditionVerdict judgeConditions(const ConditionFields &fields, const Validators &validators, qint64 now);

/// Whether a Range field is to be obeyed as far as \a ifRange goes (RFC 9110 §13.1.5): it is absent, names the present
/// entity tag, both being strong, or the very date of the last change, if that is long enough ago to be a strong
/// validator (§8.8.2.2).
bool isRangeWanted(QByteArrayView ifRange, const Validators &validators, qint64 now);

} // namespace Quern::protocol::http
