#include "ipc/frame.h"
#include "ipc/postmessages.h"
#include "ipc/processplan.h"

#include <QCborValue>
#include <QTest>

#include <functional>

using namespace Quern;
using ipc::PostMessage;
using namespace Qt::Literals::StringLiterals;

namespace {

PostMessage sample()
{
    PostMessage message;
    message.kind = ipc::PostKind::Push;
    message.flags = ipc::PostMap | ipc::PostWantsAnswer;
    message.role = ipc::ChildRole::Process;
    message.code = 2;
    message.number = 3;
    message.timeoutMs = 0x01020304;
    message.item = 0x1112131415161718;
    message.name = "mailer";
    message.payload = "part";
    return message;
}

QByteArray payloadOf(const PostMessage &message)
{
    QByteArray bytes;
    ipc::appendPost(bytes, 7, message);
    return bytes.sliced(ipc::FrameHeaderSize);
}

ipc::ProcessPlan samplePlan()
{
    ipc::ProcessPlan plan;
    plan.workers = 2;
    plan.taskWorkers = 1;
    plan.hasTimer = true;
    plan.processes.append({u"mailer"_s,
                           u"mail"_s,
                           3,
                           ipc::PipeKind::Datagram,
                           4096,
                           ipc::QueueMode::Addressed,
                           10,
                           2048,
                           {{u"pause"_s, 10}},
                           u"quern.toml:9"_s});
    plan.processes.append({u"ticker"_s, u"ticker"_s});
    return plan;
}

} // namespace

/// What crosses the border for pipes, queues and messages.
class TestPostMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes();
    void roundTrip();
    void everyTruncation();
    void refused_data();
    void refused();
    void planRoundTrip();
    void planCounts_data();
    void planCounts();
};

void TestPostMessages::goldenBytes()
{
    QByteArray bytes;
    ipc::appendPost(bytes, 0x0102030405060708, sample());
    QCOMPARE(bytes.toHex(), QByteArray::fromHex("22000000 1d00 0000 0807060504030201"
                                                "06 03 03 02 03000000 04030201 0600 0000 1817161514131211"
                                                "6d61696c6572 70617274")
                                .toHex());
}

void TestPostMessages::roundTrip()
{
    const QByteArray payload = payloadOf(sample());
    const Result<PostMessage> message = ipc::decodePost(payload);
    QVERIFY(message.ok());
    QCOMPARE(message->kind, ipc::PostKind::Push);
    QCOMPARE(message->number, 3);
    QCOMPARE(message->item, sample().item);
    QCOMPARE(message->name.toByteArray(), QByteArray("mailer"));
    QCOMPARE(message->payload.toByteArray(), QByteArray("part"));
    QCOMPARE(payloadOf(*message), payload);
}

void TestPostMessages::everyTruncation()
{
    const QByteArray payload = payloadOf(sample());
    const qsizetype fixed = ipc::PostHeaderSize + sample().name.size();
    for (qsizetype size = 0; size < fixed; ++size)
        QVERIFY2(!ipc::decodePost(payload.first(size)).ok(), QByteArray::number(size));
    QVERIFY(ipc::decodePost(payload.first(fixed)).ok());
}

void TestPostMessages::refused_data()
{
    QTest::addColumn<int>("place");
    QTest::addColumn<int>("value");
    QTest::newRow("a kind that there is not") << 0 << 13;
    QTest::newRow("a role that there is not") << 2 << 5;
    QTest::newRow("a code that there is not") << 3 << 12;
    QTest::newRow("a number below all") << 7 << 0x80;
    QTest::newRow("a name that is longer than the message") << 12 << 0xff;
}

void TestPostMessages::refused()
{
    QFETCH(const int, place);
    QFETCH(const int, value);
    QByteArray payload = payloadOf(sample());
    payload[place] = char(value);
    const Result<PostMessage> message = ipc::decodePost(payload);
    QVERIFY(!message.ok());
    QCOMPARE(message.error().code(), Error::Protocol);
}

void TestPostMessages::planRoundTrip()
{
    const QByteArray bytes = samplePlan().toCbor().toCborValue().toCbor();
    const ipc::ProcessPlan read = ipc::ProcessPlan::fromCbor(QCborValue::fromCbor(bytes).toMap());
    QVERIFY(read == samplePlan());
    QVERIFY(ipc::ProcessPlan::fromCbor({}) == ipc::ProcessPlan());
}

void TestPostMessages::planCounts_data()
{
    QTest::addColumn<ipc::ChildRole>("role");
    QTest::addColumn<QString>("name");
    QTest::addColumn<int>("count");
    QTest::newRow("workers") << ipc::ChildRole::Worker << QString() << 2;
    QTest::newRow("task workers") << ipc::ChildRole::TaskWorker << QString() << 1;
    QTest::newRow("the timer") << ipc::ChildRole::Timer << QString() << 1;
    QTest::newRow("a process with copies") << ipc::ChildRole::Process << u"mailer"_s << 3;
    QTest::newRow("a process without copies") << ipc::ChildRole::Process << u"ticker"_s << 1;
    QTest::newRow("a process that there is not") << ipc::ChildRole::Process << u"mail"_s << 0;
    QTest::newRow("the boot child") << ipc::ChildRole::Boot << QString() << 0;
}

void TestPostMessages::planCounts()
{
    QFETCH(const ipc::ChildRole, role);
    QFETCH(const QString, name);
    QTEST(samplePlan().countOf(role, name), "count");
}

QTEST_GUILESS_MAIN(TestPostMessages)
#include "tst_postmessages.moc"
