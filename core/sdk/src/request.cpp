#include <Quern/request.h>
#include <Quern/requestid.h>

#include "application_p.h"
#include "request_p.h"

#include "cookiefield_p.h"
#include "httpsyntax_p.h"
#include "urlencoded_p.h"

#include <algorithm>
#include <stdexcept>
#include <string>

namespace Quern {

namespace {

[[noreturn]] void refuse(const char *what, QByteArrayView value, const std::string &mend)
{
    throw std::invalid_argument(what + (' ' + quoted(value)) + mend);
}

} // namespace

QByteArrayView RequestPrivate::path() const
{
    return pathOfTarget(target);
}

RequestExtra &RequestPrivate::extra()
{
    if (!rare)
        rare = std::make_unique<RequestExtra>();
    return *rare;
}

QByteArrayView RequestPrivate::keep(const QByteArray &bytes)
{
    return extra().kept.emplace_back(bytes.isNull() ? QByteArrayLiteral("") : bytes);
}

Request::Request(RequestPrivate *data) : d(data) {}

Request::Request(const Request &other) = default;
Request &Request::operator=(const Request &other) = default;
Request::~Request() = default;

quint64 Request::id() const
{
    return d->id;
}

QByteArray Request::idText() const
{
    return RequestId::text(d->id);
}

QByteArrayView Request::method() const
{
    return d->method;
}

QByteArrayView Request::target() const
{
    return d->target;
}

QByteArrayView Request::path() const
{
    return d->path();
}

QByteArrayView Request::queryString() const
{
    const qsizetype mark = d->target.indexOf('?');
    return mark < 0 ? QByteArrayView() : d->target.sliced(mark + 1);
}

int Request::minorVersion() const
{
    return d->minorVersion;
}

QString Request::param(QByteArrayView name) const
{
    for (const RequestPrivate::Param &param : d->params) {
        if (param.name == name)
            return percentDecoded(param.value, Plus::Literal);
    }
    return QString();
}

QString Request::query(QByteArrayView name) const
{
    QString found;
    visitPairs(queryString(), [&](QByteArrayView each, QByteArrayView value) {
        if (!isEncodingOf(name, each))
            return false;
        found = percentDecoded(value, Plus::Space);
        return true;
    });
    return found;
}

QStringList Request::queryAll(QByteArrayView name) const
{
    QStringList found;
    visitPairs(queryString(), [&](QByteArrayView each, QByteArrayView value) {
        if (isEncodingOf(name, each))
            found.append(percentDecoded(value, Plus::Space));
        return false;
    });
    return found;
}

NameValueList Request::queryItems() const
{
    NameValueList items;
    visitPairs(queryString(), [&](QByteArrayView name, QByteArrayView value) {
        items.append({percentDecoded(name, Plus::Space), percentDecoded(value, Plus::Space)});
        return false;
    });
    return items;
}

QByteArrayView Request::header(QByteArrayView name) const
{
    for (const RequestPrivate::HeaderView &field : d->headers) {
        if (equalsIgnoringCase(field.name, name))
            return field.value;
    }
    return QByteArrayView();
}

qsizetype Request::headerCount() const
{
    return d->headers.size();
}

QByteArrayView Request::headerName(qsizetype index) const
{
    return d->headers[index].name;
}

QByteArrayView Request::headerValue(qsizetype index) const
{
    return d->headers[index].value;
}

QString Request::lastEventId() const
{
    return QString::fromUtf8(header("Last-Event-ID"));
}

QByteArrayView Request::trailer(QByteArrayView name) const
{
    QByteArrayView rest = d->rare ? QByteArrayView(d->rare->trailers) : QByteArrayView();
    while (!rest.isEmpty()) {
        const qsizetype end = rest.indexOf('\n');
        const QByteArrayView line = (end < 0 ? rest : rest.first(end)).trimmed();
        rest = end < 0 ? QByteArrayView() : rest.sliced(end + 1);
        const qsizetype colon = line.indexOf(':');
        if (colon >= 0 && equalsIgnoringCase(line.first(colon), name))
            return line.sliced(colon + 1).trimmed();
    }
    return QByteArrayView();
}

QString Request::cookie(QByteArrayView name) const
{
    QString found;
    // RFC 9113 §8.2.3: there may be several Cookie fields, as pieces of one.
    for (const RequestPrivate::HeaderView &field : d->headers) {
        if (!equalsIgnoringCase(field.name, "Cookie"))
            continue;
        const bool isFound = visitCookies(field.value, [&](QByteArrayView each, QByteArrayView value) {
            if (each != name)
                return false;
            found = percentDecoded(value, Plus::Literal);
            return true;
        });
        if (isFound)
            break;
    }
    return found;
}

NameValueList Request::cookies() const
{
    NameValueList items;
    for (const RequestPrivate::HeaderView &field : d->headers) {
        if (!equalsIgnoringCase(field.name, "Cookie"))
            continue;
        visitCookies(field.value, [&](QByteArrayView name, QByteArrayView value) {
            const QString nameText = QString::fromUtf8(name);
            const bool isNew =
                std::none_of(items.cbegin(), items.cend(), [&](const auto &item) { return item.first == nameText; });
            if (isNew)
                items.append({nameText, percentDecoded(value, Plus::Literal)});
            return items.size() >= MaxPairs;
        });
    }
    return items;
}

QVariant Request::attribute(QByteArrayView name) const
{
    return d->rare ? d->rare->attributes.value(name.toByteArray()) : QVariant();
}

void Request::setAttribute(QByteArrayView name, const QVariant &value)
{
    d->extra().attributes.insert(name.toByteArray(), value);
}

void Request::setMethod(QByteArrayView method)
{
    if (!isToken(method))
        refuse("method", method, " is not a token: write it like \"GET\" (RFC 9110 §9.1)");
    d->method = d->keep(method.toByteArray());
}

void Request::setTarget(QByteArrayView target)
{
    if (!target.startsWith('/') || holdsControlCharacter(target) || target.contains(' ') || target.contains('\t') ||
        target.contains('#'))
        refuse("target", target, " is no path: let it start with '/', and percent-encode spaces and '#'");
    if (const char *flaw = flawOfPath(pathOfTarget(target)))
        refuse("target", target, std::string(" would have been refused from a client: ") + flaw);
    d->target = d->keep(target.toByteArray());
}

void Request::setHeader(QByteArrayView name, QByteArrayView value)
{
    if (!isToken(name))
        refuse("header field name", name, " is not a token: use letters, digits and - only (RFC 9110 §5.1)");
    if (holdsControlCharacter(value))
        refuse("value of header field", name, " holds a control character (CR, LF, NUL, …): remove or encode it");
    const QByteArrayView kept = d->keep(value.trimmed().toByteArray());
    const auto isNamed = [name](const RequestPrivate::HeaderView &field) {
        return equalsIgnoringCase(field.name, name);
    };
    const auto first = std::find_if(d->headers.begin(), d->headers.end(), isNamed);
    if (first == d->headers.end()) {
        d->headers.append({d->keep(name.toByteArray()), kept});
        return;
    }
    first->value = kept;
    d->headers.erase(std::remove_if(first + 1, d->headers.end(), isNamed), d->headers.end());
}

void Request::removeHeader(QByteArrayView name)
{
    d->headers.erase(std::remove_if(d->headers.begin(), d->headers.end(),
                                    [name](const RequestPrivate::HeaderView &field) {
                                        return equalsIgnoringCase(field.name, name);
                                    }),
                     d->headers.end());
}

QString Request::remoteAddress() const
{
    return QString::fromLatin1(d->remoteAddress);
}

quint16 Request::remotePort() const
{
    return d->remotePort;
}

QString Request::peerAddress() const
{
    return QString::fromLatin1(d->isProxied ? d->peerAddress : d->remoteAddress);
}

QString Request::port() const
{
    const bool isKnown = d->application && d->port < d->application->ports.size();
    return isKnown ? d->application->ports[d->port].name : QStringLiteral("main");
}

std::optional<ClientCertificate> Request::clientCertificate() const
{
    constexpr qsizetype fingerprintSize = 64;
    if (d->clientCertificate.size() < fingerprintSize)
        return std::nullopt;
    return ClientCertificate{QString::fromUtf8(d->clientCertificate.sliced(fingerprintSize)),
                             d->clientCertificate.first(fingerprintSize).toByteArray()};
}

bool Request::isSecure() const
{
    return d->isSecure;
}

QByteArrayView Request::scheme() const
{
    return d->isSecure ? "https" : "http";
}

const RequestJourney &Request::journey() const
{
    return d->journey;
}

} // namespace Quern
