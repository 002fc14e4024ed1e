#include <Quern/jsonmember.h>

#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>

namespace Quern {

namespace {

/// RFC 8259 §7: quotation mark, reverse solidus and control characters are escaped.
void appendQuoted(QByteArray &out, QByteArrayView utf8)
{
    out += '"';
    for (const char c : utf8) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte >= 0x20 && c != '"' && c != '\\') {
            out += c;
        } else if (byte >= 0x20) {
            out += '\\';
            out += c;
        } else {
            constexpr char digits[] = "0123456789abcdef";
            out += "\\u00";
            out += digits[byte >> 4];
            out += digits[byte & 0xf];
        }
    }
    out += '"';
}

QByteArray beginMember(const JsonName &name, qsizetype valueSize)
{
    QByteArray text;
    text.reserve(name.utf8().size() + valueSize + 6);
    appendQuoted(text, name.utf8());
    text += ':';
    return text;
}

} // namespace

JsonMember::JsonMember(const JsonName &name, const QString &value)
{
    const QByteArray utf8 = value.toUtf8();
    m_text = beginMember(name, utf8.size());
    appendQuoted(m_text, utf8);
}

JsonMember::JsonMember(const JsonName &name, const char *value)
{
    const QByteArrayView view(value);
    m_text = beginMember(name, view.size());
    appendQuoted(m_text, view);
}

JsonMember::JsonMember(const JsonName &name, QByteArrayView value)
{
    const QByteArray mended = value.isValidUtf8() ? QByteArray() : QString::fromUtf8(value).toUtf8();
    const QByteArrayView utf8 = mended.isEmpty() ? value : QByteArrayView(mended);
    m_text = beginMember(name, utf8.size());
    appendQuoted(m_text, utf8);
}

JsonMember::JsonMember(const JsonName &name, std::nullptr_t) : JsonMember(name, QByteArrayLiteral("null"), Verbatim())
{
}

JsonMember::JsonMember(const JsonName &name, const QJsonValue &value)
{
    // QJsonDocument writes objects and arrays only: the brackets of the array around the value are cut off.
    const QByteArray array = QJsonDocument(QJsonArray{value}).toJson(QJsonDocument::Compact);
    m_text = beginMember(name, array.size());
    m_text += QByteArrayView(array).sliced(1, array.size() - 2);
}

JsonMember::JsonMember(const JsonName &name, const QByteArray &number, Verbatim)
    : m_text(beginMember(name, number.size()) + number)
{
}

QByteArray jsonText(const QJsonObject &object)
{
    return QJsonDocument(object).toJson(QJsonDocument::Compact);
}

QByteArray jsonText(const QJsonArray &array)
{
    return QJsonDocument(array).toJson(QJsonDocument::Compact);
}

QByteArray jsonText(std::initializer_list<JsonMember> members)
{
    qsizetype size = 2;
    for (const JsonMember &member : members)
        size += member.text().size() + 1;
    QByteArray text;
    text.reserve(size);
    text += '{';
    for (const JsonMember &member : members) {
        if (text.size() > 1)
            text += ',';
        text += member.text();
    }
    return text += '}';
}

} // namespace Quern
