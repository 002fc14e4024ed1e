#include "admin-gui/models/payloadtext.h"

#include "admin-gui/models/format.h"

#include <QCborStreamReader>
#include <QCborValue>
#include <QCoreApplication>
#include <QJsonArray>
#include <QJsonDocument>

#include <algorithm>
#include <optional>

namespace Quern::console {

namespace {

using admin::DeadLetterPayload;

constexpr qsizetype bytesPerLine = 16;

struct Text
{
    Q_DECLARE_TR_FUNCTIONS(Quern::console::PayloadText)
};

QString indented(const QJsonValue &value)
{
    const QJsonDocument document =
        value.isObject() ? QJsonDocument(value.toObject()) : QJsonDocument(QJsonArray{value});
    return QString::fromUtf8(document.toJson(QJsonDocument::Indented)).trimmed();
}

/// Nullopt if \a bytes are no CBOR, or its beginning alone.
std::optional<QString> cborText(const QByteArray &bytes)
{
    QCborStreamReader reader(bytes);
    const QCborValue value = QCborValue::fromCbor(reader);
    if (reader.lastError() != QCborError::NoError)
        return std::nullopt;
    return indented(value.toJsonValue());
}

bool isText(const QByteArray &bytes)
{
    return !bytes.isEmpty() && bytes.isValidUtf8() && std::all_of(bytes.begin(), bytes.end(), [](char byte) {
        return uchar(byte) >= 0x20 ? uchar(byte) != 0x7f : byte == '\n' || byte == '\t' || byte == '\r';
    });
}

void shorten(PayloadText &shown)
{
    if (shown.text.size() <= PayloadText::LongestText)
        return;
    shown.text.truncate(PayloadText::LongestText);
    shown.summary += Text::tr("; only the beginning is shown");
}

} // namespace

QString PayloadText::hexDump(const QByteArray &bytes)
{
    QString dump;
    for (qsizetype begin = 0; begin < bytes.size(); begin += bytesPerLine) {
        const QByteArray line = bytes.mid(begin, bytesPerLine);
        QString ascii;
        for (const char byte : line)
            ascii += byte >= 0x20 && byte < 0x7f ? QLatin1Char(byte) : QLatin1Char('.');
        dump += QStringLiteral("%1  %2  %3\n")
                    .arg(begin, 8, 16, QLatin1Char('0'))
                    .arg(QString::fromLatin1(line.toHex(' ')), -int(bytesPerLine * 3 - 1))
                    .arg(ascii);
    }
    return dump;
}

PayloadText PayloadText::of(const DeadLetterPayload &payload)
{
    PayloadText shown;
    if (payload.kind == DeadLetterPayload::Kind::Map) {
        shown.summary = Text::tr("map, %1").arg(format::bytes(payload.size));
        shown.text = indented(payload.map);
        shorten(shown);
        return shown;
    }
    const QByteArray bytes = QByteArray::fromBase64(payload.bytes.toLatin1());
    const bool isCbor = payload.kind == DeadLetterPayload::Kind::Cbor;
    shown.summary = (isCbor ? Text::tr("map, %1") : Text::tr("bytes, %1")).arg(format::bytes(payload.size));
    if (payload.truncated)
        shown.summary += Text::tr("; the server has told the first %1").arg(format::bytes(bytes.size()));
    if (isCbor) {
        if (const std::optional<QString> json = cborText(bytes)) {
            shown.text = *json;
            shorten(shown);
            return shown;
        }
    }
    if (isCbor)
        shown.summary += Text::tr("; in CBOR");
    if (!isCbor && isText(bytes)) {
        shown.text = QString::fromUtf8(bytes);
        shorten(shown);
        shown.text += QStringLiteral("\n\n");
    }
    if (bytes.size() > MostDumped)
        shown.summary += Text::tr("; %1 of them in hex").arg(format::bytes(MostDumped));
    shown.text += hexDump(bytes.first(std::min(bytes.size(), MostDumped)));
    return shown;
}

} // namespace Quern::console
