#include <Quern/request.h>

#include "application_p.h"
#include "request_p.h"

#include "httpsyntax_p.h"
#include "routepattern_p.h"

#include <QRegularExpression>

#include <algorithm>
#include <stdexcept>
#include <string>

namespace Quern {

namespace {

using UrlParam = std::pair<QByteArrayView, QString>;
using UrlParams = std::initializer_list<UrlParam>;

QByteArrayView withoutUserInfo(QByteArrayView authority)
{
    return authority.sliced(authority.lastIndexOf('@') + 1);
}

/// The authority of a target in absolute form (RFC 9112 §3.2.2); null for another one.
QByteArrayView authorityOf(QByteArrayView target)
{
    const qsizetype start = target.startsWith('/') ? -1 : target.indexOf("://");
    if (start < 0)
        return QByteArrayView();
    const QByteArrayView rest = target.sliced(start + 3);
    const auto end = std::find_if(rest.begin(), rest.end(), [](char c) { return c == '/' || c == '?'; });
    return rest.first(end - rest.begin());
}

[[noreturn]] void refuse(QByteArrayView name, const std::string &reason)
{
    throw std::invalid_argument("no URL for the route " + quoted(name) + ": " + reason);
}

/// The text that \a segment of the route \a name has with \a value in its place.
QByteArray filled(QByteArrayView name, const PatternSegment &segment, const QString &value)
{
    const bool isWildcard = segment.kind == PatternSegment::Kind::Wildcard;
    if (value.isEmpty() || (isWildcard && value.startsWith(u'/')))
        refuse(name, "its parameter " + quoted(segment.name) + " is empty or begins with '/': no request would match");
    if (!segment.constraint.isEmpty() &&
        !QRegularExpression(QRegularExpression::anchoredPattern(QString::fromUtf8(segment.constraint)))
             .match(value)
             .hasMatch())
        refuse(name, "its parameter " + quoted(segment.name) + " does not fit the constraint " +
                         quoted(segment.constraint) + ": no request would match");
    return value.toUtf8().toPercentEncoding(isWildcard ? QByteArrayLiteral("/") : QByteArray());
}

QByteArray filledPattern(QByteArrayView name, QByteArrayView pattern, UrlParams params)
{
    QByteArray path;
    std::size_t used = 0;
    const QList<PatternSegment> segments = parsePattern(pattern);
    for (const PatternSegment &segment : segments) {
        path += '/';
        if (segment.kind == PatternSegment::Kind::Fixed) {
            path += segment.fixed.toPercentEncoding();
            continue;
        }
        const auto given = std::find_if(params.begin(), params.end(),
                                        [&](const UrlParam &param) { return param.first == segment.name; });
        if (given == params.end())
            refuse(name, "its parameter " + quoted(segment.name) + " is missing: give it a value");
        ++used;
        path += filled(name, segment, given->second);
    }
    if (used != params.size())
        refuse(name, "it has " + std::to_string(used) + " parameters and " + std::to_string(params.size()) +
                         " values were given: the pattern is " + quoted(pattern));
    return path;
}

} // namespace

QByteArrayView Request::host() const
{
    if (!d->host.isEmpty())
        return withoutUserInfo(d->host);
    const QByteArrayView authority = authorityOf(d->target);
    return withoutUserInfo(authority.isNull() ? header("Host") : authority);
}

QUrl Request::url() const
{
    QByteArray text;
    if (!host().isEmpty())
        text.append(scheme()).append("://").append(host());
    const QByteArrayView requestPath = path();
    if (requestPath.startsWith('/')) // not the '*' of OPTIONS
        text.append(requestPath);
    if (const QByteArrayView query = queryString(); !query.isEmpty())
        text.append('?').append(query);
    return QUrl::fromEncoded(text);
}

QByteArrayView Request::routeName() const
{
    return d->route ? QByteArrayView(d->route->name) : QByteArrayView();
}

QByteArrayView Request::routePattern() const
{
    return d->route ? QByteArrayView(d->route->pattern) : QByteArrayView();
}

QByteArray Request::urlFor(QByteArrayView name, UrlParams params) const
{
    const RouteSpec *route = d->application ? d->application->routeNamed(name) : nullptr;
    if (route == nullptr)
        refuse(name, "no route has that name: give it one with Route::name()");
    const QByteArray path = filledPattern(name, route->pattern, params);
    if (const char *flaw = flawOfPath(path))
        refuse(name, "the server would refuse " + quoted(path) + ": " + flaw);
    return path;
}

} // namespace Quern
