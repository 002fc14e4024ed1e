#include "admin/server/operationlog.h"

#include <QSignalSpy>
#include <QTest>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

using admin::Operation;
using admin::OperationLog;

class TestOperationLog : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void stepsAndTheEnd();
    void oneThatRunsIsNotForgotten();
    void numbersGoOnAfterARestart();
};

void TestOperationLog::stepsAndTheEnd()
{
    OperationLog log;
    const QSignalSpy changes(&log, &OperationLog::changed);
    const qint64 id = log.begin(Operation::Kind::Reload);
    log.addStep(id, u"a step"_s);
    log.finish(id, u"a reason"_s);
    log.addStep(id, u"too late"_s);
    log.finish(id, {});
    log.addStep(id + 1, u"of none"_s);
    QCOMPARE(changes.size(), 2);
    QCOMPARE(log.find(id)->steps.size(), 1);
    QVERIFY(log.find(id)->state == Operation::State::Failed);
    QCOMPARE(log.find(id)->error, u"a reason"_s);
    QVERIFY(!log.find(id + 1));
}

void TestOperationLog::oneThatRunsIsNotForgotten()
{
    constexpr int most = OperationLog::MaxOperations;
    OperationLog log;
    const qint64 drain = log.begin(Operation::Kind::Drain);
    for (int i = 0; i < 2 * most; ++i)
        log.finish(log.begin(Operation::Kind::Reload), {});
    QCOMPARE(log.all().size(), most);
    QVERIFY(log.find(drain));
    log.finish(drain, {});
    QVERIFY(log.find(drain)->state == Operation::State::Succeeded);
    // Then it goes as the oldest.
    log.begin(Operation::Kind::Reload);
    QVERIFY(!log.find(drain));
    QCOMPARE(log.all().size(), most);
}

void TestOperationLog::numbersGoOnAfterARestart()
{
    OperationLog log;
    QCOMPARE(log.last(), 0);
    log.resume(5, Operation::Kind::Restart, 7);
    QCOMPARE(log.last(), 7);
    QVERIFY(log.find(5)->state == Operation::State::Running);
    QCOMPARE(log.begin(Operation::Kind::Reload), 8);
    log.finish(5, {});
    QVERIFY(log.find(5)->state == Operation::State::Succeeded);
}

QTEST_APPLESS_MAIN(TestOperationLog)
#include "tst_operationlog.moc"
