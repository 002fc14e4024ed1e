#pragma once

#include "admin/protocol/endpoint.h"

#include <QByteArray>
#include <QByteArrayList>
#include <QMap>

#include <span>

namespace Quern::admin {

/// What the target of a request says: "/api/v1/logs?lines=3" in its parts, percent-encoding undone.
struct Target
{
    QByteArrayList segments; ///< of the path: "api", "v1", "logs"
    QMap<QString, QString> query;

    /// Error::Invalid if it is wrongly encoded, no UTF-8, has control characters or a parameter twice.
    static Result<Target> parse(const QByteArray &target);
};

/// The beginning of \a text, up to the first \a mark; all of it if there is none.
QByteArray beginningOf(const QByteArray &text, char mark);

/// What a request asks for.
struct EndpointMatch
{
    const Endpoint *endpoint = nullptr; ///< null: \a allowed says which verbs there are
    QByteArrayList allowed;             ///< "GET", "DELETE"; none: there is no such path
};

/// Finds the one of \a endpoints that \a method and \a target name. HEAD is as GET.
EndpointMatch findEndpoint(std::span<const Endpoint> endpoints, const QByteArray &method, const Target &target);

/// The parameters of \a endpoint's method, from what a request has in its path, query and \a body; the body is the text
/// of a JSON object, or empty. \a target has been found for it. Error::Invalid names the parameter.
Result<QJsonObject> methodParameters(const Endpoint &endpoint, const Target &target, const QByteArray &body);

} // namespace Quern::admin
