#pragma once

#include "admin/protocol/endpoint.h"
#include "admin/server/httpanswer.h"
#include "admin/server/httpconnection.h"

#include <Quern/result.h>

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QPointer>

#include <chrono>
#include <unordered_map>
#include <vector>

namespace Quern::admin {

/// The requests whose replies are under way, and who waits for them. However many ask for the same without a token, one
/// question is under way. Lives in the admin thread.
class PendingReplies final : public QObject
{
    Q_OBJECT
public:
    struct Timeouts
    {
        std::chrono::milliseconds answer{30'000};      ///< of whoever gives methods their meaning
        std::chrono::milliseconds publicAnswer{5'000}; ///< the same, for the probes that need no token
    };

    struct Asker
    {
        QPointer<HttpConnection> connection;
        quint64 place = 0; ///< of the answer in it
        const Endpoint *endpoint = nullptr;
    };

    explicit PendingReplies(const Timeouts &timeouts, QObject *parent = nullptr);

    /// Whether \a client is to ask; if not, somebody else has asked the same already.
    bool add(quint64 client, const Asker &asker);
    /// Answers those who wait for \a client's reply. Nothing happens if nobody does.
    void answer(quint64 client, const Result<QJsonObject> &outcome);
    void forget(const HttpConnection *connection);

Q_SIGNALS:
    /// Nobody waits for its reply any more.
    void ended(quint64 client);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Pending
    {
        std::vector<Asker> askers;
        QDeadlineTimer deadline;
    };

    Timeouts m_timeouts;
    std::unordered_map<quint64, Pending> m_pending; ///< by client
    QBasicTimer m_timer;
};

} // namespace Quern::admin
