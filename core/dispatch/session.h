#pragma once

#include "base/clock.h"
#include "base/intrusivelist.h"
#include "dispatch/dispatcher.h"
#include "net/connection.h"
#include "net/listener.h"
#include "protocol/http/requestdecoder.h"
#include "protocol/http/responseencoder.h"

#include <chrono>

namespace Quern::dispatch {

struct HttpSettings
{
    protocol::http::RequestLimits limits;
    std::chrono::milliseconds headTimeout{10000};      ///< from the first byte of a head, or the accept, to its end
    std::chrono::milliseconds bodyTimeout{30000};      ///< between two arrivals of body bytes
    std::chrono::milliseconds keepAliveTimeout{65000}; ///< between an answer and the next request
    std::chrono::milliseconds sendTimeout{60000};      ///< without the client taking any output
    QByteArray serverHeader;                           ///< value of the Server field; empty: none
};

class Session;

/// What a session may wait for; each kind of wait has a length of its own.
enum class Wait : quint8 { None, Head, Body, KeepAlive, Send, Linger };

/// The reactor as its sessions see it.
class SessionHost
{
public:
    virtual ~SessionHost() = default;
    virtual const HttpSettings &settings() const = 0;
    virtual Dispatcher &dispatcher() = 0;
    /// The server is stopping: each connection closes after its present answer.
    virtual bool isDraining() const = 0;
    /// Starts \a session's wait anew, in place of the one before.
    virtual void armWait(Session *session, Wait wait) = 0;
    /// The session's connection is closed. The host destroys it later, not within this call.
    virtual void sessionEnded(Session *session) = 0;
};

struct SessionTag;
struct WaitTag;

/// One client connection that speaks HTTP/1.x: marries the connection and the codec, gives requests to the dispatcher
/// and its answers to the client, one after the other in the order of arrival. Lives in its reactor thread.
class Session final : public net::ConnectionEvents,
                      public ResponseReceiver,
                      public base::ListNode<SessionTag>,
                      public base::ListNode<WaitTag>
{
public:
    /// Pipelined input kept while a request is under way, in bytes; reading then pauses.
    static constexpr qsizetype MaxCarry = 64 * 1024;
    /// Output that may wait for the client before the worker is asked for more, in bytes.
    static constexpr qint64 OutputLowMark = 128 * 1024;
    /// A body up to this size is copied behind its head, in bytes: cheaper than to let the kernel gather the two.
    static constexpr qsizetype JoinedBody = 2048;
    /// Input read and thrown away after a refusal, in bytes, so that the client can read the answer before the
    /// connection breaks; as much as the longest body if that is more.
    static constexpr qsizetype MinLinger = 1024 * 1024;

    Session(base::FileDescriptor fd, const net::Peer &peer, quint64 connectionId, SessionHost *host);

    /// Begins to read. Call it, or startRefused(), once, when the host has taken the session in.
    void start();
    /// There are too many connections: answers 503 to whatever comes, and closes.
    void startRefused();
    /// Its wait has lasted too long.
    void waitExpired();
    /// The server is stopping: closes the connection now if it is idle, else after the present answer.
    void drain();
    /// Closes the connection at once.
    void abort();

    bool isRefused() const { return m_refused; }
    void setCurrentWait(Wait wait, base::MonotonicTime since)
    {
        m_wait = wait;
        m_waitSince = since;
    }
    base::MonotonicTime waitSince() const { return m_waitSince; }

private:
    void bytesReceived(QByteArrayView bytes) override;
    void inputEnded() override;
    void outputProgressed(qint64 pending) override;
    void connectionLost() override;

    void responseStarted(quint64 requestId, int status, QByteArrayView headerBlock, quint64 bodyLength,
                         QByteArrayView bodyPart) override;
    void responseContinued(quint64 requestId, QByteArrayView bodyPart) override;
    void responseFailed(quint64 requestId, int status) override;
    void responseBroken(quint64 requestId) override;

    /// A request is under way, or the client must first read what was answered.
    bool isBusy() const;
    void parse(QByteArrayView bytes);
    void parseCarry();
    void startRequest();
    void refuse();
    void answerSimply(int status, QByteArrayView extraHeaders = {});
    void answered();
    void closeAfterOutput();
    void linger();
    void end();
    /// What the client has done.
    enum class Progress { None, Input, Output };
    /// After each event: closes if nothing more can come, else begins the wait that is due.
    void settle(Progress progress);
    protocol::http::ResponseFraming framing() const;

    net::Connection m_connection;
    protocol::http::RequestDecoder m_decoder;
    SessionHost *m_host;
    QByteArray m_carry; ///< read, not yet parsed
    net::Peer m_peer;
    quint64 m_connectionId;
    quint64 m_requestId = 0; ///< 0: none under way
    quint64 m_bodyLeft = 0;  ///< of the present answer
    quint32 m_ungranted = 0; ///< body bytes received that the client has yet to take
    qsizetype m_lingered = 0;
    base::MonotonicTime m_waitSince;
    Wait m_wait = Wait::None;
    quint8 m_minorVersion = 1;
    bool m_keepAlive = true;
    bool m_isHead = false;
    bool m_closing = false;   ///< no more requests; the connection closes when its output has left
    bool m_lingering = false; ///< output is shut down; waiting for the client to close
    bool m_ended = false;
    bool m_refused = false; ///< one connection too many
};

} // namespace Quern::dispatch
