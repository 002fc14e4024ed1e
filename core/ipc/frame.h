#pragma once

#include <Quern/result.h>

#include <QByteArray>
#include <QByteArrayView>

#include <optional>

namespace Quern::ipc {

/// What a frame means. The numbers are part of the wire format: append only, never reuse.
enum class FrameType : quint16 {
    Boot = 1,         ///< master → child: what to load (CBOR)
    Hello = 2,        ///< child → master: ready, with the manifest of its plugins (CBOR)
    BootFailed = 3,   ///< child → master: cannot serve; UTF-8 text
    Request = 4,      ///< master → worker: RequestMessage and the first part of the body
    RequestBody = 5,  ///< master → worker: the next part of the body
    Response = 6,     ///< worker → master: ResponseMessage and the first part of the body
    ResponseBody = 7, ///< worker → master: the next part of the body
    Credit = 8,       ///< receiver → sender of a body: u32, bytes that may follow
    Cancel = 9,       ///< master → worker: nobody waits for this request any more
    Deferred = 10,    ///< worker → master: the handler has returned and will answer later
    Stop = 11,        ///< master → child: leave; nothing is in flight
    ResponseEnd = 12, ///< worker → master: a streamed answer is complete; its trailer fields ("Name: value\r\n" …)
    ResponseAbort = 13, ///< worker → master: a streamed answer will never be complete
    RequestEnd = 14,    ///< master → worker: a streamed body is complete; its trailer fields
    Leaving = 15,       ///< master → child: what is open should come to its end; nothing new follows
    BootStep =
        16, ///< child → master: which plugin it is about to load, as messages name it (UTF-8); empty: none any more
    LogLevels = 17,  ///< master → child: which lines it logs from now on, as base::LogLevels::text()
    Event = 18,      ///< master → worker: EventMessage of the connection \a id, and the first part of its body
    EventBody = 19,  ///< master → worker: the next part of the body of the last Event of this channel
    EventsDone = 20, ///< worker → master: all events of this channel up to the sequence \a id have been handled
    Command = 21, ///< child → master: CommandMessage for the connection \a id, or for several; first part of its body
    CommandBody = 22,    ///< child → master: the next part of the body of the last Command of this channel
    Begin = 23,          ///< master → timer, custom process: its predecessor has gone, and its generation serves
    Deliver = 24,        ///< child → broker: DeliverMessage
    DeliverAnswer = 25,  ///< broker → child: what has become of it
    RunTask = 26,        ///< broker → task worker: RunTaskMessage
    TaskDone = 27,       ///< task worker → broker: TaskDoneMessage
    TaskFinished = 28,   ///< broker → worker: TaskFinishedMessage
    Post = 29,           ///< child ⇄ broker: PostMessage
    RunHooks = 30,       ///< master → child: RunHooksMessage
    HooksDone = 31,      ///< child → master: HooksDoneMessage
    CronState = 40,      ///< timer process → master: how its jobs are, whenever that changes (CBOR)
    CronCommand = 41,    ///< master → timer process: what to do with a job (CBOR)
    CronPrograms = 42,   ///< timer process → master: CronProgramsMessage, whenever that changes
    Ending = 43,         ///< custom process → master: why it is about to end, what it threw (UTF-8)
    PoolSizes = 44,      ///< master → child: how many workers and task workers there are from now on
    HandoverProven = 45, ///< next master → master: its workers are ready
    HandoverFailed = 46, ///< next master → master: it cannot serve; UTF-8 text
    TakeOver = 47,       ///< master → next master: the timers stand still, and the tasks are on disk
    TakenOver = 48,      ///< next master → master: it serves
};

/// u32 length (of the payload) | u16 type | u16 flags | u64 id, little-endian.
inline constexpr qsizetype FrameHeaderSize = 16;
/// A peer that announces more, in bytes, is broken: the channel is closed. The largest frame is a Request with the
/// longest head that the settings allow, 1 MiB, its spans, the layout of its body and the first part of that.
inline constexpr quint32 MaxFramePayload = 2 * 1024 * 1024;
/// The part of a body that one frame carries at most, in bytes, so that small frames are not stuck behind large ones.
inline constexpr qsizetype MaxBodyPart = 64 * 1024;
/// How many bytes of the body of a request its sender may send before the receiver grants more. None but the first part
/// of one that is streamed: what a worker has not begun to take can still go to another.
inline constexpr qsizetype RequestCredit = 256 * 1024;
/// The same for the body of a response, as its request says: the larger while the master has memory to spare. Most
/// bodies are not longer: they leave the worker at once, whatever becomes of it, and wait for their client in the
/// master.
inline constexpr qsizetype AmpleResponseCredit = 2 * 1024 * 1024;
inline constexpr qsizetype ScantResponseCredit = 16 * 1024;

struct Frame
{
    FrameType type = FrameType::Boot;
    quint16 flags = 0;
    quint64 id = 0;         ///< the request it belongs to; 0 for frames about the channel itself
    QByteArrayView payload; ///< points into the decoded bytes
};

/// Appends one frame, with room for \a payloadSize bytes that the caller writes at the returned place. Its length
/// counts \a tailSize bytes more, which the caller sends next.
char *appendFrame(QByteArray &out, FrameType type, quint16 flags, quint64 id, qsizetype payloadSize,
                  qsizetype tailSize = 0);
void appendFrame(QByteArray &out, FrameType type, quint16 flags, quint64 id, QByteArrayView payload);

/// Takes one frame off the front of \a bytes and moves \a bytes behind it.
/// Shape: u32 length (little-endian, payload only) | u16 type | u16 flags | u64 id | payload.
/// Returns nullopt while incomplete; Error::Protocol if length > MaxFramePayload. A type that this version does not
/// know is not an error here: the receiver skips it.
Result<std::optional<Frame>> decodeFrame(QByteArrayView &bytes);

} // namespace Quern::ipc
