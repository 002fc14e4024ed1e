#pragma once

#include <Quern/atomic.h>
#include <Quern/connection.h>
#include <Quern/connectionid.h>
#include <Quern/error.h>
#include <Quern/eventstream.h>
#include <Quern/global.h>
#include <Quern/lifecycle.h>
#include <Quern/process.h>
#include <Quern/request.h>
#include <Quern/result.h>
#include <Quern/table.h>
#include <Quern/task.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QJsonValue>
#include <QList>
#include <QMap>
#include <QString>
#include <QVariantMap>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <utility>

namespace Quern {

class HandlerPlugin;
class TestHarnessPrivate;
class TestProcessPrivate;
class TestSocketPrivate;

/// Header or trailer fields: pairs of name and value, in order.
using TestFields = QList<std::pair<QByteArray, QByteArray>>;

/// What a client of TestHarness has received. A value type.
struct QUERN_EXPORT TestResponse
{
    /// The status code; 0 if the request never began, see \a error.
    int status = 0;
    /// As the application has set them; those that the server writes itself (Date, Content-Length, the Content-Type of
    /// a file, …) are not here.
    TestFields headers = {};
    /// All of it: of a stream every piece, of Response::file() what the file holds. Not compressed. Empty for HEAD.
    QByteArray body = {};
    /// Of a stream, see ResponseStream::setTrailer().
    TestFields trailers = {};
    /// The server would show its own page for \a status, which is not made here: \a body is empty.
    bool isErrorPage = false;
    /// What went wrong, with a text that names it. None for an answer that came as its author meant it, whatever its
    /// status:
    /// - Error::Internal: a handler, middleware, hook or callback threw, or a deferred response was forgotten; as a
    ///   rule \a status is 500;
    /// - Error::Timeout: no answer, or not all of a stream, before the deadline; without any \a status is 504, as of a
    ///   handler that answers at once but too late;
    /// - Error::Unavailable: the stream was broken off by its author;
    /// - Error::Invalid: no client could send this request (\a status is 400 or 501), the harness cannot (0), or the
    ///   plugin is not installed (0).
    std::optional<Error> error = std::nullopt;

    /// Value of the first header field \a name, compared without case; null if there is none. And all of them.
    QByteArray header(QByteArrayView name) const;
    QList<QByteArray> headerAll(QByteArrayView name) const;
    /// The body as JSON: any value. Error::Invalid, with line and column, if it is none.
    Result<QJsonValue> json() const;
    /// The body as server-sent events, without comments and retry times: those that are complete.
    QList<EventStream::Event> events() const;
    /// The text of \a error for a message: QVERIFY2(response.status == 200, qPrintable(response.problem())). Null if
    /// there is none.
    QString problem() const;
};

/// What a client of TestHarness sends. A value type:
///
///     TestRequest upload{.method = "POST", .target = "/photos"};
///     upload.addField("title", "Sea").addFile("photo", "sea.png", bytes, "image/png");
struct QUERN_EXPORT TestRequest
{
    /// One part of a multipart/form-data body. A value type.
    struct Part
    {
        QByteArray name;             ///< of the field
        QByteArray value;            ///< or what the file holds
        QByteArray fileName = {};    ///< as the client calls it
        QByteArray contentType = {}; ///< as the client calls it; empty: left out
        bool isFile = false;         ///< told by a "filename", even an empty one
    };

    QByteArray method = QByteArrayLiteral("GET"); ///< in upper case
    /// Percent-encoded, with or without a query string: "/hello/bar?x=1".
    QByteArray target = QByteArrayLiteral("/");
    /// Host is added if it is not there, and Content-Length, and for \a parts the Content-Type.
    TestFields headers = {};
    /// Its Content-Type is one of \a headers. One of multipart/form-data is made of \a parts instead, but for routes
    /// with Route::streamBody().
    QByteArray body = {};
    /// If there are any, the body is a form made of them, and \a body is not looked at.
    QList<Part> parts = {};
    QByteArray remoteAddress = QByteArrayLiteral("127.0.0.1"); ///< of the client; empty: a Unix socket
    bool isSecure = false;                                     ///< https
    /// That the client has shown, with a fingerprint of 64 digits; none: it has none.
    std::optional<ClientCertificate> clientCertificate = {};
    /// Asked after each piece of a stream; when it is true, the client goes away. For streams without end:
    /// .until = [](const TestResponse &response) { return response.events().size() == 3; }
    std::function<bool(const TestResponse &response)> until = {};

    /// Adds a field, or a file, to a multipart/form-data body.
    TestRequest &addField(const QByteArray &name, const QByteArray &value);
    TestRequest &addFile(const QByteArray &name, const QByteArray &fileName, const QByteArray &content,
                         const QByteArray &contentType = QByteArrayLiteral("application/octet-stream"));
};

/// What a client of TestHarness has received by its connection. A value type.
struct TestMessage
{
    MessageType type = MessageType::Text; ///< of a WebSocket; of a stream it is binary
    QByteArray payload;                   ///< of a stream, what one call has sent

    bool operator==(const TestMessage &) const = default; ///< the same
};

/// A datagram that the application has sent. A value type.
struct TestPacket
{
    QString port;           ///< name of the port that it was sent from
    QString remoteAddress;  ///< whom it was sent to
    quint16 remotePort = 0; ///< 0 for a Unix socket
    QByteArray payload;     ///< what it says
};

/// The client's end of a connection to what TestHarness runs: a WebSocket or a stream. A cheap handle, whose copies are
/// the same client; to be used in the main thread. It does not close when the last handle goes, but with the harness.
class QUERN_EXPORT TestSocket
{
public:
    /// Made by TestHarness.
    explicit TestSocket(std::shared_ptr<TestSocketPrivate> d);
    TestSocket(const TestSocket &other);
    TestSocket &operator=(const TestSocket &other);
    ~TestSocket();

    /// Number of the connection, as handlers know it; null if it was refused.
    ConnectionId id() const;
    /// Whether neither side has closed it.
    bool isOpen() const;
    /// Of a WebSocket the answer to its handshake: with status 101 it was accepted, and its fields may name a
    /// subprotocol. Of a stream, why it could not connect.
    TestResponse response() const;

    /// Sends a message, or \a message as bytes of a stream, and returns when its handler has: what that sends at once
    /// has been received then. Error::Unavailable if it is not open; for what a server would close it for,
    /// Error::Invalid (text that is no UTF-8) or Error::TooLarge (a message over 2 MiB, see package_max_length).
    Outcome send(const QByteArray &message, MessageType type = MessageType::Text);
    /// With false it stops to read, and what it is sent waits: from 1 MiB on (buffer_high_watermark) onBufferFull() is
    /// called; what would make it more than 8 MiB (socket_buffer_size) fails with Error::Busy, if it is for this
    /// connection alone, or closes it as too slow, if it is for many. With true all is received, and onBufferEmpty() is
    /// called if onBufferFull() was, as it is before any Busy; returns when it has. What it sends arrives either way.
    void setReading(bool isReading);
    /// What it has received so far; and that of a stream in one piece.
    QList<TestMessage> received() const;
    QByteArray receivedBytes() const;
    /// Spins the event loop until \a count messages have been received. False if the deadline of the harness passes, or
    /// the connection closes, before.
    bool waitForReceived(qsizetype count);

    /// Closes it, and returns when onClose() has. Does nothing if it is closed.
    void close(int code = 1000, const QString &reason = {});
    /// Spins the event loop until it is closed. False if the deadline of the harness passes before.
    bool waitForClosed();
    /// How it was closed; only then.
    CloseReason closeReason() const;

    /// The first exception that has left one of its handlers, with its place. Null if there was none.
    QString problem() const;

private:
    std::shared_ptr<TestSocketPrivate> d;
};

/// A task or event that waits in a TestHarness. What neither its delivery nor its registration says is as [tasks] has
/// it by default. A value type.
struct TestTask
{
    TaskId id;                        ///< that deliver() or fire() has returned
    QByteArray name;                  ///< of the task or event
    bool isEvent = false;             ///< it is an event
    Payload payload;                  ///< as it was delivered
    std::chrono::milliseconds due{0}; ///< how long it still waits; zero or less: it is due
    int priority = 5;                 ///< see TaskOptions
    int attempts = 0;                 ///< tries that it has had
    int tries = 1;                    ///< in all
    QByteArray uniqueKey = {};        ///< empty: none
    bool durable = false;             ///< a server would keep it on disk
};

/// A message that the application has sent to a process. A value type.
struct TestProcessMessage
{
    ProcessAddress to; ///< as it was given
    Payload payload;   ///< as it was sent
};

/// A custom process that TestHarness runs in a thread. A cheap handle, whose copies are the same; to be used in the
/// main thread. Its pipe and its queue are those of server().process(): each read returns one write, and an item that
/// was pushed without a number goes to any copy.
class QUERN_EXPORT TestProcess
{
public:
    /// Made by TestHarness.
    explicit TestProcess(std::shared_ptr<TestProcessPrivate> d);
    TestProcess(const TestProcess &other);
    TestProcess &operator=(const TestProcess &other);
    ~TestProcess();

    /// Whether its function has not returned yet.
    bool isRunning() const;
    /// Has it end, as the server does when it stops, or reloads: onStop() or onReload() is called. Returns when its
    /// function has, or false when the deadline of the harness has passed.
    bool stop();
    bool reload();
    /// The same of one that ends by itself.
    bool waitForEnd();
    /// What it has written and nobody has read, in one piece; it stays there.
    QByteArray written() const;
    /// The first exception that has left one of its functions. Null if there was none.
    QString problem() const;

private:
    std::shared_ptr<TestProcessPrivate> d;
};

/// What [[table]] and [[atomic]] say in the settings of a server. A value type:
///
///     TestHarness harness(shop, {}, {.tables = {{"prices", 1000, {{"price", ColumnInfo::Type::Int, 8}}}}});
struct TestMemory
{
    QList<TableInfo> tables = {};   ///< empty when the harness is made
    QList<AtomicInfo> atomics = {}; ///< with their values
};

/// Runs a plugin in a test's own process, without server and sockets: what a worker does with a request from the moment
/// that its head and body are there, hooks, middleware, asynchronous answers and cleaners included. Cleaners
/// run when request() is about to return, though somebody may still hold the request.
///
///     Shop shop;
///     TestHarness harness(shop, {{"currency", "EUR"}});
///     const TestResponse response = harness.get("/cart");
///     QCOMPARE(response.status, 200);
///     QCOMPARE(response.json()->toObject()["currency"].toString(), "EUR");
///
/// It has connections as well, with one client each, and server() is a small server of its own for as long as it lives:
/// rooms, users, broadcasts and all that is asked of connections work between its clients.
///
///     TestSocket ann = harness.webSocket({.target = "/chat/lobby"}), bob = harness.webSocket({.target =
///     "/chat/lobby"}); QVERIFY(ann.send("hello")); QCOMPARE(bob.received().last().payload, "hello");
///
/// Needs a QCoreApplication, such as QTEST_GUILESS_MAIN makes, whose event loop it spins while an answer is not there.
/// The code of tasks and listeners runs as "task worker 0", that of cron jobs as "timer", that of a custom process as
/// itself, and all other as "worker 0", the only ones of their kinds, see Server::self(); what a server refuses to them
/// is refused here. But all of them have the same instance of the plugin, which on a server each process has its own
/// of.
///
/// To be used in the main thread. What only the server does is not done: limits of size and number, static files,
/// ranges, compression, error pages, the cutting of streams into packages. What is sent by connections has the limits
/// of a server whose settings are the defaults: a message of more than 2 MiB is Error::TooLarge; see also
/// TestSocket::setReading(). Ports have the names of their handlers, without addresses; Server::ports() lists each
/// socket handler twice, as a stream and as a datagram port.
class QUERN_EXPORT TestHarness
{
public:
    /// Installs \a plugin, which outlives the harness. \a settings is what stands in [plugin.settings]; TOML's integers
    /// are qint64, its arrays QVariantList, its tables QVariantMap. \a memory is what server().table() and atomic()
    /// find, in install() as well, for as long as the harness lives.
    explicit TestHarness(HandlerPlugin &plugin, const QVariantMap &settings = {}, const TestMemory &memory = {});
    ~TestHarness();
    Q_DISABLE_COPY_MOVE(TestHarness)

    /// Whether install() succeeded: Error::Invalid, with the text of the exception, if it threw, or if no server could
    /// have these tables and atomics.
    const Result<void> &installed() const;

    /// How messages name the plugin, as the "name" of its metadata does in a worker; its class if never set.
    void setName(const QString &name);
    /// How long a request may take, the end of a stream included; 5 s if never set.
    void setDeadline(std::chrono::milliseconds time);

    /// Sends a request, and returns when its answer is complete, its stream has ended, or the deadline has passed.
    TestResponse request(const TestRequest &request);
    TestResponse get(const QByteArray &target);
    /// \a contentType as the Content-Type field; none if it is empty.
    TestResponse post(const QByteArray &target, const QByteArray &body, const QByteArray &contentType = {});

    /// Has requests and WebSockets come in by a port with handler = \a handler from now on, see Application::port();
    /// empty: by one of [server].
    void usePort(const QByteArray &handler);
    /// Opens a WebSocket by \a request, whose method and body are not looked at: its target, and fields such as
    /// Sec-WebSocket-Protocol. Returns when onOpen() has, or it was refused; see TestSocket::response().
    TestSocket webSocket(const TestRequest &request);
    /// Connects to a stream port with handler = \a handler, see Application::socket(). Returns when onConnect() has.
    TestSocket connectStream(const QByteArray &handler,
                             const QByteArray &remoteAddress = QByteArrayLiteral("127.0.0.1"));
    /// Sends a datagram to a port with handler = \a handler, and returns when onPacket() has: the datagrams that were
    /// sent back to \a remoteAddress and \a remotePort meanwhile. Error::NotFound if there is no such handler,
    /// Error::Internal with its text if it threw.
    Result<QList<QByteArray>> packet(const QByteArray &handler, const QByteArray &payload,
                                     const QByteArray &remoteAddress = QByteArrayLiteral("127.0.0.1"),
                                     quint16 remotePort = 49152);
    /// Calls the life-cycle hooks of these kinds, kind by kind as they are given; nothing else calls them:
    ///
    ///     QVERIFY(harness.runHooks({HookKind::ServerStart, HookKind::WorkerStart, HookKind::Ready}));
    ///
    /// As on a server, those of a kind are called in the order of their registration; one that returns an error or
    /// throws is logged, and the others follow, but for the kinds behind ServerStart and HealthCheck: the server does
    /// not start then, or the process does not serve. Returns the first Error, with a text that names the hook. Those
    /// of ServerStart and ServerStop run in a process that delivers nothing, the others as "worker 0", where those of
    /// WorkerStart, HealthCheck and WorkerError may not wait for an answer, as by deliverAndWait(). \a failure is what
    /// those of WorkerError are told.
    Result<void> runHooks(const QList<HookKind> &kinds, const WorkerFailure &failure = {});

    /// Runs the cron job \a name once, as if it were due now, in the calling thread, and returns what it has: the Error
    /// of its handler; Error::Internal, with its text, if it threw; Error::Timeout if it took longer than the deadline
    /// of the harness, from which on CronRun::isStopRequested() is true. Error::NotFound if there is no such job;
    /// Error::Unavailable if a run has called CronRun::stop() before.
    Result<void> runCron(const QByteArray &name, const QVariantMap &parameters = {});
    /// All datagrams that the application has sent.
    QList<TestPacket> sentPackets() const;

    /// What the plugin has counted so far: the value of a counter or gauge; of a histogram x how many values were seen,
    /// x_count, and their sum, x_sum. \a labels are all that it has. Nullopt if there is no such metric or series, or
    /// the gauge has no value.
    ///
    ///     QCOMPARE(harness.metric("shop_orders_total", {{"city", "berlin"}}), 1);
    std::optional<double> metric(QByteArrayView sample, const QMap<QByteArray, QByteArray> &labels = {}) const;

    /// Tasks and events that were delivered and have not ended, in the order of their delivery. They wait until
    /// runTasks() runs them.
    QList<TestTask> tasks() const;
    /// Moves the clock of the queue on by \a elapsed, and runs what falls due until then, at its time: next tries of
    /// what fails, and what is delivered meanwhile, included. Returns how many tries were run, 100,000 at most. What is
    /// to hear of tasks, TaskOptions::accepted, finished and TaskHandler::onFinish(), is called within it; what they
    /// throw is logged. Timeouts and durability are the server's.
    int runTasks(std::chrono::milliseconds elapsed = std::chrono::milliseconds(0));
    /// How tasks and events have ended so far, in that order; an event without payload if all went well.
    QList<TaskResult> endedTasks() const;

    /// Calls what Application::process() was given for \a handler in a thread of its own, as copy \a number with these
    /// parameters. It is asked to end with the harness, and must return within its deadline then.
    TestProcess startProcess(const QByteArray &handler, const QVariantMap &parameters = {}, int number = 0);
    /// The messages that were sent to processes. There are one worker, one task worker, the timer if there are cron
    /// jobs, and each copy of each registered process; a message calls what Application::onMessage() was given, in the
    /// main thread and as the process that it is for: to all of a name, once for each copy that was started. One to all
    /// of a kind never reaches who sends it. To test onMessage(), send to ProcessAddress::worker(0).
    QList<TestProcessMessage> sentMessages() const;

private:
    const std::unique_ptr<TestHarnessPrivate> d;
};

} // namespace Quern
