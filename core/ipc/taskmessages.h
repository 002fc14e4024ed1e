#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>

namespace Quern::ipc {

/// What a task's frames tell of it. Part of the wire format.
enum TaskFlag : quint8 {
    EventTask = 1,       ///< it is an event: its listeners run in their order
    DurableTask = 2,     ///< it is to outlive the server
    VolatileTask = 4,    ///< it is to stay in memory, even if it is delayed
    WantsAnswer = 8,     ///< the deliverer is told that it was accepted; a refusal is always told
    WantsFinish = 16,    ///< the deliverer is told how it ended
    MapPayload = 32,     ///< the payload is a CBOR map; else bytes
    SpilledPayload = 64, ///< the payload is the name of a file in the spill folder, UTF-8
};

/// A task or event on its way to the broker; the frame's id is its own.
/// Shape: u64 delay | u32 timeout | u32 retry delay | u32 longest retry delay | u16 tries | u16 name length | u16
/// unique key length | u8 priority | u8 flags | u32 sender + 1 | name | unique key | payload. Times are milliseconds.
struct DeliverMessage
{
    quint64 delayMs = 0;
    quint32 timeoutMs = 0; ///< of one try; 0: none
    quint32 retryDelayMs = 0;
    quint32 retryDelayMaxMs = 0;
    quint16 tries = 1;
    quint8 priority = 5;
    quint8 flags = 0;   ///< of TaskFlag
    qint32 sender = -1; ///< from the broker before this one: the number of the worker that has delivered it; -1: none
    QByteArrayView name;
    QByteArrayView uniqueKey;
    QByteArrayView payload;
};
inline constexpr qsizetype DeliverHeaderSize = 32;

void appendDeliver(QByteArray &out, quint64 id, const DeliverMessage &message);
/// Error::Protocol if a length does not fit. All views of these messages point into the payload of the frame.
Result<DeliverMessage> decodeDeliver(QByteArrayView payload);

/// What has become of a delivery: the answer of the broker. Shape: u8 code | text, UTF-8. The code is 0 if the task was
/// accepted, else Error::Code + 1.
QByteArray encodeDeliverAnswer(const Result<void> &outcome);
Result<void> decodeDeliverAnswer(QByteArrayView payload);

/// A task on its way to a task worker; the frame's id is its own.
/// Shape: u64 sequence | u32 resume at | u16 attempt | u16 tries | u16 name length | u8 flags | u8 reserved | u32
/// reserved | name | payload.
struct RunTaskMessage
{
    quint64 sequence = 0; ///< of this channel, from 1; see TaskGate
    quint32 resumeAt = 0; ///< of an event: the first listener that has not run yet
    quint16 attempt = 1;  ///< from 1
    quint16 tries = 1;
    quint8 flags = 0; ///< of TaskFlag
    QByteArrayView name;
    QByteArrayView payload;
};
inline constexpr qsizetype RunTaskHeaderSize = 24;

void appendRunTask(QByteArray &out, quint64 id, const RunTaskMessage &message);
Result<RunTaskMessage> decodeRunTask(QByteArrayView payload);

/// How a try has ended. Part of the wire format.
enum class TaskOutcome : quint8 {
    Done = 0,
    Failed = 1,   ///< another try may follow
    Hopeless = 2, ///< no other try can succeed: nobody handles it
    TooLarge = 3, ///< the same: its result is longer than it may be
};

/// What a task worker tells of a try that has ended; the frame's id is that of the task.
/// Shape: u64 sequence | u32 resume at | u32 error length | u8 outcome | u8 flags | u16 reserved | u32 reserved | error
/// | result.
struct TaskDoneMessage
{
    quint64 sequence = 0;
    quint32 resumeAt = 0; ///< of an event that failed: the listener that is to run next
    TaskOutcome outcome = TaskOutcome::Done;
    quint8 flags = 0;     ///< of the result: MapPayload, SpilledPayload
    QByteArrayView error; ///< UTF-8; of one that is done: why its result is not here
    QByteArrayView result;
};
inline constexpr qsizetype TaskDoneHeaderSize = 24;

void appendTaskDone(QByteArray &out, quint64 id, const TaskDoneMessage &message);
Result<TaskDoneMessage> decodeTaskDone(QByteArrayView payload);

/// What the deliverer is told of the end of a task; the frame's id is that of the task.
/// Shape: u32 error length | u16 attempts | u16 name length | u8 code | u8 flags | u16 reserved | u32 reserved | name |
/// error | result. The code is 0 if it is done, else Error::Code + 1.
struct TaskFinishedMessage
{
    quint16 attempts = 1;
    quint8 code = 0;
    quint8 flags = 0; ///< EventTask; and of the result MapPayload, SpilledPayload
    QByteArrayView name;
    QByteArrayView error; ///< UTF-8
    QByteArrayView result;
};
inline constexpr qsizetype TaskFinishedHeaderSize = 16;

void appendTaskFinished(QByteArray &out, quint64 id, const TaskFinishedMessage &message);
Result<TaskFinishedMessage> decodeTaskFinished(QByteArrayView payload);

/// Longest names and keys, in bytes.
inline constexpr qsizetype MaxTaskName = 128;
inline constexpr qsizetype MaxUniqueKey = 255;
/// A longer payload or result always goes through a file, in bytes.
inline constexpr qsizetype MaxInlinePayload = 1024 * 1024;

} // namespace Quern::ipc
