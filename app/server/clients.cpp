#include "app/server/clients.h"

namespace Quern::app {

using admin::Transport;

void Clients::add(Transport *transport)
{
    connect(transport, &Transport::requestReceived, this,
            [this, transport](const admin::Caller &caller, const admin::Request &request) {
                m_transports[caller.client] = transport;
                Q_EMIT requestReceived(caller, request);
            });
    connect(transport, &Transport::requestRefused, this, &Clients::requestRefused);
    connect(transport, &Transport::clientGone, this, [this](quint64 client) {
        m_transports.erase(client);
        Q_EMIT clientGone(client);
    });
    connect(transport, &Transport::outputTaken, this, &Clients::outputTaken);
}

template <typename Send>
void Clients::pass(quint64 client, Send send)
{
    const auto found = m_transports.find(client);
    if (found == m_transports.end())
        return;
    Transport *transport = found->second;
    QMetaObject::invokeMethod(
        transport, [transport, send] { send(transport); }, Qt::QueuedConnection);
}

void Clients::sendReply(quint64 client, const admin::Reply &reply)
{
    Q_EMIT replySent(client, reply);
    pass(client, [client, reply](Transport *transport) { transport->sendReply(client, reply); });
}

void Clients::sendEvent(quint64 client, const admin::Event &event)
{
    pass(client, [client, event](Transport *transport) { transport->sendEvent(client, event); });
}

void Clients::sendPaced(quint64 client, const admin::Event &event)
{
    pass(client, [client, event](Transport *transport) { transport->sendPaced(client, event); });
}

} // namespace Quern::app
