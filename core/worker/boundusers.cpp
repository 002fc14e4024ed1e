#include "worker/boundusers.h"

#include <QMutexLocker>

namespace Quern::worker {

void BoundUsers::bound(quint64 id, QByteArrayView user)
{
    const QMutexLocker lock(&m_mutex);
    Bound &bound = m_users[id];
    m_ids.erase(bound.number);
    bound = {user.toByteArray(), ++m_sent};
    m_ids.emplace(bound.number, id);
    if (m_ids.size() > MaxKept)
        forget(m_ids.begin());
    m_isEmpty.store(false, std::memory_order_relaxed);
}

QByteArray BoundUsers::userOf(quint64 id, QByteArrayView known, quint32 binds)
{
    if (m_isEmpty.load(std::memory_order_relaxed))
        return known.toByteArray();
    const QMutexLocker lock(&m_mutex);
    // Only the last digits came along.
    const quint64 done = m_sent - quint32(quint32(m_sent) - binds);
    while (!m_ids.empty() && m_ids.begin()->first <= done)
        forget(m_ids.begin());
    m_isEmpty.store(m_ids.empty(), std::memory_order_relaxed);
    const auto found = m_users.find(id);
    return found == m_users.end() ? known.toByteArray() : found->second.user;
}

void BoundUsers::forget(std::map<quint64, quint64>::iterator first)
{
    m_users.erase(first->second);
    m_ids.erase(first);
}

} // namespace Quern::worker
