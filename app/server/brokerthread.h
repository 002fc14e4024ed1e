#pragma once

#include "app/server/brokerquestion.h"
#include "base/filedescriptor.h"
#include "config/settings.h"
#include "process/supervisor.h"
#include "tasks/broker.h"
#include "tasks/spill.h"

#include <QBasicTimer>
#include <QElapsedTimer>
#include <QObject>
#include <QThread>

#include <atomic>
#include <memory>

namespace Quern::app {

/// The thread of the task broker, with the broker in it. Lives in the main thread.
class BrokerThread final : public QObject
{
    Q_OBJECT
public:
    explicit BrokerThread(const config::Settings &settings, QObject *parent = nullptr);
    /// Ends the thread; what the stores were told is on disk then.
    ~BrokerThread() override;

    /// What lies in the spill folder for a moment may be on its way: another server still takes tasks.
    void setShared() { m_isShared = true; }
    /// Opens the stores, in the thread, and follows \a supervisor, which outlives it. Error::Io and the like, with the
    /// place in the settings, if the database or the spill folder cannot be used.
    Result<void> start(const config::Settings &settings, process::Supervisor *supervisor);
    /// Before there are task workers for the first time: opens the database, if \a settings want one, and makes the
    /// spill folder. Waits for both. Errors as of start(). Without task workers a database that is there is opened,
    /// too, so that its tasks can be seen, and the log tells how many there are.
    Result<void> prepareForTasks(const config::Settings &settings);
    void reconfigure(const config::Settings &settings);
    /// Nothing more is handed out; stopped() follows when all that runs has ended.
    void stop();

    /// After stopped(): see tasks::Broker. What waits is on disk, and the database is closed, when it returns.
    void suspend();
    /// The broker of the server that has taken over is at the end of \a fd.
    void forward(base::FileDescriptor fd);
    /// No other has taken over; \a settings are those in effect. While the database cannot be opened, which the other
    /// one may still have, tasks that are delivered wait, and it is tried again until it can be, or until stop().
    void resume(const config::Settings &settings);
    /// Whether the database is still waited for.
    bool isResuming() const { return m_resumeTimer.isActive(); }
    /// What the children of the server before this still deliver comes from \a fd; until endFormer().
    void addFormer(base::FileDescriptor fd);
    void endFormer();

    const tasks::Broker &broker() const { return *m_broker; }

    /// Calls \a question in the thread; once it has called its answer, answered() follows here.
    void ask(quint64 token, BrokerQuestion question);

Q_SIGNALS:
    /// See stop().
    void stopped();
    void answered(quint64 token, const Quern::Result<QJsonObject> &outcome);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    /// Tries once what resume() wants. Errors as of start().
    Result<void> tryToResume();
    /// Of the database that the settings want; empty if they want none.
    tasks::Broker::OpenDatabase opener(const config::Settings &settings) const;
    Result<std::unique_ptr<tasks::TaskStore>> openStore(const config::Settings &settings,
                                                        tasks::TaskStore::Client &client) const;
    void follow(process::Supervisor *supervisor);
    /// Without task workers: whoever has left tasks in the database hears that nobody runs them. No error keeps the
    /// server from its other work.
    void findLeftTasks(const config::Settings &settings);
    /// With `driver = "memory"`, before there are children: whoever has left tasks in the database before hears that
    /// they do not run. What lies in the spill folder and is not theirs is removed.
    void tellUnused(const config::Settings &settings);
    /// A child has died: payloads and results that it had under way may lie in the spill folder, for nobody. Removes
    /// what has lain there for long. In the thread.
    void sweep();
    /// A custom process has printed \a bytes for its pipe.
    void printed(const ipc::ChildIdentity &who, const QByteArray &bytes);
    /// Runs \a function in the thread: at once, or behind what was asked of the broker before.
    template <typename Function>
    void callAndWait(Function function);
    template <typename Function>
    void call(Function function);

    QThread m_thread;
    QObject m_context; ///< lives in m_thread, as what follows
    const tasks::Spill m_spill;
    std::unique_ptr<tasks::Broker> m_broker;
    bool m_isPrepared = false;
    bool m_isShared = false;                    ///< see setShared()
    bool m_hadDatabase = false;                 ///< before suspend()
    bool m_hadSpillFolder = false;              ///< the same
    config::Settings m_resumed;                 ///< those that resume() has got
    QBasicTimer m_resumeTimer;                  ///< while isResuming()
    std::atomic<bool> m_hasSpillFolder = false; ///< for itself: no database that is not open names its files
    QElapsedTimer m_swept;                      ///< in the thread
    std::atomic<qint64> m_printing = 0;         ///< bytes that were printed and are on their way to the broker
    qint64 m_unprinted = 0;                     ///< bytes for which there was no room
};

} // namespace Quern::app
