#pragma once

#include "admin/server/transport.h"

#include <QObject>

#include <unordered_map>
#include <vector>

namespace Quern::app {

/// The clients of the management protocol, whichever way they come: brings their requests to the main thread, where it
/// lives, and replies and events back to them.
class Clients final : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// \a transport lives in the admin thread, and longer than this.
    void add(admin::Transport *transport);

    /// Nothing happens if \a client has gone.
    void sendReply(quint64 client, const admin::Reply &reply);
    void sendEvent(quint64 client, const admin::Event &event);
    /// outputTaken() follows, once, when the client has taken all that was sent to it.
    void sendPaced(quint64 client, const admin::Event &event);

Q_SIGNALS:
    /// Exactly one sendReply() is expected for it.
    void requestReceived(const Quern::admin::Caller &caller, const Quern::admin::Request &request);
    /// See Transport.
    void requestRefused(const Quern::admin::Caller &caller, const Quern::admin::Request &request);
    /// It is on its way.
    void replySent(quint64 client, const Quern::admin::Reply &reply);
    void clientGone(quint64 client);
    void outputTaken(quint64 client);

private:
    /// Calls \a send with the transport of \a client, in the admin thread.
    template <typename Send>
    void pass(quint64 client, Send send);

    std::unordered_map<quint64, admin::Transport *> m_transports; ///< of each client that has asked for something
};

} // namespace Quern::app
