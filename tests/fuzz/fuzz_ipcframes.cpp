#include "fuzzsupport.h"

#include "ipc/bodylayout.h"
#include "ipc/bodystream.h"
#include "ipc/cronmessages.h"
#include "ipc/frame.h"
#include "ipc/hookmessages.h"
#include "ipc/livemessages.h"
#include "ipc/messages.h"
#include "ipc/postmessages.h"
#include "ipc/taskmessages.h"

using namespace Quern;
using fuzz::fail;

namespace {

bool lies(QByteArrayView part, QByteArrayView whole)
{
    return part.isEmpty() || (part.data() >= whole.data() && part.data() + part.size() <= whole.data() + whole.size());
}

/// A line for each frame, and how the stream ends.
class Transcript
{
public:
    void add(QByteArrayView piece)
    {
        if (m_refused)
            return;
        m_inbox.append(piece);
        QByteArrayView rest = m_inbox;
        for (;;) {
            const qsizetype before = rest.size();
            const auto frame = ipc::decodeFrame(rest);
            if (!frame) {
                m_refused = true;
                m_text += "refused: " + frame.error().message().toUtf8();
                return;
            }
            if (!*frame) {
                if (rest.size() != before)
                    fail("an incomplete frame was taken off");
                break;
            }
            const ipc::Frame &found = **frame;
            if (before - rest.size() != ipc::FrameHeaderSize + found.payload.size() || !lies(found.payload, m_inbox))
                fail("a frame is not what was taken off");
            m_text += QByteArray::number(quint16(found.type)) + ' ' + QByteArray::number(found.flags) + ' ' +
                      QByteArray::number(found.id) + ' ' + found.payload.toByteArray() + '\n';
        }
        m_inbox = rest.toByteArray();
    }
    QByteArray text() const { return m_refused ? m_text : m_text + "left: " + m_inbox; }

private:
    QByteArray m_inbox;
    QByteArray m_text;
    bool m_refused = false;
};

void checkStream(QByteArrayView bytes)
{
    Transcript whole, bytewise, cut;
    whole.add(bytes);
    for (const char &byte : bytes)
        bytewise.add({&byte, 1});
    const qsizetype middle = bytes.isEmpty() ? 0 : static_cast<unsigned char>(bytes.back()) % bytes.size();
    cut.add(bytes.first(middle));
    cut.add(bytes.sliced(middle));
    if (whole.text() != bytewise.text() || whole.text() != cut.text())
        fail("frames depend on how their bytes arrive");
}

void checkRequest(QByteArrayView payload)
{
    ipc::RequestMessage message;
    if (!ipc::decodeRequest(payload, message))
        return;
    if (!lies(message.head, payload) || !lies(message.remoteAddress, payload) || !lies(message.bodyPart, payload) ||
        quint64(message.bodyPart.size()) > message.bodyLength)
        fail("a part of a request lies outside its payload");
    if (!message.method.fits(message.head.size()) || !message.target.fits(message.head.size()))
        fail("method or target lies outside the head");
    for (const base::HeaderSpan &header : message.headers) {
        if (!lies(header.name.in(message.head), message.head) || !lies(header.value.in(message.head), message.head))
            fail("a header field lies outside the head");
    }
    ipc::RequestParts parts;
    parts.receivedNs = message.receivedNs;
    parts.bodyLength = message.bodyLength;
    parts.remoteAddress = message.remoteAddress;
    parts.peerAddress = message.peerAddress;
    parts.host = message.host;
    parts.bodyLayout = message.bodyLayout;
    parts.clientCertificate = message.clientCertificate;
    parts.remotePort = message.remotePort;
    parts.flags = message.flags;
    parts.minorVersion = message.minorVersion;
    parts.port = message.port;
    parts.head = message.head;
    parts.method = message.method;
    parts.target = message.target;
    parts.headers = {message.headers.constData(), size_t(message.headers.size())};
    QByteArray again(ipc::ClaimTicketSize, '\0');
    ipc::writeTicket(again.data(), message.ticket);
    again += ipc::encodeRequest(parts) + message.bodyPart.toByteArray();
    // What is reserved is written as zero.
    for (const qsizetype reserved : {20, 21, 22, 23, 62, 63})
        again[reserved] = payload[reserved];
    if (again != payload)
        fail("a request does not encode to what it was decoded from");
}

void checkResponse(QByteArrayView payload)
{
    const Result<ipc::ResponseMessage> message = ipc::decodeResponse(payload);
    if (!message)
        return;
    if (message->status < 200 || message->status > 599 || !lies(message->headerBlock, payload) ||
        !lies(message->bodyPart, payload) || quint64(message->bodyPart.size()) > message->bodyLength)
        fail("a response breaks a rule of its interface");
    if (ipc::ResponseMessageHeaderSize + message->headerBlock.size() + message->bodyPart.size() != payload.size())
        fail("a part of a response is missing");
}

/// \a again is a frame; what is \a reserved of it is written as zero.
void checkSame(QByteArray again, std::initializer_list<qsizetype> reserved, QByteArrayView payload, const char *what)
{
    for (const qsizetype place : reserved)
        again[ipc::FrameHeaderSize + place] = payload[place];
    if (again.sliced(ipc::FrameHeaderSize) != payload)
        fail(what);
}

void checkLive(QByteArrayView payload)
{
    if (const Result<ipc::EventMessage> message = ipc::decodeEvent(payload)) {
        if (!lies(message->name, payload) || !lies(message->bodyPart, payload) ||
            message->bodyPart.size() > qsizetype(message->bodyLength))
            fail("an event breaks a rule of its interface");
        QByteArray again;
        ipc::appendEvent(again, 0, *message);
        checkSame(again, {27}, payload, "an event does not encode to what it was decoded from");
    }
    if (const Result<ipc::CommandMessage> message = ipc::decodeCommand(payload)) {
        if (!lies(message->name, payload) || !lies(message->bodyPart, payload) ||
            message->bodyPart.size() > qsizetype(message->bodyLength))
            fail("a command breaks a rule of its interface");
        QByteArray again;
        ipc::appendCommand(again, 0, *message);
        checkSame(again, {20, 21, 22, 23}, payload, "a command does not encode to what it was decoded from");
    }
    if (const Result<ipc::PacketPeer> peer = ipc::PacketPeer::decode(payload); peer && peer->encode() != payload)
        fail("the peer of a packet does not encode to what it was decoded from");
}

void checkTasks(QByteArrayView payload)
{
    if (const Result<ipc::DeliverMessage> message = ipc::decodeDeliver(payload)) {
        if (message->name.isEmpty() || message->priority > 9 || message->tries == 0 || message->sender < -1 ||
            !lies(message->name, payload) || !lies(message->uniqueKey, payload) || !lies(message->payload, payload))
            fail("a delivery breaks a rule of its interface");
        QByteArray again;
        ipc::appendDeliver(again, 0, *message);
        checkSame(again, {}, payload, "a delivery does not encode to what it was decoded from");
    }
    if (const Result<ipc::RunTaskMessage> message = ipc::decodeRunTask(payload)) {
        if (message->name.isEmpty() || !lies(message->name, payload) || !lies(message->payload, payload))
            fail("a task breaks a rule of its interface");
        QByteArray again;
        ipc::appendRunTask(again, 0, *message);
        checkSame(again, {19, 20, 21, 22, 23}, payload, "a task does not encode to what it was decoded from");
    }
    if (const Result<ipc::TaskDoneMessage> message = ipc::decodeTaskDone(payload)) {
        if (message->outcome > ipc::TaskOutcome::TooLarge || !lies(message->error, payload) ||
            !lies(message->result, payload))
            fail("the end of a try breaks a rule of its interface");
        QByteArray again;
        ipc::appendTaskDone(again, 0, *message);
        checkSame(again, {18, 19, 20, 21, 22, 23}, payload,
                  "the end of a try does not encode to what it was decoded from");
    }
    if (const Result<ipc::TaskFinishedMessage> message = ipc::decodeTaskFinished(payload)) {
        if (message->code > Error::Internal + 1 || !lies(message->name, payload) || !lies(message->error, payload) ||
            !lies(message->result, payload))
            fail("the end of a task breaks a rule of its interface");
        QByteArray again;
        ipc::appendTaskFinished(again, 0, *message);
        checkSame(again, {10, 11, 12, 13, 14, 15}, payload,
                  "the end of a task does not encode to what it was decoded from");
    }
    const Result<void> answer = ipc::decodeDeliverAnswer(payload);
    // Text that is no UTF-8 is not the same again.
    if (!answer && answer.error().code() != Error::Protocol && payload.isValidUtf8() &&
        ipc::encodeDeliverAnswer(answer) != payload)
        fail("an answer does not encode to what it was decoded from");
}

void checkPost(QByteArrayView payload)
{
    const Result<ipc::PostMessage> message = ipc::decodePost(payload);
    if (!message)
        return;
    if (!lies(message->name, payload) || !lies(message->payload, payload) || message->number < -1)
        fail("a post message breaks a rule of its interface");
    QByteArray again;
    ipc::appendPost(again, 0, *message);
    checkSame(again, {14, 15}, payload, "a post message does not encode to what it was decoded from");
}

/// A decoded message encodes to one that decodes to the same.
template <typename Message>
void checkCbor(QByteArrayView payload)
{
    const Result<Message> message = Message::decode(payload);
    if (!message)
        return;
    const QByteArray encoded = message->encode();
    const Result<Message> again = Message::decode(encoded);
    if (!again || again->encode() != encoded)
        fail("a message does not survive its encoding");
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const QByteArrayView bytes(data, static_cast<qsizetype>(size));
    checkStream(bytes);
    checkRequest(bytes);
    checkResponse(bytes);
    checkLive(bytes);
    checkTasks(bytes);
    checkPost(bytes);
    if (const Result<quint32> credit = ipc::creditOf(bytes); credit.ok() != (size == 4))
        fail("a credit of another size was taken");
    checkCbor<ipc::BootMessage>(bytes);
    checkCbor<ipc::HelloMessage>(bytes);
    checkCbor<ipc::BodyLayout>(bytes);
    checkCbor<ipc::RunHooksMessage>(bytes);
    checkCbor<ipc::HooksDoneMessage>(bytes);
    checkCbor<ipc::CronStateMessage>(bytes);
    checkCbor<ipc::CronCommandMessage>(bytes);
    checkCbor<ipc::CronProgramsMessage>(bytes);
    return 0;
}
