#pragma once

#include <Quern/responsestream.h>

#include "responsesink_p.h"

#include <QList>
#include <QMutex>
#include <QString>
#include <QWaitCondition>

#include <optional>

namespace Quern {

/// What a stream is told when it begins.
struct StreamSettings
{
    std::optional<quint64> length = std::nullopt; ///< of the whole body, in bytes; nullopt: not known
    std::chrono::milliseconds idleTime = {};      ///< after which \a idlePiece is sent; 0: never
    QByteArray idlePiece = {};                    ///< what is sent when nothing else was for so long
    bool isResumable = false;                     ///< it may end at any time: its client comes back by itself
};

/// The data behind ResponseStream: what its author has written and the sink has not taken yet. The author's side may
/// be any thread; the sink's side is its own. Handles are counted apart from references: the sink keeps a reference
/// without being a handle.
class QUERN_EXPORT ResponseStreamPrivate
{
public:
    using Callback = std::function<void()>;
    enum class Failure {
        None,
        TooLong,  ///< more was written than announced
        TooShort, ///< it was ended before that
        Unheld,   ///< its author has not held back
        Dropped,  ///< its handles went away without end()
        Thrown,   ///< by the handler or a callback
    };
    /// What has happened, for the log.
    static QString textOf(Failure failure);

    ResponseStreamPrivate(quint64 requestId, std::shared_ptr<SinkGuard> guard, StreamSettings settings);
    Q_DISABLE_COPY_MOVE(ResponseStreamPrivate)

    /// A counted handle; the last of all that goes away breaks an open stream off.
    static std::shared_ptr<ResponseStreamPrivate> handleOf(const std::shared_ptr<ResponseStreamPrivate> &stream);

    bool write(QByteArray piece);
    void setTrailer(QByteArrayView name, QByteArrayView value);
    void end();
    /// Breaks it off, unless it has ended or closed.
    void fail(Failure failure);
    void setDrainCallback(Callback callback);
    void setCloseCallback(Callback callback);
    bool waitForDrain(std::chrono::milliseconds timeout);
    bool isOpen() const;
    /// Whether it closed before its author ended it.
    bool isBroken() const;
    qsizetype unsentBytes() const;

    const StreamSettings &settings() const { return m_settings; }

    /// What has come since the last time.
    struct Taken
    {
        QList<QByteArray> pieces;
        bool ended = false;
        Failure failure = Failure::None;
        QByteArray trailer; ///< "Name: value\r\n" for each field; once ended
    };
    Taken take();
    /// Of what was taken \a bytes wait to be sent. Returns what is to be called next: that the author may go on.
    [[nodiscard]] Callback setWaiting(qsizetype bytes);
    /// Nothing is taken any more. Returns what is to be called next: that the stream has closed.
    [[nodiscard]] Callback close();
    /// The same without telling the author.
    void release();

private:
    enum class Phase {
        Open,
        Ended,  ///< by its author
        Failed, ///< broken off; the sink has yet to learn of it
        Closed, ///< nobody takes anything
    };

    void failLocked(Failure failure);
    void notify();
    bool waitInLoop(std::chrono::milliseconds timeout);
    bool mustHoldBack() const;

    const quint64 m_id;
    const std::shared_ptr<SinkGuard> m_guard;
    const StreamSettings m_settings;
    mutable QMutex m_mutex; ///< guards all that follows; never held while something else is called
    QWaitCondition m_changed;
    QList<QByteArray> m_pieces;
    qsizetype m_posted = 0;  ///< bytes in m_pieces
    qsizetype m_waiting = 0; ///< bytes that the sink keeps
    quint64 m_written = 0;
    QByteArray m_trailer;
    Callback m_drained;
    Callback m_closed;
    Phase m_phase = Phase::Open;
    Failure m_failure = Failure::None;
    bool m_ended = false;    ///< end() was called in time
    bool m_full = false;     ///< the author was asked to hold back
    bool m_notified = false; ///< a call of the sink is queued
};

} // namespace Quern
