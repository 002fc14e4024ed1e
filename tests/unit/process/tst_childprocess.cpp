#include "processsupport.h"

#include <QScopeGuard>

#include <sys/wait.h>
#include <unistd.h>

using namespace ProcessTest;
using namespace Quern;
using namespace std::chrono_literals;
using process::ChildExit;
using process::ChildProcess;
using process::ChildSpec;

/// One child, the real quern-worker or a script that misbehaves.
class TestChildProcess : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void becomesReadyAndStops();
    void bootFails();
    void endOfAReadyChild_data();
    void endOfAReadyChild();
    void blamedRoutes();
    void notBlamedForAKill();
    void tellsItsWork();
    void killStatesItsReason();
    void killComesTooLate();
    void exitsBeforeItIsReady();
    void redirectedOutput();
    void bootTimeout();
    void stopTimeout();
    void unreachableIsKilled();
    void programThatCannotBeStarted();
    void programsOfATimer_data();
    void programsOfATimer();

private:
    void start(const QString &program = QStringLiteral(WORKER_PROGRAM),
               const ipc::BootMessage::Plugin &plugin = welcomePlugin());
    ChildExit exit() const { return m_exited->first().first().value<ChildExit>(); }

    QTemporaryDir m_folder;
    ChildSpec m_spec;
    std::unique_ptr<ChildProcess> m_child;
    std::unique_ptr<QSignalSpy> m_ready;
    std::unique_ptr<QSignalSpy> m_bootFailed;
    std::unique_ptr<QSignalSpy> m_exited;
};

void TestChildProcess::init()
{
    m_spec = {};
    m_spec.childId = 1;
    m_spec.generation = 1;
    m_spec.reactorCount = 2;
    m_spec.bootTimeout = std::chrono::milliseconds(patience);
}

void TestChildProcess::cleanup()
{
    m_child.reset();
}

void TestChildProcess::start(const QString &program, const ipc::BootMessage::Plugin &plugin)
{
    m_spec.program = program;
    m_spec.plugins = {plugin};
    m_child = std::make_unique<ChildProcess>(m_spec);
    connect(m_child.get(), &ChildProcess::loaded, m_child.get(), &ChildProcess::setReady);
    m_ready = std::make_unique<QSignalSpy>(m_child.get(), &ChildProcess::ready);
    m_bootFailed = std::make_unique<QSignalSpy>(m_child.get(), &ChildProcess::bootFailed);
    m_exited = std::make_unique<QSignalSpy>(m_child.get(), &ChildProcess::exited);
    const Result<void> begun = m_child->start();
    QVERIFY2(begun, begun ? "" : qPrintable(begun.error().message()));
}

void TestChildProcess::becomesReadyAndStops()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    QVERIFY(m_child->isReady());
    QVERIFY(m_child->pid() > 0);
    QCOMPARE(m_child->takeReactorChannels().size(), std::size_t(2));
    QVERIFY(m_child->manifest().routes.contains(
        ipc::RouteEntry{"GET", "/hello/:name", true, false, QStringLiteral("welcome")}));
    m_child->stop(std::chrono::milliseconds(patience));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(exit().text, QStringLiteral("exit code 0"));
    QVERIFY(!exit().isFault);
    QCOMPARE(m_child->state(), ChildProcess::State::Gone);
    QCOMPARE(m_bootFailed->size(), 0);
    QVERIFY(!isAlive(m_child->pid()));
}

void TestChildProcess::bootFails()
{
    start(QStringLiteral(WORKER_PROGRAM), fixture(QStringLiteral("throwing")));
    QTRY_COMPARE_WITH_TIMEOUT(m_bootFailed->size(), 1, patience);
    const QString reason = m_bootFailed->first().first().toString();
    QVERIFY2(reason.contains(u"the database is locked"), qPrintable(reason));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY(!exit().isFault); // it said why and left
    QCOMPARE(m_ready->size(), 0);
}

void TestChildProcess::endOfAReadyChild_data()
{
    QTest::addColumn<int>("signal");
    QTest::addColumn<QString>("text");
    QTest::addColumn<bool>("isFault");
    QTest::newRow("killed from outside") << SIGKILL << QStringLiteral("signal 9 (") << false;
    QTest::newRow("terminated from outside") << SIGTERM << QStringLiteral("signal 15 (") << false;
    QTest::newRow("aborted") << SIGABRT << QStringLiteral("signal 6 (") << true;
}

void TestChildProcess::endOfAReadyChild()
{
    QFETCH(const int, signal);
    QFETCH(const QString, text);
    QFETCH(const bool, isFault);
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    QCOMPARE(::kill(pid_t(m_child->pid()), signal), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY2(exit().text.startsWith(text), qPrintable(exit().text));
    QCOMPARE(exit().isFault, isFault);
    QVERIFY(exit().blamedRoutes.isEmpty()); // no handler was running
}

void TestChildProcess::blamedRoutes()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    // Two that are to be answered later, and nothing on the stack: either may have done it.
    const std::span<ipc::ClaimSlot> slots = m_child->page()->claimSlots();
    for (const quint32 number : {0U, 1U, 2U}) {
        slots[number].route = number % 2;
        slots[number].word = ipc::makeWord(1, ipc::ClaimState::Deferred);
    }
    slots[3].route = 3;
    slots[3].word = ipc::makeWord(1, ipc::ClaimState::Sent); // had not begun
    const QList<ipc::RouteEntry> routes = m_child->manifest().routes;
    QCOMPARE(::kill(pid_t(m_child->pid()), SIGABRT), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(exit().blamedRoutes, (QList{routes.at(0).name(), routes.at(1).name()}));
}

void TestChildProcess::notBlamedForAKill()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    m_child->page()->claimSlots()[5].route = 1;
    ipc::ChildCounters &counters = m_child->page()->counters();
    counters.currentRoute = 1;
    counters.currentClaimedNs = base::nowNanoseconds() - 1'500'000'000;
    counters.currentSlot = 5;
    const QByteArray name = m_child->manifest().routes.at(1).name();
    QVERIFY(m_child->presentWork().startsWith(QString::fromUtf8(name + " for 15")));
    QCOMPARE(::kill(pid_t(m_child->pid()), SIGKILL), 0);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY(exit().blamedRoutes.isEmpty());
}

void TestChildProcess::tellsItsWork()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    const auto nameOf = [this](int route) { return QString::fromUtf8(m_child->manifest().routes.at(route).name()); };
    const auto ago = [](std::chrono::seconds time) {
        return base::nowNanoseconds() - quint64(time.count()) * 1'000'000'000;
    };
    const auto seconds = [this] {
        return std::chrono::duration_cast<std::chrono::seconds>(m_child->work().oldest).count();
    };
    ipc::ChildPage &page = *m_child->page();
    QCOMPARE(m_child->work().name, QString());
    QCOMPARE(m_child->work().oldest.count(), 0);

    // To be answered later, and nothing on the stack.
    ipc::ClaimSlot &slot = page.claimSlots()[2];
    slot.route = 0;
    slot.claimedNs = ago(std::chrono::seconds(300));
    slot.word = ipc::makeWord(1, ipc::ClaimState::Deferred);
    page.counters().deferredRequests = 1;
    QCOMPARE(m_child->work().name, nameOf(0));
    QCOMPARE(seconds(), 300);
    // What is on the stack is its present work, and the other the oldest.
    page.counters().currentRoute = 1;
    page.counters().currentClaimedNs = ago(std::chrono::seconds(100));
    page.counters().currentSlot = ipc::EventSlot;
    QCOMPARE(m_child->work().name, nameOf(1));
    QCOMPARE(seconds(), 300);
    page.counters().deferredRequests = 0;
    slot.word = ipc::makeWord(1, ipc::ClaimState::Done);
    QCOMPARE(seconds(), 100);
    // No time of its future is taken for an age.
    page.counters().currentClaimedNs = base::nowNanoseconds() + 1'000'000'000'000;
    QCOMPARE(m_child->work().oldest.count(), 0);
    page.counters().currentSlot = ipc::NoSlot;
    QCOMPARE(m_child->work().name, QString());
}

void TestChildProcess::killStatesItsReason()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    m_child->kill(QStringLiteral("it was stuck"));
    m_child->kill(QStringLiteral("another reason"));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(exit().text, QStringLiteral("killed: it was stuck"));
    QVERIFY(!exit().isFault);
}

void TestChildProcess::killComesTooLate()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    QCOMPARE(::kill(pid_t(m_child->pid()), SIGABRT), 0);
    // Dead, and not yet waited for: no event has been processed since.
    siginfo_t info;
    QCOMPARE(::waitid(P_PID, id_t(m_child->pid()), &info, WEXITED | WNOWAIT), 0);
    m_child->kill(QStringLiteral("it was stuck"));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY2(exit().text.startsWith(u"signal 6 ("), qPrintable(exit().text));
    QVERIFY(exit().isFault);
}

void TestChildProcess::exitsBeforeItIsReady()
{
    start(script(m_folder, "exit 3"));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(exit().text, QStringLiteral("exit code 3"));
    QVERIFY(exit().isFault);
    QCOMPARE(m_ready->size(), 0);
}

void TestChildProcess::redirectedOutput()
{
    m_spec.redirect = true;
    QByteArray printed;
    start(
        script(m_folder, "printf 'one\\n<6>quern.test\\037logged\\n<b>two</b>\\nthree <6>quern.test\\037not logged'"));
    connect(m_child.get(), &ChildProcess::printed, this, [&](const QByteArray &bytes) { printed += bytes; });
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(printed, QByteArray("one\n<b>two</b>\nthree <6>quern.test\037not logged"));
}

void TestChildProcess::bootTimeout()
{
    m_spec.bootTimeout = 1000ms;
    start(script(m_folder, "exec tail -f /dev/null"));
    QTRY_COMPARE_WITH_TIMEOUT(m_bootFailed->size(), 1, patience);
    QVERIFY(m_bootFailed->first().first().toString().contains(u"not ready after 1 s"));
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QVERIFY(exit().text.startsWith(u"killed: not ready after 1 s"));
}

void TestChildProcess::stopTimeout()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    QCOMPARE(::kill(pid_t(m_child->pid()), SIGSTOP), 0);
    m_child->stop(50ms);
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(exit().text, QStringLiteral("killed: it did not stop in time"));
}

void TestChildProcess::unreachableIsKilled()
{
    start();
    QTRY_COMPARE_WITH_TIMEOUT(m_ready->size(), 1, patience);
    m_child->expectEnd();
    QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    QCOMPARE(exit().text, QStringLiteral("killed: it has closed its channel to the master"));
    QVERIFY(exit().wasKilled && !exit().isFault);
}

void TestChildProcess::programThatCannotBeStarted()
{
    m_spec.program = m_folder.filePath(QStringLiteral("absent"));
    m_child = std::make_unique<ChildProcess>(m_spec);
    QSignalSpy exited(m_child.get(), &ChildProcess::exited);
    const Result<void> begun = m_child->start();
    // Known at once or a moment later, but known: nobody may wait for a child that never was.
    if (begun) {
        QTRY_COMPARE(exited.size(), 1);
        const QString text = exited.first().first().value<ChildExit>().text;
        QVERIFY2(text.contains(u"absent"), qPrintable(text));
        QCOMPARE(m_child->state(), ChildProcess::State::Gone);
    } else {
        QVERIFY(begun.error().message().contains(u"absent"));
    }
}

void TestChildProcess::programsOfATimer_data()
{
    QTest::addColumn<ipc::ChildRole>("role");
    QTest::addColumn<bool>("isDestroyed");
    QTest::newRow("the timer is killed") << ipc::ChildRole::Timer << false;
    QTest::newRow("nobody looks after it") << ipc::ChildRole::Timer << true;
    QTest::newRow("it is no timer") << ipc::ChildRole::TaskWorker << false;
}

/// What it says that it runs ends with it, unless that is none of its own.
void TestChildProcess::programsOfATimer()
{
    QFETCH(const ipc::ChildRole, role);
    QFETCH(const bool, isDestroyed);
    // Runs two programs in groups of their own and one in a session of its own, and tells of them, and then how its
    // jobs are: by that the test knows that all have been heard of. The second leaves the session when it is asked to,
    // and the number of its group is a stranger's then.
    const QByteArray timer = R"(exec python3 -c '
import os, signal, struct, sys, time
def program(begin):
    reader, writer = os.pipe()
    pid = os.fork()
    if pid == 0:
        begin()
        os.write(writer, b"x")
        while True:
            time.sleep(600)
    os.read(reader, 1)
    return pid
def leave(*_):
    os.setpgid(0, os.getpgid(os.getppid()))
    os.setsid()
def leaver():
    os.setpgrp()
    signal.signal(signal.SIGUSR1, leave)
pids = [program(os.setpgrp), program(leaver), program(os.setsid)]
with open(sys.argv[1] + ".pids", "w") as file:
    file.write("%d %d %d" % tuple(pids))
channel = int(next(word for word in sys.argv if word.startswith("--main-fd="))[10:])
for kind, payload in ((42, struct.pack("<qqq", *pids)), (40, b"")):
    os.write(channel, struct.pack("<IHHQ", len(payload), kind, 0, 0) + payload)
time.sleep(600)
' "$0" "$@")";
    const auto runs = [](const QByteArray &pid) {
        QFile file(QStringLiteral("/proc/%1/stat").arg(QString::fromLatin1(pid)));
        return file.open(QIODevice::ReadOnly) && !file.readAll().contains(") Z ");
    };
    m_spec.who.role = role;
    m_spec.confinement.user.emplace(); // it has a session of its own, whatever its role
    const QString path = script(m_folder, timer);
    start(path);
    const QSignalSpy heard(m_child.get(), &ChildProcess::cronStateReceived);
    QTRY_COMPARE_WITH_TIMEOUT(heard.size(), 1, patience);
    QFile file(path + QStringLiteral(".pids"));
    QVERIFY(file.open(QIODevice::ReadOnly));
    const QList<QByteArray> pids = file.readAll().split(' ');
    QCOMPARE(pids.size(), 3);
    const auto end = qScopeGuard([&pids] {
        for (const QByteArray &pid : pids)
            ::kill(pid.toInt(), SIGKILL);
    });
    QVERIFY(runs(pids[0]));
    QCOMPARE(::kill(pids[1].toInt(), SIGUSR1), 0);
    QTRY_COMPARE_WITH_TIMEOUT(::getsid(pids[1].toInt()), pids[1].toInt(), patience);
    if (isDestroyed) {
        m_child.reset();
    } else {
        m_child->kill(QStringLiteral("to see it"));
        QTRY_COMPARE_WITH_TIMEOUT(m_exited->size(), 1, patience);
    }
    if (role == ipc::ChildRole::Timer)
        QTRY_VERIFY_WITH_TIMEOUT(!runs(pids[0]), patience);
    QCOMPARE(runs(pids[0]), role != ipc::ChildRole::Timer);
    QVERIFY(runs(pids[1]));
    QVERIFY(runs(pids[2]));
}

QUERN_EPOLL_TEST_MAIN(TestChildProcess)
#include "tst_childprocess.moc"
