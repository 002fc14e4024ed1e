#pragma once

#include "admin/protocol/operation.h"
#include "admin/protocol/servermessages.h"

#include <QBasicTimer>
#include <QObject>

#include <functional>
#include <unordered_map>

namespace Quern::app {

class Clients;

/// Brings what clients have subscribed to: the server's status again and again, and operations and processes as they
/// change. A client that has not taken the last events yet gets no further status, of each operation how it stands
/// when it has taken them, and of processes the last few. Lives in the main thread.
class StreamDesk final : public QObject
{
    Q_OBJECT
public:
    /// Of a client that does not read, the oldest are forgotten.
    static constexpr qsizetype MostWaiting = 100;

    /// \a status tells how the server is now, as an admin::Status. \a clients lives longer than this.
    StreamDesk(Clients *clients, std::function<QJsonObject()> status, QObject *parent = nullptr);

    /// Sends what waits for those that have not taken all before: it may tell how the server ends.
    ~StreamDesk() override;

    /// In place of what \a client had subscribed to before. Error::Protocol, Error::Invalid.
    Result<void> subscribe(quint64 client, const QJsonObject &params);
    void forget(quint64 client);
    void operationChanged(const admin::Operation &operation);
    void processChanged(const admin::ProcessEvent &event);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Follower
    {
        admin::Subscription wants;
        qint64 statusDue = 0;                 ///< monotonic, ms
        bool isBusy = false;                  ///< it has not taken the last events yet
        QList<admin::Operation> operations;   ///< that have changed meanwhile, each once
        QList<admin::ProcessEvent> processes; ///< that came and went meanwhile
    };

    void outputTaken(quint64 client);
    /// Sends what waits for it, if it has taken all before.
    void deliver(quint64 client, Follower &follower);
    void armTimer();

    Clients *m_clients;
    std::function<QJsonObject()> m_status;
    std::unordered_map<quint64, Follower> m_followers;
    QBasicTimer m_timer;
};

} // namespace Quern::app
