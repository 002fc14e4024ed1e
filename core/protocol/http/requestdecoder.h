#pragma once

#include "protocol/http/requesthead.h"

#include <QByteArray>
#include <QByteArrayView>

#include <memory>

namespace Quern::protocol::http {

/// Bounds of one request; a request over a bound is refused with the status named.
struct RequestLimits
{
    quint32 headBytes = 16 * 1024;       ///< request line and header section together, bytes: 431
    quint32 targetBytes = 8 * 1024;      ///< request target, bytes: 414
    quint16 headerCount = 100;           ///< header fields: 431
    quint64 bodyBytes = 2 * 1024 * 1024; ///< body after the transfer coding is removed, bytes: 413
};

/// Why a request was refused. The connection is answered with this status and closed.
struct Refusal
{
    int status = 400;
    const char *reason = ""; ///< for the log; a constant English phrase such as "obs-fold in header section"
};

/// Bytes → HTTP/1.x requests, strictly (RFC 9112). Knows no sockets. One per connection; lives in any one thread.
///
/// The caller pushes what it read with feed(), which consumes bytes up to the end of one message at most, so that
/// pipelined requests come out one by one and the caller may stop between them:
///
///     while (!bytes.isEmpty()) {
///         const auto step = decoder.feed(bytes);
///         bytes = bytes.sliced(step.consumed);
///         // act on step.state; after Complete, take head() and takeBody(), then go on
///     }
class RequestDecoder
{
public:
    enum class State : quint8 {
        Incomplete,   ///< all bytes consumed, the message goes on
        HeadComplete, ///< all bytes consumed, head() is valid and more body follows; reported once, so that the caller
                      ///< may answer 100-continue. A message that is whole in one feed() gives Complete at once
        Complete,     ///< the message ended; head() and takeBody() are valid until the next feed()
        Refused,      ///< all bytes consumed, refusal() says why; every further feed() gives Refused
    };
    struct Step
    {
        qsizetype consumed = 0;
        State state = State::Incomplete;
    };

    explicit RequestDecoder(const RequestLimits &limits);
    ~RequestDecoder();
    Q_DISABLE_COPY_MOVE(RequestDecoder)

    /// \a limits hold from the next message on. Not within one.
    void setLimits(const RequestLimits &limits) { m_limits = limits; }

    Step feed(QByteArrayView bytes);

    /// Valid from HeadComplete or Complete until releaseMessage() or the first feed() after Complete. head().bytes
    /// points into the bytes given to feed() when the whole message arrived in that one call, else into the decoder.
    const RequestHead &head() const;
    /// The body received since the last call; the decoder keeps none of it. Only while head() is valid.
    QByteArray takeBody();
    /// The trailer section of a chunked body (RFC 9112 §7.1.2) as a header block, "name: value\r\n" …, without the
    /// fields that may not come so late; empty if there is none. Once, while a message is Complete.
    QByteArray takeTrailers();
    const Refusal &refusal() const { return m_refusal; }
    /// What is known of the present message, for logs and error pages: head(), or what can be read of a head that was
    /// refused, which is valid as long as the bytes given to that feed(); null if there is nothing yet.
    const RequestHead *knownHead() const;

    /// Forgets a message that is Complete, its head and body with it, so that an idle connection holds no memory for
    /// it. Optional: the next feed() does the same.
    void releaseMessage();

    /// True between the first byte of a message and its end: what a timeout needs to know.
    bool inMessage() const;
    /// True if the message in progress, or the one that was refused, is a HEAD request as far as is known.
    bool isHeadRequest() const;
    /// True while the head of a message is incomplete and its first byte has come.
    bool inHead() const;

private:
    struct Message;

    bool skipEmptyLines(QByteArrayView &bytes);
    State feedHead(QByteArrayView &bytes);
    State beginBody(QByteArrayView &bytes);
    State feedBody(QByteArrayView &bytes);
    State refuseHead(QByteArrayView bytes, const Refusal &refusal);
    State refuse(const Refusal &refusal);

    RequestLimits m_limits;
    Refusal m_refusal;
    std::unique_ptr<Message> m_message; ///< from the first byte of a message until it is released
    quint8 m_emptyLineBytes = 0;        ///< CR and LF skipped before the message
    bool m_refused = false;
    bool m_isRefusedHead = false; ///< it was a HEAD request
};

} // namespace Quern::protocol::http
