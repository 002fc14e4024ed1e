#include "net/listener.h"

#include "net/log.h"

#include <QTimerEvent>

#include <cerrno>
#include <cstring>
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
        SocketAddress address;
        socklen_t length = SocketAddress::Capacity;
        base::FileDescriptor fd(::accept4(m_fd.get(), address.data(), &length, SOCK_NONBLOCK | SOCK_CLOEXEC));
        if (fd.isValid()) {
            m_accepted(std::move(fd), address.peer());
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
