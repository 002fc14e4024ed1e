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
    void oneMistake_data();
    void oneMistake();
    void mostListeners();
    void mistakesOfServerAreToldOnce();
};

namespace {

const QByteArray telnet("[[socket]]\nlisten = \"127.0.0.1:5201\"\nhandler = \"telnet\"\n");

QString message(const Result<Settings> &settings)
{
    return settings ? QString() : settings.error().message();
}

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
        {"handler = \"Shop.Bell/2\"", [](const auto &s) { return s.handler == u"Shop.Bell/2"; }},
        {"open_eof_check = true", [](const auto &s) { return s.framing.openEofCheck && !s.framing.openEofSplit; }},
        {"open_eof_split = true", [](const auto &s) { return s.framing.openEofCheck && s.framing.openEofSplit; }},
        {"package_eof = \"\\u0000ü12345\"",
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
    const Result<Settings> settings = SettingsFile::load("[[socket]]\nlisten = \"127.0.0.1:1\"\ntype = \"http\"\n" +
                                                         name.toUtf8() + " = " + value + '\n');
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
    const Result<Settings> settings = SettingsFile::load(
        telnet + "[[socket]]\nlisten = \"127.0.0.1:${PORT}\"\ntype = \"http\"\nssl_verify_depth = 3\n");
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
    QCOMPARE(shown.value(u"socket[1].ssl_verify_depth"_s), u"3 # quern.toml:7"_s);
    // Neither what a port of HTTP has no use for, nor what [server] says.
    QVERIFY(!shown.contains(u"socket[1].package_eof"_s) && !shown.contains(u"socket[1].ssl_ciphers"_s));
}

namespace {

/// The mistake stands in line 4 of an entry of type "tcp" that is right otherwise, or in the line that is said.
void socketRow(const char *lines, const char *text, int line = 4)
{
    QTest::newRow(lines) << telnet + lines + '\n'
                         << u"quern.toml:%1: socket.%2"_s.arg(line).arg(QString::fromUtf8(text));
}

void fileRow(const char *toml, const char *text)
{
    QTest::newRow(toml) << QByteArray(toml) << u"quern.toml:"_s + QString::fromUtf8(text);
}

void valueRows()
{
    socketRow("enable = false", "enable: unknown key; did you mean enabled?");
    socketRow("handle = \"a\"", "handle: unknown key; did you mean handler?");
    socketRow("socket_bufer_size = 1", "socket_bufer_size: unknown key; did you mean socket_buffer_size?");
    socketRow("name = \"a b\"", "name: must be a name of letters, digits, \"_\" and \"-\", not the string \"a b\"; "
                                "write name = \"telnet\"");
    socketRow("type = \"tls\"", "type: must be one of \"tcp\", \"udp\", \"http\", \"websocket\", \"tcp6\", \"udp6\", "
                                "\"unix_stream\", \"unix_dgram\", not the string \"tls\"; write type = \"tcp\"");
    socketRow("package_eof = \"123456789\"", "package_eof: must be a string of 1 to 8 bytes, not the string "
                                             "\"123456789\"; write package_eof = \"\\r\\n\"");
    socketRow("package_eof = \"\"",
              "package_eof: must be a string of 1 to 8 bytes, not the string \"\"; write package_eof = \"\\r\\n\"");
    socketRow("package_length_type = \"NN\"",
              "package_length_type: must be one of the letters c C s S n v l L N V q Q J P, as pack() of PHP has them, "
              "not the string \"NN\"; write package_length_type = \"N\"");
    socketRow("package_length_type = \"x\"",
              "package_length_type: must be one of the letters c C s S n v l L N V q Q J P, as pack() of PHP has them, "
              "not the string \"x\"; write package_length_type = \"N\"");
    socketRow("package_length_offset = -1", "package_length_offset: must be an integer from 0 to 1073741824, not -1; "
                                            "write package_length_offset = 0");
    socketRow("heartbeat_check_interval = 0.05", "heartbeat_check_interval: must be a number of seconds from 0.1 to "
                                                 "60, not 0.05; write heartbeat_check_interval = 1");
    socketRow("heartbeat_check_interval = 61", "heartbeat_check_interval: must be a number of seconds from 0.1 to 60, "
                                               "not 61; write heartbeat_check_interval = 60");
    socketRow("ssl_verify_peer = \"required\"", "ssl_verify_peer: must be true, false or \"optional\", not the string "
                                                "\"required\"; write ssl_verify_peer = true");
    socketRow("ssl_protocols = [\"TLSv1.1\"]", "ssl_protocols: holds the string \"TLSv1.1\", which is not \"TLSv1.2\" "
                                               "or \"TLSv1.3\"; correct or remove it");
    socketRow("ssl_protocols = []", "ssl_protocols: must be a list of at least one string, not an array; write "
                                    "ssl_protocols = [\"TLSv1.2\", \"TLSv1.3\"]");
    socketRow("ssl_alpn_protocols = \"\"", "ssl_alpn_protocols: holds the string \"\", which is not the name of a "
                                           "protocol such as \"http/1.1\"; correct or remove it");
}

void certificateRows()
{
    socketRow("ssl_sni_certs = 5",
              "ssl_sni_certs: must be a table of host names, not 5; write ssl_sni_certs = { \"example.org\" = { "
              "ssl_cert_file = \"site.pem\", ssl_key_file = \"site.key\" } }");
    socketRow("ssl_sni_certs.\"a b\" = {}",
              "ssl_sni_certs: \"a b\" is no host name; write one such as \"example.org\" or "
              "\"*.example.org\"");
    socketRow("ssl_sni_certs.\"*\" = {}", "ssl_sni_certs: \"*\" is no host name; write one such as \"example.org\" or "
                                          "\"*.example.org\"");
    socketRow("ssl_sni_certs.\"a.b\" = 5", "ssl_sni_certs: \"a.b\" must be a table, not 5; write "
                                           "[socket.ssl_sni_certs.\"a.b\"]");
    socketRow("[socket.ssl_sni_certs.a.b]\nssl_cert_file = \"/a\"",
              "ssl_sni_certs: a host name stands in quotes; write [socket.ssl_sni_certs.\"a.b\"]");
    socketRow("[socket.ssl_sni_certs.\"a.b\"]\nssl_cert_file = \"/a\"",
              "ssl_sni_certs: \"a.b\" has no ssl_key_file; write it below [socket.ssl_sni_certs.\"a.b\"]");
    socketRow("[socket.ssl_sni_certs.\"a.b\"]\nssl_cert_file = \"/a\"\nssl_key_file = \"/b\"\nssl_key = \"c\"",
              "ssl_sni_certs.ssl_key: unknown key; did you mean ssl_key_file?", 7);
    socketRow("[socket.ssl_sni_certs.\"a.b\"]\nssl_cert_file = 1\nssl_key_file = \"/b\"",
              "ssl_sni_certs.ssl_cert_file: must be a path in quotes, not 1; write ssl_cert_file = "
              "\"/etc/ssl/example.org.pem\"",
              5);
    socketRow("ssl_sni_certs = { a = { ssl_cert_file = \"/a\", ssl_key_file = \"/b\" }, A = { ssl_cert_file = \"/a\", "
              "ssl_key_file = \"/b\" } }",
              "ssl_sni_certs: \"a\" is listed twice; remove one");
}

void contradictionRows()
{
    socketRow("type = \"udp\"\nopen_eof_check = true",
              "open_eof_check: cuts a stream into packages, and a socket of type \"udp\" has none; remove it, or write "
              "type = \"tcp\"",
              5);
    socketRow("type = \"http\"\npackage_length_offset = 1",
              "package_length_offset: cuts a stream into packages, and a socket of type \"http\" has none; remove it, "
              "or write type = \"tcp\"",
              5);
    socketRow("keepalive_timeout = 9", "keepalive_timeout: is about HTTP, which a socket of type \"tcp\" does not "
                                       "speak; remove it, or write type = \"http\"");
    socketRow(
        "websocket_compression = true\ntype = \"udp\"",
        "websocket_compression: is about HTTP, which a socket of type \"udp\" does not speak; remove it, or write "
        "type = \"http\"");
    socketRow("type = \"udp\"\nheartbeat_idle_time = 9",
              "heartbeat_idle_time: is about connections, and a socket of type \"udp\" has none; remove it", 5);
    socketRow("worker_num = 9", "worker_num: holds for the whole server; write it below [server]");
    socketRow("open_eof_check = true\nopen_length_check = true",
              "open_length_check: a package ends with package_eof, or it tells its length; remove open_eof_check or "
              "open_length_check",
              5);
    socketRow("open_length_check = true\nopen_eof_split = true",
              "open_eof_split: a package ends with package_eof, or it tells its length; remove open_eof_split or "
              "open_length_check",
              5);
    socketRow("open_eof_check = false\nopen_eof_split = true",
              "open_eof_check: open_eof_split looks for package_eof as well; remove open_eof_check, or write "
              "open_eof_split = false");
    socketRow(
        "package_length_offset = 2097149",
        "package_length_offset: package_length_offset of 2097149 leaves no room within package_max_length of \"2M\"; "
        "write package_length_offset = 2097148 or less");
    socketRow("package_body_offset = 2097153",
              "package_body_offset: package_body_offset of 2097153 leaves no room within package_max_length of \"2M\"; "
              "write package_body_offset = 2097152 or less");
    socketRow("socket_buffer_size = \"1M\"",
              "socket_buffer_size: socket_buffer_size of \"1M\" holds no whole message of package_max_length, \"2M\"; "
              "write socket_buffer_size = \"2M\" or more");
    socketRow("buffer_high_watermark = \"9M\"",
              "buffer_high_watermark: buffer_high_watermark of \"9M\" cannot be reached within socket_buffer_size of "
              "\"8M\"; write buffer_high_watermark = \"8M\" or less");
    socketRow("buffer_high_watermark = \"256K\"",
              "buffer_high_watermark: buffer_low_watermark of \"256K\" is not below buffer_high_watermark of \"256K\"; "
              "write buffer_low_watermark = \"128K\"");
    socketRow("ssl_verify_peer = true", "ssl_verify_peer: clients' certificates are checked against those of their "
                                        "signers; write ssl_client_cert_file = \"/etc/ssl/clients.pem\" beside "
                                        "ssl_verify_peer");
}

void missingRows()
{
    fileRow("\n[[socket]]\nhandler = \"a\"\n", "2: socket: listens nowhere; write listen = \"127.0.0.1:5201\"");
    fileRow(
        "[[socket]]\nlisten = \"127.0.0.1:1\"\n",
        "1: socket: has no handler; write handler = \"telnet\", a name that a plugin registers with app.socket(), or "
        "type = \"http\"");
    fileRow("[socket]\n", "1: socket: must be a list of tables, not a table; write [[socket]], in double brackets");
    fileRow("socket = [\n5]\n", "2: socket: must be a list of tables, not of 5; write [[socket]], in double brackets");
    fileRow("[[sockets]]\n", "1: sockets: unknown table; did you mean [[socket]]?");
    fileRow("[server]\nlisten = [\"127.0.0.1:80\",\n\"tls:127.0.0.1:443\"]\n",
            "3: server.listen: \"tls:127.0.0.1:443\" needs a certificate and its key; write ssl_cert_file = "
            "\"/etc/ssl/example.org.pem\" and ssl_key_file = \"/etc/ssl/example.org.key\" beside it");
    fileRow("[server]\nssl_cert_file = \"/a\"\n[[socket]]\nhandler = \"a\"\nlisten = \"tls:[::1]:443\"\n",
            "5: socket.listen: \"tls:[::1]:443\" needs the key of its certificate; write ssl_key_file = "
            "\"/etc/ssl/example.org.key\" beside it");
}

void addressRows()
{
    fileRow(
        "[[socket]]\nhandler = \"a\"\ntype = \"tcp6\"\nlisten = [\n\"[::1]:1\",\n\"127.0.0.1:1\"]\n",
        "6: socket.listen: type = \"tcp6\" wants an IPv6 address, not \"127.0.0.1:1\"; write type = \"tcp\" for any "
        "address");
    fileRow("[[socket]]\nhandler = \"a\"\ntype = \"unix_dgram\"\nlisten = \"127.0.0.1:1\"\n",
            "4: socket.listen: type = \"unix_dgram\" wants a path such as \"unix:/run/quern.sock\", not "
            "\"127.0.0.1:1\"; write type = \"udp\" for any address");
    fileRow("[[socket]]\nhandler = \"a\"\ntype = \"udp\"\nlisten = \"tls:127.0.0.1:1\"\n",
            "4: socket.listen: \"tls:127.0.0.1:1\" asks for TLS, which datagrams have not; remove \"tls:\", or write "
            "type = \"tcp\"");
    fileRow("server.listen = \"0.0.0.0:80\"\n[[socket]]\ntype = \"http\"\nlisten = \"127.0.0.1:80\"\n",
            "4: socket.listen: \"127.0.0.1:80\" overlaps \"0.0.0.0:80\" of line 1; choose another port");
    fileRow("[server]\nlisten = [\"[::1]:80\",\n\"[::]:80\"]\n",
            "3: server.listen: \"[::]:80\" overlaps \"[::1]:80\" of line 2; choose another port");
    fileRow("server.ssl_cert_file = \"/a\"\nserver.ssl_key_file = \"/b\"\nserver.listen = [\"127.0.0.1:80\", "
            "\"tls:127.0.0.1:80\"]\n",
            "3: server.listen: \"tls:127.0.0.1:80\" is listed twice; remove one");
    fileRow("[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:5200\"\n",
            "3: socket.listen: \"127.0.0.1:5200\" is the address of the default of [server], \"127.0.0.1:5200\", too; "
            "choose another port");
    fileRow("[[socket]]\nhandler = \"a\"\nlisten = \"unix:/a\"\n[[socket]]\nhandler = \"b\"\ntype = \"udp\"\nlisten = "
            "\"unix:/b/../a\"\n",
            "7: socket.listen: \"unix:/a\" is the address of \"unix:/a\" of line 3, too; choose another path");
    fileRow("[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\n[[socket]]\nhandler = \"a\"\nlisten = "
            "\"127.0.0.1:2\"\n",
            "5: socket.handler: another socket is called \"a\" already; write name = \"socket-2\"");
    fileRow("[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\n[[socket]]\nname = \"a\"\ntype = \"http\"\n"
            "listen = \"127.0.0.1:2\"\n",
            "5: socket.name: another socket is called \"a\" already; write name = \"socket-2\"");
}

} // namespace

void tst_Sockets::oneMistake_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("text");
    valueRows();
    certificateRows();
    contradictionRows();
    missingRows();
    addressRows();
}

void tst_Sockets::oneMistake()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, text);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(toml);
    QCOMPARE(message(settings), text);
    QCOMPARE(settings.error().code(), Error::Invalid);
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
