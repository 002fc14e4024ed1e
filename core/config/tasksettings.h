#pragma once

#include <QString>

#include <chrono>

namespace Quern::config {

/// Where tasks wait for their turn.
enum class TaskDriver {
    Auto,   ///< durable and delayed ones in the database, the others in memory
    Memory, ///< all in memory: what waits is lost with the master
    Sqlite, ///< all in the database
};

/// The [tasks] table: one member a key, with its default. The key's name and range stand in taskkeys.cpp. It is a part
/// of ServerSettings, so that the same rules read both.
struct TaskSettings
{
    TaskDriver taskDriver = TaskDriver::Auto;
    QString taskDatabase;                ///< absolute once loaded; empty: tasks.db in the runtime directory
    int taskQueueMax = 100'000;          ///< tasks in memory, those that run included
    quint64 taskQueueMemory = 256 << 20; ///< bytes of the payloads of all tasks in memory, dead letters included
    int taskDurableMax = 1'000'000;      ///< tasks in the database, those that run included
    int taskTries = 1;                   ///< of a task that does not say how many it may have
    std::chrono::milliseconds taskTimeout{60'000};        ///< of one try; zero: no limit
    std::chrono::milliseconds taskRetryDelay{1'000};      ///< before the second try; it doubles from try to try
    std::chrono::milliseconds taskRetryDelayMax{300'000}; ///< up to this
    int taskDeadLetterMax = 10'000;   ///< failed tasks that are kept, in memory and in the database each
    quint32 taskSpillSize = 64 << 10; ///< bytes; larger payloads wait in files

    bool operator==(const TaskSettings &) const = default;
};

} // namespace Quern::config
