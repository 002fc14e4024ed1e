#pragma once

#include <Quern/global.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

#include <deque>
#include <functional>
#include <memory>

namespace Quern {

/// The body of a request on its way to a handler that takes it in parts: keeps what has arrived until it is wanted, and
/// asks for more when it has been taken. Its sender bounds what it keeps. Lives in the worker's main thread.
class QUERN_EXPORT BodyInbox : public std::enable_shared_from_this<BodyInbox>
{
public:
    struct Host
    {
        std::function<void(quint32 bytes)> grant;           ///< so many bytes have been taken; may be empty
        std::function<void(const QString &problem)> failed; ///< a callback of the handler threw
    };

    explicit BodyInbox(Host host) : m_host(std::move(host)) {}
    Q_DISABLE_COPY_MOVE(BodyInbox)

    /// What arrives. Calls the handler's callbacks at once if they are there and not held up.
    void add(QByteArray part);
    /// The complete body at once. It lies in the memory of \a owner, which is kept until all of it has been taken or
    /// dropped.
    void addWhole(QByteArrayView body, std::shared_ptr<const void> owner);
    /// The body is complete, or (false) will never be, or nobody waits for its answer any more: what waits is then
    /// dropped, and the callbacks are told at once even if they are held up.
    void end(bool complete);
    /// Nobody wants the rest: the callbacks are let go, and what waits or still arrives is granted and dropped.
    void discard();
    bool isEnded() const { return m_state != State::Arriving; }

    /// What the handler does, see Request::onBody(). Throws std::logic_error if it has done so before.
    void receive(std::function<void(QByteArrayView)> part, std::function<void(bool)> ended);
    void pause() { m_paused = true; }
    void resume();

private:
    enum class State {
        Arriving,
        Complete,
        Aborted,
    };
    struct Callbacks
    {
        std::function<void(QByteArrayView)> part;
        std::function<void(bool)> ended;
    };

    void deliver();
    void deliverParts();
    /// In the next turn of the event loop.
    void deliverLater();
    void granted(qsizetype bytes);

    Host m_host;
    std::deque<QByteArray> m_waiting;
    std::shared_ptr<const void> m_owner;    ///< of the bytes of m_waiting, if these do not own them
    qsizetype m_taken = 0;                  ///< bytes of the first of them that have been given out
    std::shared_ptr<Callbacks> m_callbacks; ///< shared: a callback may cause its own release
    State m_state = State::Arriving;
    bool m_received = false;
    bool m_paused = false;
    bool m_discarding = false;
    bool m_delivering = false;
};

} // namespace Quern
