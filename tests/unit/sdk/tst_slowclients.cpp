#include "config/serversettings.h"
#include "harnesssupport.h"
#include "sdk/src/testserver_p.h"

#include <Quern/application.h>
#include <Quern/server.h>

#include <QTest>

using namespace Quern;

namespace {

constexpr qsizetype mebibyte = 1 << 20;

/// A WebSocket and a stream that note what they are told of their buffers.
void install(Application &app, QByteArrayList &seen)
{
    const auto note = [&seen](const QByteArray &what) {
        return [&seen, what](const Connection &connection) {
            seen.append(what + ' ' + QByteArray::number(connection.info().ok() ? connection.info()->pendingBytes : 0));
        };
    };
    app.webSocket("/")
        .onBufferFull(note("full"))
        .onBufferEmpty(note("empty"))
        .onMessage([](const Connection &connection, const Message &message) { connection.push(message.payload); })
        .onClose([&seen](const Connection &, const CloseReason &reason) {
            seen.append("close " + QByteArray::number(reason.code) + ' ' + reason.reason.toUtf8());
        });
    app.socket("lines").onBufferFull(note("full")).onBufferEmpty(note("empty")).onConnect([](const Connection &) {});
}

} // namespace

/// Clients of TestHarness that do not read, and messages that are too long.
class TestSlowClients : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void limitsAreTheDefaults();
    void fullAndEmpty_data();
    void fullAndEmpty();
    void busy();
    void neitherFullNorBusy();
    void fullAndEmptyAgain();
    void many();
    void closedWhileItWaits();
    void goesOnWhenEmpty();
    void tooLarge();
};

void TestSlowClients::limitsAreTheDefaults()
{
    const config::ServerSettings settings;
    QCOMPARE(quint64(TestServer::MaxMessage), settings.packageMaxLength);
    QCOMPARE(TestServer::MaxWaiting, settings.socketBufferSize);
    QCOMPARE(TestServer::HighWatermark, settings.bufferHighWatermark);
}

void TestSlowClients::fullAndEmpty_data()
{
    QTest::addColumn<bool>("isStream");
    QTest::newRow("WebSocket") << false;
    QTest::newRow("stream") << true;
}

void TestSlowClients::fullAndEmpty()
{
    QFETCH(bool, isStream);
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket socket = isStream ? live.harness.connectStream("lines") : live.harness.webSocket({});
    const auto say = [&](const QByteArray &text) {
        const Outcome said = isStream ? server().send(socket.id(), text) : server().push(socket.id(), text);
        QVERIFY(said);
    };
    say("before");
    socket.setReading(false);
    say(QByteArray(mebibyte - 1, 'a'));
    QCoreApplication::processEvents();
    QCOMPARE(seen, QByteArrayList());
    QCOMPARE(socket.receivedBytes(), QByteArray("before"));
    QCOMPARE(server().info(socket.id())->pendingBytes, quint64(mebibyte - 1));
    say("b");
    say("c");
    QCoreApplication::processEvents();
    QCOMPARE(seen, QByteArrayList({"full 1048577"}));
    socket.setReading(true);
    QCOMPARE(seen, QByteArrayList({"full 1048577", "empty 0"}));
    QCOMPARE(socket.received().size(), 4);
    QVERIFY(socket.receivedBytes().endsWith("abc"));
    say("after");
    QVERIFY(socket.receivedBytes().endsWith("abcafter"));
    socket.setReading(true); // it does already
    QCOMPARE(seen.size(), 2);
}

void TestSlowClients::busy()
{
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket socket = live.harness.webSocket({});
    socket.setReading(false);
    const QByteArray piece(2 * mebibyte, 'a');
    for (int i = 0; i < 4; ++i)
        QVERIFY(server().push(socket.id(), piece));
    QCOMPARE(server().push(socket.id(), "b").error().code(), Error::Busy);
    QCOMPARE(server().info(socket.id())->pendingBytes, quint64(8 * mebibyte));
    QCOMPARE(server().info(socket.id())->bytesSent, quint64(8 * mebibyte));
    QVERIFY(socket.isOpen());
    socket.setReading(true);
    QCOMPARE(socket.received().size(), 4);                       // nothing was sent of what was refused
    QCOMPARE(seen, QByteArrayList({"full 8388608", "empty 0"})); // once, though there was a Busy as well
    QVERIFY(server().push(socket.id(), "b"));
}

void TestSlowClients::neitherFullNorBusy()
{
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket socket = live.harness.webSocket({});
    socket.setReading(false);
    QVERIFY(server().push(socket.id(), QByteArray(100, 'a')));
    socket.setReading(true);
    QCOMPARE(socket.received().size(), 1);
    QCOMPARE(seen, QByteArrayList());
}

void TestSlowClients::fullAndEmptyAgain()
{
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket socket = live.harness.webSocket({});
    for (int i = 0; i < 2; ++i) {
        socket.setReading(false);
        QVERIFY(server().push(socket.id(), QByteArray(mebibyte, 'a')));
        socket.setReading(true);
    }
    QCOMPARE(seen, QByteArrayList({"full 1048576", "empty 0", "full 1048576", "empty 0"}));
}

void TestSlowClients::many()
{
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket slow = live.harness.webSocket({});
    TestSocket quick = live.harness.webSocket({});
    slow.setReading(false);
    const QByteArray piece(2 * mebibyte, 'a');
    for (int i = 0; i < 4; ++i)
        QVERIFY(server().broadcast(piece));
    QVERIFY(slow.isOpen());
    QVERIFY(server().broadcast("one too many"));
    QVERIFY(!slow.isOpen());
    QCOMPARE(slow.closeReason().code, 1008);
    QCOMPARE(slow.closeReason().closedBy, ClosedBy::Server);
    QVERIFY(slow.received().isEmpty());
    QCOMPARE(quick.received().size(), 5);
    QCoreApplication::processEvents();
    QCOMPARE(seen.last(),
             QByteArray("close 1008 it reads too slowly: 8388620 bytes waited, more than socket_buffer_size"));
    slow.setReading(true);
    QVERIFY(slow.received().isEmpty());
}

void TestSlowClients::closedWhileItWaits()
{
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket asked = live.harness.webSocket({});
    TestSocket gone = live.harness.webSocket({});
    asked.setReading(false);
    gone.setReading(false);
    QVERIFY(server().broadcast("a"));
    QVERIFY(server().close(asked.id()));
    gone.close();
    QCOMPARE(asked.received().size(), 1); // what was sent before leaves before
    QVERIFY(gone.received().isEmpty());
}

void TestSlowClients::goesOnWhenEmpty()
{
    // A file in pieces: until Busy, and on when there is room.
    constexpr int total = 20;
    int next = 0, busy = 0;
    const auto go = [&](const Connection &connection) {
        for (; next < total; ++next) {
            if (const Outcome sent = connection.push(QByteArray(mebibyte, char('a' + next))); !sent) {
                QCOMPARE(sent.error().code(), Error::Busy);
                ++busy;
                return;
            }
        }
    };
    ::Server live([&](Application &app) {
        app.webSocket("/")
            .onMessage([&](const Connection &connection, const Message &) { go(connection); })
            .onBufferEmpty(go);
    });
    TestSocket socket = live.harness.webSocket({});
    socket.setReading(false);
    QVERIFY(socket.send("go"));
    QCOMPARE(next, 8);
    QCOMPARE(busy, 1);
    socket.setReading(true);
    QCOMPARE(next, total);
    const QList<TestMessage> received = socket.received();
    QCOMPARE(received.size(), total);
    for (int i = 0; i < total; ++i)
        QCOMPARE(received[i].payload.front(), char('a' + i));
}

void TestSlowClients::tooLarge()
{
    QByteArrayList seen;
    ::Server live([&](Application &app) { install(app, seen); });
    TestSocket socket = live.harness.webSocket({});
    TestSocket lines = live.harness.connectStream("lines");
    QVERIFY(server().bind(socket.id(), "ann") && server().join(socket.id(), "room"));
    const QByteArray fits(2 * mebibyte, 'a');
    const QByteArray tooLong = fits + 'a';
    QVERIFY(socket.send(fits));
    QCOMPARE(socket.received().size(), 1);
    QVERIFY(server().send(lines.id(), fits));
    const Outcome outcomes[] = {server().push(socket.id(), tooLong), server().send(lines.id(), tooLong),
                                server().broadcast(tooLong),         server().pushToRoom("room", tooLong),
                                server().pushToUser("ann", tooLong), socket.send(tooLong)};
    for (const Outcome &outcome : outcomes) {
        QVERIFY(!outcome);
        QCOMPARE(outcome.error().code(), Error::TooLarge);
        QVERIFY(outcome.error().message().contains(QStringLiteral("package_max_length")));
    }
    QCOMPARE(socket.received().size(), 1);
    QVERIFY(lines.send(tooLong)); // a stream has no messages
    const auto packet = [](const QString &to, qsizetype size) {
        return server().sendTo(QStringLiteral("lines"), to, 7, QByteArray(size, 'a'));
    };
    QVERIFY(packet(QStringLiteral("192.0.2.1"), 65507));
    QCOMPARE(packet(QStringLiteral("192.0.2.1"), 65508).error().code(), Error::TooLarge);
    QVERIFY(packet(QStringLiteral("/run/a.sock"), 65508));
}

QTEST_GUILESS_MAIN(TestSlowClients)
#include "tst_slowclients.moc"
