#pragma once

#include "admin/protocol/jsonvalues.h"

#include <Quern/result.h>

#include <QDateTime>
#include <QJsonArray>
#include <QJsonObject>
#include <QJsonValue>
#include <QList>
#include <QString>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <type_traits>

// Plain structs ⇄ JSON objects, by one list of fields a struct that serves both directions. For this folder's sources.

namespace Quern::admin {

/// Whether a message is whole without a field: one that has come later is not told by an older server.
enum class Presence { Required, Optional };

template <typename Struct, typename Member>
struct Field
{
    QLatin1StringView name;
    Member Struct::*member;
    Presence presence = Presence::Required;
};
template <typename Struct, typename Member>
Field(QLatin1StringView, Member Struct::*) -> Field<Struct, Member>;
template <typename Struct, typename Member>
Field(QLatin1StringView, Member Struct::*, Presence) -> Field<Struct, Member>;

/// The fields of a struct: a std::tuple of Field, given by specialization.
template <typename Struct>
constexpr auto fieldsOf = nullptr;

template <typename Enum>
struct EnumName
{
    Enum value;
    QLatin1StringView name;
};

/// The names of an enumeration: a std::array of EnumName, given by specialization. Every enumerator has one.
template <typename Enum>
constexpr auto namesOf = nullptr;

template <typename T>
constexpr bool isList = false;
template <typename T>
constexpr bool isList<QList<T>> = true;

/// Null in JSON if there is none.
template <typename T>
constexpr bool isOptional = false;
template <typename T>
constexpr bool isOptional<std::optional<T>> = true;

template <typename T>
QJsonObject toJsonObject(const T &value);

template <typename T>
QJsonValue toJsonValue(const T &value)
{
    if constexpr (std::is_same_v<T, QString> || std::is_same_v<T, QJsonObject> || std::is_same_v<T, bool>) {
        return value;
    } else if constexpr (std::is_same_v<T, QDateTime>) {
        return value.toUTC().toString(Qt::ISODateWithMs);
    } else if constexpr (std::is_same_v<T, WideInteger> || std::is_same_v<T, TextOrBytes>) {
        return value.toJson();
    } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
        return qint64(value.count());
    } else if constexpr (std::is_integral_v<T>) {
        return qint64(value);
    } else if constexpr (std::is_floating_point_v<T>) {
        return double(value);
    } else if constexpr (std::is_enum_v<T>) {
        const auto &names = namesOf<T>;
        return std::find_if(names.begin(), names.end(), [value](const auto &entry) { return entry.value == value; })
            ->name;
    } else if constexpr (isOptional<T>) {
        return value ? toJsonValue(*value) : QJsonValue(QJsonValue::Null);
    } else if constexpr (isList<T>) {
        QJsonArray array;
        for (const auto &element : value)
            array.append(toJsonValue(element));
        return array;
    } else {
        return toJsonObject(value);
    }
}

template <typename T>
QJsonObject toJsonObject(const T &value)
{
    QJsonObject object;
    std::apply([&](const auto &...field) { (object.insert(field.name, toJsonValue(value.*field.member)), ...); },
               fieldsOf<T>);
    return object;
}

/// Reads members of JSON objects; keeps the first mistake and where it is.
class JsonReader
{
public:
    bool ok() const { return m_mistake.isEmpty(); }

    /// Later mistakes are inside of \a path.
    void enter(const QString &path) { m_prefix = path + u'.'; }

    void refuse(const QString &path, const QString &mistake)
    {
        if (ok())
            m_mistake = m_prefix + path + QStringLiteral(": ") + mistake;
    }

    /// Reads the member \a name, which must be there.
    template <typename T>
    void read(const QJsonObject &object, QLatin1StringView name, T &out)
    {
        const auto it = object.constFind(name);
        if (it == object.constEnd())
            refuse(name, QStringLiteral("is missing"));
        else
            readValue(it.value(), name, out);
    }

    template <typename T>
    Result<T> result(T value) const
    {
        if (ok())
            return value;
        return Error(Error::Protocol, m_mistake);
    }

    template <typename T>
    void readMembers(const QJsonObject &object, T &out)
    {
        const auto readField = [&](const auto &field) {
            if (field.presence == Presence::Required || object.contains(field.name))
                read(object, field.name, out.*field.member);
        };
        std::apply([&](const auto &...field) { (readField(field), ...); }, fieldsOf<T>);
    }

    /// The same for those that are there: the others stay as they are.
    template <typename T>
    void readGivenMembers(const QJsonObject &object, T &out)
    {
        const auto readGiven = [&](const auto &field) {
            if (object.contains(field.name))
                read(object, field.name, out.*field.member);
        };
        std::apply([&](const auto &...field) { (readGiven(field), ...); }, fieldsOf<T>);
    }

    /// The member \a name must be there.
    void require(const QJsonObject &object, QLatin1StringView name)
    {
        if (!object.contains(name))
            refuse(name, QStringLiteral("is missing"));
    }

    /// How many are wanted, the member "limit": 1 to \a most.
    void checkLimit(int limit, int most)
    {
        if (limit < 1 || limit > most)
            refuse(QStringLiteral("limit"), mustBe(QStringLiteral("an integer from 1 to %1").arg(most), limit));
    }

    static QString mustBe(const QString &expected, const QJsonValue &value)
    {
        return QStringLiteral("must be %1, not %2").arg(expected, shownJson(value));
    }

private:
    template <typename T>
    void readValue(const QJsonValue &value, const QString &path, T &out)
    {
        if constexpr (std::is_same_v<T, QString>) {
            if (!value.isString())
                refuse(path, mustBe(QStringLiteral("a string"), value));
            out = value.toString();
        } else if constexpr (std::is_same_v<T, bool>) {
            if (!value.isBool())
                refuse(path, mustBe(QStringLiteral("true or false"), value));
            out = value.toBool();
        } else if constexpr (std::is_same_v<T, QJsonObject>) {
            if (!value.isObject())
                refuse(path, mustBe(QStringLiteral("an object"), value));
            out = value.toObject();
        } else if constexpr (std::is_same_v<T, QDateTime>) {
            out = QDateTime::fromString(value.toString(), Qt::ISODateWithMs).toUTC();
            if (!out.isValid())
                refuse(path, mustBe(QStringLiteral("a time such as \"2026-01-31T12:00:00.000Z\""), value));
        } else if constexpr (std::is_same_v<T, WideInteger> || std::is_same_v<T, TextOrBytes>) {
            if (const std::optional<T> given = T::fromJson(value))
                out = *given;
            else
                refuse(path, mustBe(T::expected(), value));
        } else if constexpr (std::is_same_v<T, std::chrono::milliseconds>) {
            out = std::chrono::milliseconds(readInteger(value, path, largestInteger));
        } else if constexpr (std::is_integral_v<T>) {
            out = T(readInteger(value, path, std::min<qint64>(largestInteger, std::numeric_limits<T>::max())));
        } else if constexpr (std::is_floating_point_v<T>) {
            if (!value.isDouble())
                refuse(path, mustBe(QStringLiteral("a number"), value));
            out = value.toDouble();
        } else if constexpr (std::is_enum_v<T>) {
            readEnum(value, path, out);
        } else if constexpr (isOptional<T>) {
            if (value.isNull())
                out = std::nullopt;
            else
                readValue(value, path, out.emplace());
        } else if constexpr (isList<T>) {
            readList(value, path, out);
        } else {
            QJsonObject members;
            readValue(value, path, members);
            const QString outer = m_prefix;
            enter(m_prefix + path);
            readMembers(members, out);
            m_prefix = outer;
        }
    }

    qint64 readInteger(const QJsonValue &value, const QString &path, qint64 largest)
    {
        const double number = value.toDouble(-1);
        if (number >= 0 && number <= double(largest) && std::trunc(number) == number)
            return value.toInteger();
        refuse(path, mustBe(QStringLiteral("an integer from 0 to %1").arg(largest), value));
        return 0;
    }

    template <typename Enum>
    void readEnum(const QJsonValue &value, const QString &path, Enum &out)
    {
        const auto &names = namesOf<Enum>;
        const QString text = value.toString();
        const auto it = std::find_if(names.begin(), names.end(), [&](const auto &entry) { return entry.name == text; });
        if (it != names.end()) {
            out = it->value;
            return;
        }
        QStringList known;
        for (const auto &entry : names)
            known += QStringLiteral("\"%1\"").arg(entry.name);
        refuse(path, mustBe(QStringLiteral("one of %1").arg(known.join(QStringLiteral(", "))), value));
    }

    template <typename T>
    void readList(const QJsonValue &value, const QString &path, QList<T> &out)
    {
        if (!value.isArray())
            refuse(path, mustBe(QStringLiteral("an array"), value));
        const QJsonArray array = value.toArray();
        for (const QJsonValue element : array) {
            const QString elementPath = QStringLiteral("%1[%2]").arg(path).arg(out.size());
            readValue(element, elementPath, out.emplaceBack());
        }
    }

    static constexpr qint64 largestInteger = largestJsonInteger;

    QString m_prefix;
    QString m_mistake;
};

template <typename T>
Result<T> fromJsonObject(const QJsonObject &object)
{
    T value;
    JsonReader reader;
    reader.readMembers(object, value);
    return reader.result(std::move(value));
}

/// The same of an object whose members may each be left out: then they are what they are by default.
template <typename T>
Result<T> fromGivenMembers(const QJsonObject &object)
{
    T value;
    JsonReader reader;
    reader.readGivenMembers(object, value);
    return reader.result(std::move(value));
}

} // namespace Quern::admin
