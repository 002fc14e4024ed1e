#pragma once

#include "ipc/frame.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::ipc {

/// What has happened to a connection. Part of the wire format: append only.
enum class EventKind : quint8 {
    Open = 1,        ///< a WebSocket is open; body: u64 request id of its handshake | that request, as encodeRequest()
    Connect = 2,     ///< a stream connection has been accepted
    Text = 3,        ///< a whole WebSocket message; valid UTF-8
    Binary = 4,      ///< the same, any bytes
    Bytes = 5,       ///< a package of a stream connection, or what was read if it has no framing
    Packet = 6,      ///< a datagram; name is the peer as the master's sockets know it, and the connection id is 0
    Close = 7,       ///< it is closed; body: the reason, UTF-8; code and closer tell more
    BufferFull = 8,  ///< its output is above buffer_high_watermark
    BufferEmpty = 9, ///< its output is down to buffer_low_watermark again
};

/// Who has closed a connection. Part of the wire format.
enum class Closer : quint8 {
    Peer = 0,        ///< the client, or its network
    Application = 1, ///< a handler, a task or the like
    Server = 2,      ///< Quern: a limit, a broken protocol, a stop
};

/// One event on its way to a worker.
/// Shape: u64 sequence | u32 body length | u32 route | u32 binds | u16 name length | u16 code | u8 kind | u8 port | u8
/// closer | u8 reserved | name | first part of the body. The rest of the body follows at once, in EventBody frames.
struct EventMessage
{
    EventKind kind = EventKind::Text;
    quint64 sequence = 0;         ///< of this channel, from 1; see EventGate
    quint32 bodyLength = 0;       ///< bytes of the whole body
    quint32 route = 0;            ///< place of its handler in the worker's manifest
    quint32 binds = 0;            ///< Bind commands of this worker that had been carried out, modulo 2^32
    quint16 code = 0;             ///< of Close: RFC 6455 §7.4, 1006 for a WebSocket that was cut off, 0 for a stream
    quint8 port = 0;              ///< number of the port that the connection came in by
    Closer closer = Closer::Peer; ///< of Close
    QByteArrayView name;          ///< the user that the connection is bound to; empty if to none. Of Packet the peer
    QByteArrayView bodyPart;
};
inline constexpr qsizetype EventHeaderSize = 28;

/// Appends an Event frame of the connection \a id with the part of the body that message.bodyPart is.
void appendEvent(QByteArray &out, quint64 id, const EventMessage &message);
/// Error::Protocol if a length does not fit. All views point into \a payload.
Result<EventMessage> decodeEvent(QByteArrayView payload);

/// What a child wants done. Part of the wire format: append only.
enum class CommandKind : quint8 {
    Send = 1,        ///< to one connection: a message to a WebSocket, bytes to a stream
    Close = 2,       ///< one connection; body: the reason, UTF-8. Output that is under way leaves before
    Join = 3,        ///< one connection enters the room name
    Leave = 4,       ///< one connection leaves it
    Bind = 5,        ///< one connection belongs to the user name from now on; empty: to none
    Broadcast = 6,   ///< to all WebSockets, or to all connections of one port
    SendToRoom = 7,  ///< to all connections in the room name
    SendToUser = 8,  ///< to all connections of the user name
    SendPacket = 9,  ///< a datagram from the port to the peer name
    AwaitDrain = 10, ///< one connection: BufferEmpty comes when its output is down to the low mark, or is there already
};

/// What is sent. Part of the wire format.
enum class Payload : quint8 {
    Text = 1,   ///< a text message to WebSockets; UTF-8, which the sender has checked
    Binary = 2, ///< a binary message to WebSockets
    Bytes = 3,  ///< bytes to a stream
};

/// One command on its way to the master.
/// Shape: u64 except | u32 body length | u16 name length | u16 code | u16 port | u8 kind | u8 payload | u32 reserved |
/// name | first part of the body. The rest of the body follows at once, in CommandBody frames.
struct CommandMessage
{
    static constexpr quint16 AnyPort = 0xffff;

    CommandKind kind = CommandKind::Send;
    Payload payload = Payload::Text;
    quint64 except = 0;     ///< a connection that a Broadcast, SendToRoom or SendToUser leaves out; 0: none
    quint32 bodyLength = 0; ///< bytes of the whole body
    quint16 code = 0;       ///< of Close: RFC 6455 §7.4
    quint16 port = AnyPort; ///< of Broadcast and SendPacket
    QByteArrayView name;
    QByteArrayView bodyPart;
};
inline constexpr qsizetype CommandHeaderSize = 24;

/// Appends a Command frame for the connection \a id, 0 if it is for several, with the part of the body that
/// message.bodyPart is.
void appendCommand(QByteArray &out, quint64 id, const CommandMessage &message);
Result<CommandMessage> decodeCommand(QByteArrayView payload);

/// The other end of a datagram, as name of a Packet or SendPacket. Shape: u16 port (little-endian) | address.
struct PacketPeer
{
    QByteArray address; ///< text: "127.0.0.1", "::1", or a path; empty: a Unix socket without a name
    quint16 port = 0;   ///< 0 for a Unix socket

    QByteArray encode() const;
    static Result<PacketPeer> decode(QByteArrayView name);
};

/// Longest names, in bytes.
inline constexpr qsizetype MaxRoomName = 128;
inline constexpr qsizetype MaxUserName = 64;

} // namespace Quern::ipc
