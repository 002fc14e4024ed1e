#include "ipc/hookmessages.h"

#include "ipc/bytefields.h"

namespace Quern::ipc {

namespace {

bool isHook(quint8 kind)
{
    return kind >= quint8(Hook::ServerStart) && kind <= quint8(Hook::HealthCheck);
}

} // namespace

QByteArray RunHooksMessage::encode() const
{
    const QByteArray processBytes = process.toUtf8().left(0xffff);
    const QByteArray reasonBytes = reason.toUtf8();
    QByteArray out(qsizetype(sizeof(quint8) + sizeof(quint64) + sizeof(quint16)) + processBytes.size() +
                       reasonBytes.size(),
                   Qt::Uninitialized);
    FieldWriter(out.data())
        .put(quint8(kind))
        .put(pid)
        .put(quint16(processBytes.size()))
        .put(QByteArrayView(processBytes))
        .put(QByteArrayView(reasonBytes));
    return out;
}

Result<RunHooksMessage> RunHooksMessage::decode(QByteArrayView payload)
{
    FieldReader reader(payload);
    RunHooksMessage message;
    const auto kind = reader.get<quint8>();
    message.kind = Hook(kind);
    message.pid = reader.get<quint64>();
    const auto length = reader.get<quint16>();
    message.process = QString::fromUtf8(reader.take(length));
    message.reason = QString::fromUtf8(reader.rest());
    if (!reader.isWhole() || !isHook(kind))
        return broken("RunHooks");
    return message;
}

QByteArray HooksDoneMessage::encode() const
{
    return QByteArray(1, char(kind)) + problem.toUtf8();
}

Result<HooksDoneMessage> HooksDoneMessage::decode(QByteArrayView payload)
{
    FieldReader reader(payload);
    const auto kind = reader.get<quint8>();
    if (!reader.isWhole() || !isHook(kind))
        return broken("HooksDone");
    return HooksDoneMessage{Hook(kind), QString::fromUtf8(reader.rest())};
}

} // namespace Quern::ipc
