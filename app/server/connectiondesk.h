#pragma once

#include "admin/protocol/connectionmessages.h"
#include "admin/protocol/message.h"
#include "app/server/openrequests.h"
#include "ipc/connectiontable.h"

#include <QObject>

#include <functional>

namespace Quern::app {

/// Answers the methods "connection.…" and "listener.…" of the management protocol: it looks into the memory that the
/// reactors share with all processes, and has them close connections and send. Lives in the main thread, which one
/// answer keeps for a few milliseconds at most.
class ConnectionDesk final : public QObject
{
    Q_OBJECT
public:
    /// Slots of the table that are looked at for one page; see ipc::ConnectionTable::page().
    static constexpr int SlotsPerPage = 16 * 1024;

    using Answer = std::function<void(const Result<void> &outcome)>;
    /// What it asks, see ReactorPool. Each answer is called in the main thread, or never.
    struct Reactors
    {
        std::function<QList<admin::ListenerDescription>()> listeners; ///< each at the place of its port's number
        std::function<void(quint64 id, int code, const QString &reason, Answer answer)> close;
        std::function<void(quint64 id, const QString &text, Answer answer)> push;
    };

    /// \a table outlives it. \a send is called within handle(), or later.
    ConnectionDesk(const ipc::ConnectionTable &table, Reactors reactors, const OpenRequests::Send &send,
                   QObject *parent = nullptr);

    /// Exactly one reply for each.
    void handle(quint64 client, const admin::Request &request);

private:
    Result<QJsonObject> look(const admin::Request &request) const;
    Result<QJsonObject> list(const QJsonObject &params) const;
    void close(quint64 client, const admin::Request &request);
    void push(quint64 client, const admin::Request &request);
    /// What is to be called with the outcome of \a request; empty: too much is under way, and the client has been told.
    Answer answerTo(quint64 client, const admin::Request &request);

    const ipc::ConnectionTable &m_table;
    Reactors m_reactors;
    OpenRequests::Send m_send;
    OpenRequests m_replies;
};

} // namespace Quern::app
