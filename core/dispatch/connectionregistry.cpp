#include "dispatch/connectionregistry.h"

#include "dispatch/log.h"

#include <limits>

namespace Quern::dispatch {

namespace {

constexpr quint16 lastGeneration = std::numeric_limits<quint16>::max();

} // namespace

ConnectionRegistry::ConnectionRegistry(std::shared_ptr<ipc::ConnectionTable> table, int reactorId)
    : m_table(std::move(table))
    , m_reactorId(reactorId)
{
}

ConnectionRegistry::~ConnectionRegistry() = default;

LiveConnection *ConnectionRegistry::add(LiveSession *session, ipc::ConnectionRecord record)
{
    if (m_closed >= MaxClosed)
        return nullptr;
    if (m_free.empty()) {
        if (m_connections.size() >= ipc::ConnectionTable::SlotsPerReactor) {
            if (!std::exchange(m_exhaustionTold, true))
                qCCritical(logDispatch) << "reactor" << m_reactorId
                                        << "has no more numbers for connections: restart the server";
            return nullptr;
        }
        m_free.push_back(quint32(m_connections.size()));
        m_connections.emplace_back();
        m_generations.push_back(0);
        m_table->usedSlots(m_reactorId).store(quint32(m_connections.size()), std::memory_order_release);
    }
    const quint32 place = m_free.back();
    m_free.pop_back();
    auto connection = std::make_unique<LiveConnection>();
    connection->id = ipc::ConnectionKey{m_table->epoch(), m_reactorId, place, ++m_generations[place]}.id();
    connection->slot = &m_table->reactorSlots(m_reactorId)[place];
    connection->session = session;
    connection->home = place;
    record.id = connection->id;
    ipc::ConnectionWriter(*connection->slot).publish(record);
    m_table->openCount(m_reactorId).fetch_add(1, std::memory_order_relaxed);
    m_connections[place] = std::move(connection);
    return m_connections[place].get();
}

LiveConnection *ConnectionRegistry::find(quint64 id) const
{
    const quint32 place = ipc::ConnectionKey::of(id).slot;
    LiveConnection *connection = place < m_connections.size() ? m_connections[place].get() : nullptr;
    return connection && connection->id == id ? connection : nullptr;
}

void ConnectionRegistry::prefetch(quint64 id) const
{
    const quint32 place = ipc::ConnectionKey::of(id).slot;
    if (place < m_connections.size())
        __builtin_prefetch(m_connections[place].get());
}

void ConnectionRegistry::withdraw(LiveConnection *connection)
{
    ipc::ConnectionWriter(*connection->slot).withdraw();
    ++m_closed;
    m_table->openCount(m_reactorId).fetch_sub(1, std::memory_order_relaxed);
}

void ConnectionRegistry::release(LiveConnection *connection)
{
    const quint32 place = ipc::ConnectionKey::of(connection->id).slot;
    --m_closed;
    m_connections[place].reset();
    // A slot that has had its last generation rests for ever: its ids stay unique.
    if (m_generations[place] != lastGeneration)
        m_free.push_back(place);
}

void ConnectionRegistry::setUser(LiveConnection *connection, const QByteArray &user)
{
    connection->user = user;
    ipc::ConnectionWriter(*connection->slot).setUser(user);
}

} // namespace Quern::dispatch
