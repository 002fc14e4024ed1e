#pragma once

#include "base/filedescriptor.h"

#include <QBasicTimer>
#include <QObject>
#include <QSocketNotifier>

#include <functional>

struct sockaddr_storage;

namespace Quern::net {

/// The address of a connection's other end.
struct Peer
{
    char address[46] = {}; ///< text form, NUL-terminated; empty for a Unix socket
    quint16 port = 0;
};

/// The peer at \a address, of whatever family.
Peer peerOf(const sockaddr_storage &address);

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
