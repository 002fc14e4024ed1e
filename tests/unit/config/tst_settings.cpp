#include "settingsfile.h"

#include "config/keytable.h"

#include <QSet>
#include <QTest>
#include <QThread>

#include <functional>

using namespace Quern;
using namespace Quern::config;
using namespace Qt::Literals::StringLiterals;
using namespace std::chrono_literals;

/// What is read from files without a mistake.
class tst_Settings : public QObject
{
    Q_OBJECT

private Q_SLOTS:
    void defaultsAreTheDocumentedOnes();
    void everyKey_data();
    void everyKey();
    void everyKeyIsCovered();
    void bufferHoldsTheLongestMessage();
    void originNamesFileAndLine();
    void originNamesThePathAsGiven();
    void relativePathsBeginAtTheFile();
    void pathsMayClimb();
    void settingsFileThatIsASymbolicLink();
};

void tst_Settings::defaultsAreTheDocumentedOnes()
{
    const Settings settings = defaults(QStringLiteral("/srv/app/"));
    const ServerSettings &server = settings.server;
    QCOMPARE(settings.filePath, QString());
    QCOMPARE(settings.directory, QStringLiteral("/srv/app"));
    QCOMPARE(server.listen, QList<ListenAddress>{ListenAddress::tcp(QStringLiteral("127.0.0.1"), 5200)});
    QCOMPARE(server.workerNum, QThread::idealThreadCount());
    QCOMPARE(server.reactorNum, qBound(1, QThread::idealThreadCount() / 2, 8));
    QVERIFY(server.dispatchMode == DispatchMode::Idle);
    QCOMPARE(server.maxWaitTime, 3s);
    QCOMPARE(server.maxRequestExecutionTime, 60s);
    QCOMPARE(server.packageMaxLength, quint64(2097152));
    QCOMPARE(server.backlog, 512);
    QCOMPARE(server.requestQueueSize, 8192);
    QCOMPARE(server.workerMaxConcurrency, 1024);
    QCOMPARE(server.maxConn, 10000);
    QCOMPARE(server.httpHeadMaxLength, quint32(16384));
    QCOMPARE(server.httpUriMaxLength, quint32(8192));
    QCOMPARE(server.httpHeaderMaxCount, quint16(100));
    QCOMPARE(server.httpHeadTimeout, 10s);
    QCOMPARE(server.httpBodyTimeout, 30s);
    QCOMPARE(server.keepaliveTimeout, 65s);
    QCOMPARE(server.sendTimeout, 60s);
    QCOMPARE(server.heartbeatIdleTime, 0s);
    QCOMPARE(server.heartbeatCheckInterval, 1s);
    QCOMPARE(server.websocketPingInterval, 30s);
    QCOMPARE(server.websocketPongTimeout, 10s);
    QVERIFY(server.websocketCompression && !server.websocketContextTakeover);
    QCOMPARE(server.websocketCompressionMinLength, quint32(256));
    QCOMPARE(server.socketBufferSize, quint64(8388608));
    QCOMPARE(server.bufferHighWatermark, quint64(1048576));
    QCOMPARE(server.bufferLowWatermark, quint64(262144));
    QCOMPARE(server.outputBufferTotal, quint64(268435456));
    QVERIFY(!server.redeliverMessages);
    QCOMPARE(server.sslProtocols, QStringList({u"TLSv1.2"_s, u"TLSv1.3"_s}));
    QVERIFY(server.sslVerifyPeer == VerifyPeer::None && server.sslSessionTickets);
    QCOMPARE(server.sslVerifyDepth, 10);
    QCOMPARE(server.serverHeader, QStringLiteral("Quern"));
    QCOMPARE(server.runtimeDir, QStringLiteral("/srv/app/.quern"));
    QCOMPARE(server.logFile, QString());
    QVERIFY(server.logLevel == base::LogLevel::Info);
    QVERIFY(!server.daemonize);
    QVERIFY(settings.defaultPlugin);
    QCOMPARE(settings.plugins.size(), 1);
    QCOMPARE(settings.plugins.constFirst().name, QStringLiteral("welcome"));
}

namespace {

using Check = std::function<bool(const ServerSettings &)>;

struct Row
{
    const char *line;
    Check isRead;
};

/// Keys about what clients may send.
void addRequestRows(QList<Row> &rows)
{
    const auto row = [&rows](const char *line, Check isRead) { rows.append({line, std::move(isRead)}); };
    row("max_conn_per_ip = 3", [](const auto &s) { return s.maxConnPerIp == 3; });
    row("http_pipeline_depth = 0", [](const auto &s) { return s.httpPipelineDepth == 0; });
    row("keepalive_requests = 100", [](const auto &s) { return s.keepaliveRequests == 100; });
    row("http_body_buffer_size = \"4K\"", [](const auto &s) { return s.httpBodyBufferSize == 4096; });
    row("upload_tmp_dir = \"/var/tmp\"", [](const auto &s) { return s.uploadTmpDir == u"/var/tmp"; });
    row("trusted_proxies = \"unix\"", [](const auto &s) { return s.trustedProxies == QStringList(u"unix"_s); });
    row("trusted_proxies = [\"127.0.0.1\", \"10.0.0.0/8\", \"::1\", \"fd00::/8\", \"*\"]",
        [](const auto &s) { return s.trustedProxies.size() == 5; });
    row("trusted_proxies = []", [](const auto &s) { return s.trustedProxies.isEmpty(); });
    row("forwarded_headers = [\"x-real-ip\"]",
        [](const auto &s) { return s.forwardedHeaders == QStringList(u"x-real-ip"_s); });
}

/// Keys about live connections.
void addConnectionRows(QList<Row> &rows)
{
    const auto row = [&rows](const char *line, Check isRead) { rows.append({line, std::move(isRead)}); };
    row("heartbeat_idle_time = 60", [](const auto &s) { return s.heartbeatIdleTime == 60s; });
    row("heartbeat_idle_time = 0", [](const auto &s) { return s.heartbeatIdleTime == 0ms; });
    row("heartbeat_check_interval = 0.1", [](const auto &s) { return s.heartbeatCheckInterval == 100ms; });
    row("heartbeat_check_interval = 60", [](const auto &s) { return s.heartbeatCheckInterval == 60s; });
    row("websocket_ping_interval = 0", [](const auto &s) { return s.websocketPingInterval == 0ms; });
    row("websocket_pong_timeout = 2.5", [](const auto &s) { return s.websocketPongTimeout == 2500ms; });
    row("websocket_compression = false", [](const auto &s) { return !s.websocketCompression; });
    row("websocket_context_takeover = true", [](const auto &s) { return s.websocketContextTakeover; });
    row("websocket_compression_min_length = 0", [](const auto &s) { return s.websocketCompressionMinLength == 0; });
    row("socket_buffer_size = \"64M\"", [](const auto &s) { return s.socketBufferSize == 64 << 20; });
    row("buffer_high_watermark = \"8M\"", [](const auto &s) { return s.bufferHighWatermark == 8 << 20; });
    row("buffer_low_watermark = 0", [](const auto &s) { return s.bufferLowWatermark == 0; });
    row("output_buffer_total = \"1G\"", [](const auto &s) { return s.outputBufferTotal == 1 << 30; });
    row("redeliver_messages = true", [](const auto &s) { return s.redeliverMessages; });
}

/// Keys about TLS.
void addTlsRows(QList<Row> &rows)
{
    const auto row = [&rows](const char *line, Check isRead) { rows.append({line, std::move(isRead)}); };
    row("listen = \"tls:0.0.0.0:443\"\nssl_cert_file = \"/a\"\nssl_key_file = \"/b\"",
        [](const auto &s) { return s.listen.constFirst().tls; });
    row("ssl_cert_file = \"/etc/../a.pem\"\nssl_key_file = \"/b\"\nlisten = \"tls:[::]:1\"",
        [](const auto &s) { return s.sslCertFile == u"/a.pem"; });
    row("ssl_key_file = \"/a.key\"\nssl_cert_file = \"/b\"\nlisten = \"tls:[::]:1\"",
        [](const auto &s) { return s.sslKeyFile == u"/a.key"; });
    row("ssl_sni_certs = { \"Example.org\" = { ssl_cert_file = \"/a\", ssl_key_file = \"/b\" }, "
        "\"*.mill.test\" = { ssl_cert_file = \"/c\", ssl_key_file = \"/d\" } }\n"
        "ssl_cert_file = \"/a\"\nssl_key_file = \"/b\"\nlisten = \"tls:[::]:1\"",
        [](const auto &s) {
            const QMap<QString, CertificateFiles> expected = {{u"example.org"_s, {u"/a"_s, u"/b"_s}},
                                                              {u"*.mill.test"_s, {u"/c"_s, u"/d"_s}}};
            return s.sslSniCerts == expected;
        });
    row("ssl_protocols = \"TLSv1.3\"", [](const auto &s) { return s.sslProtocols == QStringList(u"TLSv1.3"_s); });
    row("ssl_ciphers = \"ECDHE+AESGCM:!aNULL\"", [](const auto &s) { return s.sslCiphers == u"ECDHE+AESGCM:!aNULL"; });
    row("ssl_alpn_protocols = [\"mqtt\", \"http/1.1\"]", [](const auto &s) { return s.sslAlpnProtocols.size() == 2; });
    row("ssl_session_tickets = false", [](const auto &s) { return !s.sslSessionTickets; });
    row("ssl_verify_peer = true\nssl_client_cert_file = \"/c\"",
        [](const auto &s) { return s.sslVerifyPeer == VerifyPeer::Required && s.sslClientCertFile == u"/c"; });
    row("ssl_verify_peer = \"optional\"\nssl_client_cert_file = \"/c\"",
        [](const auto &s) { return s.sslVerifyPeer == VerifyPeer::Optional; });
    row("ssl_verify_peer = false", [](const auto &s) { return s.sslVerifyPeer == VerifyPeer::None; });
    row("ssl_client_cert_file = \"/c\"", [](const auto &s) { return s.sslClientCertFile == u"/c"; });
    row("ssl_verify_depth = 0", [](const auto &s) { return s.sslVerifyDepth == 0; });
}

/// Keys about what the server answers and notes down.
void addAnswerRows(QList<Row> &rows)
{
    const auto row = [&rows](const char *line, Check isRead) { rows.append({line, std::move(isRead)}); };
    row("handle_static = true\ndocument_root = \"/srv\"", [](const auto &s) { return s.handleStatic; });
    row("document_root = \"/srv\"", [](const auto &s) { return s.documentRoot == u"/srv"; });
    row("static_locations = [\"/css/\"]", [](const auto &s) { return s.staticLocations == QStringList(u"/css/"_s); });
    row("static_index = []", [](const auto &s) { return s.staticIndex.isEmpty(); });
    row("static_listing = true", [](const auto &s) { return s.staticListing; });
    row("static_cache_control = \"max-age=60\"", [](const auto &s) { return s.staticCacheControl == u"max-age=60"; });
    row("http_compression = false", [](const auto &s) { return !s.httpCompression; });
    row("http_compression_level = 9", [](const auto &s) { return s.httpCompressionLevel == 9; });
    row("http_compression_min_length = 20", [](const auto &s) { return s.httpCompressionMinLength == 20; });
    row("http_compression_types = [\"text/*\", \"image/svg+xml\"]",
        [](const auto &s) { return s.httpCompressionTypes.size() == 2; });
    row("debug = true", [](const auto &s) { return s.debug; });
    row("access_log = \"/var/log/a.log\"", [](const auto &s) { return s.accessLog == u"/var/log/a.log"; });
    row("access_log_format = \"common\"", [](const auto &s) { return s.accessLogFormat == AccessLogFormat::Common; });
    row("access_log_format = \"combined\"",
        [](const auto &s) { return s.accessLogFormat == AccessLogFormat::Combined; });
    row("access_log_format = \"json\"", [](const auto &s) { return s.accessLogFormat == AccessLogFormat::Json; });
    row("request_slowlog_timeout = 2", [](const auto &s) { return s.requestSlowlogTimeout == 2s; });
}

void addChildRows(QList<Row> &rows)
{
    const auto row = [&rows](const char *line, Check isRead) { rows.append({line, std::move(isRead)}); };
    row("user = \"www-data\"", [](const auto &s) { return s.user == u"www-data"; });
    row("user = 33", [](const auto &s) { return s.user == u"33"; });
    row("user = \"\"", [](const auto &s) { return s.user.isEmpty(); });
    row("group = \"EXAMPLE\\\\web.team$\"\nuser = \"a\"",
        [](const auto &s) { return s.group == u"EXAMPLE\\web.team$"; });
    row("chroot = \"/srv/jail\"\nuser = 4294967294",
        [](const auto &s) { return s.chroot == u"/srv/jail" && s.user == u"4294967294"; });
    row("umask = \"0027\"", [](const auto &s) { return s.childMask == mode_t(027); });
    row("umask = \"022\"", [](const auto &s) { return s.childMask == mode_t(022); });
    row("umask = \"\"", [](const auto &s) { return !s.childMask; });
    row("child_limits = {}", [](const auto &s) { return s.childLimits == ChildLimits(); });
    row("child_limits = { nofile = 4096, nproc = 64, as = \"1G\", core = 0, fsize = \"512M\" }", [](const auto &s) {
        return s.childLimits == ChildLimits{4096, 64, 1 << 30, 0, 512 << 20};
    });
    row("child_limits = { core = \"unlimited\", nofile = 64 }", [](const auto &s) {
        return s.childLimits == ChildLimits{64, {}, {}, ChildLimits::Unlimited, {}};
    });
}

QList<Row> rows()
{
    QList<Row> rows;
    const auto row = [&rows](const char *line, Check isRead) { rows.append({line, std::move(isRead)}); };
    row("listen = \"0.0.0.0:80\"", [](const auto &s) { return s.listen.constFirst().text == u"0.0.0.0:80"; });
    row("listen = [\"[::1]:1\", \"unix:/run/a.sock\"]",
        [](const auto &s) { return s.listen.size() == 2 && s.listen.at(1).path == u"/run/a.sock"; });
    row("unix_socket_mode = \"0660\"\nlisten = \"unix:/a\"", [](const auto &s) { return s.unixSocketMode == 0660; });
    row("unix_socket_mode = \"777\"\nlisten = [\"[::]:1\", \"unix:/a\"]",
        [](const auto &s) { return s.unixSocketMode == 0777; });
    row("unix_socket_mode = \"\"", [](const auto &s) { return !s.unixSocketMode; });
    row("worker_num = 1", [](const auto &s) { return s.workerNum == 1; });
    row("worker_num = 1024", [](const auto &s) { return s.workerNum == 1024; });
    row("worker_num = 0x10", [](const auto &s) { return s.workerNum == 16; });
    row("reactor_num = 1", [](const auto &s) { return s.reactorNum == 1; });
    row("reactor_num = 64", [](const auto &s) { return s.reactorNum == 64; });
    row("dispatch_mode = 1", [](const auto &s) { return s.dispatchMode == DispatchMode::RoundRobin; });
    row("dispatch_mode = 2", [](const auto &s) { return s.dispatchMode == DispatchMode::ByConnection; });
    row("dispatch_mode = 3", [](const auto &s) { return s.dispatchMode == DispatchMode::Idle; });
    row("dispatch_mode = 4", [](const auto &s) { return s.dispatchMode == DispatchMode::ByAddress; });
    row("dispatch_mode = \"round-robin\"", [](const auto &s) { return s.dispatchMode == DispatchMode::RoundRobin; });
    row("dispatch_mode = \"by-connection\"",
        [](const auto &s) { return s.dispatchMode == DispatchMode::ByConnection; });
    row("dispatch_mode = \"idle\"", [](const auto &s) { return s.dispatchMode == DispatchMode::Idle; });
    row("dispatch_mode = \"by-address\"", [](const auto &s) { return s.dispatchMode == DispatchMode::ByAddress; });
    row("dispatch_mode = 5", [](const auto &s) { return s.dispatchMode == DispatchMode::ByUser; });
    row("dispatch_mode = \"by-user\"", [](const auto &s) { return s.dispatchMode == DispatchMode::ByUser; });
    row("max_wait_time = 5", [](const auto &s) { return s.maxWaitTime == 5s; });
    row("max_wait_time = 0.25", [](const auto &s) { return s.maxWaitTime == 250ms; });
    row("hook_timeout = 2", [](const auto &s) { return s.hookTimeout == 2s; });
    row("worker_start_timeout = 5", [](const auto &s) { return s.workerStartTimeout == 5s; });
    row("max_wait_time = 86400", [](const auto &s) { return s.maxWaitTime == 24h; });
    row("max_request_execution_time = 0", [](const auto &s) { return s.maxRequestExecutionTime == 0ms; });
    row("max_request_execution_time = 0.0", [](const auto &s) { return s.maxRequestExecutionTime == 0ms; });
    row("max_request_execution_time = 1e-4", [](const auto &s) { return s.maxRequestExecutionTime == 1ms; });
    row("package_max_length = 1024", [](const auto &s) { return s.packageMaxLength == 1024; });
    row("package_max_length = \"8M\"", [](const auto &s) { return s.packageMaxLength == 8388608; });
    row("package_max_length = \"512k\"", [](const auto &s) { return s.packageMaxLength == 524288; });
    row("package_max_length = \"1G\"", [](const auto &s) { return s.packageMaxLength == 1073741824; });
    row("package_max_length = \"2000\"", [](const auto &s) { return s.packageMaxLength == 2000; });
    row("backlog = 65535", [](const auto &s) { return s.backlog == 65535; });
    row("max_conn = 1", [](const auto &s) { return s.maxConn == 1; });
    row("task_worker_num = 4", [](const auto &s) { return s.taskWorkerNum == 4; });
    row("task_max_request = 1000",
        [](const auto &s) { return s.taskMaxRequest == 1000 && s.taskMaxRequestGrace == 500; });
    row("task_max_request_grace = 3", [](const auto &s) { return s.taskMaxRequestGrace == 3; });
    row("max_request = 1000", [](const auto &s) { return s.maxRequest == 1000 && s.maxRequestGrace == 500; });
    row("max_request_grace = 0\nmax_request = 10",
        [](const auto &s) { return s.maxRequest == 10 && s.maxRequestGrace == 0; });
    row("worker_memory_limit = \"256M\"", [](const auto &s) { return s.workerMemoryLimit == 256 << 20; });
    row("task_worker_memory_limit = \"1G\"", [](const auto &s) { return s.taskWorkerMemoryLimit == 1 << 30; });
    row("worker_max_num = 2\nworker_num = 2", [](const auto &s) { return s.workerMaxNum == 2; });
    row("task_worker_max_num = 8\ntask_worker_num = 1", [](const auto &s) { return s.taskWorkerMaxNum == 8; });
    row("worker_idle_time = 5", [](const auto &s) { return s.workerIdleTime == 5s; });
    row("request_queue_size = 4", [](const auto &s) { return s.requestQueueSize == 4; });
    row("worker_max_concurrency = 1", [](const auto &s) { return s.workerMaxConcurrency == 1; });
    row("http_head_max_length = \"1M\"", [](const auto &s) { return s.httpHeadMaxLength == 1048576; });
    row("http_uri_max_length = 64", [](const auto &s) { return s.httpUriMaxLength == 64; });
    row("http_uri_max_length = \"16K\"", [](const auto &s) { return s.httpUriMaxLength == 16384; });
    row("http_header_max_count = 1000", [](const auto &s) { return s.httpHeaderMaxCount == 1000; });
    row("http_head_timeout = 1.5", [](const auto &s) { return s.httpHeadTimeout == 1500ms; });
    row("http_body_timeout = 0.001", [](const auto &s) { return s.httpBodyTimeout == 1ms; });
    row("keepalive_timeout = 7", [](const auto &s) { return s.keepaliveTimeout == 7s; });
    row("send_timeout = 8", [](const auto &s) { return s.sendTimeout == 8s; });
    row("server = \"\"", [](const auto &s) { return s.serverHeader.isEmpty(); });
    row("server = \"Mill/2 (stone)\"", [](const auto &s) { return s.serverHeader == u"Mill/2 (stone)"; });
    row("runtime_dir = \"/run/quern\"", [](const auto &s) { return s.runtimeDir == u"/run/quern"; });
    row("log_file = \"/var/log/quern.log\"", [](const auto &s) { return s.logFile == u"/var/log/quern.log"; });
    row("log_file = \"\"", [](const auto &s) { return s.logFile.isEmpty(); });
    row("log_level = \"debug\"", [](const auto &s) { return s.logLevel == base::LogLevel::Debug; });
    row("log_level = \"info\"", [](const auto &s) { return s.logLevel == base::LogLevel::Info; });
    row("log_level = \"warning\"", [](const auto &s) { return s.logLevel == base::LogLevel::Warning; });
    row("log_level = \"error\"", [](const auto &s) { return s.logLevel == base::LogLevel::Error; });
    row("log_format = \"json\"", [](const auto &s) { return s.logFormat == LogFormat::Json; });
    row("log_categories = [\"shop=debug\", \"quern.*=error\"]", [](const auto &s) {
        return s.logCategories == QStringList({u"quern.*=error"_s, u"shop=debug"_s});
    });
    row("log_categories = \"quern.http=debug\"",
        [](const auto &s) { return s.logCategories == QStringList(u"quern.http=debug"_s); });
    row("log_rotate_size = \"1G\"", [](const auto &s) { return s.logRotateSize == 1 << 30; });
    row("log_rotate_age = 31622400", [](const auto &s) { return s.logRotateAge == 366 * 24h; });
    row("log_rotate_age = 0", [](const auto &s) { return s.logRotateAge == 0ms; });
    row("log_rotate_keep = 30", [](const auto &s) { return s.logRotateKeep == 30; });
    row("daemonize = true", [](const auto &s) { return s.daemonize; });
    addChildRows(rows);
    addRequestRows(rows);
    addConnectionRows(rows);
    addTlsRows(rows);
    addAnswerRows(rows);
    return rows;
}

QString keyOf(const QByteArray &line)
{
    return QString::fromUtf8(line.left(line.indexOf(' ')));
}

} // namespace

void tst_Settings::everyKey_data()
{
    QTest::addColumn<QByteArray>("line");
    QTest::addColumn<Check>("isRead");
    for (const Row &row : rows())
        QTest::newRow(row.line) << QByteArray(row.line) << row.isRead;
}

void tst_Settings::everyKey()
{
    QFETCH(QByteArray, line);
    QFETCH(Check, isRead);
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\n" + line + '\n');
    QVERIFY2(settings.ok(), settings ? "" : qPrintable(settings.error().message()));
    QVERIFY(isRead(settings->server));
    QCOMPARE(settings->origins.value(QStringLiteral("server.") + keyOf(line)), QStringLiteral("quern.toml:2"));
}

void tst_Settings::everyKeyIsCovered()
{
    QSet<QString> covered;
    for (const Row &row : rows())
        covered += keyOf(row.line);
    const QStringList known = serverKeyNames();
    QCOMPARE(covered, QSet<QString>(known.begin(), known.end()));
}

void tst_Settings::bufferHoldsTheLongestMessage()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\npackage_max_length = \"64M\"\n");
    QVERIFY(settings.ok());
    QCOMPARE(settings->server.socketBufferSize, quint64(64 << 20));
}

void tst_Settings::originNamesFileAndLine()
{
    const SettingsFile file;
    const Result<Settings> settings =
        SettingsFile::load("# mill\n\n[server]\nworker_num = 2\n\nlisten = [\n  \"127.0.0.1:1\",\n]\n");
    QVERIFY(settings.ok());
    QCOMPARE(settings->origins.value(QStringLiteral("server.worker_num")), QStringLiteral("quern.toml:4"));
    QCOMPARE(settings->origins.value(QStringLiteral("server.listen")), QStringLiteral("quern.toml:6"));
    QCOMPARE(settings->origins.value(QStringLiteral("server.backlog")), QStringLiteral("default"));
    qsizetype known = 0;
    for (const KeyTable &table : keyTables())
        known += qsizetype(table.keys.size());
    QCOMPARE(settings->origins.size(), known);
}

void tst_Settings::originNamesThePathAsGiven()
{
    const SettingsFile file;
    QVERIFY(QDir().mkdir(QStringLiteral("conf")));
    SettingsFile::write(QStringLiteral("conf/mill.toml"), "server.backlog = 7\n");
    const Result<Settings> settings = load(QStringLiteral("./conf/mill.toml"));
    QVERIFY(settings.ok());
    QCOMPARE(settings->server.backlog, 7);
    QCOMPARE(settings->origins.value(QStringLiteral("server.backlog")), QStringLiteral("./conf/mill.toml:1"));
    QCOMPARE(settings->filePath, file.directory() + QStringLiteral("/conf/mill.toml"));
    QCOMPARE(settings->directory, file.directory() + QStringLiteral("/conf"));
}

void tst_Settings::relativePathsBeginAtTheFile()
{
    const SettingsFile file;
    QVERIFY(QDir().mkdir(QStringLiteral("conf")));
    SettingsFile::write(QStringLiteral("conf/mill.toml"), "[server]\n"
                                                          "runtime_dir = \"run\"\n"
                                                          "log_file = \"logs/mill.log\"\n"
                                                          "listen = \"unix:mill.sock\"\n"
                                                          "[[plugin]]\n"
                                                          "file = \"build/libmill.so\"\n");
    const Result<Settings> settings = load(QStringLiteral("conf/mill.toml"));
    QVERIFY(settings.ok());
    const QString directory = file.directory() + QStringLiteral("/conf/");
    QCOMPARE(settings->server.runtimeDir, directory + QStringLiteral("run"));
    QCOMPARE(settings->server.logFile, directory + QStringLiteral("logs/mill.log"));
    QCOMPARE(settings->server.listen.constFirst().path, directory + QStringLiteral("mill.sock"));
    QCOMPARE(settings->server.listen.constFirst().text, QStringLiteral("unix:%1mill.sock").arg(directory));
    QCOMPARE(settings->plugins.constFirst().file, directory + QStringLiteral("build/libmill.so"));
}

void tst_Settings::pathsMayClimb()
{
    const SettingsFile file;
    const Result<Settings> settings = SettingsFile::load("[server]\nruntime_dir = \"../run/./mill/\"\n");
    QVERIFY(settings.ok());
    QCOMPARE(settings->server.runtimeDir, QDir::cleanPath(file.directory() + QStringLiteral("/../run/mill")));
}

void tst_Settings::settingsFileThatIsASymbolicLink()
{
    const SettingsFile file;
    QVERIFY(QDir().mkdir(QStringLiteral("shared")));
    SettingsFile::write(QStringLiteral("shared/mill.toml"), "[server]\nlog_file = \"mill.log\"\n");
    QVERIFY(QFile::link(QStringLiteral("shared/mill.toml"), QStringLiteral("quern.toml")));
    const Result<Settings> settings = load(QStringLiteral("quern.toml"));
    QVERIFY(settings.ok());
    QCOMPARE(settings->server.logFile, file.directory() + QStringLiteral("/mill.log"));
}

QTEST_GUILESS_MAIN(tst_Settings)
#include "tst_settings.moc"
