#pragma once

#include "admin/protocol/access.h"
#include "admin/protocol/message.h"

#include <QObject>

#include <chrono>

namespace Quern::admin {

/// Who asks for something.
struct Caller
{
    quint64 client = 0; ///< unique among all transports while the server runs
    Role role = Role::Viewer;
    QString name; ///< for the audit log: "uid 1000", "token ops from 127.0.0.1"
};

/// A way on which the management protocol comes to the server. It lets nobody ask for more than his role may, and knows
/// no other meaning: it hands requests on and carries replies and events back. Lives in the admin thread; others reach
/// it by queued calls.
class Transport : public QObject
{
    Q_OBJECT
public:
    using QObject::QObject;

    /// Nothing happens if \a client has gone.
    virtual void sendReply(quint64 client, const Quern::admin::Reply &reply) = 0;
    virtual void sendEvent(quint64 client, const Quern::admin::Event &event) = 0;
    /// The same; outputTaken() follows, once, when the client has taken all that was sent to it.
    virtual void sendPaced(quint64 client, const Quern::admin::Event &event) = 0;
    /// Takes nobody any more, sends what waits, as far as it goes in \a patience, and closes all.
    virtual void close(std::chrono::milliseconds patience) = 0;

Q_SIGNALS:
    /// Exactly one sendReply() is expected for it.
    void requestReceived(const Quern::admin::Caller &caller, const Quern::admin::Request &request);
    /// Somebody has asked for what his role may not; he has been told.
    void requestRefused(const Quern::admin::Caller &caller, const Quern::admin::Request &request);
    void clientGone(quint64 client);
    void outputTaken(quint64 client);

protected:
    /// For Caller::client.
    static quint64 nextClient();
};

} // namespace Quern::admin
