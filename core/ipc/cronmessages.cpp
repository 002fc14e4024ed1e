#include "ipc/cronmessages.h"

#include "ipc/bytefields.h"

#include <QCborMap>
#include <QCborStreamReader>
#include <QCborValue>

#include <limits>

using namespace Qt::Literals::StringLiterals;

namespace Quern::ipc {

namespace {

Result<QCborMap> decodeMap(QByteArrayView payload, QLatin1StringView what)
{
    QCborStreamReader reader(payload.data(), payload.size());
    const QCborValue value = QCborValue::fromCbor(reader);
    if (reader.lastError() != QCborError::NoError || !value.isMap() || reader.currentOffset() != payload.size())
        return Error(Error::Protocol, u"malformed %1 message"_s.arg(what));
    return value.toMap();
}

/// 0 if \a value is no integer: toInteger() would convert a floating-point number, of any size.
qint64 number(const QCborValue &value)
{
    return value.isInteger() ? value.toInteger() : 0;
}

quint64 count(const QCborValue &value)
{
    return quint64(qMax<qint64>(number(value), 0));
}

template <typename Integer>
std::optional<Integer> optionalNumber(const QCborValue &value)
{
    return value.isInteger() ? std::optional(Integer(value.toInteger())) : std::nullopt;
}

QCborMap toCbor(const CronEntry &entry)
{
    QCborMap map = {{u"name"_s, entry.name},
                    {u"job"_s, entry.job},
                    {u"command"_s, QCborArray::fromStringList(entry.command)},
                    {u"directory"_s, entry.directory},
                    {u"interval"_s, entry.interval},
                    {u"expression"_s, entry.expression},
                    {u"zone"_s, entry.timeZone},
                    {u"parameters"_s, QCborMap::fromVariantMap(entry.parameters)},
                    {u"enabled"_s, entry.isEnabled},
                    {u"place"_s, entry.place}};
    if (entry.isImmediate)
        map.insert(u"immediate"_s, *entry.isImmediate);
    if (entry.mostAtATime)
        map.insert(u"overlap"_s, *entry.mostAtATime);
    if (entry.missed)
        map.insert(u"missed"_s, *entry.missed);
    if (entry.timeout)
        map.insert(u"timeout"_s, *entry.timeout);
    return map;
}

QCborMap toCbor(const CronJobState &job)
{
    return {{u"name"_s, job.name},
            {u"schedule"_s, job.schedule},
            {u"next"_s, job.next},
            {u"last"_s, job.last},
            {u"duration"_s, job.duration},
            {u"error"_s, job.error},
            {u"runs"_s, qint64(job.runs)},
            {u"failures"_s, qint64(job.failures)},
            {u"skipped"_s, qint64(job.skipped)},
            {u"underWay"_s, job.underWay},
            {u"paused"_s, job.isPaused},
            {u"stopped"_s, job.isStopped},
            {u"settled"_s, job.settledUntil},
            {u"grid"_s, job.grid},
            {u"interval"_s, job.interval},
            {u"handedOver"_s, job.isHandedOver}};
}

template <typename Value>
QCborArray toList(const QList<Value> &values)
{
    QCborArray list;
    for (const Value &value : values)
        list.append(toCbor(value));
    return list;
}

} // namespace

QCborArray toCbor(const QList<CronEntry> &entries)
{
    return toList(entries);
}

QCborArray toCbor(const QList<CronJobState> &jobs)
{
    return toList(jobs);
}

QList<CronEntry> cronEntries(const QCborArray &list)
{
    QList<CronEntry> entries;
    for (const QCborValue &value : list) {
        if (!value.isMap())
            continue;
        const QCborMap map = value.toMap();
        CronEntry entry;
        entry.name = map.value("name"_L1).toString();
        entry.job = map.value("job"_L1).toString();
        for (const QCborValue &word : map.value("command"_L1).toArray())
            entry.command.append(word.toString());
        entry.directory = map.value("directory"_L1).toString();
        entry.interval = number(map.value("interval"_L1));
        entry.expression = map.value("expression"_L1).toString();
        entry.timeZone = map.value("zone"_L1).toString();
        entry.parameters = map.value("parameters"_L1).toMap().toVariantMap();
        entry.isEnabled = map.value("enabled"_L1).toBool(true);
        entry.place = map.value("place"_L1).toString();
        if (const QCborValue immediate = map.value("immediate"_L1); immediate.isBool())
            entry.isImmediate = immediate.toBool();
        entry.mostAtATime = optionalNumber<int>(map.value("overlap"_L1));
        entry.missed = optionalNumber<int>(map.value("missed"_L1));
        entry.timeout = optionalNumber<qint64>(map.value("timeout"_L1));
        entries.append(entry);
    }
    return entries;
}

QList<CronJobState> cronJobStates(const QCborArray &list)
{
    QList<CronJobState> jobs;
    for (const QCborValue &value : list) {
        if (!value.isMap())
            continue;
        const QCborMap map = value.toMap();
        CronJobState job;
        job.name = map.value("name"_L1).toString();
        job.schedule = map.value("schedule"_L1).toString();
        job.next = number(map.value("next"_L1));
        job.last = number(map.value("last"_L1));
        job.duration = number(map.value("duration"_L1));
        job.error = map.value("error"_L1).toString();
        job.runs = count(map.value("runs"_L1));
        job.failures = count(map.value("failures"_L1));
        job.skipped = count(map.value("skipped"_L1));
        job.underWay = int(number(map.value("underWay"_L1)));
        job.isPaused = map.value("paused"_L1).toBool();
        job.isStopped = map.value("stopped"_L1).toBool();
        job.settledUntil = number(map.value("settled"_L1));
        job.grid = number(map.value("grid"_L1));
        job.interval = number(map.value("interval"_L1));
        job.isHandedOver = map.value("handedOver"_L1).toBool();
        jobs.append(job);
    }
    return jobs;
}

QByteArray CronStateMessage::encode() const
{
    QCborArray answerList;
    for (const CronAnswer &answer : answers) {
        const int code = answer.mistake ? answer.mistake->code() + 1 : 0;
        answerList.append(QCborMap{{u"id"_s, qint64(answer.id)},
                                   {u"code"_s, code},
                                   {u"error"_s, answer.mistake ? answer.mistake->message() : QString()}});
    }
    const QCborMap map = {{u"jobs"_s, ipc::toCbor(jobs)}, {u"answers"_s, answerList}};
    return map.toCborValue().toCbor();
}

Result<CronStateMessage> CronStateMessage::decode(QByteArrayView payload)
{
    const Result<QCborMap> map = decodeMap(payload, "CronState"_L1);
    if (!map)
        return map.error();
    CronStateMessage message;
    message.jobs = cronJobStates(map->value("jobs"_L1).toArray());
    for (const QCborValue &value : map->value("answers"_L1).toArray()) {
        const QCborMap answer = value.toMap();
        const qint64 code = number(answer.value("code"_L1));
        if (code < 0 || code > Error::Internal + 1)
            return Error(Error::Protocol, u"malformed CronState message"_s);
        CronAnswer &last = message.answers.emplaceBack();
        last.id = quint32(number(answer.value("id"_L1)));
        if (code > 0)
            last.mistake = Error(Error::Code(code - 1), answer.value("error"_L1).toString());
    }
    return message;
}

QByteArray CronProgramsMessage::encode() const
{
    QByteArray out(groups.size() * qsizetype(sizeof(qint64)), Qt::Uninitialized);
    FieldWriter writer(out.data());
    for (const qint64 group : groups)
        writer.put(group);
    return out;
}

Result<CronProgramsMessage> CronProgramsMessage::decode(QByteArrayView payload)
{
    FieldReader reader(payload);
    CronProgramsMessage message;
    while (!reader.rest().isEmpty()) {
        const auto group = reader.get<qint64>();
        // To kill(2) 0 and 1 mean other processes than those of a group.
        if (!reader.isWhole() || group <= 1 || group > std::numeric_limits<qint32>::max())
            return broken("CronPrograms");
        message.groups.append(group);
    }
    return message;
}

QByteArray CronCommandMessage::encode() const
{
    const QCborMap map = {
        {u"action"_s, int(action)}, {u"id"_s, qint64(id)}, {u"job"_s, job}, {u"deadline"_s, deadline}};
    return map.toCborValue().toCbor();
}

Result<CronCommandMessage> CronCommandMessage::decode(QByteArrayView payload)
{
    const Result<QCborMap> map = decodeMap(payload, "CronCommand"_L1);
    if (!map)
        return map.error();
    const qint64 action = number(map->value("action"_L1));
    if (action < qint64(Action::RunNow) || action > qint64(Action::Resume))
        return Error(Error::Protocol, u"a CronCommand message with the unknown action %1"_s.arg(action));
    return CronCommandMessage{Action(action), quint32(number(map->value("id"_L1))), map->value("job"_L1).toString(),
                              number(map->value("deadline"_L1))};
}

} // namespace Quern::ipc
