#pragma once

#include "admin/protocol/jsonmapping.h"
#include "admin/protocol/jsonvalues.h"

#include <QJsonArray>
#include <QJsonObject>

// JSON Schema (2020-12, as OpenAPI 3.1 uses it) of the structs that jsonmapping.h maps. For this folder's sources.

namespace Quern::admin {

template <typename T>
QJsonObject schemaOf();

/// The schema of one value, as toJsonValue() writes it.
template <typename T>
QJsonObject valueSchema()
{
    using namespace Qt::Literals::StringLiterals;
    const QString type = u"type"_s;
    if constexpr (std::is_same_v<T, QString>) {
        return {{type, u"string"_s}};
    } else if constexpr (std::is_same_v<T, bool>) {
        return {{type, u"boolean"_s}};
    } else if constexpr (std::is_same_v<T, QJsonObject>) {
        return {{type, u"object"_s}};
    } else if constexpr (std::is_same_v<T, QDateTime>) {
        return {{type, u"string"_s}, {u"format"_s, u"date-time"_s}};
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds> || std::is_integral_v<T>) {
        return {{type, u"integer"_s}};
    } else if constexpr (std::is_floating_point_v<T>) {
        return {{type, u"number"_s}};
    } else if constexpr (std::is_enum_v<T>) {
        QJsonArray names;
        for (const auto &entry : namesOf<T>)
            names.append(QString(entry.name));
        return {{type, u"string"_s}, {u"enum"_s, names}};
    } else if constexpr (std::is_same_v<T, WideInteger> || std::is_same_v<T, TextOrBytes>) {
        const QString other = std::is_same_v<T, WideInteger> ? u"integer"_s : u"object"_s;
        return {{u"anyOf"_s, QJsonArray{QJsonObject{{type, other}}, QJsonObject{{type, u"string"_s}}}}};
    } else if constexpr (isOptional<T>) {
        return {{u"anyOf"_s, QJsonArray{valueSchema<typename T::value_type>(), QJsonObject{{type, u"null"_s}}}}};
    } else if constexpr (isList<T>) {
        return {{type, u"array"_s}, {u"items"_s, valueSchema<typename T::value_type>()}};
    } else {
        return schemaOf<T>();
    }
}

/// An object with a property for each field; all of them are always there, since this side writes them.
template <typename T>
QJsonObject schemaOf()
{
    using namespace Qt::Literals::StringLiterals;
    QJsonObject properties;
    QJsonArray required;
    const auto add = [&]<typename Struct, typename Member>(const Field<Struct, Member> &field) {
        properties.insert(field.name, valueSchema<Member>());
        required.append(QString(field.name));
    };
    std::apply([&](const auto &...field) { (add(field), ...); }, fieldsOf<T>);
    return {{u"type"_s, u"object"_s}, {u"properties"_s, properties}, {u"required"_s, required}};
}

} // namespace Quern::admin
