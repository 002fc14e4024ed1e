#include "admin/protocol/jsonvalues.h"

#include <QJsonObject>

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

QJsonValue WideInteger::toJson() const
{
    if (value > largestJsonInteger || value < -largestJsonInteger)
        return QString::number(value);
    return value;
}

std::optional<WideInteger> WideInteger::fromJson(const QJsonValue &json)
{
    if (json.isString()) {
        const QString text = json.toString();
        bool isInteger = false;
        const qint64 value = text.toLongLong(&isInteger);
        // Neither space nor a plus sign, which toLongLong() lets pass.
        if (!isInteger || text.at(0).isSpace() || text.back().isSpace() || text.at(0) == u'+')
            return std::nullopt;
        return WideInteger{value};
    }
    if (!json.isDouble())
        return std::nullopt;
    // An integer is exact; 1e3 and 1.0 are read as well. Whatever is none comes back as the fallback, whichever it is.
    const qint64 value = json.toInteger(0);
    if (value == 0 && json.toInteger(1) != 0)
        return std::nullopt;
    return WideInteger{value};
}

QString WideInteger::expected()
{
    return u"an integer of 64 bits, as a number or as a string of digits"_s;
}

QJsonValue TextOrBytes::toJson() const
{
    // A byte order mark at the beginning would not come back.
    if (bytes.isValidUtf8() && !bytes.startsWith("\xEF\xBB\xBF"))
        return QString::fromUtf8(bytes);
    return QJsonObject{{u"base64"_s, QString::fromLatin1(bytes.toBase64())}};
}

std::optional<TextOrBytes> TextOrBytes::fromJson(const QJsonValue &json)
{
    if (json.isString())
        return TextOrBytes{json.toString().toUtf8()};
    const QJsonValue encoded = json.toObject().value("base64"_L1);
    if (!encoded.isString())
        return std::nullopt;
    const auto decoded =
        QByteArray::fromBase64Encoding(encoded.toString().toLatin1(), QByteArray::AbortOnBase64DecodingErrors);
    if (!decoded)
        return std::nullopt;
    return TextOrBytes{decoded.decoded};
}

QString TextOrBytes::expected()
{
    return u"a string, or an object such as {\"base64\": \"AP8=\"}"_s;
}

QString shownJson(const QJsonValue &value)
{
    switch (value.type()) {
    case QJsonValue::String:
        return u"the string \"%1\""_s.arg(value.toString().left(longestShown));
    case QJsonValue::Double:
        return QString::number(value.toDouble(), 'g', 17);
    case QJsonValue::Bool:
        return value.toBool() ? u"true"_s : u"false"_s;
    case QJsonValue::Array:
        return u"an array"_s;
    case QJsonValue::Object:
        return u"an object"_s;
    default:
        return u"null"_s;
    }
}

} // namespace Quern::admin
