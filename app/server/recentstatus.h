#pragma once

#include "admin/protocol/status.h"
#include "base/clock.h"

#include <QJsonObject>

#include <functional>
#include <optional>

namespace Quern::app {

/// The server's status as it was a moment ago: whoever may look, and however often he does, it is looked at once within
/// Oldest. Lives in the main thread.
class RecentStatus
{
public:
    /// Shorter than any stream's interval, so that each of its snapshots is a new one.
    static constexpr std::chrono::milliseconds Oldest{150};

    using Look = std::function<admin::Status()>;
    using Clock = std::function<base::MonotonicTime()>;

    explicit RecentStatus(Look look, Clock clock = std::chrono::steady_clock::now);

    const admin::Status &status();
    const QJsonObject &json();
    /// Something has changed that is to be seen at once.
    void forget() { m_lookedAt.reset(); }

private:
    Look m_look;
    Clock m_clock;
    std::optional<base::MonotonicTime> m_lookedAt;
    admin::Status m_status;
    QJsonObject m_json; ///< of it; empty: not made yet
};

} // namespace Quern::app
