#pragma once

#include "ipc/cronmessages.h"
#include "process/supervisor.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QElapsedTimer>
#include <QHash>
#include <QObject>
#include <QThreadPool>

#include <chrono>
#include <functional>

namespace Quern::app {

/// What the master knows of cron jobs: their state, as the timer process tells it, kept in a file for the next start,
/// and the way of commands to them. Lives in the main thread.
class CronDesk final : public QObject
{
    Q_OBJECT
public:
    /// So long a command waits for its answer.
    static constexpr std::chrono::milliseconds patience{6'000};

    /// Hears what has become of a command.
    using Answer = std::function<void(const Result<void> &outcome)>;

    /// Reads what an earlier server has left in \a directory. \a supervisor outlives it.
    CronDesk(const QString &directory, process::Supervisor *supervisor, QObject *parent = nullptr);
    /// Writes what is not written yet.
    ~CronDesk() override;

    /// Writes what is not written yet, and waits for it.
    void save();
    /// As the timer process has told last; empty if there are none, or it has not begun yet.
    QList<ipc::CronJobState> jobs() const { return m_supervisor->hasTimer() ? m_jobs : QList<ipc::CronJobState>(); }
    /// Has \a answer called once, at once or within patience: Error::Invalid with the reason of the timer process
    /// (there is no such job, it runs already), Error::Unavailable if there is no timer process, or it ends before its
    /// answer. After Error::Timeout nothing was done, and nothing will be.
    void command(ipc::CronCommandMessage::Action action, const QString &job, Answer answer);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Pending
    {
        Answer answer;
        quint64 childId = 0; ///< of the timer process
        QElapsedTimer since;
    };

    void stateReceived(const QByteArray &payload);
    /// There are \a jobs, and no others any more.
    void take(const QList<ipc::CronJobState> &jobs);
    void failPending(const Error &error, const std::function<bool(const Pending &pending)> &isMeant);
    void read();
    void write();
    static void writeNow(const QString &path, const QByteArray &memory);
    /// What the next timer process and the next server take over.
    QByteArray memory() const;

    QString m_path;
    process::Supervisor *m_supervisor;
    QList<ipc::CronJobState> m_jobs;
    QList<ipc::CronJobState> m_vanished; ///< jobs that there are no more, and may be again; the latest first
    QHash<quint32, Pending> m_pending;
    QThreadPool m_writer; ///< waits for the disk; one write at a time
    QBasicTimer m_writeTimer;
    QBasicTimer m_patience;
    quint32 m_nextId = 1;
    bool m_isDirty = false;
};

} // namespace Quern::app
