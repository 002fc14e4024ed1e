#include "app/server/servicenotifier.h"

#include "app/server/log.h"
#include "base/clock.h"
#include "base/filedescriptor.h"
#include "base/systemerror.h"

#include <Quern/result.h>

#include <QFile>
#include <QTimerEvent>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>
#include <ctime>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <tuple>
#include <unistd.h>

namespace Quern::app {

namespace {

constexpr const char *socketVariable = "NOTIFY_SOCKET";
constexpr const char *watchdogVariable = "WATCHDOG_USEC";
constexpr const char *watchdogPidVariable = "WATCHDOG_PID";

/// How long a message may wait for a manager that is busy.
constexpr timeval patience = {0, 250'000};
constexpr std::chrono::microseconds longestWatchdog = std::chrono::hours(24);

QByteArray taken(const char *variable)
{
    const QByteArray value = qgetenv(variable);
    ::qunsetenv(variable);
    return value;
}

/// Null if \a name can be no address of a Unix socket: sd_notify(3).
std::optional<std::pair<sockaddr_un, socklen_t>> addressOf(const QByteArray &name)
{
    sockaddr_un address = {};
    address.sun_family = AF_UNIX;
    if (name.size() < 2 || name.size() >= qsizetype(sizeof address.sun_path) ||
        (name.front() != '/' && name.front() != '@'))
        return std::nullopt;
    std::memcpy(address.sun_path, name.constData(), std::size_t(name.size()));
    if (name.front() == '@')
        address.sun_path[0] = '\0';
    return std::pair(address, socklen_t(offsetof(sockaddr_un, sun_path) + std::size_t(name.size())));
}

Result<void> sendTo(const QByteArray &name, const QByteArray &text)
{
    const auto address = addressOf(name);
    if (!address)
        return Error(Error::Invalid, QStringLiteral("%1 is \"%2\", which is no absolute path and no abstract name")
                                         .arg(QLatin1StringView(socketVariable), QFile::decodeName(name)));
    const base::FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (!fd.isValid())
        return base::systemError(QStringLiteral("a socket"));
    ::setsockopt(fd.get(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
    const auto *target = reinterpret_cast<const sockaddr *>(&address->first);
    while (::sendto(fd.get(), text.constData(), std::size_t(text.size()), MSG_NOSIGNAL, target, address->second) < 0) {
        if (errno != EINTR)
            return base::systemError(QFile::decodeName(name));
    }
    return {};
}

QByteArray statusLine(const QString &status)
{
    return "STATUS=" + status.simplified().toUtf8();
}

QByteArray extension(std::chrono::milliseconds atMost)
{
    return "EXTEND_TIMEOUT_USEC=" + QByteArray::number(qint64(std::chrono::microseconds(atMost).count()));
}

/// The clock that the manager compares with.
QByteArray monotonicMicroseconds()
{
    timespec now = {};
    ::clock_gettime(CLOCK_MONOTONIC, &now);
    return QByteArray::number(qint64(now.tv_sec) * 1'000'000 + now.tv_nsec / 1000);
}

} // namespace

ServiceRequest ServiceRequest::take()
{
    ServiceRequest request;
    request.socket = taken(socketVariable);
    const qint64 microseconds = taken(watchdogVariable).toLongLong();
    const QByteArray pid = taken(watchdogPidVariable);
    // It may have been meant for who has started us.
    if (microseconds > 0 && (pid.isEmpty() || pid.toLongLong() == ::getpid()))
        request.watchdog = std::min(std::chrono::microseconds(microseconds), longestWatchdog);
    return request;
}

QByteArrayList ServiceRequest::environment() const
{
    QByteArrayList variables;
    if (!socket.isEmpty())
        variables.append(QByteArray(socketVariable) + '=' + socket);
    if (watchdog.count() > 0)
        variables.append(QByteArray(watchdogVariable) + '=' + QByteArray::number(qint64(watchdog.count())));
    return variables;
}

void ServiceRequest::complain(const QString &reason) const
{
    // The reason is told elsewhere, too: that nobody hears it here is no further one.
    if (!socket.isEmpty())
        std::ignore = sendTo(socket, statusLine(QStringLiteral("cannot start: ") + reason));
}

ServiceNotifier::ServiceNotifier(const ServiceRequest &request, QObject *parent) : QObject(parent), m_request(request)
{
}

void ServiceNotifier::starting(std::chrono::milliseconds atMost)
{
    send(extension(atMost) + "\nSTATUS=Starting: the first workers load their plugins.");
}

void ServiceNotifier::ready(const QString &status)
{
    // A daemon, and who takes over, is not the process that the manager has started.
    send("READY=1\nMAINPID=" + QByteArray::number(qint64(::getpid())) + '\n' + statusLine(status));
    if (!m_timer.isActive() && !m_request.socket.isEmpty() && m_request.watchdog.count() > 0) {
        // Twice in the time that the manager waits: sd_watchdog_enabled(3).
        const auto interval = std::chrono::duration_cast<std::chrono::milliseconds>(m_request.watchdog / 2);
        m_timer.start(int(std::max<qint64>(interval.count(), 1)), Qt::PreciseTimer, this);
    }
    // The manager counts from here.
    askThreads();
}

void ServiceNotifier::handedOver(qint64 successor)
{
    m_timer.stop();
    // It has said so itself; but a manager may believe the main process alone.
    send("MAINPID=" + QByteArray::number(successor));
    m_request = {};
}

void ServiceNotifier::reloading()
{
    send("RELOADING=1\nMONOTONIC_USEC=" + monotonicMicroseconds() +
         "\nSTATUS=Reloading: new workers take the place of the old ones.");
}

void ServiceNotifier::stopping(std::chrono::milliseconds atMost)
{
    send("STOPPING=1\n" + extension(atMost) + "\nSTATUS=Stopping: what has been begun is finished.");
}

void ServiceNotifier::watch(QObject *object)
{
    m_watched.append(object);
}

void ServiceNotifier::timerEvent(QTimerEvent *event)
{
    if (event->timerId() == m_timer.timerId())
        askThreads();
}

void ServiceNotifier::askThreads()
{
    if (!m_timer.isActive() || m_awaited > 0)
        return;
    // This thread is asked as well.
    m_awaited = m_watched.size() + 1;
    const auto answer = [this] { QMetaObject::invokeMethod(this, &ServiceNotifier::answered, Qt::QueuedConnection); };
    for (QObject *object : std::as_const(m_watched))
        QMetaObject::invokeMethod(object, answer, Qt::QueuedConnection);
    answer();
}

void ServiceNotifier::answered()
{
    // As soon as it is true: an answer that came late is no reason to wait for the next turn.
    if (--m_awaited == 0)
        send("WATCHDOG=1");
}

void ServiceNotifier::send(const QByteArray &text)
{
    if (m_request.socket.isEmpty())
        return;
    const Result<void> sent = sendTo(m_request.socket, text);
    if (!sent && !std::exchange(m_toldFailure, true))
        qCWarning(logMaster).noquote() << "the service manager cannot be told how the server is:"
                                       << sent.error().message();
}

} // namespace Quern::app
