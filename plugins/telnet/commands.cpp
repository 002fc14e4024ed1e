#include "commands.h"

#include <Quern/server.h>

#include <QDateTime>
#include <QTimeZone>

#include <algorithm>

using Quern::PortInfo;

namespace {

QString help(bool isConnection)
{
    const QString common = QStringLiteral("help         this text\r\n"
                                          "time         what time it is here\r\n"
                                          "who          how many are connected\r\n"
                                          "say TEXT     to all who are connected, but you\r\n"
                                          "echo TEXT    to you");
    return isConnection ? common + QStringLiteral("\r\nflood N      N lines, as fast as you read them\r\n"
                                                  "quit         ends the connection")
                        : common;
}

/// The stream ports that the plugin serves; of a connection, its own.
QList<PortInfo> portsOf(const Caller &caller)
{
    QList<PortInfo> ports = Quern::server().ports();
    ports.removeIf([&caller](const PortInfo &port) {
        return port.kind != PortInfo::Kind::Stream || port.handler != QLatin1StringView(HandlerName) ||
               (!caller.port.isEmpty() && port.name != caller.port);
    });
    return ports;
}

QString counted(quint64 connections)
{
    return connections == 1 ? QStringLiteral("1 connection") : QStringLiteral("%1 connections").arg(connections);
}

QString who(const Caller &caller)
{
    quint64 here = 0;
    const QList<PortInfo> ports = portsOf(caller);
    for (const PortInfo &port : ports)
        here += port.connections;
    return QStringLiteral("%1 here, %2 of the whole server")
        .arg(counted(here), QString::number(Quern::server().stats().connections));
}

QString say(const QString &text, const Caller &caller)
{
    if (text.isEmpty())
        return QStringLiteral("? say what: say TEXT");
    const QByteArray line = QStringLiteral("%1: %2\r\n").arg(caller.name, text).toUtf8();
    QStringList told; // a port of several addresses is there once for each
    const QList<PortInfo> ports = portsOf(caller);
    for (const PortInfo &port : ports) {
        if (told.contains(port.name))
            continue;
        told.append(port.name);
        const auto sent = Quern::server().broadcast(line, Quern::MessageType::Binary,
                                                    Quern::Audience{.port = port.name, .except = caller.id});
        if (!sent)
            return QStringLiteral("? not said: ") + sent.error().message();
    }
    return QStringLiteral("said");
}

} // namespace

Command::Command(const QString &line)
{
    const qsizetype space = line.indexOf(u' ');
    word = (space < 0 ? line : line.left(space)).toLower();
    rest = space < 0 ? QString() : line.mid(space + 1).trimmed();
}

QString answerTo(const Command &command, const Caller &caller)
{
    if (command.word.size() + command.rest.size() > MaxLine)
        return QStringLiteral("? that is too long: %1 signs are the most").arg(MaxLine);
    if (command.word == u"help")
        return help(!caller.id.isNull());
    if (command.word == u"time")
        return QDateTime::currentDateTimeUtc().toString(Qt::ISODate);
    if (command.word == u"who")
        return who(caller);
    if (command.word == u"say")
        return say(command.rest, caller);
    if (command.word == u"echo")
        return command.rest;
    if (command.word == u"flood" || command.word == u"quit")
        return QStringLiteral("? %1 is for connections: come by TCP").arg(command.word);
    return QStringLiteral("? unknown command: try help");
}
