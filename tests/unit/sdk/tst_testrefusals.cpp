#include "notessupport.h"

#include <QRegularExpression>
#include <QSize>
#include <QTest>
#include <QTimer>

#include <optional>
#include <stdexcept>

using namespace Quern;
using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;

/// What the queue of a TestHarness refuses, who hears of it, and who of the end of tasks.
class tst_TestRefusals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void refusals();
    void whatATaskMayNot();
    void whoHearsOfATasksTask();
    void exceptionsOfWhoHears();
    void refusalsAreToldLater();
    void refusalsThatNobodySees();
    void payloads();
    void answersThatWaitForATask();
};

void tst_TestRefusals::refusals()
{
    const Notes notes;
    QCOMPARE(Quern::server().deliver("nothing").error().code(), Error::NotFound);
    for (const TaskOptions &options :
         {TaskOptions{.delay = -1ms}, TaskOptions{.tries = 0}, TaskOptions{.tries = 1001}, TaskOptions{.timeout = -1s},
          TaskOptions{.priority = 10}, TaskOptions{.uniqueKey = QByteArray(256, 'k')}}) {
        const Delivery delivered = Quern::server().deliver("note", {}, options);
        QVERIFY(!delivered);
        QCOMPARE(delivered.error().code(), Error::Invalid);
    }
    QCOMPARE(Quern::server().deliver("note", {}, {.tries = 0}).error().message(),
             u"\"note\" cannot be delivered: tries is 0, and must be 1 to 1000"_s);
    QCOMPARE(Quern::server().deliver("note", QByteArray((64 << 20) + 1, 'x')).error().code(), Error::TooLarge);
    QVERIFY(notes.harness.tasks().isEmpty());
}

void tst_TestRefusals::whatATaskMayNot()
{
    QStringList said;
    const auto ask = [&said] {
        TaskOptions options;
        options.finished = [](const TaskResult &) {};
        const Delivery delivered = Quern::server().deliver("note", {}, options);
        said.append(delivered ? u"delivered"_s : delivered.error().message());
    };
    Notes notes([ask](Application &app) {
        app.task("ask", [ask](Task &) { ask(); });
        app.listen("asked", [ask](const Event &) { ask(); });
        app.cron("ask", [ask](CronRun &) { ask(); });
        app.process("ask", [ask](Process &) { ask(); });
    });
    Quern::server().deliver("ask");
    Quern::server().fire("asked");
    notes.harness.runTasks();
    QVERIFY(notes.harness.runCron("ask"));
    QVERIFY(notes.harness.startProcess("ask").waitForEnd());
    ask();
    const QString refusal =
        u"nobody would call \"finished\": only workers hear how a task has ended, and this is the "_s;
    QCOMPARE(said, (QStringList{refusal + u"task worker 0"_s, refusal + u"task worker 0"_s, refusal + u"timer"_s,
                                refusal + u"process ask 0"_s, u"delivered"_s}));
}

void tst_TestRefusals::whoHearsOfATasksTask()
{
    QStringList ended;
    Notes notes([&ended](Application &app) {
        const auto hear = [&ended](const TaskResult &result) { ended.append(result.name()); };
        app.task("inner", [](Task &) {}).onFinish(hear);
        app.task("outer", [](Task &) { Quern::server().deliver("inner"); }).onFinish(hear);
    });
    Quern::server().deliver("outer");
    QCOMPARE(notes.harness.runTasks(), 2);
    QCOMPARE(ended, QStringList{u"outer"_s});
    Quern::server().deliver("inner");
    notes.harness.runTasks();
    QCOMPARE(ended, (QStringList{u"outer"_s, u"inner"_s}));
}

void tst_TestRefusals::exceptionsOfWhoHears()
{
    const auto fail = [](const auto &) { throw std::runtime_error("out of ears"); };
    Notes notes([fail](Application &app) {
        app.task("quiet", [](Task &) {}).onFinish(fail);
        app.get("/", [fail](const Request &, Response &response) {
            Quern::server().deliver("quiet", {}, {.accepted = fail, .finished = fail});
            response.text(u"fine"_s);
        });
    });
    QTest::ignoreMessage(QtCriticalMsg, "the function \"accepted\" of a task threw: out of ears");
    QCOMPARE(notes.harness.get("/").body, QByteArray("fine"));
    for (int i = 0; i < 2; ++i)
        QTest::ignoreMessage(QtCriticalMsg, "what was to hear of the end of task \"quiet\" threw: out of ears");
    QCOMPARE(notes.harness.runTasks(), 1);
}

void tst_TestRefusals::refusalsAreToldLater()
{
    QStringList told;
    TaskOptions options;
    options.accepted = [&told](const Result<TaskId> &id) { told.append(id ? u"accepted"_s : id.error().message()); };
    options.finished = [&told](const TaskResult &result) {
        told.append(u"%1 %2 %3"_s.arg(result.name(), result.error().message()).arg(result.attempts()));
    };
    Notes notes([options](Application &app) {
        app.get("/:task", [options](const Request &request, Response &response) {
            TaskOptions own = options;
            own.finished = [later = response.defer(), options](const TaskResult &result) mutable {
                options.finished(result);
                later.text(result.error().message());
                later.end();
            };
            Quern::server().deliver(request.param("task"), {}, own);
        });
    });
    QTest::failOnWarning(QRegularExpression(u"refused"_s)); // somebody hears
    const QString problem = u"the plugin handles no task \"nothing\": register it with Application::task()"_s;
    const Delivery delivered = Quern::server().deliver("nothing", {}, options);
    QCOMPARE(delivered.error().message(), problem);
    QVERIFY(told.isEmpty());
    QTRY_COMPARE(told, (QStringList{problem, u"nothing "_s + problem + u" 0"_s}));
    told.clear();
    QCOMPARE(notes.harness.get("/nothing").body, problem.toUtf8());
    QCOMPARE(told.size(), 2);
}

void tst_TestRefusals::refusalsThatNobodySees()
{
    Notes notes([](Application &app) { app.onMessage([](const ProcessMessage &) {}); });
    // One line a second: each looks for its own.
    const auto line = [](const char *text) {
        QTest::qWait(1001);
        QTest::ignoreMessage(QtWarningMsg, text);
    };
    line("task \"nope\" was refused: the plugin handles no task \"nope\": register it with Application::task()");
    Quern::server().deliver("nope");
    QTest::failOnWarning(QRegularExpression(u"."_s));
    Quern::server().deliver("note", {}, {.tries = 0}); // within the same second
    Quern::server().deliver("note", {}, {.tries = 0});
    line("event \"e\" was refused: \"e\" cannot be delivered: priority is 10, and must be 0 to 9; and 2 others since "
         "the "
         "last line like this");
    Quern::server().fire("e", {}, {.priority = 10});
    line("what is for the queue of process \"nope\" was refused: the plugin registers no process \"nope\"");
    Quern::server().process("nope").push({});
    line("a message to worker 9 was refused: there is no such process: worker 9; there are 1 of the kind in a test");
    Quern::server().sendMessage(ProcessAddress::worker(9), {});
    QTest::qWait(1001);
    // Those that are looked at, of which a copy is, or that went well, say nothing.
    const Delivery seen = Quern::server().deliver("nope");
    QVERIFY(!seen);
    {
        std::optional<Delivery> copied;
        copied = Delivery(Quern::server().deliver("nope"));
        Delivery other = Quern::server().deliver("note");
        other = *copied;
        QVERIFY(!other.ok());
    }
    const Result<TaskId> taken = Quern::server().deliver("nope");
    QCOMPARE(taken.error().code(), Error::NotFound);
    QVERIFY(Quern::server().fire("nobody listens"));
}

void tst_TestRefusals::payloads()
{
    Notes notes([](Application &app) {
        app.task("size", [](Task &task) { task.setResult({{u"size"_s, QSize()}}); });
        app.onMessage([](const ProcessMessage &) {});
        app.process("p", [](Process &) {});
    });
    const QString problem =
        u"payload.a[1] is a QSize, which a payload cannot keep: make text, a number, a list or a map "
        "of it"_s;
    const Payload bad({{u"a"_s, QVariantList{1, QSize()}}});
    const auto isRefused = [&problem](const Result<void> &result) {
        return !result.ok() && result.error().code() == Error::Invalid && result.error().message().endsWith(problem);
    };
    const Delivery delivered = Quern::server().deliver("note", bad);
    QCOMPARE(delivered.error().message(), u"\"note\" cannot be delivered: "_s + problem);
    QVERIFY(isRefused(Quern::server().fire("note", bad).error()));
    QVERIFY(isRefused(Quern::server().process("p").push(bad)));
    QVERIFY(isRefused(Quern::server().process("p").pushAndWait(bad)));
    QVERIFY(isRefused(Quern::server().sendMessage(ProcessAddress::worker(0), bad)));
    QVERIFY(notes.harness.tasks().isEmpty() && notes.harness.sentMessages().isEmpty());
    Quern::server().deliver("size");
    notes.harness.runTasks();
    QCOMPARE(notes.harness.endedTasks().last().error().message(),
             u"its result cannot be told: payload.size is a QSize, which a payload cannot keep: make text, a number, a "
             "list or a map of it"_s);
}

void tst_TestRefusals::answersThatWaitForATask()
{
    Notes notes([](Application &app) {
        app.get("/", [](const Request &, Response &response) {
            Quern::server().deliver("note", {}, {.finished = [later = response.defer()](const TaskResult &) mutable {
                                        later.text(u"done"_s);
                                        later.end();
                                    }});
        });
        app.get("/never", [](const Request &, Response &response) {
            static std::optional<Response> kept;
            kept = response.defer();
            QTimer::singleShot(100ms, QCoreApplication::instance(), [] { kept.reset(); });
        });
    });
    notes.harness.setDeadline(20ms);
    const QString none = u"no answer within 20 ms: end the deferred response, or allow more by setDeadline()"_s;
    QVERIFY(notes.harness.get("/never").problem().startsWith(none));
    QVERIFY(!notes.harness.get("/never").problem().contains(u"runTasks"_s));
    const TestResponse late = notes.harness.get("/");
    QCOMPARE(late.status, 504);
    const QString advice = u"; 1 task or event waits, \"note\" the first: if the answer waits for one, call runTasks() "
                           "while it does, by QTimer::singleShot()"_s;
    QVERIFY2(late.problem().contains(none + advice), qPrintable(late.problem()));
    notes.harness.setDeadline(5s);
    QTimer::singleShot(0, QCoreApplication::instance(), [&notes] { notes.harness.runTasks(); });
    QCOMPARE(notes.harness.get("/").body, QByteArray("done"));
}

QTEST_GUILESS_MAIN(tst_TestRefusals)
#include "tst_testrefusals.moc"
