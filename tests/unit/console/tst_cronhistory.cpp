#include "admin-gui/store/cronhistory.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_CronHistory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void runs();
    void oldRunsGo();
    void bounded();
    void jobsThatAreGone();
    void anotherServer_data();
    void anotherServer();
};

namespace {

const QDateTime start = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);

Status statusOf(const QList<CronJobStatus> &jobs)
{
    Status status;
    status.pid = 7;
    status.startedAt = start;
    status.cron = jobs;
    return status;
}

CronJobStatus job(const QDateTime &last, qint64 durationUs, const QString &error = {}, const QString &name = u"tick"_s)
{
    CronJobStatus job;
    job.name = name;
    job.last = last;
    job.durationUs = durationUs;
    job.error = error;
    return job;
}

} // namespace

void tst_CronHistory::runs()
{
    CronHistory history;
    CronJobStatus waiting;
    waiting.name = u"tick"_s;
    history.add(statusOf({waiting}), start);
    QVERIFY(history.runsOf(u"tick"_s).isEmpty());
    history.add(statusOf({job(start, 1000)}), start.addSecs(1));
    history.add(statusOf({job(start, 1000)}), start.addSecs(2));
    history.add(statusOf({job(start.addSecs(2), 2000, u"it threw"_s)}), start.addSecs(3));
    const QList<CronHistory::Run> expected{{start, std::chrono::microseconds(1000), {}},
                                           {start.addSecs(2), std::chrono::microseconds(2000), u"it threw"_s}};
    QCOMPARE(history.runsOf(u"tick"_s), expected);
    QVERIFY(history.runsOf(u"other"_s).isEmpty());
}

void tst_CronHistory::oldRunsGo()
{
    CronHistory history;
    history.add(statusOf({job(start, 60'000'000)}), start.addSecs(60));
    // What counts is when it ended.
    history.add(statusOf({job(start, 60'000'000)}), start.addSecs(960));
    QCOMPARE(history.runsOf(u"tick"_s).size(), 1);
    history.add(statusOf({job(start, 60'000'000)}), start.addSecs(961));
    QVERIFY(history.runsOf(u"tick"_s).isEmpty());
}

void tst_CronHistory::bounded()
{
    CronHistory history;
    const int many = int(CronHistory::MostRuns) + 5;
    for (int i = 0; i < many; ++i)
        history.add(statusOf({job(start.addMSecs(i), 10)}), start.addMSecs(i));
    const QList<CronHistory::Run> runs = history.runsOf(u"tick"_s);
    QCOMPARE(runs.size(), qsizetype(CronHistory::MostRuns));
    QCOMPARE(runs.constFirst().began, start.addMSecs(5));
    QCOMPARE(runs.constLast().began, start.addMSecs(many - 1));
}

void tst_CronHistory::jobsThatAreGone()
{
    CronHistory history;
    history.add(statusOf({job(start, 10), job(start, 10, {}, u"other"_s)}), start);
    history.add(statusOf({job(start, 10)}), start.addSecs(1));
    QCOMPARE(history.runsOf(u"tick"_s).size(), 1);
    QVERIFY(history.runsOf(u"other"_s).isEmpty());
}

void tst_CronHistory::anotherServer_data()
{
    QTest::addColumn<qint64>("pid");
    QTest::addColumn<QDateTime>("startedAt");
    QTest::addColumn<int>("runs");
    QTest::newRow("the same") << qint64(7) << start << 2;
    QTest::newRow("another process") << qint64(8) << start << 1;
    QTest::newRow("started anew") << qint64(7) << start.addSecs(1) << 1;
}

void tst_CronHistory::anotherServer()
{
    QFETCH(const qint64, pid);
    QFETCH(const QDateTime, startedAt);
    QFETCH(const int, runs);
    CronHistory history;
    history.add(statusOf({job(start, 10)}), start);
    Status status = statusOf({job(start.addSecs(1), 10)});
    status.pid = pid;
    status.startedAt = startedAt;
    history.add(status, start.addSecs(2));
    QCOMPARE(history.runsOf(u"tick"_s).size(), runs);
    history.clear();
    QVERIFY(history.runsOf(u"tick"_s).isEmpty());
}

QTEST_GUILESS_MAIN(tst_CronHistory)
#include "tst_cronhistory.moc"
