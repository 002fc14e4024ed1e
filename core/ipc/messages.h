#pragma once

#include "base/span.h"
#include "ipc/childrole.h"
#include "ipc/confinement.h"
#include "ipc/cronmessages.h"
#include "ipc/frame.h"
#include "ipc/hookmessages.h"
#include "ipc/processplan.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>
#include <QStringList>
#include <QVarLengthArray>
#include <QVariantMap>

#include <chrono>
#include <optional>
#include <span>

namespace Quern::ipc {

/// The number of this protocol; master and child must agree.
inline constexpr int ProtocolVersion = 6;

/// Where a request's claim slot is, and how much of its answer the master can take. It stands first in the payload of a
/// Request frame and is written anew with each dispatch, while the rest stays as it is.
/// Shape: u32 slot | u32 sequence | u64 dispatched (monotonic ns) | u32 response credit | u32 reserved.
struct ClaimTicket
{
    quint32 slot = 0;
    quint32 sequence = 0;
    quint64 dispatchedNs = 0;
    quint32 responseCredit =
        quint32(ScantResponseCredit); ///< bytes of the answer's body that may be sent before a Credit
};
inline constexpr qsizetype ClaimTicketSize = 24;

/// The length of a body that is not known beforehand.
inline constexpr quint64 UnknownLength = ~quint64(0);

enum RequestFlag : quint16 {
    SecureRequest = 1,    ///< the client speaks https, to a trusted proxy if not to us
    StreamedRequest = 2,  ///< the handler is to run at once: the body follows until RequestEnd, as credit is granted
    ProxiedRequest = 4,   ///< it came through a trusted proxy, whose address is peerAddress
    WebSocketRequest = 8, ///< a good opening handshake (RFC 6455 §4.2.1): a WebSocket route may take it
};

/// A request on its way to a worker, as views.
/// Shape: ClaimTicket | u64 received (monotonic ns) | u64 body length | u32 head length | u16 header count | u16 remote
/// port | u8 remote address length | u8 minor version | u16 flags | u8 peer address length | u8 port | u16 host
/// length | u32 body layout length | u16 client certificate length | u16 reserved | spans of method, target and each
/// header's name and value (u32 offset | u32 length each, offsets into the head) | remote address | peer address | host
/// | body layout | client certificate | head bytes | first part of body.
struct RequestMessage
{
    ClaimTicket ticket;
    quint64 receivedNs = 0;
    quint64 bodyLength = 0;       ///< of the whole body; UnknownLength is possible for a streamed one
    QByteArrayView remoteAddress; ///< of the client, as text; empty: a Unix socket
    QByteArrayView peerAddress; ///< of the proxy that the request came through; empty: it came from the client, or the
                                ///< proxy's is a Unix socket
    QByteArrayView host;        ///< as the proxy got it; empty: see the Host field
    QByteArrayView bodyLayout;  ///< an encoded BodyLayout; empty: the body is plain
    /// Of the client, if it has shown one: the 64 hexadecimal digits of its SHA-256, and behind them its subject as RFC
    /// 2253 writes it, in UTF-8.
    QByteArrayView clientCertificate;
    quint16 remotePort = 0;
    quint16 flags = 0; ///< of RequestFlag
    quint8 minorVersion = 1;
    quint8 port = 0; ///< number of the port that it came in by, see BootMessage::Port
    QByteArrayView head;
    base::Span method;
    base::Span target;
    QVarLengthArray<base::HeaderSpan, 16> headers;
    QByteArrayView bodyPart; ///< what came with the head; the rest follows in RequestBody frames
};

/// What encodeRequest() needs; the headers are borrowed.
struct RequestParts
{
    quint64 receivedNs = 0;
    quint64 bodyLength = 0;
    QByteArrayView remoteAddress; ///< at most 255 bytes
    QByteArrayView peerAddress;   ///< at most 255 bytes
    QByteArrayView host;          ///< at most 65535 bytes
    QByteArrayView bodyLayout;
    QByteArrayView clientCertificate; ///< at most 65535 bytes
    quint16 remotePort = 0;
    quint16 flags = 0;
    quint8 minorVersion = 1;
    quint8 port = 0;
    QByteArrayView head;
    base::Span method;
    base::Span target;
    std::span<const base::HeaderSpan> headers;
};

/// The payload of a Request frame but for its ticket and its body.
QByteArray encodeRequest(const RequestParts &parts);
/// Writes the ClaimTicketSize bytes of \a ticket to \a place.
void writeTicket(char *place, const ClaimTicket &ticket);
/// Reads the whole payload of a Request frame. Error::Protocol if a length or span does not fit. All views point into
/// \a payload.
Result<void> decodeRequest(QByteArrayView payload, RequestMessage &message);
/// The ticket of a Request whose rest may be malformed; nullopt if there is none.
std::optional<ClaimTicket> ticketOf(QByteArrayView payload);
/// The same for what encodeRequest() made, without ticket and body.
Result<void> decodeRequestParts(QByteArrayView encoded, RequestMessage &message);

/// What the body of a response is.
enum class ResponseKind : quint16 {
    Whole = 0,    ///< bytes, of the length announced
    Streamed = 1, ///< bytes until ResponseEnd or ResponseAbort; the length may be unknown
    File = 2,     ///< an encoded FileAnswer: the master sends that file
    Error = 3,    ///< the master's own page for the status; the bytes are a detail for it to show (UTF-8), or none
    Upgrade = 4,  ///< the connection speaks WebSocket from now on; the bytes are the u32 place of the route in the
                  ///< manifest, the header block is what the 101 answer says besides what the master writes itself
};

/// Shape: u16 status | u16 kind | u32 header block length | u64 body length | header block | first part of body.
struct ResponseMessage
{
    quint16 status = 200;
    ResponseKind kind = ResponseKind::Whole;
    quint64 bodyLength = 0;     ///< of the whole body; UnknownLength is possible for a streamed one
    QByteArrayView headerBlock; ///< "Name: value\r\n" for each field
    QByteArrayView bodyPart;    ///< what came with the head; the rest follows in ResponseBody frames
};
inline constexpr qsizetype ResponseMessageHeaderSize = 16;

void appendResponse(QByteArray &out, quint64 id, const ResponseMessage &message);
/// All of it but the body part, which the caller sends next.
void appendResponseHead(QByteArray &out, quint64 id, const ResponseMessage &message);
Result<ResponseMessage> decodeResponse(QByteArrayView payload);

/// A file that is the body of an answer. The worker has opened it, so that it may read it; what the master opens must
/// be the same file. Shape: u64 device | u64 inode | absolute path (bytes as the kernel knows it).
struct FileAnswer
{
    quint64 device = 0;
    quint64 inode = 0;
    QByteArray path;

    QByteArray encode() const;
    static Result<FileAnswer> decode(QByteArrayView bytes);
    bool operator==(const FileAnswer &) const = default;
};

/// One route as the master knows it. Its place in the manifest is the route number in claim slots and events.
struct RouteEntry
{
    /// Stands in place of a method for a route of WebSocket connections, and for a socket handler, whose pattern is its
    /// name. No client can send these.
    static constexpr QByteArrayView WebSocketMethod = "WEBSOCKET";
    static constexpr QByteArrayView SocketMethod = "SOCKET";

    QByteArray method;
    QByteArray pattern;
    bool retry = true;
    bool streamBody = false; ///< its handler takes the body as it arrives
    QString plugin = {};     ///< name of the plugin that registered it
    QByteArray service = {}; ///< the ports whose handler has this name serve it; empty: those without a handler

    QByteArray name() const { return method + ' ' + pattern; }
    bool operator==(const RouteEntry &) const = default;
};

/// What a worker is told about answers.
struct AnswerOptions
{
    bool debug = false; ///< error pages may show what went wrong
    bool compression = true;
    int compressionLevel = 5;            ///< 1 (fast) to 9 (small)
    quint32 compressionMinLength = 1024; ///< bytes: a shorter body is sent as it is
    QStringList compressionTypes = {};   ///< media types, "text/*" for a whole family; empty: none
    bool operator==(const AnswerOptions &) const = default;
};

/// What a child is told about tasks: how those are treated of which nobody says more. Times are milliseconds.
struct TaskDefaults
{
    int taskWorkers = 0; ///< how many there are; 0: nothing can be delivered
    int tries = 1;
    std::chrono::milliseconds timeout{0}; ///< of one try; zero: none
    std::chrono::milliseconds retryDelay{1000};
    std::chrono::milliseconds retryDelayMax{300'000};
    qint64 spillSize = 64 * 1024; ///< bytes: a longer payload goes through a file
    QString spillFolder = {};     ///< absolute
    bool allDurable = false;      ///< also those of which nobody says so
    bool operator==(const TaskDefaults &) const = default;
};

/// What a child is told to load. Shape: CBOR map with the keys "protocol", "role", "worker", "name", "generation",
/// "answers": map with "debug", "compression", "level", "minLength", "types"; "plugins": list of maps with "file",
/// "settings", "source" and "place"; "ports": list of maps with "name", "kind", "handler", "address", "place",
/// "messageBytes", "outputBytes"; "tasks": map with "workers", "tries", "timeout", "retryDelay", "retryDelayMax",
/// "spillSize", "spillFolder" and "allDurable"; "cron": list of CronEntry; "maxWait": ms; "plan": see ProcessPlan;
/// "confinement": see Confinement.
struct BootMessage
{
    struct Plugin
    {
        QString file; ///< absolute path; for a child that of a private copy
        QVariantMap settings;
        QString source = file; ///< absolute path of the original, for messages
        QString place = {};    ///< "quern.toml:12", for messages; empty if no settings file names it
        bool operator==(const Plugin &) const = default;
    };
    /// One port that the server listens on. Its place in the list is its number.
    struct Port
    {
        enum class Kind { Http = 0, Stream = 1, Datagram = 2 };

        QString name; ///< "main" for those of [server]
        Kind kind = Kind::Http;
        QString handler = {};           ///< name that a plugin registers; empty: the application's own routes
        QString address = {};           ///< "127.0.0.1:5200", "tls:[::1]:443", "unix:/run/app.sock"
        QString place = {};             ///< "quern.toml:12", for messages
        quint64 messageBytes = 2 << 20; ///< the longest message, package or datagram in either direction
        quint64 outputBytes = 8 << 20;  ///< of one connection that may wait for its client
        bool operator==(const Port &) const = default;
    };
    ChildIdentity who; ///< "role", "worker" (its number) and "name"
    int generation = 0;
    AnswerOptions answers;
    QList<Plugin> plugins;
    QList<Port> ports = {};
    TaskDefaults tasks = {};
    ProcessPlan plan = {};
    QList<CronEntry> cron = {};
    std::chrono::milliseconds maxWaitTime{3000}; ///< that it has to finish what it has begun when it is to leave
    Confinement confinement = {};

    QByteArray encode() const;
    static Result<BootMessage> decode(QByteArrayView payload);
};

/// What a child answers when it can serve: its manifest. Shape: CBOR map with the keys "protocol", "routes": list of
/// maps with "method", "pattern", "retry", "streamBody", "plugin", "service"; "plugins": list of maps with "name",
/// "version", in the order of the Boot message; "work": list of texts; "hasCron": whether there is
/// a cron job; "hooks": number.
struct HelloMessage
{
    struct Plugin
    {
        QString name;
        QString version;
        bool operator==(const Plugin &) const = default;
    };
    QList<RouteEntry> routes;
    QList<Plugin> plugins;
    QList<QByteArray> work = {}; ///< "task mail", "event order.paid": what task workers run
    bool hasCron = false;        ///< there is something for a timer process to do
    quint32 hooks = 0;           ///< life-cycle hooks that there are: 1 << ipc::Hook

    bool hasHook(Hook kind) const { return (hooks & 1u << quint32(kind)) != 0; }

    QByteArray encode() const;
    static Result<HelloMessage> decode(QByteArrayView payload);
};

} // namespace Quern::ipc
