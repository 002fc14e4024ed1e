#include "ipc/bodylayout.h"

#include <QCborArray>
#include <QCborMap>
#include <QCborStreamReader>
#include <QCborValue>

namespace Quern::ipc {

namespace {

constexpr QLatin1StringView fileKey("file");
constexpr QLatin1StringView fileNameKey("fileName");
constexpr QLatin1StringView formKey("form");
constexpr QLatin1StringView nameKey("name");
constexpr QLatin1StringView offsetKey("offset");
constexpr QLatin1StringView partsKey("parts");
constexpr QLatin1StringView sizeKey("size");
constexpr QLatin1StringView trailersKey("trailers");
constexpr QLatin1StringView typeKey("type");

quint64 number(const QCborValue &value)
{
    return value.isInteger() ? quint64(qMax<qint64>(value.toInteger(), 0)) : 0;
}

} // namespace

QByteArray BodyLayout::encode() const
{
    QCborArray list;
    for (const Part &part : parts) {
        QCborMap map = {{nameKey, part.name},
                        {typeKey, part.contentType},
                        {offsetKey, qint64(part.offset)},
                        {sizeKey, qint64(part.size)},
                        {fileKey, part.path}};
        if (part.isFile)
            map.insert(fileNameKey, part.fileName);
        list.append(map);
    }
    const QCborMap map = {
        {fileKey, path}, {sizeKey, qint64(size)}, {formKey, isForm}, {trailersKey, trailers}, {partsKey, list}};
    return map.toCborValue().toCbor();
}

Result<BodyLayout> BodyLayout::decode(QByteArrayView bytes)
{
    QCborStreamReader reader(bytes.data(), bytes.size());
    const QCborValue value = QCborValue::fromCbor(reader);
    if (reader.lastError() != QCborError::NoError || !value.isMap() || reader.currentOffset() != bytes.size())
        return Error(Error::Protocol, QStringLiteral("malformed body layout"));
    const QCborMap map = value.toMap();
    BodyLayout layout;
    layout.path = map.value(fileKey).toByteArray();
    layout.size = number(map.value(sizeKey));
    layout.isForm = map.value(formKey).toBool();
    layout.trailers = map.value(trailersKey).toByteArray();
    for (const QCborValue &entry : map.value(partsKey).toArray()) {
        const QCborMap part = entry.toMap();
        layout.parts.append({part.value(nameKey).toByteArray(), part.value(fileNameKey).toByteArray(),
                             part.value(typeKey).toByteArray(), number(part.value(offsetKey)),
                             number(part.value(sizeKey)), part.value(fileKey).toByteArray(),
                             part.contains(fileNameKey)});
    }
    return layout;
}

} // namespace Quern::ipc
