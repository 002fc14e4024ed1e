#include "taskstoresupport.h"

using namespace Quern;
using namespace Quern::tasks;

/// What the queue in memory promises beyond the others: that its memory is bounded.
class tst_MemoryStore : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void answersAtOnce();
    void payloadsAreBounded();
    void deadLettersHaveAPartOfTheMemory();
    void revivedPayloadMovesWithItsTask();
    void nothingIsLeftOfManyTasks();
};

namespace {

TaskRecord large(quint64 id, qsizetype size)
{
    TaskRecord record = task(id);
    record.payload = QByteArray(size, 'x');
    return record;
}

StoreLimits limitedTo(qint64 memory)
{
    StoreLimits limits;
    limits.memory = memory;
    return limits;
}

} // namespace

void tst_MemoryStore::answersAtOnce()
{
    StoreUnderTest store(false);
    store->add(task(1), 77);
    QCOMPARE(store.answers.accepted, QList<quint64>{77});
    QVERIFY(!store->commitDueMs());
    QCOMPARE(store.take(), QList<quint64>{1});
}

void tst_MemoryStore::payloadsAreBounded()
{
    StoreUnderTest store(false, limitedTo(1000));
    store.add(large(1, 600));
    store.add(large(2, 400));
    store.add(large(3, 1));
    QVERIFY(store.answers.refused.value(3) == Error::Busy);
    QVERIFY2(store.answers.lastError.contains(u"queue_memory"), qPrintable(store.answers.lastError));
    store.take();
    store.finish(1);
    store.add(large(4, 601));
    store.add(large(5, 600));
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2, 5}));
}

void tst_MemoryStore::deadLettersHaveAPartOfTheMemory()
{
    StoreUnderTest store(false, limitedTo(1000));
    for (quint64 id = 1; id <= 3; ++id) {
        store.add(large(id, 100));
        store.take();
        if (id == 3)
            QTest::ignoreMessage(QtWarningMsg, "dropped the dead letter of task 1 (mill.grind): there are more than "
                                               "dead_letter_max, or their payloads are too large for queue_memory");
        store.bury(id);
    }
    QCOMPARE(store.deadIds(), (QList<quint64>{3, 2}));
    // They count.
    store.add(large(4, 801));
    store.add(large(5, 800));
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2, 3, 5}));
}

void tst_MemoryStore::revivedPayloadMovesWithItsTask()
{
    StoreUnderTest store(false, limitedTo(1000));
    store.add(large(1, 200));
    store.take();
    store.bury(1);
    store.add(large(2, 800));
    qsizetype count = 0;
    store->reviveDead(1, someTime, countInto(count));
    QCOMPARE(count, 1);
    store.add(large(3, 1));
    QVERIFY(store.answers.refused.value(3) == Error::Busy);
    store.take();
    store.finish(1);
    store.add(large(4, 200));
    QCOMPARE(store.answers.accepted, (QList<quint64>{1, 2, 4}));
}

void tst_MemoryStore::nothingIsLeftOfManyTasks()
{
    StoreUnderTest store(false, limitedTo(100));
    for (quint64 id = 1; id <= 10'000; ++id) {
        TaskRecord record = large(id, 100);
        record.uniqueKey = "daily";
        store.add(record);
        QCOMPARE(store.take(), QList<quint64>{id});
        store.finish(id);
    }
    QCOMPARE(store.answers.accepted.size(), 10'000);
    QCOMPARE(store->counts(someTime), TaskCounts());
}

QTEST_GUILESS_MAIN(tst_MemoryStore)
#include "tst_memorystore.moc"
