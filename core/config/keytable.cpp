#include "config/keytable.h"

#include "config/adminkeys.h"
#include "config/listenaddress.h"
#include "config/metricskeys.h"
#include "config/reloadkeys.h"
#include "config/taskkeys.h"
#include "config/tlsrules.h"
#include "config/tomltext.h"

#include <QRegularExpression>

#include <algorithm>
#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using S = ServerSettings;

bool isForwardedHeader(const QString &text)
{
    return text == "x-forwarded"_L1 || text == "forwarded"_L1 || text == "x-real-ip"_L1;
}

bool isIndexName(const QString &text)
{
    return !text.isEmpty() && !text.contains(u'/') && !text.startsWith(u'.') && !hasControlCharacter(text);
}

bool isLocation(const QString &text)
{
    return text.startsWith(u'/') && !hasControlCharacter(text);
}

bool isMediaType(const QString &text)
{
    static const QRegularExpression form(u"^[a-z0-9.+-]+/([a-z0-9.+-]+|\\*)$"_s);
    return form.match(text).hasMatch();
}

constexpr Key perPort(Key key)
{
    key.perPort = true;
    return key;
}

constexpr quint64 kibibyte = 1024;
constexpr quint64 mebibyte = 1024 * kibibyte;

// Names and units are Swoole's and LaravelS's where the meaning is the same.
constexpr std::array keys = {
    Key{"listen"_L1, ListenRule{&S::listen}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Where to listen: one address or a list; \"127.0.0.1:5200\", \"[::1]:5200\", "
                          "\"unix:/run/app.sock\", with TLS \"tls:0.0.0.0:443\"."),
        nullptr, Change::Restart},
    perPort(Key{"unix_socket_mode"_L1, SocketModeRule{}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Permissions of the files of Unix sockets, in octal digits such as "
                                                   "\"0660\"; \"\" for what the umask leaves."),
                nullptr, Change::Restart}),
    Key{"worker_num"_L1, IntegerRule<int>{&S::workerNum, 1, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Worker processes, which run the handlers."),
        QT_TRANSLATE_NOOP("Quern::config", "one for each processor core")},
    Key{"task_worker_num"_L1, IntegerRule<int>{&S::taskWorkerNum, 0, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Task workers: processes that run tasks and events; 0 for none.")},
    Key{"worker_max_num"_L1, IntegerRule<int>{&S::workerMaxNum, 0, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Workers that there may be while requests wait for one; 0 for as many as "
                                           "worker_num always.")},
    Key{"task_worker_max_num"_L1, IntegerRule<int>{&S::taskWorkerMaxNum, 0, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Task workers that there may be while tasks wait for one; 0 for as many as "
                                           "task_worker_num always.")},
    Key{"worker_idle_time"_L1, DurationRule{&S::workerIdleTime}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "After how long without need workers beyond worker_num, and task workers "
                                           "beyond task_worker_num, leave.")},
    Key{"max_request"_L1, IntegerRule<int>{&S::maxRequest, 0, 1'000'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Requests, and events of connections, after which a worker is replaced; 0 "
                                           "for never.")},
    Key{"max_request_grace"_L1, IntegerRule<int>{&S::maxRequestGrace, 0, 1'000'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "How many more than max_request it may be: each worker draws a number, so "
                                           "that they are not replaced all at once."),
        QT_TRANSLATE_NOOP("Quern::config", "half of max_request")},
    Key{"task_max_request"_L1, IntegerRule<int>{&S::taskMaxRequest, 0, 1'000'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Tasks after which a task worker is replaced; 0 for never.")},
    Key{"task_max_request_grace"_L1, IntegerRule<int>{&S::taskMaxRequestGrace, 0, 1'000'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "How many more than task_max_request it may be, as max_request_grace."),
        QT_TRANSLATE_NOOP("Quern::config", "half of task_max_request")},
    Key{"worker_memory_limit"_L1, SizeRule<quint64>{&S::workerMemoryLimit, 0, 1024 * 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Memory of its own beyond which a worker is replaced, without files and "
                                           "shared memory; 0 for no limit; at twice as much it is killed.")},
    Key{"task_worker_memory_limit"_L1, SizeRule<quint64>{&S::taskWorkerMemoryLimit, 0, 1024 * 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Memory of its own beyond which a task worker is replaced, as "
                                           "worker_memory_limit.")},
    Key{"reactor_num"_L1, IntegerRule<int>{&S::reactorNum, 1, 64}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Threads of the master that own the client connections."),
        QT_TRANSLATE_NOOP("Quern::config", "one for every two processor cores, at most 8"), Change::Restart},
    Key{"dispatch_mode"_L1, DispatchModeRule{}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Which worker gets a request: \"round-robin\" (1), \"by-connection\" (2), "
                                           "\"idle\" (3), \"by-address\" (4) or \"by-user\" (5)."),
        nullptr, Change::Restart},
    Key{"max_wait_time"_L1, DurationRule{&S::maxWaitTime}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a worker may finish its requests at stop or reload before it is "
                                           "killed.")},
    Key{"worker_start_timeout"_L1, DurationRule{&S::workerStartTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a new worker may take to load its plugins.")},
    Key{"hook_timeout"_L1, DurationRule{&S::hookTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long one life-cycle hook may take before its process is killed.")},
    Key{"max_request_execution_time"_L1, DurationRule{&S::maxRequestExecutionTime, true}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a request may take before it is answered 504; 0 for no limit.")},
    perPort(Key{"package_max_length"_L1, SizeRule<quint64>{&S::packageMaxLength, kibibyte, 1024 * mebibyte}, "bytes",
                QT_TRANSLATE_NOOP("Quern::config",
                                  "Largest body of a request, which is answered 413 beyond it, WebSocket message, "
                                  "and package or datagram of a [[socket]].")}),
    Key{"backlog"_L1, IntegerRule<int>{&S::backlog, 1, 65535}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Connections that the kernel holds until they are accepted, for each "
                                           "listening socket."),
        nullptr, Change::Restart},
    Key{"max_conn"_L1, IntegerRule<int>{&S::maxConn, 1, 10'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Connections of the whole server; more are answered 503."), nullptr,
        Change::Restart},
    Key{"max_conn_per_ip"_L1, IntegerRule<int>{&S::maxConnPerIp, 0, 10'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Connections of one client address, trusted proxies aside; more are answered "
                          "503; 0 for no limit."),
        nullptr, Change::Restart},
    Key{"request_queue_size"_L1, IntegerRule<int>{&S::requestQueueSize, 1, 1'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Requests that wait for a worker, for each reactor; more are answered "
                                           "503.")},
    Key{"worker_max_concurrency"_L1, IntegerRule<int>{&S::workerMaxConcurrency, 1, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Requests in flight in one worker, asynchronous ones included.")},
    perPort(
        Key{"http_head_max_length"_L1, SizeRule<quint32>{&S::httpHeadMaxLength, kibibyte, mebibyte}, "bytes",
            QT_TRANSLATE_NOOP("Quern::config", "Largest request line and headers together; more is answered 431.")}),
    perPort(Key{"http_uri_max_length"_L1, SizeRule<quint32>{&S::httpUriMaxLength, 64, mebibyte}, "bytes",
                QT_TRANSLATE_NOOP("Quern::config", "Longest request target; a longer one is answered 414.")}),
    perPort(Key{"http_header_max_count"_L1, IntegerRule<quint16>{&S::httpHeaderMaxCount, 1, 1000}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Header fields of one request; more are answered 431.")}),
    perPort(Key{"http_pipeline_depth"_L1, IntegerRule<int>{&S::httpPipelineDepth, 0, 1024}, "",
                QT_TRANSLATE_NOOP("Quern::config",
                                  "Requests of one connection that wait behind the one under way; more are not "
                                  "read yet.")}),
    perPort(Key{"keepalive_requests"_L1, IntegerRule<int>{&S::keepaliveRequests, 0, 1'000'000'000}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Requests of one connection before it is closed; 0 for no limit.")}),
    perPort(Key{"http_body_buffer_size"_L1, SizeRule<quint64>{&S::httpBodyBufferSize, 4 * kibibyte, 64 * mebibyte},
                "bytes",
                QT_TRANSLATE_NOOP("Quern::config", "How much of one body is kept in memory; more waits in a file of "
                                                   "upload_tmp_dir.")}),
    Key{"upload_tmp_dir"_L1, PathRule{&S::uploadTmpDir, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Directory of uploads until their request is answered; \"\" for \"uploads\" "
                                           "in runtime_dir."),
        nullptr, Change::Restart},
    perPort(Key{"http_head_timeout"_L1, DurationRule{&S::httpHeadTimeout}, "seconds",
                QT_TRANSLATE_NOOP("Quern::config", "How long a client may take to send a whole head, and for the "
                                                   "handshake of TLS.")}),
    perPort(Key{"http_body_timeout"_L1, DurationRule{&S::httpBodyTimeout}, "seconds",
                QT_TRANSLATE_NOOP("Quern::config", "How long a client may pause while it sends a body.")}),
    perPort(Key{"keepalive_timeout"_L1, DurationRule{&S::keepaliveTimeout}, "seconds",
                QT_TRANSLATE_NOOP("Quern::config", "How long a connection may idle between two requests.")}),
    perPort(Key{"send_timeout"_L1, DurationRule{&S::sendTimeout}, "seconds",
                QT_TRANSLATE_NOOP("Quern::config", "How long a client may take no byte of its answer.")}),
    perPort(Key{"heartbeat_idle_time"_L1, DurationRule{&S::heartbeatIdleTime, true}, "seconds",
                QT_TRANSLATE_NOOP("Quern::config",
                                  "How long a WebSocket, TCP or Unix connection may send nothing before it is "
                                  "closed; 0 for no limit.")}),
    perPort(
        Key{"heartbeat_check_interval"_L1,
            DurationRule{&S::heartbeatCheckInterval, false, std::chrono::seconds(60), std::chrono::milliseconds(100)},
            "seconds", QT_TRANSLATE_NOOP("Quern::config", "How often that is looked at.")}),
    perPort(Key{"websocket_ping_interval"_L1, DurationRule{&S::websocketPingInterval, true}, "seconds",
                QT_TRANSLATE_NOOP("Quern::config",
                                  "How long a WebSocket client may be silent until it is sent a ping; 0 for none.")}),
    perPort(Key{
        "websocket_pong_timeout"_L1, DurationRule{&S::websocketPongTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long it has to send anything then, before its connection is closed.")}),
    perPort(Key{
        "websocket_compression"_L1, FlagRule{&S::websocketCompression}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether WebSocket messages are compressed for clients that offer it.")}),
    perPort(Key{"websocket_context_takeover"_L1, FlagRule{&S::websocketContextTakeover}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Whether messages are compressed with those before them in mind; it "
                                                   "costs about 95 KB a connection.")}),
    perPort(Key{"websocket_compression_min_length"_L1,
                SizeRule<quint32>{&S::websocketCompressionMinLength, 0, 1024 * mebibyte}, "bytes",
                QT_TRANSLATE_NOOP("Quern::config", "Shorter messages are not compressed.")}),
    perPort(Key{"socket_buffer_size"_L1, SizeRule<quint64>{&S::socketBufferSize, kibibyte, 1024 * mebibyte}, "bytes",
                QT_TRANSLATE_NOOP("Quern::config", "Output of one live connection that may wait, package_max_length at "
                                                   "least; beyond it the connection is closed as too slow.")}),
    perPort(Key{
        "buffer_high_watermark"_L1, SizeRule<quint64>{&S::bufferHighWatermark, 1, 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "How much of it waits when the handler is told that the buffer is full.")}),
    perPort(Key{"buffer_low_watermark"_L1, SizeRule<quint64>{&S::bufferLowWatermark, 0, 1024 * mebibyte}, "bytes",
                QT_TRANSLATE_NOOP("Quern::config", "How little waits when it is told that there is room again.")}),
    Key{"output_buffer_total"_L1, SizeRule<quint64>{&S::outputBufferTotal, mebibyte, 1024 * 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Output that may wait for all live connections together."), nullptr,
        Change::Restart},
    Key{"redeliver_messages"_L1, FlagRule{&S::redeliverMessages}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Whether a message that a dying worker had begun is given to another worker, "
                          "so that it may run twice.")},
    perPort(Key{"ssl_cert_file"_L1, PathRule{&S::sslCertFile, true}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Certificate of the \"tls:\" addresses, in PEM, with those of its "
                                                   "signers behind it.")}),
    perPort(Key{"ssl_key_file"_L1, PathRule{&S::sslKeyFile, true}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Private key of that certificate, in PEM.")}),
    perPort(Key{"ssl_sni_certs"_L1, SniCertificatesRule{}, "",
                QT_TRANSLATE_NOOP("Quern::config",
                                  "Certificates of single host names: a table of ssl_cert_file and ssl_key_file for "
                                  "\"example.org\", or for \"*.example.org\".")}),
    perPort(Key{"ssl_protocols"_L1,
                ListRule{&S::sslProtocols, isTlsProtocol,
                         QT_TRANSLATE_NOOP("Quern::config", "\"TLSv1.2\" or \"TLSv1.3\""), false},
                "", QT_TRANSLATE_NOOP("Quern::config", "Versions of TLS that are spoken: \"TLSv1.2\", \"TLSv1.3\".")}),
    perPort(Key{"ssl_ciphers"_L1, TextRule{&S::sslCiphers, 4096}, "",
                QT_TRANSLATE_NOOP("Quern::config",
                                  "Ciphers of TLS 1.2, as OpenSSL writes lists of them; \"\" for those of OpenSSL.")}),
    perPort(Key{"ssl_alpn_protocols"_L1,
                ListRule{&S::sslAlpnProtocols, isAlpnProtocol,
                         QT_TRANSLATE_NOOP("Quern::config", "the name of a protocol such as \"http/1.1\"")},
                "",
                QT_TRANSLATE_NOOP("Quern::config", "Protocols that ALPN offers, the best first; [] for \"http/1.1\" "
                                                   "where HTTP is spoken, and none elsewhere.")}),
    perPort(
        Key{"ssl_session_tickets"_L1, FlagRule{&S::sslSessionTickets}, "",
            QT_TRANSLATE_NOOP("Quern::config", "Whether a client gets a ticket, with which it comes back quicker.")}),
    perPort(Key{"ssl_verify_peer"_L1, VerifyPeerRule{}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Whether clients must show a certificate: false, true or "
                                                   "\"optional\", which checks one that is shown.")}),
    perPort(Key{"ssl_client_cert_file"_L1, PathRule{&S::sslClientCertFile, true}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Certificates of those who may sign the clients', in PEM.")}),
    perPort(Key{"ssl_verify_depth"_L1, IntegerRule<int>{&S::sslVerifyDepth, 0, 100}, "",
                QT_TRANSLATE_NOOP("Quern::config", "Most certificates between a client's and one of that file.")}),
    Key{"trusted_proxies"_L1,
        ListRule{&S::trustedProxies, isAddressRange,
                 QT_TRANSLATE_NOOP("Quern::config", "an address, a network such as \"10.0.0.0/8\", \"unix\" or \"*\"")},
        "", QT_TRANSLATE_NOOP("Quern::config", "Proxies whose word on the client's address, scheme and host is taken."),
        nullptr, Change::Restart},
    Key{"forwarded_headers"_L1,
        ListRule{&S::forwardedHeaders, isForwardedHeader,
                 QT_TRANSLATE_NOOP("Quern::config", "\"x-forwarded\", \"forwarded\" or \"x-real-ip\"")},
        "",
        QT_TRANSLATE_NOOP("Quern::config", "Which headers of trusted proxies are read: \"x-forwarded\", \"forwarded\", "
                                           "\"x-real-ip\".")},
    Key{"handle_static"_L1, FlagRule{&S::handleStatic}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Whether files below document_root are served before the application is asked.")},
    Key{"document_root"_L1, PathRule{&S::documentRoot, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Directory of the static files.")},
    Key{"static_locations"_L1,
        ListRule{&S::staticLocations, isLocation, QT_TRANSLATE_NOOP("Quern::config", "a path that begins with '/'")},
        "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Beginnings of the paths that are looked up in document_root; none for all.")},
    Key{"static_index"_L1,
        ListRule{&S::staticIndex, isIndexName,
                 QT_TRANSLATE_NOOP("Quern::config", "the name of a file that is not hidden")},
        "", QT_TRANSLATE_NOOP("Quern::config", "Files that stand for their directory, the first one that exists.")},
    Key{"static_listing"_L1, FlagRule{&S::staticListing}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Whether a directory without such a file is answered by a list of its files.")},
    Key{"static_cache_control"_L1, TextRule{&S::staticCacheControl}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Value of the Cache-Control header of static files; \"\" for none.")},
    Key{"http_compression"_L1, FlagRule{&S::httpCompression}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether answers are compressed for clients that accept it.")},
    Key{"http_compression_level"_L1, IntegerRule<int>{&S::httpCompressionLevel, 1, 9}, "",
        QT_TRANSLATE_NOOP("Quern::config", "From 1, quick, to 9, small.")},
    Key{"http_compression_min_length"_L1, SizeRule<quint32>{&S::httpCompressionMinLength, 20, 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Shorter answers are not compressed.")},
    Key{"http_compression_types"_L1,
        ListRule{&S::httpCompressionTypes, isMediaType,
                 QT_TRANSLATE_NOOP("Quern::config", "a media type such as \"text/html\" or \"text/*\"")},
        "", QT_TRANSLATE_NOOP("Quern::config", "Media types that are compressed; [] for none.")},
    Key{"debug"_L1, FlagRule{&S::debug}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether error pages tell what went wrong; not for the public.")},
    Key{"access_log"_L1, PathRule{&S::accessLog, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "File with a line for each request; \"\" for none."), nullptr,
        Change::Restart},
    Key{"access_log_format"_L1, ChoiceRule<AccessLogFormat>{&S::accessLogFormat}, "",
        QT_TRANSLATE_NOOP("Quern::config", "\"common\", \"combined\" or \"json\"."), nullptr, Change::Restart},
    Key{"request_slowlog_timeout"_L1, DurationRule{&S::requestSlowlogTimeout, true}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Requests that take longer until their answer begins are told in the server's log; "
                          "0 for none."),
        nullptr, Change::Restart},
    Key{"server"_L1, TextRule{&S::serverHeader}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Value of the Server header of each answer; \"\" for none.")},
    Key{"runtime_dir"_L1, PathRule{&S::runtimeDir, false}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Directory of the control socket and other files of the running server."),
        nullptr, Change::Restart},
    Key{"user"_L1, AccountRule{&S::user}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "User that the child processes become once their plugins are loaded, by name "
                          "or number; \"\" for the server's own."),
        nullptr, Change::Restart},
    Key{"group"_L1, AccountRule{&S::group}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Their group, the only one they are in; \"\" for all groups of that user."),
        nullptr, Change::Restart},
    Key{"chroot"_L1, PathRule{&S::chroot, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Directory that is / for the child processes from then on; \"\" for none."),
        nullptr, Change::Restart},
    Key{"umask"_L1, MaskRule{&S::childMask}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Permissions that files made by the child processes do not get, in octal "
                                           "digits such as \"0027\"; \"\" for the server's own.")},
    Key{"child_limits"_L1, ChildLimitsRule{&S::childLimits}, "",
        QT_TRANSLATE_NOOP("Quern::config", "What each child process may use at most: nofile (files), nproc (processes "
                                           "of the user), as (bytes of memory addresses), core and fsize (bytes).")},
    Key{"log_file"_L1, PathRule{&S::logFile, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Where the log goes; \"\" for standard error, or quern.log in runtime_dir "
                                           "when daemonized."),
        nullptr, Change::Restart},
    Key{"log_format"_L1, ChoiceRule<LogFormat>{&S::logFormat}, "",
        QT_TRANSLATE_NOOP("Quern::config", "What its lines look like: \"text\" or \"json\"."), nullptr,
        Change::Restart},
    Key{"log_level"_L1, LogLevelRule{}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Least important lines that are logged: \"debug\", \"info\", \"warning\" or "
                                           "\"error\"."),
        nullptr, Change::Live},
    Key{"log_categories"_L1, LogCategoriesRule{}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Levels of single categories, such as [\"quern.http=debug\", "
                                           "\"shop.*=warning\"]."),
        nullptr, Change::Live},
    Key{"log_rotate_size"_L1, SizeRule<quint64>{&S::logRotateSize, 0, 1024 * 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Largest log file; then a new one is begun; 0 for no limit."), nullptr,
        Change::Restart},
    Key{"log_rotate_age"_L1, DurationRule{&S::logRotateAge, true, std::chrono::hours(24 * 366)}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "Oldest log file; then a new one is begun; 0 for no limit."), nullptr,
        Change::Restart},
    Key{"log_rotate_keep"_L1, IntegerRule<int>{&S::logRotateKeep, 1, 1000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Old log files that are kept: quern.log.1, the youngest, and so on."),
        nullptr, Change::Restart},
    Key{"daemonize"_L1, FlagRule{&S::daemonize}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether `quern start` returns once the server is ready and leaves it "
                                           "running."),
        nullptr, Change::Restart},
};

} // namespace

const Key *KeyTable::find(const QString &key) const
{
    const auto it = std::find_if(keys.begin(), keys.end(), [&key](const Key &other) { return key == other.name; });
    return it == keys.end() ? nullptr : &*it;
}

QStringList KeyTable::names() const
{
    QStringList list;
    for (const Key &key : keys)
        list += QString(key.name);
    return list;
}

std::span<const KeyTable> keyTables()
{
    static const std::array tables = {
        KeyTable{"server"_L1, serverKeys()},   KeyTable{"tasks"_L1, taskKeys()},    KeyTable{"admin"_L1, adminKeys()},
        KeyTable{"metrics"_L1, metricsKeys()}, KeyTable{"reload"_L1, reloadKeys()},
    };
    return tables;
}

const KeyTable *findKeyTable(const QString &name)
{
    const auto tables = keyTables();
    const auto it =
        std::find_if(tables.begin(), tables.end(), [&name](const KeyTable &table) { return name == table.name; });
    return it == tables.end() ? nullptr : &*it;
}

std::span<const Key> serverKeys()
{
    return keys;
}

const Key *findServerKey(const QString &name)
{
    return keyTables().front().find(name);
}

QStringList serverKeyNames()
{
    return keyTables().front().names();
}

QStringList portKeyNames()
{
    QStringList names;
    for (const Key &key : keys) {
        if (key.perPort)
            names += QString(key.name);
    }
    return names;
}

} // namespace Quern::config
