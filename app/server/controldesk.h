#pragma once

#include "admin/protocol/operation.h"
#include "admin/server/controlserver.h"
#include "app/server/apisettings.h"
#include "app/server/auditlog.h"
#include "app/server/audittrail.h"
#include "app/server/clients.h"
#include "app/server/connectiondesk.h"
#include "app/server/logdesk.h"
#include "app/server/master.h"
#include "app/server/recentstatus.h"
#include "app/server/streamdesk.h"
#include "app/server/tabledesk.h"
#include "app/server/taskdesk.h"

#include <QHash>
#include <QObject>
#include <QSet>
#include <QThread>

#include <memory>

namespace Quern::process {
class Supervisor;
}

namespace Quern::app {

class BrokerThread;

/// Answers the management protocol for the master: transports in the admin thread carry the messages, this
/// object gives them their meaning. Lives in the main thread.
class ControlDesk final : public QObject
{
    Q_OBJECT
public:
    /// Both outlive this. \a auditLog is the path of the file.
    ControlDesk(Master *master, BrokerThread *broker, const QString &auditLog);
    /// Lets the clients have their last events and closes the socket.
    ~ControlDesk() override;

    /// Also again, when another server has had the path meanwhile.
    Result<void> listen(const QString &path);
    /// Another server listens at the path now.
    void leaveFile();
    /// The audit log is to tell the end of what the program before this has begun.
    void resume(const RestartHandover &handover) { m_trail.resume(handover.operation, handover.begun); }
    /// What has been asked for that \a operation is to do, and the audit log tells as begun.
    QList<admin::AuditEntry> begunBy(qint64 operation) const { return m_trail.begunBy(operation); }
    /// Tells of its children from now on. \a supervisor outlives this.
    void follow(const process::Supervisor *supervisor);
    /// Serves the management API, as \a settings say, if they enable it, on \a inherited sockets where there are some.
    /// An error has their line, and the mend.
    Result<void> serveApi(const config::Settings &settings, net::InheritedSockets &inherited);
    /// The sockets that the API listens on.
    QList<int> apiSockets() const;
    /// The API goes on with these.
    void setCredentials(const ApiCredentials &credentials);

private:
    void handle(const admin::Caller &caller, const admin::Request &request);
    /// Replies when the timer process has answered, or it is clear that it does not.
    void steerCron(quint64 client, const admin::Request &request);
    Result<QJsonObject> answer(const admin::Caller &caller, const admin::Request &request);
    /// How the server was a moment ago, or now for an admin.
    RecentStatus &statusFor(admin::Role role);
    Result<QJsonObject> lead(const admin::Request &request);
    Result<QJsonObject> answerOperation(quint64 client, const admin::Request &request);
    Result<QJsonObject> answerConfig(const admin::Request &request);
    Result<QJsonObject> answerProcess(admin::Role role, const admin::Request &request);
    Result<admin::Operation> find(qint64 id) const;
    Result<QJsonObject> watch(quint64 client, const QJsonObject &params);
    /// Replies when the file has been read.
    void readAudit(quint64 client, const admin::Request &request);
    void processChanged(const admin::ProcessEvent &event);
    void operationChanged(const admin::Operation &operation);

    Master *m_master;
    Clients m_clients;
    QThread m_thread;
    admin::ControlServer *m_server;     ///< lives in m_thread
    admin::HttpServer *m_api = nullptr; ///< the same; null if it is not enabled
    AuditLog *m_audit;                  ///< the same
    AuditTrail m_trail;
    std::unique_ptr<LogDesk> m_logs;
    std::unique_ptr<TaskDesk> m_tasks;
    std::unique_ptr<StreamDesk> m_streams;
    TableDesk m_tables;
    std::unique_ptr<ConnectionDesk> m_connections;
    RecentStatus m_recent;
    std::pair<Master::State, bool> m_condition; ///< when that was looked at
    QHash<qint64, QSet<quint64>> m_watchers;    ///< clients by operation
};

} // namespace Quern::app
