#include "protocol/http/requestdecoder.h"

#include "protocol/http/bytes.h"
#include "protocol/http/chunkeddecoder.h"
#include "protocol/http/headparser.h"
#include "protocol/http/headscan.h"
#include "protocol/http/refusedhead.h"

#include <utility>

namespace Quern::protocol::http {

namespace {

/// RFC 9112 §2.2 asks servers to skip an empty line before a request; two are skipped, CR and LF counted singly.
constexpr quint8 maxEmptyLineBytes = 4;

/// What a body gets at once, bytes: a client that announces a large body and sends little of it must not cost much.
constexpr qsizetype maxReserve = 16 * 1024;

} // namespace

struct RequestDecoder::Message
{
    enum class Phase : quint8 { Head, LengthBody, ChunkedBody, Ended };

    RequestHead head;
    QByteArray carry; ///< the head, unless it lies in the bytes given to feed()
    QByteArray body;
    HeadScan scan;
    ChunkedDecoder chunks;
    quint64 bodyLeft = 0; ///< bytes to come of a body with a length
    Phase phase = Phase::Head;
};

RequestDecoder::RequestDecoder(const RequestLimits &limits) : m_limits(limits) {}

RequestDecoder::~RequestDecoder() = default;

RequestDecoder::Step RequestDecoder::feed(QByteArrayView bytes)
{
    const qsizetype size = bytes.size();
    if (m_refused)
        return {size, State::Refused};
    if (m_message && m_message->phase == Message::Phase::Ended)
        releaseMessage();
    if (!m_message) {
        if (!skipEmptyLines(bytes))
            return {size, refuse({400, "bare CR before the request line"})};
        if (bytes.isEmpty())
            return {size, State::Incomplete};
        m_message = std::make_unique_for_overwrite<Message>();
    }
    const State state = m_message->phase == Message::Phase::Head ? feedHead(bytes) : feedBody(bytes);
    return {state == State::Complete ? size - bytes.size() : size, state};
}

/// Takes empty lines off the front of \a bytes, as many as are allowed. Returns false if a CR stands alone.
bool RequestDecoder::skipEmptyLines(QByteArrayView &bytes)
{
    while (!bytes.isEmpty()) {
        const bool wantsLf = m_emptyLineBytes % 2 == 1;
        if (bytes.front() != (wantsLf ? '\n' : '\r') || m_emptyLineBytes == maxEmptyLineBytes)
            return !wantsLf;
        ++m_emptyLineBytes;
        bytes = bytes.sliced(1);
    }
    return true;
}

/// Takes what belongs to the head off the front of \a bytes.
RequestDecoder::State RequestDecoder::feedHead(QByteArrayView &bytes)
{
    Message &message = *m_message;
    const qsizetype carried = message.carry.size();
    QByteArrayView head = bytes.first(qMin(bytes.size(), qsizetype(m_limits.headBytes) - carried));
    if (carried > 0) {
        message.carry.append(head);
        head = message.carry;
    }
    switch (message.scan.advance(head, m_limits)) {
    case HeadScan::Progress::Refused:
        return refuseHead(head, message.scan.refusal());
    case HeadScan::Progress::Incomplete:
        if (head.size() == qsizetype(m_limits.headBytes))
            return refuseHead(head, {431, "request head too large"});
        if (carried == 0)
            message.carry = head.toByteArray();
        return State::Incomplete;
    case HeadScan::Progress::Complete:
        break;
    }
    const qsizetype headSize = message.scan.size();
    message.carry.truncate(headSize);
    message.head.bytes = head.first(headSize);
    bytes = bytes.sliced(headSize - carried);
    switch (parseHead(message.head)) {
    case HeadParse::UnknownMethod:
        return refuseHead(message.head.bytes, {501, "unknown method"});
    case HeadParse::Malformed:
        return refuseHead(message.head.bytes, {400, "malformed head"});
    case HeadParse::Done:
        break;
    }
    return beginBody(bytes);
}

RequestDecoder::State RequestDecoder::beginBody(QByteArrayView &bytes)
{
    Message &message = *m_message;
    const HeadFacts &facts = message.scan.facts();
    message.head.minorVersion = facts.minorVersion;
    message.head.keepAlive = facts.keepAlive;
    message.head.expectContinue = facts.expectContinue;
    message.head.isHead = facts.isHead;
    message.head.chunked = facts.chunked;
    message.head.contentLength = facts.contentLength;
    if (facts.contentLength.value_or(0) > m_limits.bodyBytes)
        return refuse({413, "Content-Length too large"});
    message.bodyLeft = facts.contentLength.value_or(0);
    message.phase = facts.chunked ? Message::Phase::ChunkedBody : Message::Phase::LengthBody;
    const State state = feedBody(bytes);
    if (state != State::Incomplete)
        return state;
    if (message.carry.isEmpty()) {
        message.carry = message.head.bytes.toByteArray();
        message.head.bytes = message.carry;
    }
    return State::HeadComplete;
}

/// Takes what belongs to the body off the front of \a bytes.
RequestDecoder::State RequestDecoder::feedBody(QByteArrayView &bytes)
{
    Message &message = *m_message;
    if (message.phase == Message::Phase::ChunkedBody) {
        const auto step = message.chunks.feed(bytes, message.body, m_limits);
        bytes = bytes.sliced(step.consumed);
        if (step.progress == ChunkedDecoder::Progress::Refused)
            return refuse(message.chunks.refusal());
        if (step.progress == ChunkedDecoder::Progress::Incomplete)
            return State::Incomplete;
    } else {
        const qsizetype take = sizeUpTo(message.bodyLeft, bytes.size());
        if (take > 0) {
            if (message.body.isNull())
                message.body.reserve(sizeUpTo(message.bodyLeft, qMax(take, maxReserve)));
            message.body.append(bytes.first(take));
            message.bodyLeft -= static_cast<quint64>(take);
            bytes = bytes.sliced(take);
        }
        if (message.bodyLeft > 0)
            return State::Incomplete;
    }
    message.phase = Message::Phase::Ended;
    return State::Complete;
}

const RequestHead &RequestDecoder::head() const
{
    return m_message->head;
}

QByteArray RequestDecoder::takeBody()
{
    return std::exchange(m_message->body, {});
}

QByteArray RequestDecoder::takeTrailers()
{
    return m_message->chunks.takeTrailers();
}

void RequestDecoder::releaseMessage()
{
    Q_ASSERT(!inMessage());
    m_message.reset();
    m_emptyLineBytes = 0;
}

bool RequestDecoder::inMessage() const
{
    return !m_refused && m_message && m_message->phase != Message::Phase::Ended;
}

bool RequestDecoder::isHeadRequest() const
{
    return m_message ? m_message->scan.facts().isHead : m_isRefusedHead;
}

bool RequestDecoder::inHead() const
{
    return !m_refused && m_message && m_message->phase == Message::Phase::Head;
}

const RequestHead *RequestDecoder::knownHead() const
{
    return m_message && m_message->head.method.length > 0 ? &m_message->head : nullptr;
}

/// The head itself is refused, of which \a bytes have come.
RequestDecoder::State RequestDecoder::refuseHead(QByteArrayView bytes, const Refusal &refusal)
{
    m_message->head.bytes = bytes;
    m_message->head.minorVersion = m_message->scan.facts().minorVersion;
    readRefusedHead(m_message->head);
    return refuse(refusal);
}

RequestDecoder::State RequestDecoder::refuse(const Refusal &refusal)
{
    m_refusal = refusal;
    m_refused = true;
    m_isRefusedHead = isHeadRequest();
    if (m_message && m_message->head.method.length == 0)
        m_message.reset(); // nobody can ask for a head that is not known
    return State::Refused;
}

} // namespace Quern::protocol::http
