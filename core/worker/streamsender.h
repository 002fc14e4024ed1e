#pragma once

#include "ipc/channel.h"
#include "sdk/src/responsestream_p.h"
#include "worker/contentencoder.h"

#include <QByteArray>
#include <QString>
#include <QTimer>

#include <chrono>
#include <deque>
#include <memory>

namespace Quern::worker {

/// Sends the body of one streamed answer as it is written, never more than the master has granted. Lives in its
/// channel's thread.
class StreamSender
{
public:
    /// \a encoder, if any, encodes the body. The master takes \a credit bytes before it grants more.
    StreamSender(quint64 id, std::shared_ptr<ResponseStreamPrivate> stream, std::unique_ptr<ContentEncoder> encoder,
                 quint32 credit);
    /// What the author holds is closed from now on, without being told.
    ~StreamSender();
    Q_DISABLE_COPY_MOVE(StreamSender)

    struct Progress
    {
        bool ended = false;                        ///< the last frame of this answer has been handed to the channel
        QString problem = {};                      ///< why it was broken off; empty: it was not
        ResponseStreamPrivate::Callback next = {}; ///< to be called when this object may be gone
    };
    /// Takes what the author has written and sends what credit allows.
    Progress pump(ipc::Channel &channel);
    /// The master takes \a bytes more.
    void grant(quint32 bytes) { m_credit += bytes; }
    /// Nobody waits for the rest. Returns what is to be called next.
    [[nodiscard]] ResponseStreamPrivate::Callback close() { return m_stream->close(); }
    /// Whether it may end at any time. A compressed one would be cut within its coding.
    bool isResumable() const { return m_stream->settings().isResumable && !m_encoder; }
    /// A callback of the author threw: breaks the stream off.
    void fail() { m_stream->fail(ResponseStreamPrivate::Failure::Thrown); }

private:
    [[nodiscard]] Progress breakOff(ipc::Channel &channel, const QString &reason);
    void encode(ResponseStreamPrivate::Taken &taken);
    void enqueue(QByteArray bytes);
    void send(ipc::Channel &channel);
    void idle();

    const quint64 m_id;
    const std::shared_ptr<ResponseStreamPrivate> m_stream;
    std::unique_ptr<ContentEncoder> m_encoder; ///< null when it has finished, too
    std::deque<QByteArray> m_waiting;          ///< for credit
    qsizetype m_sent = 0;                      ///< bytes of the first of them that have left
    qsizetype m_waitingBytes = 0;
    qint64 m_credit;
    std::unique_ptr<QTimer> m_idleTimer; ///< null if nothing is to be sent when nothing is written
    std::chrono::steady_clock::time_point m_lastWritten;
};

} // namespace Quern::worker
