#include "taskstoresupport.h"

#include <QRandomGenerator>

#include <algorithm>
#include <limits>

using namespace Quern;
using namespace Quern::tasks;
using namespace std::chrono_literals;

/// What every driver promises.
class tst_TaskStores : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void recordComesBackWhole();
    void byPriorityThenDueThenArrival();
    void orderHoldsForManyInAnyOrder();
    void delayedUntilItsTime();
    void limitedTaking();
    void nothingIsHandedOutTwice();
    void givenBack();
    void manyGivenBackKeepTheirOrder();
    void endOfWhatWasNotTaken();
    void retry();
    void uniqueKey();
    void full();
    void spilledPayload();
    void spilledPayloadOfARefusedTask();
    void priorityBeyondTheHighest();

private:
    bool isDurable() const
    {
        QFETCH_GLOBAL(bool, durable);
        return durable;
    }
};

void tst_TaskStores::initTestCase_data()
{
    QTest::addColumn<bool>("durable");
    QTest::newRow("memory") << false;
    QTest::newRow("sqlite") << true;
}

void tst_TaskStores::recordComesBackWhole()
{
    StoreUnderTest store(isDurable());
    TaskRecord record = task(0x7fff'ffff'ffff'ffff, someTime + 5, 9);
    record.kind = TaskKind::Event;
    record.name = QByteArrayLiteral("m\u00fchle.mahlen");
    record.payload = QByteArray("a\0\xff", 3);
    record.uniqueKey = QByteArray("key\0\xfe", 5);
    record.lastError = QStringLiteral("kein Korn: \u00e4");
    record.timeout = 1234ms;
    record.backOff = {5ms, 7ms, 1.5F, 33};
    record.tries = 4'000'000'000;
    record.attempts = 2;
    record.resumeAt = 7;
    record.sender = 3;
    record.tellsSender = true;
    store.add(record);
    QCOMPARE(store.answers.accepted, QList<quint64>{record.id});
    if (isDurable())
        store.reopen();
    QCOMPARE(store.take(someTime + 5), QList<quint64>{record.id});
    const TaskRecord *found = store->taken(record.id);
    QVERIFY(found);
    QVERIFY(found->kind == record.kind);
    QCOMPARE(found->name, record.name);
    QCOMPARE(found->payload, record.payload);
    QCOMPARE(found->spillFile, QByteArray());
    QCOMPARE(found->uniqueKey, record.uniqueKey);
    QCOMPARE(found->lastError, record.lastError);
    QCOMPARE(found->timeout, record.timeout);
    QVERIFY(found->backOff == record.backOff);
    QCOMPARE(found->tries, record.tries);
    QCOMPARE(found->attempts, record.attempts);
    QCOMPARE(found->resumeAt, record.resumeAt);
    QCOMPARE(found->sender, record.sender);
    QCOMPARE(found->tellsSender, true);
    QCOMPARE(found->createdMs, record.createdMs);
    QCOMPARE(found->dueMs, record.dueMs);
    QCOMPARE(found->priority, record.priority);
}

void tst_TaskStores::byPriorityThenDueThenArrival()
{
    StoreUnderTest store(isDurable());
    store.add(task(1, someTime, 0));
    store.add(task(2, someTime, 5));
    store.add(task(3, someTime, 5));
    store.add(task(4, someTime - 10, 5));
    store.add(task(5, someTime, 9));
    store.add(task(6, someTime + 1, 9));
    QCOMPARE(store.take(), (QList<quint64>{5, 4, 2, 3, 1}));
}

void tst_TaskStores::orderHoldsForManyInAnyOrder()
{
    QRandomGenerator random(4711);
    StoreUnderTest store(isDurable());
    QList<TaskRecord> records;
    // More than are in memory at a time, and many due at the same moment.
    for (quint64 id = 1; id <= 9'000; ++id)
        records.append(task(id, someTime - random.bounded(500), random.bounded(7, 9)));
    for (const TaskRecord &record : std::as_const(records)) {
        store->add(record, record.id);
        if (random.bounded(100) == 0)
            store->commit(someTime);
    }
    store->commit(someTime);
    std::sort(records.begin(), records.end(), [](const TaskRecord &one, const TaskRecord &other) {
        return std::tuple(-one.priority, one.dueMs, one.id) < std::tuple(-other.priority, other.dueMs, other.id);
    });
    QList<quint64> expected;
    for (const TaskRecord &record : std::as_const(records))
        expected.append(record.id);
    QList<quint64> taken;
    while (taken.size() < expected.size()) {
        const QList<quint64> some = store.take(someTime, random.bounded(1, 700));
        QVERIFY(!some.isEmpty());
        taken += some;
        // Ends, and new ones behind and before, change nothing for the others.
        store->finish(some.constFirst());
        store->commit(someTime);
    }
    QCOMPARE(taken, expected);
    QCOMPARE(store.take(), QList<quint64>());
}

void tst_TaskStores::delayedUntilItsTime()
{
    StoreUnderTest store(isDurable());
    QVERIFY(!store->nextDueMs());
    store.add(task(1, someTime + 1000));
    store.add(task(2, someTime + 10));
    QCOMPARE(store->nextDueMs(), std::optional<qint64>(someTime + 10));
    QCOMPARE(store->counts(someTime), (TaskCounts{0, 2, 0, 0}));
    QCOMPARE(store.take(someTime + 9), QList<quint64>());
    QCOMPARE(store.take(someTime + 10), QList<quint64>{2});
    QCOMPARE(store->nextDueMs(), std::optional<qint64>(someTime + 1000));
    QCOMPARE(store.take(someTime + 1000), QList<quint64>{1});
    QVERIFY(!store->nextDueMs());
    QCOMPARE(store->counts(someTime + 1000), (TaskCounts{0, 0, 2, 0}));
}

void tst_TaskStores::limitedTaking()
{
    StoreUnderTest store(isDurable());
    for (quint64 id = 1; id <= 5; ++id)
        store.add(task(id, someTime, id == 5 ? 6 : 5));
    QCOMPARE(store.take(someTime, 0), QList<quint64>());
    QCOMPARE(store.take(someTime, 2), (QList<quint64>{5, 1}));
    QCOMPARE(store.take(someTime, 2), (QList<quint64>{2, 3}));
    QCOMPARE(store->counts(someTime), (TaskCounts{1, 0, 4, 0}));
    QCOMPARE(store.take(someTime, 2), QList<quint64>{4});
}

void tst_TaskStores::nothingIsHandedOutTwice()
{
    StoreUnderTest store(isDurable());
    store.add(task(1));
    QCOMPARE(store.take(), QList<quint64>{1});
    QCOMPARE(store.take(someTime + 1'000'000), QList<quint64>());
    store.finish(1);
    QCOMPARE(store.take(someTime + 1'000'000), QList<quint64>());
    QCOMPARE(store->counts(someTime), TaskCounts());
    if (isDurable()) {
        store.reopen();
        QCOMPARE(store.take(someTime + 1'000'000), QList<quint64>());
    }
}

void tst_TaskStores::givenBack()
{
    StoreUnderTest store(isDurable());
    for (quint64 id = 1; id <= 4; ++id)
        store.add(task(id));
    const QList<quint64> ids = store.take(someTime, 3);
    store->finish(2);
    // The end of 2 is on its way: it is not given back.
    store->giveBack(std::vector<quint64>(ids.begin(), ids.end()));
    store->commit(someTime);
    QVERIFY(!store->taken(1));
    QCOMPARE(store->counts(someTime), (TaskCounts{3, 0, 0, 0}));
    QCOMPARE(store.take(), (QList<quint64>{1, 3, 4}));
}

void tst_TaskStores::manyGivenBackKeepTheirOrder()
{
    StoreUnderTest store(isDurable());
    QList<quint64> expected;
    for (quint64 id = 1; id <= 6'000; ++id) {
        store->add(task(id), id);
        expected.append(id);
    }
    store->commit(someTime);
    const QList<quint64> ids = store.take(someTime, 5'000);
    store->giveBack(std::vector<quint64>(ids.begin(), ids.end()));
    QCOMPARE(store.take(), expected);
}

void tst_TaskStores::endOfWhatWasNotTaken()
{
    StoreUnderTest store(isDurable());
    store.add(task(1));
    const quint64 ids[] = {1, 2};
    store->finish(1);
    store->retry(1, {1, someTime, 0, {}});
    store->bury(1, 1, {}, someTime);
    store->finish(2);
    store->giveBack(ids);
    QVERIFY(!store->commitDueMs());
    store->commit(someTime);
    QCOMPARE(store->counts(someTime), (TaskCounts{1, 0, 0, 0}));
    // Of two ends the first one counts.
    QCOMPARE(store.take(), QList<quint64>{1});
    store->retry(1, {1, someTime, 0, {}});
    store->finish(1);
    store->commit(someTime);
    QCOMPARE(store.take(), QList<quint64>{1});
}

void tst_TaskStores::retry()
{
    StoreUnderTest store(isDurable());
    store.add(task(1));
    store.add(task(2, someTime + 100));
    QCOMPARE(store.take(), QList<quint64>{1});
    store->retry(1, {1, someTime + 50, 3, QStringLiteral("no grain")});
    QVERIFY(!store->taken(1));
    store->commit(someTime);
    if (isDurable())
        store.reopen();
    QCOMPARE(store->nextDueMs(), std::optional<qint64>(someTime + 50));
    QCOMPARE(store->counts(someTime), (TaskCounts{0, 2, 0, 0}));
    QCOMPARE(store.take(someTime + 49), QList<quint64>());
    QCOMPARE(store.take(someTime + 100), (QList<quint64>{1, 2}));
    const TaskRecord *again = store->taken(1);
    QCOMPARE(again->attempts, 1U);
    QCOMPARE(again->resumeAt, 3U);
    QCOMPARE(again->lastError, QStringLiteral("no grain"));
    QCOMPARE(again->payload, QByteArray("grain 1"));
}

void tst_TaskStores::uniqueKey()
{
    StoreUnderTest store(isDurable());
    TaskRecord record = task(1);
    record.uniqueKey = "daily";
    store.add(record);
    record.id = 2;
    store.add(record);
    QVERIFY(store.answers.refused.value(2) == Error::Exists);
    QVERIFY2(store.answers.lastError.contains(u"daily"), qPrintable(store.answers.lastError));
    // While it runs, and while it waits for its next try.
    QCOMPARE(store.take(), QList<quint64>{1});
    store.add(record);
    store->retry(1, {1, someTime, 0, {}});
    store->commit(someTime);
    store.add(record);
    QCOMPARE(store.answers.accepted, QList<quint64>{1});
    QCOMPARE(store.take(), QList<quint64>{1});
    // Not afterwards: not even in the same breath.
    store->finish(1);
    store->add(record, 2);
    store->commit(someTime);
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2}));
    // A dead letter does not hold it.
    QCOMPARE(store.take(), QList<quint64>{2});
    store.bury(2);
    record.id = 3;
    store.add(record);
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2, 3}));
}

void tst_TaskStores::full()
{
    StoreLimits limits;
    limits.tasks = 2;
    StoreUnderTest store(isDurable(), limits);
    for (quint64 id = 1; id <= 3; ++id)
        store->add(task(id), id);
    store->commit(someTime);
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2}));
    QVERIFY(store.answers.refused.value(3) == Error::Busy);
    // What runs counts; what has ended does not.
    QCOMPARE(store.take(), (QList<quint64>{1, 2}));
    store.add(task(4));
    QVERIFY(store.answers.refused.value(4) == Error::Busy);
    store.finish(1);
    store.bury(2);
    store.add(task(5));
    store.add(task(6));
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2, 5, 6}));
}

void tst_TaskStores::spilledPayload()
{
    StoreUnderTest store(isDurable());
    const auto files = [&store] { return QDir(store.spillFolder()).entryList(QDir::Files).size(); };
    for (quint64 id = 1; id <= 3; ++id) {
        TaskRecord record = task(id);
        record.payload.clear();
        record.spillFile = *store.spill().write(id, QByteArray(100'000, 'x'), false);
        store.add(record);
    }
    QCOMPARE(store.take().size(), 3);
    QVERIFY(store->taken(1)->payload.isEmpty());
    QCOMPARE(store.spill().size(store->taken(1)->spillFile), 100'000);
    store->retry(1, {1, someTime, 0, {}});
    store->commit(someTime);
    QCOMPARE(files(), 3);
    store.finish(2);
    QCOMPARE(files(), 2);
    // It stays with the dead letter.
    store.bury(3);
    QCOMPARE(files(), 2);
    QCOMPARE(store.deadLetters().constFirst().payloadSize, 100'000);
    QByteArray payload;
    store->deadPayload(3, [&payload](const auto &found) { payload = found->bytes; });
    QCOMPARE(payload.size(), 100'000);
    if (isDurable()) {
        store.reopen();
        QCOMPARE(
            store.spill().removeLeftovers([&store](const QByteArray &name) { return store->namesSpillFile(name); }), 0);
    }
    qsizetype count = 0;
    store->dropDead(3, countInto(count));
    QCOMPARE(files(), 1);
    QCOMPARE(store.take(), QList<quint64>{1});
    store.finish(1);
    QCOMPARE(files(), 0);
}

void tst_TaskStores::spilledPayloadOfARefusedTask()
{
    StoreLimits limits;
    limits.tasks = 2;
    StoreUnderTest store(isDurable(), limits);
    TaskRecord record = task(1);
    record.uniqueKey = "daily";
    store.add(record);
    for (quint64 id = 2; id <= 4; ++id) {
        record.id = id;
        record.uniqueKey = id == 2 ? "daily" : "";
        record.spillFile = *store.spill().write(id, QByteArray(100'000, 'x'), false);
        store.add(record);
    }
    QCOMPARE(store.answers.refused.size(), 2);
    QCOMPARE(QDir(store.spillFolder()).entryList(QDir::Files), QStringList(QStringLiteral("0000000000000003.task")));
}

void tst_TaskStores::priorityBeyondTheHighest()
{
    StoreUnderTest store(isDurable());
    store.add(task(1, someTime, 9));
    store.add(task(2, someTime - 1, 255));
    QCOMPARE(store.take(), (QList<quint64>{2, 1}));
}

QTEST_GUILESS_MAIN(tst_TaskStores)
#include "tst_taskstores.moc"
