#include "admin-gui/actions/commandtext.h"
#include "admin-gui/actions/cronactions.h"
#include "admin-gui/actions/tableactions.h"
#include "admin-gui/actions/taskactions.h"
#include "admin/protocol/methods.h"

#include <QJsonDocument>
#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Quern::console;
using namespace Qt::Literals::StringLiterals;

class tst_DataActions : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void rows();
    void deletedRows();
    void deadLetters();
    void allDeadLetters();
    void cronJobs();
    void commandOfAKeyThatIsNoText();
};

namespace {

QByteArray compact(const QJsonObject &json)
{
    return QJsonDocument(json).toJson(QJsonDocument::Compact);
}

} // namespace

void tst_DataActions::rows()
{
    const ServerAction one = tableactions::setRow(u"prices"_s, {{"\xff"}, {{u"stock"_s, 7}}});
    QCOMPARE(one.method, Methods::tableSet);
    QVERIFY(one.warning.isEmpty());
    QCOMPARE(compact(one.calls.constFirst()),
             "{\"key\":{\"base64\":\"/w==\"},\"table\":\"prices\",\"values\":{\"stock\":7}}");
    const ServerAction two = tableactions::setRows(u"prices"_s, {{{"a"}, {}}, {{"b"}, {}}});
    QCOMPARE(two.calls.size(), 2);
    QVERIFY(two.title.contains(u"2 row"_s));
    const ServerAction atomic = tableactions::setAtomic(u"visits"_s, -1);
    QCOMPARE(compact(atomic.calls.constFirst()), "{\"name\":\"visits\",\"value\":-1}");
}

void tst_DataActions::deletedRows()
{
    const ServerAction one = tableactions::deleteRows(u"prices"_s, {"tea"});
    QVERIFY(one.warning.contains(u"prices"_s));
    QVERIFY(one.warning.contains(u"tea"_s));
    const ServerAction three = tableactions::deleteRows(u"prices"_s, {"a", "b", "%1"});
    QCOMPARE(three.method, Methods::tableDelete);
    QCOMPARE(three.calls.size(), 3);
    QCOMPARE(compact(three.calls.constLast()), "{\"key\":\"%1\",\"table\":\"prices\"}");
    QVERIFY(three.warning.contains(u"3 row"_s));
}

void tst_DataActions::deadLetters()
{
    const ServerAction retry = taskactions::retry({u"1"_s, u"2"_s});
    QCOMPARE(retry.method, Methods::taskRetry);
    QVERIFY(retry.warning.isEmpty());
    QCOMPARE(retry.calls.size(), 2);
    QCOMPARE(compact(retry.calls.constFirst()), "{\"id\":\"1\",\"name\":\"\",\"scope\":\"one\"}");
    const ServerAction drop = taskactions::drop({u"1"_s, u"2"_s});
    QCOMPARE(drop.method, Methods::taskDrop);
    QVERIFY(drop.warning.contains(u"2 dead letter"_s));
}

void tst_DataActions::allDeadLetters()
{
    QCOMPARE(compact(taskactions::retryAll({}).calls.constFirst()), "{\"id\":\"\",\"name\":\"\",\"scope\":\"all\"}");
    QCOMPARE(compact(taskactions::retryAll(u"mail"_s).calls.constFirst()),
             "{\"id\":\"\",\"name\":\"mail\",\"scope\":\"named\"}");
    const ServerAction drop = taskactions::dropAll(u"mail"_s, u"at least 20"_s);
    QCOMPARE(drop.method, Methods::taskDrop);
    QVERIFY(drop.warning.contains(u"at least 20"_s));
    QVERIFY(drop.warning.contains(u"mail"_s));
    QVERIFY(taskactions::dropAll({}, u"12"_s).warning.contains(u"12"_s));
}

void tst_DataActions::cronJobs()
{
    const ServerAction run = cronactions::run({u"tick"_s, u"few"_s});
    QCOMPARE(run.method, Methods::cronRun);
    QCOMPARE(run.calls.size(), 2);
    QCOMPARE(compact(run.calls.constFirst()), "{\"job\":\"tick\"}");
    QCOMPARE(cronactions::pause({u"tick"_s}).method, Methods::cronPause);
    QCOMPARE(cronactions::resume({u"tick"_s}).method, Methods::cronResume);
}

void tst_DataActions::commandOfAKeyThatIsNoText()
{
    const Result<ServerAddress> address = ServerAddress::parse(u"http://127.0.0.1:5210"_s);
    QVERIFY(address);
    const ServerAction action = tableactions::deleteRows(u"prices"_s, {"\xff"});
    const QString command = commandText(*address, {}, QString(action.method), action.calls.constFirst());
    QVERIFY2(command.contains(u"/tables/prices/rows/%2Fw%3D%3D?encoding=base64"_s), qPrintable(command));
}

QTEST_GUILESS_MAIN(tst_DataActions)
#include "tst_dataactions.moc"
