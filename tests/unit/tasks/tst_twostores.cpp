#include "taskstoresupport.h"

#include "tasks/deadletterbox.h"

#include <QRegularExpression>

using namespace Quern;
using namespace Quern::tasks;

/// What holds over both stores of a broker: unique keys, the dead letters as one, and the way from one to the other.
class tst_TwoStores : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void keysAreShared_data();
    void keysAreShared();
    void keysOfWhatIsNotCommitted();
    void revivedOnlyIfTheOtherHasNotTheKey_data() { keysAreShared_data(); }
    void revivedOnlyIfTheOtherHasNotTheKey();
    void pagesOfBoth();
    void pagesOfOne();
    void payloads();
    void revivedAndDropped();
    void takenOut();
    void deadLettersMove();
    void deadLettersBeyondTheLimit();
    void delayedAreCountedAtOnce();

private:
    static TaskRecord keyed(quint64 id)
    {
        TaskRecord record = task(id);
        record.uniqueKey = "mill";
        return record;
    }
    /// Becomes a dead letter at \a nowMs.
    static void bury(StoreUnderTest &store, quint64 id, qint64 nowMs, const QByteArray &name = "mill.grind")
    {
        TaskRecord record = task(id);
        record.name = name;
        store.add(record);
        store.take();
        store.bury(id, QStringLiteral("no grain"), nowMs);
    }
    DeadLetterBox box() const { return {m_memory->store(), &m_database->store()}; }
    DeadLetterPage page(const DeadLetterPageQuery &query) const
    {
        DeadLetterPage found;
        box().page(query, [&found](const Result<DeadLetterPage> &page) { found = *page; });
        return found;
    }
    static QList<quint64> idsOf(const DeadLetterPage &page)
    {
        QList<quint64> ids;
        for (const StoredDeadLetter &letter : page.letters)
            ids.append(letter.letter.id);
        return ids;
    }

    std::unique_ptr<StoreUnderTest> m_memory;
    std::unique_ptr<StoreUnderTest> m_database;
};

void tst_TwoStores::init()
{
    m_memory = std::make_unique<StoreUnderTest>(false);
    m_database = std::make_unique<StoreUnderTest>(true);
    m_memory->store().shareKeys(&m_database->store());
    m_database->store().shareKeys(&m_memory->store());
}

void tst_TwoStores::keysAreShared_data()
{
    QTest::addColumn<bool>("firstIsDurable");
    QTest::newRow("memory first") << false;
    QTest::newRow("database first") << true;
}

void tst_TwoStores::keysAreShared()
{
    QFETCH(const bool, firstIsDurable);
    StoreUnderTest &first = firstIsDurable ? *m_database : *m_memory;
    StoreUnderTest &second = firstIsDurable ? *m_memory : *m_database;
    TaskRecord spilled = keyed(2);
    spilled.payload.clear();
    spilled.spillFile = *second.spill().write(2, "large", false);
    first.add(keyed(1));
    QVERIFY(first->holdsKey("mill"));
    QVERIFY(!first->holdsKey("other"));
    second.add(spilled);
    QCOMPARE(second.answers.refused.value(2), Error::Exists);
    QVERIFY(second.answers.lastError.contains(u"mill"));
    QCOMPARE(second.spill().size(spilled.spillFile), 0); // nothing of it is kept
    first.take();
    second.add(keyed(3));
    QCOMPARE(second.answers.refused.value(3), Error::Exists);
    first.finish(1);
    QVERIFY(!first->holdsKey("mill"));
    second.add(keyed(4));
    QCOMPARE(second.answers.accepted, QList<quint64>{4});
    first.add(keyed(5));
    QCOMPARE(first.answers.refused.value(5), Error::Exists);
}

void tst_TwoStores::keysOfWhatIsNotCommitted()
{
    m_database->store().add(keyed(1), 1);
    QVERIFY(m_database->store().holdsKey("mill"));
    m_memory->add(keyed(2));
    QCOMPARE(m_memory->answers.refused.value(2), Error::Exists);
    m_database->store().commit(someTime);
    QCOMPARE(m_database->answers.accepted, QList<quint64>{1});
    QVERIFY(m_database->store().holdsKey("mill"));
}

void tst_TwoStores::revivedOnlyIfTheOtherHasNotTheKey()
{
    QFETCH(const bool, firstIsDurable);
    StoreUnderTest &first = firstIsDurable ? *m_database : *m_memory;
    StoreUnderTest &second = firstIsDurable ? *m_memory : *m_database;
    first.add(keyed(1));
    first.take();
    first.bury(1);
    second.add(keyed(2));
    qsizetype count = 0;
    Error::Code code = Error::Internal;
    box().revive({1, {}}, someTime, countInto(count, &code));
    QCOMPARE(count, -1);
    QCOMPARE(code, Error::Exists);
    box().revive({}, someTime, countInto(count));
    QCOMPARE(count, 0);
    QCOMPARE(second.take(), QList<quint64>{2});
    second.finish(2);
    box().revive({1, {}}, someTime, countInto(count));
    QCOMPARE(count, 1);
}

void tst_TwoStores::pagesOfBoth()
{
    // Ids in the order of their burial; of those in one moment, the one in memory is the newer one.
    bury(*m_memory, 1, someTime);
    bury(*m_database, 2, someTime + 1);
    bury(*m_database, 3, someTime + 2);
    bury(*m_database, 4, someTime + 3);
    bury(*m_memory, 5, someTime + 3);
    bury(*m_memory, 6, someTime + 4, "other");
    const QList<quint64> all = {6, 5, 4, 3, 2, 1};
    for (int limit = 1; limit <= 7; ++limit) {
        QList<quint64> found;
        DeadLetterPageQuery query;
        query.limit = limit;
        for (int pages = 0; pages < 10; ++pages) {
            const DeadLetterPage part = page(query);
            QVERIFY(part.letters.size() <= limit);
            found += idsOf(part);
            if (!part.older)
                break;
            QCOMPARE(part.letters.size(), limit);
            query.before = *part.older;
        }
        QCOMPARE(found, all);
    }
    const DeadLetterPage newest = page({{}, {}, 3});
    QVERIFY(newest.letters.at(0).store == StoreKind::Memory);
    QVERIFY(newest.letters.at(2).store == StoreKind::Database);
    QCOMPARE(idsOf(page({"other", {}, 3})), QList<quint64>{6});
    QCOMPARE(idsOf(page({"nobody", {}, 3})), QList<quint64>());
}

void tst_TwoStores::pagesOfOne()
{
    bury(*m_memory, 1, someTime);
    bury(*m_memory, 2, someTime);
    DeadLetterPage found;
    const auto keep = [&found](const Result<DeadLetterPage> &part) { found = *part; };
    DeadLetterBox(m_memory->store(), nullptr).page({{}, {}, 1}, keep);
    QCOMPARE(idsOf(found), QList<quint64>{2});
    QVERIFY(found.older);
    DeadLetterBox(m_memory->store(), nullptr).page({{}, *found.older, 1}, keep);
    QCOMPARE(idsOf(found), QList<quint64>{1});
    QVERIFY(!found.older);
}

void tst_TwoStores::payloads()
{
    bury(*m_memory, 1, someTime);
    TaskRecord map = task(2);
    map.isMap = true;
    m_database->add(map);
    m_database->take();
    m_database->bury(2);
    DeadPayload payload;
    Error::Code code = Error::Internal;
    const auto keep = [&](const Result<DeadPayload> &found) {
        if (found)
            payload = *found;
        else
            code = found.error().code();
    };
    box().payload(1, keep);
    QCOMPARE(payload.bytes, QByteArray("grain 1"));
    QVERIFY(!payload.isMap);
    box().payload(2, keep);
    QCOMPARE(payload.bytes, QByteArray("grain 2"));
    QVERIFY(payload.isMap);
    box().payload(3, keep);
    QCOMPARE(code, Error::NotFound);
}

void tst_TwoStores::revivedAndDropped()
{
    for (quint64 id = 1; id <= 6; ++id)
        bury(id % 2 ? *m_memory : *m_database, id, someTime, id > 4 ? "other" : "mill.grind");
    qsizetype count = 0;
    Error::Code code = Error::Internal;
    for (const quint64 id : {1, 2}) {
        box().revive({id, {}}, someTime, countInto(count));
        QCOMPARE(count, 1);
    }
    box().revive({quint64(1), {}}, someTime, countInto(count, &code));
    QCOMPARE(code, Error::NotFound);
    box().revive({{}, "other"}, someTime, countInto(count));
    QCOMPARE(count, 2);
    QCOMPARE(m_memory->take(), (QList<quint64>{1, 5}));
    QCOMPARE(m_database->take(), (QList<quint64>{2, 6}));
    box().drop({quint64(4), {}}, countInto(count));
    QCOMPARE(count, 1);
    code = Error::Internal;
    box().drop({quint64(4), {}}, countInto(count, &code));
    QCOMPARE(code, Error::NotFound);
    box().drop({{}, "other"}, countInto(count));
    QCOMPARE(count, 0);
    box().drop({}, countInto(count));
    QCOMPARE(count, 1);
    QCOMPARE(idsOf(page({})), QList<quint64>());
}

void tst_TwoStores::takenOut()
{
    TaskRecord delayed = task(3, someTime + 60'000);
    delayed.uniqueKey = "mill";
    TaskRecord spilled = task(4);
    spilled.payload.clear();
    spilled.spillFile = *m_memory->spill().write(4, "large", false);
    for (const TaskRecord &record : {task(1), task(2), delayed, spilled})
        m_memory->add(record);
    QCOMPARE(m_memory->take(someTime, 1), QList<quint64>{1}); // what runs stays
    auto *memory = dynamic_cast<MemoryStore *>(&m_memory->store());
    QVERIFY(memory);
    std::vector<TaskRecord> records = memory->takeOut(2);
    QCOMPARE(records.size(), size_t(2));
    QCOMPARE(records.at(0).id, quint64(2));
    QCOMPARE(records.at(1).id, quint64(4));
    QCOMPARE(records.at(0).payload, QByteArray("grain 2"));
    for (TaskRecord &record : memory->takeOut(100))
        records.push_back(std::move(record));
    QCOMPARE(records.back().id, quint64(3));
    QCOMPARE(memory->counts(someTime), (TaskCounts{0, 0, 1, 0}));
    QCOMPARE(m_memory->spill().size(spilled.spillFile), 5);
    // Its key is free, so that the other store can have it.
    m_database->add(records.back());
    QCOMPARE(m_database->answers.accepted, QList<quint64>{3});
    m_memory->finish(1);
    QVERIFY(memory->takeOut(100).empty());
}

void tst_TwoStores::deadLettersMove()
{
    TaskRecord spilled = task(2);
    spilled.payload.clear();
    spilled.spillFile = *m_memory->spill().write(2, "large", false);
    bury(*m_memory, 1, someTime + 1);
    m_memory->add(spilled);
    m_memory->take();
    m_memory->bury(2, QStringLiteral("no miller"), someTime + 2);
    bury(*m_memory, 3, someTime + 4);
    auto *memory = dynamic_cast<MemoryStore *>(&m_memory->store());
    QVERIFY(memory);
    bury(*m_database, 4, someTime + 3);
    QVERIFY(m_database->store().addDead(memory->takeOutDead(2)));
    QCOMPARE(m_memory->deadIds(), QList<quint64>{3});
    QVERIFY(m_database->store().addDead(memory->takeOutDead(100)));
    QVERIFY(memory->takeOutDead(100).empty());
    QCOMPARE(m_memory->spill().size(spilled.spillFile), 5);
    QVERIFY(!memory->namesSpillFile(spilled.spillFile));
    // They outlive it, and are as they were.
    m_database->reopen();
    const DeadLetters letters = m_database->deadLetters();
    QCOMPARE(m_database->deadIds(), (QList<quint64>{3, 2, 1, 4}));
    QCOMPARE(letters.at(1).error, QStringLiteral("no miller"));
    QCOMPARE(letters.at(1).attempts, 3u);
    QCOMPARE(letters.at(1).buriedMs, someTime + 2);
    QVERIFY(m_database->store().namesSpillFile(spilled.spillFile));
    QCOMPARE(m_database->store().counts(someTime), (TaskCounts{0, 0, 0, 4}));
    qsizetype count = 0;
    m_database->store().reviveDead(1, someTime, countInto(count));
    QCOMPARE(count, 1);
    QCOMPARE(m_database->take(), QList<quint64>{1});
}

void tst_TwoStores::deadLettersBeyondTheLimit()
{
    StoreUnderTest database(true, {.deadLetters = 3});
    bury(database, 1, someTime + 1);
    bury(database, 2, someTime + 5);
    bury(*m_memory, 3, someTime);
    bury(*m_memory, 4, someTime + 3);
    bury(*m_memory, 5, someTime + 6);
    auto *memory = dynamic_cast<MemoryStore *>(&m_memory->store());
    QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QStringLiteral("dropped the dead letter of task 3 .* 1 after "
                                                                         "it: there are more than dead_letter_max")));
    QVERIFY(database->addDead(memory->takeOutDead(100)));
    // The oldest by their time, wherever they were.
    QCOMPARE(database.deadIds(), (QList<quint64>{5, 4, 2}));
    QCOMPARE(database->counts(someTime), (TaskCounts{0, 0, 0, 3}));
}

void tst_TwoStores::delayedAreCountedAtOnce()
{
    StoreUnderTest &store = *m_database;
    QCOMPARE(store->counts(someTime), (TaskCounts{0, 0, 0, 0}));
    store.add(task(1, someTime + 60'000));
    store.add(task(2));
    QCOMPARE(store->counts(someTime + 1), (TaskCounts{1, 1, 0, 0}));
    store.take();
    QCOMPARE(store->counts(someTime + 1), (TaskCounts{0, 1, 1, 0}));
    store->retry(2, {1, someTime + 5'000, 0, QStringLiteral("no grain")});
    store->commit(someTime + 2);
    QCOMPARE(store->counts(someTime + 2), (TaskCounts{0, 2, 0, 0}));
    store.take(someTime + 60'000);
    QCOMPARE(store->counts(someTime + 60'000), (TaskCounts{0, 0, 2, 0}));
}

QTEST_GUILESS_MAIN(tst_TwoStores)
#include "tst_twostores.moc"
