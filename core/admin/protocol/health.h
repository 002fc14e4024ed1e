#pragma once

#include "admin/protocol/status.h"

namespace Quern::admin {

/// How the server is, in short: the result of server.health.
/// Shape: {"state": "running", "ready": true, "sentence": "All is well: 2 of 2 workers are ready.", "pools": […]}
struct Health
{
    Status::State state = Status::State::Starting;
    bool ready = false; ///< a new request finds a worker, and is welcome
    QString sentence;   ///< for people
    QList<PoolStatus> pools;

    static Health of(const Status &status);

    QJsonObject toJson() const;
    static QJsonObject schema();
};

} // namespace Quern::admin
