#include "net/listener.h"

#include <QLoggingCategory>
#include <QTimerEvent>

#include <arpa/inet.h>
#include <cerrno>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>

namespace Quern::net {

Q_LOGGING_CATEGORY(logNet, "quern.net", QtInfoMsg)

namespace {

/// Connections taken in one turn of the loop, so that a flood of new ones does not starve the others.
constexpr int acceptsPerTurn = 64;
/// How long accepting rests when descriptors or memory have run out: the kernel goes on reporting the waiting
/// connection.
constexpr int restMilliseconds = 100;

} // namespace

Peer peerOf(const sockaddr_storage &address)
{
    Peer peer;
    if (address.ss_family == AF_INET) {
        const auto *in4 = reinterpret_cast<const sockaddr_in *>(&address);
        ::inet_ntop(AF_INET, &in4->sin_addr, peer.address, sizeof peer.address);
        peer.port = ntohs(in4->sin_port);
    } else if (address.ss_family == AF_INET6) {
        const auto *in6 = reinterpret_cast<const sockaddr_in6 *>(&address);
        ::inet_ntop(AF_INET6, &in6->sin6_addr, peer.address, sizeof peer.address);
        peer.port = ntohs(in6->sin6_port);
    }
    return peer;
}

Listener::Listener(base::FileDescriptor fd, Accepted accepted, QObject *parent)
    : QObject(parent)
    , m_fd(std::move(fd))
    , m_notifier(m_fd.get(), QSocketNotifier::Read)
    , m_accepted(std::move(accepted))
{
    connect(&m_notifier, &QSocketNotifier::activated, this, &Listener::acceptSome);
}

void Listener::acceptSome()
{
    for (int i = 0; i < acceptsPerTurn; ++i) {
        sockaddr_storage address = {};
        socklen_t length = sizeof address;
        base::FileDescriptor fd(
            ::accept4(m_fd.get(), reinterpret_cast<sockaddr *>(&address), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.isValid()) {
            m_accepted(std::move(fd), peerOf(address));
            continue;
        }
        const int problem = errno; // before anything else, such as the log, changes it
        switch (problem) {
        case EAGAIN:
            return;
        case EMFILE:
        case ENFILE:
        case ENOBUFS:
        case ENOMEM:
            qCWarning(logNet, "cannot accept connections for the moment: %s", std::strerror(problem));
            m_notifier.setEnabled(false);
            m_resume.start(restMilliseconds, this);
            return;
        default:
            // The client gave up before it was accepted (ECONNABORTED and the like): accept(2) says to go on.
            break;
        }
    }
}

void Listener::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_resume.timerId())
        return;
    m_resume.stop();
    m_notifier.setEnabled(true);
}

} // namespace Quern::net
