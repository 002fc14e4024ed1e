#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QLatin1StringView>
#include <QString>

#include <vector>

namespace Quern::admin {

/// A value that a request names in its path or query, and what it becomes in the method's parameters.
struct EndpointParameter
{
    enum class Place { Path, Query };
    enum class Type { Text, Integer, Flag };

    QLatin1StringView name = {}; ///< as in the path or query, and in the parameters
    Place place = Place::Query;
    Type type = Type::Text;
    QJsonValue otherwise = QJsonValue::Undefined; ///< without it; undefined: it must be there
    QLatin1StringView summary = {};
    int least = 0; ///< of Type::Integer; the method sees to it
    int most = 0;  ///< the same; 0: it has no bound of its own
};

/// The shape of a JSON object: its name in the OpenAPI document, and what makes it.
struct EndpointSchema
{
    QLatin1StringView name; ///< "Status"; empty: there is none
    QJsonObject (*schema)() = nullptr;
};

/// One way to call a method of the management protocol over HTTP.
struct Endpoint
{
    enum class Verb { Get, Put, Post, Delete };
    enum class Answer {
        Json,      ///< the result; 200
        Operation, ///< an OperationReference; 202 with its Location
        Readiness, ///< a Health; 200, or 503 unless it is ready
        Text,      ///< the member "text" of the result as it is; 200
    };

    Verb verb = Verb::Get;
    QString path = {}; ///< "/api/v1/operations/{operation}"
    QLatin1StringView method = {};
    QLatin1StringView summary = {};
    std::vector<EndpointParameter> parameters = {};
    QJsonObject fixed = {};    ///< parameters of the method that are always these
    EndpointSchema body = {};  ///< of the request's JSON, whose members become parameters as well
    QJsonObject defaults = {}; ///< members that the body may leave out
    bool mayLackBody = false;  ///< no body is one that leaves out all of them
    EndpointSchema result = {};
    Answer answer = Answer::Json;
    QLatin1StringView part = {}; ///< the result is this member of the method's alone
    QByteArray contentType = {}; ///< of Answer::Text
    bool isPublic = false;       ///< nobody needs a token for it
    /// Makes the method's parameters of those above, where they are not the same; its error tells what is wrong.
    Result<QJsonObject> (*adapt)(const QJsonObject &parameters) = nullptr;
};

} // namespace Quern::admin
