#include "admin-gui/actions/actionrunner.h"
#include "admin-gui/actions/serveractions.h"
#include "admin/protocol/methods.h"
#include "fakeserver.h"

#include <QAbstractItemModelTester>
#include <QTest>

using namespace Quern;
using namespace Quern::console;
namespace Methods = admin::Methods;

class tst_actionrunner : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();

    void destructiveOnesAsk();
    void nothingDestructiveWithoutAnAnswer();
    void failuresAreTold();
    void manyCallsAreOneAction();
    void operationsAreFollowed();
    void rollbackIsAFailure();
    void aStoppedServerHasStopped();
    void aRestartIsFollowedBeyondTheLoss();
    void oldActivitiesGo();

private:
    Activity last() const
    {
        Activity found;
        m_runner->activities().forEach([&found](const Activity &each) {
            if (each.id > found.id)
                found = each;
        });
        return found;
    }
    bool waitFor(Activity::State state)
    {
        return QTest::qWaitFor([this, state] { return last().id > 0 && last().state == state; }, 10'000);
    }
    static admin::Operation operation(admin::Operation::Kind kind, admin::Operation::State state);
    void answerWithOperation(QLatin1StringView method);

    std::unique_ptr<FakeServer> m_server;
    std::unique_ptr<Session> m_session;
    std::unique_ptr<ActionRunner> m_runner;
};

void tst_actionrunner::init()
{
    m_server = std::make_unique<FakeServer>();
    QVERIFY(m_server->listen());
    m_session = std::make_unique<Session>();
    m_runner = std::make_unique<ActionRunner>(*m_session);
    m_session->open(ServerAddress::ofSocket(m_server->path()));
    QTRY_COMPARE(m_session->state().phase, LinkState::Phase::Connected);
}

void tst_actionrunner::cleanup()
{
    m_runner.reset();
    m_session.reset();
    m_server.reset();
}

admin::Operation tst_actionrunner::operation(admin::Operation::Kind kind, admin::Operation::State state)
{
    admin::Operation operation;
    operation.id = 5;
    operation.kind = kind;
    operation.state = state;
    operation.steps.append({QDateTime::currentDateTimeUtc(), QStringLiteral("worker 1 is ready")});
    return operation;
}

void tst_actionrunner::answerWithOperation(QLatin1StringView method)
{
    m_server->answer(method, [](const QJsonObject &) {
        return QJsonObject{{QStringLiteral("operation"), 5}, {QStringLiteral("patienceMs"), 1000}};
    });
}

void tst_actionrunner::destructiveOnesAsk()
{
    m_server->answer(Methods::processKill, [](const QJsonObject &) { return QJsonObject(); });
    admin::WorkerStatus worker;
    worker.name = QStringLiteral("worker 1");
    worker.pid = 4711;
    worker.inFlight = 3;
    QString warning;
    QString command;
    std::function<void()> proceed;
    m_runner->setConfirm([&](const ServerAction &action, const QString &line, const std::function<void()> &go) {
        warning = action.warning;
        command = line;
        proceed = go;
    });
    m_runner->run(serveractions::kill({worker}));
    QVERIFY(warning.contains(QStringLiteral("worker 1")));
    QVERIFY(warning.contains(u'3'));
    QCOMPARE(command, QStringLiteral("quern call process.kill '{\"pid\":4711,\"process\":\"worker 1\"}'"));
    QVERIFY(!m_server->asked().contains(QString(Methods::processKill)));
    proceed();
    QVERIFY(waitFor(Activity::State::Done));
    QCOMPARE(m_server->asked().count(QString(Methods::processKill)), 1);
    QCOMPARE(last().commandLine, command);
}

void tst_actionrunner::nothingDestructiveWithoutAnAnswer()
{
    for (const ServerAction &action :
         {serveractions::stop(nullptr), serveractions::restart(nullptr), serveractions::drain(true, nullptr)}) {
        QVERIFY(!action.warning.isEmpty());
        m_runner->run(action);
    }
    QCOMPARE(m_runner->activities().totalCount(), 0);
}

void tst_actionrunner::failuresAreTold()
{
    m_server->answer(Methods::serverReload,
                     [](const QJsonObject &) { return Error(Error::Busy, QStringLiteral("a reload is under way")); });
    std::optional<Error> error;
    m_runner->run(serveractions::reload(), [&error](const Result<QJsonObject> &outcome) { error = outcome.error(); });
    QVERIFY(waitFor(Activity::State::Failed));
    QCOMPARE(last().outcome, QStringLiteral("a reload is under way"));
    QVERIFY(error && error->code() == Error::Busy);
}

void tst_actionrunner::manyCallsAreOneAction()
{
    int calls = 0;
    m_server->answer(Methods::processRecycle, [&calls](const QJsonObject &) -> Result<QJsonObject> {
        if (++calls % 10 == 0)
            return Error(Error::NotFound, QStringLiteral("there is no such process"));
        return QJsonObject();
    });
    QList<admin::WorkerStatus> workers(100);
    for (int i = 0; i < 100; ++i)
        workers[i].name = QStringLiteral("worker %1").arg(i);
    m_runner->run(serveractions::recycle(workers));
    QVERIFY(waitFor(Activity::State::Failed));
    QCOMPARE(calls, 100);
    QCOMPARE(last().outcome, QStringLiteral("10 of 100 failed: there is no such process"));
    QCOMPARE(m_runner->activities().totalCount(), 1);
}

void tst_actionrunner::operationsAreFollowed()
{
    using Operation = admin::Operation;
    answerWithOperation(Methods::serverReload);
    m_server->answer(Methods::operationRead, [](const QJsonObject &) {
        return operation(Operation::Kind::Reload, Operation::State::Running).toJson();
    });
    m_runner->run(serveractions::reload());
    QTRY_COMPARE(last().steps, QStringList{QStringLiteral("worker 1 is ready")});
    QCOMPARE(last().state, Activity::State::Running);
    m_server->tell(admin::Events::operation, operation(Operation::Kind::Reload, Operation::State::Succeeded).toJson());
    QVERIFY(waitFor(Activity::State::Done));
}

void tst_actionrunner::rollbackIsAFailure()
{
    answerWithOperation(Methods::serverReload);
    m_server->answer(Methods::operationRead, [](const QJsonObject &) {
        admin::Operation failed = operation(admin::Operation::Kind::Reload, admin::Operation::State::Failed);
        failed.error = QStringLiteral("the plugin shop cannot be loaded");
        return failed.toJson();
    });
    m_runner->run(serveractions::reload());
    QVERIFY(waitFor(Activity::State::Failed));
    QCOMPARE(last().outcome, QStringLiteral("the plugin shop cannot be loaded"));
}

void tst_actionrunner::aStoppedServerHasStopped()
{
    answerWithOperation(Methods::serverStop);
    m_server->answer(Methods::operationRead, [](const QJsonObject &) {
        return operation(admin::Operation::Kind::Stop, admin::Operation::State::Running).toJson();
    });
    m_runner->setConfirm(
        [](const ServerAction &, const QString &, const std::function<void()> &proceed) { proceed(); });
    m_runner->run(serveractions::stop(nullptr));
    QTRY_VERIFY(!last().steps.isEmpty());
    m_server->close();
    QVERIFY(waitFor(Activity::State::Done));
    QCOMPARE(last().outcome, QStringLiteral("The server has stopped."));
}

void tst_actionrunner::aRestartIsFollowedBeyondTheLoss()
{
    answerWithOperation(Methods::serverRestart);
    auto state = admin::Operation::State::Running;
    m_server->answer(Methods::operationRead, [&state](const QJsonObject &) {
        return operation(admin::Operation::Kind::Restart, state).toJson();
    });
    m_runner->setConfirm(
        [](const ServerAction &, const QString &, const std::function<void()> &proceed) { proceed(); });
    m_runner->run(serveractions::restart(nullptr));
    QTRY_VERIFY(!last().steps.isEmpty());
    state = admin::Operation::State::Succeeded;
    m_server->drop();
    QVERIFY(waitFor(Activity::State::Done));
    QCOMPARE(last().outcome, QStringLiteral("Done."));
}

void tst_actionrunner::oldActivitiesGo()
{
    ActivityModel model;
    const QAbstractItemModelTester tester(&model, QAbstractItemModelTester::FailureReportingMode::QtTest);
    for (int i = 1; i <= int(ActivityModel::Most) + 50; ++i) {
        Activity activity;
        activity.id = i;
        model.put(activity);
    }
    QCOMPARE(model.totalCount(), ActivityModel::Most);
    QVERIFY(!model.find(50));
    QVERIFY(model.find(51));
}

QTEST_MAIN(tst_actionrunner)
#include "tst_actionrunner.moc"
