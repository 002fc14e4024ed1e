#include "ipc/processplan.h"

#include "ipc/bytefields.h"

#include <QCborArray>
#include <QCborValue>

#include <algorithm>

namespace Quern::ipc {

namespace {

qint64 number(const QCborValue &value, qint64 longest)
{
    return value.isInteger() ? std::clamp<qint64>(value.toInteger(), 0, longest) : 0;
}

constexpr qint64 manyChildren = 100'000;
constexpr qint64 manyBytes = qint64(1) << 40;

QCborMap toCbor(const ProcessEntry &entry)
{
    return {{QStringLiteral("name"), entry.name},
            {QStringLiteral("handler"), entry.handler},
            {QStringLiteral("num"), entry.num},
            {QStringLiteral("pipe"), int(entry.pipe)},
            {QStringLiteral("pipeBuffer"), entry.pipeBuffer},
            {QStringLiteral("queue"), int(entry.queue)},
            {QStringLiteral("queueCapacity"), entry.queueCapacity},
            {QStringLiteral("queueMemory"), entry.queueMemory},
            {QStringLiteral("parameters"), QCborMap::fromVariantMap(entry.parameters)},
            {QStringLiteral("place"), entry.place}};
}

ProcessEntry entryOf(const QCborMap &map)
{
    ProcessEntry entry;
    entry.name = map.value(QLatin1StringView("name")).toString();
    entry.handler = map.value(QLatin1StringView("handler")).toString();
    entry.num = int(number(map.value(QLatin1StringView("num")), manyChildren));
    entry.pipe = PipeKind(number(map.value(QLatin1StringView("pipe")), qint64(PipeKind::Datagram)));
    entry.pipeBuffer = number(map.value(QLatin1StringView("pipeBuffer")), manyBytes);
    entry.queue = QueueMode(number(map.value(QLatin1StringView("queue")), qint64(QueueMode::Addressed)));
    entry.queueCapacity = number(map.value(QLatin1StringView("queueCapacity")), manyBytes);
    entry.queueMemory = number(map.value(QLatin1StringView("queueMemory")), manyBytes);
    entry.parameters = map.value(QLatin1StringView("parameters")).toMap().toVariantMap();
    entry.place = map.value(QLatin1StringView("place")).toString();
    return entry;
}

} // namespace

QByteArray PoolSizes::encode() const
{
    QByteArray out(qsizetype(2 * sizeof(quint32)), Qt::Uninitialized);
    FieldWriter(out.data()).put(quint32(workers)).put(quint32(taskWorkers));
    return out;
}

Result<PoolSizes> PoolSizes::decode(QByteArrayView payload)
{
    FieldReader reader(payload);
    const auto workers = reader.get<quint32>();
    const auto taskWorkers = reader.get<quint32>();
    if (!reader.isWhole() || workers > manyChildren || taskWorkers > manyChildren)
        return broken("PoolSizes");
    return PoolSizes{int(workers), int(taskWorkers)};
}

const ProcessEntry *ProcessPlan::find(const QString &name) const
{
    const auto found = std::find_if(processes.begin(), processes.end(),
                                    [&name](const ProcessEntry &entry) { return entry.name == name; });
    return found == processes.end() ? nullptr : &*found;
}

int ProcessPlan::countOf(ChildRole role, const QString &name) const
{
    switch (role) {
    case ChildRole::Worker:
        return workers;
    case ChildRole::TaskWorker:
        return taskWorkers;
    case ChildRole::Timer:
        return hasTimer ? 1 : 0;
    case ChildRole::Process: {
        const ProcessEntry *entry = find(name);
        return entry ? entry->num : 0;
    }
    case ChildRole::Boot:
        break;
    }
    return 0;
}

QCborMap ProcessPlan::toCbor() const
{
    QCborArray list;
    for (const ProcessEntry &entry : processes)
        list.append(ipc::toCbor(entry));
    return {{QStringLiteral("workers"), workers},
            {QStringLiteral("taskWorkers"), taskWorkers},
            {QStringLiteral("hasTimer"), hasTimer},
            {QStringLiteral("processes"), list}};
}

ProcessPlan ProcessPlan::fromCbor(const QCborMap &map)
{
    ProcessPlan plan;
    plan.workers = int(number(map.value(QLatin1StringView("workers")), manyChildren));
    plan.taskWorkers = int(number(map.value(QLatin1StringView("taskWorkers")), manyChildren));
    plan.hasTimer = map.value(QLatin1StringView("hasTimer")).toBool();
    for (const QCborValue &each : map.value(QLatin1StringView("processes")).toArray())
        plan.processes.append(entryOf(each.toMap()));
    return plan;
}

} // namespace Quern::ipc
