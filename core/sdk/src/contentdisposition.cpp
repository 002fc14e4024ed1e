#include "contentdisposition_p.h"

#include <QList>

#include <algorithm>

namespace Quern {

namespace {

QString withoutTraps(QString name)
{
    for (QChar &c : name) {
        if (c == u'/' || c == u'\\' || c.category() == QChar::Other_Control || turnsDirection(c))
            c = u'_';
    }
    return name;
}

/// What clients without RFC 8187 see: letters without their marks, an underscore for the rest. Quotes, backslashes and
/// percent signs are among the rest, since clients disagree on their meaning within the quotes (RFC 6266 appendix D),
/// and slashes, which other characters decompose to.
QByteArray asciiFallback(const QString &name)
{
    QByteArray ascii;
    for (const char32_t c : name.normalized(QString::NormalizationForm_KD).toUcs4()) {
        const bool isMark = QChar::category(c) == QChar::Mark_NonSpacing;
        if (c >= 0x20 && c < 0x7f && c != '"' && c != '\\' && c != '%' && c != '/')
            ascii.append(static_cast<char>(c));
        else if (!isMark)
            ascii.append('_');
    }
    return ascii;
}

/// attr-char: RFC 8187 §3.2.1.
bool isAttributeByte(char byte)
{
    constexpr QByteArrayView marks("!#$&+-.^_`|~");
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') ||
           std::find(marks.begin(), marks.end(), byte) != marks.end();
}

void appendExtendedValue(QByteArray &out, const QString &name)
{
    constexpr QByteArrayView digits("0123456789ABCDEF");
    out.append("UTF-8''");
    for (const char byte : name.toUtf8()) {
        const auto code = static_cast<quint8>(byte);
        if (isAttributeByte(byte))
            out.append(byte);
        else
            out.append('%').append(digits[code >> 4]).append(digits[code & 15]);
    }
}

} // namespace

QByteArray contentDisposition(bool attachment, const QString &fileName)
{
    QByteArray value = attachment ? QByteArrayLiteral("attachment") : QByteArrayLiteral("inline");
    if (fileName.isEmpty())
        return value;
    const QString name = withoutTraps(fileName);
    const QByteArray ascii = asciiFallback(name);
    value.append("; filename=\"").append(ascii).append('"');
    if (QLatin1StringView(ascii) != name) {
        value.append("; filename*=");
        appendExtendedValue(value, name);
    }
    return value;
}

} // namespace Quern
