#pragma once

#include "config/settings.h"
#include "process/supervisor.h"
#include "tasks/broker.h"
#include "tasks/spill.h"

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

    /// Opens the stores, in the thread, and follows \a supervisor, which outlives it. Error::Io and the like if the
    /// database or the spill folder cannot be used.
    Result<void> start(const config::Settings &settings, process::Supervisor *supervisor);
    void reconfigure(const config::Settings &settings);
    /// Nothing more is handed out; stopped() follows when all that runs has ended.
    void stop();

    const tasks::Broker &broker() const { return *m_broker; }

Q_SIGNALS:
    void stopped();

private:
    Result<void> openDatabase(const config::Settings &settings, tasks::TaskStore::Client &client,
                              std::unique_ptr<tasks::TaskStore> &store);
    void follow(process::Supervisor *supervisor);
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
    std::atomic<qint64> m_printing = 0; ///< bytes that were printed and are on their way to the broker
    qint64 m_unprinted = 0;             ///< bytes for which there was no room
};

} // namespace Quern::app
