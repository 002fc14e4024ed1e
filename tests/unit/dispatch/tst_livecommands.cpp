#include "testserver.h"

#include "dispatch/livehub.h"

#include <QRegularExpression>
#include <QTest>

using namespace DispatchTest;
using namespace Quern;
using ipc::CommandMessage;

namespace {

constexpr quint64 messageBytes = 100 * 1024;

dispatch::ReactorSettings streamSettings()
{
    dispatch::ReactorSettings settings;
    dispatch::Port &port = settings.ports[0];
    port.kind = dispatch::Port::Kind::Stream;
    port.handler = "lines";
    port.live.messageBytes = messageBytes;
    return settings;
}

/// The frames of a command to send bytes to \a id that announces \a length of them and brings \a body.
QByteArray sending(quint64 id, quint32 length, const QByteArray &body)
{
    CommandMessage message;
    message.payload = ipc::Payload::Bytes;
    message.bodyLength = length;
    message.bodyPart = QByteArrayView(body).first(qMin(body.size(), qMin(qsizetype(length), ipc::MaxBodyPart)));
    QByteArray frames;
    ipc::appendCommand(frames, id, message);
    for (qsizetype sent = message.bodyPart.size(); sent < body.size(); sent += ipc::MaxBodyPart)
        ipc::appendFrame(frames, ipc::FrameType::CommandBody, 0, id,
                         QByteArrayView(body).sliced(sent, qMin(body.size() - sent, ipc::MaxBodyPart)));
    return frames;
}

} // namespace

/// Commands of a worker that breaks the rules: they do nothing, and those behind them are carried out. And what an
/// operator wants done.
class TestLiveCommands : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void broken_data();
    void broken();
    void ofAnOperator();
    void ofAnOperatorForASlowClient();
};

void TestLiveCommands::broken_data()
{
    QTest::addColumn<quint32>("length");
    QTest::addColumn<qsizetype>("size");
    QTest::addColumn<QString>("warning");
    QTest::newRow("longer than any port takes") << quint32(messageBytes + 1) << qsizetype(messageBytes + 1)
                                                << QStringLiteral("a worker sent a command of 102401 bytes, more than");
    QTest::newRow("more than announced") << quint32(70 * 1024) << qsizetype(90 * 1024)
                                         << QStringLiteral("a worker sent more of a command than it announced");
    QTest::newRow("never whole") << quint32(90 * 1024) << qsizetype(80 * 1024) << QString();
}

void TestLiveCommands::broken()
{
    QFETCH(quint32, length);
    QFETCH(qsizetype, size);
    QFETCH(QString, warning);
    TestServer server(streamSettings());
    RawClient client(server.port());
    QTRY_VERIFY(server.worker().lastConnection() != 0);
    const quint64 id = server.worker().lastConnection();
    if (!warning.isEmpty())
        QTest::ignoreMessage(QtWarningMsg, QRegularExpression(QRegularExpression::escape(warning)));
    CommandMessage close;
    close.kind = ipc::CommandKind::Close;
    QByteArray frames = sending(id, length, QByteArray(size, 'x')) + sending(id, 5, "after");
    ipc::appendCommand(frames, id, close);
    server.worker().send(frames);
    QCOMPARE(client.readToEnd(), QByteArray("after"));
}

void TestLiveCommands::ofAnOperator()
{
    TestServer server(streamSettings());
    RawClient client(server.port());
    QTRY_VERIFY(server.worker().lastConnection() != 0);
    const quint64 id = server.worker().lastConnection();
    const auto inHub = [&server](auto request) {
        Result<void> outcome;
        server.inReactor([&] { outcome = request(server.reactor().live()); });
        return outcome;
    };
    const auto push = [&](quint64 to, const QString &text) {
        return inHub([&](dispatch::LiveHub &hub) { return hub.push(to, text); });
    };
    const auto close = [&](quint64 which, int code) {
        return inHub([&](dispatch::LiveHub &hub) { return hub.closeConnection(which, code, {}); });
    };
    QVERIFY(push(id, QStringLiteral("Grüße")));
    const Result<void> tooLong = push(id, QString(qsizetype(messageBytes) + 1, u'x'));
    QCOMPARE(tooLong.error().code(), Error::TooLarge);
    QCOMPARE(tooLong.error().message(),
             QStringLiteral("102401 bytes are more than the 102400 that port \"main\" takes: "
                            "send it in parts, or raise package_max_length"));
    for (const quint64 wrong : {id + 1, id ^ quint64(1) << 36, id ^ quint64(1) << 43, quint64(1)}) {
        QCOMPARE(push(wrong, QStringLiteral("lost")).error().code(), Error::NotFound);
        QCOMPARE(close(wrong, 1000).error().code(), Error::NotFound);
    }
    QVERIFY(close(id, 7)); // a stream has no codes
    QCOMPARE(client.readToEnd(), QByteArray("Grüße"));
    const Result<void> again = close(id, 1000);
    QCOMPARE(again.error().code(), Error::NotFound);
    QCOMPARE(again.error().message(), QStringLiteral("connection %1 is not there any more").arg(id));
    QCOMPARE(push(id, QStringLiteral("late")).error().code(), Error::NotFound);
}

void TestLiveCommands::ofAnOperatorForASlowClient()
{
    dispatch::ReactorSettings settings = streamSettings();
    settings.ports[0].live.outputBytes = messageBytes;
    TestServer server(settings);
    RawClient client(server.port());
    QTRY_VERIFY(server.worker().lastConnection() != 0);
    const quint64 id = server.worker().lastConnection();
    const QString text(qsizetype(messageBytes), u'x');
    qsizetype sent = 0;
    Result<void> outcome;
    // The kernel takes some megabytes before anything waits.
    for (; outcome && sent < 1000; ++sent)
        server.inReactor([&] { outcome = server.reactor().live().push(id, text); });
    QVERIFY(!outcome);
    QCOMPARE(outcome.error().code(), Error::Busy);
    QVERIFY(outcome.error().message().contains(QStringLiteral("waiting for its client already")));
    server.inReactor([&] { outcome = server.reactor().live().closeConnection(id, 1000, {}); });
    QVERIFY(outcome);
    // What was sent before arrives whole.
    QCOMPARE(client.readToEnd().size(), (sent - 1) * text.size());
}

QTEST_GUILESS_MAIN(TestLiveCommands)
#include "tst_livecommands.moc"
