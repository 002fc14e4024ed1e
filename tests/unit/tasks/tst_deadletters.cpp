#include "taskstoresupport.h"

#include <QRegularExpression>

using namespace Quern;
using namespace Quern::tasks;

/// What every driver promises of tasks that have failed for good.
class tst_DeadLetters : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void initTestCase_data();
    void buried();
    void pagesOfDeadLetters();
    void revived();
    void revivedOnlyIfThereIsRoom();
    void revivedOnlyIfItsKeyIsFree();
    void dropped();
    void oldestDeadLettersGo();
    void noDeadLetters();

private:
    bool isDurable() const
    {
        QFETCH_GLOBAL(bool, durable);
        return durable;
    }
    static void ignoreDropped(int id)
    {
        QTest::ignoreMessage(
            QtWarningMsg,
            QRegularExpression(QStringLiteral("^dropped the dead letter of task %1 \\(mill.grind\\): there are "
                                              "more than dead_letter_max")
                                   .arg(id)));
    }
};

void tst_DeadLetters::initTestCase_data()
{
    QTest::addColumn<bool>("durable");
    QTest::newRow("memory") << false;
    QTest::newRow("sqlite") << true;
}

void tst_DeadLetters::buried()
{
    StoreUnderTest store(isDurable());
    store.add(task(7));
    store.take();
    store.bury(7, QStringLiteral("no grain"), someTime + 3);
    if (isDurable())
        store.reopen();
    QCOMPARE(store.take(someTime + 1'000'000), QList<quint64>());
    QCOMPARE(store->counts(someTime), (TaskCounts{0, 0, 0, 1}));
    const DeadLetters letters = store.deadLetters();
    QCOMPARE(letters.size(), 1);
    const DeadLetter &letter = letters.constFirst();
    QCOMPARE(letter.id, quint64(7));
    QCOMPARE(letter.name, QByteArray("mill.grind"));
    QCOMPARE(letter.error, QStringLiteral("no grain"));
    QCOMPARE(letter.attempts, 3U);
    QCOMPARE(letter.createdMs, someTime);
    QCOMPARE(letter.buriedMs, someTime + 3);
    QCOMPARE(letter.payloadSize, 7);
    QByteArray payload;
    store->deadPayload(7, [&payload](const auto &found) { payload = found->bytes; });
    QCOMPARE(payload, QByteArray("grain 7"));
    Error::Code code = Error::Internal;
    store->deadPayload(8, [&code](const auto &found) { code = found.error().code(); });
    QVERIFY(code == Error::NotFound);
}

void tst_DeadLetters::pagesOfDeadLetters()
{
    StoreUnderTest store(isDurable());
    for (quint64 id = 1; id <= 6; ++id) {
        TaskRecord record = task(id);
        record.name = id % 2 ? "odd" : "even";
        store.add(record);
        store.take();
        store.bury(id);
    }
    QCOMPARE(store.deadIds(), (QList<quint64>{6, 5, 4, 3, 2, 1}));
    DeadLetterQuery query;
    query.limit = 4;
    const DeadLetters first = store.deadLetters(query);
    query.before = first.constLast().number;
    QCOMPARE(first.constLast().id, quint64(3));
    QCOMPARE(store.deadIds(query), (QList<quint64>{2, 1}));
    query = {};
    query.name = "odd";
    query.limit = 2;
    QCOMPARE(store.deadIds(query), (QList<quint64>{5, 3}));
    query.name = "none";
    QCOMPARE(store.deadIds(query), QList<quint64>());
}

void tst_DeadLetters::revived()
{
    StoreUnderTest store(isDurable());
    for (quint64 id = 1; id <= 4; ++id) {
        TaskRecord record = task(id, someTime - 100);
        record.name = id == 4 ? "other" : "mill.grind";
        store.add(record);
        store.take();
        store.bury(id);
    }
    qsizetype count = 0;
    Error::Code code = Error::Internal;
    store->reviveDead(2, someTime + 9, countInto(count));
    QCOMPARE(count, 1);
    store->reviveDead(2, someTime + 9, countInto(count, &code));
    QCOMPARE(count, -1);
    QVERIFY(code == Error::NotFound);
    QCOMPARE(store.take(someTime + 8), QList<quint64>());
    QCOMPARE(store.take(someTime + 9), QList<quint64>{2});
    QCOMPARE(store->taken(2)->attempts, 0U);
    QCOMPARE(store->taken(2)->payload, QByteArray("grain 2"));
    store->reviveAllDead("mill.grind", someTime, countInto(count));
    QCOMPARE(count, 2);
    QCOMPARE(store.deadIds(), QList<quint64>{4});
    store->reviveAllDead({}, someTime, countInto(count));
    QCOMPARE(count, 1);
    QCOMPARE(store->counts(someTime), (TaskCounts{3, 0, 1, 0}));
    // And not the one that runs.
    QCOMPARE(store.take(someTime + 9), (QList<quint64>{1, 3, 4}));
}

void tst_DeadLetters::revivedOnlyIfThereIsRoom()
{
    StoreLimits limits;
    limits.tasks = 3;
    StoreUnderTest store(isDurable(), limits);
    for (quint64 id = 1; id <= 3; ++id) {
        store.add(task(id));
        store.take();
        store.bury(id);
    }
    store.add(task(4));
    qsizetype count = 0;
    store->reviveAllDead({}, someTime, countInto(count));
    QCOMPARE(count, 2);
    QCOMPARE(store.deadIds(), QList<quint64>{3});
    Error::Code code = Error::Internal;
    store->reviveDead(3, someTime, countInto(count, &code));
    QVERIFY(code == Error::Busy);
    QCOMPARE(store.deadIds(), QList<quint64>{3});
}

void tst_DeadLetters::revivedOnlyIfItsKeyIsFree()
{
    StoreUnderTest store(isDurable());
    TaskRecord record = task(1);
    record.uniqueKey = "daily";
    store.add(record);
    store.take();
    store.bury(1);
    record.id = 2;
    store.add(record);
    qsizetype count = 0;
    Error::Code code = Error::Internal;
    store->reviveDead(1, someTime, countInto(count, &code));
    QVERIFY(code == Error::Exists);
    store->reviveAllDead({}, someTime, countInto(count));
    QCOMPARE(count, 0);
    QCOMPARE(store.deadIds(), QList<quint64>{1});
    QCOMPARE(store.take(), QList<quint64>{2});
    store.finish(2);
    store->reviveDead(1, someTime, countInto(count));
    QCOMPARE(count, 1);
    // It holds its key again.
    record.id = 3;
    store.add(record);
    QVERIFY(store.answers.refused.value(3) == Error::Exists);
}

void tst_DeadLetters::dropped()
{
    StoreUnderTest store(isDurable());
    for (quint64 id = 1; id <= 4; ++id) {
        TaskRecord record = task(id);
        record.name = id == 4 ? "other" : "mill.grind";
        store.add(record);
        store.take();
        store.bury(id);
    }
    qsizetype count = 0;
    Error::Code code = Error::Internal;
    store->dropDead(2, countInto(count));
    QCOMPARE(count, 1);
    store->dropDead(2, countInto(count, &code));
    QVERIFY(code == Error::NotFound);
    store->dropAllDead("mill.grind", countInto(count));
    QCOMPARE(count, 2);
    QCOMPARE(store.deadIds(), QList<quint64>{4});
    store->dropAllDead({}, countInto(count));
    QCOMPARE(count, 1);
    QCOMPARE(store->counts(someTime), TaskCounts());
}

void tst_DeadLetters::oldestDeadLettersGo()
{
    StoreLimits limits;
    limits.deadLetters = 2;
    StoreUnderTest store(isDurable(), limits);
    for (quint64 id = 1; id <= 4; ++id)
        store.add(task(id));
    store.take();
    store.bury(1);
    store.bury(2);
    ignoreDropped(1);
    store.bury(3);
    ignoreDropped(2);
    store.bury(4);
    QCOMPARE(store.deadIds(), (QList<quint64>{4, 3}));
    QCOMPARE(store->counts(someTime).dead, 2);
    if (isDurable()) {
        store.reopen();
        QCOMPARE(store->counts(someTime).dead, 2);
    }
}

void tst_DeadLetters::noDeadLetters()
{
    StoreLimits limits;
    limits.deadLetters = 0;
    StoreUnderTest store(isDurable(), limits);
    store.add(task(1));
    store.take();
    ignoreDropped(1);
    store.bury(1);
    QCOMPARE(store->counts(someTime), TaskCounts());
}

QTEST_GUILESS_MAIN(tst_DeadLetters)
#include "tst_deadletters.moc"
