#include "ipc/livemessages.h"

#include "ipc/bytefields.h"

#include <QtEndian>

#include <cstring>

namespace Quern::ipc {

namespace {

void put(char *place, QByteArrayView first, QByteArrayView second)
{
    if (!first.isEmpty())
        std::memcpy(place, first.data(), size_t(first.size()));
    if (!second.isEmpty())
        std::memcpy(place + first.size(), second.data(), size_t(second.size()));
}

} // namespace

void appendEvent(QByteArray &out, quint64 id, const EventMessage &message)
{
    char *place =
        appendFrame(out, FrameType::Event, 0, id, EventHeaderSize + message.name.size() + message.bodyPart.size());
    qToLittleEndian(message.sequence, place);
    qToLittleEndian(message.bodyLength, place + 8);
    qToLittleEndian(message.route, place + 12);
    qToLittleEndian(message.binds, place + 16);
    qToLittleEndian(quint16(message.name.size()), place + 20);
    qToLittleEndian(message.code, place + 22);
    place[24] = char(message.kind);
    place[25] = char(message.port);
    place[26] = char(message.closer);
    place[27] = 0;
    put(place + EventHeaderSize, message.name, message.bodyPart);
}

Result<EventMessage> decodeEvent(QByteArrayView payload)
{
    if (payload.size() < EventHeaderSize)
        return broken("Event");
    const char *place = payload.data();
    EventMessage message;
    message.sequence = qFromLittleEndian<quint64>(place);
    message.bodyLength = qFromLittleEndian<quint32>(place + 8);
    message.route = qFromLittleEndian<quint32>(place + 12);
    message.binds = qFromLittleEndian<quint32>(place + 16);
    const qsizetype nameLength = qFromLittleEndian<quint16>(place + 20);
    message.code = qFromLittleEndian<quint16>(place + 22);
    message.kind = EventKind(place[24]);
    message.port = quint8(place[25]);
    message.closer = Closer(place[26]);
    payload = payload.sliced(EventHeaderSize);
    if (nameLength > payload.size() || payload.size() - nameLength > qsizetype(message.bodyLength) ||
        message.kind < EventKind::Open || message.kind > EventKind::BufferEmpty || message.closer > Closer::Server)
        return broken("Event");
    message.name = payload.first(nameLength);
    message.bodyPart = payload.sliced(nameLength);
    return message;
}

void appendCommand(QByteArray &out, quint64 id, const CommandMessage &message)
{
    char *place =
        appendFrame(out, FrameType::Command, 0, id, CommandHeaderSize + message.name.size() + message.bodyPart.size());
    qToLittleEndian(message.except, place);
    qToLittleEndian(message.bodyLength, place + 8);
    qToLittleEndian(quint16(message.name.size()), place + 12);
    qToLittleEndian(message.code, place + 14);
    qToLittleEndian(message.port, place + 16);
    place[18] = char(message.kind);
    place[19] = char(message.payload);
    qToLittleEndian(quint32(0), place + 20);
    put(place + CommandHeaderSize, message.name, message.bodyPart);
}

Result<CommandMessage> decodeCommand(QByteArrayView payload)
{
    if (payload.size() < CommandHeaderSize)
        return broken("Command");
    const char *place = payload.data();
    CommandMessage message;
    message.except = qFromLittleEndian<quint64>(place);
    message.bodyLength = qFromLittleEndian<quint32>(place + 8);
    const qsizetype nameLength = qFromLittleEndian<quint16>(place + 12);
    message.code = qFromLittleEndian<quint16>(place + 14);
    message.port = qFromLittleEndian<quint16>(place + 16);
    message.kind = CommandKind(place[18]);
    message.payload = Payload(place[19]);
    payload = payload.sliced(CommandHeaderSize);
    if (nameLength > payload.size() || payload.size() - nameLength > qsizetype(message.bodyLength) ||
        message.kind < CommandKind::Send || message.kind > CommandKind::AwaitDrain || message.payload < Payload::Text ||
        message.payload > Payload::Bytes)
        return broken("Command");
    message.name = payload.first(nameLength);
    message.bodyPart = payload.sliced(nameLength);
    return message;
}

QByteArray PacketPeer::encode() const
{
    QByteArray name(2, Qt::Uninitialized);
    qToLittleEndian(port, name.data());
    return name + address;
}

Result<PacketPeer> PacketPeer::decode(QByteArrayView name)
{
    if (name.size() < 2)
        return broken("peer of a packet");
    return PacketPeer{name.sliced(2).toByteArray(), qFromLittleEndian<quint16>(name.data())};
}

} // namespace Quern::ipc
