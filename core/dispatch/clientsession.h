#pragma once

#include "base/clock.h"
#include "base/intrusivelist.h"
#include "dispatch/accesslog.h"
#include "dispatch/port.h"
#include "dispatch/reactormeter.h"
#include "net/connection.h"
#include "net/listener.h"

#include <array>
#include <memory>

namespace Quern::dispatch {

class ClientSession;
class Dispatcher;
class LiveHub;

/// What a session may wait for; each kind of wait has a length of its own.
enum class Wait : quint8 {
    None,
    Head,      ///< of a request, or a TLS handshake
    Body,      ///< of a request
    KeepAlive, ///< for another request
    Send,      ///< for the client to take output
    Linger,    ///< for the client to close, after an answer
    Idle,      ///< for a live connection to send anything
    Silence,   ///< the same, for a WebSocket that is to be pinged then
    Pong,      ///< after a ping
    Closing,   ///< for the other half of the closing handshake
};
inline constexpr std::size_t WaitKinds = 10;

struct SessionTag;
struct WaitTag;
using WaitQueue = base::IntrusiveList<ClientSession, WaitTag>;

/// A port in one reactor: its settings, and the sessions that wait. By kind of wait: all of a kind last equally long,
/// so that each queue is sorted by itself. Lives in the reactor's thread.
struct ReactorPort : Port
{
    explicit ReactorPort(const Port &port) : Port(port) {}

    std::array<WaitQueue, WaitKinds> waits;
    base::MonotonicTime heartbeatLooked; ///< when the waits of live connections were last looked at
    net::Traffic traffic;                ///< of its connections; datagrams do not count
};

/// The reactor as its sessions see it.
class SessionHost
{
public:
    virtual ~SessionHost() = default;
    virtual Dispatcher &dispatcher() = 0;
    virtual LiveHub &live() = 0;
    /// Null if nothing is counted for the metrics.
    virtual ReactorMeter *meter() = 0;
    /// Null if no log of requests is kept.
    virtual AccessLog *accessLog() = 0;
    /// For the rest of long answers, when their worker is to leave.
    virtual OutputBudget *handoverBudget() = 0;
    /// The server is stopping: each connection closes after its present answer.
    virtual bool isDraining() const = 0;
    /// HTTP clients are to go elsewhere: each of their connections closes after its present answer.
    virtual bool isLeaving() const = 0;
    /// Starts \a session's wait anew, in place of the one before.
    virtual void armWait(ClientSession *session, Wait wait) = 0;
    /// The session's connection is closed. The host destroys it later, not within this call.
    virtual void sessionEnded(ClientSession *session) = 0;
    /// Workers have handled all that live connections had for them.
    virtual void liveSettled() = 0;
    /// \a next goes on with the connection of \a session, which is destroyed later. Counts as the same connection.
    virtual void sessionReplaced(ClientSession *session, std::unique_ptr<ClientSession> next) = 0;
};

/// One client connection, whatever it speaks. Lives in its reactor thread.
class ClientSession : public net::ConnectionEvents, public base::ListNode<SessionTag>, public base::ListNode<WaitTag>
{
public:
    ClientSession(ReactorPort *port, const net::Peer &peer, SessionHost *host)
        : m_host(host)
        , m_port(port)
        , m_peer(peer)
    {
    }

    /// Its wait has lasted too long.
    virtual void waitExpired() = 0;
    /// Its port has other settings now.
    virtual void settingsChanged() {}
    /// The server is stopping: ends as soon as it is decent.
    virtual void drain() = 0;
    /// HTTP clients are to go elsewhere from now on: closes the connection if nothing is under way on it.
    virtual void leave() {}
    /// Closes the connection at once.
    virtual void abort() = 0;

    bool isRefused() const { return m_refused; }
    const net::Peer &peer() const { return m_peer; }
    ReactorPort *port() const { return m_port; }
    Wait wait() const { return m_wait; }
    base::MonotonicTime waitSince() const { return m_waitSince; }
    void setCurrentWait(Wait wait, base::MonotonicTime since)
    {
        m_wait = wait;
        m_waitSince = since;
    }

protected:
    SessionHost *m_host;
    ReactorPort *m_port;
    net::Peer m_peer;
    Wait m_wait = Wait::None;
    bool m_refused = false; ///< one connection too many
    base::MonotonicTime m_waitSince;
};

} // namespace Quern::dispatch
