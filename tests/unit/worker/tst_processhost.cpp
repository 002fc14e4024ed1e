#include "fakemaster.h"

#include "ipc/postmessages.h"
#include "worker/postclient.h"
#include "worker/processhost.h"

#include <QSignalSpy>
#include <QTest>

using namespace Quern;
using namespace WorkerTest;
using namespace std::chrono_literals;
using worker::LeaveReason;
using worker::PostClient;
using worker::ProcessHost;

namespace {

/// What a broker would send, which here is silent.
class Silence final : public ipc::FrameSink
{
    void frameReceived(const ipc::Frame &) override {}
    void channelClosed(const QString &) override {}
};

} // namespace

/// A custom process in this very process, whose server never answers.
class TestProcessHost : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void aWriteDoesNotOutlastAStop_data();
    void aWriteDoesNotOutlastAStop();
    void tellsWhatWasThrown();
};

void TestProcessHost::aWriteDoesNotOutlastAStop_data()
{
    QTest::addColumn<bool>("isBefore");
    QTest::newRow("one that waits") << true;
    QTest::newRow("one that begins later") << false;
}

void TestProcessHost::aWriteDoesNotOutlastAStop()
{
    QFETCH(const bool, isBefore);
    FakeMaster master;
    master.startHost();
    const auto pair = ipc::Channel::createPair();
    QVERIFY(pair);
    const Wire broker(pair->second);
    Silence silence;
    ipc::Channel channel(pair->first, &silence);
    PostClient post(master.registered, {});
    post.attach(&channel, [] {});
    std::atomic<bool> isRunning = false;
    Outcome outcome;
    ProcessSpec spec;
    spec.name = "writer";
    spec.run = [&](Process &process) {
        isRunning = true;
        if (!isBefore)
            process.waitForStop(20s);
        outcome = process.write("x");
    };
    ipc::ProcessEntry entry;
    entry.name = QStringLiteral("writer");
    ProcessHost host(spec, entry, 0, post, *master.host);
    QSignalSpy ended(&host, &ProcessHost::ended);
    host.begin();
    QTRY_VERIFY_WITH_TIMEOUT(isRunning && (!isBefore || !broker.replies().isEmpty()), 20'000);
    QElapsedTimer since;
    since.start();
    host.leave(LeaveReason::Stop);
    QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, 60'000);
    QVERIFY2(since.elapsed() < 4'000, qPrintable(QString::number(since.elapsed())));
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().code(), Error::Unavailable);
    QCOMPARE(ended.first().at(0).toInt(), 0);
    post.detach();
}

void TestProcessHost::tellsWhatWasThrown()
{
    FakeMaster master;
    master.startHost();
    PostClient post(master.registered, {});
    ProcessSpec spec;
    spec.name = "thrower";
    spec.run = [](Process &) { throw std::runtime_error("no paper"); };
    ipc::ProcessEntry entry;
    entry.name = QStringLiteral("thrower");
    ProcessHost host(spec, entry, 0, post, *master.host);
    QSignalSpy ended(&host, &ProcessHost::ended);
    QTest::ignoreMessage(QtCriticalMsg, "process \"thrower\" threw: no paper");
    host.begin();
    QTRY_COMPARE_WITH_TIMEOUT(ended.size(), 1, 20'000);
    QCOMPARE(ended.first().at(0).toInt(), 1);
    QCOMPARE(ended.first().at(1).toString(), QStringLiteral("no paper"));
}

QUERN_EPOLL_TEST_MAIN(TestProcessHost)
#include "tst_processhost.moc"
