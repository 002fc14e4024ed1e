#include "ipc/eventgate.h"

#include <QTest>

#include <latch>
#include <thread>

using namespace Quern;

namespace {

std::shared_ptr<ipc::ChildPage> madePage(int reactors = 1)
{
    Result<ipc::ChildPage> page = ipc::ChildPage::create(reactors);
    if (!page)
        qFatal("page");
    return std::make_shared<ipc::ChildPage>(std::move(*page));
}

} // namespace

class TestEventGate : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void beginsInOrder();
    void closedGateBeginsNothing();
    void reactorsAreApart();
    void closedWhileEventsBegin();
};

void TestEventGate::beginsInOrder()
{
    const auto page = madePage();
    const ipc::EventGate gate(page, 0);
    QCOMPARE(gate.begun(), quint64(0));
    for (quint64 sequence = 1; sequence <= 3; ++sequence) {
        QVERIFY(ipc::beginEvent(page->eventProgress(0), sequence));
        QCOMPARE(gate.begun(), sequence);
    }
}

void TestEventGate::closedGateBeginsNothing()
{
    const auto page = madePage();
    ipc::EventGate gate(page, 0);
    QVERIFY(ipc::beginEvent(page->eventProgress(0), 1));
    QCOMPARE(gate.close(), quint64(1));
    QVERIFY(!ipc::beginEvent(page->eventProgress(0), 2));
    QVERIFY(!ipc::beginEvent(page->eventProgress(0), 3));
    QCOMPARE(gate.begun(), quint64(1));
    QCOMPARE(gate.close(), quint64(1));
}

void TestEventGate::reactorsAreApart()
{
    const auto page = madePage(2);
    ipc::EventGate first(page, 0);
    const ipc::EventGate second(page, 1);
    QVERIFY(ipc::beginEvent(page->eventProgress(0), 1));
    QCOMPARE(first.close(), quint64(1));
    QVERIFY(ipc::beginEvent(page->eventProgress(1), 1));
    QCOMPARE(second.begun(), quint64(1));
}

void TestEventGate::closedWhileEventsBegin()
{
    // Whatever the race, what close() says was begun is exactly what the child began.
    for (int round = 0; round < 500; ++round) {
        const auto page = madePage();
        ipc::EventGate gate(page, 0);
        std::latch start(2);
        quint64 begun = 0;
        std::thread child([&] {
            start.arrive_and_wait();
            while (begun < 2000 && ipc::beginEvent(page->eventProgress(0), begun + 1))
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

QTEST_GUILESS_MAIN(TestEventGate)
#include "tst_eventgate.moc"
