#include "settingsfile.h"

#include "config/settings.h"

#include <QTest>

using namespace Quern;
using namespace Quern::config;

/// Files with mistakes: each message must name file, line, key and mend.
class tst_Refusals : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void oneMistake_data();
    void oneMistake();
    void longestServerHeader();
    void mendOfTheMachineDependentDefault();
    void allMistakesAtOnce();
    void uriLongerThanHead_data();
    void uriLongerThanHead();
    void headIsNotComparedWhenItIsWrongItself();
    void longUnixPath();
    void deepValues();
    void deepKeys_data();
    void deepKeys();
};

namespace {

void serverRow(const char *line, const char *message)
{
    // The mistake stands in line 3, below "[server]" and a good line.
    QTest::newRow(line) << QByteArray("[server]\nbacklog = 7\n") + line + '\n'
                        << QStringLiteral("quern.toml:3: server.") + QString::fromUtf8(message);
}

void fileRow(const char *name, const char *text, const char *message)
{
    QTest::newRow(name) << QByteArray(text) << QString::fromUtf8(message);
}

void integerRows()
{
    serverRow("worker_num = 0", "worker_num: must be an integer from 1 to 1024, not 0; write worker_num = 1");
    serverRow("worker_num = -3", "worker_num: must be an integer from 1 to 1024, not -3; write worker_num = 1");
    serverRow("worker_num = 1025", "worker_num: must be an integer from 1 to 1024, not 1025; write worker_num = 1024");
    serverRow("worker_max_num = 3\nworker_num = 4",
              "worker_max_num: 3 is less than worker_num, 4; write worker_max_num = 4 or more, or 0");
    serverRow("task_worker_max_num = 3",
              "task_worker_max_num: there must be one for the others to follow; write task_worker_num = 1 beside it");
    serverRow("worker_num = \"4\"",
              "worker_num: must be an integer from 1 to 1024, not the string \"4\"; write worker_num = 4");
    serverRow("reactor_num = 0", "reactor_num: must be an integer from 1 to 64, not 0; write reactor_num = 1");
    serverRow("reactor_num = 65", "reactor_num: must be an integer from 1 to 64, not 65; write reactor_num = 64");
    serverRow("max_conn = 0", "max_conn: must be an integer from 1 to 10000000, not 0; write max_conn = 1");
    serverRow("max_conn = 10000.0",
              "max_conn: must be an integer from 1 to 10000000, not 10000.0; write max_conn = 10000");
    serverRow("max_conn = true", "max_conn: must be an integer from 1 to 10000000, not true; write max_conn = 10000");
    serverRow("max_conn = 1979-05-27",
              "max_conn: must be an integer from 1 to 10000000, not the date or time 1979-05-27; "
              "write max_conn = 10000");
    serverRow("max_conn = []", "max_conn: must be an integer from 1 to 10000000, not an array; write max_conn = 10000");
    serverRow("max_conn = {}", "max_conn: must be an integer from 1 to 10000000, not a table; write max_conn = 10000");
    serverRow("request_queue_size = 0",
              "request_queue_size: must be an integer from 1 to 1000000, not 0; write request_queue_size = 1");
    serverRow("request_queue_size = \"many\"",
              "request_queue_size: must be an integer from 1 to 1000000, not the string \"many\"; "
              "write request_queue_size = 8192");
    serverRow("worker_max_concurrency = 1025", "worker_max_concurrency: must be an integer from 1 to 1024, not 1025; "
                                               "write worker_max_concurrency = 1024");
    serverRow("http_header_max_count = 0",
              "http_header_max_count: must be an integer from 1 to 1000, not 0; write http_header_max_count = 1");
    serverRow("http_header_max_count = 65636", "http_header_max_count: must be an integer from 1 to 1000, not 65636; "
                                               "write http_header_max_count = 1000");
}

void listRows()
{
    serverRow("trusted_proxies = \"localhost\"",
              "trusted_proxies: holds the string \"localhost\", which is not an address, a network such as "
              "\"10.0.0.0/8\", \"unix\" or \"*\"; correct or remove it");
    serverRow("trusted_proxies = [\"10.0.0.0/33\"]",
              "trusted_proxies: holds the string \"10.0.0.0/33\", which is not an address, a network such as "
              "\"10.0.0.0/8\", \"unix\" or \"*\"; correct or remove it");
    serverRow("trusted_proxies = 7", "trusted_proxies: must be a list of strings, not 7; write trusted_proxies = []");
    serverRow("trusted_proxies = [\"::1\", \"::1\"]", "trusted_proxies: \"::1\" is listed twice; remove one");
    serverRow("forwarded_headers = [\"via\"]",
              "forwarded_headers: holds the string \"via\", which is not \"x-forwarded\", \"forwarded\" or "
              "\"x-real-ip\"; correct or remove it");
    serverRow("static_index = [\"../secret\"]",
              "static_index: holds the string \"../secret\", which is not the name of "
              "a file that is not hidden; correct or remove it");
    serverRow("static_locations = [\"css\"]", "static_locations: holds the string \"css\", which is not a path that "
                                              "begins with '/'; correct or remove it");
    serverRow("http_compression_types = [\"text\"]",
              "http_compression_types: holds the string \"text\", which is not a media type such as \"text/html\" or "
              "\"text/*\"; correct or remove it");
    serverRow("handle_static = true",
              "handle_static: needs a directory to serve; write document_root = \"public\" beside it");
    serverRow("log_format = \"jso\"", "log_format: must be one of \"text\", \"json\", not the string \"jso\"; write "
                                      "log_format = \"json\"");
    serverRow("log_categories = 7", "log_categories: must be a list of strings such as \"quern.http=debug\", not 7; "
                                    "write log_categories = []");
    serverRow("log_categories = [7]", "log_categories: 7 is no string; write it such as \"quern.http=debug\"");
    serverRow("log_categories = [\"shop=loud\"]",
              "log_categories: \"loud\" is no level; write debug, info, warning or error");
    serverRow("log_categories = [\"shop=info\", \"shop=debug\"]",
              "log_categories: the category of \"shop=debug\" is listed twice; remove one");
    serverRow("access_log_format = \"jason\"",
              "access_log_format: must be one of \"common\", \"combined\", \"json\", not "
              "the string \"jason\"; write access_log_format = \"json\"");
}

void durationRows()
{
    serverRow("max_wait_time = 0",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not 0; write max_wait_time = 3");
    serverRow("max_wait_time = -1",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not -1; write max_wait_time = 3");
    serverRow("max_wait_time = 86401",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not 86401; write max_wait_time = 86400");
    serverRow("log_rotate_age = 31622401",
              "log_rotate_age: must be a number of seconds from 0.001 to 31622400, or 0 for no limit, not 31622401; "
              "write log_rotate_age = 31622400");
    serverRow("max_wait_time = nan",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not nan; write max_wait_time = 3");
    serverRow("max_wait_time = inf",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not inf; write max_wait_time = 86400");
    serverRow("max_wait_time = \"5\"",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not the string \"5\"; "
              "write max_wait_time = 5");
    serverRow("max_wait_time = \"5 s\"",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not the string \"5 s\"; "
              "write max_wait_time = 5");
    serverRow("max_wait_time = \"soon\"",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not the string \"soon\"; "
              "write max_wait_time = 3");
    serverRow("max_wait_time = \"2d\"",
              "max_wait_time: must be a number of seconds from 0.001 to 86400, not the string \"2d\"; "
              "write max_wait_time = 86400");
    serverRow("max_request_execution_time = -1",
              "max_request_execution_time: must be a number of seconds from 0.001 to 86400, or 0 for no limit, not -1; "
              "write max_request_execution_time = 60");
    serverRow("max_request_execution_time = false",
              "max_request_execution_time: must be a number of seconds from 0.001 to 86400, or 0 for no limit, "
              "not false; write max_request_execution_time = 60");
    serverRow(
        "http_head_timeout = 0",
        "http_head_timeout: must be a number of seconds from 0.001 to 86400, not 0; write http_head_timeout = 10");
    serverRow("http_body_timeout = -0.5",
              "http_body_timeout: must be a number of seconds from 0.001 to 86400, not -0.5; "
              "write http_body_timeout = 30");
    serverRow("keepalive_timeout = 9223372036854775807",
              "keepalive_timeout: must be a number of seconds from 0.001 to 86400, not 9223372036854775807; "
              "write keepalive_timeout = 86400");
    serverRow("send_timeout = 07:32:00",
              "send_timeout: must be a number of seconds from 0.001 to 86400, not the date or time 07:32:00; "
              "write send_timeout = 60");
}

void sizeRows()
{
#define BODY                                                                                                           \
    "package_max_length: must be a number of bytes or a string such as \"512K\" or \"8M\", from \"1K\" to \"1G\", "
    serverRow("package_max_length = 1023", BODY "not 1023; write package_max_length = \"1K\"");
    serverRow("package_max_length = \"2G\"", BODY "not the string \"2G\"; write package_max_length = \"1G\"");
    serverRow("package_max_length = -1", BODY "not -1; write package_max_length = \"2M\"");
    serverRow("package_max_length = 2.5", BODY "not 2.5; write package_max_length = \"2M\"");
    serverRow("package_max_length = \"\"", BODY "not the string \"\"; write package_max_length = \"2M\"");
    serverRow("package_max_length = \"M\"", BODY "not the string \"M\"; write package_max_length = \"2M\"");
    serverRow("package_max_length = \"8MB\"", BODY "not the string \"8MB\"; write package_max_length = \"2M\"");
    serverRow("package_max_length = \"+8M\"", BODY "not the string \"+8M\"; write package_max_length = \"2M\"");
    serverRow("package_max_length = \"17179869185G\"",
              BODY "not the string \"17179869185G\"; write package_max_length = \"2M\"");
#undef BODY
    serverRow("http_head_max_length = \"2M\"",
              "http_head_max_length: must be a number of bytes or a string such as \"512K\" or \"8M\", "
              "from \"1K\" to \"1M\", not the string \"2M\"; write http_head_max_length = \"1M\"");
    serverRow("http_uri_max_length = 63",
              "http_uri_max_length: must be a number of bytes or a string such as \"512K\" or \"8M\", "
              "from 64 to \"1M\", not 63; write http_uri_max_length = 64");
    serverRow("http_uri_max_length = [\"8K\"]",
              "http_uri_max_length: must be a number of bytes or a string such as \"512K\" or \"8M\", "
              "from 64 to \"1M\", not an array; write http_uri_max_length = \"8K\"");
}

void choiceRows()
{
#define MODES                                                                                                          \
    "dispatch_mode: must be an integer from 1 to 5 or one of "                                                         \
    "\"round-robin\", \"by-connection\", \"idle\", \"by-address\", \"by-user\", "
    serverRow("dispatch_mode = 0", MODES "not 0; write dispatch_mode = \"idle\"");
    serverRow("dispatch_mode = 7", MODES "not 7; write dispatch_mode = \"idle\"");
    serverRow("dispatch_mode = 2.0", MODES "not 2.0; write dispatch_mode = \"idle\"");
    serverRow("dispatch_mode = \"roundrobin\"",
              MODES "not the string \"roundrobin\"; write dispatch_mode = \"round-robin\"");
    serverRow("dispatch_mode = \"\"", MODES "not the string \"\"; write dispatch_mode = \"idle\"");
#undef MODES
#define LEVELS "log_level: must be one of \"debug\", \"info\", \"warning\", \"error\", "
    serverRow("log_level = \"warn\"", LEVELS "not the string \"warn\"; write log_level = \"warning\"");
    serverRow("log_level = \"INFO\"", LEVELS "not the string \"INFO\"; write log_level = \"info\"");
    serverRow("log_level = 3", LEVELS "not 3; write log_level = \"info\"");
#undef LEVELS
    serverRow("daemonize = \"true\"",
              "daemonize: must be true or false, not the string \"true\"; write daemonize = true");
    serverRow("daemonize = 1", "daemonize: must be true or false, not 1; write daemonize = true");
    serverRow("daemonize = 0", "daemonize: must be true or false, not 0; write daemonize = false");
    serverRow("daemonize = \"maybe\"",
              "daemonize: must be true or false, not the string \"maybe\"; write daemonize = false");
}

void textRows()
{
    serverRow("server = 5",
              "server: must be a string of at most 200 visible ASCII characters, not 5; write server = \"Quern\"");
    serverRow("server = \"a\\r\\nSet-Cookie: b\"",
              "server: must be a string of at most 200 visible ASCII characters, not the string "
              "\"a\\r\\nSet-Cookie: b\"; write server = \"Quern\"");
    serverRow("server = \"Mühle\"",
              "server: must be a string of at most 200 visible ASCII characters, not the string \"Mühle\"; "
              "write server = \"Quern\"");
    serverRow("server = \" Quern\"",
              "server: must be a string of at most 200 visible ASCII characters, not the string \" Quern\"; "
              "write server = \"Quern\"");
    serverRow("log_file = false", "log_file: must be a path in quotes, not false; write log_file = \"\"");
    serverRow("log_file = \"a\\u0000b\"",
              "log_file: must be a path in quotes, not the string \"a\\u0000b\"; write log_file = \"\"");
}

void listenRows()
{
    serverRow("listen = \"127.0.0.1\"", "listen: \"127.0.0.1\" has no port; write \"127.0.0.1:5200\"");
    const QString mode =
        QStringLiteral("unix_socket_mode: must be the octal digits of a mode in quotes, from \"0600\" to "
                       "\"0777\", not %1; write unix_socket_mode = \"%2\"");
    const auto modeRow = [&mode](const char *value, const char *shown, const char *mend) {
        serverRow(QByteArray("unix_socket_mode = ").append(value).constData(),
                  mode.arg(QLatin1StringView(shown), QLatin1StringView(mend)).toUtf8().constData());
    };
    modeRow("660", "660", "0660");
    modeRow("true", "true", "0660");
    modeRow("\"0460\"", "the string \"0460\"", "0660");
    modeRow("\"4777\"", "the string \"4777\"", "0660");
    modeRow("\"0668\"", "the string \"0668\"", "0660");
    modeRow("\"rw\"", "the string \"rw\"", "0660");
    serverRow("unix_socket_mode = \"0660\"",
              "unix_socket_mode: is about Unix sockets, and no address of the server is one; remove it, or let listen "
              "have a path such as \"unix:/run/quern.sock\"");
    serverRow("listen = \"127.0.0.1:0\"", "listen: \"127.0.0.1:0\" needs a port from 1 to 65535 after the colon; "
                                          "write \"127.0.0.1:5200\"");
    serverRow("listen = \"127.0.0.1:65536\"", "listen: \"127.0.0.1:65536\" needs a port from 1 to 65535 after the "
                                              "colon; write \"127.0.0.1:5200\"");
    serverRow("listen = 80",
              "listen: must be an address in quotes or a list of them, not 80; write listen = \"127.0.0.1:80\"");
    serverRow("listen = 70000",
              "listen: must be an address in quotes or a list of them, not 70000; write listen = \"127.0.0.1:5200\"");
    serverRow("listen = []", "listen: must be at least one address, not an array; write listen = \"127.0.0.1:5200\"");
    serverRow("listen = [[\"127.0.0.1:80\"]]", "listen: must be an address in quotes or a list of them, not an array; "
                                               "write listen = \"127.0.0.1:5200\"");
    serverRow("listen = [\"[::1]:80\", \"[0::1]:80\"]", "listen: \"[::1]:80\" is listed twice; remove one");
    serverRow("listen = [\"unix:/a\", \"unix:/b/../a\"]", "listen: \"unix:/a\" is listed twice; remove one");
    fileRow("second line of a list", "[server]\nlisten = [\n\"127.0.0.1:80\",\n\"localhost:81\",\n]\n",
            "quern.toml:4: server.listen: \"localhost:81\" names a host instead of an IP address; "
            "write \"127.0.0.1:81\"");
}

void unknownRows()
{
    serverRow("worker_nun = 2", "worker_nun: unknown key; did you mean worker_num?");
    serverRow("max_connection = 2", "max_connection: unknown key; did you mean max_conn?");
    serverRow("grindstone = 2", "grindstone: unknown key; remove it");
    serverRow("\"worker\\nnum\" = 2", "\"worker\\nnum\": unknown key; did you mean worker_num?");
    serverRow("[server.tls]", "tls: unknown key; remove it");
    fileRow("unknown table", "\n[sever]\n", "quern.toml:2: sever: unknown table; did you mean [server]?");
    fileRow("unknown list of tables", "[[plugins]]\n",
            "quern.toml:1: plugins: unknown table; did you mean [[plugin]]?");
    fileRow("table unlike any", "[grindstone]\n", "quern.toml:1: grindstone: unknown table; remove it");
    fileRow("key above [server]", "worker_num = 2\n[server]\n",
            "quern.toml:1: worker_num: belongs into a table; write [server] above it");
    fileRow("unknown key above [server]", "worker_nun = 2\n",
            "quern.toml:1: worker_nun: unknown key; did you mean worker_num?");
    fileRow("server is no table", "server = 5\n", "quern.toml:1: server: must be a table, not 5; write [server]");
    fileRow("server is a list", "[[server]]\n", "quern.toml:1: server: must be a table, not an array; write [server]");
}

void pluginRows()
{
    fileRow("plugin in single brackets", "[plugin]\nname = \"welcome\"\n",
            "quern.toml:1: plugin: must be a list of tables, not a table; write [[plugin]], in double brackets");
    fileRow("plugin is a string", "plugin = \"welcome\"\n",
            "quern.toml:1: plugin: must be a list of tables, not the string \"welcome\"; "
            "write [[plugin]], in double brackets");
    fileRow("plugin is a list of strings", "plugin = [\n\"welcome\"]\n",
            "quern.toml:2: plugin: must be a list of tables, not of the string \"welcome\"; "
            "write [[plugin]], in double brackets");
    fileRow("neither name nor file", "\n[[plugin]]\nenabled = true\n",
            "quern.toml:2: plugin: names no plugin; write name = \"welcome\" or file = \"/path/libwelcome.so\"");
    fileRow("both name and file", "[[plugin]]\nname = \"a\"\nfile = \"a.so\"\n",
            "quern.toml:3: plugin: has both name and file; keep one: name for an installed plugin, file for another");
    fileRow("unknown key of a plugin", "[[plugin]]\nname = \"a\"\nenable = true\n",
            "quern.toml:3: plugin.enable: unknown key; did you mean enabled?");
    fileRow("name with a path", "[[plugin]]\nname = \"../a\"\n",
            "quern.toml:2: plugin.name: must be a name of letters, digits, \"_\" and \"-\", not the string \"../a\"; "
            "write name = \"welcome\"");
    fileRow("name is a number", "[[plugin]]\nname = 1\n",
            "quern.toml:2: plugin.name: must be a name of letters, digits, \"_\" and \"-\", not 1; "
            "write name = \"welcome\"");
    fileRow("file is empty", "[[plugin]]\nfile = \"\"\n",
            "quern.toml:2: plugin.file: must be a path in quotes, not the string \"\"; "
            "write file = \"/path/libwelcome.so\"");
    fileRow("enabled is a string", "[[plugin]]\nname = \"a\"\nenabled = \"false\"\n",
            "quern.toml:3: plugin.enabled: must be true or false, not the string \"false\"; write enabled = false");
    fileRow("settings is a list", "[[plugin]]\nname = \"a\"\nsettings = []\n",
            "quern.toml:3: plugin.settings: must be a table, not an array; write settings = { greeting = \"hello\" }");
    fileRow("one name twice", "[[plugin]]\nname = \"a\"\n[[plugin]]\nname = \"a\"\n",
            "quern.toml:4: plugin: \"a\" is listed twice; remove one");
    fileRow("one file twice", "[[plugin]]\nfile = \"/a/b.so\"\n[[plugin]]\nfile = \"/a/./b.so\"\n",
            "quern.toml:4: plugin: \"/a/b.so\" is listed twice; remove one");
}

} // namespace

void tst_Refusals::oneMistake_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<QString>("message");
    integerRows();
    listRows();
    durationRows();
    sizeRows();
    choiceRows();
    textRows();
    listenRows();
    unknownRows();
    pluginRows();
}

void tst_Refusals::oneMistake()
{
    QFETCH(QByteArray, text);
    QFETCH(QString, message);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(text);
    QVERIFY(!settings);
    QCOMPARE(settings.error().code(), Error::Invalid);
    QCOMPARE(settings.error().message(), message);
}

void tst_Refusals::longestServerHeader()
{
    const SettingsFile file;
    const QByteArray longest(200, 'x');
    QVERIFY(SettingsFile::load("[server]\nserver = \"" + longest + "\"\n").ok());
    const Result<Settings> oneMore = SettingsFile::load("[server]\nserver = \"x" + longest + "\"\n");
    QVERIFY(!oneMore);
    QVERIFY(oneMore.error().message().startsWith(u"quern.toml:2: server.server: must be a string of at most 200 "));
}

void tst_Refusals::mendOfTheMachineDependentDefault()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\nworker_num = \"two\"\n");
    QVERIFY(!settings);
    QCOMPARE(settings.error().message(),
             QStringLiteral("quern.toml:2: server.worker_num: must be an integer from 1 to 1024, "
                            "not the string \"two\"; write worker_num = %1")
                 .arg(defaultWorkerNum()));
}

void tst_Refusals::allMistakesAtOnce()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\n"
                                                         "worker_num = 0\n"
                                                         "worker_nun = 2\n"
                                                         "listen = [\"localhost:80\", \"127.0.0.1\"]\n"
                                                         "runtime_dir = \"\"\n"
                                                         "http_head_max_length = \"4K\"\n"
                                                         "[[plugin]]\n"
                                                         "[watchdog]\n");
    QVERIFY(!settings);
    const QString expected = QStringLiteral(
        "quern.toml:2: server.worker_num: must be an integer from 1 to 1024, not 0; write worker_num = 1\n"
        "quern.toml:3: server.worker_nun: unknown key; did you mean worker_num?\n"
        "quern.toml:4: server.listen: \"localhost:80\" names a host instead of an IP address; write \"127.0.0.1:80\"\n"
        "quern.toml:4: server.listen: \"127.0.0.1\" has no port; write \"127.0.0.1:5200\"\n"
        "quern.toml:5: server.runtime_dir: must be a path in quotes, not the string \"\"; write runtime_dir = \"%1\"\n"
        "quern.toml:6: server.http_head_max_length: http_uri_max_length of \"8K\" cannot be reached within "
        "http_head_max_length of \"4K\"; write http_uri_max_length = \"4K\" or less\n"
        "quern.toml:7: plugin: names no plugin; write name = \"welcome\" or file = \"/path/libwelcome.so\"\n"
        "quern.toml:8: watchdog: unknown table; remove it");
    QCOMPARE(settings.error().message(), expected.arg(file.directory() + QStringLiteral("/.quern")));
}

void tst_Refusals::uriLongerThanHead_data()
{
    QTest::addColumn<QByteArray>("lines");
    QTest::addColumn<QString>("beginning");
    QTest::newRow("uri over the default head")
        << QByteArray("http_uri_max_length = \"32K\"\n")
        << QStringLiteral("quern.toml:2: server.http_uri_max_length: http_uri_max_length of \"32K\" cannot be reached "
                          "within http_head_max_length of \"16K\"; write http_uri_max_length = \"16K\" or less");
    QTest::newRow("head under the default uri")
        << QByteArray("http_head_max_length = \"4K\"\n")
        << QStringLiteral("quern.toml:2: server.http_head_max_length: http_uri_max_length of \"8K\" cannot be reached "
                          "within http_head_max_length of \"4K\"; write http_uri_max_length = \"4K\" or less");
    QTest::newRow("both, the head last")
        << QByteArray("http_uri_max_length = 2000\nhttp_head_max_length = 1999\n")
        << QStringLiteral("quern.toml:3: server.http_head_max_length: http_uri_max_length of 2000 cannot be reached "
                          "within http_head_max_length of 1999; write http_uri_max_length = 1999 or less");
}

void tst_Refusals::uriLongerThanHead()
{
    QFETCH(QByteArray, lines);
    QFETCH(QString, beginning);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\n" + lines);
    QVERIFY(!settings);
    QCOMPARE(settings.error().message(), beginning);
}

void tst_Refusals::headIsNotComparedWhenItIsWrongItself()
{
    const SettingsFile file;
    const Result<Settings> settings =
        SettingsFile::load("[server]\nhttp_uri_max_length = \"32K\"\nhttp_head_max_length = \"64k \"\n");
    QVERIFY(!settings);
    QCOMPARE(settings.error().message().count(u'\n'), 0);
    QVERIFY(settings.error().message().startsWith(u"quern.toml:3: server.http_head_max_length: must be "));
}

void tst_Refusals::longUnixPath()
{
    const SettingsFile file;
    const QByteArray name(100, 'x');
    const Result<Settings> settings = SettingsFile::load("[server]\nlisten = \"unix:" + name + "\"\n");
    QVERIFY(!settings);
    // Relative paths count with the directory that they begin at.
    QCOMPARE(
        settings.error().message(),
        QStringLiteral("quern.toml:2: server.listen: the path \"%1/%2\" has %3 bytes, and a socket's may have 107; "
                       "choose a shorter one")
            .arg(file.directory(), QString::fromLatin1(name), QString::number(file.directory().size() + 101)));
}

void tst_Refusals::deepValues()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("x = " + QByteArray(300, '[') + QByteArray(300, ']'));
    QVERIFY(!settings);
    QVERIFY2(settings.error().message().startsWith(u"quern.toml:1:"), qPrintable(settings.error().message()));
}

void tst_Refusals::deepKeys_data()
{
    QTest::addColumn<QByteArray>("text");
    QTest::addColumn<bool>("isDeep");
    const auto row = [](const char *name, const QByteArray &key, int times, bool isDeep) {
        QTest::newRow(name) << "[[plugin]]\nname = \"a\"\n" + key.repeated(times) + "x = 1\n" << isDeep;
    };
    row("deepest", "settings.", 32, false);
    row("one deeper", "settings.", 33, true);
    row("very deep", "settings.", 100'000, true);
    row("with blanks", "settings . ", 33, true);
    row("quoted", "'settings'.", 33, true);
    row("dots in a comment", "# " + QByteArray("a.").repeated(40) + "\nsettings.", 1, false);
    row("dots in numbers", "settings.list = [" + QByteArray("1.5, ").repeated(40) + "]\nsettings.", 1, false);
    row("sentences", "settings.text = '" + QByteArray("Grind slowly. ").repeated(40) + "'\nsettings.", 1, false);
}

void tst_Refusals::deepKeys()
{
    QFETCH(QByteArray, text);
    QFETCH(bool, isDeep);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load(text);
    const QString message = settings ? QString() : settings.error().message();
    QCOMPARE(message == u"quern.toml:3: a key of too many parts; nest less deeply", isDeep);
    QVERIFY2(!message.contains(u"TOML"), qPrintable(message));
}

QTEST_GUILESS_MAIN(tst_Refusals)
#include "tst_refusals.moc"
