#pragma once

#include "dispatch/eventlanes.h"
#include "fakeworker.h"

#include <functional>
#include <map>

namespace DispatchTest {

/// Says yes to all, and notes what it hears.
struct LaneOwner final : Quern::dispatch::EventOwner
{
    void eventsProgressed(Quern::dispatch::LiveConnection *connection) override { ++progressed[connection->id]; }
    void connectionSettled(Quern::dispatch::LiveConnection *connection) override { settled.append(connection->id); }
    void handlerMissing(Quern::dispatch::LiveConnection *connection) override
    {
        if (whenMissing)
            whenMissing(connection);
    }
    void handlersChanged() override { ++changes; }
    void openingLost(Quern::dispatch::LiveConnection *connection) override { unopened.append(connection->id); }
    void lanesEmptied() override { ++emptied; }

    std::map<quint64, int> progressed;
    QList<quint64> settled;
    QList<quint64> unopened;
    int emptied = 0;
    std::function<void(Quern::dispatch::LiveConnection *)> whenMissing;
    int changes = 0;
};

/// A dispatcher with lanes and two workers, 0 and 1. Connections are homed by the numbers that they are given.
class LaneScene
{
public:
    static constexpr int WorkerNum = 2;

    explicit LaneScene(Quern::dispatch::DispatchSettings settings = {});
    ~LaneScene();

    Quern::dispatch::LiveConnection *connect(quint64 home, const QByteArray &pattern = "/echo");
    void submit(Quern::dispatch::LiveConnection *connection, const QByteArray &body,
                Quern::ipc::EventKind kind = Quern::ipc::EventKind::Text);
    void close(Quern::dispatch::LiveConnection *connection);
    void submitPacket(quint64 home, const QByteArray &body);
    /// A worker with routes for WebSockets of these patterns, in this order, and behind them the handler "lines".
    std::unique_ptr<FakeWorker> addWorker(int workerId, int generation = 1,
                                          const QByteArrayList &patterns = {"/echo", "/other"});

private:
    static Quern::dispatch::DispatchSettings adapted(Quern::dispatch::DispatchSettings settings);

    std::vector<std::unique_ptr<Quern::dispatch::LiveConnection>> m_connections;

public:
    Quern::dispatch::Dispatcher dispatcher;
    LaneOwner owner;
    std::unique_ptr<Quern::dispatch::EventLanes> lanes;
    std::unique_ptr<FakeWorker> first;
    std::unique_ptr<FakeWorker> second;
};

/// What \a worker was sent for a connection, 0 for packets, with blanks in between.
QByteArray bodiesOf(const FakeWorker &worker, quint64 connectionId);

} // namespace DispatchTest
