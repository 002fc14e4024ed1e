#include "admin/protocol/status.h"

#include "admin/protocol/health.h"
#include "admin/protocol/jsonschema.h"
#include "admin/protocol/servermessages.h"

#include <algorithm>

namespace Quern::admin {

using namespace Qt::Literals::StringLiterals;

template <>
constexpr auto namesOf<WorkerStatus::State> = std::to_array<EnumName<WorkerStatus::State>>({
    {WorkerStatus::State::Starting, "starting"_L1},
    {WorkerStatus::State::Ready, "ready"_L1},
    {WorkerStatus::State::Draining, "draining"_L1},
    {WorkerStatus::State::Waiting, "waiting"_L1},
    {WorkerStatus::State::Fatal, "fatal"_L1},
});

template <>
constexpr auto namesOf<PoolStatus::State> = std::to_array<EnumName<PoolStatus::State>>({
    {PoolStatus::State::Ok, "ok"_L1},
    {PoolStatus::State::Degraded, "degraded"_L1},
    {PoolStatus::State::Failed, "failed"_L1},
});

template <>
constexpr auto fieldsOf<PoolStatus> = std::tuple{
    Field{"name"_L1, &PoolStatus::name},     Field{"state"_L1, &PoolStatus::state},
    Field{"ready"_L1, &PoolStatus::ready},   Field{"size"_L1, &PoolStatus::size},
    Field{"least"_L1, &PoolStatus::least},   Field{"most"_L1, &PoolStatus::most},
    Field{"reason"_L1, &PoolStatus::reason},
};

template <>
constexpr auto namesOf<Status::State> = std::to_array<EnumName<Status::State>>({
    {Status::State::Starting, "starting"_L1},
    {Status::State::Running, "running"_L1},
    {Status::State::Reloading, "reloading"_L1},
    {Status::State::Stopping, "stopping"_L1},
    {Status::State::Degraded, "degraded"_L1},
});

template <>
constexpr auto fieldsOf<ReactorStatus> = std::tuple{
    Field{"id"_L1, &ReactorStatus::id},
    Field{"connections"_L1, &ReactorStatus::connections},
    Field{"queued"_L1, &ReactorStatus::queued},
    Field{"requests"_L1, &ReactorStatus::requests},
};

template <>
constexpr auto fieldsOf<PluginStatus> = std::tuple{
    Field{"name"_L1, &PluginStatus::name},
    Field{"version"_L1, &PluginStatus::version},
};

template <>
constexpr auto fieldsOf<WorkerStatus> = std::tuple{
    Field{"id"_L1, &WorkerStatus::id},
    Field{"name"_L1, &WorkerStatus::name},
    Field{"pid"_L1, &WorkerStatus::pid},
    Field{"generation"_L1, &WorkerStatus::generation},
    Field{"state"_L1, &WorkerStatus::state},
    Field{"inFlight"_L1, &WorkerStatus::inFlight},
    Field{"requests"_L1, &WorkerStatus::requests},
    Field{"restarts"_L1, &WorkerStatus::restarts},
    Field{"rssBytes"_L1, &WorkerStatus::rssBytes},
    Field{"rssPerMinute"_L1, &WorkerStatus::rssPerMinute},
    Field{"cpuPercent"_L1, &WorkerStatus::cpuPercent},
    Field{"lastExit"_L1, &WorkerStatus::lastExit},
    Field{"oldestMs"_L1, &WorkerStatus::oldest, Presence::Optional},
    Field{"work"_L1, &WorkerStatus::work, Presence::Optional},
    Field{"lastReason"_L1, &WorkerStatus::lastReason, Presence::Optional},
    Field{"replacements"_L1, &WorkerStatus::replacements, Presence::Optional},
};

template <>
constexpr auto fieldsOf<ProcessList> = std::tuple{Field{"processes"_L1, &ProcessList::processes}};

template <>
constexpr auto fieldsOf<CronJobStatus> = std::tuple{
    Field{"name"_L1, &CronJobStatus::name},
    Field{"schedule"_L1, &CronJobStatus::schedule},
    Field{"next"_L1, &CronJobStatus::next},
    Field{"last"_L1, &CronJobStatus::last},
    Field{"durationUs"_L1, &CronJobStatus::durationUs},
    Field{"error"_L1, &CronJobStatus::error},
    Field{"runs"_L1, &CronJobStatus::runs},
    Field{"failures"_L1, &CronJobStatus::failures},
    Field{"skipped"_L1, &CronJobStatus::skipped},
    Field{"running"_L1, &CronJobStatus::running},
    Field{"paused"_L1, &CronJobStatus::paused},
    Field{"stopped"_L1, &CronJobStatus::stopped},
};

template <>
constexpr auto fieldsOf<ChannelStatus> = std::tuple{
    Field{"process"_L1, &ChannelStatus::process},
    Field{"queueItems"_L1, &ChannelStatus::queueItems},
    Field{"queueCapacity"_L1, &ChannelStatus::queueCapacity},
    Field{"inputBytes"_L1, &ChannelStatus::inputBytes},
    Field{"outputBytes"_L1, &ChannelStatus::outputBytes},
    Field{"pipeCapacity"_L1, &ChannelStatus::pipeCapacity},
    Field{"printedLost"_L1, &ChannelStatus::printedLost},
};

template <>
constexpr auto fieldsOf<TableStatus> = std::tuple{
    Field{"name"_L1, &TableStatus::name},
    Field{"rows"_L1, &TableStatus::rows},
    Field{"size"_L1, &TableStatus::size},
    Field{"memory"_L1, &TableStatus::memory},
    Field{"memoryLimit"_L1, &TableStatus::memoryLimit},
};

template <>
constexpr auto fieldsOf<Totals> = std::tuple{
    Field{"connections"_L1, &Totals::connections}, Field{"requests"_L1, &Totals::requests},
    Field{"refused"_L1, &Totals::refused},         Field{"redispatched"_L1, &Totals::redispatched},
    Field{"retried"_L1, &Totals::retried},         Field{"failed"_L1, &Totals::failed},
    Field{"timedOut"_L1, &Totals::timedOut},       Field{"events"_L1, &Totals::events},
    Field{"eventsMoved"_L1, &Totals::eventsMoved}, Field{"eventsLost"_L1, &Totals::eventsLost},
    Field{"messages"_L1, &Totals::messages},       Field{"messagesRefused"_L1, &Totals::messagesRefused},
};

template <>
constexpr auto fieldsOf<TaskStoreStatus> = std::tuple{
    Field{"name"_L1, &TaskStoreStatus::name},       Field{"queued"_L1, &TaskStoreStatus::queued},
    Field{"delayed"_L1, &TaskStoreStatus::delayed}, Field{"running"_L1, &TaskStoreStatus::running},
    Field{"dead"_L1, &TaskStoreStatus::dead},
};

template <>
constexpr auto fieldsOf<TaskStatus> = std::tuple{
    Field{"delivered"_L1, &TaskStatus::delivered}, Field{"refused"_L1, &TaskStatus::refused},
    Field{"done"_L1, &TaskStatus::done},           Field{"failed"_L1, &TaskStatus::failed},
    Field{"retried"_L1, &TaskStatus::retried},     Field{"buried"_L1, &TaskStatus::buried},
    Field{"stores"_L1, &TaskStatus::stores},       Field{"failure"_L1, &TaskStatus::failure},
};

template <>
constexpr auto fieldsOf<Rates> = std::tuple{
    Field{"windowMs"_L1, &Rates::window},
    Field{"requests"_L1, &Rates::requests},
    Field{"connections"_L1, &Rates::connections},
    Field{"errors"_L1, &Rates::errors},
};

template <>
constexpr auto fieldsOf<Status> = std::tuple{
    Field{"pid"_L1, &Status::pid},
    Field{"version"_L1, &Status::version},
    Field{"state"_L1, &Status::state},
    Field{"sentence"_L1, &Status::sentence},
    Field{"draining"_L1, &Status::draining},
    Field{"watching"_L1, &Status::watching, Presence::Optional},
    Field{"polling"_L1, &Status::polling},
    Field{"reloadFailure"_L1, &Status::reloadFailure},
    Field{"startedAt"_L1, &Status::startedAt},
    Field{"uptimeMs"_L1, &Status::uptime},
    Field{"generation"_L1, &Status::generation},
    Field{"configFile"_L1, &Status::configFile},
    Field{"listeners"_L1, &Status::listeners},
    Field{"api"_L1, &Status::api},
    Field{"plugins"_L1, &Status::plugins},
    Field{"reactors"_L1, &Status::reactors},
    Field{"workers"_L1, &Status::workers},
    Field{"processes"_L1, &Status::processes},
    Field{"pools"_L1, &Status::pools},
    Field{"cron"_L1, &Status::cron},
    Field{"channels"_L1, &Status::channels},
    Field{"tables"_L1, &Status::tables},
    Field{"totals"_L1, &Status::totals},
    Field{"tasks"_L1, &Status::tasks},
    Field{"rates"_L1, &Status::rates},
};

template <>
constexpr auto fieldsOf<Health> = std::tuple{
    Field{"state"_L1, &Health::state},
    Field{"ready"_L1, &Health::ready},
    Field{"sentence"_L1, &Health::sentence},
    Field{"pools"_L1, &Health::pools},
};

Health Health::of(const Status &status)
{
    const bool hasWorker =
        std::any_of(status.workers.begin(), status.workers.end(), [&status](const WorkerStatus &worker) {
            return worker.state == WorkerStatus::State::Ready && worker.generation == status.generation;
        });
    const bool isUp = status.state == Status::State::Running || status.state == Status::State::Reloading ||
                      status.state == Status::State::Degraded;
    return {status.state, isUp && hasWorker && !status.draining, status.sentence, status.pools};
}

QJsonObject Health::toJson() const
{
    return toJsonObject(*this);
}

QJsonObject ProcessList::toJson() const
{
    return toJsonObject(*this);
}

QJsonObject ProcessList::schema()
{
    return schemaOf<ProcessList>();
}

QJsonObject Health::schema()
{
    return schemaOf<Health>();
}

QJsonObject CronJobStatus::listSchema()
{
    return {{u"type"_s, u"object"_s},
            {u"properties"_s, QJsonObject{{u"cron"_s, valueSchema<QList<CronJobStatus>>()}}},
            {u"required"_s, QJsonArray{u"cron"_s}}};
}

QJsonObject Status::schema()
{
    return schemaOf<Status>();
}

QJsonObject Status::toJson() const
{
    return toJsonObject(*this);
}

Result<Status> Status::fromJson(const QJsonObject &json)
{
    return fromJsonObject<Status>(json);
}

} // namespace Quern::admin
