#include "worker/streamsender.h"

#include "sdk/src/exceptiontext_p.h"

#include <utility>

namespace Quern::worker {

namespace {

/// Small pieces that wait are joined up to this size, in bytes: each frame has its price on the way.
constexpr qsizetype joinedSize = 16 * 1024;

} // namespace

StreamSender::StreamSender(quint64 id, std::shared_ptr<ResponseStreamPrivate> stream,
                           std::unique_ptr<ContentEncoder> encoder, quint32 credit)
    : m_id(id)
    , m_stream(std::move(stream))
    , m_encoder(std::move(encoder))
    , m_credit(credit)
{
    if (m_stream->settings().idleTime <= std::chrono::milliseconds::zero())
        return;
    m_lastWritten = std::chrono::steady_clock::now();
    m_idleTimer = std::make_unique<QTimer>();
    m_idleTimer->setSingleShot(true);
    QObject::connect(m_idleTimer.get(), &QTimer::timeout, m_idleTimer.get(), [this] { idle(); });
    m_idleTimer->start(m_stream->settings().idleTime);
}

StreamSender::~StreamSender()
{
    m_stream->release();
}

StreamSender::Progress StreamSender::pump(ipc::Channel &channel)
{
    ResponseStreamPrivate::Taken taken = m_stream->take();
    if (taken.failure != ResponseStreamPrivate::Failure::None)
        return breakOff(channel, ResponseStreamPrivate::textOf(taken.failure));
    if (m_idleTimer && !taken.pieces.isEmpty())
        m_lastWritten = std::chrono::steady_clock::now();
    try {
        encode(taken);
    } catch (...) {
        return breakOff(channel, textOfCurrentException());
    }
    send(channel);
    if (taken.ended && m_waitingBytes == 0) {
        channel.send(ipc::FrameType::ResponseEnd, m_id, taken.trailer);
        return {true};
    }
    return {false, {}, m_stream->setWaiting(m_waitingBytes)};
}

StreamSender::Progress StreamSender::breakOff(ipc::Channel &channel, const QString &reason)
{
    channel.send(ipc::FrameType::ResponseAbort, m_id);
    return {true, reason, m_stream->close()};
}

void StreamSender::encode(ResponseStreamPrivate::Taken &taken)
{
    if (!m_encoder) {
        for (QByteArray &piece : taken.pieces)
            enqueue(std::move(piece));
        return;
    }
    // What has come together is made decodable once.
    for (qsizetype i = 0; i < taken.pieces.size(); ++i) {
        const bool isLast = i == taken.pieces.size() - 1 && !taken.ended;
        enqueue(
            m_encoder->encode(taken.pieces[i], isLast ? ContentEncoder::Then::Flush : ContentEncoder::Then::Gather));
    }
    if (taken.ended) {
        enqueue(m_encoder->encode({}, ContentEncoder::Then::Finish));
        m_encoder.reset();
    }
}

void StreamSender::enqueue(QByteArray bytes)
{
    if (bytes.isEmpty())
        return;
    m_waitingBytes += bytes.size();
    if (!m_waiting.empty() && m_waiting.back().size() + bytes.size() <= joinedSize)
        m_waiting.back().append(bytes);
    else
        m_waiting.push_back(std::move(bytes));
}

void StreamSender::send(ipc::Channel &channel)
{
    while (!m_waiting.empty() && m_credit > 0) {
        const QByteArray &first = m_waiting.front();
        const qsizetype part = qMin(qMin(first.size() - m_sent, ipc::MaxBodyPart), qsizetype(m_credit));
        channel.sendWith(
            [&](QByteArray &out) { ipc::appendFrame(out, ipc::FrameType::ResponseBody, 0, m_id, 0, part); },
            ipc::SharedBytes::of(first, QByteArrayView(first).sliced(m_sent, part)));
        m_credit -= part;
        m_sent += part;
        m_waitingBytes -= part;
        if (m_sent == first.size()) {
            m_waiting.pop_front();
            m_sent = 0;
        }
    }
    if (channel.isBatchFull())
        channel.flush();
}

void StreamSender::idle()
{
    using namespace std::chrono;
    const auto left = ceil<milliseconds>(m_lastWritten + m_stream->settings().idleTime - steady_clock::now());
    if (left > milliseconds::zero()) {
        m_idleTimer->start(left);
        return;
    }
    m_idleTimer->start(m_stream->settings().idleTime);
    // A client that has not read what was sent is not idle. The stream may end in write(), and this object with it.
    if (m_waitingBytes == 0) {
        const std::shared_ptr<ResponseStreamPrivate> stream = m_stream;
        stream->write(stream->settings().idlePiece);
    }
}

} // namespace Quern::worker
