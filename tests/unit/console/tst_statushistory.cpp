#include "admin-gui/store/statushistory.h"

#include <QTest>

using namespace Quern;
using namespace Quern::console;

class tst_statushistory : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void ratesAreBetweenTwo();
    void anotherServerBeginsAnew();
    void anotherProcessBeginsAnew();
    void nothingGrowsForEver();

private:
    static admin::Status status(qint64 pid, qint64 requests);
};

admin::Status tst_statushistory::status(qint64 pid, qint64 requests)
{
    admin::Status status;
    status.pid = pid;
    status.startedAt = QDateTime::fromSecsSinceEpoch(1'700'000'000 + pid);
    status.totals.requests = requests;
    status.totals.failed = requests / 10;
    status.reactors = {{0, 3, 1, 0}, {1, 4, 2, 0}};
    return status;
}

void tst_statushistory::ratesAreBetweenTwo()
{
    StatusHistory history;
    history.add(status(1, 100), 10);
    QVERIFY(history.requests().isEmpty());
    history.add(status(1, 300), 12);
    QCOMPARE(history.rates().requests, 100.0);
    QCOMPARE(history.rates().errors, 10.0);
    QCOMPARE(history.requests().since(0), QList<QPointF>{QPointF(12, 100)});
    QCOMPARE(history.connections().values(), (QList<double>{7, 7}));
    QCOMPARE(history.queued().last(), 3.0);
}

void tst_statushistory::anotherServerBeginsAnew()
{
    StatusHistory history;
    history.add(status(1, 1000), 10);
    history.add(status(1, 2000), 11);
    history.add(status(2, 5), 12);
    QVERIFY(history.requests().isEmpty());
    QCOMPARE(history.connections().size(), std::size_t(1));
    history.add(status(2, 15), 13);
    QCOMPARE(history.rates().requests, 10.0);
}

void tst_statushistory::anotherProcessBeginsAnew()
{
    StatusHistory history;
    admin::Status present = status(1, 0);
    admin::WorkerStatus worker;
    worker.name = QStringLiteral("worker 0");
    worker.pid = 5;
    worker.rssBytes = 100;
    present.workers = {worker};
    history.add(present, 1);
    present.workers[0].rssBytes = 200;
    history.add(present, 2);
    QCOMPARE(history.memoryOf(present.workers.at(0)), (QList<double>{100, 200}));
    present.workers[0].pid = 6;
    history.add(present, 3);
    QCOMPARE(history.memoryOf(present.workers.at(0)), QList<double>{200});
    present.workers[0].pid = 5;
    QVERIFY(history.memoryOf(present.workers.at(0)).isEmpty());
}

void tst_statushistory::nothingGrowsForEver()
{
    StatusHistory history;
    for (int i = 0; i < 3000; ++i)
        history.add(status(1, i), i);
    QCOMPARE(history.requests().size(), std::size_t(900));
    QCOMPARE(history.requests().since(2990).size(), 10);
}

QTEST_MAIN(tst_statushistory)
#include "tst_statushistory.moc"
