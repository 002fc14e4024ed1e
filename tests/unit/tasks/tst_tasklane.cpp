#include "epolltestmain.h"

#include "brokersupport.h"
#include "taskstoresupport.h"

#include <unistd.h>

using namespace Quern;
using namespace Quern::tasks;
using namespace std::chrono_literals;

/// What one task worker has been sent: the clock by which it stands still.
class TestTaskLane : public QObject, private BrokerLinkEvents
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void timeInWhichNobodyAsksHardlyCounts();
    void patience();

private:
    void delivered(BrokerLink &, quint64, const ipc::DeliverMessage &) override {}
    void taskDone(BrokerLink &, quint64, const ipc::TaskDoneMessage &) override {}
    void posted(BrokerLink &, quint64, const ipc::PostMessage &) override {}
    void linkClosed(BrokerLink &) override {}

    /// The next question, so much later.
    std::chrono::nanoseconds standstill(std::chrono::nanoseconds later)
    {
        m_now += quint64(later.count());
        return m_lane->standstill(m_now);
    }
    void send() { m_lane->send(m_store->store(), m_record, false); }

    std::shared_ptr<ipc::ChildPage> m_page;
    std::pair<int, int> m_ends;
    std::unique_ptr<BrokerLink> m_link;
    std::unique_ptr<TaskLane> m_lane;
    std::unique_ptr<StoreUnderTest> m_store;
    TaskRecord m_record = task(7);
    quint64 m_now = 1'000'000'000;
};

void TestTaskLane::init()
{
    m_page = std::make_shared<ipc::ChildPage>(ipc::ChildPage::create(1).value());
    m_ends = *ipc::Channel::createPair();
    BrokerLinkEvents &events = *this;
    m_link = std::make_unique<BrokerLink>(m_ends.first, m_page,
                                          LinkInfo{1, ipc::ChildIdentity{ipc::ChildRole::TaskWorker, 0}, 1}, events);
    m_lane = std::make_unique<TaskLane>(*m_link);
    m_store = std::make_unique<StoreUnderTest>(false);
}

void TestTaskLane::cleanup()
{
    m_lane.reset();
    m_link.reset();
    ::close(m_ends.second);
}

void TestTaskLane::timeInWhichNobodyAsksHardlyCounts()
{
    QVERIFY(!m_lane->isWatched());
    send();
    QVERIFY(m_lane->isWatched());
    QCOMPARE(standstill(5s), 0ns); // the first question
    QCOMPARE(standstill(30ms), 30ms);
    // This process itself was stopped.
    QCOMPARE(standstill(1h), 130ms);
    QCOMPARE(standstill(20ms), 150ms);
    // It goes on.
    ++m_page->counters().loopTurns;
    QCOMPARE(standstill(20ms), 0ns);
    QCOMPARE(standstill(20ms), 20ms);
    QVERIFY(ipc::beginTask(m_page->taskProgress(), 1));
    QCOMPARE(standstill(20ms), 0ns);
    QCOMPARE(standstill(20ms), 20ms);
    m_page->counters().currentSlot = ipc::TaskSlot;
    QCOMPARE(standstill(20ms), 0ns);
    m_page->counters().currentSlot = ipc::NoSlot;
    QVERIFY(m_lane->take(1));
    QCOMPARE(standstill(20ms), 0ns);
    QCOMPARE(standstill(20ms), 0ns); // it has nothing to do
}

void TestTaskLane::patience()
{
    // The time it is given doubles up to a second, and is short again when it has ended a task.
    const std::chrono::milliseconds expected[] = {20ms, 40ms, 80ms, 160ms, 320ms, 640ms, 1s, 1s};
    quint64 sequence = 0;
    for (const auto each : expected) {
        QCOMPARE(m_lane->patience(), each);
        send();
        ++sequence;
        QCOMPARE(m_lane->takeBackFromStill().size(), std::size_t(1));
        QVERIFY(m_lane->isStill() && m_lane->isBlocked() && m_lane->isWatched());
        QVERIFY(!ipc::beginTask(m_page->taskProgress(), sequence));
        standstill(1ms);
        ++m_page->counters().loopTurns;
        QCOMPARE(standstill(1ms), 0ns);
        QVERIFY(!m_lane->isStill() && !m_lane->isBlocked() && !m_lane->isWatched());
    }
    send();
    QVERIFY(ipc::beginTask(m_page->taskProgress(), ++sequence));
    QVERIFY(m_lane->take(sequence));
    QCOMPARE(m_lane->patience(), 20ms);
    QVERIFY(m_lane->takeGivenUp());
    QVERIFY(!m_lane->takeGivenUp());
}

QUERN_EPOLL_TEST_MAIN(TestTaskLane)
#include "tst_tasklane.moc"
