#include "harnesssupport.h"

#include "sdk/src/lifecycle_p.h"

#include <Quern/application.h>
#include <Quern/server.h>

#include <QRegularExpression>
#include <QTest>

#include <stdexcept>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

/// Life-cycle hooks in a TestHarness.
class tst_TestHooks : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void inTheirOrder();
    void failures_data();
    void failures();
    void fillATable();
    void whatTheServersHooksMayNot();
    void whatEarlyHooksMayNot();
    void notInstalled();
};

void tst_TestHooks::inTheirOrder()
{
    QStringList called;
    const auto note = [&called](const char *what) {
        return [&called, what] { called.append(QString::fromUtf8(what) + u' ' + server().self().toString()); };
    };
    ::Server tested([&](Application &app) {
        app.onReady(note("Ready"));
        app.onServerStart(note("ServerStart"));
        app.onWorkerStart(note("WorkerStart 1"));
        app.onWorkerStart(note("WorkerStart 2"));
        app.onDrain(note("Drain"));
        app.onWorkerStop(note("WorkerStop"));
        app.onServerStop(note("ServerStop"));
        app.onWorkerError([&called](const WorkerFailure &failure) {
            called.append(u"WorkerError %1 %2 %3"_s.arg(failure.process).arg(failure.pid).arg(failure.reason));
        });
    });
    QVERIFY(called.isEmpty());
    QVERIFY(tested.harness.runHooks({HookKind::ServerStart, HookKind::WorkerStart, HookKind::Ready}));
    QCOMPARE(called, (QStringList{u"ServerStart no process"_s, u"WorkerStart 1 worker 0"_s, u"WorkerStart 2 worker 0"_s,
                                  u"Ready worker 0"_s}));
    called.clear();
    QVERIFY(tested.harness.runHooks({HookKind::WorkerError}, {u"worker 1"_s, 4711, u"signal 11"_s}));
    QVERIFY(tested.harness.runHooks({HookKind::Drain, HookKind::WorkerStop, HookKind::ServerStop}));
    QCOMPARE(called, (QStringList{u"WorkerError worker 1 4711 signal 11"_s, u"Drain worker 0"_s,
                                  u"WorkerStop worker 0"_s, u"ServerStop no process"_s}));
}

void tst_TestHooks::failures_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<bool>("throws");
    QTest::addColumn<bool>("goesOn");
    QTest::newRow("a server's hook keeps it from starting") << int(HookKind::ServerStart) << false << false;
    QTest::newRow("an exception does, too") << int(HookKind::ServerStart) << true << false;
    QTest::newRow("a worker goes on") << int(HookKind::WorkerStart) << true << true;
    QTest::newRow("but not if it is not healthy") << int(HookKind::HealthCheck) << false << false;
}

void tst_TestHooks::failures()
{
    QFETCH(const int, kind);
    QFETCH(const bool, throws);
    QFETCH(const bool, goesOn);
    QStringList called;
    ::Server tested([&](Application &app) {
        const auto fail = [throws]() -> Result<void> {
            if (throws)
                throw std::runtime_error("out of luck");
            return Error(Error::Io, u"out of paper"_s);
        };
        const auto note = [&called] { called.append(u"behind it"_s); };
        if (HookKind(kind) == HookKind::ServerStart) {
            app.onServerStart(fail);
            app.onServerStart(note);
        } else if (HookKind(kind) == HookKind::HealthCheck) {
            app.onHealthCheck(fail);
            app.onHealthCheck(note);
        } else {
            app.onWorkerStart(fail);
            app.onWorkerStart(note);
        }
        app.onReady([&called] { called.append(u"ready"_s); });
    });
    tested.harness.setName(u"shop"_s);
    const QString text = u"hook %1 of plugin shop failed: %2"_s.arg(
        QString::fromLatin1(hookName(HookKind(kind))), throws ? u"it threw: out of luck"_s : u"out of paper"_s);
    QTest::ignoreMessage(QtCriticalMsg, text.toUtf8().constData());
    const Result<void> outcome = tested.harness.runHooks({HookKind(kind), HookKind::Ready});
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().code(), throws ? Error::Internal : Error::Io);
    QCOMPARE(outcome.error().message(), text);
    QCOMPARE(called, goesOn ? (QStringList{u"behind it"_s, u"ready"_s}) : QStringList{u"behind it"_s});
}

void tst_TestHooks::fillATable()
{
    Plugin plugin([](Application &app) {
        app.onServerStart([]() -> Outcome {
            Result<Table> prices = server().table("prices");
            return prices ? Outcome(prices->set("apple", {{u"price"_s, 5}})) : Outcome(prices.error());
        });
    });
    TestHarness harness(plugin, {}, {.tables = {{u"prices"_s, 10, {{u"price"_s, ColumnInfo::Type::Int, 8}}}}});
    const Result<Table> prices = server().table("prices");
    QVERIFY(prices);
    QVERIFY(!prices->contains("apple"));
    QVERIFY(harness.runHooks({HookKind::ServerStart}));
    QVERIFY(prices->contains("apple"));
}

void tst_TestHooks::whatTheServersHooksMayNot()
{
    QList<Error::Code> codes;
    ::Server tested([&codes](Application &app) {
        app.task("task", [](Task &) {});
        app.process("process", [](Process &) {});
        app.onMessage([](const ProcessMessage &) {});
        app.onServerStart([&codes] {
            codes = {server().deliver("task").error().code(),
                     server().fire("event").error().code(),
                     server().deliverAndWait("task").error().code(),
                     server().process("process").push({}).error().code(),
                     server().process("process").pushAndWait({}).error().code(),
                     server().sendMessage(ProcessAddress::worker(0), {}).error().code()};
        });
    });
    QVERIFY(tested.harness.runHooks({HookKind::ServerStart}));
    QCOMPARE(codes, QList<Error::Code>(6, Error::Unavailable));
    QVERIFY(tested.harness.tasks().isEmpty());
}

void tst_TestHooks::whatEarlyHooksMayNot()
{
    QStringList waits;
    QStringList others;
    const auto call = [&] {
        const auto textOf = [](const auto &outcome) { return outcome ? u"ok"_s : outcome.error().message(); };
        waits = {textOf(Quern::server().deliverAndWait("mail")),
                 textOf(Quern::server().process("mill").pushAndWait(QByteArray("grain")))};
        others = {textOf(Quern::server().deliver("mail")),
                  textOf(Quern::server().process("mill").push(QByteArray("grain")))};
    };
    ::Server tested([&](Application &app) {
        app.task("mail", [](Task &) {});
        app.process("mill", [](Process &) {});
        app.onWorkerStart(call);
        app.onHealthCheck(call);
        app.onWorkerError([call](const WorkerFailure &) { call(); });
        app.onReady(call);
        app.onDrain(call);
    });
    const QStringList taken = {u"ok"_s, u"ok"_s};
    for (const HookKind kind :
         {HookKind::WorkerStart, HookKind::HealthCheck, HookKind::WorkerError, HookKind::Ready, HookKind::Drain}) {
        QVERIFY(tested.harness.runHooks({kind}));
        QCOMPARE(others, taken);
        if (kind == HookKind::Ready || kind == HookKind::Drain) {
            QCOMPARE(waits, taken);
            continue;
        }
        for (const QString &refusal : waits)
            QVERIFY2(refusal.startsWith(u"the server answers nobody before onWorkerStart()"), qPrintable(refusal));
    }
}

void tst_TestHooks::notInstalled()
{
    ::Server tested([](Application &) { throw std::runtime_error("never"); });
    QCOMPARE(tested.harness.runHooks({HookKind::Ready}).error().code(), Error::Invalid);
}

QTEST_GUILESS_MAIN(tst_TestHooks)
#include "tst_testhooks.moc"
