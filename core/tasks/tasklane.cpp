#include "tasks/tasklane.h"

#include <algorithm>

namespace Quern::tasks {

namespace {

/// What counts of the time between two questions at most; they come much sooner, unless the asking process was stopped
/// itself.
constexpr std::chrono::nanoseconds longestLook = std::chrono::milliseconds(100);
constexpr std::chrono::milliseconds longestPatience = std::chrono::seconds(1);

} // namespace

qsizetype TaskLane::room() const
{
    if (!isActive() || m_blocked || m_sentBytes >= MaxSentBytes)
        return 0;
    // Of a task worker that has run nothing yet the price is not known.
    const quint64 averageNs = m_link.page()->counters().handlerNs.load(std::memory_order_relaxed);
    const quint64 window =
        averageNs == 0 ? 1 : std::clamp<quint64>(quint64(WindowTime.count()) / averageNs, 1, MaxWindow);
    return window > m_sent.size() ? qsizetype(window - m_sent.size()) : 0;
}

void TaskLane::send(TaskStore &store, const TaskRecord &record, bool wantsFinish)
{
    ipc::RunTaskMessage message;
    message.sequence = ++m_sequence;
    message.resumeAt = record.resumeAt;
    message.attempt = quint16(std::min<quint32>(record.attempts + 1, 0xffff));
    message.tries = quint16(std::min<quint32>(record.tries, 0xffff));
    message.flags =
        quint8((record.kind == TaskKind::Event ? ipc::EventTask : 0) | (wantsFinish ? ipc::WantsFinish : 0) |
               (record.isMap ? ipc::MapPayload : 0) | (record.spillFile.isEmpty() ? 0 : ipc::SpilledPayload));
    message.name = record.name;
    message.payload = record.spillFile.isEmpty() ? record.payload : record.spillFile;
    ipc::Channel &channel = m_link.channel();
    channel.sendWith([&](QByteArray &out) { ipc::appendRunTask(out, record.id, message); });
    if (channel.isBatchFull())
        channel.flush();
    if (!isWatched())
        m_lookedNs = 0;
    const qint64 bytes = message.payload.size();
    m_sent.push_back({&store, &record, message.sequence, bytes});
    m_sentBytes += bytes;
}

std::optional<TaskLane::Sent> TaskLane::take(quint64 sequence)
{
    // It runs one after the other: this is the first, as a rule.
    const auto found =
        std::find_if(m_sent.begin(), m_sent.end(), [sequence](const Sent &sent) { return sent.sequence >= sequence; });
    if (found == m_sent.end() || found->sequence != sequence)
        return std::nullopt;
    const Sent sent = *found;
    m_sent.erase(found);
    m_sentBytes -= sent.bytes;
    m_patience = StuckAfter;
    ++m_ended;
    return sent;
}

std::optional<TaskLane::Running> TaskLane::running() const
{
    const ipc::ChildCounters &counters = m_link.page()->counters();
    if (!hasTaskOnStack())
        return std::nullopt;
    const quint64 id = counters.currentRequest.load(std::memory_order_relaxed);
    const quint64 sinceNs = counters.currentSinceNs.load(std::memory_order_relaxed);
    // The first, unless the end of another is on its way.
    const auto found =
        std::find_if(m_sent.begin(), m_sent.end(), [id](const Sent &sent) { return sent.record->id == id; });
    return found == m_sent.end() ? std::nullopt : std::optional(Running{&*found, sinceNs});
}

bool TaskLane::hasTaskOnStack() const
{
    return m_link.page()->counters().currentSlot.load(std::memory_order_acquire) == ipc::TaskSlot;
}

TaskLane::Pulse TaskLane::pulse() const
{
    return {m_gate.begun(), m_ended, m_link.page()->counters().loopTurns.load(std::memory_order_acquire)};
}

std::chrono::nanoseconds TaskLane::standstill(quint64 nowNs)
{
    const Pulse now = pulse();
    const quint64 since = std::exchange(m_lookedNs, nowNs);
    if (!isWatched() || hasTaskOnStack() || since == 0 || now != m_pulse) {
        m_still = std::chrono::nanoseconds(0);
        m_pulse = now;
        if (std::exchange(m_isStill, false))
            m_blocked = false;
        return m_still;
    }
    m_still += std::min(std::chrono::nanoseconds(nowNs - since), longestLook);
    return m_still;
}

std::vector<TaskLane::Sent> TaskLane::takeBackFromStill()
{
    m_isStill = m_blocked = true;
    m_patience = std::min(2 * m_patience, longestPatience);
    std::vector<Sent> taken = takeBack();
    m_pulse = pulse(); // what was taken back looks as if it had begun
    return taken;
}

std::vector<TaskLane::Sent> TaskLane::takeBehind(quint64 begun)
{
    const auto first =
        std::find_if(m_sent.begin(), m_sent.end(), [begun](const Sent &sent) { return sent.sequence > begun; });
    std::vector<Sent> taken(first, m_sent.end());
    m_sent.erase(first, m_sent.end());
    for (const Sent &sent : taken)
        m_sentBytes -= sent.bytes;
    return taken;
}

std::vector<TaskLane::Sent> TaskLane::takeBack()
{
    return takeBehind(m_gate.takeBack(m_sequence));
}

std::vector<TaskLane::Sent> TaskLane::close()
{
    m_closed = true;
    return takeBehind(m_gate.close());
}

std::vector<TaskLane::Sent> TaskLane::takeAll()
{
    return takeBehind(0);
}

bool TaskLane::takeDrained()
{
    return m_draining && m_sent.empty() && !std::exchange(m_drainedTaken, true);
}

quint64 TaskLane::takeUsedUp(quint64 limit, quint64 grace)
{
    const quint64 own = limit + quint64(double(grace) * m_share);
    return limit > 0 && m_ended >= own && !std::exchange(m_usedUpTaken, true) ? m_ended : 0;
}

} // namespace Quern::tasks
