#include "config/tomltext.h"

#include <QLocale>
#include <QVariantMap>

#include <algorithm>
#include <cmath>

namespace Quern::config {

namespace {

constexpr qsizetype longestShown = 120;

bool isControl(QChar c)
{
    return c < QChar(0x20) || c == QChar(0x7f);
}

QString floatText(double number)
{
    if (std::isnan(number))
        return QStringLiteral("nan");
    if (std::isinf(number))
        return number > 0 ? QStringLiteral("inf") : QStringLiteral("-inf");
    const QString text = QString::number(number, 'g', QLocale::FloatingPointShortest);
    // Without a point or an exponent it would be read back as an integer.
    return text.contains(u'.') || text.contains(u'e') ? text : text + QStringLiteral(".0");
}

bool isBareKey(const QString &key)
{
    return !key.isEmpty() && std::all_of(key.begin(), key.end(), [](QChar c) {
        return (c >= u'a' && c <= u'z') || (c >= u'A' && c <= u'Z') || (c >= u'0' && c <= u'9') || c == u'_' ||
               c == u'-';
    });
}

} // namespace

QString quotedToml(const QString &text)
{
    QString out = QStringLiteral("\"");
    for (const QChar c : text) {
        if (c == u'"' || c == u'\\')
            out += u'\\' + c;
        else if (c == u'\n')
            out += u"\\n";
        else if (c == u'\r')
            out += u"\\r";
        else if (c == u'\t')
            out += u"\\t";
        else if (isControl(c))
            out += QStringLiteral("\\u%1").arg(c.unicode(), 4, 16, QLatin1Char('0'));
        else
            out += c;
    }
    return out + u'"';
}

QString quotedWords(const QStringList &words)
{
    QStringList quoted;
    for (const QString &word : words)
        quoted += quotedToml(word);
    return quoted.join(u", ");
}

QString shownString(const QString &text)
{
    return quotedToml(text.size() <= longestShown ? text : text.left(longestShown) + u'…');
}

QString tomlKey(const QString &key)
{
    return isBareKey(key) ? key : shownString(key);
}

QString toTomlText(const QVariant &value)
{
    QStringList parts;
    switch (value.typeId()) {
    case QMetaType::Bool:
        return value.toBool() ? QStringLiteral("true") : QStringLiteral("false");
    case QMetaType::LongLong:
        return QString::number(value.toLongLong());
    case QMetaType::Double:
        return floatText(value.toDouble());
    case QMetaType::QVariantList: {
        const QVariantList elements = value.toList();
        for (const QVariant &element : elements)
            parts += toTomlText(element);
        return QStringLiteral("[%1]").arg(parts.join(u", "));
    }
    case QMetaType::QVariantMap: {
        const QVariantMap entries = value.toMap();
        for (auto it = entries.begin(); it != entries.end(); ++it) {
            const QString key = isBareKey(it.key()) ? it.key() : quotedToml(it.key());
            parts += QStringLiteral("%1 = %2").arg(key, toTomlText(it.value()));
        }
        return parts.isEmpty() ? QStringLiteral("{}") : QStringLiteral("{ %1 }").arg(parts.join(u", "));
    }
    default:
        return quotedToml(value.toString());
    }
}

bool hasControlCharacter(const QString &text)
{
    return std::any_of(text.begin(), text.end(), isControl);
}

} // namespace Quern::config
