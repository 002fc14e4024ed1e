#pragma once

#include "admin/protocol/access.h"

#include <QMetaType>
#include <QString>

#include <chrono>

namespace Quern::console {

/// How the console stands with its server. A value type.
struct LinkState
{
    enum class Phase {
        Idle,       ///< no server is chosen
        Connecting, ///< for the first time, or anew
        Connected,
        Silent,  ///< the connection is there, but nothing has come for too long
        Waiting, ///< it is lost, or nobody answered: the next try is due in retryIn
        Refused, ///< the server does not let us in: nothing is tried until somebody asks for it
    };

    Phase phase = Phase::Idle;
    QString reason; ///< why it is not connected, for people
    std::chrono::milliseconds retryIn{0};
    admin::Role role = admin::Role::Viewer; ///< what we may do, while connected
    QString who;                            ///< as whom the server knows us

    /// Requests are answered.
    bool isUp() const { return phase == Phase::Connected || phase == Phase::Silent; }

    bool operator==(const LinkState &) const = default;
};

} // namespace Quern::console

Q_DECLARE_METATYPE(Quern::console::LinkState)
