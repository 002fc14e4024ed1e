#include "ipc/childpage.h"

namespace Quern::ipc {

namespace {

/// The child's counters, the master's, the progress and the slots stand in cache lines of their own, since different
/// threads write them.
constexpr std::size_t childCountersSize = 128;
constexpr std::size_t masterCountersSize = 128;
constexpr std::size_t progressSize = 64;
constexpr std::size_t taskProgressOffset = childCountersSize + masterCountersSize;
constexpr std::size_t progressOffset = taskProgressOffset + progressSize;
static_assert(sizeof(EventProgress) <= progressSize && sizeof(TaskProgress) <= progressSize);
static_assert(sizeof(ChildCounters) <= childCountersSize && sizeof(MasterCounters) <= masterCountersSize);
static_assert(std::atomic<quint64>::is_always_lock_free && std::atomic<quint32>::is_always_lock_free);

/// The metrics begin with a page of the machine, so that one without any has none there.
constexpr std::size_t machinePage = 4096;

std::size_t metricOffset(int reactorCount)
{
    const std::size_t ring =
        progressOffset + std::size_t(reactorCount) * (progressSize + ChildPage::SlotsPerReactor * sizeof(ClaimSlot));
    return (ring + machinePage - 1) / machinePage * machinePage;
}

} // namespace

ChildPage::ChildPage(base::SharedMemory memory, int reactorCount)
    : m_memory(std::make_shared<base::SharedMemory>(std::move(memory)))
    , m_reactorCount(reactorCount)
{
}

std::size_t ChildPage::bytesFor(int reactorCount)
{
    return metricOffset(reactorCount) + MetricBytes;
}

Result<ChildPage> ChildPage::create(int reactorCount)
{
    Result<base::SharedMemory> memory = base::SharedMemory::create("quern-child", bytesFor(reactorCount));
    if (!memory)
        return memory.error();
    ChildPage page(std::move(*memory), reactorCount);
    page.counters().currentSlot = NoSlot;
    return page;
}

Result<ChildPage> ChildPage::adopt(int fd, int reactorCount)
{
    Result<base::SharedMemory> memory = base::SharedMemory::adopt(fd, bytesFor(reactorCount));
    if (!memory)
        return memory.error();
    return ChildPage(std::move(*memory), reactorCount);
}

ChildCounters &ChildPage::counters() const
{
    // Zero-filled memory is a valid ChildCounters: it holds lock-free atomics only.
    return *static_cast<ChildCounters *>(m_memory->data());
}

MasterCounters &ChildPage::masterCounters() const
{
    return *reinterpret_cast<MasterCounters *>(static_cast<char *>(m_memory->data()) + childCountersSize);
}

EventProgress &ChildPage::eventProgress(int reactorId) const
{
    char *first = static_cast<char *>(m_memory->data()) + progressOffset;
    return *reinterpret_cast<EventProgress *>(first + std::size_t(reactorId) * progressSize);
}

TaskProgress &ChildPage::taskProgress() const
{
    return *reinterpret_cast<TaskProgress *>(static_cast<char *>(m_memory->data()) + taskProgressOffset);
}

std::span<ClaimSlot> ChildPage::claimSlots() const
{
    char *place = static_cast<char *>(m_memory->data()) + progressOffset + std::size_t(m_reactorCount) * progressSize;
    auto *first = reinterpret_cast<ClaimSlot *>(place);
    return {first, std::size_t(m_reactorCount) * SlotsPerReactor};
}

std::shared_ptr<void> ChildPage::metricArea() const
{
    return {m_memory, static_cast<char *>(m_memory->data()) + metricOffset(m_reactorCount)};
}

} // namespace Quern::ipc
