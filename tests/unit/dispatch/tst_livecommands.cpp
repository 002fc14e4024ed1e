#include "testserver.h"

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

/// Commands of a worker that breaks the rules: they do nothing, and those behind them are carried out.
class TestLiveCommands : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void broken_data();
    void broken();
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

QTEST_GUILESS_MAIN(TestLiveCommands)
#include "tst_livecommands.moc"
