#include "admin/protocol/endpointrequest.h"

#include "admin/protocol/endpoints.h"
#include "admin/protocol/jsonvalues.h"
#include "admin/protocol/message.h"

#include <QStringDecoder>

#include <algorithm>

namespace Quern::admin {

namespace {

using namespace Qt::Literals::StringLiterals;

using Place = EndpointParameter::Place;
using Type = EndpointParameter::Type;

Error invalid(const QString &message)
{
    return Error(Error::Invalid, message);
}

bool isHexDigit(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

bool isEncodedRight(const QByteArray &text)
{
    for (qsizetype at = text.indexOf('%'); at >= 0; at = text.indexOf('%', at + 3)) {
        if (at + 2 >= text.size() || !isHexDigit(text.at(at + 1)) || !isHexDigit(text.at(at + 2)))
            return false;
    }
    return true;
}

Result<QString> decoded(const QByteArray &text)
{
    if (!isEncodedRight(text))
        return invalid(u"the target has a '%' without two hexadecimal digits behind it"_s);
    QStringDecoder decoder(QStringDecoder::Utf8, QStringDecoder::Flag::Stateless);
    const QString plain = decoder.decode(QByteArray::fromPercentEncoding(text));
    if (decoder.hasError())
        return invalid(u"the target is not UTF-8"_s);
    if (std::any_of(plain.begin(), plain.end(), [](QChar c) { return c < u' ' || c == u'\x7f'; }))
        return invalid(u"the target has a control character"_s);
    return plain;
}

bool isPlace(QStringView segment)
{
    return segment.startsWith(u'{') && segment.endsWith(u'}');
}

/// The segments of \a endpoint's path.
QStringList segmentsOf(const Endpoint &endpoint)
{
    return endpoint.path.mid(1).split(u'/');
}

/// How many segments \a target has as they stand in the path; -1 if it is another path. The more, the closer.
qsizetype closeness(const Endpoint &endpoint, const Target &target)
{
    const QStringList pattern = segmentsOf(endpoint);
    if (pattern.size() != target.segments.size())
        return -1;
    qsizetype same = 0;
    for (qsizetype i = 0; i < pattern.size(); ++i) {
        const QByteArray &segment = target.segments.at(i);
        if (isPlace(pattern.at(i)) ? segment.isEmpty() : pattern.at(i).toUtf8() != segment)
            return -1;
        same += isPlace(pattern.at(i)) ? 0 : 1;
    }
    return same;
}

Result<QJsonValue> converted(const EndpointParameter &parameter, const QString &text)
{
    const auto refuse = [&](const QString &expected) {
        return invalid(u"%1: must be %2, not \"%3\""_s.arg(parameter.name, expected, text.left(longestShown)));
    };
    switch (parameter.type) {
    case Type::Text:
        return QJsonValue(text);
    case Type::Flag:
        if (text != u"true" && text != u"false")
            return refuse(u"true or false"_s);
        return QJsonValue(text == u"true");
    case Type::Integer: {
        constexpr qsizetype mostDigits = 16;
        const bool hasDigits = !text.isEmpty() && text.size() <= mostDigits &&
                               std::all_of(text.begin(), text.end(), [](QChar c) { return c >= u'0' && c <= u'9'; });
        if (!hasDigits || text.toLongLong() > largestJsonInteger)
            return refuse(u"an integer from 0 to %1"_s.arg(largestJsonInteger));
        return QJsonValue(text.toLongLong());
    }
    }
    Q_UNREACHABLE();
}

/// What \a target says for \a parameter; null if nothing.
QString textOf(const Endpoint &endpoint, const EndpointParameter &parameter, const Target &target)
{
    if (parameter.place == Place::Query)
        return target.query.value(parameter.name);
    const qsizetype at = segmentsOf(endpoint).indexOf(u'{' + parameter.name + u'}');
    return QString::fromUtf8(target.segments.value(at));
}

Result<void> checkQuery(const Endpoint &endpoint, const Target &target)
{
    QStringList known;
    for (const EndpointParameter &parameter : endpoint.parameters) {
        if (parameter.place == Place::Query)
            known += QString(parameter.name);
    }
    for (auto it = target.query.begin(); it != target.query.end(); ++it) {
        if (known.contains(it.key()))
            continue;
        const QString there =
            known.isEmpty() ? u"there are none here"_s : u"there are: %1"_s.arg(known.join(QStringLiteral(", ")));
        return invalid(u"%1: unknown parameter; %2"_s.arg(it.key().left(longestShown), there));
    }
    return {};
}

Result<QJsonObject> readBody(const Endpoint &endpoint, const QByteArray &body)
{
    const bool takesBody = endpoint.body.schema != nullptr;
    if (body.isEmpty()) {
        if (takesBody && !endpoint.mayLackBody)
            return invalid(u"the body is missing: it must be a JSON object"_s);
        return QJsonObject();
    }
    const Result<QJsonObject> object = decodeLine(body);
    if (!object)
        return invalid(u"the body is wrong: %1"_s.arg(object.error().message()));
    if (!takesBody && !object->isEmpty())
        return invalid(u"the body must be empty: nothing is taken from it"_s);
    return object;
}

} // namespace

QByteArray beginningOf(const QByteArray &text, char mark)
{
    const qsizetype at = text.indexOf(mark);
    return at < 0 ? text : text.left(at);
}

Result<Target> Target::parse(const QByteArray &target)
{
    Target parsed;
    const qsizetype mark = target.indexOf('?');
    const QByteArrayList segments = beginningOf(target, '?').mid(1).split('/');
    for (const QByteArray &segment : segments) {
        const Result<QString> plain = decoded(segment);
        if (!plain)
            return plain.error();
        parsed.segments.append(plain->toUtf8());
    }
    const QByteArrayList pairs = mark < 0 ? QByteArrayList() : target.mid(mark + 1).split('&');
    for (QByteArray pair : pairs) {
        if (pair.isEmpty())
            continue;
        pair.replace('+', ' ');
        const qsizetype equals = pair.indexOf('=');
        const Result<QString> name = decoded(beginningOf(pair, '='));
        const Result<QString> value = equals < 0 ? Result<QString>(QString()) : decoded(pair.mid(equals + 1));
        if (!name || !value)
            return name ? value.error() : name.error();
        if (parsed.query.contains(*name))
            return invalid(u"%1: is given twice"_s.arg(name->left(longestShown)));
        // One that is given is not null.
        parsed.query.insert(*name, value->isNull() ? u""_s : *value);
    }
    return parsed;
}

EndpointMatch findEndpoint(std::span<const Endpoint> endpoints, const QByteArray &method, const Target &target)
{
    EndpointMatch match;
    qsizetype best = -1;
    const QByteArray verb = method == "HEAD" ? QByteArrayLiteral("GET") : method;
    for (const Endpoint &endpoint : endpoints) {
        const qsizetype close = closeness(endpoint, target);
        if (close < 0 || close < best)
            continue;
        if (close > best)
            match = {};
        best = close;
        const QByteArray offered = QByteArray(verbName(endpoint.verb).data());
        match.allowed.append(offered);
        if (offered == "GET")
            match.allowed.append("HEAD");
        if (offered == verb)
            match.endpoint = &endpoint;
    }
    return match;
}

namespace {

/// A misspelt member is not to be taken for one that was left out.
Result<void> checkMembers(const Endpoint &endpoint, const QJsonObject &body)
{
    const QJsonObject known = endpoint.body.schema ? endpoint.body.schema()["properties"_L1].toObject() : QJsonObject();
    for (auto it = body.begin(); it != body.end(); ++it) {
        if (!known.contains(it.key()))
            return invalid(u"%1: there is no such member; known are %2"_s.arg(
                it.key().left(longestShown), known.isEmpty() ? u"none"_s : known.keys().join(u", "_s)));
    }
    return {};
}

} // namespace

Result<QJsonObject> methodParameters(const Endpoint &endpoint, const Target &target, const QByteArray &body)
{
    if (const Result<void> checked = checkQuery(endpoint, target); !checked)
        return checked.error();
    Result<QJsonObject> parameters = readBody(endpoint, body);
    if (!parameters)
        return parameters;
    if (const Result<void> checked = checkMembers(endpoint, *parameters); !checked)
        return checked.error();
    for (auto it = endpoint.defaults.begin(); it != endpoint.defaults.end(); ++it) {
        if (!parameters->contains(it.key()))
            parameters->insert(it.key(), it.value());
    }
    for (auto it = endpoint.fixed.begin(); it != endpoint.fixed.end(); ++it)
        parameters->insert(it.key(), it.value());
    for (const EndpointParameter &parameter : endpoint.parameters) {
        const QString text = textOf(endpoint, parameter, target);
        if (text.isNull() && parameter.otherwise.isUndefined())
            return invalid(u"%1: is missing"_s.arg(parameter.name));
        const Result<QJsonValue> value =
            text.isNull() ? Result<QJsonValue>(parameter.otherwise) : converted(parameter, text);
        if (!value)
            return value.error();
        parameters->insert(parameter.name, *value);
    }
    return endpoint.adapt ? endpoint.adapt(*parameters) : parameters;
}

} // namespace Quern::admin
