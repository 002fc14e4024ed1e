#include "ipc/messages.h"

#include "ipc/bytefields.h"
#include "ipc/frame.h"

#include <QtEndian>

#include <cstring>

namespace Quern::ipc {

namespace {

constexpr qsizetype requestFixedSize = 40;
constexpr qsizetype spanSize = 8;
constexpr qsizetype fileAnswerFixedSize = 16;

char *put(char *place, const base::Span &span)
{
    qToLittleEndian(span.offset, place);
    qToLittleEndian(span.length, place + 4);
    return place + spanSize;
}

char *put(char *place, QByteArrayView bytes)
{
    if (!bytes.isEmpty())
        std::memcpy(place, bytes.data(), size_t(bytes.size()));
    return place + bytes.size();
}

base::Span takeSpan(const char *&place)
{
    const base::Span span = {qFromLittleEndian<quint32>(place), qFromLittleEndian<quint32>(place + 4)};
    place += spanSize;
    return span;
}

} // namespace

QByteArray encodeRequest(const RequestParts &parts)
{
    const auto headerCount = qsizetype(parts.headers.size());
    QByteArray out(requestFixedSize + spanSize * (2 + 2 * headerCount) + parts.remoteAddress.size() +
                       parts.peerAddress.size() + parts.host.size() + parts.bodyLayout.size() +
                       parts.clientCertificate.size() + parts.head.size(),
                   Qt::Uninitialized);
    char *place = out.data();
    qToLittleEndian(parts.receivedNs, place);
    qToLittleEndian(parts.bodyLength, place + 8);
    qToLittleEndian(quint32(parts.head.size()), place + 16);
    qToLittleEndian(quint16(headerCount), place + 20);
    qToLittleEndian(parts.remotePort, place + 22);
    place[24] = char(parts.remoteAddress.size());
    place[25] = char(parts.minorVersion);
    qToLittleEndian(parts.flags, place + 26);
    place[28] = char(parts.peerAddress.size());
    place[29] = char(parts.port);
    qToLittleEndian(quint16(parts.host.size()), place + 30);
    qToLittleEndian(quint32(parts.bodyLayout.size()), place + 32);
    qToLittleEndian(quint16(parts.clientCertificate.size()), place + 36);
    qToLittleEndian(quint16(0), place + 38);
    place = put(place + requestFixedSize, parts.method);
    place = put(place, parts.target);
    for (const base::HeaderSpan &header : parts.headers)
        place = put(put(place, header.name), header.value);
    place = put(put(place, parts.remoteAddress), parts.peerAddress);
    place = put(put(place, parts.host), parts.bodyLayout);
    put(put(place, parts.clientCertificate), parts.head);
    return out;
}

void writeTicket(char *place, const ClaimTicket &ticket)
{
    qToLittleEndian(ticket.slot, place);
    qToLittleEndian(ticket.sequence, place + 4);
    qToLittleEndian(ticket.dispatchedNs, place + 8);
    qToLittleEndian(ticket.responseCredit, place + 16);
    qToLittleEndian(quint32(0), place + 20);
}

std::optional<ClaimTicket> ticketOf(QByteArrayView payload)
{
    if (payload.size() < ClaimTicketSize)
        return std::nullopt;
    const char *place = payload.data();
    ClaimTicket ticket;
    ticket.slot = qFromLittleEndian<quint32>(place);
    ticket.sequence = qFromLittleEndian<quint32>(place + 4);
    ticket.dispatchedNs = qFromLittleEndian<quint64>(place + 8);
    ticket.responseCredit = qFromLittleEndian<quint32>(place + 16);
    return ticket;
}

Result<void> decodeRequest(QByteArrayView payload, RequestMessage &message)
{
    const std::optional<ClaimTicket> ticket = ticketOf(payload);
    if (!ticket)
        return broken("Request");
    message.ticket = *ticket;
    return decodeRequestParts(payload.sliced(ClaimTicketSize), message);
}

Result<void> decodeRequestParts(QByteArrayView payload, RequestMessage &message)
{
    if (payload.size() < requestFixedSize + 2 * spanSize)
        return broken("Request");
    const char *place = payload.data();
    message.receivedNs = qFromLittleEndian<quint64>(place);
    message.bodyLength = qFromLittleEndian<quint64>(place + 8);
    const qsizetype headLength = qFromLittleEndian<quint32>(place + 16);
    const qsizetype headerCount = qFromLittleEndian<quint16>(place + 20);
    message.remotePort = qFromLittleEndian<quint16>(place + 22);
    const qsizetype addressLength = static_cast<unsigned char>(place[24]);
    message.minorVersion = quint8(place[25]);
    message.flags = qFromLittleEndian<quint16>(place + 26);
    const qsizetype peerLength = static_cast<unsigned char>(place[28]);
    message.port = quint8(place[29]);
    const qsizetype hostLength = qFromLittleEndian<quint16>(place + 30);
    const qsizetype layoutLength = qFromLittleEndian<quint32>(place + 32);
    const qsizetype certificateLength = qFromLittleEndian<quint16>(place + 36);
    place += requestFixedSize;

    const qsizetype before = requestFixedSize + spanSize * (2 + 2 * headerCount) + addressLength + peerLength +
                             hostLength + layoutLength + certificateLength;
    if (payload.size() < before + headLength)
        return broken("Request");
    message.method = takeSpan(place);
    message.target = takeSpan(place);
    bool fits = message.method.fits(headLength) && message.target.fits(headLength);
    message.headers.resize(headerCount);
    for (base::HeaderSpan &header : message.headers) {
        header.name = takeSpan(place);
        header.value = takeSpan(place);
        fits = fits && header.name.fits(headLength) && header.value.fits(headLength);
    }
    message.remoteAddress = QByteArrayView(place, addressLength);
    message.peerAddress = QByteArrayView(place += addressLength, peerLength);
    message.host = QByteArrayView(place += peerLength, hostLength);
    message.bodyLayout = QByteArrayView(place += hostLength, layoutLength);
    message.clientCertificate = QByteArrayView(place + layoutLength, certificateLength);
    message.head = payload.sliced(before, headLength);
    message.bodyPart = payload.sliced(before + headLength);
    if (!fits || quint64(message.bodyPart.size()) > message.bodyLength)
        return broken("Request");
    return {};
}

void appendResponse(QByteArray &out, quint64 id, const ResponseMessage &message)
{
    appendResponseHead(out, id, message);
    out.append(message.bodyPart);
}

void appendResponseHead(QByteArray &out, quint64 id, const ResponseMessage &message)
{
    char *place = appendFrame(out, FrameType::Response, 0, id, ResponseMessageHeaderSize + message.headerBlock.size(),
                              message.bodyPart.size());
    qToLittleEndian(message.status, place);
    qToLittleEndian(quint16(message.kind), place + 2);
    qToLittleEndian(quint32(message.headerBlock.size()), place + 4);
    qToLittleEndian(message.bodyLength, place + 8);
    put(place + ResponseMessageHeaderSize, message.headerBlock);
}

Result<ResponseMessage> decodeResponse(QByteArrayView payload)
{
    if (payload.size() < ResponseMessageHeaderSize)
        return broken("Response");
    ResponseMessage message;
    message.status = qFromLittleEndian<quint16>(payload.data());
    message.kind = ResponseKind(qFromLittleEndian<quint16>(payload.data() + 2));
    const qsizetype blockLength = qFromLittleEndian<quint32>(payload.data() + 4);
    message.bodyLength = qFromLittleEndian<quint64>(payload.data() + 8);
    payload = payload.sliced(ResponseMessageHeaderSize);
    if (blockLength > payload.size())
        return broken("Response");
    message.headerBlock = payload.first(blockLength);
    message.bodyPart = payload.sliced(blockLength);
    if (quint64(message.bodyPart.size()) > message.bodyLength || message.status < 200 || message.status > 599 ||
        message.kind > ResponseKind::Upgrade)
        return broken("Response");
    return message;
}

QByteArray FileAnswer::encode() const
{
    QByteArray out(fileAnswerFixedSize, Qt::Uninitialized);
    qToLittleEndian(device, out.data());
    qToLittleEndian(inode, out.data() + 8);
    return out + path;
}

Result<FileAnswer> FileAnswer::decode(QByteArrayView bytes)
{
    const QByteArrayView path = bytes.sliced(qMin(bytes.size(), fileAnswerFixedSize));
    if (!path.startsWith('/') || path.contains('\0'))
        return broken("file answer");
    return FileAnswer{qFromLittleEndian<quint64>(bytes.data()), qFromLittleEndian<quint64>(bytes.data() + 8),
                      path.toByteArray()};
}

} // namespace Quern::ipc
