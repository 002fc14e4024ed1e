#pragma once

#include "admin/protocol/linedecoder.h"
#include "admin/protocol/message.h"
#include "admin/protocol/operation.h"

#include <Quern/result.h>

#include <QLocalSocket>

#include <chrono>
#include <functional>

namespace Quern::app {

/// The command line's side of the management protocol: asks and waits, each time with a deadline. Any one thread.
class ControlClient
{
public:
    /// Error::Unavailable if nobody listens at \a path.
    Result<void> connectTo(const QString &path);

    static constexpr std::chrono::milliseconds callTimeout = std::chrono::seconds(5);

    /// The answer to one request. Error::Timeout after \a patience, Error::Unavailable if the server goes away, or what
    /// it answered.
    Result<QJsonObject> call(QLatin1StringView method, const QJsonObject &params = {},
                             std::chrono::milliseconds patience = callTimeout);

    using Progress = std::function<void(const QString &step)>;
    /// Waits until the operation has ended, tells its steps as they come, and calls \a waiting twice a second in
    /// between. Error::Unavailable if the server goes away before, which is what a stopping server may do;
    /// Error::Timeout if it is not over when its patience ends.
    Result<admin::Operation> follow(const admin::OperationReference &reference, const Progress &progress,
                                    const std::function<void()> &waiting);

    /// The next event, whichever it is. Error::Timeout if none comes in time, Error::Unavailable once the server has
    /// gone.
    Result<admin::Event> nextEvent(std::chrono::milliseconds patience);

private:
    Result<admin::ServerMessage> receive(std::chrono::steady_clock::time_point deadline);

    QLocalSocket m_socket;
    admin::LineDecoder m_decoder;
    qint64 m_serial = 0;
};

} // namespace Quern::app
