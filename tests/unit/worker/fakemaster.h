#pragma once

#include "base/clock.h"
#include "ipc/bodylayout.h"
#include "ipc/bodystream.h"
#include "loopsupport.h"
#include "sdk/src/application_p.h"
#include "worker/handlerhost.h"

#include <QDeadlineTimer>
#include <QHash>
#include <QTimer>
#include <QtEndian>

#include <poll.h>

#include <initializer_list>
#include <mutex>
#include <optional>
#include <thread>

namespace WorkerTest {

using Quern::Application;
using Quern::ApplicationPrivate;
using Quern::Request;
using Quern::Response;
using Quern::ipc::ClaimRing;
using Quern::ipc::ClaimState;
using Quern::ipc::FrameType;

/// One frame from the worker.
struct Reply
{
    FrameType type = FrameType::Boot;
    quint64 id = 0;
    QByteArray payload;
    quint64 arrivedNs = 0;
};

/// The master's end of one reactor's channel. A thread of its own reads it, so that arrivals are seen while the
/// worker's thread is inside a handler.
class Wire
{
public:
    explicit Wire(int fd) : m_fd(fd), m_reader([this](const std::stop_token &stop) { read(stop); }) {}

    void put(const QByteArray &bytes)
    {
        for (qsizetype done = 0; done < bytes.size();) {
            const ssize_t count =
                ::send(m_fd.get(), bytes.constData() + done, size_t(bytes.size() - done), MSG_NOSIGNAL | MSG_DONTWAIT);
            if (count > 0)
                done += count;
            else
                QCoreApplication::processEvents(); // the worker has to read first
        }
    }
    QList<Reply> replies() const
    {
        const std::lock_guard lock(m_mutex);
        return m_replies;
    }

private:
    void read(const std::stop_token &stop)
    {
        QByteArray inbox;
        char bytes[64 * 1024];
        while (!stop.stop_requested()) {
            pollfd descriptor = {m_fd.get(), POLLIN, 0};
            if (::poll(&descriptor, 1, 20) <= 0)
                continue;
            const ssize_t count = ::recv(m_fd.get(), bytes, sizeof bytes, MSG_DONTWAIT);
            if (count <= 0)
                return;
            const quint64 now = Quern::base::nowNanoseconds();
            inbox.append(bytes, count);
            QByteArrayView rest = inbox;
            for (;;) {
                const auto frame = Quern::ipc::decodeFrame(rest);
                if (!frame)
                    qFatal("the worker sent no frame");
                if (!*frame)
                    break;
                const std::lock_guard lock(m_mutex);
                m_replies.append({(*frame)->type, (*frame)->id, (*frame)->payload.toByteArray(), now});
            }
            inbox = rest.toByteArray();
        }
    }

    Quern::base::FileDescriptor m_fd;
    mutable std::mutex m_mutex;
    QList<Reply> m_replies;
    std::jthread m_reader;
};

/// A request as a master sends it.
struct Order
{
    QByteArray method = QByteArrayLiteral("GET");
    QByteArray target = QByteArrayLiteral("/");
    QByteArray body = {};
    qsizetype firstPart = -1;                                  ///< bytes of the body that go with the head; -1: all
    quint32 credit = quint32(Quern::ipc::AmpleResponseCredit); ///< of the answer
    QByteArray acceptEncoding = {};                            ///< value of that field; empty: none is sent
    quint16 flags = 0;                                         ///< of ipc::RequestFlag
    std::optional<quint64> bodyLength = {};                    ///< to announce; none: that of the body
    Quern::ipc::BodyLayout layout = {};                        ///< goes along if the body is not plain
    QByteArray host = {};                                      ///< as a proxy got it
    QByteArray peerAddress = {};
    QList<std::pair<QByteArray, QByteArray>> fields = {}; ///< further ones
    quint8 port = 0;
};

/// What a master holds of one worker: the page, the claim rings and the far ends of the channels. The worker is a
/// HandlerHost in this very thread.
class FakeMaster
{
public:
    explicit FakeMaster(int reactorCount = 1) : application(&registered)
    {
        Quern::Result<Quern::ipc::ChildPage> created = Quern::ipc::ChildPage::create(reactorCount);
        if (!created)
            qFatal("page");
        page = std::make_shared<Quern::ipc::ChildPage>(std::move(*created));
        for (int reactor = 0; reactor < reactorCount; ++reactor)
            rings.push_back(std::make_unique<ClaimRing>(page, reactor));
    }

    /// After the routes have been registered with \a application.
    void startHost()
    {
        std::vector<int> channels;
        for (size_t reactor = 0; reactor < rings.size(); ++reactor) {
            const auto pair = Quern::ipc::Channel::createPair();
            if (!pair)
                qFatal("socketpair");
            channels.push_back(pair->first);
            wires.push_back(std::make_unique<Wire>(pair->second));
        }
        auto adopted = Quern::ipc::ChildPage::adopt(::dup(page->descriptor()), page->reactorCount());
        if (!adopted)
            qFatal("adopt");
        host.emplace(registered, std::move(*adopted), channels,
                     Quern::worker::HandlerHost::Identity{.workerId = 4, .generation = 2}, options, server);
    }

    /// What a master knows of the request, without ticket and body.
    static QByteArray encodeParts(const Order &order)
    {
        QByteArray head = order.method + ' ' + order.target + " HTTP/1.1\r\n";
        std::vector<Quern::base::HeaderSpan> fields;
        const auto addField = [&](const QByteArray &name, const QByteArray &value) {
            const auto place = quint32(head.size());
            const Quern::base::Span valueSpan = {place + quint32(name.size() + 2), quint32(value.size())};
            fields.push_back({{place, quint32(name.size())}, valueSpan});
            head += name + ": " + value + "\r\n";
        };
        addField("Host", "x");
        if (!order.acceptEncoding.isEmpty())
            addField("Accept-Encoding", order.acceptEncoding);
        for (const auto &[name, value] : order.fields)
            addField(name, value);
        head += "\r\n";
        Quern::ipc::RequestParts parts;
        parts.receivedNs = 1'000;
        parts.bodyLength = order.bodyLength.value_or(quint64(order.body.size()));
        parts.flags = order.flags;
        const QByteArray layout = order.layout.isPlain() ? QByteArray() : order.layout.encode();
        parts.bodyLayout = layout;
        parts.host = order.host;
        parts.peerAddress = order.peerAddress;
        parts.remoteAddress = "192.0.2.1";
        parts.remotePort = 4711;
        parts.port = order.port;
        parts.head = head;
        parts.method = {0, quint32(order.method.size())};
        parts.target = {quint32(order.method.size() + 1), quint32(order.target.size())};
        parts.headers = fields;
        return Quern::ipc::encodeRequest(parts);
    }
    /// The bytes of one Request frame with a fresh claim; its id is the next one.
    QByteArray encode(const Order &order, size_t reactor = 0)
    {
        const quint64 id = ++lastId;
        claims[id] = *rings[reactor]->acquire(id);
        QByteArray payload(Quern::ipc::ClaimTicketSize, '\0');
        Quern::ipc::writeTicket(payload.data(), {claims[id].slot, claims[id].sequence, 2'000, order.credit});
        payload += encodeParts(order);
        payload += order.firstPart < 0 ? order.body : order.body.first(order.firstPart);
        return frame(FrameType::Request, id, payload);
    }
    /// The same for several, in their order.
    QByteArray encodeAll(std::initializer_list<Order> orders)
    {
        QByteArray bytes;
        for (const Order &order : orders)
            bytes += encode(order);
        return bytes;
    }
    quint64 request(const Order &order, size_t reactor = 0)
    {
        wires[reactor]->put(encode(order, reactor));
        return lastId;
    }
    void send(FrameType type, quint64 id, const QByteArray &payload = {}, size_t reactor = 0)
    {
        wires[reactor]->put(frame(type, id, payload));
    }
    void grant(quint64 id, quint32 bytes)
    {
        QByteArray payload(4, Qt::Uninitialized);
        qToLittleEndian(bytes, payload.data());
        send(FrameType::Credit, id, payload);
    }
    static QByteArray frame(FrameType type, quint64 id, const QByteArray &payload)
    {
        QByteArray bytes;
        Quern::ipc::appendFrame(bytes, type, 0, id, payload);
        return bytes;
    }

    /// The first frame of \a type about \a id, when it is there.
    std::optional<Reply> reply(quint64 id, FrameType type = FrameType::Response, size_t reactor = 0) const
    {
        const QList<Reply> replies = wires[reactor]->replies();
        for (const Reply &each : replies) {
            if (each.id == id && each.type == type)
                return each;
        }
        return std::nullopt;
    }
    /// Turns the event loop until that frame is there.
    std::optional<Reply> awaitReply(quint64 id, FrameType type = FrameType::Response, size_t reactor = 0) const
    {
        turnUntil([&] { return reply(id, type, reactor).has_value(); });
        return reply(id, type, reactor);
    }
    /// "status headers|body", or why there is none.
    QByteArray answer(quint64 id, size_t reactor = 0) const
    {
        const std::optional<Reply> found = awaitReply(id, FrameType::Response, reactor);
        if (!found)
            return QByteArrayLiteral("no answer");
        const auto message = Quern::ipc::decodeResponse(found->payload);
        if (!message)
            return QByteArrayLiteral("malformed answer");
        return QByteArray::number(message->status) + ' ' + message->headerBlock.toByteArray().replace("\r\n", ";") +
               '|' + message->bodyPart.toByteArray();
    }
    /// Bytes of the body of \a id that the worker has asked for.
    quint64 granted(quint64 id) const
    {
        quint64 sum = 0;
        const QList<Reply> replies = wires[0]->replies();
        for (const Reply &each : replies) {
            if (each.id == id && each.type == FrameType::Credit)
                sum += *Quern::ipc::creditOf(each.payload);
        }
        return sum;
    }
    /// All bodies' parts of \a id so far.
    QByteArray bodyOf(quint64 id) const
    {
        QByteArray body;
        const QList<Reply> replies = wires[0]->replies();
        for (const Reply &each : replies) {
            if (each.id != id)
                continue;
            if (each.type == FrameType::ResponseBody)
                body += each.payload;
            else if (const auto message = Quern::ipc::decodeResponse(each.payload);
                     each.type == FrameType::Response && message)
                body += message->bodyPart.toByteArray();
        }
        return body;
    }
    ClaimState state(quint64 id, size_t reactor = 0) const { return rings[reactor]->state(claims[id]); }
    Quern::ipc::ChildCounters &counters() const { return page->counters(); }

    /// False if \a condition does not come true within ten seconds.
    template <typename Condition>
    static bool turnUntil(Condition condition)
    {
        const QDeadlineTimer deadline(10'000);
        QTimer guard; // what the reading thread sees does not wake this loop
        guard.start(1);
        while (!condition()) {
            if (deadline.hasExpired())
                return false;
            QCoreApplication::processEvents(QEventLoop::WaitForMoreEvents);
        }
        return true;
    }

    ApplicationPrivate registered;
    Application application;
    Quern::ipc::AnswerOptions options;           ///< to be changed before startHost()
    Quern::worker::LiveServer *server = nullptr; ///< the same
    std::shared_ptr<Quern::ipc::ChildPage> page;
    std::vector<std::unique_ptr<ClaimRing>> rings;
    std::vector<std::unique_ptr<Wire>> wires;
    QHash<quint64, ClaimRing::Claim> claims;
    quint64 lastId = 0;
    std::optional<Quern::worker::HandlerHost> host;
};

/// Keeps the thread busy, as a handler that computes.
inline void computeFor(std::chrono::nanoseconds duration)
{
    const auto end = std::chrono::steady_clock::now() + duration;
    while (std::chrono::steady_clock::now() < end) {
    }
}

} // namespace WorkerTest
