#pragma once

#include <Quern/global.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QString>
#include <QVariant>
#include <QVariantMap>

#include <initializer_list>
#include <utility>

namespace Quern {

struct PayloadAccess;

/// What a task, an event or a message carries, and what a task gives back: a QVariantMap, or bytes. It crosses
/// processes as CBOR (RFC 8949). In a map may stand numbers and enumerators, text, bytes, QDateTime, QUrl, QUuid, JSON
/// and CBOR, nothing, and lists and maps of these: any that a QVariant can iterate over, such as QList<int>,
/// std::vector and QMap<QString, int>. They come back as qint64, double, QString, …, QVariantList and QVariantMap. Who
/// is given one with anything else in it refuses it, see problem(). A value type; any thread.
///
///     Quern::server().deliver("mail", {{"to", address}, {"lines", QStringList{"Hello", "there"}}});
///     Quern::server().deliver("thumbnail", jpeg); // a QByteArray
class QUERN_EXPORT Payload
{
public:
    /// An empty map.
    Payload() = default;
    Payload(const QVariantMap &map);                                       ///< that map
    Payload(std::initializer_list<std::pair<QString, QVariant>> entries);  ///< a map of these
    Payload(const QByteArray &bytes) : m_encoded(bytes), m_isMap(false) {} ///< these bytes

    /// Whether it is a map; else it is bytes.
    bool isMap() const { return m_isMap; }
    /// The map; empty if it is bytes. It is read from its CBOR with each call: keep it.
    QVariantMap map() const;
    /// One value of the map; invalid if it has none of that name.
    QVariant value(const QString &name) const { return map().value(name); }
    /// Why it is refused with Error::Invalid wherever it is to go, for people: "payload.ids[2] is a QSize, …". Null if
    /// it can go. Such a map is empty.
    const QString &problem() const { return m_problem; }
    /// The bytes; of a map its CBOR, which is empty for an empty one.
    const QByteArray &bytes() const { return m_encoded; }

    bool operator==(const Payload &) const = default; ///< the same bytes, and both maps or both bytes

private:
    friend struct PayloadAccess;

    QByteArray m_encoded;
    QString m_problem;
    bool m_isMap = true;
};

} // namespace Quern
