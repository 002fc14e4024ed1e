#include "admin/protocol/openapi.h"

#include "admin/protocol/access.h"
#include "admin/protocol/endpoints.h"
#include "admin/protocol/jsonmapping.h"
#include "admin/protocol/message.h"

#include <QJsonArray>

#include <algorithm>

namespace Quern::admin {

namespace {

using namespace Qt::Literals::StringLiterals;

using Answer = Endpoint::Answer;
using Type = EndpointParameter::Type;

QJsonObject reference(const QString &path)
{
    return {{u"$ref"_s, u"#/components/"_s + path}};
}

QJsonObject schemaReference(QLatin1StringView name)
{
    return reference(u"schemas/"_s + name);
}

QJsonObject content(const QString &type, const QJsonObject &schema)
{
    return {{type, QJsonObject{{u"schema"_s, schema}}}};
}

QJsonObject response(const QString &description, const QJsonObject &body)
{
    return {{u"description"_s, description}, {u"content"_s, body}};
}

QJsonObject parameterSchema(const EndpointParameter &parameter)
{
    QJsonObject schema = {{u"type"_s, parameter.type == Type::Text      ? u"string"_s
                                      : parameter.type == Type::Integer ? u"integer"_s
                                                                        : u"boolean"_s}};
    if (parameter.type == Type::Integer)
        schema.insert(u"minimum"_s, parameter.least);
    if (parameter.most > 0)
        schema.insert(u"maximum"_s, parameter.most);
    if (!parameter.otherwise.isUndefined())
        schema.insert(u"default"_s, parameter.otherwise);
    return schema;
}

QJsonArray parametersOf(const Endpoint &endpoint)
{
    QJsonArray list;
    for (const EndpointParameter &parameter : endpoint.parameters) {
        const bool isInPath = parameter.place == EndpointParameter::Place::Path;
        list.append(QJsonObject{{u"name"_s, QString(parameter.name)},
                                {u"in"_s, isInPath ? u"path"_s : u"query"_s},
                                {u"required"_s, isInPath || parameter.otherwise.isUndefined()},
                                {u"description"_s, QString(parameter.summary)},
                                {u"schema"_s, parameterSchema(parameter)}});
    }
    return list;
}

QJsonObject successOf(const Endpoint &endpoint)
{
    if (endpoint.answer == Answer::Text)
        return response(u"The text."_s, content(QString::fromLatin1(endpoint.contentType).section(u';', 0, 0),
                                                {{u"type"_s, u"string"_s}}));
    QJsonObject success = response(u"Done."_s, content(u"application/json"_s, schemaReference(endpoint.result.name)));
    if (endpoint.answer == Answer::Operation) {
        success.insert(u"description"_s, u"It has begun; Location tells how far it is."_s);
        const QJsonObject location = {{u"description"_s, u"The path of the operation."_s},
                                      {u"schema"_s, QJsonObject{{u"type"_s, u"string"_s}}}};
        success.insert(u"headers"_s, QJsonObject{{u"Location"_s, location}});
    }
    return success;
}

QJsonObject operationOf(const Endpoint &endpoint)
{
    QJsonObject responses = {{endpoint.answer == Answer::Operation ? u"202"_s : u"200"_s, successOf(endpoint)},
                             {u"default"_s, reference(u"responses/Error"_s)}};
    if (endpoint.answer == Answer::Readiness) {
        responses.insert(u"503"_s, response(u"It cannot serve requests now."_s,
                                            content(u"application/json"_s, schemaReference(endpoint.result.name))));
    }
    QJsonObject operation = {{u"summary"_s, QString(endpoint.summary)}, {u"responses"_s, responses}};
    if (const QJsonArray parameters = parametersOf(endpoint); !parameters.isEmpty())
        operation.insert(u"parameters"_s, parameters);
    if (endpoint.body.schema) {
        operation.insert(u"requestBody"_s, QJsonObject{{u"required"_s, !endpoint.mayLackBody},
                                                       {u"content"_s, content(u"application/json"_s,
                                                                              schemaReference(endpoint.body.name))}});
    }
    if (endpoint.isPublic) {
        operation.insert(u"security"_s, QJsonArray());
    } else if (const MethodAccess *access = findMethodAccess(QString(endpoint.method))) {
        operation.insert(u"description"_s,
                         u"The method %1, for the role %2 and above."_s.arg(endpoint.method, roleName(access->role)));
        responses.insert(u"401"_s, reference(u"responses/Error"_s));
        responses.insert(u"403"_s, reference(u"responses/Error"_s));
        operation.insert(u"responses"_s, responses);
    }
    return operation;
}

/// Without those members that a body may leave out.
QJsonObject bodySchema(const Endpoint &endpoint)
{
    QJsonObject schema = endpoint.body.schema();
    QJsonArray required;
    const QJsonArray all = schema["required"_L1].toArray();
    for (const QJsonValue name : all) {
        if (!endpoint.defaults.contains(name.toString()))
            required.append(name);
    }
    schema.insert(u"required"_s, required);
    return schema;
}

QJsonObject errorSchema()
{
    const QJsonObject text = {{u"type"_s, u"string"_s}};
    const QJsonObject error = {{u"type"_s, u"object"_s},
                               {u"properties"_s, QJsonObject{{u"code"_s, text}, {u"message"_s, text}}},
                               {u"required"_s, QJsonArray{u"code"_s, u"message"_s}}};
    return {{u"type"_s, u"object"_s},
            {u"properties"_s, QJsonObject{{u"error"_s, error}}},
            {u"required"_s, QJsonArray{u"error"_s}}};
}

QJsonObject schemasOf(std::span<const Endpoint> endpoints)
{
    QJsonObject schemas = {{u"Error"_s, errorSchema()}};
    for (const Endpoint &endpoint : endpoints) {
        if (endpoint.result.schema && endpoint.answer != Answer::Text)
            schemas.insert(endpoint.result.name, endpoint.result.schema());
        if (endpoint.body.schema)
            schemas.insert(endpoint.body.name, bodySchema(endpoint));
    }
    return schemas;
}

QJsonObject componentsOf(std::span<const Endpoint> endpoints)
{
    const QJsonObject bearer = {{u"type"_s, u"http"_s}, {u"scheme"_s, u"bearer"_s}};
    const QJsonObject error =
        response(u"What went wrong."_s, content(u"application/json"_s, schemaReference("Error"_L1)));
    return {{u"schemas"_s, schemasOf(endpoints)},
            {u"responses"_s, QJsonObject{{u"Error"_s, error}}},
            {u"securitySchemes"_s, QJsonObject{{u"token"_s, bearer}}}};
}

} // namespace

QJsonObject openApiDocument(std::span<const Endpoint> endpoints, const QString &version)
{
    QJsonObject paths;
    for (const Endpoint &endpoint : endpoints) {
        QJsonObject path = paths.value(endpoint.path).toObject();
        path.insert(QString(verbName(endpoint.verb)).toLower(), operationOf(endpoint));
        paths.insert(endpoint.path, path);
    }
    const QJsonObject info = {
        {u"title"_s, u"Quern management API"_s},
        {u"version"_s, version},
        {u"description"_s, u"What the command line does, over HTTP. The WebSocket at %1 speaks the same methods, one "
                           "JSON object a message, and brings events."_s.arg(streamPath)}};
    return {{u"openapi"_s, u"3.1.0"_s},
            {u"info"_s, info},
            {u"security"_s, QJsonArray{QJsonObject{{u"token"_s, QJsonArray()}}}},
            {u"paths"_s, paths},
            {u"components"_s, componentsOf(endpoints)}};
}

} // namespace Quern::admin
