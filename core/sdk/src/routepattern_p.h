#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace Quern {

/// One segment of a route's pattern: what stands between two '/'.
struct PatternSegment
{
    enum class Kind {
        Fixed,     ///< "user": these bytes
        Parameter, ///< ":id" or ":id(\d+)": any one non-empty segment, or one that fits the constraint
        Wildcard,  ///< "*path", the last one: all that is left, at least one segment
    };

    Kind kind = Kind::Fixed;
    QByteArray fixed;    ///< the bytes to match, percent-decoded
    QByteArrayView name; ///< of the parameter or wildcard, a view into the pattern
    QByteArrayView
        constraint; ///< a regular expression for the whole decoded segment, a view into the pattern; or empty
};

/// Splits \a pattern, "/user/:id" for instance, into its segments. "/" has one, empty and fixed, and so ends "/user/".
/// Throws std::invalid_argument, with the pattern and the reason, if it is malformed.
QUERN_EXPORT QList<PatternSegment> parsePattern(QByteArrayView pattern);

/// What the patterns that match the same paths have in common: "/user/:" for "/user/:id" and "/user/:name",
/// "/user/:(\d+)" with a constraint, "/files/*" with a wildcard.
QUERN_EXPORT QByteArray patternShape(const QList<PatternSegment> &segments);

} // namespace Quern
