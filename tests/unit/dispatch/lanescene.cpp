#include "lanescene.h"

using namespace Quern;
using namespace Quern::dispatch;

namespace DispatchTest {

LaneScene::LaneScene(DispatchSettings settings)
    : dispatcher(adapted(settings), 0)
    , lanes(std::make_unique<EventLanes>(&dispatcher, ReactorPlace{}, settings.mode, WorkerNum, &owner))
{
    lanes->setRedeliver(settings.redeliver);
    dispatcher.setLanes(lanes.get());
    first = addWorker(0);
    second = addWorker(1);
    dispatcher.activate(1);
}

LaneScene::~LaneScene()
{
    dispatcher.setLanes(nullptr);
    lanes.reset();
}

DispatchSettings LaneScene::adapted(DispatchSettings settings)
{
    settings.workerNum = WorkerNum;
    return settings;
}

LiveConnection *LaneScene::connect(quint64 home, const QByteArray &pattern)
{
    m_connections.push_back(std::make_unique<LiveConnection>());
    LiveConnection *connection = m_connections.back().get();
    connection->id = m_connections.size();
    // Lanes ask whether there is one, and no more.
    connection->session = static_cast<LiveSession *>(static_cast<void *>(connection));
    connection->home = home;
    connection->kind = ipc::ConnectionKind::WebSocket;
    connection->routePattern = pattern;
    return connection;
}

void LaneScene::submit(LiveConnection *connection, const QByteArray &body, ipc::EventKind kind)
{
    auto event = std::make_unique<LiveEvent>();
    event->kind = kind;
    event->body = body;
    lanes->submit(connection, std::move(event));
}

void LaneScene::close(LiveConnection *connection)
{
    connection->session = nullptr;
    submit(connection, {}, ipc::EventKind::Close);
}

void LaneScene::submitPacket(quint64 home, const QByteArray &body)
{
    auto event = std::make_unique<LiveEvent>();
    event->kind = ipc::EventKind::Packet;
    event->body = body;
    event->home = home;
    event->handler = "lines";
    lanes->submitPacket(std::move(event));
}

std::unique_ptr<FakeWorker> LaneScene::addWorker(int workerId, int generation, const QByteArrayList &patterns)
{
    WorkerInfo info = FakeWorker::info(workerId, generation);
    info.routes.clear();
    for (const QByteArray &pattern : patterns)
        info.routes.append({ipc::RouteEntry::WebSocketMethod.toByteArray(), pattern, false});
    info.routes.append({ipc::RouteEntry::SocketMethod.toByteArray(), "lines", false, false, {}, "lines"});
    auto made = std::make_unique<FakeWorker>(info);
    made->join(dispatcher);
    return made;
}

QByteArray bodiesOf(const FakeWorker &worker, quint64 connectionId)
{
    QByteArrayList bodies;
    for (const FakeWorker::SentEvent &event : worker.sentEvents()) {
        if (event.connectionId == connectionId)
            bodies.append(event.body);
    }
    return bodies.join(' ');
}

} // namespace DispatchTest
