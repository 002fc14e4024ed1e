#pragma once

#include "admin/protocol/message.h"
#include "app/server/brokerquestion.h"
#include "app/server/openrequests.h"

#include <QObject>

#include <functional>

namespace Quern::app {

/// Answers the methods "task.…" of the management protocol: it asks the broker in its thread, and the reply follows
/// when that has answered, when its time is over, or when the desk ends; exactly one for each request. Lives in the
/// main thread, which it never makes wait.
class TaskDesk final : public QObject
{
    Q_OBJECT
public:
    /// Brings a question to the broker; its answer comes to answered(), or never.
    using Ask = std::function<void(quint64 token, BrokerQuestion question)>;

    /// \a send is called within handle(), or later.
    TaskDesk(Ask ask, OpenRequests::Send send, QObject *parent = nullptr);

    void handle(quint64 client, const admin::Request &request);
    /// Answers that are late, or come twice, are ignored.
    void answered(quint64 token, const Result<QJsonObject> &outcome);

private:
    /// Asks the broker; \a token comes back with its answer. Error: the request is not understood, and nothing is
    /// asked.
    Result<void> ask(quint64 token, const admin::Request &request);
    Result<void> askForLetters(quint64 token, const QJsonObject &params);
    Result<void> askForPayload(quint64 token, const QJsonObject &params);
    Result<void> askForChange(quint64 token, const QJsonObject &params, bool isRevival);

    Ask m_ask;
    OpenRequests m_replies;
};

} // namespace Quern::app
