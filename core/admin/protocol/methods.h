#pragma once

#include <QLatin1StringView>

/// What a Request may ask for. Names are append-only: an old client meets a new server.
namespace Quern::admin::Methods {

using namespace Qt::Literals::StringLiterals;

/// No parameters; the result is a Status.
inline constexpr QLatin1StringView serverStatus = "server.status"_L1;
/// No parameters; the result is a Health.
inline constexpr QLatin1StringView serverHealth = "server.health"_L1;
/// No parameters; the result is the Access of whoever asks.
inline constexpr QLatin1StringView serverAccess = "server.access"_L1;
/// No parameters; the result is an OperationReference at once, while the server stops.
inline constexpr QLatin1StringView serverStop = "server.stop"_L1;
/// Parameters: a ReloadRequest; the result is an OperationReference at once, while the workers are replaced.
inline constexpr QLatin1StringView serverReload = "server.reload"_L1;
/// Parameters: a ScaleRequest; the result is an OperationReference at once, while workers start or leave.
inline constexpr QLatin1StringView serverScale = "server.scale"_L1;
/// Parameters: a DrainRequest; the result is an OperationReference at once.
inline constexpr QLatin1StringView serverDrain = "server.drain"_L1;
/// No parameters; the result is an OperationReference at once. The program is started anew, with the same process id;
/// unless the new settings cannot hold: then the operation fails, and the server goes on.
inline constexpr QLatin1StringView serverRestart = "server.restart"_L1;
/// Parameters: a WatchRequest; the result is empty.
inline constexpr QLatin1StringView serverWatch = "server.watch"_L1;
/// Parameters: a Subscription; the result is empty, and what was subscribed to comes as an Event.
inline constexpr QLatin1StringView serverSubscribe = "server.subscribe"_L1;
/// No parameters; the result is a ProcessList.
inline constexpr QLatin1StringView processList = "process.list"_L1;
/// Parameters: a ProcessReference, to a worker or task worker; the result is empty. It is replaced when it has finished
/// what it has begun.
inline constexpr QLatin1StringView processRecycle = "process.recycle"_L1;
/// Parameters: a ProcessReference; the result is empty. It is killed, and replaced.
inline constexpr QLatin1StringView processKill = "process.kill"_L1;
/// No parameters; the result is a ConfigReport.
inline constexpr QLatin1StringView configRead = "config.read"_L1;
/// Parameters: a ConfigCandidate; the result is a ConfigVerdict.
inline constexpr QLatin1StringView configCheck = "config.check"_L1;
/// No parameters; the result is an OperationList.
inline constexpr QLatin1StringView operationList = "operation.list"_L1;
/// Parameters: an OperationNumber; the result is the Operation as it stands.
inline constexpr QLatin1StringView operationRead = "operation.read"_L1;
/// Parameters: an OperationReference. The result is the Operation as it stands; each later step of it comes as an
/// Event.
inline constexpr QLatin1StringView operationWatch = "operation.watch"_L1;
/// No parameters; the result is a MetricsText.
inline constexpr QLatin1StringView metricsRead = "metrics.read"_L1;
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

/// Parameters: a TableListQuery; the result is a TableList.
inline constexpr QLatin1StringView tableList = "table.list"_L1;
/// Parameters: a TableRowQuery; the result is a TableRowPage. A row that is there all the time while pages are asked
/// for stands in one of them once; one that comes, goes or changes meanwhile is shown as it is when its page is read.
inline constexpr QLatin1StringView tableRows = "table.rows"_L1;
/// Parameters: a TableRowChange; the result is empty. All processes read it from then on.
inline constexpr QLatin1StringView tableSet = "table.set"_L1;
/// Parameters: a TableRowReference; the result is empty. Error::NotFound if there is no such row.
inline constexpr QLatin1StringView tableDelete = "table.delete"_L1;
/// No parameters; the result is an AtomicList.
inline constexpr QLatin1StringView atomicList = "atomic.list"_L1;
/// Parameters: an AtomicValue; the result is the AtomicValue that it was.
inline constexpr QLatin1StringView atomicSet = "atomic.set"_L1;

/// Parameters: a ConnectionQuery; the result is a ConnectionPage: WebSockets and streams. Connections of plain HTTP are
/// counted by listener.list.
inline constexpr QLatin1StringView connectionList = "connection.list"_L1;
/// Parameters: a ConnectionClosing; the result is empty. Error::NotFound if it is not there any more.
inline constexpr QLatin1StringView connectionClose = "connection.close"_L1;
/// Parameters: a ConnectionMessage; the result is empty. Error::NotFound if it is not there any more, Error::Busy if
/// its client reads too slowly.
inline constexpr QLatin1StringView connectionPush = "connection.push"_L1;
/// No parameters; the result is a ListenerList.
inline constexpr QLatin1StringView listenerList = "listener.list"_L1;

} // namespace Quern::admin::Methods

/// What an Event may tell; append-only.
namespace Quern::admin::Events {

using namespace Qt::Literals::StringLiterals;

/// A step of a watched operation; the data is the whole Operation.
inline constexpr QLatin1StringView operation = "operation"_L1;

/// What the server is now, for those that have subscribed to it; the data is a Status.
inline constexpr QLatin1StringView status = "status"_L1;
/// The data is a ProcessEvent.
inline constexpr QLatin1StringView process = "process"_L1;

/// Lines of a followed log, in their order; the data is a LogPage.
inline constexpr QLatin1StringView log = "log"_L1;

} // namespace Quern::admin::Events
