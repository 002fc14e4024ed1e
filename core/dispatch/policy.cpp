#include "dispatch/policy.h"

namespace Quern::dispatch {

namespace {

using Workers = std::span<const std::unique_ptr<WorkerEntry>>;

class RoundRobinPolicy final : public Policy
{
public:
    WorkerEntry *choose(Workers workers, const RequestOrder &) override
    {
        for (std::size_t i = 0; i < workers.size(); ++i) {
            WorkerEntry *worker = workers[(m_next + i) % workers.size()].get();
            if (worker->hasRoom()) {
                m_next = (m_next + i + 1) % workers.size();
                return worker;
            }
        }
        return nullptr;
    }

private:
    std::size_t m_next = 0;
};

class IdlePolicy final : public Policy
{
public:
    IdlePolicy(int workerNum, const ReactorPlace &place) : m_place(place), m_workerNum(workerNum) {}

    WorkerEntry *choose(Workers workers, const RequestOrder &order) override
    {
        // Each brings a connection that stays: they are to be shared out, however idle the first worker may be.
        if (order.isHandshake)
            return chooseForHandshake(workers, order);
        // The first of equals: under light load the same worker keeps its caches warm.
        WorkerEntry *best = nullptr;
        for (const auto &worker : workers) {
            if (!worker->hasRoom())
                continue;
            if (worker->workUnderWay() < WorkerEntry::PackTime)
                return worker.get();
            if (!best || worker->load() < best->load())
                best = worker.get();
        }
        return best;
    }

private:
    WorkerEntry *chooseForHandshake(Workers workers, const RequestOrder &order)
    {
        for (int i = 0; i < m_place.ownWorkers(m_workerNum); ++i) {
            const int wanted = m_place.ownWorker(m_turn++, m_workerNum);
            for (const auto &worker : workers) {
                if (worker->info().workerId == wanted && worker->hasRoom())
                    return worker.get();
            }
        }
        return m_others.choose(workers, order);
    }

    RoundRobinPolicy m_others; ///< if none of the reactor's own workers has room
    ReactorPlace m_place;
    int m_workerNum;
    quint64 m_turn = 0;
};

/// Sticks to one worker number. While that worker is being replaced, the next one stands in.
class PinningPolicy final : public Policy
{
public:
    using Key = quint64 RequestOrder::*;

    PinningPolicy(Key key, int workerNum) : m_key(key), m_workerNum(workerNum) {}

    int pinnedTo(const RequestOrder &order) const override { return int(order.*m_key % quint64(m_workerNum)); }

    WorkerEntry *choose(Workers workers, const RequestOrder &order) override
    {
        const int home = pinnedTo(order);
        WorkerEntry *chosen = nullptr;
        for (const auto &worker : workers) {
            if (!worker->isActive())
                continue;
            if (!chosen)
                chosen = worker.get();
            if (worker->info().workerId >= home) {
                chosen = worker.get();
                break;
            }
        }
        return chosen && chosen->hasRoom() ? chosen : nullptr;
    }

private:
    Key m_key;
    int m_workerNum;
};

} // namespace

std::unique_ptr<Policy> Policy::create(DispatchMode mode, int workerNum, const ReactorPlace &place)
{
    switch (mode) {
    case DispatchMode::RoundRobin:
        return std::make_unique<RoundRobinPolicy>();
    case DispatchMode::ByConnection:
    case DispatchMode::ByUser: // HTTP requests have no user
        return std::make_unique<PinningPolicy>(&RequestOrder::connectionId, workerNum);
    case DispatchMode::ByAddress:
        return std::make_unique<PinningPolicy>(&RequestOrder::addressHash, workerNum);
    case DispatchMode::Idle:
        break;
    }
    return std::make_unique<IdlePolicy>(workerNum, place);
}

} // namespace Quern::dispatch
