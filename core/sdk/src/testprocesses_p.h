#pragma once

#include "application_p.h"

#include <Quern/testharness.h>

#include <QObject>
#include <QThread>

#include <chrono>
#include <condition_variable>
#include <deque>
#include <list>
#include <map>
#include <memory>
#include <mutex>

namespace Quern {

/// The pipes and queues of a TestHarness, and what waits for them. Each registered process has all of them, whether it
/// runs or not, for as many copies as anybody asks for. Any thread, but for what is said otherwise.
class TestProcesses
{
public:
    /// As the settings have them by default.
    static constexpr qint64 PipeBuffer = 1 << 20;
    static constexpr std::size_t QueueCapacity = 1000;

    explicit TestProcesses(const ApplicationPrivate &application) : m_application(application) {}
    Q_DISABLE_COPY_MOVE(TestProcesses)

    Outcome call(const ProcessCall &call, const ProcessAnswer &answered);
    Result<Payload> callAndWait(const ProcessCall &call);

    // For a process, in its thread:
    Result<void> write(const QByteArray &name, int number, const QByteArray &bytes);
    Result<QByteArray> read(const QByteArray &name, int number, std::chrono::milliseconds timeout,
                            const std::function<bool()> &isStopped);
    Result<Payload> pop(const QByteArray &name, int number, std::chrono::milliseconds timeout,
                        const std::function<bool()> &isStopped);
    /// It was not done with it.
    void giveBack(const QByteArray &name, const Payload &item);
    /// Somebody's isStopped() may have changed.
    void wake();
    /// What it has written and nobody has read.
    QByteArray written(const QByteArray &name, int number);

private:
    /// A read of a ProcessHandle that has nothing yet; it waits in the main thread.
    struct Reader
    {
        quint64 id = 0;
        ProcessAnswer answered;
    };
    struct Pipe
    {
        std::deque<QByteArray> chunks;
        qint64 bytes = 0;
        std::list<Reader> readers;

        Result<void> write(const QByteArray &chunk);
        QByteArray take();
    };
    /// Of one copy; of a queue without a copy the number is -1.
    using Place = std::pair<QByteArray, int>;

    Result<void> check(const ProcessCall &call) const;
    /// A write or a push.
    Result<void> put(const ProcessCall &call);
    /// Has it called by the event loop.
    void tellLater(const ProcessAnswer &answered, const Result<Payload> &answer);
    static void tell(const ProcessAnswer &answered, const Result<Payload> &answer);
    void readLater(const Place &place, const ProcessCall &call, const ProcessAnswer &answered);
    void handOut(const Place &place);

    const ApplicationPrivate &m_application;
    QObject m_home;     ///< in the main thread
    std::mutex m_mutex; ///< guards what follows
    std::condition_variable m_changed;
    std::map<Place, Pipe> m_input;
    std::map<Place, Pipe> m_output;
    std::map<Place, std::deque<Payload>> m_queues;
    quint64 m_serial = 0;
};

/// A custom process that runs in a thread of the test. For the main thread, but for what the process itself asks.
class TestProcessPrivate final : public ProcessBackend
{
public:
    /// How it is asked to end.
    enum class Leave { Quietly, Stop, Reload };

    TestProcessPrivate(std::shared_ptr<TestProcesses> processes, const ProcessSpec &spec, const QVariantMap &parameters,
                       int number, std::chrono::milliseconds deadline);
    ~TestProcessPrivate() override;
    Q_DISABLE_COPY_MOVE(TestProcessPrivate)

    /// Asks it to end and tells it why, unless it was asked before. Returns whether it has ended by the deadline.
    bool leave(Leave how);
    bool isRunning() const { return !m_thread->isFinished(); }
    bool waitForEnd();
    QString problem() const;

    QByteArray written() const { return m_processes->written(m_name, m_number); }

    ProcessAddress address() const { return ProcessAddress::process(name(), m_number); }
    QString name() const override { return QString::fromUtf8(m_name); }
    int number() const override { return m_number; }
    int count() const override { return m_number + 1; }
    const QVariantMap &parameters() const override { return m_parameters; }
    bool isStopRequested() const override;
    bool waitForStop(std::chrono::milliseconds time) const override;
    Result<QByteArray> read(std::chrono::milliseconds timeout) override;
    Outcome write(const QByteArray &bytes) override;
    Result<Payload> pop(std::chrono::milliseconds timeout) override;

private:
    void run();
    void call(const std::function<void()> &handler);
    void note(const QString &problem);

    const std::shared_ptr<TestProcesses> m_processes;
    const ProcessSpec &m_spec; ///< until it has ended
    const QByteArray m_name;
    const QVariantMap m_parameters;
    const int m_number;
    const std::chrono::milliseconds m_deadline;
    std::optional<Payload> m_inHand; ///< in its thread
    mutable std::mutex m_mutex;      ///< guards what follows
    mutable std::condition_variable m_stopChanged;
    bool m_stopRequested = false;
    QString m_problem;
    std::unique_ptr<QThread> m_thread; ///< the last to begin
};

} // namespace Quern
