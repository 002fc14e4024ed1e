#include "fuzzsupport.h"

#include "sdk/src/httpsyntax_p.h"
#include "sdk/src/routepattern_p.h"
#include "sdk/src/router_p.h"

#include <QRegularExpression>

#include <stdexcept>

using namespace Quern;
using fuzz::fail;

namespace {

/// One line of the input each: "gPATTERN", "pPATTERN" and "*PATTERN" add routes for GET, POST and any method;
/// "?PATH", "+PATH" and "!PATH" look a path up with GET, POST and OPTIONS.
constexpr qsizetype maxRoutes = 16;
constexpr qsizetype maxLine = 200; ///< bytes; a longer line is cut, so that no expression takes for ever

struct Added
{
    QByteArray method;
    QByteArray pattern;
    QList<PatternSegment> segments;
};

QByteArray decoded(QByteArrayView text)
{
    QByteArray out;
    appendPercentDecoded(text, Plus::Literal, out);
    return out;
}

bool fits(const PatternSegment &segment, QByteArrayView text)
{
    if (segment.kind == PatternSegment::Kind::Fixed)
        return decoded(text) == segment.fixed;
    if (text.isEmpty() || segment.constraint.isEmpty())
        return !text.isEmpty();
    const QRegularExpression expression(QRegularExpression::anchoredPattern(QString::fromUtf8(segment.constraint)));
    return expression.match(QString::fromUtf8(decoded(text))).hasMatch();
}

/// The simplest thing that does what the router does: one pattern against one path.
bool matches(const Added &route, QByteArrayView path)
{
    if (!path.startsWith('/'))
        return false;
    const QList<QByteArray> parts = path.sliced(1).toByteArray().split('/');
    for (qsizetype i = 0; i < route.segments.size(); ++i) {
        if (i >= parts.size())
            return false;
        if (route.segments[i].kind == PatternSegment::Kind::Wildcard)
            return !parts[i].isEmpty();
        if (!fits(route.segments[i], parts[i]))
            return false;
    }
    return parts.size() == route.segments.size();
}

bool takes(const Added &route, QByteArrayView method)
{
    return route.method == method || route.method == Router::AnyMethod;
}

/// The path that the pattern stands for when its parameters have the values found.
QByteArray filledPath(const Added &route, const Router::Match &match)
{
    QByteArray path;
    qsizetype next = 0;
    for (const PatternSegment &segment : route.segments) {
        path += '/';
        path += segment.kind == PatternSegment::Kind::Fixed ? segment.fixed : decoded(match.params[next++].value);
    }
    return path;
}

void check(const Router &router, const QList<Added> &routes, QByteArrayView method, QByteArrayView path)
{
    const Router::Match match = router.match(method, path);
    const Router::Match again = router.match(method, path);
    if (again.outcome != match.outcome || again.route != match.route || again.allow != match.allow)
        fail("not the same answer twice", path);

    bool known = false;
    bool taken = false;
    for (const Added &route : routes) {
        const bool fitting = matches(route, path);
        known = known || fitting;
        taken = taken || (fitting && takes(route, method));
    }
    if (match.outcome == Router::Outcome::Found) {
        const Added &route = routes[match.route];
        if (!matches(route, path) || !takes(route, method))
            fail("found a route that does not match", path, route.pattern);
        if (filledPath(route, match) != decoded(path))
            fail("the parameters do not make up the path", path, route.pattern);
        return;
    }
    if (taken)
        fail("missed a route", path);
    const bool isServerQuestion = path == "*" && method == "OPTIONS";
    if ((match.outcome == Router::Outcome::NotFound) == (known || isServerQuestion))
        fail("wrong about the path", path);
    if (match.outcome != Router::Outcome::NotFound && !match.allow.contains("OPTIONS"))
        fail("no Allow", path);
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    Router router;
    QList<Added> routes;
    const QList<QByteArray> lines = QByteArray(reinterpret_cast<const char *>(data), qsizetype(size)).split('\n');
    for (const QByteArray &line : lines) {
        if (line.isEmpty())
            continue;
        const QByteArray rest = line.mid(1, maxLine);
        const char kind = line.front();
        if (kind == 'g' || kind == 'p' || kind == '*') {
            const QByteArray method = kind == 'g' ? "GET" : kind == 'p' ? "POST" : "*";
            if (routes.size() == maxRoutes)
                continue;
            try {
                router.add(method, rest);
            } catch (const std::invalid_argument &) {
                continue;
            }
            routes.append({method, rest, {}});
            routes.last().segments = parsePattern(routes.last().pattern);
        } else if (kind == '?' || kind == '+' || kind == '!') {
            check(router, routes, kind == '?' ? "GET" : kind == '+' ? "POST" : "OPTIONS", rest);
        }
    }
    return 0;
}
