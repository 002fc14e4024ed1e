#pragma once

#include "admin/protocol/message.h"
#include "base/loghistory.h"

#include <QObject>

#include <unordered_map>

namespace Quern::app {

class Clients;

/// Answers the methods "log.…" of the management protocol, and brings new lines to the clients that follow the log.
/// A client that reads slowly gets the next lines when it has taken the last; what the history has forgotten by then is
/// counted for it. Lives in the main thread. It logs nothing, or each line would bring the next.
class LogDesk final : public QObject
{
    Q_OBJECT
public:
    /// \a clients lives longer than this.
    explicit LogDesk(Clients *clients, QObject *parent = nullptr);
    ~LogDesk() override;

    Result<QJsonObject> answer(quint64 client, const admin::Request &request);
    void forget(quint64 client);

Q_SIGNALS:
    /// The levels of the log are others now.
    void levelsChanged();

private:
    struct Follower
    {
        base::LogFilter filter;
        quint64 next = 0;    ///< serial of the first line that it has not got
        bool isBusy = false; ///< it has not taken the last ones yet
    };

    static Result<QJsonObject> read(const QJsonObject &params);
    Result<QJsonObject> follow(quint64 client, const QJsonObject &params);
    Result<QJsonObject> setLevel(const QJsonObject &params);
    void deliverLater();
    void deliver();
    void deliverTo(quint64 client, Follower &follower);
    void outputTaken(quint64 client);

    Clients *m_clients;
    std::unordered_map<quint64, Follower> m_followers;
};

} // namespace Quern::app
