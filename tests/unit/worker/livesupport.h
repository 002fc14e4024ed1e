#pragma once

#include "fakemaster.h"

#include "ipc/connectiontable.h"
#include "ipc/eventgate.h"
#include "ipc/livemessages.h"
#include "worker/liveserver.h"

#include <vector>

namespace WorkerTest {

using Quern::Connection;
using Quern::ipc::CommandKind;
using Quern::ipc::CommandMessage;
using Quern::ipc::EventKind;
using Quern::ipc::EventMessage;

/// A command as a master reads it.
struct Command
{
    quint64 id = 0;
    CommandMessage message; ///< without its views
    QByteArray name;
    QByteArray body;
};

/// A FakeMaster that has live connections, too.
class LiveMaster : public FakeMaster
{
public:
    using Port = Quern::ipc::BootMessage::Port;

    explicit LiveMaster(int reactorCount = 1)
        : FakeMaster(reactorCount)
        , table(made(reactorCount))
        , sequences(size_t(reactorCount))
    {
    }
    ~LiveMaster() { host.reset(); }

    /// After the ports and the routes have been set.
    void start()
    {
        for (const Port &port : ports)
            registered.ports.push_back({port.name, port.handler.toUtf8()});
        auto adopted = Quern::ipc::ConnectionTable::adopt(::dup(table.descriptor()), int(rings.size()));
        if (!adopted)
            qFatal("adopt");
        live.emplace(std::move(*adopted), ports, 4);
        server = &*live;
        startHost();
    }

    /// Puts a connection into the table.
    quint64 connection(Quern::ipc::ConnectionKind kind = Quern::ipc::ConnectionKind::WebSocket, quint8 port = 0,
                       int reactor = 0, quint32 pendingBytes = 0) const
    {
        std::atomic<quint32> &used = table.usedSlots(reactor);
        const quint32 slot = used.load();
        Quern::ipc::ConnectionRecord record;
        record.id = Quern::ipc::ConnectionKey{table.epoch(), reactor, slot, 1}.id();
        record.openedMs = 1000;
        record.lastReceivedMs = 2000;
        record.kind = kind;
        record.port = port;
        record.pendingBytes = pendingBytes;
        record.remoteAddress = "192.0.2.7";
        record.remotePort = 99;
        used.store(slot + 1);
        ++table.openCount(reactor);
        Quern::ipc::ConnectionWriter(table.reactorSlots(reactor)[slot]).publish(record);
        return record.id;
    }

    /// The frames of the next event of that reactor.
    QByteArray encodeEvent(quint64 id, EventMessage message, const QByteArray &body = {}, size_t reactor = 0,
                           qsizetype firstPart = Quern::ipc::MaxBodyPart)
    {
        message.sequence = ++sequences[reactor];
        message.bodyLength = quint32(body.size());
        message.bodyPart = QByteArrayView(body).first(qMin(firstPart, body.size()));
        QByteArray bytes;
        Quern::ipc::appendEvent(bytes, id, message);
        for (qsizetype sent = message.bodyPart.size(); sent < body.size(); sent += Quern::ipc::MaxBodyPart)
            bytes += frame(FrameType::EventBody, id, body.mid(sent, Quern::ipc::MaxBodyPart));
        return bytes;
    }
    /// The frames of several text messages, in their order.
    QByteArray encodeTexts(quint64 id, std::initializer_list<QByteArray> texts)
    {
        EventMessage message;
        message.kind = EventKind::Text;
        QByteArray bytes;
        for (const QByteArray &each : texts)
            bytes += encodeEvent(id, message, each);
        return bytes;
    }
    void event(quint64 id, const EventMessage &message, const QByteArray &body = {}, size_t reactor = 0)
    {
        wires[reactor]->put(encodeEvent(id, message, body, reactor));
    }
    void event(quint64 id, EventKind kind, const QByteArray &body = {}, quint32 route = 0)
    {
        EventMessage message;
        message.kind = kind;
        message.route = route;
        event(id, message, body);
    }
    /// Sends an opening handshake; its id.
    quint64 handshake(Order order = {.target = "/live"})
    {
        order.flags |= Quern::ipc::WebSocketRequest;
        return request(order);
    }
    /// The body of the event that the connection of that handshake is open.
    static QByteArray openBody(quint64 requestId, Order order = {.target = "/live"})
    {
        QByteArray body(8, Qt::Uninitialized);
        qToLittleEndian(requestId, body.data());
        order.flags |= Quern::ipc::WebSocketRequest;
        return body + encodeParts(order);
    }
    /// Waits until all events of that reactor so far are said to be done; false if that does not come.
    bool awaitDone(size_t reactor = 0) const
    {
        return turnUntil([&] { return reply(sequences[reactor], FrameType::EventsDone, reactor).has_value(); });
    }
    /// The whole commands so far.
    QList<Command> commands(size_t reactor = 0) const
    {
        QList<Command> found;
        const QList<Reply> replies = wires[reactor]->replies();
        for (const Reply &each : replies) {
            if (each.type == FrameType::CommandBody)
                found.last().body += each.payload;
            if (each.type != FrameType::Command)
                continue;
            const auto message = Quern::ipc::decodeCommand(each.payload);
            if (!message)
                qFatal("a malformed command");
            found.append({each.id, *message, message->name.toByteArray(), message->bodyPart.toByteArray()});
        }
        return found;
    }
    /// The same when there are \a count of them.
    QList<Command> awaitCommands(qsizetype count, size_t reactor = 0) const
    {
        turnUntil([&] {
            const QList<Command> found = commands(reactor);
            return found.size() >= count && found.last().body.size() == qsizetype(found.last().message.bodyLength);
        });
        return commands(reactor);
    }

    Quern::ipc::ConnectionTable table;
    QList<Port> ports = {{.name = QStringLiteral("main"), .address = QStringLiteral("127.0.0.1:80")}};
    std::optional<Quern::worker::LiveServer> live;
    std::vector<quint64> sequences;

private:
    static Quern::ipc::ConnectionTable made(int reactorCount)
    {
        auto created = Quern::ipc::ConnectionTable::create(reactorCount, 9);
        if (!created)
            qFatal("table");
        return std::move(*created);
    }
};

/// Of each kind.
inline const QList<LiveMaster::Port> somePorts = {
    {.name = QStringLiteral("main"), .address = QStringLiteral("127.0.0.1:80"), .messageBytes = 100'000},
    {.name = QStringLiteral("main"), .address = QStringLiteral("[::1]:80"), .messageBytes = 100'000},
    {.name = QStringLiteral("telnet"),
     .kind = LiveMaster::Port::Kind::Stream,
     .handler = QStringLiteral("telnet"),
     .messageBytes = 1000,
     .outputBytes = 500},
    {.name = QStringLiteral("udp"),
     .kind = LiveMaster::Port::Kind::Datagram,
     .handler = QStringLiteral("telnet"),
     .address = QStringLiteral("127.0.0.1:53")},
    {.name = QStringLiteral("paths"),
     .kind = LiveMaster::Port::Kind::Datagram,
     .handler = QStringLiteral("telnet"),
     .address = QStringLiteral("unix:/run/a.sock"),
     .messageBytes = 100},
    {.name = QStringLiteral("udp6"),
     .kind = LiveMaster::Port::Kind::Datagram,
     .handler = QStringLiteral("telnet"),
     .address = QStringLiteral("[::]:53")},
    {.name = QStringLiteral("both"),
     .kind = LiveMaster::Port::Kind::Datagram,
     .handler = QStringLiteral("telnet"),
     .address = QStringLiteral("127.0.0.1:54")},
    {.name = QStringLiteral("both"),
     .kind = LiveMaster::Port::Kind::Datagram,
     .handler = QStringLiteral("telnet"),
     .address = QStringLiteral("[::1]:54")},
};

} // namespace WorkerTest
