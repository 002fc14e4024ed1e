#pragma once

#include "base/filedescriptor.h"
#include "dispatch/exchange.h"
#include "net/listener.h"

#include <Quern/result.h>

#include <QByteArray>
#include <QString>

#include <chrono>

namespace Quern::dispatch {

/// How a line of the access log looks.
enum class AccessLogFormat { Common, Combined, Json };

struct AccessLogSettings
{
    QString path; ///< absolute; empty: no access log
    AccessLogFormat format = AccessLogFormat::Combined;
    std::chrono::milliseconds slowTime{0}; ///< a request that takes longer is told in the server's log; 0: none

    bool isWanted() const { return !path.isEmpty() || slowTime.count() > 0; }
};

/// What log and metrics call the status of a request whose client left before it was answered; nginx's number.
inline constexpr int clientClosed = 499;

/// Notes down the requests of one reactor. Each reactor has the file open for itself and writes whole lines, so that
/// they mix but never break. Lives in its reactor thread.
class AccessLog
{
public:
    /// What is kept before it is written, in bytes; see flush() as well.
    static constexpr qsizetype BufferSize = 32 * 1024;

    explicit AccessLog(const AccessLogSettings &settings) : m_settings(settings) {}
    ~AccessLog();
    Q_DISABLE_COPY_MOVE(AccessLog)

    /// Opens the file, or opens it again after it has been moved away. Error::Io and the like with the path.
    Result<void> open();
    /// \a exchange has come to its end, \a unsent bytes of its answer did not reach the client.
    void note(const Exchange &exchange, const net::Peer &peer, quint64 unsent);
    /// Writes what is kept. To be called from time to time.
    void flush();

private:
    AccessLogSettings m_settings;
    base::FileDescriptor m_file;
    QByteArray m_buffer;
    quint64 m_lost = 0;     ///< lines that could not be written since the last report
    bool m_midLine = false; ///< the file ends within a line, because it took no more
};

} // namespace Quern::dispatch
