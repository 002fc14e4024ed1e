#include "admin/protocol/connectionmessages.h"
#include "messagechecks.h"

#include <QTest>

using namespace Quern;
using namespace Quern::admin;
using namespace Qt::Literals::StringLiterals;

class tst_ConnectionMessages : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void golden();
    void leftOut();
    void malformed_data();
    void malformed();
};

void tst_ConnectionMessages::golden()
{
    ConnectionDescription connection;
    connection.id = u"9223372036854775807"_s;
    connection.kind = ConnectionDescription::Kind::Stream;
    connection.port = u"telnet"_s;
    connection.remoteAddress = u"127.0.0.1"_s;
    connection.remotePort = 40'000;
    connection.user = {"ada"};
    connection.openedAt = QDateTime(QDate(2026, 1, 31), QTime(12, 0), Qt::UTC);
    connection.lastReceivedAt = connection.openedAt.addMSecs(250);
    connection.bytesReceived = 10;
    connection.bytesSent = 20;
    connection.pendingBytes = 30;
    compare(ConnectionPage{{connection}, u"18"_s},
            "{\"connections\":[{\"bytesReceived\":10,\"bytesSent\":20,\"id\":\"9223372036854775807\","
            "\"kind\":\"stream\",\"lastReceivedAt\":\"2026-01-31T12:00:00.250Z\","
            "\"openedAt\":\"2026-01-31T12:00:00.000Z\",\"pendingBytes\":30,\"port\":\"telnet\","
            "\"remoteAddress\":\"127.0.0.1\",\"remotePort\":40000,\"user\":\"ada\"}],\"next\":\"18\"}\n");
    compare(ConnectionQuery{7, u"18"_s, u"main"_s, u"ada"_s, u"10.0."_s, ConnectionDescription::Kind::WebSocket},
            "{\"address\":\"10.0.\",\"after\":\"18\",\"kind\":\"websocket\",\"limit\":7,\"port\":\"main\","
            "\"user\":\"ada\"}\n");
    compare(ConnectionClosing{u"4711"_s, 4000, u"maintenance"_s},
            "{\"code\":4000,\"id\":\"4711\",\"reason\":\"maintenance\"}\n");
    compare(ConnectionMessage{u"4711"_s, u"hi"_s}, "{\"id\":\"4711\",\"text\":\"hi\"}\n");
    compare(
        ListenerList{
            {{u"main"_s, u"https://127.0.0.1:5200/"_s, ListenerDescription::Kind::Http, true, u"app"_s, 2, 10, 5, 4,
              1000, 900},
             {u"log"_s, u"udp 127.0.0.1:5201"_s, ListenerDescription::Kind::Datagram, false, {}, 0, 0, 0, 0, 0, 0}}},
        "{\"listeners\":[{\"accepted\":10,\"address\":\"https://127.0.0.1:5200/\",\"bytesReceived\":1000,"
        "\"bytesSent\":900,\"connections\":2,\"handler\":\"app\",\"kind\":\"http\",\"messagesReceived\":5,"
        "\"messagesSent\":4,\"name\":\"main\",\"tls\":true},{\"accepted\":0,\"address\":\"udp 127.0.0.1:5201\","
        "\"bytesReceived\":0,\"bytesSent\":0,\"connections\":0,\"handler\":\"\",\"kind\":\"datagram\","
        "\"messagesReceived\":0,\"messagesSent\":0,\"name\":\"log\",\"tls\":false}]}\n");
}

void tst_ConnectionMessages::leftOut()
{
    QCOMPARE(*ConnectionQuery::fromJson({}), ConnectionQuery());
    QCOMPARE(*ConnectionQuery::fromJson(*decodeLine("{\"kind\":null}")), ConnectionQuery());
    QCOMPARE(*ConnectionClosing::fromJson(*decodeLine("{\"id\":\"7\"}")), (ConnectionClosing{u"7"_s, 1001, {}}));
}

void tst_ConnectionMessages::malformed_data()
{
    QTest::addColumn<QString>("mistake");
    const auto row = [](const char *message, const QString &mistake) { QTest::newRow(message) << mistake; };
    row("limit: must be an integer from 1 to 1000, not 0", mistakeOf<ConnectionQuery>("{\"limit\":0}"));
    row("limit: must be an integer from 1 to 1000, not 1001", mistakeOf<ConnectionQuery>("{\"limit\":1001}"));
    row("after: must be a string, not 18", mistakeOf<ConnectionQuery>("{\"after\":18}"));
    row("port: must be a string, not null", mistakeOf<ConnectionQuery>("{\"port\":null}"));
    row("user: must be a string, not true", mistakeOf<ConnectionQuery>("{\"user\":true}"));
    row("address: must be a string, not 10.5", mistakeOf<ConnectionQuery>("{\"address\":10.5}"));
    row("kind: must be one of \"websocket\", \"stream\", not the string \"http\"",
        mistakeOf<ConnectionQuery>("{\"kind\":\"http\"}"));
    row("id: is missing", mistakeOf<ConnectionClosing>("{\"code\":1000}"));
    row("id: must be a string, not 4711", mistakeOf<ConnectionClosing>("{\"id\":4711}"));
    row("code: must be an integer from 0 to 2147483647, not -1",
        mistakeOf<ConnectionClosing>("{\"id\":\"7\",\"code\":-1}"));
    row("reason: must be a string, not 7", mistakeOf<ConnectionClosing>("{\"id\":\"7\",\"reason\":7}"));
    row("text: is missing", mistakeOf<ConnectionMessage>("{\"id\":\"7\"}"));
    row("text: must be a string, not an object", mistakeOf<ConnectionMessage>("{\"id\":\"7\",\"text\":{}}"));
    row("listeners[0].name: is missing", mistakeOf<ListenerList>("{\"listeners\":[{}]}"));
    row("connections: must be an array, not an object",
        mistakeOf<ConnectionPage>("{\"connections\":{},\"next\":\"\"}"));
}

void tst_ConnectionMessages::malformed()
{
    QFETCH(const QString, mistake);
    QCOMPARE(mistake, QString::fromLatin1(QTest::currentDataTag()));
}

QTEST_GUILESS_MAIN(tst_ConnectionMessages)
#include "tst_connectionmessages.moc"
