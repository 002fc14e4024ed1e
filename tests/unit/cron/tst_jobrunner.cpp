#include "cron/jobrunner.h"
#include "loop/epolleventdispatcher.h"

#include <QCoreApplication>
#include <QFile>
#include <QRegularExpression>
#include <QTemporaryDir>
#include <QTest>

#include <atomic>
#include <csignal>
#include <future>
#include <set>

using namespace std::chrono_literals;
using namespace Qt::Literals::StringLiterals;
using namespace Quern;
using cron::Job;
using cron::JobCommand;
using cron::JobFunction;
using cron::JobRun;
using cron::RunReport;

namespace {

Job jobOf(std::variant<JobFunction, JobCommand> work)
{
    return {.name = u"nightly"_s, .settings = {.schedule = *cron::Schedule::every(1h)}, .work = std::move(work)};
}

/// One job and what it reports.
class Scene : public QObject
{
public:
    explicit Scene(const Job &job)
        : m_reports(std::make_shared<cron::RunReports>(this, [this] { ++m_wakes; }))
        , m_runner(cron::makeRunner(job, 7, m_reports))
    {
    }
    ~Scene() override { m_reports->close(); }

    void begin() { m_runner->begin({.number = ++m_number, .scheduledAt = cron::WallTime(1234ms)}); }
    /// True when \a count more have ended.
    bool wait(std::size_t count = 1)
    {
        return QTest::qWaitFor(
            [&] {
                for (const RunReport &report : m_reports->take())
                    ended.push_back(report);
                return ended.size() >= count;
            },
            20'000);
    }
    cron::JobRunner &runner() { return *m_runner; }

    std::vector<RunReport> ended;

private:
    int m_wakes = 0;
    quint64 m_number = 0;
    std::shared_ptr<cron::RunReports> m_reports;
    std::unique_ptr<cron::JobRunner> m_runner;
};

} // namespace

class TestJobRunner : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aFunctionHasAThreadOfItsOwn();
    void howAFunctionEnds_data();
    void howAFunctionEnds();
    void overlappingRunsHaveAThreadEach();
    void aFunctionIsAskedToStop();
    void aFunctionOutlivesItsRunner();
    void howACommandEnds_data();
    void howACommandEnds();
    void theOutputOfACommandIsLogged();
    void theLogTakesTheBeginningOfMuchOutput();
    void aCommandIsEndedWithItsGroup_data();
    void aCommandIsEndedWithItsGroup();
};

void TestJobRunner::aFunctionHasAThreadOfItsOwn()
{
    std::set<QThread *> threads;
    QString seen;
    Job job = jobOf([&](JobRun &run) -> Result<void> {
        threads.insert(QThread::currentThread());
        seen = u"%1 %2 %3 %4"_s.arg(run.name, run.parameters.value(u"table"_s).toString())
                   .arg(run.plan.number)
                   .arg(run.plan.scheduledAt.time_since_epoch().count());
        return {};
    });
    job.parameters = {{u"table"_s, u"users"_s}};
    Scene scene(job);
    for (std::size_t i = 1; i <= 3; ++i) {
        scene.begin();
        QVERIFY(scene.wait(i));
    }
    QCOMPARE(threads.size(), std::size_t(1));
    QVERIFY(!threads.contains(thread()));
    QCOMPARE(seen, u"nightly users 3 1234"_s);
    const RunReport &last = scene.ended.back();
    QCOMPARE(last.job, std::size_t(7));
    QCOMPARE(last.number, 3u);
    QVERIFY(last.began.monotonic <= last.ended.monotonic);
}

void TestJobRunner::howAFunctionEnds_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<QString>("failure");
    QTest::addColumn<bool>("stops");
    QTest::newRow("well") << 0 << "" << false;
    QTest::newRow("with an error") << 1 << "the disk is full" << false;
    QTest::newRow("with an exception") << 2 << "it threw an exception: out of paper" << false;
    QTest::newRow("with something thrown") << 3 << "it threw an exception of an unknown type" << false;
    QTest::newRow("for good") << 4 << "" << true;
    QTest::newRow("too late") << 5 << "it took longer than its timeout of 10 ms" << false;
}

void TestJobRunner::howAFunctionEnds()
{
    QFETCH(int, kind);
    QFETCH(QString, failure);
    QFETCH(bool, stops);
    Job job = jobOf([kind](JobRun &run) -> Result<void> {
        switch (kind) {
        case 1:
            return Error(Error::Io, u"the disk is full"_s);
        case 2:
            throw std::runtime_error("out of paper");
        case 3:
            throw 42;
        case 4:
            run.stops = true;
            break;
        case 5:
            while (!run.isStopRequested())
                std::this_thread::yield();
            break;
        default:
            break;
        }
        return {};
    });
    if (kind == 5)
        job.timeout = 10ms;
    Scene scene(job);
    scene.begin();
    QVERIFY(scene.wait());
    QCOMPARE(scene.ended.front().failure, failure);
    QCOMPARE(scene.ended.front().stops, stops);
}

void TestJobRunner::overlappingRunsHaveAThreadEach()
{
    std::atomic<int> together = 0;
    Job job = jobOf([&together](JobRun &) -> Result<void> {
        ++together;
        while (together.load() < 3)
            std::this_thread::yield();
        return {};
    });
    job.settings.mostAtATime = 3;
    Scene scene(job);
    for (int i = 0; i < 3; ++i)
        scene.begin();
    QVERIFY(scene.wait(3));
}

void TestJobRunner::aFunctionIsAskedToStop()
{
    Scene scene(jobOf([](JobRun &run) -> Result<void> {
        while (!run.isStopRequested())
            std::this_thread::yield();
        return {};
    }));
    scene.begin();
    scene.runner().requestStop();
    QVERIFY(scene.wait());
    QCOMPARE(scene.ended.front().failure, QString());
}

void TestJobRunner::aFunctionOutlivesItsRunner()
{
    std::promise<void> begun;
    std::promise<void> end;
    {
        Scene scene(jobOf([&, over = end.get_future().share()](JobRun &) -> Result<void> {
            begun.set_value();
            over.wait();
            return {};
        }));
        scene.begin();
        QCOMPARE(begun.get_future().wait_for(20s), std::future_status::ready);
    }
    // Whose report nobody wants any more.
    end.set_value();
}

void TestJobRunner::howACommandEnds_data()
{
    QTest::addColumn<QStringList>("words");
    QTest::addColumn<QString>("failure");
    const QString sh = u"sh"_s;
    QTest::newRow("well") << QStringList{u"true"_s} << "";
    QTest::newRow("with a code") << QStringList{sh, u"-c"_s, u"exit 3"_s} << "it ended with exit code 3";
    QTest::newRow("by a signal") << QStringList{sh, u"-c"_s, u"kill -9 $$"_s} << "it was ended by signal 9 (Killed)";
    QTest::newRow("in its folder") << QStringList{sh, u"-c"_s, u"test \"$PWD\" = /usr"_s} << "";
    QTest::newRow("without input") << QStringList{sh, u"-c"_s, u"! read line"_s} << "";
    QTest::newRow("in a group of its own") << QStringList{sh, u"-c"_s, u"test $(ps -o pgid= $$) -eq $$"_s} << "";
    QTest::newRow("there is none") << QStringList{u"/no/such/program"_s}
                                   << "/no/such/program cannot be started: execvp: No such file or directory";
}

void TestJobRunner::howACommandEnds()
{
    QFETCH(QStringList, words);
    QFETCH(QString, failure);
    Scene scene(jobOf(JobCommand{words, u"/usr"_s}));
    scene.begin();
    QVERIFY(scene.wait());
    QVERIFY2(scene.ended.front().failure.contains(failure), qPrintable(scene.ended.front().failure));
    QCOMPARE(scene.ended.front().failure.isEmpty(), failure.isEmpty());
}

void TestJobRunner::theOutputOfACommandIsLogged()
{
    Scene scene(jobOf(JobCommand{
        {u"sh"_s, u"-c"_s, u"echo one; echo two >&2; printf '%04096d\\n' 1; printf %05000d 0; printf end"_s}, {}}));
    QTest::ignoreMessage(QtInfoMsg, "nightly: one");
    QTest::ignoreMessage(QtInfoMsg, "nightly: two");
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(u"\\Anightly: 0{4095}1\\z"_s));
    // What never ends is cut.
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(u"\\Anightly: 0{4096}\\z"_s));
    QTest::ignoreMessage(QtInfoMsg, QRegularExpression(u"\\Anightly: 0{904}end\\z"_s));
    scene.begin();
    QVERIFY(scene.wait());
}

void TestJobRunner::theLogTakesTheBeginningOfMuchOutput()
{
    static int lines = 0;
    static QStringList others;
    lines = 0;
    others.clear();
    const QtMessageHandler before =
        qInstallMessageHandler([](QtMsgType, const QMessageLogContext &, const QString &text) {
            if (text == u"nightly: y")
                ++lines;
            else
                others << text;
        });
    Scene scene(jobOf(JobCommand{{u"sh"_s, u"-c"_s, u"yes | head -c 20000000"_s}, {}}));
    scene.begin();
    const bool hasEnded = scene.wait();
    qInstallMessageHandler(before);
    QVERIFY(hasEnded);
    QCOMPARE(lines, 32'768);
    QCOMPARE(others, QStringList{u"cron job nightly: 19.0 MiB more that it has printed are left out; have it "
                                 "write them to a file"_s});
}

void TestJobRunner::aCommandIsEndedWithItsGroup_data()
{
    QTest::addColumn<QString>("script");
    QTest::addColumn<bool>("byTimeout");
    QTest::newRow("by its timeout") << "sleep 1000 & echo $! >pid; wait" << true;
    QTest::newRow("by its timeout, though it does not care for SIGTERM")
        << "trap '' TERM; sleep 1000 & echo $! >pid; wait" << true;
    QTest::newRow("by command") << "trap '' TERM; sleep 1000 & echo $! >pid; wait" << false;
}

void TestJobRunner::aCommandIsEndedWithItsGroup()
{
    QFETCH(QString, script);
    QFETCH(bool, byTimeout);
    QTemporaryDir folder;
    const QString pidFile = folder.filePath(u"pid"_s);
    Job job = jobOf(JobCommand{{u"sh"_s, u"-c"_s, script}, folder.path()});
    if (byTimeout) {
        job.timeout = 300ms;
        QTest::ignoreMessage(QtWarningMsg, "cron job nightly: its timeout of 300 ms is over; it is ended");
    }
    Scene scene(job);
    scene.begin();
    pid_t pid = 0;
    QVERIFY(QTest::qWaitFor(
        [&] {
            QFile file(pidFile);
            pid = file.open(QIODevice::ReadOnly) ? file.readAll().trimmed().toInt() : 0;
            return pid > 0;
        },
        20'000));
    if (!byTimeout)
        scene.runner().kill(u"it was ended by a reload"_s);
    QVERIFY(scene.wait());
    QCOMPARE(scene.ended.front().failure,
             byTimeout ? u"it took longer than its timeout of 300 ms"_s : u"it was ended by a reload"_s);
    // Its orphan is gone, or a zombie until somebody reaps it.
    const auto isGone = [pid] {
        QFile status(u"/proc/%1/stat"_s.arg(pid));
        return !status.open(QIODevice::ReadOnly) || status.readAll().contains(") Z");
    };
    QVERIFY(QTest::qWaitFor(isGone, 20'000));
}

int main(int argc, char **argv)
{
    QCoreApplication::setEventDispatcher(new loop::EpollEventDispatcher);
    QCoreApplication application(argc, argv);
    TestJobRunner test;
    return QTest::qExec(&test, argc, argv);
}

#include "tst_jobrunner.moc"
