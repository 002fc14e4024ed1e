#include "telnet.h"

#include "commands.h"
#include "line.h"

#include <QByteArrayList>

#include <stdexcept>

using Quern::Connection;
using Quern::Error;

namespace {

/// Has the server log what went wrong. Someone who has left meanwhile is nothing to speak of.
void check(const Quern::Result<void> &done)
{
    if (!done && done.error().code() != Error::NotFound)
        throw std::runtime_error(done.error().message().toStdString());
}

/// Sends an answer. Whoever asks and asks and does not read what is answered is let go.
void answer(const Connection &connection, const QByteArray &text)
{
    const Quern::Result<void> sent = connection.send(text);
    if (!sent && sent.error().code() == Error::Busy)
        check(connection.close(0, QStringLiteral("it does not read its answers")));
    else
        check(sent);
}

QString addressOf(const QString &host, quint16 port)
{
    if (port == 0)
        return QStringLiteral("a Unix socket");
    return (host.contains(u':') ? QStringLiteral("[%1]:%2") : QStringLiteral("%1:%2")).arg(host).arg(port);
}

void connected(const Connection &connection)
{
    answer(connection, "This is Quern. Type help for what it understands.\r\n");
}

void packet(const Quern::Datagram &datagram)
{
    const QString line = typedIn(datagram.payload());
    // What begins so is the complaint of another server like this one, which somebody has made write to this one under
    // a false address: to complain in turn would go on for ever.
    if (!datagram.canReply() || line.startsWith(u'?'))
        return;
    const Caller caller{addressOf(datagram.remoteAddress(), datagram.remotePort()), {}, {}};
    const Quern::Result<void> done = datagram.reply(answerTo(Command(line), caller).toUtf8() + "\r\n");
    // A datagram may get lost on its way; this one was lost at its start.
    if (!done && done.error().code() != Error::Busy)
        check(done);
}

} // namespace

void Telnet::install(Quern::Application &app)
{
    app.socket(HandlerName)
        .onConnect(connected)
        .onReceive([this](const Connection &connection, QByteArrayView bytes) { received(connection, bytes); })
        .onClose([this](const Connection &connection, const Quern::CloseReason &) { m_flood.stop(connection.id()); })
        .onBufferFull([this](const Connection &connection) { m_flood.hold(connection.id()); })
        .onBufferEmpty([this](const Connection &connection) { m_flood.resume(connection.id()); })
        .onPacket(packet);
}

void Telnet::received(const Connection &connection, QByteArrayView bytes)
{
    // With open_eof_split it is one line; with open_eof_check it may be several.
    const QByteArrayList lines = bytes.toByteArray().split('\n');
    for (const QByteArray &line : lines) {
        const QString typed = typedIn(line);
        if (!typed.isEmpty() && !obey(connection, typed))
            return;
    }
}

bool Telnet::obey(const Connection &connection, const QString &line)
{
    const Command command(line);
    if (command.word == u"quit") {
        m_flood.stop(connection.id());
        answer(connection, "Goodbye.\r\n");
        check(connection.close());
        return false;
    }
    const Quern::Result<Quern::ConnectionInfo> info = connection.info();
    if (!info)
        return false;
    const Caller caller{addressOf(info->remoteAddress, info->remotePort), info->port, connection.id()};
    const QString text = command.word == u"flood" ? startFlood(connection, command.rest) : answerTo(command, caller);
    answer(connection, text.toUtf8() + "\r\n");
    return true;
}

QString Telnet::startFlood(const Connection &connection, const QString &count)
{
    bool isNumber = false;
    const int lines = count.toInt(&isNumber);
    if (!isNumber || lines < 1 || lines > Flood::MaxLines)
        return QStringLiteral("? how many lines: flood N, with N from 1 to %1").arg(Flood::MaxLines);
    return m_flood.start(connection.id(), lines) ? QStringLiteral("%1 lines:").arg(lines)
                                                 : QStringLiteral("? a flood is under way");
}
