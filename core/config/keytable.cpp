#include "config/keytable.h"

#include <algorithm>
#include <array>

using namespace Qt::Literals::StringLiterals;

namespace Quern::config {

namespace {

using S = ServerSettings;

constexpr quint64 kibibyte = 1024;
constexpr quint64 mebibyte = 1024 * kibibyte;

// Names and units are Swoole's and LaravelS's where the meaning is the same.
constexpr std::array keys = {
    Key{"listen"_L1, ListenRule{}, "",
        QT_TRANSLATE_NOOP("Quern::config",
                          "Where to listen: one address or a list; \"127.0.0.1:5200\", \"[::1]:5200\", "
                          "\"unix:/run/app.sock\".")},
    Key{"worker_num"_L1, IntegerRule<int>{&S::workerNum, 1, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Worker processes, which run the handlers."),
        QT_TRANSLATE_NOOP("Quern::config", "one for each processor core")},
    Key{"reactor_num"_L1, IntegerRule<int>{&S::reactorNum, 1, 64}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Threads of the master that own the client connections."),
        QT_TRANSLATE_NOOP("Quern::config", "one for every two processor cores, at most 8")},
    Key{"dispatch_mode"_L1, DispatchModeRule{}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Which worker gets a request: \"round-robin\" (1), \"by-connection\" (2), "
                                           "\"idle\" (3) or \"by-address\" (4).")},
    Key{"max_wait_time"_L1, DurationRule{&S::maxWaitTime}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a worker may finish its requests at stop or reload before it is "
                                           "killed.")},
    Key{"max_request_execution_time"_L1, DurationRule{&S::maxRequestExecutionTime, true}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a request may take before it is answered 504; 0 for no limit.")},
    Key{"package_max_length"_L1, SizeRule<quint64>{&S::packageMaxLength, kibibyte, 1024 * mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Largest body of a request; more is answered 413.")},
    Key{"backlog"_L1, IntegerRule<int>{&S::backlog, 1, 65535}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Connections that the kernel holds until they are accepted, for each "
                                           "listening socket.")},
    Key{"max_conn"_L1, IntegerRule<int>{&S::maxConn, 1, 10'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Connections of the whole server; more are answered 503.")},
    Key{"request_queue_size"_L1, IntegerRule<int>{&S::requestQueueSize, 1, 1'000'000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Requests that wait for a worker, for each reactor; more are answered "
                                           "503.")},
    Key{"worker_max_concurrency"_L1, IntegerRule<int>{&S::workerMaxConcurrency, 1, 1024}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Requests in flight in one worker, asynchronous ones included.")},
    Key{"http_head_max_length"_L1, SizeRule<quint32>{&S::httpHeadMaxLength, kibibyte, mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Largest request line and headers together; more is answered 431.")},
    Key{"http_uri_max_length"_L1, SizeRule<quint32>{&S::httpUriMaxLength, 64, mebibyte}, "bytes",
        QT_TRANSLATE_NOOP("Quern::config", "Longest request target; a longer one is answered 414.")},
    Key{"http_header_max_count"_L1, IntegerRule<quint16>{&S::httpHeaderMaxCount, 1, 1000}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Header fields of one request; more are answered 431.")},
    Key{"http_head_timeout"_L1, DurationRule{&S::httpHeadTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a client may take to send a whole head.")},
    Key{"http_body_timeout"_L1, DurationRule{&S::httpBodyTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a client may pause while it sends a body.")},
    Key{"keepalive_timeout"_L1, DurationRule{&S::keepaliveTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a connection may idle between two requests.")},
    Key{"send_timeout"_L1, DurationRule{&S::sendTimeout}, "seconds",
        QT_TRANSLATE_NOOP("Quern::config", "How long a client may take no byte of its answer.")},
    Key{"server"_L1, HeaderValueRule{&S::serverHeader}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Value of the Server header of each answer; \"\" for none.")},
    Key{"runtime_dir"_L1, PathRule{&S::runtimeDir, false}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Directory of the control socket and other files of the running server.")},
    Key{"log_file"_L1, PathRule{&S::logFile, true}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Where the log goes; \"\" for standard error, or quern.log in runtime_dir "
                                           "when daemonized.")},
    Key{"log_level"_L1, LogLevelRule{}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Least important lines that are logged: \"debug\", \"info\", \"warning\" or "
                                           "\"error\".")},
    Key{"daemonize"_L1, FlagRule{&S::daemonize}, "",
        QT_TRANSLATE_NOOP("Quern::config", "Whether `quern start` returns once the server is ready and leaves it "
                                           "running.")},
};

} // namespace

std::span<const Key> serverKeys()
{
    return keys;
}

const Key *findServerKey(const QString &name)
{
    const auto it = std::find_if(keys.begin(), keys.end(), [&name](const Key &key) { return name == key.name; });
    return it == keys.end() ? nullptr : &*it;
}

QStringList serverKeyNames()
{
    QStringList names;
    for (const Key &key : keys)
        names += QString(key.name);
    return names;
}

} // namespace Quern::config
