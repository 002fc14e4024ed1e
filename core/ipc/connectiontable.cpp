#include "ipc/connectiontable.h"

#include <array>
#include <cstring>
#include <limits>

namespace Quern::ipc {

namespace {

constexpr std::size_t headerSize = 4096;
/// A reader that has met a writer so often gives up: the writer is never away for longer than a few stores.
constexpr int maxTries = 1000;

struct Header
{
    std::atomic<quint32> epoch;
};

struct ReactorHeader
{
    alignas(64) std::atomic<quint32> usedSlots;
    alignas(64) std::atomic<quint32> openCount;
};

constexpr std::size_t reactorHeaderSize = 4096;
static_assert(sizeof(ReactorHeader) <= reactorHeaderSize);
constexpr std::size_t countersSize = ConnectionTable::MaxPorts * sizeof(PortCounters);
constexpr std::size_t partSize =
    (reactorHeaderSize + countersSize + ConnectionTable::SlotsPerReactor * sizeof(ConnectionSlot) + 4095) / 4096 * 4096;

using Text = std::array<quint64, ConnectionSlot::TextWords>;

} // namespace

ConnectionTable::ConnectionTable(base::SharedMemory memory, int reactorCount)
    : m_memory(std::move(memory))
    , m_reactorCount(reactorCount)
{
}

Result<ConnectionTable> ConnectionTable::create(int reactorCount, quint32 epoch)
{
    Result<base::SharedMemory> memory =
        base::SharedMemory::create("quern-connections", headerSize + std::size_t(reactorCount) * partSize);
    if (!memory)
        return memory.error();
    static_cast<Header *>(memory->data())->epoch.store(epoch, std::memory_order_relaxed);
    return ConnectionTable(std::move(*memory), reactorCount);
}

Result<ConnectionTable> ConnectionTable::adopt(int fd, int reactorCount)
{
    Result<base::SharedMemory> memory =
        base::SharedMemory::adopt(fd, headerSize + std::size_t(reactorCount) * partSize);
    if (!memory)
        return memory.error();
    return ConnectionTable(std::move(*memory), reactorCount);
}

quint32 ConnectionTable::epoch() const
{
    return static_cast<const Header *>(m_memory.data())->epoch.load(std::memory_order_relaxed);
}

namespace {

char *partOf(const base::SharedMemory &memory, int reactorId)
{
    return static_cast<char *>(memory.data()) + headerSize + std::size_t(reactorId) * partSize;
}

} // namespace

std::span<ConnectionSlot> ConnectionTable::reactorSlots(int reactorId) const
{
    auto *first = reinterpret_cast<ConnectionSlot *>(partOf(m_memory, reactorId) + reactorHeaderSize + countersSize);
    return {first, SlotsPerReactor};
}

std::atomic<quint32> &ConnectionTable::usedSlots(int reactorId) const
{
    return reinterpret_cast<ReactorHeader *>(partOf(m_memory, reactorId))->usedSlots;
}

std::atomic<quint32> &ConnectionTable::openCount(int reactorId) const
{
    return reinterpret_cast<ReactorHeader *>(partOf(m_memory, reactorId))->openCount;
}

PortCounters &ConnectionTable::portCounters(int reactorId, int port) const
{
    auto *first = reinterpret_cast<PortCounters *>(partOf(m_memory, reactorId) + reactorHeaderSize);
    return first[std::size_t(port) % MaxPorts];
}

ConnectionSlot *ConnectionTable::slotOf(quint64 id) const
{
    const ConnectionKey key = ConnectionKey::of(id);
    // Beyond the used ones there is no memory yet, and none should be taken to look.
    if (id == 0 || key.reactor >= m_reactorCount || key.slot >= SlotsPerReactor ||
        key.slot >= usedSlots(key.reactor).load(std::memory_order_acquire))
        return nullptr;
    return &reactorSlots(key.reactor)[key.slot];
}

bool ConnectionTable::contains(quint64 id) const
{
    const ConnectionSlot *slot = slotOf(id);
    return slot && slot->id.load(std::memory_order_acquire) == id;
}

std::optional<ConnectionFacts> ConnectionTable::facts(quint64 id) const
{
    const ConnectionSlot *slot = slotOf(id);
    if (!slot || slot->id.load(std::memory_order_acquire) != id)
        return std::nullopt;
    // While the id is the same, neither of these changes.
    const quint64 word = slot->facts.load(std::memory_order_acquire);
    const quint32 pending = slot->pendingBytes.load(std::memory_order_acquire);
    if (slot->id.load(std::memory_order_relaxed) != id)
        return std::nullopt;
    return ConnectionFacts{ConnectionKind(word >> 24 & 0xff), quint8(word >> 16), pending};
}

std::optional<ConnectionRecord> ConnectionTable::find(quint64 id) const
{
    const ConnectionSlot *slot = slotOf(id);
    if (!slot)
        return std::nullopt;
    std::optional<ConnectionRecord> record = read(*slot);
    return record && record->id == id ? record : std::nullopt;
}

std::optional<ConnectionRecord> ConnectionTable::read(const ConnectionSlot &slot)
{
    for (int i = 0; i < maxTries; ++i) {
        const quint32 before = slot.version.load(std::memory_order_acquire);
        ConnectionRecord record;
        record.id = slot.id.load(std::memory_order_relaxed);
        if (record.id == 0)
            return std::nullopt;
        record.openedMs = slot.openedMs.load(std::memory_order_relaxed);
        record.lastReceivedMs = slot.lastReceivedMs.load(std::memory_order_relaxed);
        record.bytesReceived = slot.bytesReceived.load(std::memory_order_relaxed);
        record.bytesSent = slot.bytesSent.load(std::memory_order_relaxed);
        record.pendingBytes = slot.pendingBytes.load(std::memory_order_relaxed);
        const quint64 facts = slot.facts.load(std::memory_order_relaxed);
        Text words;
        for (std::size_t word = 0; word < words.size(); ++word)
            words[word] = slot.text[word].load(std::memory_order_relaxed);
        std::atomic_thread_fence(std::memory_order_acquire);
        if ((before & 1) != 0 || slot.version.load(std::memory_order_relaxed) != before)
            continue;
        record.remotePort = quint16(facts);
        record.port = quint8(facts >> 16);
        record.kind = ConnectionKind(facts >> 24 & 0xff);
        const QByteArrayView text(reinterpret_cast<const char *>(words.data()), qsizetype(sizeof words));
        const qsizetype addressLength = qMin(qsizetype(facts >> 32 & 0xff), text.size());
        const qsizetype userLength = qMin(qsizetype(facts >> 40 & 0xff), text.size() - addressLength);
        record.remoteAddress = text.first(addressLength).toByteArray();
        record.user = text.sliced(addressLength, userLength).toByteArray();
        return record;
    }
    return std::nullopt;
}

QList<ConnectionRecord> ConnectionTable::list(quint64 after, int limit) const
{
    const ConnectionKey start = ConnectionKey::of(after);
    const quint64 from = after == 0 ? 0 : quint64(start.reactor) << 32 | (start.slot + 1);
    return page(from, limit, std::numeric_limits<int>::max(), [](const ConnectionRecord &) { return true; }).records;
}

ConnectionPage ConnectionTable::page(quint64 from, int limit, int mostSlots,
                                     const std::function<bool(const ConnectionRecord &record)> &accept) const
{
    ConnectionPage found;
    int slotsLeft = mostSlots;
    auto place = quint32(from);
    for (quint64 reactor = from >> 32; reactor < quint64(m_reactorCount); ++reactor, place = 0) {
        const quint32 used = qMin(usedSlots(int(reactor)).load(std::memory_order_acquire), SlotsPerReactor);
        const std::span<ConnectionSlot> part = reactorSlots(int(reactor));
        for (; place < used; ++place) {
            if (found.records.size() >= limit || --slotsLeft < 0) {
                found.next = reactor << 32 | place;
                return found;
            }
            if (part[place].id.load(std::memory_order_relaxed) == 0)
                continue;
            if (std::optional<ConnectionRecord> record = read(part[place]); record && accept(*record))
                found.records.append(std::move(*record));
        }
    }
    return found;
}

quint64 ConnectionTable::count() const
{
    quint64 sum = 0;
    for (int reactor = 0; reactor < m_reactorCount; ++reactor)
        sum += openCount(reactor).load(std::memory_order_relaxed);
    return sum;
}

void ConnectionWriter::writeText(const ConnectionRecord &record)
{
    Text words = {};
    static_assert(sizeof words >= 45 + 64); // an IPv6 address and the longest user
    const QByteArrayView address =
        QByteArrayView(record.remoteAddress).first(qMin<qsizetype>(record.remoteAddress.size(), 45));
    const QByteArrayView user = QByteArrayView(record.user).first(qMin<qsizetype>(record.user.size(), 64));
    char *bytes = reinterpret_cast<char *>(words.data());
    if (!address.isEmpty())
        std::memcpy(bytes, address.data(), std::size_t(address.size()));
    if (!user.isEmpty())
        std::memcpy(bytes + address.size(), user.data(), std::size_t(user.size()));
    for (std::size_t word = 0; word < words.size(); ++word)
        m_slot.text[word].store(words[word], std::memory_order_relaxed);
    m_slot.facts.store(quint64(record.remotePort) | quint64(record.port) << 16 | quint64(record.kind) << 24 |
                           quint64(address.size()) << 32 | quint64(user.size()) << 40,
                       std::memory_order_relaxed);
}

void ConnectionWriter::publish(const ConnectionRecord &record)
{
    const quint32 version = m_slot.version.load(std::memory_order_relaxed);
    m_slot.version.store(version + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    m_slot.openedMs.store(record.openedMs, std::memory_order_relaxed);
    m_slot.lastReceivedMs.store(record.lastReceivedMs, std::memory_order_relaxed);
    m_slot.bytesReceived.store(record.bytesReceived, std::memory_order_relaxed);
    m_slot.bytesSent.store(record.bytesSent, std::memory_order_relaxed);
    m_slot.pendingBytes.store(record.pendingBytes, std::memory_order_relaxed);
    writeText(record);
    m_slot.id.store(record.id, std::memory_order_release);
    m_slot.version.store(version + 2, std::memory_order_release);
}

void ConnectionWriter::setUser(QByteArrayView user)
{
    ConnectionRecord record;
    const quint64 facts = m_slot.facts.load(std::memory_order_relaxed);
    record.remotePort = quint16(facts);
    record.port = quint8(facts >> 16);
    record.kind = ConnectionKind(facts >> 24 & 0xff);
    Text words;
    for (std::size_t word = 0; word < words.size(); ++word)
        words[word] = m_slot.text[word].load(std::memory_order_relaxed);
    record.remoteAddress = QByteArray(reinterpret_cast<const char *>(words.data()), qsizetype(facts >> 32 & 0xff));
    record.user = user.toByteArray();
    const quint32 version = m_slot.version.load(std::memory_order_relaxed);
    m_slot.version.store(version + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    writeText(record);
    m_slot.version.store(version + 2, std::memory_order_release);
}

void ConnectionWriter::withdraw()
{
    const quint32 version = m_slot.version.load(std::memory_order_relaxed);
    m_slot.version.store(version + 1, std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_release);
    m_slot.id.store(0, std::memory_order_relaxed);
    m_slot.version.store(version + 2, std::memory_order_release);
}

} // namespace Quern::ipc
