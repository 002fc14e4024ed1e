#include "ipc/postmessages.h"

#include "ipc/bytefields.h"
#include "ipc/frame.h"

namespace Quern::ipc {

void appendPost(QByteArray &out, quint64 id, const PostMessage &message)
{
    const qsizetype size = PostHeaderSize + message.name.size() + message.payload.size();
    FieldWriter(appendFrame(out, FrameType::Post, 0, id, size))
        .put(quint8(message.kind))
        .put(message.flags)
        .put(quint8(message.role))
        .put(message.code)
        .put(message.number)
        .put(message.timeoutMs)
        .put(quint16(message.name.size()))
        .put(quint16(0))
        .put(message.item)
        .put(message.name)
        .put(message.payload);
}

Result<PostMessage> decodePost(QByteArrayView payload)
{
    FieldReader reader(payload);
    PostMessage message;
    const auto kind = reader.get<quint8>();
    message.kind = PostKind(kind);
    message.flags = reader.get<quint8>();
    const auto role = reader.get<quint8>();
    message.role = ChildRole(role);
    message.code = reader.get<quint8>();
    message.number = reader.get<qint32>();
    message.timeoutMs = reader.get<quint32>();
    const auto nameLength = reader.get<quint16>();
    reader.get<quint16>();
    message.item = reader.get<quint64>();
    message.name = reader.take(nameLength);
    message.payload = reader.rest();
    if (!reader.isWhole() || kind > quint8(PostKind::Begun) || role > quint8(ChildRole::Boot) ||
        message.code > Error::Internal + 1 || message.number < -1)
        return Error(Error::Protocol, QStringLiteral("malformed Post message"));
    return message;
}

} // namespace Quern::ipc
