#include "ipc/taskgate.h"

#include <QTest>

#include <latch>
#include <thread>
#include <vector>

using namespace Quern;

namespace {

std::shared_ptr<ipc::ChildPage> madePage()
{
    Result<ipc::ChildPage> page = ipc::ChildPage::create(1);
    if (!page)
        qFatal("page");
    return std::make_shared<ipc::ChildPage>(std::move(*page));
}

} // namespace

class TestTaskGate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void beginsInOrder();
    void whatWasTakenBackIsNotBegun();
    void closedGateBeginsNothing();
    void takenBackWhileTheChildBegins();
    void closedWhileTheChildBegins();
};

void TestTaskGate::beginsInOrder()
{
    const auto page = madePage();
    const ipc::TaskGate gate(page);
    QCOMPARE(gate.begun(), quint64(0));
    for (quint64 sequence = 1; sequence <= 3; ++sequence) {
        QVERIFY(ipc::beginTask(page->taskProgress(), sequence));
        QCOMPARE(gate.begun(), sequence);
    }
}

void TestTaskGate::whatWasTakenBackIsNotBegun()
{
    const auto page = madePage();
    ipc::TaskGate gate(page);
    QVERIFY(ipc::beginTask(page->taskProgress(), 1));
    QCOMPARE(gate.takeBack(4), quint64(1));
    for (quint64 sequence = 2; sequence <= 4; ++sequence)
        QVERIFY(!ipc::beginTask(page->taskProgress(), sequence));
    QCOMPARE(gate.begun(), quint64(4));
    QVERIFY(ipc::beginTask(page->taskProgress(), 5));
    // With nothing behind it nothing is taken back.
    QCOMPARE(gate.takeBack(5), quint64(5));
    QVERIFY(ipc::beginTask(page->taskProgress(), 6));
}

void TestTaskGate::closedGateBeginsNothing()
{
    const auto page = madePage();
    ipc::TaskGate gate(page);
    QVERIFY(ipc::beginTask(page->taskProgress(), 1));
    QCOMPARE(gate.close(), quint64(1));
    QVERIFY(!ipc::beginTask(page->taskProgress(), 2));
    QCOMPARE(gate.close(), quint64(1));
    QCOMPARE(gate.begun(), quint64(1));
}

void TestTaskGate::takenBackWhileTheChildBegins()
{
    // The master takes back again and again while the child goes through its tasks: each is begun by the child, or
    // taken back by the master, and never both.
    constexpr quint64 tasks = 20'000;
    for (int round = 0; round < 20; ++round) {
        const auto page = madePage();
        std::vector<quint8> begun(tasks + 1);
        std::vector<quint8> takenBack(tasks + 1);
        std::atomic<quint64> sent = 0;
        std::latch start(2);
        std::thread child([&] {
            start.arrive_and_wait();
            for (quint64 sequence = 1; sequence <= tasks; ++sequence) {
                while (sent.load(std::memory_order_acquire) < sequence)
                    std::this_thread::yield();
                begun[sequence] = ipc::beginTask(page->taskProgress(), sequence) ? 1 : 0;
            }
        });
        ipc::TaskGate gate(page);
        start.arrive_and_wait();
        for (quint64 last = 0; last < tasks;) {
            last += 50;
            sent.store(last, std::memory_order_release);
            if (round % 2)
                std::this_thread::yield();
            for (quint64 sequence = gate.takeBack(last) + 1; sequence <= last; ++sequence)
                takenBack[sequence] = 1;
        }
        child.join();
        for (quint64 sequence = 1; sequence <= tasks; ++sequence)
            QVERIFY2(begun[sequence] != takenBack[sequence], qPrintable(QString::number(sequence)));
        QCOMPARE(gate.begun(), tasks);
    }
}

void TestTaskGate::closedWhileTheChildBegins()
{
    for (int round = 0; round < 500; ++round) {
        const auto page = madePage();
        ipc::TaskGate gate(page);
        std::latch start(2);
        quint64 begun = 0;
        std::thread child([&] {
            start.arrive_and_wait();
            while (begun < 2000 && ipc::beginTask(page->taskProgress(), begun + 1))
                ++begun;
        });
        start.arrive_and_wait();
        for (int i = 0; i < round % 50; ++i)
            std::this_thread::yield();
        const quint64 seen = gate.close();
        child.join();
        QCOMPARE(seen, begun);
        QCOMPARE(gate.begun(), begun);
    }
}

QTEST_GUILESS_MAIN(TestTaskGate)
#include "tst_taskgate.moc"
