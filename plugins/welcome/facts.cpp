#include "facts.h"

#include <QCoreApplication>

namespace {

QString clientOf(const Quern::Request &request)
{
    const QString address = request.remoteAddress();
    if (address.isEmpty())
        return QStringLiteral("a Unix socket");
    const QString host = address.contains(u':') ? u'[' + address + u']' : address;
    return host + u':' + QString::number(request.remotePort());
}

std::chrono::microseconds between(std::chrono::steady_clock::time_point from, std::chrono::steady_clock::time_point to)
{
    return std::chrono::duration_cast<std::chrono::microseconds>(to - from);
}

} // namespace

Facts::Facts(const Quern::Request &source)
    : client(clientOf(source))
    , httpVersion(QStringLiteral("1.") + QString::number(source.minorVersion()))
    , request(QString::fromLatin1(source.idText()))
    , worker(source.journey().workerId)
    , reactor(source.journey().reactorId)
    , generation(source.journey().generation)
    , pid(QCoreApplication::applicationPid())
    , inMaster(between(source.journey().received, source.journey().dispatched))
    , toWorker(between(source.journey().dispatched, source.journey().started))
{
}

QJsonObject Facts::toJson() const
{
    return {
        {QStringLiteral("request"), request},
        {QStringLiteral("client"), client},
        {QStringLiteral("httpVersion"), httpVersion},
        {QStringLiteral("reactor"), reactor},
        {QStringLiteral("worker"), worker},
        {QStringLiteral("pid"), pid},
        {QStringLiteral("generation"), generation},
        {QStringLiteral("inMasterMicroseconds"), static_cast<qint64>(inMaster.count())},
        {QStringLiteral("toWorkerMicroseconds"), static_cast<qint64>(toWorker.count())},
    };
}
