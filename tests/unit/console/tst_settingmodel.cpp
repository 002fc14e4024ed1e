#include "admin-gui/models/settingmodel.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::console;

class tst_settingmodel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void originsAreShort();
    void defaultsCanBeLeftOut();

private:
    static admin::ConfigReport report();
};

admin::ConfigReport tst_settingmodel::report()
{
    admin::ConfigReport report;
    report.file = QStringLiteral("/srv/shop/quern.toml");
    report.settings = {{QStringLiteral("server.worker_num"), QStringLiteral("4"),
                        QStringLiteral("/srv/shop/quern.toml:3"), QStringLiteral("2"),
                        admin::SettingStatus::Change::Reload, QStringLiteral("How many.")},
                       {QStringLiteral("server.listen"),
                        QStringLiteral("\"x\""),
                        QStringLiteral("default"),
                        QStringLiteral("\"x\""),
                        admin::SettingStatus::Change::Restart,
                        {}}};
    return report;
}

void tst_settingmodel::originsAreShort()
{
    SettingModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setReport(report());
    QCOMPARE(model.rowCount(), 2);
    QCOMPARE(model.index(0, 0).data().toString(), QStringLiteral("server.worker_num"));
    QCOMPARE(model.index(0, 2).data().toString(), QStringLiteral("quern.toml:3"));
    QCOMPARE(model.index(0, 0).data(Qt::ToolTipRole).toString(), QStringLiteral("How many."));
    QCOMPARE(model.index(1, 4).data().toString(), QStringLiteral("restart"));
}

void tst_settingmodel::defaultsCanBeLeftOut()
{
    SettingModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    model.setReport(report());
    model.setOnlyChanged(true);
    QCOMPARE(model.rowCount(), 1);
    QCOMPARE(model.at(0).key, QStringLiteral("server.worker_num"));
    model.setOnlyChanged(false);
    QCOMPARE(model.rowCount(), 2);
}

QTEST_MAIN(tst_settingmodel)
#include "tst_settingmodel.moc"
