#pragma once

#include "base/filedescriptor.h"
#include "net/socketaddress.h"

#include <QBasicTimer>
#include <QObject>
#include <QSocketNotifier>

#include <functional>

namespace Quern::net {

/// Accepts connections from one listening socket. Lives in its reactor thread.
class Listener : public QObject
{
    Q_OBJECT
public:
    /// Gets each new connection: a non-blocking, close-on-exec descriptor that it now owns, and the peer.
    using Accepted = std::function<void(base::FileDescriptor fd, const Peer &peer)>;

    Listener(base::FileDescriptor fd, Accepted accepted, QObject *parent = nullptr);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void acceptSome();

    base::FileDescriptor m_fd;
    QSocketNotifier m_notifier;
    Accepted m_accepted;
    QBasicTimer m_resume;
};

} // namespace Quern::net
