#include <Quern/request.h>
#include <Quern/requestid.h>

#include "request_p.h"

#include "httpsyntax_p.h"

#include <QVarLengthArray>

namespace Quern {

namespace {

using Bytes = QVarLengthArray<char, 256>;

QString decoded(QByteArrayView text, Plus plus)
{
    if (text.isEmpty())
        return QStringLiteral("");
    if (!text.contains('%') && (plus == Plus::Literal || !text.contains('+')))
        return QString::fromUtf8(text);
    Bytes bytes;
    appendPercentDecoded(text, plus, bytes);
    return QString::fromUtf8(QByteArrayView(bytes.constData(), bytes.size()));
}

bool isEncodingOf(QByteArrayView name, QByteArrayView encoded)
{
    if (encoded.size() < name.size())
        return false;
    if (!encoded.contains('%') && !encoded.contains('+'))
        return encoded == name;
    Bytes bytes;
    appendPercentDecoded(encoded, Plus::Space, bytes);
    return QByteArrayView(bytes.constData(), bytes.size()) == name;
}

} // namespace

QByteArrayView RequestPrivate::path() const
{
    const qsizetype mark = target.indexOf('?');
    const QByteArrayView beforeQuery = mark < 0 ? target : target.first(mark);
    const qsizetype authority = beforeQuery.startsWith('/') ? -1 : beforeQuery.indexOf("://");
    if (authority < 0)
        return beforeQuery;
    const qsizetype slash = beforeQuery.indexOf('/', authority + 3);
    return slash < 0 ? QByteArrayView("/") : beforeQuery.sliced(slash);
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
            return decoded(param.value, Plus::Literal);
    }
    return QString();
}

QString Request::query(QByteArrayView name) const
{
    QByteArrayView rest = queryString();
    while (!rest.isEmpty()) {
        const qsizetype end = rest.indexOf('&');
        const QByteArrayView pair = end < 0 ? rest : rest.first(end);
        rest = end < 0 ? QByteArrayView() : rest.sliced(end + 1);
        if (pair.isEmpty())
            continue;
        const qsizetype equals = pair.indexOf('=');
        if (isEncodingOf(name, equals < 0 ? pair : pair.first(equals)))
            return decoded(equals < 0 ? QByteArrayView() : pair.sliced(equals + 1), Plus::Space);
    }
    return QString();
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

QByteArrayView Request::body() const
{
    return d->body;
}

QString Request::remoteAddress() const
{
    return QString::fromLatin1(d->remoteAddress);
}

quint16 Request::remotePort() const
{
    return d->remotePort;
}

const RequestJourney &Request::journey() const
{
    return d->journey;
}

} // namespace Quern
