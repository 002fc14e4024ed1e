#include "taskstoresupport.h"

#include <QMap>
#include <QRandomGenerator>
#include <QSet>

#include <algorithm>
#include <tuple>

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
    void countingAsTimeGoes();
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

void tst_MemoryStore::countingAsTimeGoes()
{
    StoreUnderTest store(false);
    QRandomGenerator random(QRandomGenerator::global()->generate());
    QMap<quint64, qint64> waiting; // id → due
    quint64 lastId = 0;
    qint64 now = someTime;
    while (lastId < 2000 || !waiting.isEmpty()) {
        for (int i = lastId < 2000 ? random.bounded(8) : 0; i > 0; --i) {
            const qint64 due = now + (random.bounded(2) == 0 ? 0 : random.bounded(1, 50));
            store.add(task(++lastId, due, quint8(random.bounded(10))));
            waiting.insert(lastId, due);
        }
        // Only sometimes: what is taken is the same, whether it was counted before or not.
        if (random.bounded(3) > 0) {
            const qsizetype delayed =
                std::count_if(waiting.begin(), waiting.end(), [now](qint64 due) { return due > now; });
            QCOMPARE(store->counts(now).delayed, delayed);
            QCOMPARE(store->counts(now).queued, waiting.size() - delayed);
        }
        QSet<quint64> due;
        for (auto each = waiting.cbegin(); each != waiting.cend(); ++each) {
            if (each.value() <= now)
                due.insert(each.key());
        }
        const QList<quint64> taken = store.take(now);
        QCOMPARE(QSet<quint64>(taken.begin(), taken.end()), due);
        const auto key = [&store, &waiting](quint64 id) {
            return std::tuple(-int(store->taken(id)->priority), waiting.value(id));
        };
        QVERIFY(std::is_sorted(taken.begin(), taken.end(), [&](quint64 a, quint64 b) { return key(a) < key(b); }));
        for (const quint64 id : taken) {
            if (random.bounded(4) == 0) {
                const qint64 again = now + random.bounded(1, 30);
                store->retry(id, {1, again, 0, QStringLiteral("no grain")});
                waiting[id] = again;
            } else {
                store.finish(id);
                waiting.remove(id);
            }
        }
        now += random.bounded(12);
    }
    QCOMPARE(store->counts(now), TaskCounts());
}

QTEST_GUILESS_MAIN(tst_MemoryStore)
#include "tst_memorystore.moc"
