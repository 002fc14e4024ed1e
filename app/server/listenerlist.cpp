#include "app/server/listenerlist.h"

#include "app/server/reactorpool.h"

namespace Quern::app {

namespace {

using Kind = dispatch::Port::Kind;

ListenerTotals totalsOf(const ReactorPool &reactors, int reactor, int port)
{
    const ipc::PortCounters &counters = reactors.connections().portCounters(reactor, port);
    const net::Traffic &traffic = reactors.at(reactor).traffic(port);
    const bool isDatagram = reactors.ports()[std::size_t(port)].kind == Kind::Datagram;
    ListenerTotals totals;
    // Closed ones first: never are more of them seen than have been opened.
    totals.closed = counters.closed;
    totals.opened = counters.opened;
    totals.messagesReceived = counters.received;
    totals.messagesSent = counters.sent;
    totals.bytesReceived = isDatagram ? counters.bytesReceived : traffic.received;
    totals.bytesSent = isDatagram ? counters.bytesSent : traffic.sent;
    return totals;
}

admin::ListenerDescription::Kind kindOf(Kind kind)
{
    using Shown = admin::ListenerDescription::Kind;
    return kind == Kind::Http ? Shown::Http : kind == Kind::Stream ? Shown::Stream : Shown::Datagram;
}

} // namespace

void ListenerTotals::add(const ListenerTotals &other)
{
    opened += other.opened;
    closed += other.closed;
    messagesReceived += other.messagesReceived;
    messagesSent += other.messagesSent;
    bytesReceived += other.bytesReceived;
    bytesSent += other.bytesSent;
}

std::vector<ListenerTotals> listenerTotals(const ReactorPool &reactors)
{
    std::vector<ListenerTotals> all(reactors.ports().size());
    for (int reactor = 0; reactor < reactors.size(); ++reactor) {
        for (std::size_t port = 0; port < all.size(); ++port)
            all[port].add(totalsOf(reactors, reactor, int(port)));
    }
    return all;
}

QList<admin::ListenerDescription> listenerList(const ReactorPool &reactors)
{
    const std::vector<ListenerTotals> totals = listenerTotals(reactors);
    QList<admin::ListenerDescription> list;
    for (std::size_t port = 0; port < totals.size(); ++port) {
        const ReactorPool::Listener &listener = reactors.ports()[port];
        const ListenerTotals &counted = totals[port];
        admin::ListenerDescription shown;
        shown.name = listener.name;
        shown.address = listener.address;
        shown.kind = kindOf(listener.kind);
        shown.tls = listener.hasTls;
        shown.handler = listener.handler;
        shown.connections = qint64(counted.opened - counted.closed);
        shown.accepted = qint64(counted.opened);
        shown.messagesReceived = qint64(counted.messagesReceived);
        shown.messagesSent = qint64(counted.messagesSent);
        shown.bytesReceived = qint64(counted.bytesReceived);
        shown.bytesSent = qint64(counted.bytesSent);
        list.append(shown);
    }
    return list;
}

} // namespace Quern::app
