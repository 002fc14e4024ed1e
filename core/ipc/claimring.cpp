#include "ipc/claimring.h"

namespace Quern::ipc {

ClaimRing::ClaimRing(std::shared_ptr<ChildPage> page, int reactorId) : m_page(std::move(page))
{
    const quint32 first = quint32(reactorId) * ChildPage::SlotsPerReactor;
    m_free.reserve(ChildPage::SlotsPerReactor);
    // Popped from the back: a lightly loaded ring stays within its first cache lines.
    for (quint32 slot = first + ChildPage::SlotsPerReactor; slot > first; --slot)
        m_free.push_back(slot - 1);
}

std::optional<ClaimRing::Claim> ClaimRing::acquire(quint64 requestId)
{
    if (m_free.empty())
        return std::nullopt;
    Claim claim;
    claim.slot = m_free.back();
    m_free.pop_back();
    ClaimSlot &slot = at(claim);
    claim.sequence = sequenceOf(slot.word.load(std::memory_order_relaxed)) + 1;
    slot.requestId.store(requestId, std::memory_order_relaxed);
    slot.claimedNs.store(0, std::memory_order_relaxed);
    slot.route.store(NoRoute, std::memory_order_relaxed);
    slot.word.store(makeWord(claim.sequence, ClaimState::Sent), std::memory_order_release);
    return claim;
}

void ClaimRing::release(const Claim &claim)
{
    at(claim).word.store(makeWord(claim.sequence, ClaimState::Free), std::memory_order_release);
    m_free.push_back(claim.slot);
}

bool ClaimRing::revoke(const Claim &claim)
{
    return moveClaim(at(claim), claim.sequence, ClaimState::Sent, ClaimState::Revoked);
}

ClaimState ClaimRing::state(const Claim &claim) const
{
    return stateOf(at(claim).word.load(std::memory_order_acquire));
}

quint32 ClaimRing::route(const Claim &claim) const
{
    return at(claim).route.load(std::memory_order_acquire);
}

std::optional<ClaimRing::Running> ClaimRing::running() const
{
    const quint32 current = counters().currentSlot.load(std::memory_order_acquire);
    if (current >= m_page->claimSlots().size() && current != EventSlot)
        return std::nullopt;
    // Not from the slot: a handler that goes on after its answer has begun may have lost it to another request.
    return Running{counters().currentClaimedNs.load(std::memory_order_relaxed),
                   counters().currentSinceNs.load(std::memory_order_relaxed),
                   counters().currentRequest.load(std::memory_order_relaxed),
                   counters().currentRoute.load(std::memory_order_relaxed), current == EventSlot};
}

std::optional<BegunClaim> oldestBegun(const ChildPage &page)
{
    std::optional<BegunClaim> oldest;
    const auto hasBegun = [](quint64 word) {
        return stateOf(word) == ClaimState::Claimed || stateOf(word) == ClaimState::Deferred;
    };
    const auto look = [&](const ClaimSlot &slot, quint32 sequence) {
        const BegunClaim claim = {slot.claimedNs.load(std::memory_order_acquire),
                                  slot.route.load(std::memory_order_acquire)};
        // It may have become another's meanwhile.
        const quint64 word = slot.word.load(std::memory_order_acquire);
        const bool isSame = hasBegun(word) && sequenceOf(word) == sequence && claim.claimedNs != 0;
        if (isSame && (!oldest || claim.claimedNs < oldest->claimedNs))
            oldest = claim;
    };
    // The lower slots are taken first: the look ends with the last that is in use, far from the end of the rings.
    const std::span<ClaimSlot> slots = page.claimSlots();
    quint32 unseen = page.masterCounters().inFlight.load(std::memory_order_relaxed) +
                     page.counters().deferredRequests.load(std::memory_order_relaxed);
    for (std::size_t row = 0; row < ChildPage::SlotsPerReactor && unseen > 0; ++row) {
        for (std::size_t place = row; place < slots.size() && unseen > 0; place += ChildPage::SlotsPerReactor) {
            const quint64 word = slots[place].word.load(std::memory_order_acquire);
            if (hasBegun(word))
                look(slots[place], sequenceOf(word));
            if (hasBegun(word) || stateOf(word) == ClaimState::Sent)
                --unseen;
        }
    }
    return oldest;
}

bool ClaimBook::claim(quint32 slot, quint32 sequence, quint32 route, quint64 nowNs)
{
    if (slot >= m_page.claimSlots().size())
        return false;
    ClaimSlot &place = m_page.claimSlots()[slot];
    if (place.word.load(std::memory_order_acquire) != makeWord(sequence, ClaimState::Sent))
        return false;
    // Written before the move, so that no claimed slot is without them, wherever this process is killed. If the master
    // revokes just now and uses the slot again, its next claim writes them anew.
    place.claimedNs.store(nowNs, std::memory_order_relaxed);
    place.route.store(route, std::memory_order_relaxed);
    return moveClaim(place, sequence, ClaimState::Sent, ClaimState::Claimed);
}

void ClaimBook::setRoute(quint32 slot, quint32 route)
{
    m_page.claimSlots()[slot].route.store(route, std::memory_order_relaxed);
    if (counters().currentSlot.load(std::memory_order_relaxed) == slot)
        counters().currentRoute.store(route, std::memory_order_relaxed);
}

void ClaimBook::setCurrent(quint32 slot)
{
    Current current;
    current.slot = slot;
    if (slot < m_page.claimSlots().size()) {
        const ClaimSlot &place = m_page.claimSlots()[slot];
        current.route = place.route.load(std::memory_order_relaxed);
        current.requestId = place.requestId.load(std::memory_order_relaxed);
        current.claimedNs = place.claimedNs.load(std::memory_order_relaxed);
        current.sinceNs = current.claimedNs;
    }
    setCurrent(current);
}

void ClaimBook::setCurrent(const Current &current)
{
    // Killed in between, this process has run nothing.
    counters().currentSlot.store(NoSlot, std::memory_order_release);
    if (current.slot == NoSlot)
        return;
    counters().currentRoute.store(current.route, std::memory_order_relaxed);
    counters().currentRequest.store(current.requestId, std::memory_order_relaxed);
    counters().currentClaimedNs.store(current.claimedNs, std::memory_order_relaxed);
    counters().currentSinceNs.store(current.sinceNs, std::memory_order_relaxed);
    counters().currentSlot.store(current.slot, std::memory_order_release);
}

ClaimBook::Current ClaimBook::current() const
{
    return {counters().currentSlot.load(std::memory_order_relaxed),
            counters().currentRoute.load(std::memory_order_relaxed),
            counters().currentRequest.load(std::memory_order_relaxed),
            counters().currentClaimedNs.load(std::memory_order_relaxed),
            counters().currentSinceNs.load(std::memory_order_relaxed)};
}

void ClaimBook::defer(quint32 slot, quint32 sequence)
{
    if (moveClaim(m_page.claimSlots()[slot], sequence, ClaimState::Claimed, ClaimState::Deferred))
        counters().deferredRequests.fetch_add(1, std::memory_order_relaxed);
}

void ClaimBook::finish(quint32 slot, quint32 sequence)
{
    ClaimSlot &place = m_page.claimSlots()[slot];
    if (moveClaim(place, sequence, ClaimState::Claimed, ClaimState::Done))
        return;
    if (moveClaim(place, sequence, ClaimState::Deferred, ClaimState::Done))
        counters().deferredRequests.fetch_sub(1, std::memory_order_relaxed);
}

} // namespace Quern::ipc
