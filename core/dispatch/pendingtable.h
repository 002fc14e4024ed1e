#pragma once

#include "dispatch/pendingrequest.h"

#include <memory>
#include <vector>

namespace Quern::dispatch {

/// Owns the pending requests of one reactor and finds them by id without hashing. Objects are used again, so that a
/// request costs no allocation. Lives in its reactor thread.
class PendingTable
{
public:
    /// Ids of different reactors differ: the reactor is part of the id.
    explicit PendingTable(int reactorId);

    /// A new request with an id that no other request of this server has had; nullptr if a million are pending.
    PendingRequest *create();
    /// nullptr if there is none (any more).
    PendingRequest *find(quint64 id) const;
    void destroy(PendingRequest *request);
    /// An id that no request has, and none will have.
    quint64 spareId();

    std::size_t size() const { return m_entries.size() - m_free.size(); }

private:
    quint64 nextId(quint32 place);

    std::vector<std::unique_ptr<PendingRequest>> m_entries;
    std::vector<quint32> m_free;
    quint64 m_serial = 0;
    int m_reactorId;
};

} // namespace Quern::dispatch
