#pragma once

#include "tasks/taskrecord.h"

#include <Quern/error.h>

#include <QByteArray>
#include <QList>
#include <QString>

#include <limits>
#include <utility>
#include <vector>

namespace Quern::tasks {

/// A task that has failed for good, without its payload. A plain value; any thread.
struct DeadLetter
{
    quint64 number = 0; ///< counts up from burial to burial in one store
    quint64 id = 0;     ///< of the task
    TaskKind kind = TaskKind::Task;
    QByteArray name;
    QString error;
    quint32 attempts = 0;
    qint64 createdMs = 0;
    qint64 buriedMs = 0;
    qint64 payloadSize = 0; ///< bytes
};

/// Which of them: the newest first.
struct DeadLetterQuery
{
    QByteArray name;                                     ///< of the task; empty: any
    quint64 before = std::numeric_limits<qint64>::max(); ///< older than this one: the last of the page before
    int limit = 100;
};

using DeadLetters = QList<DeadLetter>;

/// What the task was delivered with.
struct DeadPayload
{
    QByteArray bytes;
    bool isMap = false; ///< the bytes are CBOR of a map
};

/// Bytes of a spilled payload that are read for a dead letter.
inline constexpr qint64 longestDeadPayload = 64 << 20;

/// Error::NotFound, for people.
Error noDeadLetter(quint64 id);
/// Error::Exists, for people.
Error keyTaken(const QByteArray &uniqueKey);
/// Tells the log which have gone, by id and name, and why: "there are more than …".
void logDroppedDeadLetters(const std::vector<std::pair<quint64, QByteArray>> &dropped, const QString &reason);

} // namespace Quern::tasks
