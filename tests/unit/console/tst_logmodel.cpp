#include "admin-gui/models/logmodel.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::console;

class tst_logmodel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void olderLinesStandBefore();
    void theSameLineComesOnce();
    void theOldestGo();
    void filterLooksAtAllColumns();
    void aServerThatCountsAnew();

private:
    static QList<admin::LogLine> lines(qint64 first, int count);
};

QList<admin::LogLine> tst_logmodel::lines(qint64 first, int count)
{
    QList<admin::LogLine> list;
    for (qint64 serial = first; serial < first + count; ++serial) {
        admin::LogLine line;
        line.serial = serial;
        line.time = QDateTime::currentDateTimeUtc();
        line.level = serial % 10 == 0 ? base::LogLevel::Error : base::LogLevel::Info;
        line.role = QStringLiteral("worker %1").arg(serial % 3);
        line.category = QStringLiteral("shop");
        line.message = QStringLiteral("line %1\nand more").arg(serial);
        list.append(line);
    }
    return list;
}

void tst_logmodel::olderLinesStandBefore()
{
    LogModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.sort(LogModel::Time, Qt::AscendingOrder);
    model.add(lines(100, 10));
    model.add(lines(50, 10));
    QCOMPARE(model.rowCount(), 20);
    QCOMPARE(model.oldest(), 50);
    QCOMPARE(model.at(0).serial, 50);
    QCOMPARE(model.at(19).serial, 109);
    QCOMPARE(model.index(0, LogModel::Message).data().toString(), QStringLiteral("line 50 and more"));
}

void tst_logmodel::theSameLineComesOnce()
{
    LogModel model;
    model.add(lines(1, 10));
    model.add(lines(5, 10));
    QCOMPARE(model.rowCount(), 14);
}

void tst_logmodel::theOldestGo()
{
    LogModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (qint64 first = 1; first < LogModel::Most + 5000; first += 1000)
        model.add(lines(first, 1000));
    QCOMPARE(model.totalCount(), LogModel::Most);
    QCOMPARE(model.oldest(), 5001);
}

void tst_logmodel::filterLooksAtAllColumns()
{
    LogModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.add(lines(1, 30));
    model.setFilter(QStringLiteral("ERROR"));
    QCOMPARE(model.rowCount(), 3);
    QCOMPARE(Tone(model.index(0, LogModel::Level).data(ToneRole).toInt()), Tone::Bad);
    model.setFilter(QStringLiteral("worker 1"));
    QVERIFY(model.rowCount() >= 10);
    model.setFilter(QStringLiteral("nowhere"));
    QCOMPARE(model.rowCount(), 0);
    model.setFilter({});
    QCOMPARE(model.rowCount(), 30);
}

/// What was there is another server's, and is cleared first.
void tst_logmodel::aServerThatCountsAnew()
{
    LogModel model;
    model.add(lines(19'000, 1000));
    model.clear();
    model.add(lines(1, 10));
    QCOMPARE(model.totalCount(), 10);
}

QTEST_MAIN(tst_logmodel)
#include "tst_logmodel.moc"
