#pragma once

#include "admin/protocol/message.h"
#include "app/server/brokerquestion.h"

#include <QBasicTimer>
#include <QDeadlineTimer>
#include <QObject>

#include <functional>
#include <map>

namespace Quern::app {

/// Answers the methods "task.…" of the management protocol: it asks the broker in its thread, and the reply follows
/// when that has answered, when its time is over, or when the desk ends; exactly one for each request. Lives in the
/// main thread, which it never makes wait.
class TaskDesk final : public QObject
{
    Q_OBJECT
public:
    /// The broker has this long. Shorter than the patience of clients, who are told what is the matter.
    static constexpr std::chrono::milliseconds AnswerTimeout = std::chrono::seconds(4);
    /// More requests than that are not under way; they are refused with Error::Busy.
    static constexpr std::size_t MostPending = 64;

    /// Brings a question to the broker; its answer comes to answered(), or never.
    using Ask = std::function<void(quint64 token, BrokerQuestion question)>;
    using Send = std::function<void(quint64 client, const admin::Reply &reply)>;

    /// \a send is called within handle(), or later.
    TaskDesk(Ask ask, Send send, QObject *parent = nullptr);
    ~TaskDesk() override;

    void handle(quint64 client, const admin::Request &request);
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

    /// Asks the broker; \a token comes back with its answer. Error: the request is not understood, and nothing is
    /// asked.
    Result<void> ask(quint64 token, const admin::Request &request);
    Result<void> askForLetters(quint64 token, const QJsonObject &params);
    Result<void> askForPayload(quint64 token, const QJsonObject &params);
    Result<void> askForChange(quint64 token, const QJsonObject &params, bool isRevival);

    Ask m_ask;
    Send m_send;
    std::map<quint64, Pending> m_pending; ///< by token, so that the oldest is the first
    quint64 m_lastToken = 0;
    QBasicTimer m_timer;
};

} // namespace Quern::app
