#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QList>

namespace Quern {

/// One segment of a route's pattern: what stands between two '/'.
struct PatternSegment
{
    QByteArray fixed;         ///< the bytes to match, percent-decoded
    QByteArrayView parameter; ///< name of the parameter, a view into the pattern; empty for a fixed segment

    bool isParameter() const { return !parameter.isEmpty(); }
};

/// Splits \a pattern, "/user/:id" for instance, into its segments. "/" has one, empty and fixed, and so ends "/user/".
/// Throws std::invalid_argument, with the pattern and the reason, if it is malformed.
QUERN_EXPORT QList<PatternSegment> parsePattern(QByteArrayView pattern);

/// What the patterns that match the same paths have in common: "/user/:" for "/user/:id" and "/user/:name".
QUERN_EXPORT QByteArray patternShape(const QList<PatternSegment> &segments);

} // namespace Quern
