#include "ipc/taskmessages.h"

#include "ipc/bytefields.h"
#include "ipc/frame.h"

namespace Quern::ipc {

void appendDeliver(QByteArray &out, quint64 id, const DeliverMessage &message)
{
    const qsizetype size = DeliverHeaderSize + message.name.size() + message.uniqueKey.size() + message.payload.size();
    FieldWriter(appendFrame(out, FrameType::Deliver, 0, id, size))
        .put(message.delayMs)
        .put(message.timeoutMs)
        .put(message.retryDelayMs)
        .put(message.retryDelayMaxMs)
        .put(message.tries)
        .put(quint16(message.name.size()))
        .put(quint16(message.uniqueKey.size()))
        .put(message.priority)
        .put(message.flags)
        .put(quint32(message.sender) + 1)
        .put(message.name)
        .put(message.uniqueKey)
        .put(message.payload);
}

Result<DeliverMessage> decodeDeliver(QByteArrayView payload)
{
    FieldReader reader(payload);
    DeliverMessage message;
    message.delayMs = reader.get<quint64>();
    message.timeoutMs = reader.get<quint32>();
    message.retryDelayMs = reader.get<quint32>();
    message.retryDelayMaxMs = reader.get<quint32>();
    message.tries = reader.get<quint16>();
    const auto nameLength = reader.get<quint16>();
    const auto keyLength = reader.get<quint16>();
    message.priority = reader.get<quint8>();
    message.flags = reader.get<quint8>();
    message.sender = qint32(reader.get<quint32>() - 1);
    message.name = reader.take(nameLength);
    message.uniqueKey = reader.take(keyLength);
    message.payload = reader.rest();
    if (!reader.isWhole() || message.name.isEmpty() || message.priority > 9 || message.tries == 0 ||
        message.sender < -1)
        return broken("Deliver");
    return message;
}

QByteArray encodeDeliverAnswer(const Result<void> &outcome)
{
    if (outcome)
        return QByteArray(1, '\0');
    return QByteArray(1, char(outcome.error().code() + 1)) + outcome.error().message().toUtf8();
}

Result<void> decodeDeliverAnswer(QByteArrayView payload)
{
    FieldReader reader(payload);
    const auto code = reader.get<quint8>();
    if (!reader.isWhole() || code > Error::Internal + 1)
        return broken("DeliverAnswer");
    if (code == 0)
        return {};
    return Error(Error::Code(code - 1), QString::fromUtf8(reader.rest()));
}

void appendRunTask(QByteArray &out, quint64 id, const RunTaskMessage &message)
{
    const qsizetype size = RunTaskHeaderSize + message.name.size() + message.payload.size();
    FieldWriter(appendFrame(out, FrameType::RunTask, 0, id, size))
        .put(message.sequence)
        .put(message.resumeAt)
        .put(message.attempt)
        .put(message.tries)
        .put(quint16(message.name.size()))
        .put(message.flags)
        .put(quint8(0))
        .put(quint32(0))
        .put(message.name)
        .put(message.payload);
}

Result<RunTaskMessage> decodeRunTask(QByteArrayView payload)
{
    FieldReader reader(payload);
    RunTaskMessage message;
    message.sequence = reader.get<quint64>();
    message.resumeAt = reader.get<quint32>();
    message.attempt = reader.get<quint16>();
    message.tries = reader.get<quint16>();
    const auto nameLength = reader.get<quint16>();
    message.flags = reader.get<quint8>();
    reader.get<quint8>();
    reader.get<quint32>();
    message.name = reader.take(nameLength);
    message.payload = reader.rest();
    if (!reader.isWhole() || message.name.isEmpty())
        return broken("RunTask");
    return message;
}

void appendTaskDone(QByteArray &out, quint64 id, const TaskDoneMessage &message)
{
    const qsizetype size = TaskDoneHeaderSize + message.error.size() + message.result.size();
    FieldWriter(appendFrame(out, FrameType::TaskDone, 0, id, size))
        .put(message.sequence)
        .put(message.resumeAt)
        .put(quint32(message.error.size()))
        .put(quint8(message.outcome))
        .put(message.flags)
        .put(quint16(0))
        .put(quint32(0))
        .put(message.error)
        .put(message.result);
}

Result<TaskDoneMessage> decodeTaskDone(QByteArrayView payload)
{
    FieldReader reader(payload);
    TaskDoneMessage message;
    message.sequence = reader.get<quint64>();
    message.resumeAt = reader.get<quint32>();
    const auto errorLength = reader.get<quint32>();
    const auto outcome = reader.get<quint8>();
    message.outcome = TaskOutcome(outcome);
    message.flags = reader.get<quint8>();
    reader.get<quint16>();
    reader.get<quint32>();
    message.error = reader.take(errorLength);
    message.result = reader.rest();
    if (!reader.isWhole() || outcome > quint8(TaskOutcome::TooLarge))
        return broken("TaskDone");
    return message;
}

void appendTaskFinished(QByteArray &out, quint64 id, const TaskFinishedMessage &message)
{
    const qsizetype size = TaskFinishedHeaderSize + message.name.size() + message.error.size() + message.result.size();
    FieldWriter(appendFrame(out, FrameType::TaskFinished, 0, id, size))
        .put(quint32(message.error.size()))
        .put(message.attempts)
        .put(quint16(message.name.size()))
        .put(message.code)
        .put(message.flags)
        .put(quint16(0))
        .put(quint32(0))
        .put(message.name)
        .put(message.error)
        .put(message.result);
}

Result<TaskFinishedMessage> decodeTaskFinished(QByteArrayView payload)
{
    FieldReader reader(payload);
    TaskFinishedMessage message;
    const auto errorLength = reader.get<quint32>();
    message.attempts = reader.get<quint16>();
    const auto nameLength = reader.get<quint16>();
    message.code = reader.get<quint8>();
    message.flags = reader.get<quint8>();
    reader.get<quint16>();
    reader.get<quint32>();
    message.name = reader.take(nameLength);
    message.error = reader.take(errorLength);
    message.result = reader.rest();
    if (!reader.isWhole() || message.code > Error::Internal + 1)
        return broken("TaskFinished");
    return message;
}

} // namespace Quern::ipc
