#include "streamsupport.h"

using namespace Quern;
using namespace WorkerTest;
using namespace std::chrono_literals;

class TestEventStreams : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void events();
    void heartbeat();
    void noHeartbeatForWhoDoesNotRead();
};

void TestEventStreams::events()
{
    FakeMaster master;
    master.options.compressionTypes = {QStringLiteral("text/*")};
    master.application.get("/", [](const Request &, Response &response) {
        EventStream events = response.events({.retry = 3s});
        QVERIFY(events.send({.data = "one\ntwo\r\nthree\rfour\n"}));
        QVERIFY(events.send({.data = "{}", .event = "tick", .id = "7"}));
        QVERIFY(events.send({.data = "", .id = ""}));
        QVERIFY(events.comment("note\nmore"));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, events.send({.data = "x", .event = "a\nb"}));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, events.send({.data = "x", .id = "a\rb"}));
        QVERIFY_THROWS_EXCEPTION(std::invalid_argument, events.send({.data = "x", .id = QByteArray("a\0b", 3)}));
        events.end();
    });
    master.startHost();
    const quint64 id = master.request({.acceptEncoding = "gzip"});
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
    QCOMPARE(headOf(master, id)->headerBlock.toByteArray(),
             QByteArray("Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n"));
    QCOMPARE(master.bodyOf(id), QByteArray("retry: 3000\n\n"
                                           "data: one\ndata: two\ndata: three\ndata: four\ndata: \n\n"
                                           "event: tick\nid: 7\ndata: {}\n\n"
                                           "id: \ndata: \n\n"
                                           ": note\n: more\n\n"));
}

void TestEventStreams::heartbeat()
{
    FakeMaster master;
    std::optional<EventStream> kept;
    master.application.get("/", [&](const Request &, Response &response) {
        response.setHeader("Cache-Control", "no-store");
        kept = response.events({.heartbeat = 20ms});
    });
    master.startHost();
    const quint64 id = master.request({});
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(id).startsWith(": \n\n: \n\n"); }));
    QVERIFY(headOf(master, id)->headerBlock.contains("Cache-Control: no-store\r\n"));
    kept->end();
    QVERIFY(master.awaitReply(id, FrameType::ResponseEnd));
}

void TestEventStreams::noHeartbeatForWhoDoesNotRead()
{
    FakeMaster master;
    std::optional<EventStream> kept;
    std::optional<EventStream> other;
    master.application.get("/", [&](const Request &request, Response &response) {
        (request.id() == 1 ? kept : other) = response.events({.heartbeat = 5ms});
    });
    master.startHost();
    const quint64 id = master.request({.credit = 0});
    QVERIFY(master.awaitReply(id));
    kept->comment("x");
    const qsizetype before = kept->bufferedBytes();
    const quint64 second = master.request({});
    // As long as another stream of the same pace has beaten thrice.
    QVERIFY(FakeMaster::turnUntil([&] { return master.bodyOf(second).size() >= 12; }));
    QCOMPARE(kept->bufferedBytes(), before);
    kept->end();
    other->end();
}

QUERN_EPOLL_TEST_MAIN(TestEventStreams)
#include "tst_eventstreams.moc"
