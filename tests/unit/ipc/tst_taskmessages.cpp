#include "ipc/frame.h"
#include "ipc/taskmessages.h"

#include <QTest>

#include <functional>

using namespace Quern;

namespace {

constexpr quint64 someId = 0x0102030405060708;

QByteArray deliverFrame()
{
    ipc::DeliverMessage message;
    message.delayMs = 0x1112131415161718;
    message.timeoutMs = 0x21222324;
    message.retryDelayMs = 0x31323334;
    message.retryDelayMaxMs = 0x41424344;
    message.tries = 5;
    message.priority = 9;
    message.flags = ipc::DurableTask | ipc::WantsFinish | ipc::MapPayload;
    message.sender = 3;
    message.name = "mail";
    message.uniqueKey = "key";
    message.payload = "load";
    QByteArray bytes;
    ipc::appendDeliver(bytes, someId, message);
    return bytes;
}

QByteArray runFrame()
{
    ipc::RunTaskMessage message;
    message.sequence = 0x1112131415161718;
    message.resumeAt = 3;
    message.attempt = 2;
    message.tries = 5;
    message.flags = ipc::EventTask | ipc::SpilledPayload;
    message.name = "mail";
    message.payload = "load";
    QByteArray bytes;
    ipc::appendRunTask(bytes, someId, message);
    return bytes;
}

QByteArray doneFrame()
{
    ipc::TaskDoneMessage message;
    message.sequence = 0x1112131415161718;
    message.resumeAt = 3;
    message.outcome = ipc::TaskOutcome::Failed;
    message.flags = ipc::MapPayload;
    message.error = "why";
    message.result = "what";
    QByteArray bytes;
    ipc::appendTaskDone(bytes, someId, message);
    return bytes;
}

QByteArray finishedFrame()
{
    ipc::TaskFinishedMessage message;
    message.attempts = 2;
    message.code = quint8(Error::Timeout + 1);
    message.flags = ipc::SpilledPayload;
    message.name = "mail";
    message.error = "why";
    message.result = "what";
    QByteArray bytes;
    ipc::appendTaskFinished(bytes, someId, message);
    return bytes;
}

struct Kind
{
    const char *name;
    QByteArray (*frame)();
    QByteArray golden;
    qsizetype shortest;                         ///< payload that can be read: what follows is the body
    std::function<int(QByteArrayView)> refusal; ///< the code of its error; noRefusal without one
};

constexpr int noRefusal = -1;

template <typename Message>
std::function<int(QByteArrayView)> refusalOf(Result<Message> (*decode)(QByteArrayView))
{
    return [decode](QByteArrayView payload) {
        const Result<Message> message = decode(payload);
        return message ? noRefusal : int(message.error().code());
    };
}

const QList<Kind> &kinds()
{
    static const QList<Kind> list = {
        {"Deliver", deliverFrame,
         "2b000000 1800 0000 0807060504030201 1817161514131211 24232221 34333231 44434241 0500 0400 0300 09 32 04000000"
         "6d61696c 6b6579 6c6f6164",
         ipc::DeliverHeaderSize + 7, refusalOf(ipc::decodeDeliver)},
        {"RunTask", runFrame,
         "20000000 1a00 0000 0807060504030201 1817161514131211 03000000 0200 0500 0400 41 00 00000000 6d61696c "
         "6c6f6164",
         ipc::RunTaskHeaderSize + 4, refusalOf(ipc::decodeRunTask)},
        {"TaskDone", doneFrame,
         "1f000000 1b00 0000 0807060504030201 1817161514131211 03000000 03000000 01 20 0000 00000000 776879 77686174",
         ipc::TaskDoneHeaderSize + 3, refusalOf(ipc::decodeTaskDone)},
        {"TaskFinished", finishedFrame,
         "1b000000 1c00 0000 0807060504030201 03000000 0200 0400 08 40 0000 00000000 6d61696c 776879 77686174",
         ipc::TaskFinishedHeaderSize + 7, refusalOf(ipc::decodeTaskFinished)},
    };
    return list;
}

QByteArray payloadOf(const QByteArray &frame)
{
    return frame.sliced(ipc::FrameHeaderSize);
}

} // namespace

class TestTaskMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void goldenBytes_data();
    void goldenBytes();
    void everyTruncation_data() { goldenBytes_data(); }
    void everyTruncation();
    void refused_data();
    void refused();
    void roundTrips();
    void answers();
};

void TestTaskMessages::goldenBytes_data()
{
    QTest::addColumn<int>("place");
    for (int place = 0; place < kinds().size(); ++place)
        QTest::newRow(kinds().at(place).name) << place;
}

void TestTaskMessages::goldenBytes()
{
    QFETCH(const int, place);
    const Kind &kind = kinds().at(place);
    QCOMPARE(kind.frame().toHex(), QByteArray::fromHex(kind.golden).toHex());
}

void TestTaskMessages::everyTruncation()
{
    QFETCH(const int, place);
    const Kind &kind = kinds().at(place);
    const QByteArray payload = payloadOf(kind.frame());
    for (qsizetype size = 0; size <= payload.size(); ++size)
        QCOMPARE(kind.refusal(payload.first(size)), size < kind.shortest ? int(Error::Protocol) : noRefusal);
}

void TestTaskMessages::refused_data()
{
    QTest::addColumn<int>("kind");
    QTest::addColumn<int>("place");
    QTest::addColumn<int>("byte");
    QTest::newRow("delivery without a name") << 0 << 22 << 0;
    QTest::newRow("name longer than the delivery") << 0 << 22 << 12;
    QTest::newRow("key longer than the delivery") << 0 << 25 << 1;
    QTest::newRow("a priority that there is not") << 0 << 26 << 10;
    QTest::newRow("no tries") << 0 << 20 << 0;
    QTest::newRow("no number of a worker") << 0 << 31 << 255;
    QTest::newRow("task without a name") << 1 << 16 << 0;
    QTest::newRow("name longer than the task") << 1 << 16 << 9;
    QTest::newRow("error longer than the end") << 2 << 12 << 8;
    QTest::newRow("error of 4 GiB") << 2 << 15 << 255;
    QTest::newRow("a later outcome") << 2 << 16 << 4;
    QTest::newRow("name longer than the news") << 3 << 6 << 12;
    QTest::newRow("an error code that there is not") << 3 << 8 << int(Error::Internal) + 2;
}

void TestTaskMessages::refused()
{
    QFETCH(const int, kind);
    QFETCH(const int, place);
    QFETCH(const int, byte);
    QByteArray payload = payloadOf(kinds().at(kind).frame());
    payload[place] = char(byte);
    QCOMPARE(kinds().at(kind).refusal(payload), int(Error::Protocol));
}

void TestTaskMessages::roundTrips()
{
    const QByteArray deliver = payloadOf(deliverFrame());
    const auto delivered = ipc::decodeDeliver(deliver);
    QVERIFY(delivered);
    QCOMPARE(delivered->delayMs, quint64(0x1112131415161718));
    QCOMPARE(delivered->timeoutMs, quint32(0x21222324));
    QCOMPARE(delivered->retryDelayMs, quint32(0x31323334));
    QCOMPARE(delivered->retryDelayMaxMs, quint32(0x41424344));
    QCOMPARE(delivered->tries, quint16(5));
    QCOMPARE(delivered->priority, quint8(9));
    QCOMPARE(delivered->sender, 3);
    QCOMPARE(delivered->flags, quint8(50));
    QCOMPARE(delivered->name, QByteArrayView("mail"));
    QCOMPARE(delivered->uniqueKey, QByteArrayView("key"));
    QCOMPARE(delivered->payload, QByteArrayView("load"));

    const QByteArray run = payloadOf(runFrame());
    const auto task = ipc::decodeRunTask(run);
    QVERIFY(task);
    QCOMPARE(task->sequence, quint64(0x1112131415161718));
    QCOMPARE(task->resumeAt, quint32(3));
    QCOMPARE(task->attempt, quint16(2));
    QCOMPARE(task->tries, quint16(5));
    QCOMPARE(task->flags, quint8(65));
    QCOMPARE(task->name, QByteArrayView("mail"));
    QCOMPARE(task->payload, QByteArrayView("load"));

    const QByteArray done = payloadOf(doneFrame());
    const auto ended = ipc::decodeTaskDone(done);
    QVERIFY(ended);
    QCOMPARE(ended->sequence, quint64(0x1112131415161718));
    QCOMPARE(ended->resumeAt, quint32(3));
    QVERIFY(ended->outcome == ipc::TaskOutcome::Failed);
    QCOMPARE(ended->flags, quint8(ipc::MapPayload));
    QCOMPARE(ended->error, QByteArrayView("why"));
    QCOMPARE(ended->result, QByteArrayView("what"));

    const QByteArray news = payloadOf(finishedFrame());
    const auto finished = ipc::decodeTaskFinished(news);
    QVERIFY(finished);
    QCOMPARE(finished->attempts, quint16(2));
    QCOMPARE(finished->code, quint8(Error::Timeout + 1));
    QCOMPARE(finished->flags, quint8(ipc::SpilledPayload));
    QCOMPARE(finished->name, QByteArrayView("mail"));
    QCOMPARE(finished->error, QByteArrayView("why"));
    QCOMPARE(finished->result, QByteArrayView("what"));
}

void TestTaskMessages::answers()
{
    QCOMPARE(ipc::encodeDeliverAnswer({}), QByteArray(1, '\0'));
    QVERIFY(ipc::decodeDeliverAnswer(QByteArrayView("\0", 1)).ok());
    for (int code = 0; code <= Error::Internal; ++code) {
        const QByteArray bytes = ipc::encodeDeliverAnswer(Error(Error::Code(code), QStringLiteral("full up")));
        QCOMPARE(bytes, char(code + 1) + QByteArray("full up"));
        const Result<void> answer = ipc::decodeDeliverAnswer(bytes);
        QVERIFY(!answer);
        QCOMPARE(int(answer.error().code()), code);
        QCOMPARE(answer.error().message(), QStringLiteral("full up"));
    }
    for (const QByteArray &broken : {QByteArray(), QByteArray(1, char(Error::Internal + 2))})
        QCOMPARE(ipc::decodeDeliverAnswer(broken).error().code(), Error::Protocol);
}

QTEST_GUILESS_MAIN(TestTaskMessages)
#include "tst_taskmessages.moc"
