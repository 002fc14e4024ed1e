#pragma once

#include "ipc/processplan.h"
#include "sdk/src/process_p.h"
#include "worker/postclient.h"

#include <QObject>
#include <QThread>

#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>

namespace Quern::worker {

class HandlerHost;

/// Why a custom process is to leave. The numbers are part of the wire format: the payload of a Leaving frame.
enum class LeaveReason : quint8 { Stop = 0, Reload = 1 };

/// A custom process: runs what its plugin has registered in a thread of its own. Lives in the main thread; what Process
/// asks for is called in the other one.
class ProcessHost final : public QObject, private ProcessBackend
{
    Q_OBJECT
public:
    /// All outlive the host. \a number is that among the copies.
    ProcessHost(const ProcessSpec &spec, const ipc::ProcessEntry &entry, int number, PostClient &post,
                HandlerHost &host);
    ~ProcessHost() override;

    /// Its predecessor has gone.
    void begin();
    bool isStopRequested() const override;
    /// It is to end: ended() follows, soon if it has not begun.
    void leave(LeaveReason reason);

Q_SIGNALS:
    /// The function has returned, or thrown: \a problem is what, then. \a exitCode is that of the process.
    void ended(int exitCode, const QString &problem);

private:
    // ProcessBackend
    QString name() const override { return m_entry.name; }
    int number() const override { return m_number; }
    int count() const override { return m_entry.num; }
    const QVariantMap &parameters() const override { return m_entry.parameters; }
    bool waitForStop(std::chrono::milliseconds time) const override;
    Result<QByteArray> read(std::chrono::milliseconds timeout) override;
    Outcome write(const QByteArray &bytes) override;
    Result<Payload> pop(std::chrono::milliseconds timeout) override;

    void run();
    /// False if it was requested before.
    bool requestStop();
    /// Asks the broker, and waits until the answer comes, the time is over or it is to end.
    Result<PostClient::Answer> ask(ipc::PostMessage message, std::chrono::milliseconds timeout);

    const ProcessSpec &m_spec;
    const ipc::ProcessEntry m_entry;
    const int m_number;
    PostClient &m_post;
    HandlerHost &m_host;
    std::unique_ptr<QThread> m_thread;
    int m_exitCode = 0;         ///< set in m_thread before it ends
    QString m_problem;          ///< the same
    quint64 m_itemInHand = 0;   ///< in m_thread
    mutable std::mutex m_mutex; ///< guards what follows
    mutable std::condition_variable m_stopChanged;
    bool m_stopRequested = false;
    quint64 m_awaited = 0;      ///< the request that read() or pop() waits for; 0: none
    std::set<quint64> m_writes; ///< those that calls of write() wait for
};

} // namespace Quern::worker
