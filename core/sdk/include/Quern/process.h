#pragma once

#include <Quern/global.h>
#include <Quern/payload.h>
#include <Quern/posted.h>
#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>
#include <QVariantMap>

#include <chrono>
#include <concepts>
#include <functional>

namespace Quern {

class ApplicationPrivate;
class ProcessBackend;
struct ProcessSpec;

/// One process of the server, or all of a kind: whom a message is for, or whom it is from. A value type.
struct QUERN_EXPORT ProcessAddress
{
    /// What it is for.
    enum class Kind {
        None,       ///< none that can be written to
        Worker,     ///< answers requests
        TaskWorker, ///< runs tasks and listeners of events
        Timer,      ///< runs cron jobs
        Process,    ///< a custom process
    };

    Kind kind = Kind::None; ///< what it is for
    int number = -1;        ///< among those of its kind or name, from 0; -1: all of them
    QString name = {};      ///< of the [[process]] entry; empty for other kinds

    static ProcessAddress worker(int number = -1);                       ///< a worker, or all
    static ProcessAddress taskWorker(int number = -1);                   ///< a task worker, or all
    static ProcessAddress timer();                                       ///< the process that runs cron jobs
    static ProcessAddress process(const QString &name, int number = -1); ///< a custom process, or all its copies

    /// The same of a name in UTF-8: QByteArray, QByteArrayView or a literal.
    template <std::convertible_to<QByteArrayView> Name>
    static ProcessAddress process(const Name &name, int number = -1)
    {
        return process(QString::fromUtf8(QByteArrayView(name)), number);
    }

    /// For people: "worker 1", "all workers", "process mailer 0".
    QString toString() const;

    bool operator==(const ProcessAddress &) const = default; ///< the same
};

/// What another process has sent, see Server::sendMessage() and Application::onMessage(). A value type.
struct ProcessMessage
{
    ProcessAddress from; ///< who has sent it
    Payload payload;     ///< as it was sent
};

/// A custom process, as its own function sees it: what Application::process() was given is called with it, in a thread
/// of its own, and the process ends when that returns. Lives during the call; for that thread alone, but for
/// isStopRequested(), waitForStop() and write().
///
///     app.process("mailer", [](Quern::Process &process) {
///         while (!process.isStopRequested()) {
///             if (const auto item = process.pop(1s))
///                 send(item->map());
///         }
///     });
class QUERN_EXPORT Process
{
public:
    /// Made by the process.
    explicit Process(ProcessBackend &backend) : d(&backend) {}
    Q_DISABLE_COPY_MOVE(Process)

    QString name() const;                  ///< of the [[process]] entry
    int number() const;                    ///< among its copies, from 0
    int count() const;                     ///< how many copies there are ("num")
    const QVariantMap &parameters() const; ///< the free-form table of the entry

    /// Whether it is to end, since the server stops or is reloaded: return within max_wait_time, or the process and the
    /// programs that it has started are killed.
    bool isStopRequested() const;
    /// Sleeps for \a time, but no longer than until it is to end. Returns isStopRequested().
    bool waitForStop(std::chrono::milliseconds time) const;

    /// Waits for what is written to the pipe of the process: of a stream all that is there, at most 1 MiB, of a
    /// datagram pipe one datagram. What it returns is gone from the pipe. Error::Timeout if nothing has come within \a
    /// timeout, Error::Unavailable as soon as it is to end, Error::Invalid without a pipe.
    Result<QByteArray> read(std::chrono::milliseconds timeout);
    /// Writes to its own pipe, for those who read it by ProcessHandle. Error::Busy if there is no room for all of it
    /// (pipe_buffer), Error::TooLarge beyond 1 MiB, Error::Invalid without a pipe: nothing is written then. If the
    /// server is too busy to answer, Error::Timeout, or Error::Unavailable half a second after the process is to end:
    /// it may be written later.
    Outcome write(const QByteArray &bytes);

    /// Waits for the next item of the queue. It is in the process's hand from then on, and done when pop() is called
    /// again or the function returns: if the process dies before, or its function throws, the item goes to the next
    /// process, in its place. An item in whose sight five processes have died is dropped, and the log tells.
    /// Error::Timeout if there was none within \a timeout, Error::Unavailable as soon as it is to end, Error::Invalid
    /// without a queue. To push, see ProcessHandle.
    Result<Payload> pop(std::chrono::milliseconds timeout);

private:
    ProcessBackend *d;
};

/// A custom process that was just registered; its calls chain. After HandlerPlugin::install() they throw
/// std::logic_error, and std::invalid_argument for an empty or a second function. Both functions are called in the main
/// thread of the process, once, when Process::isStopRequested() has become true; they need not wait for anything.
class QUERN_EXPORT ProcessHandler
{
public:
    /// Made by Application::process().
    ProcessHandler(ApplicationPrivate *application, ProcessSpec *spec) : d(application), m_spec(spec) {}

    ProcessHandler &onReload(std::function<void()> handler); ///< called when a newer generation takes over
    ProcessHandler &onStop(std::function<void()> handler);   ///< called when the server stops

private:
    ApplicationPrivate *d;
    ProcessSpec *m_spec;
};

/// A custom process as the others see it: its pipe and its queue, which are there whether it runs or is being replaced.
/// Made by Server::process(). A cheap value type; any thread of a child.
///
/// Each call returns at once with what is known by then: Error::NotFound if there is no such process or copy,
/// Error::Invalid if it has no pipe or no queue, or \a number is needed and was not given, Error::TooLarge beyond 1
/// MiB, Error::Busy if the server does not take what was sent before, Error::Unavailable without a server. What the
/// server refuses afterwards, mostly Error::Busy since pipe or queue are full, is told to \a accepted, in the main
/// thread, or else to the log. \a accepted and \a chunk are told what the call itself refuses as well, later, by the
/// event loop; only where there is no server, or not yet, is nothing called. The calls with "AndWait" wait for the
/// server's answer and return it.
class QUERN_EXPORT ProcessHandle
{
public:
    /// Called in the main thread of the caller's process.
    using Accepted = std::function<void(const Result<void> &outcome)>;
    using Chunk = std::function<void(const Result<QByteArray> &bytes)>; ///< the same

    /// Made by Server::process().
    ProcessHandle(QString name, int number) : m_name(std::move(name)), m_number(number) {}

    const QString &name() const { return m_name; } ///< of the [[process]] entry
    int number() const { return m_number; }        ///< of the copy; -1: the only one, or any

    /// Writes to the pipe of the process: what Process::read() returns there.
    Posted<void> write(const QByteArray &bytes, Accepted accepted = {}) const;
    [[nodiscard]] Outcome writeAndWait(const QByteArray &bytes,
                                       std::chrono::milliseconds timeout = std::chrono::seconds(5)) const;
    /// Reads what the process writes, or prints with redirect = true: of a stream all that is there, at most 1 MiB, of
    /// a datagram pipe one datagram. Each byte goes to one reader, in the order in which they ask. Error::Timeout if
    /// nothing has come within \a timeout.
    Posted<void> read(Chunk chunk, std::chrono::milliseconds timeout = std::chrono::seconds(30)) const;
    Result<QByteArray> readAndWait(std::chrono::milliseconds timeout) const;
    /// Puts an item into the queue of the process: of a shared one without \a number, of an addressed one with it.
    Posted<void> push(const Payload &payload, Accepted accepted = {}) const;
    [[nodiscard]] Outcome pushAndWait(const Payload &payload,
                                      std::chrono::milliseconds timeout = std::chrono::seconds(5)) const;

private:
    QString m_name;
    int m_number;
};

} // namespace Quern
