#include "admin-gui/models/processmodel.h"

#include <QAbstractItemModelTester>
#include <QPersistentModelIndex>
#include <QRandomGenerator>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
using admin::WorkerStatus;

class tst_processmodel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void groupsByRole();
    void selectionFollowsItsProcess();
    void sortsWithinGroups();
    void filters();
    void findsWhoTakesWork();
    void survivesAnything();

private:
    static WorkerStatus process(const QString &name, int id, qint64 pid, int generation = 1);
    static admin::Status status();
    static QStringList names(const ProcessModel &model, int group);
};

WorkerStatus tst_processmodel::process(const QString &name, int id, qint64 pid, int generation)
{
    WorkerStatus status;
    status.name = name;
    status.id = id;
    status.pid = pid;
    status.generation = generation;
    status.state = WorkerStatus::State::Ready;
    status.rssBytes = 1000 * (pid + 20);
    return status;
}

admin::Status tst_processmodel::status()
{
    admin::Status status;
    status.pid = 1;
    status.generation = 1;
    for (int i = 0; i < 3; ++i)
        status.workers.append(process(QStringLiteral("worker %1").arg(i), i, 10 - i));
    status.processes = {process(QStringLiteral("task worker 0"), 0, 20), process(QStringLiteral("timer"), 0, 21),
                        process(QStringLiteral("process mailer 0"), 0, 22)};
    return status;
}

QStringList tst_processmodel::names(const ProcessModel &model, int group)
{
    QStringList names;
    const QModelIndex parent = model.index(group, 0);
    for (int row = 0; row < model.rowCount(parent); ++row)
        names.append(model.index(row, 0, parent).data().toString());
    return names;
}

void tst_processmodel::groupsByRole()
{
    ProcessModel model([](const WorkerStatus &) { return QList<double>{1, 2}; });
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    admin::Status sample = status();
    sample.workers[1].restarts = 2;
    sample.workers[1].replacements = 3;
    model.setStatus(sample);
    QCOMPARE(model.rowCount(), 5);
    QCOMPARE(model.index(1, ProcessModel::Restarts, model.index(1, 0)).data().toString(), QStringLiteral("5"));
    QCOMPARE(names(model, 1),
             (QStringList{QStringLiteral("worker 0"), QStringLiteral("worker 1"), QStringLiteral("worker 2")}));
    QCOMPARE(names(model, 2), QStringList{QStringLiteral("task worker 0")});
    QCOMPARE(names(model, 3), QStringList{QStringLiteral("timer")});
    QCOMPARE(names(model, 4), QStringList{QStringLiteral("process mailer 0")});
    QCOMPARE(model.index(0, ProcessModel::Pid).data().toString(), QStringLiteral("1"));
    QCOMPARE(model.index(1, ProcessModel::State).data().toString(), QStringLiteral("3 of 3 ready"));
    const QModelIndex worker = model.index(0, ProcessModel::Trend, model.index(1, 0));
    QCOMPARE(worker.data(TrendRole).value<QList<double>>(), (QList<double>{1, 2}));
    QVERIFY(!model.processAt(model.index(1, 0)));
    QCOMPARE(model.processAt(worker)->pid, 10);
}

void tst_processmodel::selectionFollowsItsProcess()
{
    ProcessModel model([](const WorkerStatus &) { return QList<double>(); });
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    admin::Status present = status();
    model.setStatus(present);
    const QPersistentModelIndex kept = model.indexOfProcess(QStringLiteral("worker 2"));
    const QPersistentModelIndex leaving = model.indexOfProcess(QStringLiteral("worker 0"));
    QVERIFY(kept.isValid() && leaving.isValid());
    present.workers.removeFirst();
    present.workers.append(process(QStringLiteral("worker 0"), 0, 99));
    model.setStatus(present);
    QVERIFY(!leaving.isValid());
    QVERIFY(kept.isValid());
    QCOMPARE(kept.data().toString(), QStringLiteral("worker 2"));
    QCOMPARE(names(model, 1).constFirst(), QStringLiteral("worker 0"));
}

void tst_processmodel::sortsWithinGroups()
{
    ProcessModel model([](const WorkerStatus &) { return QList<double>(); });
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setStatus(status());
    const QPersistentModelIndex first = model.indexOfProcess(QStringLiteral("worker 0"));
    model.sort(ProcessModel::Memory, Qt::AscendingOrder);
    QCOMPARE(names(model, 1),
             (QStringList{QStringLiteral("worker 2"), QStringLiteral("worker 1"), QStringLiteral("worker 0")}));
    QCOMPARE(first.row(), 2);
    model.sort(ProcessModel::Memory, Qt::DescendingOrder);
    QCOMPARE(first.row(), 0);
    admin::Status many;
    for (const int id : {10, 9, 2})
        many.workers.append(process(QStringLiteral("worker %1").arg(id), id, id));
    model.sort(ProcessModel::Name, Qt::AscendingOrder);
    model.setStatus(many);
    QCOMPARE(names(model, 1),
             (QStringList{QStringLiteral("worker 2"), QStringLiteral("worker 9"), QStringLiteral("worker 10")}));
    model.sort(ProcessModel::Name, Qt::DescendingOrder);
    QCOMPARE(names(model, 1).constFirst(), QStringLiteral("worker 10"));
}

void tst_processmodel::filters()
{
    ProcessModel model([](const WorkerStatus &) { return QList<double>(); });
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setStatus(status());
    model.setFilter(QStringLiteral("MAIL"));
    QCOMPARE(model.rowCount(model.index(1, 0)), 0);
    QCOMPARE(names(model, 4), QStringList{QStringLiteral("process mailer 0")});
    model.setFilter({});
    QCOMPARE(model.rowCount(model.index(1, 0)), 3);
}

void tst_processmodel::findsWhoTakesWork()
{
    ProcessModel model([](const WorkerStatus &) { return QList<double>(); });
    admin::Status present = status();
    WorkerStatus old = process(QStringLiteral("worker 0"), 0, 7, 1);
    old.state = WorkerStatus::State::Draining;
    present.workers = {old, process(QStringLiteral("worker 0"), 0, 8, 2)};
    model.setStatus(present);
    QCOMPARE(model.processAt(model.indexOfProcess(QStringLiteral("worker 0")))->pid, 8);
    QVERIFY(!model.indexOfProcess(QStringLiteral("worker 7")).isValid());
}

void tst_processmodel::survivesAnything()
{
    ProcessModel model([](const WorkerStatus &) { return QList<double>(); });
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    QRandomGenerator random(7);
    for (int round = 0; round < 300; ++round) {
        admin::Status next;
        const int count = random.bounded(8);
        for (int i = 0; i < count; ++i)
            next.workers.append(
                process(QStringLiteral("worker %1").arg(i), i, random.bounded(30), random.bounded(1, 3)));
        model.setStatus(next);
        model.sort(random.bounded(int(ProcessModel::ColumnCount)),
                   random.bounded(2) == 0 ? Qt::AscendingOrder : Qt::DescendingOrder);
        QCOMPARE(model.rowCount(model.index(1, 0)), count);
    }
}

QTEST_MAIN(tst_processmodel)
#include "tst_processmodel.moc"
