#pragma once

#include "base/span.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QList>
#include <QString>
#include <QVarLengthArray>
#include <QVariantMap>

#include <span>

namespace Quern::ipc {

/// The number of this protocol; master and child must agree.
inline constexpr int ProtocolVersion = 1;

/// Where a request's claim slot is. It stands first in a Request payload and is written anew with each dispatch.
/// Shape: u32 slot | u32 sequence | u64 dispatched (monotonic ns).
struct ClaimTicket
{
    quint32 slot = 0;
    quint32 sequence = 0;
    quint64 dispatchedNs = 0;
};
inline constexpr qsizetype ClaimTicketSize = 16;

/// A request on its way to a worker, as views.
/// Shape: ClaimTicket | u64 received (monotonic ns) | u64 body length | u32 head length | u16 header count | u16 remote
/// port | u8 remote address length | u8 minor version | u16 reserved | spans of method, target and each header's name
/// and value (u32 offset | u32 length each, offsets into the head) | remote address (text) | head bytes | first part of
/// body.
struct RequestMessage
{
    ClaimTicket ticket;
    quint64 receivedNs = 0;
    quint64 bodyLength = 0; ///< of the whole body
    QByteArrayView remoteAddress;
    quint16 remotePort = 0;
    quint8 minorVersion = 1;
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
    quint16 remotePort = 0;
    quint8 minorVersion = 1;
    QByteArrayView head;
    base::Span method;
    base::Span target;
    std::span<const base::HeaderSpan> headers;
};

/// The payload of a Request frame but for its body, with an empty ticket.
QByteArray encodeRequest(const RequestParts &parts);
/// Writes \a ticket over the front of an encoded request.
void writeTicket(char *payload, const ClaimTicket &ticket);
/// Error::Protocol if a length or span does not fit. All views point into \a payload.
Result<void> decodeRequest(QByteArrayView payload, RequestMessage &message);

/// Shape: u16 status | u16 reserved | u32 header block length | u64 body length | header block | first part of body.
struct ResponseMessage
{
    quint16 status = 200;
    quint64 bodyLength = 0;     ///< of the whole body
    QByteArrayView headerBlock; ///< "Name: value\r\n" for each field
    QByteArrayView bodyPart;    ///< what came with the head; the rest follows in ResponseBody frames
};
inline constexpr qsizetype ResponseMessageHeaderSize = 16;

void appendResponse(QByteArray &out, quint64 id, const ResponseMessage &message);
/// All of it but the body part, which the caller sends next.
void appendResponseHead(QByteArray &out, quint64 id, const ResponseMessage &message);
Result<ResponseMessage> decodeResponse(QByteArrayView payload);

/// One route as the master knows it. Its place in the manifest is the route number in claim slots.
struct RouteEntry
{
    QByteArray method;
    QByteArray pattern;
    bool retry = true;

    QByteArray name() const { return method + ' ' + pattern; }
    bool operator==(const RouteEntry &) const = default;
};

/// What a child is told to load. Shape: CBOR map with the keys "protocol", "worker", "generation", "plugins": list of
/// maps with "file", "settings" and "source".
struct BootMessage
{
    struct Plugin
    {
        QString file; ///< absolute path; for a child that of a private copy
        QVariantMap settings;
        QString source = file; ///< absolute path of the original, for messages
        bool operator==(const Plugin &) const = default;
    };
    int workerId = 0;
    int generation = 0;
    QList<Plugin> plugins;

    QByteArray encode() const;
    static Result<BootMessage> decode(QByteArrayView payload);
};

/// What a child answers when it can serve: its manifest. Shape: CBOR map with the keys "protocol", "routes": list of
/// maps with "method", "pattern", "retry"; "plugins": list of maps with "name", "version".
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

    QByteArray encode() const;
    static Result<HelloMessage> decode(QByteArrayView payload);
};

} // namespace Quern::ipc
