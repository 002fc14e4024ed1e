#include "app/server/controldesk.h"

#include "admin/protocol/access.h"
#include "admin/protocol/cronmessages.h"
#include "admin/protocol/health.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/metricsmessages.h"
#include "admin/protocol/operation.h"
#include "app/server/configdesk.h"
#include "app/server/listenerlist.h"
#include "app/server/log.h"
#include "app/server/master.h"
#include "app/server/settingscheck.h"
#include "app/server/tablesettings.h"
#include "loop/epolleventdispatcher.h"

#include <functional>
#include <utility>

namespace Quern::app {

namespace {

/// A client that waits for its last event gets it within this time.
constexpr std::chrono::milliseconds closePatience(500);

Error sameError(const Error &error)
{
    return error;
}

/// It is the settings that are wrong: whoever asked may do so, and has asked for what there is.
Error settingsError(const Error &error)
{
    return error.code() == Error::Busy ? error : Error(Error::Invalid, error.message());
}

template <typename Message>
Result<QJsonObject> jsonOr(const Result<Message> &outcome, Error (*shown)(const Error &error) = sameError)
{
    return outcome ? Result<QJsonObject>(outcome->toJson()) : shown(outcome.error());
}

Result<void> applyCredentials(admin::HttpServer &api, const ApiCredentials &credentials)
{
    api.setTokens(credentials.tokens);
    return credentials.certificates.isEmpty() ? Result<void>()
                                              : api.setCertificate(credentials.certificates, credentials.key);
}

Result<void> startApi(admin::HttpServer &api, const ApiCredentials &credentials,
                      const QList<admin::HttpAddress> &addresses, net::InheritedSockets &inherited)
{
    Result<void> done = applyCredentials(api, credentials);
    for (const admin::HttpAddress &address : addresses) {
        std::vector<base::FileDescriptor> sockets =
            inherited.take({address.host, address.port, {}}, net::SocketKind::Stream);
        for (base::FileDescriptor &socket : sockets)
            done = done ? api.listen(address, std::move(socket)) : done;
        if (sockets.empty())
            done = done ? api.listen(address) : done;
    }
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
    , m_tables(master->tables())
    , m_recent([master] { return master->status(); })
    , m_condition(master->state(), master->isLeaving())
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
    connect(&master->operations(), &admin::OperationLog::changed, &m_trail, &AuditTrail::operationChanged);
    connect(&m_clients, &Clients::replySent, &m_trail, &AuditTrail::replySent);
    // Whoever has changed something sees it.
    connect(&m_trail, &AuditTrail::changeAnswered, this, [this] { m_recent.forget(); });
    connect(&m_clients, &Clients::requestReceived, this, &ControlDesk::handle);
    connect(&m_clients, &Clients::clientGone, this, [this](quint64 client) {
        for (QSet<quint64> &clients : m_watchers)
            clients.remove(client);
        m_logs->forget(client);
        m_streams->forget(client);
    });
    m_logs = std::make_unique<LogDesk>(&m_clients);
    m_streams = std::make_unique<StreamDesk>(&m_clients, [this] { return statusFor(admin::Role::Viewer).json(); });
    connect(m_logs.get(), &LogDesk::levelsChanged, master, &Master::logLevelsChanged);
    m_tasks = std::make_unique<TaskDesk>(
        [broker](quint64 token, BrokerQuestion question) { broker->ask(token, std::move(question)); },
        [this](quint64 client, const admin::Reply &reply) { m_clients.sendReply(client, reply); });
    connect(broker, &BrokerThread::answered, m_tasks.get(), &TaskDesk::answered);
    ReactorPool *reactors = &master->reactors();
    m_connections = std::make_unique<ConnectionDesk>(
        reactors->connections(),
        ConnectionDesk::Reactors{std::bind_front(&listenerList, std::cref(*reactors)),
                                 std::bind_front(&ReactorPool::closeConnection, reactors),
                                 std::bind_front(&ReactorPool::push, reactors)},
        [this](quint64 client, const admin::Reply &reply) { m_clients.sendReply(client, reply); });
    connect(&master->operations(), &admin::OperationLog::changed, this, &ControlDesk::operationChanged);
    m_thread.start();
}

void ControlDesk::follow(const process::Supervisor *supervisor)
{
    using What = admin::ProcessEvent::What;
    connect(supervisor, &process::Supervisor::childReady, this,
            [this](const std::shared_ptr<process::ChildHandoff> &handoff) {
                processChanged({QDateTime::currentDateTimeUtc(),
                                handoff->who.text(),
                                handoff->pid,
                                handoff->generation,
                                What::Ready,
                                {}});
            });
    connect(supervisor, &process::Supervisor::childExited, this, [this](quint64, const process::ChildExit &exit) {
        processChanged(
            {QDateTime::currentDateTimeUtc(), exit.who.text(), exit.pid, exit.generation, What::Ended, exit.text});
    });
}

ControlDesk::~ControlDesk()
{
    m_connections.reset();
    m_tasks.reset();
    m_streams.reset();
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

void ControlDesk::leaveFile()
{
    QMetaObject::invokeMethod(
        m_server, [this] { m_server->leaveFile(); }, Qt::BlockingQueuedConnection);
}

QList<int> ControlDesk::apiSockets() const
{
    QList<int> sockets;
    if (m_api) {
        QMetaObject::invokeMethod(
            m_api, [this, &sockets] { sockets = m_api->descriptors(); }, Qt::BlockingQueuedConnection);
    }
    return sockets;
}

Result<void> ControlDesk::serveApi(const config::Settings &settings, net::InheritedSockets &inherited)
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
        m_api, [&] { result = startApi(*m_api, *credentials, apiAddresses(settings), inherited); },
        Qt::BlockingQueuedConnection);
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
    else if (request.method.startsWith(QLatin1StringView("connection.")) ||
             request.method.startsWith(QLatin1StringView("listener.")))
        m_connections->handle(client, request);
    else if (request.method == admin::Methods::auditRead)
        readAudit(client, request);
    else
        m_clients.sendReply(client, {request.id, answer(caller, request)});
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
        m_clients.sendReply(client, {request.id, job ? admin::noMethod(request.method) : job.error()});
        return;
    }
    m_master->cron().command(*action, job->job, [this, client, id = request.id](const Result<void> &outcome) {
        m_clients.sendReply(client, {id, admin::emptyOr(outcome)});
    });
}

Result<QJsonObject> ControlDesk::answer(const admin::Caller &caller, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    const quint64 client = caller.client;
    if (request.method == Methods::serverStatus)
        return statusFor(caller.role).json();
    if (request.method == Methods::serverHealth)
        return admin::Health::of(statusFor(admin::Role::Viewer).status()).toJson(); // anybody may ask
    if (request.method == Methods::serverAccess)
        return admin::Access{caller.role, caller.name}.toJson();
    if (request.method == Methods::serverSubscribe)
        return admin::emptyOr(m_streams->subscribe(client, request.params));
    if (request.method.startsWith(u"server."))
        return lead(request);
    if (request.method.startsWith(u"operation."))
        return answerOperation(client, request);
    if (request.method.startsWith(u"process."))
        return answerProcess(caller.role, request);
    if (request.method.startsWith(u"config."))
        return answerConfig(request);
    if (request.method.startsWith(u"log."))
        return m_logs->answer(client, request);
    if (request.method == Methods::metricsRead) {
        if (!m_master->metrics())
            return Error(Error::NotFound, QStringLiteral("there are no metrics: set enable = true in [metrics]"));
        return admin::MetricsText{QString::fromUtf8(m_master->metrics()->recentText())}.toJson();
    }
    if (request.method.startsWith(u"table.") || request.method.startsWith(u"atomic."))
        return m_tables.answer(request);
    if (request.method == Methods::pluginList)
        return m_master->plugins().toJson();
    return admin::noMethod(request.method);
}

RecentStatus &ControlDesk::statusFor(admin::Role role)
{
    // An admin has easier means to keep the server busy, and scripts that look twice.
    const std::pair condition(m_master->state(), m_master->isLeaving());
    if (std::exchange(m_condition, condition) != condition || role == admin::Role::Admin)
        m_recent.forget();
    return m_recent;
}

Result<QJsonObject> ControlDesk::lead(const admin::Request &request)
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::serverStop)
        return m_master->stop(QStringLiteral("asked by a client")).toJson();
    if (request.method == Methods::serverReload) {
        const Result<admin::ReloadRequest> reload = admin::ReloadRequest::fromJson(request.params);
        if (!reload)
            return reload.error();
        return reload->taskWorkers ? jsonOr(m_master->reloadTaskWorkers()) : jsonOr(m_master->reload(), settingsError);
    }
    if (request.method == Methods::serverRestart) {
        const Result<admin::RestartRequest> restart = admin::RestartRequest::fromJson(request.params);
        return restart ? jsonOr(m_master->restart(*restart), settingsError) : Result<QJsonObject>(restart.error());
    }
    if (request.method == Methods::serverScale) {
        const Result<admin::ScaleRequest> scale = admin::ScaleRequest::fromJson(request.params);
        return scale ? jsonOr(m_master->scale(*scale)) : Result<QJsonObject>(scale.error());
    }
    if (request.method == Methods::serverDrain) {
        const Result<admin::DrainRequest> drain = admin::DrainRequest::fromJson(request.params);
        return drain ? jsonOr(m_master->drain(drain->on)) : Result<QJsonObject>(drain.error());
    }
    if (request.method == Methods::serverWatch) {
        const Result<admin::WatchRequest> watch = admin::WatchRequest::fromJson(request.params);
        if (watch)
            m_master->watchFiles(watch->on);
        return admin::emptyOr(watch ? Result<void>() : watch.error());
    }
    return admin::noMethod(request.method);
}

Result<QJsonObject> ControlDesk::answerOperation(quint64 client, const admin::Request &request)
{
    namespace Methods = admin::Methods;
    if (request.method == Methods::operationWatch)
        return watch(client, request.params);
    if (request.method == Methods::operationList)
        return admin::OperationList{m_master->operations().all()}.toJson();
    if (request.method != Methods::operationRead)
        return admin::noMethod(request.method);
    const Result<admin::OperationNumber> number = admin::OperationNumber::fromJson(request.params);
    return number ? jsonOr(find(number->operation)) : Result<QJsonObject>(number.error());
}

Result<QJsonObject> ControlDesk::answerConfig(const admin::Request &request)
{
    if (request.method == admin::Methods::configRead)
        return configReport(m_master->settings()).toJson();
    if (request.method != admin::Methods::configCheck)
        return admin::noMethod(request.method);
    const Result<admin::ConfigCandidate> candidate = admin::ConfigCandidate::fromJson(request.params);
    if (!candidate)
        return candidate.error();
    return checkCandidate(m_master->candidate(candidate->text.toUtf8()), m_master->settings(),
                          memoryOf(m_master->tables()))
        .toJson();
}

Result<QJsonObject> ControlDesk::answerProcess(admin::Role role, const admin::Request &request)
{
    if (request.method == admin::Methods::processList) {
        const admin::Status &status = statusFor(role).status();
        return admin::ProcessList{status.workers + status.processes}.toJson();
    }
    const bool isKill = request.method == admin::Methods::processKill;
    if (!isKill && request.method != admin::Methods::processRecycle)
        return admin::noMethod(request.method);
    const Result<admin::ProcessReference> process = admin::ProcessReference::fromJson(request.params);
    return process ? admin::emptyOr(m_master->endProcess(*process, isKill)) : Result<QJsonObject>(process.error());
}

Result<admin::Operation> ControlDesk::find(qint64 id) const
{
    const std::optional<admin::Operation> operation = m_master->operations().find(id);
    if (!operation)
        return Error(Error::NotFound, QStringLiteral("there is no operation %1").arg(id));
    return *operation;
}

Result<QJsonObject> ControlDesk::watch(quint64 client, const QJsonObject &params)
{
    const Result<admin::OperationReference> reference = admin::OperationReference::fromJson(params);
    if (!reference)
        return reference.error();
    const Result<admin::Operation> operation = find(reference->operation);
    if (!operation)
        return operation.error();
    if (operation->state == admin::Operation::State::Running)
        m_watchers[operation->id].insert(client);
    return operation->toJson();
}

void ControlDesk::processChanged(const admin::ProcessEvent &event)
{
    m_recent.forget();
    m_streams->processChanged(event);
}

void ControlDesk::operationChanged(const admin::Operation &operation)
{
    const admin::Event event = {admin::Events::operation, operation.toJson()};
    m_recent.forget();
    m_streams->operationChanged(operation);
    const QSet<quint64> clients = m_watchers.value(operation.id);
    for (const quint64 client : clients)
        m_clients.sendEvent(client, event);
    if (operation.state != admin::Operation::State::Running)
        m_watchers.remove(operation.id);
}

} // namespace Quern::app
