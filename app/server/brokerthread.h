#pragma once

#include "config/settings.h"
#include "process/supervisor.h"
#include "tasks/broker.h"

#include <QObject>
#include <QThread>

#include <memory>

namespace Quern::app {

/// The thread of the task broker, with the broker in it. Lives in the main thread.
class BrokerThread final : public QObject
{
    Q_OBJECT
public:
    explicit BrokerThread(QObject *parent = nullptr);
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
    void follow(process::Supervisor *supervisor);

    QThread m_thread;
    std::unique_ptr<tasks::Broker> m_broker; ///< lives in m_thread
};

} // namespace Quern::app
