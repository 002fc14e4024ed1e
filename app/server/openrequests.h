#pragma once

#include "admin/protocol/message.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QObject>

#include <chrono>
#include <functional>
#include <map>
#include <optional>

namespace Quern::app {

/// Requests of the management protocol that another thread answers: each has exactly one reply, its answer, or an error
/// when its time is over or this ends. Lives in the main thread, which it never makes wait.
class OpenRequests final : public QObject
{
    Q_OBJECT
public:
    /// Whoever is asked has this long. Shorter than the patience of clients, who are told what is the matter.
    static constexpr std::chrono::milliseconds AnswerTimeout = std::chrono::seconds(4);
    /// More requests than that are not under way; they are refused with Error::Busy.
    static constexpr std::size_t MostPending = 64;

    using Send = std::function<void(quint64 client, const admin::Reply &reply)>;

    /// \a whom is asked, for messages: "the queue of tasks".
    OpenRequests(const QString &whom, Send send, QObject *parent = nullptr);
    ~OpenRequests() override;

    /// What answered() is to be called with. Nullopt: too many are under way, and the client has been told.
    std::optional<quint64> begin(quint64 client, qint64 request);
    /// Answers that are late, or come twice, are ignored.
    void answered(quint64 token, const Result<QJsonObject> &outcome);

protected:
    void timerEvent(QTimerEvent *event) override;

private:
    struct Pending
    {
        quint64 client = 0;
        qint64 request = 0;
        QDeadlineTimer deadline;
    };

    const QString m_whom;
    Send m_send;
    std::map<quint64, Pending> m_pending; ///< by token, so that the oldest is the first
    quint64 m_lastToken = 0;
    QBasicTimer m_timer;
};

} // namespace Quern::app
