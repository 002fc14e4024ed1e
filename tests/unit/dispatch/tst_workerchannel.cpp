#include "dispatch/workerchannel.h"
#include "epolltestmain.h"

#include <QEventLoop>
#include <QTimer>

#include <unistd.h>

using namespace Quern;
using dispatch::WorkerChannel;

namespace {

/// Writes down what it hears.
class Events final : public dispatch::WorkerLinkEvents
{
public:
    void responseReceived(quint64 childId, quint64 id, const ipc::ResponseMessage &message) override
    {
        log.append("response " + QByteArray::number(childId) + ' ' + QByteArray::number(id) + ' ' +
                   QByteArray::number(message.status) + ' ' + message.bodyPart.toByteArray());
    }
    void responseBodyReceived(quint64, quint64 id, QByteArrayView part) override
    {
        log.append("body " + QByteArray::number(id) + ' ' + part.toByteArray());
    }
    void responseEndReceived(quint64, quint64 id, QByteArrayView trailers) override
    {
        log.append("end " + QByteArray::number(id) + ' ' + trailers.toByteArray());
    }
    void responseAbortReceived(quint64, quint64 id) override { log.append("abort " + QByteArray::number(id)); }
    void deferredReceived(quint64, quint64 id) override { log.append("deferred " + QByteArray::number(id)); }
    void creditReceived(quint64, quint64 id, quint32 bytes) override
    {
        log.append("credit " + QByteArray::number(id) + ' ' + QByteArray::number(bytes));
    }
    void eventsDoneReceived(quint64 childId, quint64 sequence) override
    {
        log.append("done " + QByteArray::number(childId) + ' ' + QByteArray::number(sequence));
    }
    void commandReceived(quint64, quint64 id, const ipc::CommandMessage &message, bool) override
    {
        log.append("command " + QByteArray::number(id) + ' ' + message.bodyPart.toByteArray());
    }
    void commandBodyReceived(quint64, QByteArrayView part) override { log.append("more " + part.toByteArray()); }
    void batchEnded(quint64) override
    {
        if (onBatchEnded)
            onBatchEnded();
    }
    void linkClosed(quint64 childId) override { log.append("closed " + QByteArray::number(childId)); }

    QList<QByteArray> log;
    std::function<void()> onBatchEnded;
};

/// Lets the loop block, which is when channels flush.
void block(int milliseconds)
{
    QEventLoop loop;
    QTimer::singleShot(milliseconds, &loop, &QEventLoop::quit);
    loop.exec();
}

} // namespace

/// The road to a worker over real sockets; the test holds the worker's end.
class TestWorkerChannel : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void init();
    void cleanup();
    void framesBecomeCalls();
    void restIsReadAtOnce_data();
    void restIsReadAtOnce();
    void malformedAndUnknownFramesAreSkipped();
    void requestsArrive();
    void unwritableWhileTheWorkerDoesNotRead();
    void closedByTheWorker();
    void writtenToAfterTheWorkerHasGone();
    void brokenProtocolClosesTheLink();

private:
    Events m_events;
    std::unique_ptr<WorkerChannel> m_channel;
    base::FileDescriptor m_worker;
};

void TestWorkerChannel::init()
{
    const auto pair = ipc::Channel::createPair();
    auto page = ipc::ChildPage::create(1);
    QVERIFY(pair && page);
    dispatch::WorkerInfo info;
    info.childId = 7;
    m_events.log.clear();
    m_events.onBatchEnded = {};
    m_worker = base::FileDescriptor(pair->second);
    m_channel = std::make_unique<WorkerChannel>(pair->first, std::make_shared<ipc::ChildPage>(std::move(*page)), 0,
                                                info, &m_events);
}

void TestWorkerChannel::cleanup()
{
    m_channel.reset();
}

void TestWorkerChannel::framesBecomeCalls()
{
    QByteArray bytes;
    ipc::ResponseMessage message;
    message.status = 201;
    message.bodyLength = 5;
    message.bodyPart = "abc";
    ipc::appendResponse(bytes, 11, message);
    ipc::appendFrame(bytes, ipc::FrameType::ResponseBody, 0, 11, "de");
    ipc::appendFrame(bytes, ipc::FrameType::Deferred, 0, 12, {});
    ipc::appendFrame(bytes, ipc::FrameType::Credit, 0, 13, QByteArrayView("\x02\x01\0\0", 4));
    QCOMPARE(::write(m_worker.get(), bytes.constData(), size_t(bytes.size())), bytes.size());
    QTRY_COMPARE(m_events.log.size(), 4);
    QCOMPARE(m_events.log, (QList<QByteArray>{"response 7 11 201 abc", "body 11 de", "deferred 12", "credit 13 258"}));
}

void TestWorkerChannel::restIsReadAtOnce_data()
{
    QTest::addColumn<bool>("closed");
    QTest::newRow("closed") << true;
    QTest::newRow("held open by a grandchild") << false;
}

void TestWorkerChannel::restIsReadAtOnce()
{
    QFETCH(const bool, closed);
    QByteArray bytes;
    for (quint64 id = 1; id <= 20; ++id) {
        ipc::ResponseMessage message;
        const QByteArray body(10'000, 'x');
        message.bodyLength = quint64(body.size());
        message.bodyPart = body;
        ipc::appendResponse(bytes, id, message);
    }
    QCOMPARE(::write(m_worker.get(), bytes.constData(), size_t(bytes.size())), bytes.size());
    if (closed)
        m_worker.reset();
    m_channel->readRest(); // no loop turns
    QCOMPARE(m_events.log.size(), closed ? 21 : 20);
    QVERIFY(m_events.log.at(19).startsWith("response 7 20 200 xxx"));
}

void TestWorkerChannel::malformedAndUnknownFramesAreSkipped()
{
    QByteArray bytes;
    ipc::appendFrame(bytes, ipc::FrameType::Response, 0, 1, "short");
    ipc::appendFrame(bytes, ipc::FrameType::Credit, 0, 2, "123");
    ipc::appendFrame(bytes, ipc::FrameType(999), 0, 3, "from the future");
    ipc::appendFrame(bytes, ipc::FrameType::Deferred, 0, 4, {});
    QCOMPARE(::write(m_worker.get(), bytes.constData(), size_t(bytes.size())), bytes.size());
    QTRY_COMPARE(m_events.log, QList<QByteArray>{"deferred 4"});
}

void TestWorkerChannel::requestsArrive()
{
    m_channel->sendRequest(21, {1, 2, 3, 4}, "payload-", "body");
    m_channel->sendBodyPart(24, "more");
    m_channel->sendBodyEnd(24, "a: b\r\n");
    m_channel->sendCancel(22);
    m_channel->sendCredit(23, 5);
    block(10);
    QByteArray bytes(4096, '\0');
    const ssize_t count = ::read(m_worker.get(), bytes.data(), size_t(bytes.size()));
    QVERIFY(count > 0);
    QByteArrayView rest = QByteArrayView(bytes).first(count);
    const auto request = ipc::decodeFrame(rest);
    const auto part = ipc::decodeFrame(rest);
    const auto end = ipc::decodeFrame(rest);
    const auto cancel = ipc::decodeFrame(rest);
    const auto credit = ipc::decodeFrame(rest);
    QVERIFY(request && *request && part && *part && end && *end && cancel && *cancel && credit && *credit);
    QCOMPARE((*request)->type, ipc::FrameType::Request);
    QCOMPARE((*request)->id, quint64(21));
    QCOMPARE((*request)->payload.toByteArray().toHex(),
             QByteArray("010000000200000003000000000000000400000000000000") + QByteArray("payload-body").toHex());
    QCOMPARE((*part)->type, ipc::FrameType::RequestBody);
    QCOMPARE((*part)->payload, QByteArrayView("more"));
    QCOMPARE((*end)->type, ipc::FrameType::RequestEnd);
    QCOMPARE((*end)->payload, QByteArrayView("a: b\r\n"));
    QCOMPARE((*cancel)->type, ipc::FrameType::Cancel);
    QCOMPARE((*credit)->id, quint64(23));
    QVERIFY(rest.isEmpty());
}

void TestWorkerChannel::unwritableWhileTheWorkerDoesNotRead()
{
    const QByteArray payload(60'000, 'x');
    int sent = 0;
    while (m_channel->isWritable() && sent < 1000) {
        m_channel->sendRequest(1, {}, payload, {});
        ++sent;
    }
    QVERIFY(sent < 1000);
    QByteArray bytes(1 << 20, '\0');
    const auto drained = [&] {
        while (::read(m_worker.get(), bytes.data(), size_t(bytes.size())) > 0) {
        }
        return m_channel->isWritable();
    };
    QTRY_VERIFY(drained());
}

void TestWorkerChannel::closedByTheWorker()
{
    QByteArray bytes;
    ipc::appendFrame(bytes, ipc::FrameType::Deferred, 0, 4, {});
    QCOMPARE(::write(m_worker.get(), bytes.constData(), size_t(bytes.size())), bytes.size());
    m_worker.reset();
    QTRY_COMPARE(m_events.log, (QList<QByteArray>{"deferred 4", "closed 7"}));
    QVERIFY(!m_channel->isWritable());
}

void TestWorkerChannel::writtenToAfterTheWorkerHasGone()
{
    // The write finds out before the read does. What is sent from within the news of it must not stand in its own way.
    m_events.onBatchEnded = [this] { m_channel->sendCancel(1); };
    QByteArray bytes;
    ipc::appendFrame(bytes, ipc::FrameType::Deferred, 0, 4, {});
    QCOMPARE(::write(m_worker.get(), bytes.constData(), size_t(bytes.size())), bytes.size());
    m_worker.reset();
    const QByteArray payload(100'000, 'x'); // more than a batch: written at once
    m_channel->sendRequest(1, {}, payload, {});
    m_channel->sendRequest(2, {}, payload, {});
    QTRY_COMPARE(m_events.log, (QList<QByteArray>{"deferred 4", "closed 7"}));
    QVERIFY(!m_channel->isWritable());
}

void TestWorkerChannel::brokenProtocolClosesTheLink()
{
    const QByteArray bytes = QByteArray::fromHex("ffffffff0600000001000000000000aa");
    QCOMPARE(::write(m_worker.get(), bytes.constData(), size_t(bytes.size())), bytes.size());
    QTRY_COMPARE(m_events.log, QList<QByteArray>{"closed 7"});
    QVERIFY(!m_channel->isWritable());
}

QUERN_EPOLL_TEST_MAIN(TestWorkerChannel)
#include "tst_workerchannel.moc"
