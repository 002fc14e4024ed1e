#include "admin-gui/models/cronmodel.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_CronModel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void jobs();
    void order();
    void states_data();
    void states();
    void distances_data();
    void distances();

private:
    static constexpr auto Strict = QAbstractItemModelTester::FailureReportingMode::QtTest;
};

namespace {

const QDateTime now = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);

CronJobStatus job(const QString &name)
{
    CronJobStatus job;
    job.name = name;
    job.schedule = u"every 10 s"_s;
    return job;
}

} // namespace

void tst_CronModel::jobs()
{
    CronModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    CronJobStatus failed = job(u"tick"_s);
    failed.next = now.addSecs(5);
    failed.last = now.addSecs(-5);
    failed.durationUs = 1200;
    failed.error = u"it threw"_s;
    failed.runs = 7;
    failed.failures = 1;
    model.setJobs({failed, job(u"idle"_s)}, now);
    const auto cell = [&model](int row, int column, int role = Qt::DisplayRole) {
        return model.index(row, column).data(role);
    };
    QVERIFY(cell(0, CronModel::Next).toString().endsWith(u"in 5 s"_s));
    QCOMPARE(cell(0, CronModel::Duration).toString(), u"1.20 ms"_s);
    QVERIFY(cell(0, CronModel::Result).toString().contains(u"it threw"_s));
    QCOMPARE(cell(0, CronModel::Result, ToneRole).toInt(), int(Tone::Bad));
    QCOMPARE(cell(0, CronModel::Result, Qt::ToolTipRole).toString(), u"it threw"_s);
    QCOMPARE(cell(0, CronModel::Failures, ToneRole).toInt(), int(Tone::Bad));
    QCOMPARE(cell(1, CronModel::Next).toString(), QString());
    QCOMPARE(cell(1, CronModel::Last).toString(), QString());
    QCOMPARE(cell(1, CronModel::Duration).toString(), QString());
    QCOMPARE(cell(1, CronModel::Result, ToneRole).toInt(), int(Tone::Faint));
    QCOMPARE(cell(1, CronModel::Failures, ToneRole).toInt(), int(Tone::Plain));
    failed.error.clear();
    model.setJobs({failed}, now.addSecs(2));
    QCOMPARE(model.rowCount(), 1);
    QVERIFY(cell(0, CronModel::Next).toString().endsWith(u"in 3 s"_s));
    QCOMPARE(cell(0, CronModel::Result, ToneRole).toInt(), int(Tone::Good));
}

void tst_CronModel::order()
{
    CronModel model;
    const QAbstractItemModelTester tester(&model, Strict);
    CronJobStatus soon = job(u"soon"_s);
    soon.next = now.addSecs(9);
    CronJobStatus later = job(u"later"_s);
    later.next = now.addSecs(10);
    model.setJobs({later, job(u"never"_s), soon}, now);
    model.sort(CronModel::Next, Qt::DescendingOrder);
    QStringList names;
    for (int row = 0; row < model.rowCount(); ++row)
        names.append(model.at(row).name);
    QCOMPARE(names, (QStringList{u"later"_s, u"soon"_s, u"never"_s}));
}

void tst_CronModel::states_data()
{
    QTest::addColumn<int>("running");
    QTest::addColumn<bool>("paused");
    QTest::addColumn<bool>("stopped");
    QTest::addColumn<QString>("part");
    QTest::addColumn<int>("tone");
    QTest::newRow("waits") << 0 << false << false << u"waits"_s << int(Tone::Plain);
    QTest::newRow("runs") << 2 << false << false << u"2 running"_s << int(Tone::Busy);
    QTest::newRow("paused") << 0 << true << false << u"paused"_s << int(Tone::Warning);
    QTest::newRow("runs while paused") << 1 << true << false << u"1 running"_s << int(Tone::Warning);
    QTest::newRow("stopped") << 0 << false << true << u"stopped itself"_s << int(Tone::Faint);
}

void tst_CronModel::states()
{
    QFETCH(const int, running);
    QFETCH(const bool, paused);
    QFETCH(const bool, stopped);
    QFETCH(const QString, part);
    QFETCH(const int, tone);
    CronJobStatus each = job(u"tick"_s);
    each.running = running;
    each.paused = paused;
    each.stopped = stopped;
    QVERIFY(CronModel::stateText(each).contains(part));
    QCOMPARE(int(CronModel::stateTone(each)), tone);
}

void tst_CronModel::distances_data()
{
    QTest::addColumn<qint64>("milliseconds");
    QTest::addColumn<QString>("text");
    QTest::newRow("past") << qint64(-5000) << u"now"_s;
    QTest::newRow("below half a second") << qint64(499) << u"now"_s;
    QTest::newRow("half a second") << qint64(500) << u"in 1 s"_s;
    QTest::newRow("seconds") << qint64(59'499) << u"in 59 s"_s;
    QTest::newRow("a minute") << qint64(60'000) << u"in 1 min 0 s"_s;
    QTest::newRow("hours") << qint64(7'500'000) << u"in 2 h 5 min"_s;
}

void tst_CronModel::distances()
{
    QFETCH(const qint64, milliseconds);
    QFETCH(const QString, text);
    QCOMPARE(CronModel::distanceText(now.addMSecs(milliseconds), now), text);
}

QTEST_GUILESS_MAIN(tst_CronModel)
#include "tst_cronmodel.moc"
