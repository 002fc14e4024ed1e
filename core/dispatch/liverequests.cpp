// The part of LiveHub that does what the operator of the server wants done.

#include "dispatch/livehub.h"
#include "dispatch/livesession.h"
#include "sdk/src/server_p.h"

namespace Quern::dispatch {

namespace {

Error notThere(quint64 id)
{
    return Error(Error::NotFound, QStringLiteral("connection %1 is not there any more").arg(id));
}

} // namespace

Result<void> LiveHub::closeConnection(quint64 id, int code, const QString &reason)
{
    const LiveConnection *connection = m_registry.find(id);
    if (!connection || !connection->session)
        return notThere(id);
    ipc::CommandMessage message;
    message.kind = ipc::CommandKind::Close;
    if (connection->kind == ipc::ConnectionKind::WebSocket) {
        if (const Result<void> checked = checkCloseCode(code); !checked)
            return checked;
        message.code = quint16(code);
    }
    execute(id, message, closeReasonBytes(reason));
    return {};
}

Result<void> LiveHub::push(quint64 id, const QString &text)
{
    const LiveConnection *connection = m_registry.find(id);
    if (!connection || !connection->session)
        return notThere(id);
    const QByteArray bytes = text.toUtf8();
    const Port &port = *connection->session->port();
    if (quint64(bytes.size()) > port.live.messageBytes)
        return Error(Error::TooLarge,
                     QStringLiteral("%1 bytes are more than the %2 that port \"%3\" takes: send it in parts, or raise "
                                    "package_max_length")
                         .arg(bytes.size())
                         .arg(port.live.messageBytes)
                         .arg(port.name));
    const qint64 waiting = connection->session->waitingOutput();
    if (waiting > 0 && waiting + bytes.size() > port.live.outputBytes)
        return Error(Error::Busy, QStringLiteral("connection %1 has %2 bytes waiting for its client already: try again "
                                                 "when it has taken them")
                                      .arg(id)
                                      .arg(waiting));
    ipc::CommandMessage message;
    message.payload = connection->kind == ipc::ConnectionKind::WebSocket ? ipc::Payload::Text : ipc::Payload::Bytes;
    execute(id, message, bytes);
    return {};
}

} // namespace Quern::dispatch
