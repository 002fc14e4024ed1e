#include "base/loghistory.h"

#include <QSemaphore>
#include <QTest>

#include <chrono>
#include <thread>
#include <vector>

using namespace Quern;
using base::LogFilter;
using base::LogHistory;
using base::LogLevel;
using base::LogRecord;

class TestLogHistory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void newestOfFew();
    void isBounded_data();
    void isBounded();
    void longTextsAreCut();
    void filters();
    void pagesMeet();
    void followingMissesNothing();
    void aSlowFollowerIsToldWhatItMissed();
    void startOfTheLast();
    void listenerHearsOnceForEachArm();
    void appendsFromManyThreads();
};

namespace {

LogRecord record(const QByteArray &text, LogLevel level = LogLevel::Info, const QByteArray &role = "master")
{
    LogRecord result;
    result.text = text;
    result.level = level;
    result.role = role;
    return result;
}

QByteArrayList textsOf(const QList<LogRecord> &records)
{
    QByteArrayList texts;
    for (const LogRecord &entry : records)
        texts.append(entry.text);
    return texts;
}

} // namespace

void TestLogHistory::newestOfFew()
{
    LogHistory history;
    QVERIFY(history.newest({}, 10, 0).records.isEmpty());
    for (const char *text : {"a", "b", "c"})
        history.append(record(text));
    const LogHistory::Page all = history.newest({}, 10, 0);
    QCOMPARE(textsOf(all.records), QByteArrayList({"a", "b", "c"}));
    QCOMPARE(all.records.first().serial, quint64(1));
    QCOMPARE(all.from, quint64(0));
    const LogHistory::Page two = history.newest({}, 2, 0);
    QCOMPARE(textsOf(two.records), QByteArrayList({"b", "c"}));
    QCOMPARE(textsOf(history.newest({}, 2, two.from).records), QByteArrayList({"a"}));
    QVERIFY(history.newest({}, 0, 0).records.isEmpty());
}

void TestLogHistory::isBounded_data()
{
    QTest::addColumn<qsizetype>("length");
    QTest::addColumn<qsizetype>("kept");
    QTest::newRow("short lines") << qsizetype(10) << qsizetype(LogHistory::MaxRecords);
    QTest::newRow("long lines") << qsizetype(LogHistory::MaxText) << LogHistory::MaxBytes / LogHistory::MaxText;
}

void TestLogHistory::isBounded()
{
    QFETCH(const qsizetype, length);
    QFETCH(const qsizetype, kept);
    LogHistory history;
    for (std::size_t i = 0; i < LogHistory::MaxRecords + 5; ++i)
        history.append(record(QByteArray(length, 'x')));
    qsizetype count = 0;
    quint64 from = 0;
    do {
        const LogHistory::Page page = history.newest({}, 100000, from);
        count += page.records.size();
        from = page.from;
    } while (from != 0);
    QCOMPARE(count, kept);
}

void TestLogHistory::longTextsAreCut()
{
    LogHistory history;
    history.append(record(QByteArray(LogHistory::MaxText, 'x')));
    history.append(record(QByteArray("\xe2\x82\xac").repeated(LogHistory::MaxText)));
    const QByteArrayList texts = textsOf(history.newest({}, 2, 0).records);
    QCOMPARE(texts.at(0), QByteArray(LogHistory::MaxText, 'x'));
    QVERIFY(texts.at(1).size() <= LogHistory::MaxText);
    QVERIFY(texts.at(1).endsWith(" (the rest is in the log)"));
    QCOMPARE(base::printable(texts.at(1)), texts.at(1)); // no character is cut in two
}

void TestLogHistory::filters()
{
    LogHistory history;
    history.append(record("a", LogLevel::Debug));
    history.append(record("b", LogLevel::Warning, "worker 1"));
    history.append(record("c", LogLevel::Error));
    history.append(record("d", LogLevel::Info, "worker 10"));
    QCOMPARE(textsOf(history.newest({LogLevel::Warning, {}}, 10, 0).records), QByteArrayList({"b", "c"}));
    QCOMPARE(textsOf(history.newest({LogLevel::Debug, "worker 1"}, 10, 0).records), QByteArrayList({"b"}));
    QCOMPARE(textsOf(history.newest({LogLevel::Info, {}}, 1, 0).records), QByteArrayList({"d"}));
    QCOMPARE(textsOf(history.since({LogLevel::Warning, {}}, 1).records), QByteArrayList({"b", "c"}));
    QCOMPARE(history.since({LogLevel::Error, "worker 1"}, 1).next, quint64(5));
}

void TestLogHistory::pagesMeet()
{
    LogHistory history;
    for (int i = 0; i < 300; ++i)
        history.append(record(QByteArray::number(i) + QByteArray(2000, ' ')));
    QByteArrayList texts;
    quint64 from = 0;
    int pages = 0;
    do {
        const LogHistory::Page page = history.newest({}, 1000, from);
        texts = textsOf(page.records) + texts;
        from = page.from;
        ++pages;
    } while (from != 0);
    QVERIFY(pages > 3);
    QCOMPARE(texts.size(), 300);
    for (int i = 0; i < 300; ++i)
        QCOMPARE(texts.at(i).trimmed().toInt(), i);
}

void TestLogHistory::followingMissesNothing()
{
    LogHistory history;
    quint64 next = 1;
    int expected = 0;
    for (int round = 0; round < 3; ++round) {
        for (int i = 0; i < 200; ++i)
            history.append(record(QByteArray::number(200 * round + i) + QByteArray(1500, ' ')));
        while (true) {
            const LogHistory::Page page = history.since({}, next);
            if (page.records.isEmpty())
                break;
            QCOMPARE(page.lost, quint64(0));
            for (const LogRecord &entry : page.records)
                QCOMPARE(entry.text.trimmed().toInt(), expected++);
            next = page.next;
        }
        QCOMPARE(expected, 200 * (round + 1));
    }
}

void TestLogHistory::aSlowFollowerIsToldWhatItMissed()
{
    LogHistory history;
    for (std::size_t i = 0; i < LogHistory::MaxRecords + 30; ++i)
        history.append(record(QByteArray::number(quint64(i))));
    const LogHistory::Page page = history.since({}, 11);
    QCOMPARE(page.lost, quint64(20));
    QCOMPARE(page.records.first().serial, quint64(31));
    // Nothing comes from the future.
    QCOMPARE(history.since({}, 100000).next, quint64(LogHistory::MaxRecords + 31));
}

void TestLogHistory::startOfTheLast()
{
    LogHistory history;
    QCOMPARE(history.serialOfLast({}, 5), quint64(1));
    for (int i = 1; i <= 6; ++i)
        history.append(record("x", i % 2 == 0 ? LogLevel::Error : LogLevel::Info));
    QCOMPARE(history.serialOfLast({}, 0), quint64(7));
    QCOMPARE(history.serialOfLast({}, 2), quint64(5));
    QCOMPARE(history.serialOfLast({LogLevel::Error, {}}, 2), quint64(4));
    QCOMPARE(history.serialOfLast({}, 100), quint64(1));
}

void TestLogHistory::listenerHearsOnceForEachArm()
{
    LogHistory history;
    int heard = 0;
    history.setListener([&heard] { ++heard; });
    history.append(record("a"));
    QCOMPARE(heard, 0);
    history.arm();
    history.append(record("b"));
    history.append(record("c"));
    QCOMPARE(heard, 1);
    history.arm();
    history.setListener({});
    history.append(record("d"));
    QCOMPARE(heard, 1);
}

void TestLogHistory::appendsFromManyThreads()
{
    LogHistory history;
    QSemaphore heard;
    history.setListener([&heard] { heard.release(); });
    history.arm();
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
        threads.emplace_back([&history] {
            for (int line = 0; line < 5000; ++line)
                history.append(record("x"));
        });
    }
    quint64 next = 1;
    quint64 seen = 0;
    while (next <= 20000 && heard.tryAcquire(1, std::chrono::seconds(10))) {
        history.arm();
        // A page has no room for all that may have come.
        for (quint64 found = 1; found > 0; seen += found) {
            const LogHistory::Page page = history.since({}, next);
            found = page.lost + quint64(page.records.size());
            next = page.next;
        }
    }
    for (std::thread &thread : threads)
        thread.join();
    history.setListener({});
    QCOMPARE(seen, quint64(20000)); // fewer: a listener that sleeps until it hears was not told of the rest
}

QTEST_APPLESS_MAIN(TestLogHistory)
#include "tst_loghistory.moc"
