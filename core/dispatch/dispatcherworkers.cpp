// The half of Dispatcher that looks after workers: their coming and going, those that stand still, and deadlines.

#include "dispatch/dispatcher.h"
#include "dispatch/eventlanes.h"
#include "dispatch/log.h"

#include <Quern/requestid.h>

#include <QTimerEvent>

#include <algorithm>

namespace Quern::dispatch {

namespace {

/// The log tells of late answers this often at most.
constexpr std::chrono::seconds deadlineReportInterval(1);

} // namespace

void Dispatcher::addWorker(std::unique_ptr<WorkerLink> link)
{
    auto worker = std::make_unique<WorkerEntry>(std::move(link), m_settings.workerMaxConcurrency);
    worker->setActive(isToServe(*worker));
    const int workerId = worker->info().workerId;
    const auto place = std::find_if(m_workers.begin(), m_workers.end(),
                                    [workerId](const auto &other) { return other->info().workerId > workerId; });
    if (m_meter) {
        std::vector<metrics::RouteNumber> numbers;
        const QList<ipc::RouteEntry> &routes = worker->info().routes;
        for (const ipc::RouteEntry &route : routes)
            numbers.push_back(m_meter->requests.routeOf(route.pattern));
        worker->setRouteNumbers(std::move(numbers));
    }
    WorkerEntry *added = m_workers.insert(place, std::move(worker))->get();
    learnRoutes();
    pump();
    if (m_lanes)
        m_lanes->workerAdded(added);
}

void Dispatcher::activate(int generation)
{
    m_generation = generation;
    m_admitted = 0;
    m_admittedRoutes.reset();
    m_available = true;
    for (const auto &worker : m_workers)
        worker->setActive(isToServe(*worker));
    learnRoutes();
    pump();
    if (m_lanes)
        m_lanes->generationChanged();
}

void Dispatcher::admit(int generation)
{
    m_admitted = generation;
    m_admittedRoutes.reset();
    for (const auto &worker : m_workers)
        worker->setActive(isToServe(*worker));
    learnRoutes();
    pump();
}

bool Dispatcher::isToServe(const WorkerEntry &worker) const
{
    const int generation = worker.info().generation;
    const bool isMeant = generation == m_generation || (m_admitted != 0 && generation == m_admitted);
    return isMeant && !worker.isDraining();
}

void Dispatcher::learnRoutes()
{
    // All workers of a generation have the same routes.
    const auto workerOfGeneration = [this](int generation) {
        return std::find_if(m_workers.begin(), m_workers.end(),
                            [generation](const auto &worker) { return worker->info().generation == generation; });
    };
    if (const auto worker = workerOfGeneration(m_generation); worker != m_workers.end())
        m_streamingRoutes = StreamingRoutes::of((*worker)->info().routes);
    if (const auto worker = workerOfGeneration(m_admitted); m_admitted != 0 && worker != m_workers.end())
        m_admittedRoutes = StreamingRoutes::of((*worker)->info().routes);
}

void Dispatcher::drain(quint64 childId)
{
    WorkerEntry *worker = workerOf(childId);
    if (!worker)
        return;
    worker->setDraining();
    worker->link().sendLeaving();
    takeBackUnclaimed(worker, Worker::Lives);
    if (m_lanes) {
        m_lanes->workerLeaves(worker);
        checkDrained(worker);
    }
    for (PendingRequest *each = worker->requests().first(); each; each = worker->requests().next(each)) {
        if (each->answering && each->receiver)
            each->receiver->workerLeaves(each->id);
    }
    pump();
}

void Dispatcher::endEventStreams()
{
    for (const auto &worker : m_workers)
        worker->link().sendLeaving();
}

void Dispatcher::workerDied(quint64 childId, const WorkerDeath &death)
{
    WorkerEntry *worker = workerOf(childId);
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    for (const QByteArray &route : death.blamedRoutes)
        m_faults.record(route, now);
    if (!worker)
        return;
    // The news of its end may come before its last answers have been read.
    worker->setClosed();
    worker->link().readRest();
    settle(worker);
    if (m_lanes)
        m_lanes->workerDied(worker, death);
    if (m_commands)
        m_commands->commandsEnded(childId);
    std::erase_if(m_workers, [worker](const auto &entry) { return entry.get() == worker; });
    pump();
}

void Dispatcher::linkClosed(quint64 childId)
{
    WorkerEntry *worker = workerOf(childId);
    if (!worker)
        return;
    // Nothing more can begin in a dying process: what it had not begun need not wait for the news of its end.
    worker->setClosed();
    takeBackUnclaimed(worker, Worker::IsDead);
    if (m_lanes)
        m_lanes->workerLeaves(worker);
    pump();
    Q_EMIT workerUnreachable(childId);
}

void Dispatcher::takeBackUnclaimed(WorkerEntry *worker, Worker state)
{
    // From the last to the first, each to the front of the queue: their order stays.
    PendingRequest *request = worker->requests().last();
    while (request) {
        PendingRequest *const before = worker->requests().previous(request);
        if (request->answering || !worker->link().ring().revoke(request->claim)) {
            // It has begun.
        } else if (request->receiver && state == Worker::IsDead && ++request->deaths > MaxDeaths) {
            // It may be what they die of, and would go on from one to the next.
            ++m_counters.lost;
            qCWarning(logDispatch).noquote() << "request" << RequestId::text(request->id) << "was sent to"
                                             << request->deaths << "workers that died: answered 502";
            fail(request, 502);
        } else {
            worker->remove(request);
            if (request->receiver) {
                ++m_counters.redispatched;
                request->takenBack = quint8(qMin(request->takenBack + 1, 255));
                enqueue(request, true);
            } else {
                finish(request);
            }
        }
        request = before;
    }
    checkDrained(worker);
}

void Dispatcher::settle(WorkerEntry *worker)
{
    worker->setClosed();
    takeBackUnclaimed(worker, Worker::IsDead);
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    const qint64 pid = worker->info().pid;
    PendingRequest *request = worker->requests().last();
    while (request) {
        PendingRequest *const before = worker->requests().previous(request);
        ResponseReceiver *receiver = request->receiver;
        const quint64 id = request->id;
        if (!receiver) {
            finish(request);
        } else if (request->answering) {
            finish(request);
            receiver->responseBroken(id);
        } else if (mayRunAgain(*request, now)) {
            worker->remove(request);
            request->retried = true;
            ++m_counters.retried;
            enqueue(request, true);
        } else {
            ++m_counters.lost;
            qCWarning(logDispatch).noquote()
                << "request" << RequestId::text(id) << "was in worker" << worker->info().workerId << "with pid" << pid
                << "when it died: answered 502";
            fail(request, 502);
        }
        request = before;
    }
}

bool Dispatcher::mayRunAgain(const PendingRequest &request, base::MonotonicTime now) const
{
    if (!request.order.isSafe || request.retried || request.order.isStreamed)
        return false;
    const quint32 place = request.worker->link().ring().route(request.claim);
    const QList<ipc::RouteEntry> &routes = request.worker->info().routes;
    if (place >= quint32(routes.size()))
        return true; // no handler has run: it was looked up, in a hook, or about to be answered by the server itself
    const ipc::RouteEntry &route = routes.at(place);
    return route.retry && !m_faults.isRecent(route.name(), now);
}

void Dispatcher::checkDrained(WorkerEntry *worker)
{
    const bool hasEvents = m_lanes && m_lanes->hasEvents(worker);
    if (!hasEvents && worker->takeDrained())
        Q_EMIT workerDrained(worker->info().childId);
}

void Dispatcher::timerEvent(QTimerEvent *event)
{
    if (event->timerId() != m_watch.timerId())
        return;
    // Stopped here and not with the last request: under light load each request would start and stop it.
    if (isIdle()) {
        m_watch.stop();
        return;
    }
    const base::MonotonicTime now = std::chrono::steady_clock::now();
    watchWorkers(now);
    expireOverdue(now);
}

void Dispatcher::watchWorkers(base::MonotonicTime now)
{
    for (const auto &worker : m_workers) {
        const bool hasEvents = m_lanes && m_lanes->hasEvents(worker.get());
        if (!worker->look(base::toNanoseconds(now), RunLimit, StartLimit, hasEvents))
            continue;
        takeBackUnclaimed(worker.get(), Worker::Lives);
        reportIfStuck(worker.get(), now);
    }
    pump();
}

void Dispatcher::expireOverdue(base::MonotonicTime now)
{
    if (m_settings.requestTimeout.count() == 0)
        return;
    while (PendingRequest *request = m_deadlines.first()) {
        if (now - request->awaited < m_settings.requestTimeout)
            return;
        static_cast<base::ListNode<DeadlineTag> *>(request)->unlink();
        if (!request->receiver)
            continue;
        ++m_counters.expired;
        if (!request->isDispatched() || request->worker->link().ring().revoke(request->claim)) {
            fail(request, 504);
            continue;
        }
        tellOfDeadline(*request, now);
        ResponseReceiver *receiver = std::exchange(request->receiver, nullptr);
        request->worker->link().sendCancel(request->id);
        receiver->responseFailed(request->id, 504, routeOf(*request));
    }
}

void Dispatcher::tellOfDeadline(const PendingRequest &request, base::MonotonicTime now)
{
    // Where one request waits in vain, thousands may.
    if (now < m_deadlineTold + deadlineReportInterval) {
        ++m_untoldDeadlines;
        return;
    }
    m_deadlineTold = now;
    const quint32 place = request.worker->link().ring().route(request.claim);
    const QList<ipc::RouteEntry> &routes = request.worker->info().routes;
    const QByteArray route =
        place < quint32(routes.size()) ? routes.at(place).name() : QByteArrayLiteral("no route yet");
    const int untold = std::exchange(m_untoldDeadlines, 0);
    qCWarning(logDispatch).noquote().nospace()
        << "request " << RequestId::text(request.id) << " (" << route << ") was not answered within "
        << std::chrono::duration<double>(m_settings.requestTimeout).count() << " s: it gets 504"
        << (untold > 0 ? QStringLiteral("; so did %1 others since the last line like this").arg(untold) : QString());
}

void Dispatcher::reportIfStuck(WorkerEntry *worker, base::MonotonicTime now)
{
    if (m_settings.requestTimeout.count() == 0)
        return;
    const ipc::ClaimRing &ring = worker->link().ring();
    const auto limit = std::chrono::duration_cast<std::chrono::seconds>(m_settings.requestTimeout).count();
    if (const auto running = ring.running()) {
        if (now - base::fromNanoseconds(running->sinceNs) < m_settings.requestTimeout)
            return;
        const QList<ipc::RouteEntry> &routes = worker->info().routes;
        const QByteArray route =
            running->route < quint32(routes.size()) ? routes.at(running->route).name() : QByteArrayLiteral("?");
        const QString subject =
            running->isEvent
                ? QStringLiteral("for connection %1").arg(running->requestId)
                : QStringLiteral("in request %1").arg(QLatin1StringView(RequestId::text(running->requestId)));
        Q_EMIT workerStuck(worker->info().childId,
                           QStringLiteral("handler %1 has been running for longer than %2 s, %3")
                               .arg(QString::fromUtf8(route))
                               .arg(limit)
                               .arg(subject));
    } else if (worker->stillSince() > 0 &&
               now - base::fromNanoseconds(worker->stillSince()) >= m_settings.requestTimeout) {
        Q_EMIT workerStuck(worker->info().childId, QStringLiteral("its event loop has not turned for %1 s").arg(limit));
    }
}

} // namespace Quern::dispatch
