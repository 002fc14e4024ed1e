#include "admin/protocol/endpointrows.h"

#include "admin/protocol/access.h"
#include "admin/protocol/auditmessages.h"
#include "admin/protocol/configmessages.h"
#include "admin/protocol/endpointparts.h"
#include "admin/protocol/health.h"
#include "admin/protocol/logmessages.h"
#include "admin/protocol/methods.h"
#include "admin/protocol/operation.h"
#include "admin/protocol/pluginlist.h"
#include "admin/protocol/servermessages.h"
#include "admin/protocol/status.h"
#include "admin/protocol/taskmessages.h"

#include <array>

namespace Quern::admin {

namespace {

using namespace Qt::Literals::StringLiterals;

/// "name", or "all": a change of many is asked for by a word, and not by leaving one out.
Result<QJsonObject> manyLetters(const QJsonObject &parameters)
{
    const QString name = parameters["name"_L1].toString();
    const bool all = parameters["all"_L1].toBool();
    if (name.isEmpty() == !all)
        return Error(Error::Invalid, u"give either name=… for those of one name, or all=true"_s);
    return QJsonObject{{u"scope"_s, all ? u"all"_s : u"named"_s}, {u"id"_s, QString()}, {u"name"_s, name}};
}

std::vector<Endpoint> serverEndpoints()
{
    const auto health = shape("Health"_L1, &Health::schema);
    const auto reference = shape("OperationReference"_L1, &OperationReference::schema);
    return {
        {.path = u"/healthz"_s,
         .method = Methods::serverHealth,
         .summary = "Whether the server answers."_L1,
         .result = health,
         .isPublic = true},
        {.path = u"/readyz"_s,
         .method = Methods::serverHealth,
         .summary = "Whether it can serve requests."_L1,
         .result = health,
         .answer = Answer::Readiness,
         .isPublic = true},
        {.path = api("/status"),
         .method = Methods::serverStatus,
         .summary = "How the server is."_L1,
         .result = shape("Status"_L1, &Status::schema)},
        {.path = api("/access"),
         .method = Methods::serverAccess,
         .summary = "Whose token it is, and his role: what he may do."_L1,
         .result = shape("Access"_L1, &Access::schema)},
        {.path = api("/plugins"),
         .method = Methods::pluginList,
         .summary = "The plugins and their routes."_L1,
         .result = shape("PluginList"_L1, &PluginList::schema)},
        {.verb = Verb::Post,
         .path = api("/reload"),
         .method = Methods::serverReload,
         .summary =
             "Replaces the workers, with the settings and plugins as they are now; or the task workers alone."_L1,
         .body = shape("ReloadRequest"_L1, &ReloadRequest::schema),
         .defaults = {{u"taskWorkers"_s, false}},
         .mayLackBody = true,
         .result = reference,
         .answer = Answer::Operation},
        {.verb = Verb::Post,
         .path = api("/stop"),
         .method = Methods::serverStop,
         .summary = "Stops the server."_L1,
         .result = reference,
         .answer = Answer::Operation},
        {.verb = Verb::Post,
         .path = api("/restart"),
         .method = Methods::serverRestart,
         .summary = "Starts the program anew, without a gap unless the process has to stay the same."_L1,
         .body = shape("RestartRequest"_L1, &RestartRequest::schema),
         .defaults = {{u"environment"_s, u""_s}, {u"versionLabel"_s, u""_s}},
         .mayLackBody = true,
         .result = reference,
         .answer = Answer::Operation},
        {.verb = Verb::Post,
         .path = api("/scale"),
         .method = Methods::serverScale,
         .summary = "Makes the number of workers larger or smaller."_L1,
         .body = shape("ScaleRequest"_L1, &ScaleRequest::schema),
         .defaults = {{u"workers"_s, 0}, {u"taskWorkers"_s, 0}},
         .result = reference,
         .answer = Answer::Operation},
        {.verb = Verb::Post,
         .path = api("/drain"),
         .method = Methods::serverDrain,
         .summary = "Has HTTP clients go elsewhere, or stay again."_L1,
         .body = shape("DrainRequest"_L1, &DrainRequest::schema),
         .result = reference,
         .answer = Answer::Operation},
        {.verb = Verb::Post,
         .path = api("/watch"),
         .method = Methods::serverWatch,
         .summary = "Has the server reload by itself when its files change, or no more."_L1,
         .body = shape("WatchRequest"_L1, &WatchRequest::schema),
         .result = nothing()},
        {.path = api("/operations"),
         .method = Methods::operationList,
         .summary = "The long actions, running and past, the newest first."_L1,
         .result = shape("OperationList"_L1, &OperationList::schema)},
        {.path = api("/operations/{operation}"),
         .method = Methods::operationRead,
         .summary = "How far a long action is."_L1,
         .parameters = {inPath("operation"_L1, "its id"_L1, Type::Integer)},
         .result = shape("Operation"_L1, &Operation::schema)},
        {.path = api("/config"),
         .method = Methods::configRead,
         .summary = "The settings in effect, and where each comes from."_L1,
         .result = shape("ConfigReport"_L1, &ConfigReport::schema)},
        {.verb = Verb::Post,
         .path = api("/config/check"),
         .method = Methods::configCheck,
         .summary = "Whether a text could be the settings file, and what it would change."_L1,
         .body = shape("ConfigCandidate"_L1, &ConfigCandidate::schema),
         .result = shape("ConfigVerdict"_L1, &ConfigVerdict::schema)},
    };
}

std::vector<Endpoint> logEndpoints()
{
    return {
        {.path = api("/logs"),
         .method = Methods::logRead,
         .summary = "The last lines of the log, oldest first."_L1,
         .parameters = {inQuery("lines"_L1, "how many"_L1, Type::Integer, 100),
                        inQuery("level"_L1, "this and above: debug, info, warning, error"_L1, Type::Text, u"debug"_s),
                        inQuery("role"_L1, "who has spoken, such as \"worker 2\""_L1, Type::Text, QString()),
                        inQuery("before"_L1, "what the page before gave as \"before\""_L1, Type::Integer, 0)},
         .result = shape("LogPage"_L1, &LogPage::schema)},
        {.verb = Verb::Put,
         .path = api("/log-levels"),
         .method = Methods::logSetLevel,
         .summary = "Sets levels of the log, until the next start."_L1,
         .body = shape("LogLevelChange"_L1, &LogLevelChange::schema),
         .result = shape("LogLevelsInForce"_L1, &LogLevelsInForce::schema)},
    };
}

std::vector<Endpoint> auditEndpoints()
{
    return {
        {.path = api("/audit"),
         .method = Methods::auditRead,
         .summary = "Who has changed what, the newest first."_L1,
         .parameters = {limit(AuditQuery::MostEntries),
                        inQuery("before"_L1, "what the page before gave as \"before\""_L1, Type::Integer, 0)},
         .result = shape("AuditPage"_L1, &AuditPage::schema)},
    };
}

std::vector<Endpoint> taskEndpoints()
{
    const auto count = shape("DeadLetterCount"_L1, &DeadLetterCount::schema);
    const QJsonObject one = {{u"scope"_s, u"one"_s}, {u"name"_s, QString()}};
    const EndpointParameter id = inPath("id"_L1, "of the task"_L1);
    const std::vector<EndpointParameter> many = {
        inQuery("name"_L1, "those of the tasks or events of this name"_L1, Type::Text, QString()),
        inQuery("all"_L1, "all of them"_L1, Type::Flag, false)};
    return {
        {.path = api("/tasks/dead-letters"),
         .method = Methods::taskDeadLetters,
         .summary = "Tasks and events that have failed for good, the newest first."_L1,
         .parameters = {inQuery("name"_L1, "of the task or event"_L1, Type::Text, QString()),
                        inQuery("before"_L1, "what the page before gave as \"older\""_L1, Type::Text, QString()),
                        limit(DeadLetterQuery::MostLetters)},
         .result = shape("DeadLetterPage"_L1, &DeadLetterPage::schema)},
        {.verb = Verb::Delete,
         .path = api("/tasks/dead-letters"),
         .method = Methods::taskDrop,
         .summary = "Forgets the dead letters of a name, or all."_L1,
         .parameters = many,
         .result = count,
         .adapt = manyLetters},
        {.verb = Verb::Post,
         .path = api("/tasks/dead-letters/retry"),
         .method = Methods::taskRetry,
         .summary = "Queues the dead letters of a name, or all, again."_L1,
         .parameters = many,
         .result = count,
         .adapt = manyLetters},
        {.path = api("/tasks/dead-letters/{id}"),
         .method = Methods::taskDeadPayload,
         .summary = "What the task of a dead letter was delivered with."_L1,
         .parameters = {id},
         .result = shape("DeadLetterPayload"_L1, &DeadLetterPayload::schema)},
        {.verb = Verb::Delete,
         .path = api("/tasks/dead-letters/{id}"),
         .method = Methods::taskDrop,
         .summary = "Forgets a dead letter."_L1,
         .parameters = {id},
         .fixed = one,
         .result = count},
        {.verb = Verb::Post,
         .path = api("/tasks/dead-letters/{id}/retry"),
         .method = Methods::taskRetry,
         .summary = "Queues a dead letter again."_L1,
         .parameters = {id},
         .fixed = one,
         .result = count},
    };
}

std::vector<Endpoint> cronEndpoints()
{
    const auto steer = [](const char *path, QLatin1StringView method, QLatin1StringView summary) {
        return Endpoint{.verb = Verb::Post,
                        .path = api(path),
                        .method = method,
                        .summary = summary,
                        .parameters = {inPath("job"_L1, "its name"_L1)},
                        .result = nothing()};
    };
    return {
        {.path = api("/cron"),
         .method = Methods::serverStatus,
         .summary = "The cron jobs, and how their last runs went."_L1,
         .result = shape("CronJobs"_L1, &CronJobStatus::listSchema),
         .part = "cron"_L1},
        steer("/cron/{job}/run", Methods::cronRun, "Runs a job once now, also while it is paused."_L1),
        steer("/cron/{job}/pause", Methods::cronPause, "Runs a job no more, until it is resumed."_L1),
        steer("/cron/{job}/resume", Methods::cronResume, "Runs a job by its schedule again."_L1),
    };
}

} // namespace

std::vector<Endpoint> endpointRows()
{
    std::vector<Endpoint> list;
    for (const std::vector<Endpoint> &part : std::array{serverEndpoints(), logEndpoints(), auditEndpoints(),
                                                        taskEndpoints(), cronEndpoints(), resourceEndpoints()})
        list.insert(list.end(), part.begin(), part.end());
    return list;
}

} // namespace Quern::admin
