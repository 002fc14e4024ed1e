#include "ipc/claimring.h"

#include <QDeadlineTimer>
#include <QTest>

#include <unistd.h>

#include <atomic>
#include <set>
#include <thread>

using namespace Quern;
using ipc::ChildPage;
using ipc::ClaimBook;
using ipc::ClaimRing;
using ipc::ClaimState;

namespace {

struct Page
{
    explicit Page(int reactors = 1)
    {
        Result<ChildPage> created = ChildPage::create(reactors);
        if (!created)
            qFatal("page");
        master = std::make_shared<ChildPage>(std::move(*created));
    }
    /// The child's own mapping of the same memory.
    ChildPage adopt() const
    {
        Result<ChildPage> adopted = ChildPage::adopt(::dup(master->descriptor()), master->reactorCount());
        if (!adopted)
            qFatal("adopt");
        return std::move(*adopted);
    }

    std::shared_ptr<ChildPage> master;
};

/// A short while; the fence keeps the loop from being left out.
void waste(int steps)
{
    for (int i = 0; i < steps; ++i)
        std::atomic_signal_fence(std::memory_order_seq_cst);
}

} // namespace

class TestClaimRing : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void freshPage();
    void reactorsHaveTheirOwnSlots();
    void adoptWithAnotherReactorCount();
    void oneRequestFromSentToDone();
    void oneDeferredRequest();
    void revokedBeforeTheClaim();
    void claimedBeforeTheRevocation();
    void oldSequence();
    void releasedMeanwhile();
    void slotsFromOutsideThePage();
    void allSlotsInUse();
    void lastReleasedIsNext();
    void running();
    void oldestBegun();
    void oldestBegunOverlooksWhatIsOver();
    void wordHalves();
    void claimAgainstRevoke();
};

void TestClaimRing::freshPage()
{
    const Page page(2);
    QCOMPARE(page.master->claimSlots().size(), size_t(2 * ChildPage::SlotsPerReactor));
    for (const ipc::ClaimSlot &slot : page.master->claimSlots())
        QCOMPARE(int(ipc::stateOf(slot.word)), int(ClaimState::Free));
    QCOMPARE(page.master->counters().currentSlot.load(), ipc::NoSlot);
    QCOMPARE(page.master->counters().requests.load(), quint64(0));
    QCOMPARE(page.master->masterCounters().inFlight.load(), 0u);
}

void TestClaimRing::reactorsHaveTheirOwnSlots()
{
    const Page page(2);
    ClaimRing first(page.master, 0), second(page.master, 1);
    std::set<quint32> places;
    for (quint32 i = 0; i < ChildPage::SlotsPerReactor; ++i) {
        const auto one = first.acquire(i), other = second.acquire(i);
        QVERIFY(one && other);
        QCOMPARE_LT(one->slot, ChildPage::SlotsPerReactor);
        QCOMPARE_GE(other->slot, ChildPage::SlotsPerReactor);
        QCOMPARE_LT(other->slot, 2 * ChildPage::SlotsPerReactor);
        places.insert({one->slot, other->slot});
    }
    QCOMPARE(places.size(), size_t(2 * ChildPage::SlotsPerReactor));
}

void TestClaimRing::adoptWithAnotherReactorCount()
{
    const Page page(2);
    for (const int count : {0, 1, 3}) {
        const Result<ChildPage> adopted = ChildPage::adopt(::dup(page.master->descriptor()), count);
        QVERIFY(!adopted);
        QCOMPARE(int(adopted.error().code()), int(Error::Invalid));
    }
}

void TestClaimRing::oneRequestFromSentToDone()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    const auto claim = ring.acquire(77);
    QVERIFY(claim);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Sent));
    QCOMPARE(ring.route(*claim), ipc::NoRoute);
    QCOMPARE(page.master->claimSlots()[claim->slot].claimedNs.load(), quint64(0));
    QCOMPARE(page.master->claimSlots()[claim->slot].requestId.load(), quint64(77));

    QVERIFY(book.claim(claim->slot, claim->sequence, 3, 1'000));
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Claimed));
    QCOMPARE(ring.route(*claim), 3u);
    QCOMPARE(page.master->claimSlots()[claim->slot].claimedNs.load(), quint64(1'000));
    QVERIFY(!book.claim(claim->slot, claim->sequence, 4, 2'000));
    QCOMPARE(ring.route(*claim), 3u);

    book.finish(claim->slot, claim->sequence);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Done));
    QCOMPARE(book.counters().deferredRequests.load(), 0u);
    ring.release(*claim);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Free));
}

void TestClaimRing::oneDeferredRequest()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    const auto claim = ring.acquire(1);
    book.defer(claim->slot, claim->sequence);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Sent));
    QVERIFY(book.claim(claim->slot, claim->sequence, 0, 1));
    book.defer(claim->slot, claim->sequence);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Deferred));
    QCOMPARE(ring.counters().deferredRequests.load(), 1u);
    book.defer(claim->slot, claim->sequence);
    QCOMPARE(ring.counters().deferredRequests.load(), 1u);
    book.finish(claim->slot, claim->sequence);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Done));
    QCOMPARE(ring.counters().deferredRequests.load(), 0u);
    book.finish(claim->slot, claim->sequence);
    QCOMPARE(ring.counters().deferredRequests.load(), 0u);
}

void TestClaimRing::revokedBeforeTheClaim()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    const auto claim = ring.acquire(1);
    QVERIFY(ring.revoke(*claim));
    QVERIFY(!ring.revoke(*claim));
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Revoked));
    QVERIFY(!book.claim(claim->slot, claim->sequence, 3, 1));
    book.finish(claim->slot, claim->sequence);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Revoked));
    QCOMPARE(ring.route(*claim), ipc::NoRoute);
}

void TestClaimRing::claimedBeforeTheRevocation()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    const auto claim = ring.acquire(1);
    QVERIFY(book.claim(claim->slot, claim->sequence, 3, 1));
    QVERIFY(!ring.revoke(*claim));
    book.defer(claim->slot, claim->sequence);
    QVERIFY(!ring.revoke(*claim));
    book.finish(claim->slot, claim->sequence);
    QVERIFY(!ring.revoke(*claim));
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Done));
}

void TestClaimRing::oldSequence()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    const auto old = ring.acquire(1);
    QVERIFY(ring.revoke(*old));
    ring.release(*old);
    const auto next = ring.acquire(2);
    QCOMPARE(next->slot, old->slot);
    QVERIFY(next->sequence != old->sequence);
    QVERIFY(!book.claim(old->slot, old->sequence, 9, 9));
    QVERIFY(!ring.revoke(*old));
    QCOMPARE(int(ring.state(*next)), int(ClaimState::Sent));
    QCOMPARE(ring.route(*next), ipc::NoRoute);

    QVERIFY(book.claim(next->slot, next->sequence, 5, 5));
    book.defer(old->slot, old->sequence);
    book.finish(old->slot, old->sequence);
    QCOMPARE(int(ring.state(*next)), int(ClaimState::Claimed));
    QCOMPARE(book.counters().deferredRequests.load(), 0u);
}

void TestClaimRing::releasedMeanwhile()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    const auto claim = ring.acquire(1);
    ring.release(*claim);
    QVERIFY(!book.claim(claim->slot, claim->sequence, 3, 1));
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Free));
}

void TestClaimRing::slotsFromOutsideThePage()
{
    const Page page;
    ClaimBook book(page.adopt());
    QVERIFY(!book.claim(ChildPage::SlotsPerReactor, 0, 0, 1));
    QVERIFY(!book.claim(ipc::NoSlot, 0, 0, 1));
    // A slot that was never handed out.
    QVERIFY(!book.claim(0, 0, 0, 1));
}

void TestClaimRing::allSlotsInUse()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    std::vector<ClaimRing::Claim> claims;
    while (const auto claim = ring.acquire(claims.size()))
        claims.push_back(*claim);
    QCOMPARE(claims.size(), size_t(ChildPage::SlotsPerReactor));
    QCOMPARE(ring.freeSlots(), size_t(0));
    ring.release(claims[500]);
    QCOMPARE(ring.freeSlots(), size_t(1));
    const auto again = ring.acquire(1);
    QVERIFY(again);
    QCOMPARE(again->slot, claims[500].slot);
    QVERIFY(!ring.acquire(2));
}

void TestClaimRing::lastReleasedIsNext()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    quint32 sequence = 0;
    for (int i = 0; i < 100; ++i) {
        const auto claim = ring.acquire(1);
        QCOMPARE(claim->slot, 0u);
        QCOMPARE_GT(claim->sequence, sequence);
        sequence = claim->sequence;
        ring.release(*claim);
    }
}

void TestClaimRing::running()
{
    const Page page(2);
    ClaimRing ring(page.master, 0), other(page.master, 1);
    ClaimBook book(page.adopt());
    QVERIFY(!ring.running());
    const auto claim = other.acquire(77);
    QVERIFY(book.claim(claim->slot, claim->sequence, 3, 1'000));
    QVERIFY(!ring.running());
    book.setCurrent(claim->slot);
    const auto running = ring.running();
    QVERIFY(running);
    QCOMPARE(running->claimedNs, quint64(1'000));
    QCOMPARE(running->requestId, quint64(77));
    QCOMPARE(running->route, 3u);
    book.setCurrent(ipc::NoSlot);
    QVERIFY(!ring.running());
    // A child may write anything into its page.
    book.setCurrent(2 * ChildPage::SlotsPerReactor);
    QVERIFY(!ring.running());
}

void TestClaimRing::oldestBegun()
{
    const Page page(2);
    ClaimRing first(page.master, 0), second(page.master, 1);
    ClaimBook book(page.adopt());
    std::atomic<quint32> &inFlight = page.master->masterCounters().inFlight;
    QVERIFY(!ipc::oldestBegun(*page.master));

    const auto waiting = first.acquire(1), quick = first.acquire(2), later = second.acquire(3),
               slow = second.acquire(4);
    inFlight = 4;
    QVERIFY(!ipc::oldestBegun(*page.master)); // sent, and not begun
    QVERIFY(book.claim(quick->slot, quick->sequence, 5, 3'000));
    QCOMPARE(ipc::oldestBegun(*page.master)->claimedNs, quint64(3'000));
    QVERIFY(book.claim(slow->slot, slow->sequence, 6, 2'000));
    QVERIFY(book.claim(later->slot, later->sequence, 7, 1'000));
    book.defer(later->slot, later->sequence);
    --inFlight;
    // The oldest is that of the other ring which is to be answered later.
    QCOMPARE(ipc::oldestBegun(*page.master)->claimedNs, quint64(1'000));
    QCOMPARE(ipc::oldestBegun(*page.master)->route, 7u);
    book.finish(later->slot, later->sequence);
    QCOMPARE(ipc::oldestBegun(*page.master)->claimedNs, quint64(2'000));
    QCOMPARE(ipc::oldestBegun(*page.master)->route, 6u);
    second.release(*later);
    second.release(*slow);
    first.release(*quick);
    QVERIFY(first.revoke(*waiting));
    QVERIFY(!ipc::oldestBegun(*page.master));
}

void TestClaimRing::oldestBegunOverlooksWhatIsOver()
{
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    std::vector<ClaimRing::Claim> claims;
    while (const auto claim = ring.acquire(claims.size()))
        claims.push_back(*claim);
    QVERIFY(book.claim(claims.back().slot, claims.back().sequence, 9, 500));
    // Up to the last slot, if so many are in use.
    page.master->masterCounters().inFlight = quint32(claims.size());
    QCOMPARE(ipc::oldestBegun(*page.master)->route, 9u);
    // What the next user of a slot finds there is not his.
    ring.release(claims.back());
    const auto next = ring.acquire(1);
    QCOMPARE(next->slot, claims.back().slot);
    QVERIFY(!ipc::oldestBegun(*page.master));
    // Nothing is under way: there is nothing to look for.
    QVERIFY(book.claim(next->slot, next->sequence, 9, 600));
    page.master->masterCounters().inFlight = 0;
    QVERIFY(!ipc::oldestBegun(*page.master));
}

void TestClaimRing::wordHalves()
{
    const quint64 word = ipc::makeWord(0xffffffff, ClaimState::Revoked);
    QCOMPARE(word, quint64(0xffffffff05));
    QCOMPARE(ipc::sequenceOf(word), 0xffffffffu);
    QCOMPARE(int(ipc::stateOf(word)), int(ClaimState::Revoked));
}

void TestClaimRing::claimAgainstRevoke()
{
    constexpr int rounds = 20'000;
    const Page page;
    ClaimRing ring(page.master, 0);
    ClaimBook book(page.adopt());
    struct Ticket
    {
        std::atomic<int> round = 0;
        quint32 slot = 0, sequence = 0;
        std::atomic<int> answered = 0;
        bool claimed = false;
    } ticket;
    std::jthread child([&](const std::stop_token &stop) {
        for (int round = 1; round <= rounds; ++round) {
            while (ticket.round.load(std::memory_order_acquire) < round) {
                if (stop.stop_requested())
                    return;
                std::this_thread::yield();
            }
            ticket.claimed = book.claim(ticket.slot, ticket.sequence, quint32(round), quint64(round));
            ticket.answered.store(round, std::memory_order_release);
        }
    });
    // The head start that the child gets follows the outcome, so that the two meet: in long steps while one always
    // wins, since on a busy machine the child has to wait for a processor first.
    int claims = 0, revocations = 0, headStart = 0, step = 0;
    bool wasRevoked = false;
    const QDeadlineTimer patience(20'000); // of a machine on which each yield costs a time slice
    for (int round = 1; round <= rounds && (round <= rounds / 20 || !patience.hasExpired()); ++round) {
        const auto claim = ring.acquire(quint64(round));
        ticket.slot = claim->slot;
        ticket.sequence = claim->sequence;
        ticket.round.store(round, std::memory_order_release);
        waste(headStart);
        const bool revoked = ring.revoke(*claim);
        while (ticket.answered.load(std::memory_order_acquire) < round)
            std::this_thread::yield();
        QCOMPARE(ticket.claimed, !revoked);
        QCOMPARE(int(ring.state(*claim)), int(revoked ? ClaimState::Revoked : ClaimState::Claimed));
        if (!revoked) {
            QCOMPARE(ring.route(*claim), quint32(round));
            QCOMPARE(page.master->claimSlots()[claim->slot].claimedNs.load(), quint64(round));
        }
        step = revoked == wasRevoked ? qMin(2 * step, 1 << 20) : 200;
        wasRevoked = revoked;
        headStart = qMax(0, headStart + (revoked ? step : -step));
        ++(revoked ? revocations : claims);
        ring.release(*claim);
    }
    qInfo("%d claims, %d revocations", claims, revocations);
    QVERIFY(claims > 0 && revocations > 0);
    QCOMPARE(ring.freeSlots(), size_t(ChildPage::SlotsPerReactor));
}

QTEST_APPLESS_MAIN(TestClaimRing)
#include "tst_claimring.moc"
