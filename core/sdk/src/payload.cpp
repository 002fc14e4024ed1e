#include "work_p.h"

#include <QAssociativeIterable>
#include <QCborMap>
#include <QCborStreamWriter>
#include <QCborValue>
#include <QSequentialIterable>

#include <limits>

namespace Quern {

namespace {

/// QCborValue reads nothing that is nested deeper than 1024.
constexpr int maxDepth = 1000;

/// As much of a place as is told.
constexpr qsizetype maxPlace = 200;

/// Why a value cannot go, and where in the payload it stands, ".ids[2]".
struct Refusal
{
    QString place;
    QString problem;
};
using Encoded = std::optional<Refusal>;

Refusal below(const QString &place, Refusal refusal)
{
    refusal.place.prepend(place);
    return refusal;
}

Encoded encode(QCborStreamWriter &out, const QVariant &value, int depth);

Encoded encodeEntry(QCborStreamWriter &out, const QString &key, const QVariant &value, int depth)
{
    out.append(key);
    Encoded refused = encode(out, value, depth);
    return refused ? below(u'.' + key, *std::move(refused)) : Encoded();
}

Encoded encodeMap(QCborStreamWriter &out, const QVariantMap &map, int depth)
{
    out.startMap(quint64(map.size()));
    for (auto entry = map.cbegin(); entry != map.cend(); ++entry) {
        if (Encoded refused = encodeEntry(out, entry.key(), entry.value(), depth))
            return refused;
    }
    out.endMap();
    return {};
}

Encoded encodeAssociation(QCborStreamWriter &out, const QVariant &value, int depth)
{
    const auto entries = value.value<QAssociativeIterable>();
    out.startMap(quint64(entries.size()));
    for (auto entry = entries.constBegin(); entry != entries.constEnd(); ++entry) {
        if (!entry.key().canConvert<QString>())
            return Refusal{{}, QStringLiteral("has keys that are no text: make a QVariantMap of it")};
        if (Encoded refused = encodeEntry(out, entry.key().toString(), entry.value(), depth))
            return refused;
    }
    out.endMap();
    return {};
}

template <typename List>
Encoded encodeList(QCborStreamWriter &out, const List &list, int depth)
{
    out.startArray(quint64(list.size()));
    qsizetype at = 0;
    for (const QVariant &item : list) {
        if (Encoded refused = encode(out, item, depth))
            return below(QStringLiteral("[%1]").arg(at), *std::move(refused));
        ++at;
    }
    out.endArray();
    return {};
}

Encoded encodeUnsigned(QCborStreamWriter &out, quint64 number)
{
    constexpr quint64 most = quint64(std::numeric_limits<qint64>::max());
    if (number > most)
        return Refusal{{}, QStringLiteral("is %1, which is more than a qint64 holds: give it as text").arg(number)};
    out.append(number);
    return {};
}

Encoded encodeOther(QCborStreamWriter &out, const QVariant &value, int depth)
{
    if (value.canConvert<QAssociativeIterable>())
        return encodeAssociation(out, value, depth);
    if (value.canConvert<QSequentialIterable>())
        return encodeList(out, value.value<QSequentialIterable>(), depth);
    if (value.metaType().flags().testFlag(QMetaType::IsEnumeration)) {
        out.append(value.toLongLong());
        return {};
    }
    return Refusal{{},
                   QStringLiteral("is a %1, which a payload cannot keep: make text, a number, a list or a map of it")
                       .arg(QString::fromUtf8(value.typeName()))};
}

Encoded encode(QCborStreamWriter &out, const QVariant &value, int depth)
{
    if (depth > maxDepth)
        return Refusal{{}, QStringLiteral("is nested deeper than %1").arg(maxDepth)};
    switch (value.typeId()) {
    case QMetaType::Bool:
        out.append(value.toBool());
        return {};
    case QMetaType::Char:
    case QMetaType::SChar:
    case QMetaType::Short:
    case QMetaType::Int:
    case QMetaType::Long:
    case QMetaType::LongLong:
        out.append(value.toLongLong());
        return {};
    case QMetaType::UChar:
    case QMetaType::UShort:
    case QMetaType::UInt:
    case QMetaType::ULong:
    case QMetaType::ULongLong:
        return encodeUnsigned(out, value.toULongLong());
    case QMetaType::Float:
    case QMetaType::Double:
        out.append(value.toDouble());
        return {};
    case QMetaType::QChar:
    case QMetaType::QString:
        out.append(value.toString());
        return {};
    case QMetaType::QByteArray:
        out.append(*static_cast<const QByteArray *>(value.constData()));
        return {};
    case QMetaType::QVariantList:
        return encodeList(out, *static_cast<const QVariantList *>(value.constData()), depth + 1);
    case QMetaType::QVariantMap:
        return encodeMap(out, *static_cast<const QVariantMap *>(value.constData()), depth + 1);
    case QMetaType::UnknownType:
    case QMetaType::Nullptr:
    case QMetaType::QDateTime:
    case QMetaType::QUrl:
    case QMetaType::QUuid:
    case QMetaType::QRegularExpression:
    case QMetaType::QJsonValue:
    case QMetaType::QJsonObject:
    case QMetaType::QJsonArray:
    case QMetaType::QJsonDocument:
    case QMetaType::QCborSimpleType:
    case QMetaType::QCborValue:
    case QMetaType::QCborArray:
    case QMetaType::QCborMap:
        QCborValue::fromVariant(value).toCbor(out);
        return {};
    default:
        return encodeOther(out, value, depth + 1);
    }
}

} // namespace

Payload::Payload(const QVariantMap &map)
{
    if (map.isEmpty())
        return;
    QCborStreamWriter out(&m_encoded);
    if (const Encoded refused = encodeMap(out, map, 0)) {
        const QString place = refused->place.size() > maxPlace ? refused->place.left(maxPlace) + u'…' : refused->place;
        m_problem = QStringLiteral("payload%1 %2").arg(place, refused->problem);
        m_encoded.clear();
    }
}

Payload::Payload(std::initializer_list<std::pair<QString, QVariant>> entries)
    : Payload([entries] {
        QVariantMap map;
        for (const auto &[name, value] : entries)
            map.insert(name, value);
        return map;
    }())
{
}

QVariantMap Payload::map() const
{
    if (!m_isMap || m_encoded.isEmpty())
        return {};
    return QCborValue::fromCbor(m_encoded).toMap().toVariantMap();
}

} // namespace Quern
