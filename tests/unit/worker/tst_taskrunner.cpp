#include "epolltestmain.h"

#include "ipc/taskgate.h"
#include "ipc/taskmessages.h"
#include "sdk/src/application_p.h"
#include "worker/handlerhost.h"
#include "worker/taskrunner.h"

#include <QRegularExpression>
#include <QScopeGuard>
#include <QTemporaryDir>
#include <QTest>

#include <optional>
#include <unistd.h>

using namespace Quern;
using namespace Qt::Literals::StringLiterals;

/// The half of a task worker that runs tasks, without the rest of it: what it leaves behind if it dies at any point.
class TestTaskRunner : public QObject, private ipc::FrameSink
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void whatTheGateTellsOfTheDead();
    void aResultThatFindsNoDisk();

private:
    void run(const QByteArray &name, quint8 flags = ipc::WantsFinish);
    ipc::TaskGate::Done done() const { return ipc::TaskGate(m_page).done(); }

    void frameReceived(const ipc::Frame &frame) override { m_got.append(frame.payload.toByteArray()); }
    void channelClosed(const QString &) override {}

    QTemporaryDir m_folder;
    std::shared_ptr<ipc::ChildPage> m_page;
    std::unique_ptr<ApplicationPrivate> m_application;
    std::unique_ptr<ipc::Channel> m_channel;
    std::unique_ptr<ipc::Channel> m_masters;
    std::unique_ptr<worker::HandlerHost> m_host;
    std::unique_ptr<worker::TaskRunner> m_runner;
    std::optional<tasks::Spill> m_spill;
    quint64 m_sequence = 0;
    QList<QByteArray> m_got; ///< by the master
};

void TestTaskRunner::init()
{
    m_got.clear();
    m_sequence = 0;
    m_page = std::make_shared<ipc::ChildPage>(ipc::ChildPage::create(1).value());
    m_application = std::make_unique<ApplicationPrivate>();
    Application app(m_application.get());
    app.task("quiet", [](Task &) {});
    app.task("tells", [](Task &task) { task.setResult(QByteArray("something")); });
    app.task("fails", [](Task &) -> Result<void> { return Error(Error::Invalid, u"no grain"_s); });
    const auto ends = ipc::Channel::createPair();
    ipc::FrameSink *sink = this;
    m_masters = std::make_unique<ipc::Channel>(ends->first, sink);
    m_channel = std::make_unique<ipc::Channel>(ends->second, sink);
    auto page = ipc::ChildPage::adopt(::dup(m_page->descriptor()), 1);
    m_host = std::make_unique<worker::HandlerHost>(*m_application, std::move(*page), std::vector<int>(),
                                                   worker::HandlerHost::Identity{}, ipc::AnswerOptions());
    m_spill.emplace(m_folder.filePath(u"missing"_s));
    m_runner =
        std::make_unique<worker::TaskRunner>(*m_application, m_page->taskProgress(), *m_channel, *m_host, *m_spill, 4);
}

void TestTaskRunner::cleanup()
{
    m_runner.reset();
    m_host.reset();
    m_channel.reset();
    m_masters.reset();
}

void TestTaskRunner::run(const QByteArray &name, quint8 flags)
{
    ipc::RunTaskMessage message;
    message.sequence = ++m_sequence;
    message.attempt = message.tries = 1;
    message.flags = flags;
    message.name = name;
    QByteArray out;
    ipc::appendRunTask(out, 100 + m_sequence, message);
    m_runner->frameReceived(
        {ipc::FrameType::RunTask, 0, 100 + m_sequence, QByteArrayView(out).sliced(ipc::FrameHeaderSize)});
}

void TestTaskRunner::whatTheGateTellsOfTheDead()
{
    const auto expect = [this](quint64 sequence, bool hasResults) {
        QCOMPARE(done().sequence, sequence);
        QCOMPARE(done().hasResults, hasResults);
    };
    run("quiet");
    expect(1, false);
    run("tells");
    expect(2, true);
    run("quiet");
    expect(3, true);
    // They have left: of those that follow none has a result.
    m_channel->flush();
    run("quiet");
    expect(4, false);
    // A failure is told at once.
    run("fails");
    expect(5, false);
    QVERIFY(!m_channel->hasOutput());
}

namespace {

/// Where the process was when the log was told.
ipc::ChildPage *watchedPage = nullptr;
quint32 slotOfLine = ipc::NoSlot;
QtMessageHandler usual = nullptr;

void noteSlot(QtMsgType type, const QMessageLogContext &context, const QString &text)
{
    if (text.contains(u"its result is lost"))
        slotOfLine = watchedPage->counters().currentSlot;
    usual(type, context, text);
}

} // namespace

void TestTaskRunner::aResultThatFindsNoDisk()
{
    watchedPage = m_page.get();
    usual = qInstallMessageHandler(noteSlot);
    const auto restore = qScopeGuard([] { qInstallMessageHandler(usual); });
    QTest::ignoreMessage(
        QtCriticalMsg, QRegularExpression(u"task tells with id 101 .*it is done, but its result is lost: .*missing"_s));
    run("tells");
    // The task is on the stack while its result is written: a slow disk is no standstill.
    QCOMPARE(slotOfLine, ipc::TaskSlot);
    // Of one who hears nothing nothing is lost.
    run("tells", 0);
    m_channel->flush();
    QTRY_COMPARE(m_got.size(), 2);
    const auto lost = ipc::decodeTaskDone(m_got.at(0));
    QVERIFY(lost->outcome == ipc::TaskOutcome::Done);
    QVERIFY2(lost->error.startsWith("it is done, but its result is lost: "), lost->error.toByteArray().constData());
    QVERIFY(lost->result.isEmpty());
    const auto unheard = ipc::decodeTaskDone(m_got.at(1));
    QVERIFY(unheard->outcome == ipc::TaskOutcome::Done && unheard->error.isEmpty());
}

QUERN_EPOLL_TEST_MAIN(TestTaskRunner)
#include "tst_taskrunner.moc"
