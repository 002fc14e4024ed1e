#pragma once

#include "app/server/restarthandover.h"
#include "base/filedescriptor.h"
#include "ipc/channel.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QByteArrayList>
#include <QObject>

#include <chrono>
#include <memory>
#include <optional>

namespace Quern::app {

/// The program that is to take the place of this one: starts it, hears how far it is, and ends it if it comes to
/// nothing. Exactly one of proven() and failed() follows its start, and one of takenOver() and failed() takeOver();
/// failed() may also come in between. Lives in the main thread.
class Successor final : public QObject, private ipc::FrameSink
{
    Q_OBJECT
public:
    using QObject::QObject;
    /// Kills it, unless it has taken over.
    ~Successor() override;

    /// What is started.
    struct Program
    {
        QByteArray file;
        QByteArrayList arguments;
        QByteArrayList environment; ///< besides that of this process
    };
    /// Starts \a next, which inherits what \a handover names, and two channels to here. It has \a patience.
    Result<void> start(const Program &next, RestartHandover handover, std::chrono::milliseconds patience);
    qint64 pid() const { return m_pid; }
    /// This end of the channel of the task brokers.
    base::FileDescriptor takeTaskChannel() { return std::move(m_tasks); }
    /// After proven(). It has \a patience.
    void takeOver(std::chrono::milliseconds patience);

Q_SIGNALS:
    void proven();
    void takenOver();
    /// It is dead, or will be at once.
    void failed(const QString &reason);
    /// After takenOver(): it stops, and nobody is to stay for it.
    void endWanted();

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    void frameReceived(const ipc::Frame &frame) override;
    void channelClosed(const QString &reason) override;
    void fail(const QString &reason);
    void end();
    /// Its wait status, once it is dead; waits for that, for a moment.
    std::optional<int> reap() const;
    /// How it has ended; empty if it has not.
    QString endText();

    std::unique_ptr<ipc::Channel> m_channel;
    base::FileDescriptor m_tasks;
    QBasicTimer m_deadline;
    qint64 m_pid = 0;
    bool m_isOver = false;       ///< it has failed, or taken over
    bool m_hasTakenOver = false; ///< it is the server now
};

} // namespace Quern::app
