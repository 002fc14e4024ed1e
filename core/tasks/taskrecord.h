#pragma once

#include "tasks/backoff.h"

#include <QByteArray>
#include <QString>

#include <chrono>

namespace Quern::tasks {

/// The numbers are written to databases.
enum class TaskKind : quint8 {
    Task = 0,
    Event = 1,
};

inline constexpr quint8 highestPriority = 9;
inline constexpr quint8 usualPriority = 5;

/// One background task or event, from its delivery to its end. A plain value; any thread.
///
/// Times are milliseconds since 1970, by the wall clock: they must mean the same after a restart of the machine.
struct TaskRecord
{
    quint64 id = 0; ///< below 2^63; the deliverer counts on from a random number
    qint64 createdMs = 0;
    qint64 dueMs = 0;     ///< not run before; a retry moves it
    QByteArray name;      ///< of the task or event, UTF-8
    bool isMap = false;   ///< the payload is CBOR of a map; else any bytes
    QByteArray payload;   ///< opaque; empty if it has spilled
    QByteArray spillFile; ///< name of the payload's file in the spill folder; empty if the payload is above
    QByteArray uniqueKey; ///< no other task with this key is accepted until this one has ended; empty: none
    QString lastError;    ///< of the latest try that failed
    std::chrono::milliseconds timeout{0}; ///< of one try; zero: none
    BackOff backOff;
    quint32 tries = 1;        ///< that it may have in all
    quint32 attempts = 0;     ///< that have ended; one that the end of the master cut short is none
    quint32 resumeAt = 0;     ///< of an event: the first listener that has not run yet
    qint32 sender = -1;       ///< number of the worker that delivered it; -1: none
    bool tellsSender = false; ///< whether that one wants to hear how it ended
    TaskKind kind = TaskKind::Task;
    quint8 priority = usualPriority; ///< 0, the lowest, to highestPriority
};

} // namespace Quern::tasks
