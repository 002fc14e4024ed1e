#pragma once

#include "ipc/childpage.h"

#include <memory>
#include <optional>
#include <vector>

namespace Quern::ipc {

/// The master's side of the claim ring: the slots of one child that belong to one reactor. Lives in that reactor's
/// thread.
class ClaimRing
{
public:
    struct Claim
    {
        quint32 slot = NoSlot; ///< as the child knows it: counted over the whole page
        quint32 sequence = 0;
    };

    ClaimRing(std::shared_ptr<ChildPage> page, int reactorId);

    /// A slot for \a requestId, already in state Sent; nullopt if all are in use.
    std::optional<Claim> acquire(quint64 requestId);
    /// Gives the slot back; moves of the child for it fail from now on.
    void release(const Claim &claim);
    /// Takes a request back that the child has not begun; false if it has.
    bool revoke(const Claim &claim);

    ClaimState state(const Claim &claim) const;
    /// Place of the route in the child's manifest; NoRoute before the child has claimed.
    quint32 route(const Claim &claim) const;

    const ChildCounters &counters() const { return m_page->counters(); }
    MasterCounters &masterCounters() const { return m_page->masterCounters(); }
    /// The handler that is on the child's stack; nullopt if none is.
    struct Running
    {
        quint64 claimedNs = 0; ///< when it began
        quint64 sinceNs = 0;   ///< since when it runs without having waited for its client
        quint64 requestId = 0;
        quint32 route = NoRoute; ///< place in the manifest
        bool isEvent = false;    ///< of a connection, whose number is requestId
    };
    std::optional<Running> running() const;
    std::size_t freeSlots() const { return m_free.size(); }

private:
    ClaimSlot &at(const Claim &claim) const { return m_page->claimSlots()[claim.slot]; }

    std::shared_ptr<ChildPage> m_page;
    std::vector<quint32> m_free;
};

/// A request that the child has begun.
struct BegunClaim
{
    quint64 claimedNs = 0; ///< monotonic, when it began
    quint32 route = NoRoute;
};
/// The oldest of the requests in all rings of \a page that have begun and are not answered; nullopt if there is none.
/// It looks at a few slots as a rule, from any thread, and so may overlook one while others come and go.
std::optional<BegunClaim> oldestBegun(const ChildPage &page);

/// The child's side: claims and completes. Lives in the child's main thread.
class ClaimBook
{
public:
    explicit ClaimBook(ChildPage page) : m_page(std::move(page)) {}

    /// Begins the request in \a slot; false if the master has taken it back. \a slot comes from the master and is
    /// checked.
    bool claim(quint32 slot, quint32 sequence, quint32 route, quint64 nowNs);
    /// Tells the route of a request that was begun before it was known.
    void setRoute(quint32 slot, quint32 route);
    /// The handler has returned without an answer.
    void defer(quint32 slot, quint32 sequence);
    /// The answer is known.
    void finish(quint32 slot, quint32 sequence);
    /// A handler on the stack.
    struct Current
    {
        quint32 slot = NoSlot;
        quint32 route = NoRoute;
        quint64 requestId = 0;
        quint64 claimedNs = 0;
        quint64 sinceNs = 0;
    };
    /// Which handler is on the stack from now on: that of the request in \a slot, or the one that another was called
    /// within; NoSlot if none.
    void setCurrent(quint32 slot);
    void setCurrent(const Current &current);
    Current current() const;
    /// It has waited for its client, and so does not stand still.
    void sawClient(quint64 nowNs) { counters().currentSinceNs.store(nowNs, std::memory_order_relaxed); }

    ChildCounters &counters() const { return m_page.counters(); }
    ChildPage &page() { return m_page; }
    /// See beginEvent().
    EventProgress &eventProgress(int reactorId) const { return m_page.eventProgress(reactorId); }

private:
    ChildPage m_page;
};

} // namespace Quern::ipc
