#pragma once

#include <QBasicTimer>
#include <QByteArray>
#include <QByteArrayList>
#include <QList>
#include <QObject>
#include <QString>

#include <chrono>
#include <optional>

namespace Quern::app {

/// What a service manager wants to be told, as it says in the environment: sd_notify(3), sd_watchdog_enabled(3). The
/// protocol is public and stable, and its own manual advises programs that want no more than this to speak it
/// themselves: so each build can, with no library of the service manager in the process. A plain value.
struct ServiceRequest
{
    QByteArray socket; ///< where datagrams go: an absolute path, or '@' and an abstract name; empty: nowhere
    std::chrono::microseconds watchdog{0}; ///< the manager ends a service that is silent for longer; zero: never

    /// Takes it out of the environment, so that no child takes it for its own.
    static ServiceRequest take();
    /// What a program that takes the place of this one has in its environment: "NOTIFY_SOCKET=…".
    QByteArrayList environment() const;
    /// Says in one line that the server cannot start, and why.
    void complain(const QString &reason) const;
};

/// Tells the service manager how the server is, if there is one, and feeds its watchdog: as long as the event loop of
/// this thread turns, and those of the threads that have been named to it. Lives in the main thread; outlives the
/// threads. A manager that takes nothing delays a message for a moment, and is told of in the log once.
class ServiceNotifier final : public QObject
{
    Q_OBJECT
public:
    explicit ServiceNotifier(const ServiceRequest &request, QObject *parent = nullptr);

    /// Each may be followed by any other. \a status is a sentence for people, and \a atMost what the manager should
    /// give it, whatever the service's own timeouts are.
    void starting(std::chrono::milliseconds atMost);
    void ready(const QString &status);
    void reloading();
    void stopping(std::chrono::milliseconds atMost);
    /// The process \a successor is the service from now on: this one tells nothing more.
    void handedOver(qint64 successor);

    /// From now on the watchdog is fed only while the thread of \a object answers, too.
    void watch(QObject *object);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void send(const QByteArray &text);
    /// Asks each thread for a sign of life, unless one of them still owes the last one.
    void askThreads();
    void answered();

    ServiceRequest m_request;
    QList<QObject *> m_watched;
    QBasicTimer m_timer;
    qsizetype m_awaited = 0; ///< threads that have not answered yet
    bool m_toldFailure = false;
};

} // namespace Quern::app
