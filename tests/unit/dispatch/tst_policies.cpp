#include "fakeworker.h"

#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using namespace std::chrono_literals;
using dispatch::Dispatcher;
using dispatch::DispatchMode;
using dispatch::DispatchSettings;

namespace {

DispatchSettings settingsFor(int workerNum, DispatchMode mode)
{
    DispatchSettings settings;
    settings.workerNum = workerNum;
    settings.mode = mode;
    return settings;
}

} // namespace

/// Which worker gets a request, in each dispatch mode.
class TestPolicies : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void idleWorkerIsPreferred();
    void handshakesTakeTurns();
    void eachReactorHasWorkersOfItsOwn_data();
    void eachReactorHasWorkersOfItsOwn();
    void roundRobinTakesTurns();
    void pinned_data();
    void pinned();
    void pinnedRequestsWaitApart();
    void anotherNumberOfWorkers_data();
    void anotherNumberOfWorkers();
    void settingsThatAReloadChanges();
};

void TestPolicies::idleWorkerIsPreferred()
{
    Dispatcher dispatcher(settingsFor(3, DispatchMode::Idle), 0);
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(FakeWorker::info(i)));
        workers.back()->setAverage(300us);
        workers.back()->join(dispatcher);
    }
    dispatcher.activate(1);
    Client client;
    for (int i = 0; i < 3; ++i)
        submit(dispatcher, client);
    for (const auto &worker : workers)
        QCOMPARE(worker->sent().size(), 1);
    QVERIFY(workers[1]->answer(workers[1]->sent().first()));
    submit(dispatcher, client);
    QCOMPARE(workers[1]->sent().size(), 2);
}

void TestPolicies::handshakesTakeTurns()
{
    Dispatcher dispatcher(settingsFor(3, DispatchMode::Idle), 0);
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(FakeWorker::info(i)));
        workers.back()->setAverage(1us);
        workers.back()->join(dispatcher);
    }
    dispatcher.activate(1);
    Client client;
    for (int i = 0; i < 6; ++i) {
        dispatch::RequestOrder order = orderOf();
        order.isHandshake = true;
        const quint64 id = dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &client);
        QVERIFY(workers[std::size_t(i % 3)]->answer(id)); // all are idle again
        submit(dispatcher, client);                       // what lies in between changes nothing
        QVERIFY(workers[0]->answer(workers[0]->sent().last()));
    }
}

void TestPolicies::eachReactorHasWorkersOfItsOwn_data()
{
    QTest::addColumn<int>("reactorId");
    QTest::addColumn<int>("reactorNum");
    QTest::addColumn<int>("workerNum");
    QTest::addColumn<QList<int>>("turns");
    QTest::newRow("the only reactor") << 0 << 1 << 3 << QList<int>{0, 1, 2, 0};
    QTest::newRow("the first of two") << 0 << 2 << 3 << QList<int>{0, 2, 0, 2};
    QTest::newRow("the second of two") << 1 << 2 << 3 << QList<int>{1, 1, 1, 1};
    QTest::newRow("more reactors than workers") << 3 << 4 << 2 << QList<int>{1, 1, 1, 1};
}

void TestPolicies::eachReactorHasWorkersOfItsOwn()
{
    QFETCH(int, reactorId);
    QFETCH(int, reactorNum);
    QFETCH(int, workerNum);
    QFETCH(QList<int>, turns);
    const dispatch::ReactorPlace place = {reactorId, reactorNum};
    for (qsizetype turn = 0; turn < turns.size(); ++turn)
        QCOMPARE(place.ownWorker(quint64(turn), workerNum), turns.at(turn));
}

void TestPolicies::roundRobinTakesTurns()
{
    Dispatcher dispatcher(settingsFor(3, DispatchMode::RoundRobin), 0);
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(FakeWorker::info(i)));
        workers.back()->setAverage(1us);
        workers.back()->join(dispatcher);
    }
    dispatcher.activate(1);
    Client client;
    QList<quint64> ids;
    for (int i = 0; i < 6; ++i)
        ids.append(submit(dispatcher, client));
    for (int i = 0; i < 3; ++i)
        QCOMPARE(workers[std::size_t(i)]->sent(), (QList{ids.at(i), ids.at(i + 3)}));
}

void TestPolicies::pinned_data()
{
    QTest::addColumn<DispatchMode>("mode");
    QTest::addColumn<bool>("byConnection");
    QTest::newRow("by connection") << DispatchMode::ByConnection << true;
    QTest::newRow("by address") << DispatchMode::ByAddress << false;
}

void TestPolicies::pinned()
{
    QFETCH(const DispatchMode, mode);
    QFETCH(const bool, byConnection);
    Dispatcher dispatcher(settingsFor(3, mode), 0);
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < 3; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(FakeWorker::info(i)));
        workers.back()->setAverage(1us);
        workers.back()->join(dispatcher);
    }
    dispatcher.activate(1);
    Client client;
    quint64 other = 0;
    const auto submitWith = [&](quint64 key) {
        dispatch::RequestOrder order = orderOf();
        // The key of the other mode changes each time, and must not matter.
        order.connectionId = byConnection ? key : ++other;
        order.addressHash = byConnection ? ++other : key;
        return dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &client);
    };
    const auto workerOf = [&](quint64 id) {
        for (std::size_t i = 0; i < workers.size(); ++i) {
            if (workers[i] && workers[i]->sent().contains(id))
                return int(i);
        }
        return -1;
    };

    QList<int> homes;
    for (quint64 key = 0; key < 9; ++key)
        homes.append(workerOf(submitWith(key)));
    for (int i = 0; i < 3; ++i)
        QCOMPARE(homes.count(i), 3);
    for (quint64 key = 0; key < 9; ++key)
        QCOMPARE(workerOf(submitWith(key)), homes.at(qsizetype(key)));

    // While a worker is missing another one stands in for it, always the same; the rest stay where they were.
    dispatcher.workerDied(workers[1]->childId(), {});
    QList<int> standIns;
    for (quint64 key = 0; key < 9; ++key) {
        const int chosen = workerOf(submitWith(key));
        QVERIFY(chosen == 0 || chosen == 2);
        if (homes.at(qsizetype(key)) == 1)
            standIns.append(chosen);
        else
            QCOMPARE(chosen, homes.at(qsizetype(key)));
    }
    QCOMPARE(standIns.count(standIns.first()), standIns.size());

    FakeWorker replacement(FakeWorker::info(1));
    replacement.setAverage(1us);
    replacement.join(dispatcher);
    const auto key = quint64(homes.indexOf(1));
    const quint64 id = submitWith(key);
    QVERIFY(replacement.sent().contains(id));
}

void TestPolicies::pinnedRequestsWaitApart()
{
    Dispatcher dispatcher(settingsFor(2, DispatchMode::ByConnection), 0);
    FakeWorker slow(FakeWorker::info(0));
    FakeWorker quick(FakeWorker::info(1));
    slow.join(dispatcher);
    quick.join(dispatcher);
    dispatcher.activate(1);
    Client client;
    const auto submitWith = [&](quint64 connectionId) {
        dispatch::RequestOrder order = orderOf();
        order.connectionId = connectionId;
        return dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &client);
    };
    const quint64 first = submitWith(2);
    const quint64 waiting = submitWith(2);
    const quint64 other = submitWith(3);
    QCOMPARE(slow.sent(), QList{first});
    QCOMPARE(quick.sent(), QList{other});
    QVERIFY(slow.answer(first));
    QCOMPARE(slow.sent(), (QList{first, waiting}));
}

void TestPolicies::anotherNumberOfWorkers_data()
{
    QTest::addColumn<int>("before");
    QTest::addColumn<int>("after");
    QTest::newRow("more") << 1 << 4;
    QTest::newRow("fewer") << 4 << 1;
    QTest::newRow("as many") << 2 << 2;
}

void TestPolicies::anotherNumberOfWorkers()
{
    QFETCH(const int, before);
    QFETCH(const int, after);
    Dispatcher dispatcher(settingsFor(before, DispatchMode::ByConnection), 0);
    Client client;
    QList<quint64> ids;
    for (quint64 connectionId = 0; connectionId < 12; ++connectionId) {
        dispatch::RequestOrder order = orderOf();
        order.connectionId = connectionId % 4;
        ids.append(dispatcher.submit(std::move(order), std::chrono::steady_clock::now(), &client));
    }
    dispatcher.reconfigure(settingsFor(after, DispatchMode::ByConnection));
    QCOMPARE(dispatcher.counters().queued.load(), quint64(12));
    std::vector<std::unique_ptr<FakeWorker>> workers;
    for (int i = 0; i < after; ++i) {
        workers.push_back(std::make_unique<FakeWorker>(FakeWorker::info(i)));
        workers.back()->setAverage(1us);
        workers.back()->join(dispatcher);
    }
    dispatcher.activate(1);
    // All of a connection's requests went to its worker, in their order, and none is left behind.
    QList<quint64> sent;
    for (int i = 0; i < after; ++i) {
        const QList<quint64> ofWorker = workers[std::size_t(i)]->sent();
        for (const quint64 id : ofWorker)
            QCOMPARE(int(ids.indexOf(id) % 4) % after, i);
        sent += ofWorker;
    }
    QCOMPARE(sent.size(), 12);
    for (qsizetype i = 4; i < ids.size(); ++i)
        QVERIFY(sent.indexOf(ids.at(i - 4)) < sent.indexOf(ids.at(i)));
    QCOMPARE(dispatcher.counters().queued.load(), quint64(0));
}

void TestPolicies::settingsThatAReloadChanges()
{
    dispatch::DispatchSettings settings = settingsFor(1, DispatchMode::Idle);
    settings.queueSize = 1;
    Dispatcher dispatcher(settings, 0);
    Client client;
    QVERIFY(submit(dispatcher, client) != 0);
    QCOMPARE(submit(dispatcher, client), quint64(0));
    settings.queueSize = 2;
    settings.workerMaxConcurrency = 1;
    dispatcher.reconfigure(settings);
    QVERIFY(submit(dispatcher, client) != 0);
    // Workers that come after it have the new limit.
    FakeWorker worker(FakeWorker::info(0));
    worker.setAverage(1us);
    worker.join(dispatcher);
    dispatcher.activate(1);
    QCOMPARE(worker.sent().size(), 1);
}

QTEST_GUILESS_MAIN(TestPolicies)
#include "tst_policies.moc"
