#include "dispatch/pendingtable.h"

#include <Quern/requestid.h>

#include <memory>

namespace Quern::dispatch {

namespace {

/// Of ids that belong to no entry.
constexpr quint32 noPlace = (quint32(1) << RequestId::PlaceBits) - 1;

} // namespace

PendingTable::PendingTable(int reactorId) : m_reactorId(reactorId) {}

PendingRequest *PendingTable::create()
{
    if (m_free.empty()) {
        if (m_entries.size() >= noPlace)
            return nullptr;
        m_entries.push_back(std::make_unique<PendingRequest>());
        m_free.push_back(quint32(m_entries.size() - 1));
    }
    const quint32 place = m_free.back();
    m_free.pop_back();
    PendingRequest *request = m_entries[place].get();
    request->id = nextId(place);
    return request;
}

quint64 PendingTable::spareId()
{
    return nextId(noPlace);
}

quint64 PendingTable::nextId(quint32 place)
{
    // From 1: an id of 0 would mean that there is no request.
    m_serial = m_serial % ((quint64(1) << RequestId::SerialBits) - 1) + 1;
    return RequestId::make(m_reactorId, m_serial, place);
}

PendingRequest *PendingTable::find(quint64 id) const
{
    const quint32 place = RequestId::placeOf(id);
    // Entries that are free have the id 0, which belongs to no request.
    if (id == 0 || place >= m_entries.size() || m_entries[place]->id != id)
        return nullptr;
    return m_entries[place].get();
}

void PendingTable::destroy(PendingRequest *request)
{
    const quint32 place = RequestId::placeOf(request->id);
    // Made anew rather than reset: no field can be forgotten. Its id is 0, which belongs to no request.
    std::destroy_at(request);
    std::construct_at(request);
    m_free.push_back(place);
}

} // namespace Quern::dispatch
