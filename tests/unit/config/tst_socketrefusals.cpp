#include "socketsupport.h"

#include "settingsfile.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;
using namespace SocketTest;

/// What is told of [[socket]] entries, and of addresses, that are wrong.
class tst_SocketRefusals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneMistake_data();
    void oneMistake();
    void tlsFromTheEnvironment();
};

namespace {

/// The mistake stands in line 4 of an entry of type "tcp" that is right otherwise, or in the line that is said.
void socketRow(const char *lines, const char *text, int line = 4)
{
    const QByteArray toml = telnet + lines + '\n';
    QTest::newRow(lines) << (QByteArray(lines).contains("ssl_") ? withTls(toml) : toml)
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
    socketRow(
        "package_eof = '\\r\\n'\nopen_eof_split = true",
        "package_eof: is 4 characters, backslashes among them; write it in double quotes: package_eof = \"\\r\\n\"");
    socketRow("package_eof = \"\\\\0\"",
              "package_eof: is 2 characters, backslashes among them; write it in double quotes: package_eof = "
              "\"\\u0000\"");
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
    socketRow("http_head_timeout = 9",
              "http_head_timeout: is about HTTP, which a socket of type \"tcp\" does not speak; "
              "remove it, or write type = \"http\"");
    socketRow(
        "ssl_verify_depth = 1\nkeepalive_timeout = 9",
        "keepalive_timeout: is about HTTP, which a socket of type \"tcp\" does not speak; remove it, or write type "
        "= \"http\"",
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
    socketRow("package_eof = \"\\n\"", "package_eof: ends no package unless the stream is cut at it; write "
                                       "open_eof_split = true beside it");
    socketRow("package_eof = \"\\n\"\nopen_length_check = true",
              "package_eof: ends no package, since each tells its length; remove it");
    socketRow("open_eof_check = true\nopen_length_check = true",
              "open_length_check: a package ends with package_eof, or it tells its length; remove open_eof_check or "
              "open_length_check",
              5);
    socketRow("open_length_check = true\nopen_eof_split = true",
              "open_eof_split: a package ends with package_eof, or it tells its length; remove open_eof_split or "
              "open_length_check",
              5);
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

void tlsRows()
{
    fileRow("[[socket]]\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\nssl_key_file = \"/b\"\nssl_cert_file = \"/a\"\n",
            "4: socket.ssl_key_file: is about TLS, which no address of this socket speaks; write listen = "
            "\"tls:127.0.0.1:1\"");
    fileRow(
        "[[socket]]\nhandler = \"a\"\nlisten = [\"unix:/a\", \"127.0.0.1:1\"]\nssl_verify_depth = 1\n",
        "4: socket.ssl_verify_depth: is about TLS, which no address of this socket speaks; write \"tls:unix:/a\" in "
        "its listen");
    fileRow("[server]\nssl_key_file = \"/b\"\nssl_cert_file = \"/a\"\n",
            "3: server.ssl_cert_file: is about TLS, which no address of the server speaks; write listen = "
            "\"tls:127.0.0.1:5200\"");
    fileRow(
        "[[socket]]\ntype = \"http\"\nlisten = \"127.0.0.1:1\"\n[server]\nlisten = [\"[::1]:1\"]\nssl_sni_certs = { a "
        "= "
        "{ ssl_cert_file = \"/a\", ssl_key_file = \"/b\" } }\n",
        "6: server.ssl_sni_certs: is about TLS, which no address of the server speaks; write \"tls:[::1]:1\" in its "
        "listen");
    fileRow("[[socket]]\ntype = \"udp\"\nhandler = \"a\"\nlisten = \"127.0.0.1:1\"\nssl_cert_file = \"/a\"\n",
            "5: socket.ssl_cert_file: is about connections, and a socket of type \"udp\" has none; remove it");
    fileRow(
        "[server]\nunix_socket_mode = \"0660\"\n[[socket]]\ntype = \"http\"\nlisten = \"127.0.0.1:1\"\n"
        "unix_socket_mode = \"0666\"\n",
        "6: socket.unix_socket_mode: is about Unix sockets, and no address of this socket is one; remove it, or let "
        "listen have a path such as \"unix:/run/quern.sock\"");
    // An address that cannot be read may be the one with TLS.
    fileRow("[[socket]]\nhandler = \"a\"\nlisten = [\"127.0.0.1:1\", \"ssl:[::1]:1\"]\nssl_cert_file = \"/a\"\n"
            "ssl_key_file = \"/b\"\n[server]\nssl_cert_file = \"/a\"\n",
            "3: socket.listen: \"ssl:[::1]:1\" says TLS in another way; write \"tls:[::1]:1\"");
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

void tst_SocketRefusals::oneMistake_data()
{
    QTest::addColumn<QByteArray>("toml");
    QTest::addColumn<QString>("text");
    valueRows();
    certificateRows();
    contradictionRows();
    tlsRows();
    missingRows();
    addressRows();
}

void tst_SocketRefusals::oneMistake()
{
    QFETCH(QByteArray, toml);
    QFETCH(QString, text);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(toml);
    QCOMPARE(message(settings), text);
    QCOMPARE(settings.error().code(), Error::Invalid);
}

void tst_SocketRefusals::tlsFromTheEnvironment()
{
    const QByteArray toml("[server]\nssl_cert_file = \"${CERT}\"\n[[socket]]\nhandler = \"a\"\n"
                          "listen = \"${WHERE}\"\nssl_cert_file = \"${CERT}\"\nssl_key_file = \"${CERT}\"\n");
    const SettingsFile file;
    SettingsFile::write(u".env"_s, "WHERE=127.0.0.1:1\nCERT=\n");
    QCOMPARE(message(SettingsFile::load(toml)), QString());
    SettingsFile::write(u".env"_s, "WHERE=127.0.0.1:1\nCERT=/a\n");
    QCOMPARE(
        message(SettingsFile::load(toml)),
        u"quern.toml:6: socket.ssl_cert_file: is about TLS, which no address of this socket speaks; write listen = "
        "\"tls:127.0.0.1:1\""_s);
    SettingsFile::write(u".env"_s, "WHERE=tls:127.0.0.1:1\nCERT=/a\n");
    QCOMPARE(message(SettingsFile::load(toml)), QString());
    // One that is switched off has been written with care.
    QCOMPARE(message(SettingsFile::load(toml + "enabled = false\n")), QString());
}

QTEST_GUILESS_MAIN(tst_SocketRefusals)
#include "tst_socketrefusals.moc"
