#include "app/server/trafficmetrics.h"

#include "app/server/familylist.h"
#include "app/server/listenerlist.h"
#include "app/server/reactorpool.h"
#include "dispatch/eventlanes.h"

#include <map>

namespace Quern::app {

namespace {

using metrics::addHistogram;
using metrics::addValue;

/// What all reactors have counted together.
struct RequestTotals
{
    quint64 taken = 0;
    quint64 refused = 0;
    quint64 expired = 0;
    quint64 lost = 0;
    quint64 retried = 0;
    quint64 redispatched = 0;
    quint64 queued = 0;
    quint64 inFlight = 0;
    quint64 events = 0;
    quint64 eventsMoved = 0;
    quint64 eventsLost = 0;

    void add(const dispatch::Reactor &reactor)
    {
        const dispatch::DispatchCounters &counters = reactor.counters();
        taken += counters.requests;
        refused += counters.refused;
        expired += counters.expired;
        lost += counters.lost;
        retried += counters.retried;
        redispatched += counters.redispatched;
        queued += counters.queued;
        inFlight += counters.inFlight;
        const dispatch::EventCounters &lanes = reactor.eventCounters();
        events += lanes.handled;
        eventsMoved += lanes.redelivered;
        eventsLost += lanes.dropped + lanes.lostPackets;
    }
};

void addRequests(FamilyList &list, const RequestTotals &totals)
{
    list.counter("quern_requests_total", "Requests given to workers.", double(totals.taken));
    list.counter("quern_requests_refused_total", "Requests answered 503 since too many waited.",
                 double(totals.refused));
    list.counter("quern_requests_timed_out_total", "Requests answered 504.", double(totals.expired));
    list.counter("quern_requests_lost_total", "Requests answered 502 since their worker died.", double(totals.lost));
    list.counter("quern_requests_retried_total", "Requests run again after their worker died.", double(totals.retried));
    list.counter("quern_requests_redispatched_total", "Requests given to another worker before they had begun.",
                 double(totals.redispatched));
    list.gauge("quern_requests_queued", "Requests that wait for a worker.", double(totals.queued));
    list.gauge("quern_requests_in_flight", "Requests that wait for a worker or are with one.", double(totals.inFlight));
    list.counter("quern_events_total", "Events of live connections that handlers were called for.",
                 double(totals.events));
    list.counter("quern_events_redelivered_total", "Events given to another worker since theirs died or left.",
                 double(totals.eventsMoved));
    list.counter("quern_events_lost_total", "Events that a dying worker had begun, and datagrams without room.",
                 double(totals.eventsLost));
}

/// What is measured by ReactorMeter; nothing if the settings say so.
void addMeters(FamilyList &list, const ReactorPool &reactors)
{
    std::vector<std::vector<metrics::RequestMeter::Series>> readings;
    metrics::HistogramReading wait(metrics::waitBounds().seconds());
    std::optional<metrics::HistogramReading> window;
    std::vector<metrics::HistogramReading> lags;
    for (int i = 0; i < reactors.size(); ++i) {
        const dispatch::ReactorMeter *meter = reactors.at(i).readMeter();
        if (!meter)
            return;
        readings.push_back(meter->requests.read());
        wait.add(meter->queueWait.read());
        if (window)
            window->add(meter->window.read());
        else
            window = meter->window.read();
        lags.push_back(meter->loopLag.read());
    }
    prometheus::MetricFamily &requests =
        list.histogram("http_server_requests_seconds", "Time from the last byte of a request to the first of its "
                                                       "answer, by method, pattern of the route, and status.");
    for (const metrics::RequestMeter::Series &series : metrics::sumOf(readings)) {
        addHistogram(requests,
                     {{"method", metrics::httpMethodName(series.method)},
                      {"route", series.route},
                      {"status", std::to_string(series.status)}},
                     series.times);
    }
    addHistogram(list.histogram("quern_request_queue_wait_seconds", "Time that requests waited for a worker."), {},
                 wait);
    if (window) {
        addHistogram(list.histogram("quern_dispatch_window_requests",
                                    "How many requests a worker might have under way when it was given one."),
                     {}, *window);
    }
    prometheus::MetricFamily &lag =
        list.histogram("quern_event_loop_lag_seconds", "How late timers of the reactors were.");
    for (std::size_t i = 0; i < lags.size(); ++i)
        addHistogram(lag, {{"reactor", std::to_string(i)}}, lags[i]);
}

/// By name: what belongs to several addresses has one.
std::map<std::string, ListenerTotals> totalsByName(const ReactorPool &reactors)
{
    const std::vector<ListenerTotals> totals = listenerTotals(reactors);
    std::map<std::string, ListenerTotals> listeners;
    for (std::size_t port = 0; port < totals.size(); ++port)
        listeners[reactors.ports()[port].name.toStdString()].add(totals[port]);
    return listeners;
}

void addListeners(FamilyList &list, const ReactorPool &reactors)
{
    const std::map<std::string, ListenerTotals> listeners = totalsByName(reactors);
    const auto each = [&listeners](prometheus::MetricFamily &family, auto value) {
        for (const auto &[name, totals] : listeners)
            addValue(family, {{"listener", name}}, double(value(totals)));
    };
    each(list.gauge("quern_connections", "Open connections."), [](const auto &t) { return t.opened - t.closed; });
    each(list.counter("quern_connections_accepted_total", "Connections accepted and served."),
         [](const auto &t) { return t.opened; });
    each(list.counter("quern_messages_received_total", "WebSocket messages, packages and datagrams received."),
         [](const auto &t) { return t.messagesReceived; });
    each(list.counter("quern_messages_sent_total", "WebSocket messages, packages and datagrams sent."),
         [](const auto &t) { return t.messagesSent; });
    each(list.counter("quern_received_bytes_total", "Bytes received by connections, without those of TLS."),
         [](const auto &t) { return t.bytesReceived; });
    each(list.counter("quern_sent_bytes_total", "Bytes sent by connections, without those of TLS."),
         [](const auto &t) { return t.bytesSent; });
}

} // namespace

std::vector<prometheus::MetricFamily> TrafficMetrics::Collect() const
{
    FamilyList list;
    RequestTotals totals;
    quint64 refused = 0;
    for (int i = 0; i < m_reactors.size(); ++i) {
        totals.add(m_reactors.at(i));
        refused += m_reactors.at(i).refusedCount();
    }
    addRequests(list, totals);
    addMeters(list, m_reactors);
    addListeners(list, m_reactors);
    list.counter("quern_connections_refused_total", "Connections beyond max_conn or max_conn_per_ip.", double(refused));
    return list.take();
}

} // namespace Quern::app
