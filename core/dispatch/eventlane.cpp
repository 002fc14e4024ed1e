#include "dispatch/eventlane.h"

namespace Quern::dispatch {

namespace {

quint32 placeIn(const QList<ipc::RouteEntry> &routes, QByteArrayView method, QByteArrayView pattern,
                QByteArrayView service)
{
    for (qsizetype place = 0; place < routes.size(); ++place) {
        const ipc::RouteEntry &route = routes.at(place);
        if (route.method == method && route.pattern == pattern && route.service == service)
            return quint32(place);
    }
    return ipc::NoRoute;
}

QByteArrayView methodOf(const LiveConnection &connection)
{
    return connection.kind == ipc::ConnectionKind::WebSocket ? ipc::RouteEntry::WebSocketMethod
                                                             : ipc::RouteEntry::SocketMethod;
}

} // namespace

void EventLane::append(LiveEvent *event)
{
    m_waiting.append(event);
}

bool EventLane::send(LiveEvent *event)
{
    WorkerLink &link = m_worker->link();
    if (event->sequence != 0)
        return sendRest(event);
    const bool isFull = m_sentCount >= MaxSent || (m_sentCount > 0 && m_sentBytes >= MaxSentBytes);
    if (isFull || !link.isWritable())
        return false;
    ipc::EventMessage message;
    message.route = routeOf(*event);
    if (message.route == ipc::NoRoute)
        return true;
    event->sequence = ++m_sequence;
    const LiveConnection *connection = event->connection;
    message.kind = event->kind;
    message.sequence = event->sequence;
    message.bodyLength = quint32(event->body.size());
    message.code = event->code;
    message.port = event->port;
    message.closer = event->closer;
    message.name = connection ? connection->user : event->name;
    message.bodyPart = ipc::BodySender::firstPart(event->body);
    link.sendEvent(connection ? connection->id : 0, message);
    m_bodySent = message.bodyPart.size();
    return sendRest(event);
}

bool EventLane::sendRest(LiveEvent *event)
{
    WorkerLink &link = m_worker->link();
    while (m_bodySent < event->body.size()) {
        if (!link.isWritable())
            return false;
        const qsizetype size = qMin(ipc::MaxBodyPart, event->body.size() - m_bodySent);
        link.sendEventBody(QByteArrayView(event->body).sliced(m_bodySent, size));
        m_bodySent += size;
    }
    m_sent.append(event);
    ++m_sentCount;
    m_sentBytes += event->bytes();
    m_bodySent = 0;
    return true;
}

quint32 EventLane::routeOf(const LiveEvent &event)
{
    if (event.connection)
        return routeOf(event.connection);
    return placeIn(m_worker->info().routes, ipc::RouteEntry::SocketMethod, event.handler, event.handler);
}

quint32 EventLane::routeOf(LiveConnection *connection)
{
    if (connection->routeChild != childId()) {
        connection->routeChild = childId();
        connection->route =
            placeIn(m_worker->info().routes, methodOf(*connection), connection->routePattern, connection->routeService);
    }
    return connection->route;
}

LiveEvent *EventLane::firstDone(quint64 sequence) const
{
    LiveEvent *event = m_sent.first();
    return event && event->sequence <= sequence ? event : nullptr;
}

void EventLane::remove(LiveEvent *event)
{
    // What has been sent stands before what waits: a sequence that is under way is not complete.
    const bool isSent = event->sequence != 0 && event != m_waiting.first();
    static_cast<base::ListNode<EventTag> *>(event)->unlink();
    if (!isSent)
        return;
    --m_sentCount;
    m_sentBytes -= event->bytes();
}

void EventLane::close(EventList &unbegun)
{
    const quint64 begun = m_worker->link().gate().close();
    EventList begunEvents;
    while (LiveEvent *event = m_sent.first()) {
        if (event->sequence <= begun) {
            begunEvents.append(event);
            continue;
        }
        remove(event);
        event->sequence = 0;
        unbegun.append(event);
    }
    while (LiveEvent *event = begunEvents.first())
        m_sent.append(event);
    while (LiveEvent *event = m_waiting.first()) {
        event->sequence = 0;
        unbegun.append(event);
    }
    m_bodySent = 0;
}

void EventLane::takeAll(EventList &events)
{
    while (LiveEvent *event = m_sent.first())
        events.append(event);
    while (LiveEvent *event = m_waiting.first())
        events.append(event);
    m_sentCount = 0;
    m_sentBytes = 0;
}

} // namespace Quern::dispatch
