#include "ipc/claimring.h"

#include <QTest>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace Quern;
using ipc::ChildPage;
using ipc::ClaimBook;
using ipc::ClaimRing;
using ipc::ClaimState;

namespace {

std::shared_ptr<ChildPage> createPage()
{
    Result<ChildPage> page = ChildPage::create(1);
    if (!page)
        qFatal("page");
    return std::make_shared<ChildPage>(std::move(*page));
}

} // namespace

class TestClaimProcesses : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void forkedChildWorks();
    void killedBetweenTwoHandlers();
    void killedInMidWork();
};

void TestClaimProcesses::forkedChildWorks()
{
    const auto page = createPage();
    ClaimRing ring(page, 0);
    const auto claim = ring.acquire(5);
    const pid_t child = ::fork();
    if (child == 0) {
        Result<ChildPage> adopted = ChildPage::adopt(page->descriptor(), 1);
        if (!adopted)
            ::_exit(1);
        ClaimBook book(std::move(*adopted));
        if (!book.claim(claim->slot, claim->sequence, 2, 1'000))
            ::_exit(2);
        book.setCurrent(claim->slot);
        book.counters().requests = 9;
        ::_exit(0);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QCOMPARE(status, 0);
    QCOMPARE(int(ring.state(*claim)), int(ClaimState::Claimed));
    QCOMPARE(ring.route(*claim), 2u);
    QCOMPARE(ring.counters().requests.load(), quint64(9));
    QVERIFY(ring.running());
    QCOMPARE(ring.running()->requestId, quint64(5));
}

void TestClaimProcesses::killedBetweenTwoHandlers()
{
    const auto page = createPage();
    ClaimRing ring(page, 0);
    const auto done = ring.acquire(1), deferred = ring.acquire(2), claimed = ring.acquire(3), sent = ring.acquire(4);
    const pid_t child = ::fork();
    if (child == 0) {
        Result<ChildPage> adopted = ChildPage::adopt(page->descriptor(), 1);
        if (!adopted)
            ::_exit(1);
        ClaimBook book(std::move(*adopted));
        for (const auto &claim : {done, deferred, claimed})
            book.claim(claim->slot, claim->sequence, 1, 1'000);
        book.finish(done->slot, done->sequence);
        book.defer(deferred->slot, deferred->sequence);
        book.setCurrent(claimed->slot);
        ::raise(SIGKILL);
    }
    int status = -1;
    QCOMPARE(::waitpid(child, &status, 0), child);
    QVERIFY(WIFSIGNALED(status));
    QCOMPARE(int(ring.state(*done)), int(ClaimState::Done));
    QCOMPARE(int(ring.state(*deferred)), int(ClaimState::Deferred));
    QCOMPARE(int(ring.state(*claimed)), int(ClaimState::Claimed));
    QCOMPARE(ring.running()->requestId, quint64(3));
    QVERIFY(!ring.revoke(*claimed));
    QVERIFY(ring.revoke(*sent));
}

void TestClaimProcesses::killedInMidWork()
{
    // A child that claims and finishes as quickly as it can is killed at an arbitrary point.
    constexpr int slotCount = 64;
    for (int round = 0; round < 40; ++round) {
        const auto page = createPage();
        ClaimRing ring(page, 0);
        std::vector<ClaimRing::Claim> claims;
        for (int i = 0; i < slotCount; ++i)
            claims.push_back(*ring.acquire(quint64(i)));
        const pid_t child = ::fork();
        if (child == 0) {
            Result<ChildPage> adopted = ChildPage::adopt(page->descriptor(), 1);
            if (!adopted)
                ::_exit(1);
            ClaimBook book(std::move(*adopted));
            for (;;) {
                for (const auto &claim : claims) {
                    book.claim(claim.slot, claim.sequence, claim.slot + 1, 1'000);
                    book.setCurrent(claim.slot);
                    if (claim.slot % 2)
                        book.defer(claim.slot, claim.sequence);
                    book.finish(claim.slot, claim.sequence);
                    book.setCurrent(ipc::NoSlot);
                    book.counters().requests.fetch_add(1);
                    // Everything once more.
                    page->claimSlots()[claim.slot].word = ipc::makeWord(claim.sequence, ClaimState::Sent);
                }
            }
        }
        while (ring.counters().requests.load() < quint64(slotCount + round))
            QVERIFY(::waitpid(child, nullptr, WNOHANG) == 0);
        ::kill(child, SIGKILL);
        int status = -1;
        QCOMPARE(::waitpid(child, &status, 0), child);
        QVERIFY(WIFSIGNALED(status));

        int begun = 0;
        for (const auto &claim : claims) {
            const ClaimState state = ring.state(claim);
            QCOMPARE_GE(int(state), int(ClaimState::Sent));
            QCOMPARE_LE(int(state), int(ClaimState::Done));
            QCOMPARE(ring.revoke(claim), state == ClaimState::Sent);
            if (state == ClaimState::Sent)
                continue;
            ++begun;
            QCOMPARE(ring.route(claim), claim.slot + 1);
            QCOMPARE(page->claimSlots()[claim.slot].claimedNs.load(), quint64(1'000));
        }
        QCOMPARE_LE(begun, 1);
        if (const auto running = ring.running())
            QCOMPARE(running->route, quint32(running->requestId) + 1);
    }
}

QTEST_APPLESS_MAIN(TestClaimProcesses)
#include "tst_claimprocesses.moc"
