#include "ipc/messages.h"

#include "ipc/taskmessages.h"

#include <QCborArray>
#include <QCborMap>
#include <QCborStreamReader>
#include <QCborValue>

#include <climits>

namespace Quern::ipc {

namespace {

Result<QCborMap> decodeMap(QByteArrayView payload, const char *what)
{
    QCborStreamReader reader(payload.data(), payload.size());
    const QCborValue value = QCborValue::fromCbor(reader);
    if (reader.lastError() != QCborError::NoError || !value.isMap() || reader.currentOffset() != payload.size()) {
        return Error(Error::Protocol, QStringLiteral("malformed %1 message").arg(QLatin1StringView(what)));
    }
    const QCborMap map = value.toMap();
    const QCborValue protocol = map.value(QLatin1StringView("protocol"));
    const qint64 version = protocol.isInteger() ? protocol.toInteger() : -1;
    if (version != ProtocolVersion) {
        return Error(Error::Protocol,
                     QStringLiteral("the other process speaks version %1 of the internal protocol, this one %2; "
                                    "install quern and quern-worker of the same version")
                         .arg(version)
                         .arg(ProtocolVersion));
    }
    return map;
}

/// The list under \a key. Without it the sender is none of ours.
Result<QCborArray> listOf(const QCborMap &map, QLatin1StringView key)
{
    const QCborValue value = map.value(key);
    if (!value.isArray())
        return Error(Error::Protocol, QStringLiteral("malformed message: it has no list \"%1\"").arg(key));
    return value.toArray();
}

/// 0 if \a value is no integer: toInteger() would convert a floating-point number, of any size.
int number(const QCborValue &value)
{
    return value.isInteger() ? int(value.toInteger()) : 0;
}

/// 0 if \a value is no size.
quint64 size(const QCborValue &value)
{
    return value.isInteger() ? quint64(qMax<qint64>(value.toInteger(), 0)) : 0;
}

QCborValue text(const QByteArray &utf8)
{
    return QCborValue(QString::fromUtf8(utf8));
}

QCborMap toCbor(const AnswerOptions &options)
{
    return {{QStringLiteral("debug"), options.debug},
            {QStringLiteral("compression"), options.compression},
            {QStringLiteral("level"), options.compressionLevel},
            {QStringLiteral("minLength"), qint64(options.compressionMinLength)},
            {QStringLiteral("types"), QCborArray::fromStringList(options.compressionTypes)}};
}

AnswerOptions answerOptions(const QCborMap &map)
{
    AnswerOptions options;
    options.debug = map.value(QLatin1StringView("debug")).toBool();
    options.compression = map.value(QLatin1StringView("compression")).toBool();
    options.compressionLevel = number(map.value(QLatin1StringView("level")));
    options.compressionMinLength = quint32(number(map.value(QLatin1StringView("minLength"))));
    for (const QCborValue &type : map.value(QLatin1StringView("types")).toArray())
        options.compressionTypes.append(type.toString());
    return options;
}

QCborMap toCbor(const TaskDefaults &tasks)
{
    return {{QStringLiteral("workers"), tasks.taskWorkers},
            {QStringLiteral("tries"), tasks.tries},
            {QStringLiteral("timeout"), qint64(tasks.timeout.count())},
            {QStringLiteral("retryDelay"), qint64(tasks.retryDelay.count())},
            {QStringLiteral("retryDelayMax"), qint64(tasks.retryDelayMax.count())},
            {QStringLiteral("spillSize"), tasks.spillSize},
            {QStringLiteral("spillFolder"), tasks.spillFolder},
            {QStringLiteral("allDurable"), tasks.allDurable}};
}

TaskDefaults taskDefaults(const QCborMap &map)
{
    const auto milliseconds = [&map](QLatin1StringView key) {
        return std::chrono::milliseconds(qMin<quint64>(size(map.value(key)), INT_MAX));
    };
    TaskDefaults tasks;
    tasks.taskWorkers = number(map.value(QLatin1StringView("workers")));
    tasks.tries = qBound(1, number(map.value(QLatin1StringView("tries"))), 1000);
    tasks.timeout = milliseconds(QLatin1StringView("timeout"));
    tasks.retryDelay = milliseconds(QLatin1StringView("retryDelay"));
    tasks.retryDelayMax = milliseconds(QLatin1StringView("retryDelayMax"));
    tasks.spillSize = qint64(qMin<quint64>(size(map.value(QLatin1StringView("spillSize"))), MaxInlinePayload));
    tasks.spillFolder = map.value(QLatin1StringView("spillFolder")).toString();
    tasks.allDurable = map.value(QLatin1StringView("allDurable")).toBool();
    return tasks;
}

} // namespace

QByteArray BootMessage::encode() const
{
    QCborArray list;
    for (const Plugin &plugin : plugins) {
        list.append(QCborMap{{QStringLiteral("file"), plugin.file},
                             {QStringLiteral("settings"), QCborMap::fromVariantMap(plugin.settings)},
                             {QStringLiteral("source"), plugin.source},
                             {QStringLiteral("place"), plugin.place}});
    }
    QCborArray portList;
    for (const Port &port : ports) {
        portList.append(QCborMap{{QStringLiteral("name"), port.name},
                                 {QStringLiteral("kind"), int(port.kind)},
                                 {QStringLiteral("handler"), port.handler},
                                 {QStringLiteral("address"), port.address},
                                 {QStringLiteral("place"), port.place},
                                 {QStringLiteral("messageBytes"), qint64(port.messageBytes)},
                                 {QStringLiteral("outputBytes"), qint64(port.outputBytes)}});
    }
    const QCborMap map = {{QStringLiteral("protocol"), ProtocolVersion},
                          {QStringLiteral("role"), int(who.role)},
                          {QStringLiteral("worker"), who.number},
                          {QStringLiteral("name"), who.name},
                          {QStringLiteral("generation"), generation},
                          {QStringLiteral("answers"), toCbor(answers)},
                          {QStringLiteral("plugins"), list},
                          {QStringLiteral("ports"), portList},
                          {QStringLiteral("tasks"), toCbor(tasks)},
                          {QStringLiteral("cron"), toCbor(cron)},
                          {QStringLiteral("maxWait"), qint64(maxWaitTime.count())},
                          {QStringLiteral("plan"), plan.toCbor()},
                          {QStringLiteral("confinement"), confinement.toCbor()}};
    return map.toCborValue().toCbor();
}

Result<BootMessage> BootMessage::decode(QByteArrayView payload)
{
    const Result<QCborMap> map = decodeMap(payload, "Boot");
    if (!map)
        return map.error();
    BootMessage message;
    message.who.role = ChildRole(qBound(0, number(map->value(QLatin1StringView("role"))), int(ChildRole::Boot)));
    message.who.number = number(map->value(QLatin1StringView("worker")));
    message.who.name = map->value(QLatin1StringView("name")).toString();
    message.generation = number(map->value(QLatin1StringView("generation")));
    message.answers = answerOptions(map->value(QLatin1StringView("answers")).toMap());
    const Result<QCborArray> list = listOf(*map, QLatin1StringView("plugins"));
    if (!list)
        return list.error();
    for (const QCborValue &entry : *list) {
        const QCborMap plugin = entry.toMap();
        message.plugins.append({plugin.value(QLatin1StringView("file")).toString(),
                                plugin.value(QLatin1StringView("settings")).toMap().toVariantMap(),
                                plugin.value(QLatin1StringView("source")).toString(),
                                plugin.value(QLatin1StringView("place")).toString()});
    }
    const Result<QCborArray> portList = listOf(*map, QLatin1StringView("ports"));
    if (!portList)
        return portList.error();
    for (const QCborValue &entry : *portList) {
        const QCborMap port = entry.toMap();
        message.ports.append(
            {port.value(QLatin1StringView("name")).toString(),
             Port::Kind(qBound(0, number(port.value(QLatin1StringView("kind"))), 2)),
             port.value(QLatin1StringView("handler")).toString(), port.value(QLatin1StringView("address")).toString(),
             port.value(QLatin1StringView("place")).toString(), size(port.value(QLatin1StringView("messageBytes"))),
             size(port.value(QLatin1StringView("outputBytes")))});
    }
    message.cron = ipc::cronEntries(map->value(QLatin1StringView("cron")).toArray());
    message.maxWaitTime = std::chrono::milliseconds(number(map->value(QLatin1StringView("maxWait"))));
    message.tasks = taskDefaults(map->value(QLatin1StringView("tasks")).toMap());
    message.plan = ProcessPlan::fromCbor(map->value(QLatin1StringView("plan")).toMap());
    Result<Confinement> confinement = Confinement::fromCbor(map->value(QLatin1StringView("confinement")));
    if (!confinement)
        return confinement.error();
    message.confinement = std::move(*confinement);
    return message;
}

QByteArray HelloMessage::encode() const
{
    QCborArray routeList;
    for (const RouteEntry &route : routes) {
        routeList.append(QCborMap{{QStringLiteral("method"), text(route.method)},
                                  {QStringLiteral("pattern"), text(route.pattern)},
                                  {QStringLiteral("retry"), route.retry},
                                  {QStringLiteral("streamBody"), route.streamBody},
                                  {QStringLiteral("plugin"), route.plugin},
                                  {QStringLiteral("service"), text(route.service)}});
    }
    QCborArray pluginList;
    for (const Plugin &plugin : plugins) {
        pluginList.append(QCborMap{{QStringLiteral("name"), plugin.name}, {QStringLiteral("version"), plugin.version}});
    }
    QCborArray workList;
    for (const QByteArray &each : work)
        workList.append(text(each));
    const QCborMap map = {{QStringLiteral("protocol"), ProtocolVersion}, {QStringLiteral("routes"), routeList},
                          {QStringLiteral("plugins"), pluginList},       {QStringLiteral("work"), workList},
                          {QStringLiteral("hasCron"), hasCron},          {QStringLiteral("hooks"), qint64(hooks)}};
    return map.toCborValue().toCbor();
}

Result<HelloMessage> HelloMessage::decode(QByteArrayView payload)
{
    const Result<QCborMap> map = decodeMap(payload, "Hello");
    if (!map)
        return map.error();
    HelloMessage message;
    const Result<QCborArray> routeList = listOf(*map, QLatin1StringView("routes"));
    if (!routeList)
        return routeList.error();
    const Result<QCborArray> pluginList = listOf(*map, QLatin1StringView("plugins"));
    if (!pluginList)
        return pluginList.error();
    for (const QCborValue &entry : *routeList) {
        const QCborMap route = entry.toMap();
        message.routes.append({route.value(QLatin1StringView("method")).toString().toUtf8(),
                               route.value(QLatin1StringView("pattern")).toString().toUtf8(),
                               route.value(QLatin1StringView("retry")).toBool(true),
                               route.value(QLatin1StringView("streamBody")).toBool(),
                               route.value(QLatin1StringView("plugin")).toString(),
                               route.value(QLatin1StringView("service")).toString().toUtf8()});
    }
    for (const QCborValue &entry : *pluginList) {
        const QCborMap plugin = entry.toMap();
        message.plugins.append({plugin.value(QLatin1StringView("name")).toString(),
                                plugin.value(QLatin1StringView("version")).toString()});
    }
    for (const QCborValue &each : map->value(QLatin1StringView("work")).toArray())
        message.work.append(each.toString().toUtf8());
    message.hooks = quint32(number(map->value(QLatin1StringView("hooks"))));
    message.hasCron = map->value(QLatin1StringView("hasCron")).toBool();
    return message;
}

} // namespace Quern::ipc
