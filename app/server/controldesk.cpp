#include "app/server/controldesk.h"

#include "admin/protocol/cronmessages.h"
#include "admin/protocol/health.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/operation.h"
#include "app/server/log.h"
#include "app/server/master.h"
#include "app/server/settingscheck.h"
#include "loop/epolleventdispatcher.h"

namespace Quern::app {

namespace {

/// A client that waits for its last event gets it within this time.
constexpr std::chrono::milliseconds closePatience(500);

Result<void> applyCredentials(admin::HttpServer &api, const ApiCredentials &credentials)
{
    api.setTokens(credentials.tokens);
    return credentials.certificates.isEmpty() ? Result<void>()
                                              : api.setCertificate(credentials.certificates, credentials.key);
}

Result<void> startApi(admin::HttpServer &api, const ApiCredentials &credentials,
                      const QList<admin::HttpAddress> &addresses)
{
    Result<void> done = applyCredentials(api, credentials);
    for (const admin::HttpAddress &address : addresses)
        done = done ? api.listen(address) : done;
    return done;
}

} // namespace

ControlDesk::ControlDesk(Master *master, BrokerThread *broker, const QString &auditLog)
    : m_master(master)
    , m_server(new admin::ControlServer)
    , m_audit(new AuditLog(auditLog))
    , m_trail([audit = m_audit](const admin::AuditEntry &entry) {
        QMetaObject::invokeMethod(audit, [audit, entry] { audit->append(entry); });
    })
{
    m_thread.setObjectName(QStringLiteral("admin"));
    m_thread.setEventDispatcher(new loop::EpollEventDispatcher);
    m_server->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_server, &QObject::deleteLater);
    m_audit->moveToThread(&m_thread);
    connect(&m_thread, &QThread::finished, m_audit, &QObject::deleteLater);
    m_clients.add(m_server);
    // Before anything is answered.
    connect(&m_clients, &Clients::requestReceived, &m_trail, &AuditTrail::requestReceived);
    connect(&m_clients, &Clients::requestRefused, &m_trail, &AuditTrail::requestRefused);
    connect(&m_clients, &Clients::replySent, &m_trail, &AuditTrail::replySent);
    connect(&m_clients, &Clients::requestReceived, this, &ControlDesk::handle);
    connect(&m_clients, &Clients::clientGone, this, [this](quint64 client) {
        for (QSet<quint64> &clients : m_watchers)
            clients.remove(client);
        m_logs->forget(client);
    });
    m_logs = std::make_unique<LogDesk>(&m_clients);
    connect(m_logs.get(), &LogDesk::levelsChanged, master, &Master::logLevelsChanged);
    m_tasks = std::make_unique<TaskDesk>(
        [broker](quint64 token, BrokerQuestion question) { broker->ask(token, std::move(question)); },
        [this](quint64 client, const admin::Reply &reply) { m_clients.sendReply(client, reply); });
    connect(broker, &BrokerThread::answered, m_tasks.get(), &TaskDesk::answered);
    connect(&master->operations(), &admin::OperationLog::changed, this, &ControlDesk::operationChanged);
    m_thread.start();
}

ControlDesk::~ControlDesk()
{
    m_tasks.reset();
    m_logs.reset();
    QMetaObject::invokeMethod(
        m_server,
        [this] {
            m_server->close(closePatience);
            if (m_api)
                m_api->close(closePatience);
        },
        Qt::BlockingQueuedConnection);
    m_thread.quit();
    m_thread.wait();
}

Result<void> ControlDesk::listen(const QString &path)
{
    Result<void> result;
    QMetaObject::invokeMethod(
        m_server, [&result, server = m_server, path] { result = server->listen(path); }, Qt::BlockingQueuedConnection);
    return result;
}

Result<void> ControlDesk::serveApi(const config::Settings &settings)
{
    if (!settings.server.adminEnable)
        return {};
    const Result<ApiCredentials> credentials = apiCredentials(settings);
    if (!credentials)
        return credentials.error();
    QMetaObject::invokeMethod(
        m_server, [&] { m_api = new admin::HttpServer(apiSettings(settings)); }, Qt::BlockingQueuedConnection);
    connect(&m_thread, &QThread::finished, m_api, &QObject::deleteLater);
    m_clients.add(m_api);
    connect(m_api, &admin::HttpServer::tokenRefused, &m_trail, &AuditTrail::tokenRefused);
    Result<void> result;
    QMetaObject::invokeMethod(
        m_api, [&] { result = startApi(*m_api, *credentials, apiAddresses(settings)); }, Qt::BlockingQueuedConnection);
    return result ? result : errorAtPath(settings, QStringLiteral("admin.listen"), result.error());
}

void ControlDesk::setCredentials(const ApiCredentials &credentials)
{
    QMetaObject::invokeMethod(m_api, [api = m_api, credentials] {
        if (const Result<void> set = applyCredentials(*api, credentials); !set)
            qCWarning(logMaster).noquote() << "the management API keeps its certificate:" << set.error().message();
    });
}

void ControlDesk::handle(const admin::Caller &caller, const admin::Request &request)
{
    const quint64 client = caller.client;
    if (request.method.startsWith(QLatin1StringView("task.")))
        m_tasks->handle(client, request);
    else if (request.method.startsWith(QLatin1StringView("cron.")))
        steerCron(client, request);
    else if (request.method == admin::Methods::auditRead)
        readAudit(client, request);
    else
        m_clients.sendReply(client, {request.id, answer(client, request)});
}

void ControlDesk::readAudit(quint64 client, const admin::Request &request)
{
    const Result<admin::AuditQuery> query = admin::AuditQuery::fromJson(request.params);
    if (!query) {
        m_clients.sendReply(client, {request.id, query.error()});
        return;
    }
    QMetaObject::invokeMethod(m_audit, [this, audit = m_audit, client, query = *query, id = request.id] {
        const Result<admin::AuditPage> page = audit->read(query);
        const Result<QJsonObject> outcome = page ? Result<QJsonObject>(page->toJson()) : page.error();
        QMetaObject::invokeMethod(this, [this, client, id, outcome] { m_clients.sendReply(client, {id, outcome}); });
    });
}

void ControlDesk::steerCron(quint64 client, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    using Action = ipc::CronCommandMessage::Action;
    const Result<admin::CronJobReference> job = admin::CronJobReference::fromJson(request.params);
    std::optional<Action> action;
    if (request.method == Methods::cronRun)
        action = Action::RunNow;
    else if (request.method == Methods::cronPause)
        action = Action::Pause;
    else if (request.method == Methods::cronResume)
        action = Action::Resume;
    if (!action || !job) {
        m_clients.sendReply(
            client,
            {request.id,
             job ? Error(Error::NotFound, QStringLiteral("there is no method %1").arg(request.method)) : job.error()});
        return;
    }
    m_master->cron().command(*action, job->job, [this, client, id = request.id](const Result<void> &outcome) {
        m_clients.sendReply(client,
                            {id, outcome ? Result<QJsonObject>(QJsonObject()) : Result<QJsonObject>(outcome.error())});
    });
}

Result<QJsonObject> ControlDesk::answer(quint64 client, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::serverStatus)
        return m_master->status().toJson();
    if (request.method == Methods::serverHealth)
        return admin::Health::of(m_master->status()).toJson();
    if (request.method == Methods::serverStop)
        return m_master->stop(QStringLiteral("asked by a client")).toJson();
    if (request.method == Methods::serverReload) {
        const Result<admin::OperationReference> operation = m_master->reload();
        if (!operation)
            return operation.error();
        return operation->toJson();
    }
    if (request.method == Methods::pluginList)
        return m_master->plugins().toJson();
    if (request.method == Methods::operationWatch)
        return watch(client, request.params);
    if (request.method.startsWith(QLatin1StringView("log.")))
        return m_logs->answer(client, request);
    return Error(Error::NotFound, QStringLiteral("there is no method %1").arg(request.method));
}

Result<QJsonObject> ControlDesk::watch(quint64 client, const QJsonObject &params)
{
    const Result<admin::OperationReference> reference = admin::OperationReference::fromJson(params);
    if (!reference)
        return reference.error();
    const std::optional<admin::Operation> operation = m_master->operations().find(reference->operation);
    if (!operation)
        return Error(Error::NotFound, QStringLiteral("there is no operation %1").arg(reference->operation));
    if (operation->state == admin::Operation::State::Running)
        m_watchers[operation->id].insert(client);
    return operation->toJson();
}

void ControlDesk::operationChanged(const admin::Operation &operation)
{
    const admin::Event event = {admin::Events::operation, operation.toJson()};
    const QSet<quint64> clients = m_watchers.value(operation.id);
    for (const quint64 client : clients)
        m_clients.sendEvent(client, event);
    if (operation.state != admin::Operation::State::Running)
        m_watchers.remove(operation.id);
}

} // namespace Quern::app
