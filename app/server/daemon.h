#pragma once

#include "base/filedescriptor.h"

#include <Quern/result.h>

#include <chrono>
#include <functional>

namespace Quern::app {

/// Puts the server into the background in such a way that the command knows how the start went. Used before
/// QCoreApplication and any thread exist.
class Daemon
{
public:
    enum class Side {
        Command, ///< the process the user started: call waitForOutcome()
        Server,  ///< the new process: call reportReady() or reportFailure() once
    };

    /// Forks: returns in both processes.
    Result<Side> split();

    /// In the command: waits until the server has reported or has died, and calls \a waiting twice a second meanwhile.
    /// Its report is empty if it is ready, else the reason.
    QByteArray waitForOutcome(std::chrono::milliseconds patience, const std::function<void()> &waiting);

    void reportReady();
    void reportFailure(const QByteArray &reason);

    qint64 serverPid() const { return m_serverPid; }

private:
    void report(const QByteArray &text);

    base::FileDescriptor m_pipe; ///< the command's or the server's end
    qint64 m_serverPid = 0;
};

} // namespace Quern::app
