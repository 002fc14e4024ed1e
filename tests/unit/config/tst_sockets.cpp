#include "socketsupport.h"

#include "settingsfile.h"

#include "config/describe.h"
#include "config/keytable.h"
#include "config/socketkeys.h"

#include <QSet>
#include <QTest>

#include <functional>

using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;
using namespace SocketTest;
using namespace std::chrono_literals;

/// What [[socket]] entries make of the settings.
class tst_Sockets : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaultsAreTheDocumentedOnes();
    void everyKey_data();
    void everyKey();
    void everyKeyIsCovered();
    void keysOfTheServer_data();
    void keysOfTheServer();
    void whatIsNotWrittenIsAsInServer();
    void names_data();
    void names();
    void origins();
    void mostListeners();
    void mistakesOfServerAreToldOnce();
};

namespace {

using Check = std::function<bool(const SocketSettings &)>;

struct Row
{
    const char *lines;
    Check isRead;
};

QList<Row> rows()
{
    const auto listens = [](const SocketSettings &s, const char *text) {
        return s.listen.constFirst().text == QLatin1StringView(text);
    };
    return {
        {"name = \"a-B_9\"", [](const auto &s) { return s.name == u"a-B_9"; }},
        {"enabled = false", [](const auto &s) { return !s.enabled; }},
        {"type = \"tcp\"", [](const auto &s) { return s.type == SocketType::Tcp; }},
        {"type = \"udp\"", [](const auto &s) { return s.type == SocketType::Udp; }},
        {"type = \"http\"", [](const auto &s) { return s.type == SocketType::Http; }},
        {"type = \"websocket\"", [](const auto &s) { return s.type == SocketType::Http; }},
        {"listen = \"[::1]:1\"\ntype = \"tcp6\"", [=](const auto &s) { return listens(s, "[::1]:1"); }},
        {"listen = [\"[::1]:1\", \"[::1]:2\"]\ntype = \"udp6\"", [](const auto &s) { return s.listen.size() == 2; }},
        {"listen = \"unix:/a\"\ntype = \"unix_stream\"",
         [=](const auto &s) { return s.type == SocketType::Tcp && listens(s, "unix:/a"); }},
        {"listen = \"unix:/a\"\ntype = \"unix_dgram\"", [](const auto &s) { return s.type == SocketType::Udp; }},
        {"listen = \"unix:/a\"\ntype = \"udp\"", [=](const auto &s) { return listens(s, "unix:/a"); }},
        {"listen = \"tls:127.0.0.1:1\"\nssl_cert_file = \"/a\"\nssl_key_file = \"/b\"",
         [](const auto &s) { return s.listen.constFirst().tls && s.own.sslKeyFile == u"/b"; }},
        {"http_head_timeout = 3\nlisten = \"tls:unix:/a\"\nssl_cert_file = \"/a\"\nssl_key_file = \"/b\"",
         [](const auto &s) { return s.type == SocketType::Tcp && s.own.httpHeadTimeout == 3s; }},
        {"unix_socket_mode = \"0622\"\nlisten = \"unix:/a\"\ntype = \"unix_dgram\"",
         [](const auto &s) { return s.own.unixSocketMode == 0622; }},
        {"handler = \"Shop.Bell/2\"", [](const auto &s) { return s.handler == u"Shop.Bell/2"; }},
        {"open_eof_check = true", [](const auto &s) { return s.framing.openEofCheck && !s.framing.openEofSplit; }},
        {"open_eof_split = true", [](const auto &s) { return !s.framing.openEofCheck && s.framing.openEofSplit; }},
        {"open_eof_check = false\nopen_eof_split = true", [](const auto &s) { return s.framing.openEofSplit; }},
        {"package_eof = \"\\u0000ü12345\"\nopen_eof_split = true",
         [](const auto &s) { return s.framing.packageEof == QByteArray("\0ü12345", 8); }},
        {"open_length_check = true", [](const auto &s) { return s.framing.openLengthCheck; }},
        {"package_length_type = \"v\"",
         [](const auto &s) { return s.framing.packageLengthType == 'v' && s.framing.packageBodyOffset == 2; }},
        {"package_length_offset = 6\npackage_length_type = \"P\"",
         [](const auto &s) { return s.framing.packageLengthOffset == 6 && s.framing.packageBodyOffset == 14; }},
        {"package_body_offset = 0\npackage_length_offset = 6",
         [](const auto &s) { return s.framing.packageBodyOffset == 0; }},
        {"package_length_offset = 2097148", [](const auto &s) { return s.framing.packageLengthOffset == 2097148; }},
        {"package_body_offset = 2097152", [](const auto &s) { return s.framing.packageBodyOffset == 2097152; }},
    };
}

QString keyOf(const QByteArray &line)
{
    return QString::fromUtf8(line.left(line.indexOf(' ')));
}

} // namespace

void tst_Sockets::defaultsAreTheDocumentedOnes()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(telnet);
    QVERIFY2(settings, qPrintable(message(settings)));
    SocketSettings expected;
    expected.name = expected.handler = u"telnet"_s;
    expected.listen = {ListenAddress::tcp(u"127.0.0.1"_s, 5201)};
    expected.own = settings->server;
    QCOMPARE(settings->sockets, QList<SocketSettings>{expected});
    const SocketSettings &socket = settings->sockets.constFirst();
    QVERIFY(socket.type == SocketType::Tcp && socket.enabled);
    QVERIFY(!socket.framing.openEofCheck && !socket.framing.openEofSplit && !socket.framing.openLengthCheck);
    QCOMPARE(socket.framing.packageEof, QByteArray("\r\n"));
    QCOMPARE(socket.framing.packageLengthType, 'N');
    QCOMPARE(socket.framing.packageLengthOffset, 0);
    QCOMPARE(socket.framing.packageBodyOffset, 4);
    QVERIFY(defaults(file.directory()).sockets.isEmpty());
}

void tst_Sockets::everyKey_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<Check>("isRead");
    for (const Row &row : rows())
        QTest::newRow(row.lines) << QByteArray(row.lines) << row.isRead;
}

void tst_Sockets::everyKey()
{
    QFETCH(QByteArray, lines);
    QFETCH(Check, isRead);
    QByteArray toml = "[[socket]]\n" + lines + '\n';
    if (!toml.contains("\nlisten"))
        toml += "listen = \"127.0.0.1:1\"\n";
    if (!toml.contains("\nhandler"))
        toml += "handler = \"a\"\n";
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(toml);
    QVERIFY2(settings, qPrintable(message(settings)));
    QVERIFY(isRead(settings->sockets.constFirst()));
    QCOMPARE(settings->origins.value(u"socket[0]."_s + keyOf(lines)), u"quern.toml:2"_s);
}

void tst_Sockets::everyKeyIsCovered()
{
    QSet<QString> covered;
    for (const Row &row : rows()) {
        for (const QByteArray &line : QByteArray(row.lines).split('\n'))
            covered += keyOf(line);
    }
    for (const SocketKey &key : socketKeys())
        QVERIFY2(covered.contains(key.name), key.name.data());
}

/// Every key of [server], with a value that is not its default.
void tst_Sockets::keysOfTheServer_data()
{
    QTest::addColumn<QByteArray>("value");
    QTest::addColumn<bool>("isTaken");
    QHash<QString, QByteArray> values = {
        {u"package_max_length"_s, "\"9M\""},
        {u"http_head_max_length"_s, "\"9K\""},
        {u"http_uri_max_length"_s, "\"9K\"\nhttp_head_max_length = \"9K\""},
        {u"http_body_buffer_size"_s, "\"9K\""},
        {u"websocket_compression"_s, "false"},
        {u"websocket_context_takeover"_s, "true"},
        {u"socket_buffer_size"_s, "\"9M\""},
        {u"buffer_high_watermark"_s, "\"2M\""},
        {u"unix_socket_mode"_s, "\"0666\""},
        {u"ssl_cert_file"_s, "\"/a\""},
        {u"ssl_key_file"_s, "\"/a\""},
        {u"ssl_sni_certs"_s, "{ \"a\" = { ssl_cert_file = \"/a\", ssl_key_file = \"/b\" } }"},
        {u"ssl_protocols"_s, "[\"TLSv1.3\"]"},
        {u"ssl_ciphers"_s, "\"HIGH\""},
        {u"ssl_alpn_protocols"_s, "[\"mqtt\"]"},
        {u"ssl_session_tickets"_s, "false"},
        {u"ssl_verify_peer"_s, "true\nssl_client_cert_file = \"/c\""},
        {u"ssl_client_cert_file"_s, "\"/c\""},
    };
    const QString numbers = u"http_header_max_count http_pipeline_depth keepalive_requests http_head_timeout "
                            "http_body_timeout keepalive_timeout send_timeout heartbeat_idle_time "
                            "heartbeat_check_interval websocket_ping_interval websocket_pong_timeout "
                            "websocket_compression_min_length buffer_low_watermark ssl_verify_depth"_s;
    for (const QString &key : numbers.split(u' '))
        values.insert(key, "9");
    for (const Key &key : serverKeys()) {
        if (!findSocketKey(key.name))
            QTest::newRow(key.name.data()) << values.value(key.name, "1") << values.contains(key.name);
    }
}

void tst_Sockets::keysOfTheServer()
{
    QFETCH(QByteArray, value);
    QFETCH(bool, isTaken);
    const QString name = QString::fromLatin1(QTest::currentDataTag());
    const SettingsFile file;
    const QByteArray toml =
        "[[socket]]\nlisten = [\"127.0.0.1:1\", \"unix:/a\"]\ntype = \"http\"\n" + name.toUtf8() + " = " + value + '\n';
    const Result<Settings> settings = SettingsFile::load(name.startsWith(u"ssl_"_s) ? withTls(toml) : toml);
    if (!isTaken) {
        QCOMPARE(message(settings),
                 u"quern.toml:4: socket.%1: holds for the whole server; write it below [server]"_s.arg(name));
        return;
    }
    QVERIFY2(settings, qPrintable(message(settings)));
    const Key *key = findServerKey(name);
    QVERIFY(valueText(key->rule, settings->sockets.constFirst().own) != valueText(key->rule, settings->server));
    QCOMPARE(settings->origins.value(u"socket[0]."_s + name), u"quern.toml:4"_s);
}

void tst_Sockets::whatIsNotWrittenIsAsInServer()
{
    const SettingsFile file;
    const Result<Settings> settings =
        SettingsFile::load(telnet + "heartbeat_idle_time = 5\n" +
                           "[server]\nheartbeat_idle_time = 9\npackage_max_length = \"9M\"\n"
                           "websocket_ping_interval = 7\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    const ServerSettings &own = settings->sockets.constFirst().own;
    QCOMPARE(own.heartbeatIdleTime, 5s);
    QCOMPARE(own.websocketPingInterval, 7s);
    QCOMPARE(own.socketBufferSize, quint64(9 << 20));
    QCOMPARE(settings->server.heartbeatIdleTime, 9s);
    const Result<Settings> longer = SettingsFile::load(telnet + "package_max_length = \"10M\"\n");
    QCOMPARE(longer->sockets.constFirst().own.socketBufferSize, quint64(10 << 20));
    const Result<Settings> small =
        SettingsFile::load(telnet + "package_max_length = \"10M\"\n[server]\nsocket_buffer_size = \"9M\"\n");
    QVERIFY(message(small).contains(u"socket_buffer_size of \"9M\" holds no whole message"_s));
}

void tst_Sockets::names_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QString>("name");
    QTest::newRow("its own") << QByteArray("name = \"a\"\nhandler = \"b\"\n") << u"a"_s;
    QTest::newRow("the handler's") << QByteArray("handler = \"b\"\n") << u"b"_s;
    QTest::newRow("the first address") << QByteArray("type = \"http\"\n") << u"[::1]:1"_s;
}

void tst_Sockets::names()
{
    QFETCH(QByteArray, lines);
    QFETCH(QString, name);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[[socket]]\nlisten = [\"[::1]:1\", \"[::1]:2\"]\n" + lines);
    QVERIFY2(settings, qPrintable(message(settings)));
    QCOMPARE(settings->sockets.constFirst().name, name);
}

void tst_Sockets::origins()
{
    const SettingsFile file;
    SettingsFile::write(u".env"_s, "PORT=5203\n");
    const Result<Settings> settings =
        SettingsFile::load(telnet + "[[socket]]\nlisten = \"127.0.0.1:${PORT}\"\ntype = \"http\"\nsend_timeout = 3\n");
    QVERIFY2(settings, qPrintable(message(settings)));
    QHash<QString, QString> shown;
    for (const SettingInfo &info : describe(*settings)) {
        if (info.key.startsWith(u"socket"))
            shown.insert(info.key, info.value + u" # "_s + info.origin);
    }
    QCOMPARE(shown.value(u"socket[0].listen"_s), u"\"127.0.0.1:5201\" # quern.toml:2"_s);
    QCOMPARE(shown.value(u"socket[0].package_eof"_s), u"\"\\r\\n\" # default"_s);
    QCOMPARE(shown.value(u"socket[1].name"_s), u"\"127.0.0.1:5203\" # default"_s);
    QCOMPARE(shown.value(u"socket[1].listen"_s), u"\"127.0.0.1:5203\" # quern.toml:5, PORT from .env:1"_s);
    QCOMPARE(shown.value(u"socket[1].send_timeout"_s), u"3 # quern.toml:7"_s);
    // Neither what a port of HTTP has no use for, nor what [server] says.
    QVERIFY(!shown.contains(u"socket[1].package_eof"_s) && !shown.contains(u"socket[1].ssl_ciphers"_s));
}

void tst_Sockets::mostListeners()
{
    const SettingsFile file;
    // With the default of [server].
    QByteArray toml("[[socket]]\ntype = \"http\"\nlisten = [\n");
    for (int port = 1; port < config::mostListeners; ++port)
        toml += "\"127.0.0.1:" + QByteArray::number(port) + "\",\n";
    QVERIFY(SettingsFile::load(toml + "]\n"));
    const Result<Settings> oneMore = SettingsFile::load(toml + "\"127.0.0.1:9999\"]\n");
    QCOMPARE(message(oneMore),
             u"quern.toml:203: socket.listen: 201 addresses to listen on are more than the 200 of one "
             "server; remove some"_s);
    // One that does not listen takes no place, and is in nobody's way.
    QVERIFY(SettingsFile::load(toml + "]\n[[socket]]\nhandler = \"a\"\nenabled = false\nlisten = \"127.0.0.1:1\"\n"));
    // Datagrams have ports of their own.
    QVERIFY(SettingsFile::load(telnet + "[[socket]]\nhandler = \"a\"\ntype = \"udp\"\nlisten = \"0.0.0.0:5201\"\n"));
}

void tst_Sockets::mistakesOfServerAreToldOnce()
{
    const SettingsFile file;
    const Result<Settings> settings =
        SettingsFile::load("[server]\nssl_verify_peer = true\nsocket_buffer_size = \"1M\"\n" + telnet);
    QCOMPARE(message(settings).count(u'\n'), 1);
    QVERIFY(!message(settings).contains(u"socket.listen"));
}

QTEST_GUILESS_MAIN(tst_Sockets)
#include "tst_sockets.moc"
