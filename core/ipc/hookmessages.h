#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>
#include <QString>

namespace Quern::ipc {

/// When a hook is called, as sdk/src/lifecycle_p.h numbers it. Part of the wire format.
enum class Hook : quint8 {
    ServerStart = 1,
    ServerStop = 2,
    WorkerStart = 3,
    WorkerStop = 4,
    WorkerError = 5,
    Ready = 6,
    Drain = 7,
    HealthCheck = 8,
};

/// master → child: call the hooks of one kind. Shape: u8 kind | u64 pid | u16 process length | process | reason. All
/// but the kind are those of the process that has failed, for WorkerError.
struct RunHooksMessage
{
    Hook kind = Hook::WorkerStart;
    quint64 pid = 0;
    QString process = {}; ///< "worker 1"
    QString reason = {};

    QByteArray encode() const;
    static Result<RunHooksMessage> decode(QByteArrayView payload);
};

/// child → master: they have been called. Shape: u8 kind | what the first that failed has said; empty if none did.
struct HooksDoneMessage
{
    Hook kind = Hook::WorkerStart;
    QString problem;

    QByteArray encode() const;
    static Result<HooksDoneMessage> decode(QByteArrayView payload);
};

} // namespace Quern::ipc
