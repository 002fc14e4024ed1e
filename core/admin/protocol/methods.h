#pragma once

#include <QLatin1StringView>

/// What a Request may ask for. Names are append-only: an old client meets a new server.
namespace Quern::admin::Methods {

using namespace Qt::Literals::StringLiterals;

/// No parameters; the result is a Status.
inline constexpr QLatin1StringView serverStatus = "server.status"_L1;
/// No parameters; the result is a Health.
inline constexpr QLatin1StringView serverHealth = "server.health"_L1;
/// No parameters; the result is an OperationReference at once, while the server stops.
inline constexpr QLatin1StringView serverStop = "server.stop"_L1;
/// No parameters; the result is an OperationReference at once, while the workers are replaced.
inline constexpr QLatin1StringView serverReload = "server.reload"_L1;
/// Parameters: an OperationReference. The result is the Operation as it stands; each later step of it comes as an
/// Event.
inline constexpr QLatin1StringView operationWatch = "operation.watch"_L1;
/// No parameters; the result is a PluginList.
inline constexpr QLatin1StringView pluginList = "plugin.list"_L1;

/// Parameters: a LogQuery; the result is a LogPage, the last lines of the log.
inline constexpr QLatin1StringView logRead = "log.read"_L1;
/// Parameters: a LogQuery; the result is empty. The last lines, and from then on the new ones, come as an Event.
inline constexpr QLatin1StringView logFollow = "log.follow"_L1;
/// Parameters: a LogLevelChange; the result is the LogLevelsInForce.
inline constexpr QLatin1StringView logSetLevel = "log.setLevel"_L1;

/// Parameters: a DeadLetterQuery; the result is a DeadLetterPage.
inline constexpr QLatin1StringView taskDeadLetters = "task.deadLetters"_L1;
/// Parameters: a DeadLetterReference; the result is a DeadLetterPayload.
inline constexpr QLatin1StringView taskDeadPayload = "task.deadPayload"_L1;
/// Parameters: a DeadLetterSelection; the result is a DeadLetterCount, of those that wait again.
inline constexpr QLatin1StringView taskRetry = "task.retry"_L1;
/// Parameters: a DeadLetterSelection; the result is a DeadLetterCount, of those that are gone.
inline constexpr QLatin1StringView taskDrop = "task.drop"_L1;

/// Parameters: an AuditQuery; the result is an AuditPage.
inline constexpr QLatin1StringView auditRead = "audit.read"_L1;

/// Parameters: a CronJobReference; the result is empty. The job runs once now, also while it is paused.
inline constexpr QLatin1StringView cronRun = "cron.run"_L1;
/// The same; it is not run by its schedule until it is resumed, over reloads and restarts as well.
inline constexpr QLatin1StringView cronPause = "cron.pause"_L1;
inline constexpr QLatin1StringView cronResume = "cron.resume"_L1;

} // namespace Quern::admin::Methods

/// What an Event may tell; append-only.
namespace Quern::admin::Events {

using namespace Qt::Literals::StringLiterals;

/// A step of a watched operation; the data is the whole Operation.
inline constexpr QLatin1StringView operation = "operation"_L1;

/// Lines of a followed log, in their order; the data is a LogPage.
inline constexpr QLatin1StringView log = "log"_L1;

} // namespace Quern::admin::Events
